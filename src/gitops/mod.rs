//! What gets deployed: files to objects, and which of them share a mesh.
//!
//! A *unit* is one thing that a person or a tool applies: a root kustomization, a Flux Kustomization, an Argo CD
//! Application, a set of plain manifests. `kustomize`, `flux`, `argo` and `plain` make units; `meshes` says which units
//! form one mesh. Nothing here reads a file or starts a process: [`Files`] holds what was read.

mod argo;
mod evaluation;
mod files;
mod flux;
mod helm;
mod inventory;
mod kustomize;
mod meshes;
mod namespace;
mod plain;
mod problem;
mod rendered;
mod repository;
mod settings;
mod skipped;
#[cfg(test)]
mod testing;
mod unit;

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::source::{FileId, Origins};
use crate::yaml::{FileContent, Value};
use evaluation::{Evaluated, Evaluation, Group};
use inventory::Inventory;
use kustomize::{Additions, Session};
use meshes::Formed;
use skipped::Reasons;

pub use evaluation::shown;
pub use files::{Files, Parsed};
pub use kustomize::{
    FILE_NAMES, Reference, ReferenceKind, is_kustomization_file, plugin_references, references,
};
pub use plain::{Manifests, deploy as deploy_plain};
pub use problem::Problem;
pub use rendered::{
    HELM_OUTPUT, KUSTOMIZE_OUTPUT, is_chart_rendered, is_rendered, tell_unbuilt, unbuilt,
};
pub use settings::{ConfiguredMesh, Settings};
pub use unit::{AppliedPatch, Basis, MeshScope, PatchTarget, Skipped, Unit, UnitKind};

/// What the files of a run deploy.
#[derive(Debug, Default)]
pub struct Deployment {
    /// The units, in the order of what declares them.
    pub units: Vec<Unit>,
    /// The meshes, each with the units that are in it; at least one.
    pub meshes: Vec<MeshScope>,
    /// The directories by which meshes were told apart that nothing declares.
    pub inferred: Vec<Utf8PathBuf>,
    /// Files that no unit deploys, by path, and why.
    pub skipped: Vec<Skipped>,
    /// How the values of objects came to be what they are.
    pub origins: Origins,
}

impl Deployment {
    /// The units that a mesh is made of, by its position.
    pub fn units_of(&self, mesh: usize) -> impl Iterator<Item = &Unit> {
        let scope = self.meshes.get(mesh);
        let units = scope.map_or(&[][..], |scope| &scope.units);
        units.iter().filter_map(|&unit| self.units.get(unit))
    }
}

/// Whether a directory, given as a clean path, has a kustomization.
pub fn is_kustomization(directory: &Utf8Path, files: &Files) -> bool {
    FILE_NAMES
        .iter()
        .any(|name| files.file(&directory.join(name)).is_some())
}

/// The objects that a kustomization builds, and what kustomize would refuse.
pub type BuiltObjects = (Vec<Value>, Vec<Problem>);

/// What the kustomizations of directories build, as `kustomize build` does.
pub fn build_kustomizations(
    directories: &[&Utf8Path],
    files: &Files,
) -> (Vec<BuiltObjects>, Origins) {
    let mut session = Session::new(files);
    let built = directories.iter().map(|directory| {
        let built = rendered::built(directory, files)
            .unwrap_or_else(|| kustomize::build(directory, &Additions::default(), &mut session));
        let resources = built.resources.resources.into_iter();
        let objects = resources.map(|resource| resource.value).collect();
        (objects, built.problems)
    });
    (built.collect(), session.origins)
}

/// The name of the mesh where an input has only one.
const DEFAULT_MESH: &str = "default";

/// Works out what files deploy: the units, and the meshes they form.
pub fn deploy(mut files: Files, settings: &Settings) -> Deployment {
    let inventory = Inventory::of(&files);
    let Evaluated {
        mut units,
        mut groups,
        origins,
        left_out,
    } = Evaluation::new(&files, &inventory, settings).run();
    let deployed: BTreeSet<FileId> = units.iter().flat_map(|unit| &unit.files).copied().collect();
    let reasons = Reasons::new(&files, &inventory, &left_out);
    let mut plain: BTreeMap<Utf8PathBuf, Vec<FileId>> = BTreeMap::new();
    let mut skipped: Vec<Skipped> = Vec::new();
    for (path, file) in files.iter() {
        if deployed.contains(&file) {
            continue;
        }
        if reasons.hides(file) || !is_plain(file, path, &files, &inventory) {
            skipped.push(reasons.of(file));
        } else {
            let directory = path.parent().unwrap_or(Utf8Path::new(""));
            plain.entry(directory.to_owned()).or_default().push(file);
        }
    }
    for (directory, members) in plain {
        let contents = members.iter().map(|&file| (file, files.take_first(file)));
        let contents: Vec<(FileId, FileContent)> = contents.collect();
        let root = settings.root_namespace.as_deref();
        let manifests = deploy_plain(contents, files.sources(), root);
        let mut unit = Unit::new(shown(&directory), UnitKind::Plain, &directory);
        unit.objects = manifests.objects;
        unit.values = manifests.values;
        unit.problems = manifests.problems;
        unit.files = members.into_iter().collect();
        helm::take_releases(&mut unit, &[], &files);
        units.push(unit);
        add_plain(&directory, units.len() - 1, &mut groups);
    }
    let Formed {
        meshes,
        inferred,
        superseded,
    } = meshes::form(&units, groups, settings);
    skipped.extend(skipped::superseded(&superseded, &units, &files));
    skipped.sort_by(|one, other| one.path.cmp(&other.path));
    Deployment {
        units,
        meshes,
        inferred,
        skipped,
        origins,
    }
}

/// Whether a file that nothing claims holds manifests or values that matter.
fn is_plain(file: FileId, path: &Utf8Path, files: &Files, inventory: &Inventory) -> bool {
    let is_foreign = inventory.is_of_foreign_chart(path);
    let mut roots = files
        .first_documents(file)
        .documents
        .iter()
        .map(|document| &document.root);
    !is_kustomization_file(path)
        && roots.any(|root| {
            let is_object = root.get("apiVersion").is_some() || root.get("metadata").is_some();
            is_object || (!is_foreign && helm::may_be_of_istio(root))
        })
}

/// Puts a unit of plain manifests into the group that starts at its directory.
fn add_plain(directory: &Utf8Path, unit: usize, groups: &mut Vec<Group>) {
    let known = groups.iter_mut().find(|group| group.is_home(directory));
    match known {
        Some(group) => group.units.push(unit),
        None => groups.push(Group::of(directory, unit)),
    }
}

#[cfg(test)]
mod tests;
