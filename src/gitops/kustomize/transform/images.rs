//! `images`.

use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::yaml::Value;

/// Applies `images`.
pub(in crate::gitops) fn apply(
    images: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (images, resources, step);
}
