//! Findings that rest on files which nothing declares to be in the mesh: they may be old, or meant for somewhere else.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Certainty, Diagnostic, Fact, Severity};
use crate::gitops::{Basis, Deployment, MeshScope, UnitKind};
use crate::source::{FileId, Sources};

/// What an undeclared file says about itself, and how bad a finding that rests on it may be.
struct Undeclared {
    text: String,
    most: Severity,
}

/// Weakens findings that rest on files which joined a mesh only because nothing speaks against it, while CD resources or
/// the config file say what else is in that mesh.
pub(super) fn doubt_undeclared(
    diagnostics: &mut [Diagnostic],
    deployment: &Deployment,
    sources: &Sources,
) {
    let meshes: Vec<(&str, BTreeMap<FileId, Undeclared>)> = deployment
        .meshes
        .iter()
        .map(|mesh| (&*mesh.name, undeclared(mesh, deployment, sources)))
        .collect();
    for diagnostic in diagnostics {
        let files: BTreeSet<FileId> = files(diagnostic).collect();
        let of_mesh = |name: &String| {
            let (_, known) = meshes.iter().find(|(mesh, _)| mesh == name)?;
            files.iter().find_map(|file| known.get(file))
        };
        // A finding that also stands in a mesh where all is declared is not in doubt.
        let found: Option<Vec<&Undeclared>> = diagnostic.meshes.iter().map(of_mesh).collect();
        let Some(first) = found.and_then(|found| found.first().copied()) else {
            continue;
        };
        diagnostic.certainty = diagnostic.certainty.min(Certainty::Assumed);
        diagnostic.severity = diagnostic.severity.min(first.most);
        diagnostic.evidence.push(Fact {
            text: first.text.clone(),
            assumed: true,
            place: None,
            object: None,
        });
    }
}

/// The files that are in a mesh only through units which nothing declares to be in it.
fn undeclared(
    mesh: &MeshScope,
    deployment: &Deployment,
    sources: &Sources,
) -> BTreeMap<FileId, Undeclared> {
    let units = |joined: bool| {
        let members = mesh.units.iter();
        let members = members.filter(move |&unit| mesh.joined.contains(unit) == joined);
        members.filter_map(|&unit| deployment.units.get(unit))
    };
    let declared: BTreeSet<FileId> = units(false).flat_map(|unit| &unit.files).copied().collect();
    let mut out = BTreeMap::new();
    for unit in units(true) {
        for &file in unit.files.difference(&declared) {
            let path = sources.file(file).path();
            let (says, most) = match (unit.kind, mesh.basis) {
                (UnitKind::FluxKustomization | UnitKind::ArgoApplication, _) => (
                    format!("nothing says which cluster `{}` is for", unit.name),
                    Severity::Error,
                ),
                (_, Basis::Configured) => (
                    format!("no entry of `meshes` in the config file is about `{path}`"),
                    Severity::Warning,
                ),
                _ => (
                    format!("no Flux or Argo CD resource of the repository deploys `{path}`"),
                    Severity::Warning,
                ),
            };
            out.entry(file).or_insert_with(|| Undeclared {
                text: format!("{says}; taken as part of mesh `{}`", mesh.name),
                most,
            });
        }
    }
    out
}

/// The files that a finding rests on.
fn files(diagnostic: &Diagnostic) -> impl Iterator<Item = FileId> {
    let evidence = diagnostic.evidence.iter().filter_map(|fact| fact.place);
    let labels = diagnostic.labels.iter().map(|label| label.place);
    let places = diagnostic.place.into_iter().chain(labels).chain(evidence);
    places.map(|place| place.span.file)
}
