//! What gets deployed: files to objects, and which of them share a mesh.
//!
//! A *unit* is one thing that a person or a tool applies: a root kustomization, a Flux Kustomization, an Argo CD
//! Application, a set of plain manifests. `kustomize`, `flux`, `argo` and `plain` make units; `meshes` says which units
//! form one mesh. Nothing here reads a file or starts a process: [`Files`] holds what was read.

mod files;
mod kustomize;
mod namespace;
mod plain;
mod problem;
mod unit;

use std::collections::BTreeSet;

use camino::Utf8Path;

use crate::source::{FileId, Origins};
use crate::yaml::{FileContent, Value};
use kustomize::{Additions, Session};

pub use files::{Files, Parsed};
pub use kustomize::{FILE_NAMES, Reference, ReferenceKind, plugin_references, references};
pub use plain::{Manifests, deploy as deploy_plain};
pub use problem::Problem;
pub use unit::{AppliedPatch, MeshScope, PatchTarget, Skipped, Unit, UnitKind};

/// What the user settles about what gets deployed.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The root namespace of the mesh, where it is known.
    pub root_namespace: Option<Box<str>>,
}

/// What the files of a run deploy.
#[derive(Debug, Default)]
pub struct Deployment {
    /// The units, in the order of what declares them.
    pub units: Vec<Unit>,
    /// The meshes, each with the units that are in it; at least one.
    pub meshes: Vec<MeshScope>,
    /// Files that no unit deploys, by path, and why.
    pub skipped: Vec<Skipped>,
    /// How the values of objects came to be what they are.
    pub origins: Origins,
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
        let built = kustomize::build(directory, &Additions::default(), &mut session);
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
    let input: BTreeSet<FileId> = files.iter().map(|(_, file)| file).collect();
    let contents: Vec<(FileId, FileContent)> = input
        .iter()
        .map(|&file| (file, files.take_first(file)))
        .collect();
    let root = settings.root_namespace.as_deref();
    let manifests = deploy_plain(contents, files.sources(), root);
    let plain = Unit::plain(manifests, input);
    Deployment {
        units: vec![plain],
        meshes: vec![MeshScope {
            name: DEFAULT_MESH.into(),
            units: vec![0],
        }],
        skipped: Vec::new(),
        origins: Origins::default(),
    }
}
