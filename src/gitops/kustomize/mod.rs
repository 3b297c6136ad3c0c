//! What kustomize builds from a directory, evaluated here: no subprocess, no network, every value with its origin.

mod accumulate;
mod additions;
mod configuration;
mod field_spec;
mod file;
mod generate;
mod json;
mod json_patch;
mod kubernetes;
mod load;
mod marks;
mod merge;
mod order;
mod patch;
mod plugins;
mod reference;
mod resource;
mod selector;
mod session;
mod shape;
mod target;
#[cfg(test)]
mod testing;
mod transform;
mod write;

pub use reference::{
    FILE_NAMES, Reference, ReferenceKind, is_kustomization_file, plugin_references, references,
};

use camino::Utf8Path;

use accumulate::{Accumulated, Level};
use marks::Refusal;
use resource::ResourceId;

use crate::gitops::Problem;
use crate::object::{Namespace, ObjectId, is_namespaced};

use crate::source::Spanned;

pub(in crate::gitops) use additions::Additions;
pub(in crate::gitops) use resource::{Resource, ResourceMap};
pub(in crate::gitops) use session::{Built, Session};

/// Builds the kustomization of a directory, as `kustomize build` does, with what a CD tool adds to it.
pub(in crate::gitops) fn build(
    directory: &Utf8Path,
    additions: &Additions,
    session: &mut Session<'_>,
) -> Built {
    let mut accumulated = Accumulated::default();
    let kustomization = accumulate::read(directory, None, &mut accumulated, session)
        .unwrap_or_else(|| accumulate::made_up(directory, additions, session));
    let level = Level {
        directory,
        kustomization: &kustomization,
        additions,
        parent: None,
        allow_outside_files: additions.allow_outside_files,
    };
    accumulate::accumulate(&level, &mut accumulated, session);
    // That of a base counts for nothing.
    let metadata = kustomization.build_metadata.iter();
    accumulated.problems.extend(metadata.filter_map(unwritten));
    let vars = std::mem::take(&mut accumulated.vars);
    let (resources, mut step) = accumulated.work(&level, None, session);
    transform::finish(resources, &vars, &mut step);
    order::sort(
        kustomization.sort_options.as_ref(),
        resources,
        step.problems,
    );
    let sources = step.session.files.sources();
    for resource in &mut resources.resources {
        let refusals = write::write(resource, sources).into_iter();
        step.problems.extend(refusals.map(Refusal::into_problem));
    }
    built(accumulated)
}

/// What the option of `buildMetadata` adds, which is not added here.
fn unwritten(option: &Spanned<Box<str>>) -> Option<Problem> {
    let left_out = match &*option.value {
        "managedByLabel" => "the label of `managedByLabel` is left out here",
        "originAnnotations" => "the annotations of `originAnnotations` are left out here",
        "transformerAnnotations" => "the annotations of `transformerAnnotations` are left out here",
        _ => return None,
    };
    Some(Problem::Remark {
        place: option.place,
        message: left_out.to_owned(),
    })
}

/// What came together, each patch with the objects that it changed as they are in the end.
fn built(accumulated: Accumulated) -> Built {
    let Accumulated {
        resources,
        problems,
        mut patches,
        files,
        ..
    } = accumulated;
    for resource in &resources.resources {
        let id = resource.id();
        for patched in &resource.patches {
            let patch = patches.get_mut(patched.patch);
            if let Some(target) = patch.and_then(|patch| patch.targets.get_mut(patched.target)) {
                target.object = Some(object_id(&id));
            }
        }
    }
    Built {
        resources,
        problems,
        patches,
        files,
    }
}

/// The identity of an object in a cluster, as far as it says so itself.
fn object_id(id: &ResourceId) -> ObjectId {
    let has_namespace = !id.namespace.is_empty() && is_namespaced(&id.gvk.kind);
    ObjectId {
        group: id.gvk.group.clone(),
        kind: id.gvk.kind.clone(),
        namespace: has_namespace.then(|| Namespace::new(&*id.namespace)),
        name: id.name.clone(),
    }
}
