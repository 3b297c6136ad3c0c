//! `commonAnnotations`.

use super::labels::write;
use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::Cause;
use crate::yaml::Value;

/// Applies `commonAnnotations`.
pub(in crate::gitops) fn apply(
    annotations: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let specs = step.configuration.common_annotations.clone();
    write(annotations, &specs, Cause::Annotations, resources, step);
}
