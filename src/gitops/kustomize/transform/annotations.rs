//! `commonAnnotations`.

use super::labels;
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
    let configuration = step.configuration;
    let specs = &configuration.fields().common_annotations;
    labels::set_all(annotations, specs, Cause::Annotations, resources, step);
}
