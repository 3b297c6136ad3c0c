//! The meshes in JSON, schema `mtls-lint/meshes/1`.

use std::io::{self, Write};

use serde::Serialize;

use super::{position, values};
use crate::gitops::{Deployment, MeshScope, Problem, Skipped, Unit};
use crate::object::{Namespace, ObjectId};
use crate::report::text::inert_json;
use crate::source::{Place, Sources};

/// Everything.
#[derive(Serialize)]
struct Root<'r> {
    schema: &'static str,
    meshes: Vec<MeshJson<'r>>,
    skipped: Vec<SkippedJson<'r>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct MeshJson<'r> {
    name: &'r str,
    basis: &'static str,
    root_namespace: Option<&'r str>,
    units: Vec<UnitJson<'r>>,
}

#[derive(Serialize)]
struct UnitJson<'r> {
    name: &'r str,
    kind: &'static str,
    directory: &'r str,
    /// Where it is declared.
    place: Option<PlaceJson<'r>>,
    /// Whether nothing declares that it is in this mesh, though other units do.
    joined: bool,
    complete: bool,
    objects: Vec<ObjectJson<'r>>,
    /// Helm values that are facts about the mesh.
    values: Vec<PlaceJson<'r>>,
    problems: Vec<ProblemJson<'r>>,
    files: Vec<&'r str>,
}

#[derive(Serialize)]
struct PlaceJson<'r> {
    path: &'r str,
    line: usize,
}

#[derive(Serialize)]
struct ObjectJson<'r> {
    group: &'r str,
    kind: &'r str,
    namespace: Option<&'r str>,
    name: &'r str,
}

#[derive(Serialize)]
struct ProblemJson<'r> {
    kind: &'static str,
    message: String,
    path: &'r str,
    line: usize,
}

#[derive(Serialize)]
struct SkippedJson<'r> {
    path: &'r str,
    reason: &'r str,
}

/// Writes them.
pub(super) fn render(
    deployment: &Deployment,
    sources: &Sources,
    out: &mut dyn Write,
) -> io::Result<()> {
    let meshes = deployment.meshes.iter();
    let all = Root {
        schema: "mtls-lint/meshes/1",
        meshes: meshes.map(|one| mesh(one, deployment, sources)).collect(),
        skipped: deployment.skipped.iter().map(skipped).collect(),
    };
    let text = serde_json::to_string_pretty(&all)?;
    writeln!(out, "{}", inert_json(&text))
}

fn mesh<'r>(mesh: &'r MeshScope, deployment: &'r Deployment, sources: &'r Sources) -> MeshJson<'r> {
    let units = mesh.units.iter().filter_map(|&index| {
        let found = deployment.units.get(index)?;
        Some(unit(found, mesh.joined.contains(&index), sources))
    });
    MeshJson {
        name: &mesh.name,
        basis: mesh.basis.as_str(),
        root_namespace: mesh.root_namespace.as_deref(),
        units: units.collect(),
    }
}

fn unit<'r>(unit: &'r Unit, joined: bool, sources: &'r Sources) -> UnitJson<'r> {
    let files = unit
        .files
        .iter()
        .map(|&file| sources.file(file).path().as_str());
    let problems = unit.problems.iter();
    UnitJson {
        name: &unit.name,
        kind: unit.kind.as_str(),
        directory: unit.directory.as_str(),
        place: unit.place.map(|at| place(at, sources)),
        joined,
        complete: unit.is_complete(),
        objects: unit.objects.iter().map(|one| object(&one.id)).collect(),
        values: values(unit).map(|at| place(at, sources)).collect(),
        problems: problems.map(|one| problem(one, sources)).collect(),
        files: files.collect(),
    }
}

fn place(place: Place, sources: &Sources) -> PlaceJson<'_> {
    let (path, line) = position(place, sources);
    PlaceJson { path, line }
}

fn object(id: &ObjectId) -> ObjectJson<'_> {
    ObjectJson {
        group: &id.group,
        kind: &id.kind,
        namespace: id.namespace.as_ref().map(Namespace::as_str),
        name: &id.name,
    }
}

fn problem<'r>(problem: &Problem, sources: &'r Sources) -> ProblemJson<'r> {
    let kind = match problem {
        Problem::Unnamed { .. } => "unnamed",
        Problem::Unversioned { .. } => "unversioned",
        Problem::Refused { .. } | Problem::Broken { .. } => "refused",
        Problem::Unresolved { .. } | Problem::Variables { .. } => "unresolved",
        Problem::Chart { .. } => "chart",
        Problem::Remark { .. } => "remark",
    };
    let (path, line) = position(problem.place(), sources);
    ProblemJson {
        kind,
        message: problem.message(),
        path,
        line,
    }
}

fn skipped(skipped: &Skipped) -> SkippedJson<'_> {
    SkippedJson {
        path: skipped.path.as_str(),
        reason: &skipped.reason,
    }
}
