//! Findings in meshes of which not everything could be evaluated: missing is not the same as absent.

use super::doubt::lower;
use crate::diagnostic::{Certainty, Diagnostic, Fact};
use crate::gitops::{Basis, Deployment, MeshScope, Unit};

/// Rules whose findings say that something is nowhere in the mesh.
const ABSENCE: &[&str] = &[
    "short-name-in-wrong-namespace",
    "strict-without-client-mtls",
    "transformer-dangles-host",
];

/// Turns findings into notes of unknown certainty where what could not be evaluated may change them: findings about objects
/// of such a unit, and findings that something is absent in a mesh with such a unit. What is found in a mesh that nothing
/// declares rests on an assumption; that something is absent where it may be no mesh at all says nothing.
pub(super) fn doubt_incomplete(diagnostics: &mut Vec<Diagnostic>, deployment: &Deployment) {
    for mesh in &deployment.meshes {
        if mesh.basis == Basis::Collision {
            doubt_inferred(diagnostics, mesh);
        }
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
                let text = format!(
                    "`{}` could not be evaluated in full, which could change this",
                    unit.name
                );
                lower(diagnostic, text, unit.place);
            }
        }
    }
}

/// Weakens what is found in a mesh that is told from others by the objects that they define.
fn doubt_inferred(diagnostics: &mut Vec<Diagnostic>, mesh: &MeshScope) {
    let is_of_mesh =
        |diagnostic: &Diagnostic| diagnostic.meshes.iter().any(|name| *name == *mesh.name);
    diagnostics.retain(|diagnostic| {
        !(mesh.is_guess && is_of_mesh(diagnostic) && ABSENCE.contains(&diagnostic.rule))
    });
    for diagnostic in diagnostics.iter_mut().filter(|one| is_of_mesh(one)) {
        let text = format!("which directories form mesh `{}` is not stated", mesh.name);
        diagnostic.certainty = diagnostic.certainty.min(Certainty::Assumed);
        diagnostic.evidence.push(Fact {
            text,
            assumed: true,
            place: None,
            object: None,
        });
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
