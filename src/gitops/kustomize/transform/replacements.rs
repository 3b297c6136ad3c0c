//! `replacements`.

use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::yaml::Value;

/// Applies `replacements`.
pub(in crate::gitops) fn apply(
    replacements: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (replacements, resources, step);
}
