//! Units, the things that get applied, and the meshes they form.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::Problem;
use crate::object::{Object, ObjectId};
use crate::source::{FileId, Place};
use crate::yaml::Value;

/// One thing that a person or a tool applies.
#[derive(Debug)]
pub struct Unit {
    /// What people call it: the path of a kustomization or folder, `namespace/name` of a CD resource.
    pub name: Box<str>,
    /// What it is.
    pub kind: UnitKind,
    /// Where it is declared: the kustomization, the CD resource; none for plain manifests.
    pub place: Option<Place>,
    /// The directory that it is built from, clean.
    pub directory: Utf8PathBuf,
    /// The objects, in the order in which they are applied.
    pub objects: Vec<Object>,
    /// The roots of documents that are a mapping and no object: Helm values may be among them.
    pub values: Vec<Value>,
    /// What cannot be deployed, or not as it is written.
    pub problems: Vec<Problem>,
    /// The patches that took part, those that change nothing included.
    pub patches: Vec<AppliedPatch>,
    /// Every file that it is made of.
    pub files: BTreeSet<FileId>,
}

/// What a unit is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum UnitKind {
    /// Manifests that are applied as they stand.
    Plain,
    /// A kustomization that no other one builds on.
    Kustomization,
    /// A Kustomization of Flux.
    FluxKustomization,
    /// An Application of Argo CD, or one that an `ApplicationSet` makes.
    ArgoApplication,
    /// Objects given with `--assume`.
    Assumed,
}

/// A patch as it was applied in one unit.
#[derive(Clone, Debug)]
pub struct AppliedPatch {
    /// Where the patch is called for: its entry in the kustomization or CD resource.
    pub place: Place,
    /// Whether that is a component.
    pub is_of_component: bool,
    /// The objects that it applies to; none if it matches nothing.
    pub targets: Vec<PatchTarget>,
}

/// An object that a patch was applied to.
#[derive(Clone, Debug)]
pub struct PatchTarget {
    /// The object as the unit deploys it in the end; none if a later step deletes it, or before that is known.
    pub object: Option<ObjectId>,
    /// The object just before the patch. Kept for the kinds of Istio alone.
    pub before: Option<Value>,
    /// The object just after the patch; none if the patch deletes it.
    pub after: Option<Value>,
    /// Whether the patch is a list of JSON 6902 operations.
    pub by_operations: bool,
}

/// The units that live in one mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct MeshScope {
    /// The name.
    pub name: Box<str>,
    /// Its units, by their position in the deployment.
    pub units: Vec<usize>,
    /// How it is known.
    pub basis: Basis,
    /// Those of its units that nothing declares to be in it: they were put there by their names and objects.
    pub joined: BTreeSet<usize>,
    /// Whether it may as well be an example beside others: it is told from them by what they define, and nothing in its
    /// name speaks of an environment.
    pub is_guess: bool,
    /// The root namespace, where the config file says one for this mesh.
    pub root_namespace: Option<Box<str>>,
    /// The domain of Kubernetes services, where the config file says one for this mesh.
    pub cluster_domain: Option<Box<str>>,
}

/// How it is known that units form a mesh. Ordered: the surest last.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Basis {
    /// Nothing says that there is more than one.
    Single,
    /// Units define the same objects, so that they cannot be in one mesh.
    Collision,
    /// A CD tool applies them to one cluster.
    Cd,
    /// The config file says so.
    Configured,
}

impl Basis {
    /// The word used in output for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Single => "single",
            Self::Collision => "collision",
            Self::Cd => "cd",
            Self::Configured => "configured",
        }
    }
}

/// A file that no unit deploys.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Skipped {
    /// The file.
    pub path: Utf8PathBuf,
    /// Why, in words.
    pub reason: String,
}

impl Unit {
    /// A unit without anything in it.
    pub(super) fn new(name: impl Into<Box<str>>, kind: UnitKind, directory: &Utf8Path) -> Self {
        Self {
            name: name.into(),
            kind,
            place: None,
            directory: directory.to_owned(),
            objects: Vec::new(),
            values: Vec::new(),
            problems: Vec::new(),
            patches: Vec::new(),
            files: BTreeSet::new(),
        }
    }

    /// Whether all of it could be evaluated; if not, what it deploys may differ from what is known.
    pub fn is_complete(&self) -> bool {
        !self.problems.iter().any(|problem| match problem {
            Problem::Refused { .. } | Problem::Broken { .. } | Problem::Unresolved { .. } => true,
            Problem::Variables { matters, .. } => *matters,
            Problem::Unnamed { .. }
            | Problem::Unversioned { .. }
            | Problem::Remark { .. }
            | Problem::Chart { .. } => false,
        })
    }
}

impl UnitKind {
    /// The word used in output for programs.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Kustomization => "kustomization",
            Self::FluxKustomization => "flux-kustomization",
            Self::ArgoApplication => "argo-application",
            Self::Assumed => "assumed",
        }
    }
}
