//! `labels` and `commonLabels`.

use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::yaml::Value;

/// Applies an entry of `labels`.
pub(in crate::gitops) fn apply(
    entry: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (entry, resources, step);
}

/// Applies `commonLabels`.
pub(in crate::gitops) fn common(
    labels: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (labels, resources, step);
}
