//! Findings in meshes of which not everything could be evaluated: missing is not the same as absent.

use crate::diagnostic::{Applicability, Certainty, Diagnostic, Fact, Severity};
use crate::gitops::{Deployment, MeshScope, Unit};

/// Rules whose findings say that something is nowhere in the mesh.
const ABSENCE: &[&str] = &[
    "short-name-in-wrong-namespace",
    "strict-without-client-mtls",
    "transformer-dangles-host",
];

/// Turns findings into notes of unknown certainty where what could not be evaluated may change them: findings about objects
/// of such a unit, and findings that something is absent in a mesh with such a unit.
pub(super) fn doubt_incomplete(diagnostics: &mut [Diagnostic], deployment: &Deployment) {
    for mesh in &deployment.meshes {
        let units: Vec<&Unit> = incomplete(mesh, deployment);
        let Some(first) = units.first() else {
            continue;
        };
        let found = diagnostics
            .iter_mut()
            .filter(|diagnostic| diagnostic.meshes.iter().any(|name| *name == *mesh.name));
        for diagnostic in found {
            let unit = units.iter().find(|unit| is_of(diagnostic, unit));
            let unit = unit.or_else(|| ABSENCE.contains(&diagnostic.rule).then_some(first));
            if let Some(unit) = unit {
                lower(diagnostic, unit);
            }
        }
    }
}

/// The units of a mesh that could not be evaluated in full.
fn incomplete<'d>(mesh: &MeshScope, deployment: &'d Deployment) -> Vec<&'d Unit> {
    let units = mesh
        .units
        .iter()
        .filter_map(|&unit| deployment.units.get(unit));
    units.filter(|unit| !unit.is_complete()).collect()
}

/// Whether a finding is about an object of a unit.
fn is_of(diagnostic: &Diagnostic, unit: &Unit) -> bool {
    let object = diagnostic.object.as_ref();
    object.is_some_and(|id| unit.objects.iter().any(|object| object.id == *id))
}

fn lower(diagnostic: &mut Diagnostic, unit: &Unit) {
    diagnostic.certainty = Certainty::Unknown;
    diagnostic.severity = Severity::Note;
    if let Some(fix) = &mut diagnostic.fix {
        fix.applicability = Applicability::Unsafe;
    }
    diagnostic.evidence.push(Fact {
        text: format!(
            "`{}` could not be evaluated in full, which could change this",
            unit.name
        ),
        assumed: true,
        place: unit.place,
        object: None,
    });
}
