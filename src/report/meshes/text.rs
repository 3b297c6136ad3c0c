//! The meshes as a tree for people.

use std::collections::BTreeMap;

use super::{position, values};
use crate::diagnostic::counted;
use crate::gitops::{Basis, Deployment, MeshScope, Problem, Unit, UnitKind};
use crate::report::text::{inert, one_line};
use crate::source::Sources;

/// How many files with the same reason are named where not all are.
const NAMED: usize = 3;

/// The tree.
pub(super) fn render(deployment: &Deployment, sources: &Sources, names_objects: bool) -> String {
    let mut tree = Tree {
        deployment,
        sources,
        names_objects,
        text: String::new(),
    };
    for mesh in &deployment.meshes {
        tree.mesh(mesh);
    }
    tree.skipped();
    inert(&tree.text).into_owned()
}

/// The tree while it is written.
struct Tree<'r> {
    deployment: &'r Deployment,
    sources: &'r Sources,
    names_objects: bool,
    text: String,
}

impl Tree<'_> {
    fn line(&mut self, depth: usize, text: &str) {
        self.text.extend(std::iter::repeat_n("  ", depth));
        self.text.push_str(&one_line(text));
        self.text.push('\n');
    }

    fn mesh(&mut self, mesh: &MeshScope) {
        let units = mesh
            .units
            .iter()
            .filter_map(|&unit| Some((unit, self.deployment.units.get(unit)?)));
        let units: Vec<(usize, &Unit)> = units.collect();
        let objects = units.iter().map(|(_, unit)| unit.objects.len()).sum();
        let basis = match mesh.basis {
            Basis::Single => "nothing says that there is another",
            Basis::Collision => "taken for one: others define the same objects",
            Basis::Cd => "a cluster of the CD tool",
            Basis::Configured => "named in the config file",
        };
        let line = format!(
            "mesh {} ({basis}): {}, {}",
            mesh.name,
            counted(units.len(), "unit"),
            counted(objects, "object")
        );
        self.line(0, &line);
        for (index, unit) in units {
            let joined = mesh.joined.contains(&index).then_some(mesh.basis);
            self.unit(unit, joined);
        }
        self.text.push('\n');
    }

    /// Writes a unit; `joined` is how its mesh is known, where nothing declares that it is in it.
    fn unit(&mut self, unit: &Unit, joined: Option<Basis>) {
        let what = match unit.kind {
            UnitKind::Plain => "plain manifests".to_owned(),
            UnitKind::Kustomization => "kustomization".to_owned(),
            UnitKind::FluxKustomization => format!("Flux Kustomization, {}", directory(unit)),
            UnitKind::ArgoApplication => format!("Argo CD Application, {}", directory(unit)),
            UnitKind::Assumed => "assumed".to_owned(),
        };
        let joined = match (joined, unit.kind) {
            (None, _) => "",
            (_, UnitKind::FluxKustomization | UnitKind::ArgoApplication) => {
                "; nothing says which cluster it is for, and it fits here"
            }
            (Some(Basis::Configured), _) => "; no entry of `meshes` is about it, and it fits here",
            (Some(_), _) => "; no CD tool applies it, and it fits here",
        };
        let objects = counted(unit.objects.len(), "object");
        let values = if values(unit).next().is_some() {
            ", and Helm values, read as facts about the mesh"
        } else {
            ""
        };
        let line = format!("{} ({what}): {objects}{values}{joined}", unit.name);
        self.line(1, &line);
        if self.names_objects {
            for object in &unit.objects {
                self.line(2, &object.id.to_string());
            }
        }
        for problem in &unit.problems {
            let word = match problem {
                Problem::Refused { .. } | Problem::Broken { .. } => "refused",
                Problem::Unresolved { .. } | Problem::Variables { .. } => "not resolved",
                Problem::Chart { .. } => "not rendered",
                Problem::Remark { .. } => "note",
                Problem::Unnamed { .. } | Problem::Unversioned { .. } => "not deployed",
            };
            let (path, line) = position(problem.place(), self.sources);
            self.line(2, &format!("{word}: {path}:{line}: {}", problem.message()));
        }
    }

    fn skipped(&mut self) {
        let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for skipped in &self.deployment.skipped {
            let paths = reasons.entry(&skipped.reason).or_default();
            paths.push(skipped.path.as_str());
        }
        let count = self.deployment.skipped.len();
        if count == 0 {
            self.line(0, "every file is part of a unit");
            return;
        }
        self.line(0, &format!("{} in no unit", counted(count, "file")));
        for (reason, paths) in reasons {
            if !self.names_objects && paths.len() > NAMED {
                let named = paths
                    .iter()
                    .take(NAMED)
                    .copied()
                    .collect::<Vec<_>>()
                    .join(", ");
                let more = paths.len() - NAMED;
                self.line(1, &format!("{reason}: {named} and {more} more"));
                continue;
            }
            self.line(1, &format!("{reason}: {}", paths.join(", ")));
        }
    }
}

/// The directory of a unit as people write it.
fn directory(unit: &Unit) -> &str {
    match unit.directory.as_str() {
        "" => ".",
        path => path,
    }
}
