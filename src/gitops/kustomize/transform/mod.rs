//! The transformers of kustomize, in the order in which a kustomization runs them.

pub(in crate::gitops) mod annotations;
mod expand;
mod field_path;
mod filling;
mod hash;
pub(in crate::gitops) mod images;
pub(in crate::gitops) mod labels;
pub(in crate::gitops) mod names;
pub(in crate::gitops) mod namespace;
mod references;
pub(in crate::gitops) mod replacements;
pub(in crate::gitops) mod replicas;
mod structured;
pub(in crate::gitops::kustomize) mod values;
pub(in crate::gitops) mod variables;

use super::field_spec;
use super::marks::Refusal;
use super::resource::{Resource, ResourceMap};
use super::session::Step;
use crate::source::{Cause, Place};
use crate::yaml::Value;

/// What kustomize does once, after the outermost kustomization: appends hashes, makes references follow the new names,
/// fills in variables (`vars` holds those of all levels), drops what is marked as local.
pub(in crate::gitops) fn finish(
    resources: &mut ResourceMap,
    vars: &[Value],
    step: &mut Step<'_, '_>,
) {
    hash::append(resources, step);
    references::follow(resources, step);
    variables::fill_in(resources, vars, step);
    resources.resources.retain(|resource| !is_local(resource));
}

/// Appends hashes to the names of the objects that want one.
pub(super) fn append_hashes(resources: &mut ResourceMap, step: &mut Step<'_, '_>) {
    hash::append(resources, step);
}

/// Whether an object only configures tools and is never deployed.
fn is_local(resource: &Resource) -> bool {
    let annotations = resource.value.at(&["metadata", "annotations"]);
    annotations
        .and_then(|annotations| annotations.entry("config.kubernetes.io/local-config"))
        .is_some_and(|entry| entry.value.as_text() != Some("false"))
}

/// What writes a text of a kustomization into objects.
#[derive(Clone, Copy)]
struct Pen {
    /// Where the text is written.
    written: Place,
    /// What the origins name.
    cause: Cause,
    /// The place of what it adds, made once.
    added: Place,
}

impl Pen {
    /// What writes a text at a place.
    fn new(written: Place, cause: Cause, step: &mut Step<'_, '_>) -> Self {
        let added = step.changed(written, cause, None, None);
        Self {
            written,
            cause,
            added,
        }
    }

    /// Gives a value its new place; `is_new` says that nothing was there.
    fn mark(self, value: &mut Value, is_new: bool, step: &mut Step<'_, '_>) {
        value.place = if is_new {
            self.added
        } else {
            step.changed(self.written, self.cause, None, Some(value.place))
        };
    }

    /// Writes a string, whatever it looks like.
    fn string(self, value: &mut Value, text: &str, is_new: bool, step: &mut Step<'_, '_>) {
        self.mark(value, is_new, step);
        value.node = field_spec::string(text, value.place).node;
    }
}

/// Notes a refusal as a problem.
fn note(result: Result<(), Refusal>, step: &mut Step<'_, '_>) {
    if let Err(refusal) = result {
        step.problems.push(refusal.into_problem());
    }
}

#[cfg(test)]
mod tests;
