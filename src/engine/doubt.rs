//! Doubt: findings that rest on an object of which the input holds several definitions.

use rustc_hash::FxHashSet;

use crate::diagnostic::{Applicability, Certainty, Diagnostic, Fact, Severity};
use crate::object::ObjectId;
use crate::rule::InputProblem;
use crate::source::Place;

/// Kinds whose definitions are variants of one another where a repository has several: tutorials, overlays. Workloads and
/// Services are left out; their copies rarely differ in what decides about TLS.
const VARIANT_KINDS: &[&str] = &[
    "ConfigMap",
    "DestinationRule",
    "IstioOperator",
    "MeshPolicy",
    "PeerAuthentication",
    "Policy",
    "ServiceEntry",
    "Sidecar",
    "VirtualService",
];

/// Turns findings into notes of unknown certainty where their evidence names an object that is defined more than once:
/// such files are never applied together, and another definition could change what they say.
pub(super) fn doubt(diagnostics: &mut [Diagnostic], problems: &[InputProblem]) {
    let several: FxHashSet<&ObjectId> = problems
        .iter()
        .filter_map(InputProblem::as_alternatives)
        .flatten()
        .map(|alternative| &alternative.object)
        .filter(|object| VARIANT_KINDS.contains(&&*object.kind))
        .collect();
    if several.is_empty() {
        return;
    }
    for diagnostic in diagnostics
        .iter_mut()
        .filter(|diagnostic| !diagnostic.pairs.is_empty())
    {
        let named = diagnostic
            .evidence
            .iter()
            .filter_map(|fact| fact.object.as_ref());
        let Some(object) = named
            .chain(&diagnostic.object)
            .find(|object| several.contains(object))
        else {
            continue;
        };
        let text =
            format!("{object} is defined more than once; another definition could change this");
        lower(diagnostic, text, None);
    }
}

/// Turns a finding into a note of unknown certainty.
pub(super) fn lower(diagnostic: &mut Diagnostic, text: String, place: Option<Place>) {
    diagnostic.certainty = Certainty::Unknown;
    diagnostic.severity = Severity::Note;
    if let Some(fix) = &mut diagnostic.fix {
        fix.applicability = Applicability::Unsafe;
    }
    diagnostic.evidence.push(Fact {
        text,
        assumed: true,
        place,
        object: None,
    });
}
