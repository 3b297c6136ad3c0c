//! `vars`.

use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::yaml::Value;

/// Notes which objects the variables of a kustomization refer to; called after its transformers, before its parent's.
pub(in crate::gitops) fn claim(
    vars: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (vars, resources, step);
}
