//! Triage: which findings are shown, in which order, and how each is recognised again.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::diagnostic::{Diagnostic, Fingerprint};
use crate::source::Sources;
use crate::yaml::FieldPath;

/// The findings of a run in their final order.
#[derive(Debug)]
pub(super) struct Findings {
    /// Those that are reported.
    pub(super) shown: Vec<Diagnostic>,
    /// Those that exceptions hide.
    pub(super) hidden: Vec<Diagnostic>,
}

/// Drops what is not the repository's, parts what is shown from what exceptions hide, joins what one origin breaks in
/// several meshes, sorts, and names every finding.
pub(super) fn triage(diagnostics: Vec<Diagnostic>, meshes: &[&str], sources: &Sources) -> Findings {
    let kept = diagnostics
        .into_iter()
        .filter(|d| d.place.is_none_or(|place| !place.is_assumed()));
    let (hidden, shown): (Vec<_>, Vec<_>) = kept.partition(|d| d.suppression.is_some());
    let [mut shown, mut hidden] = [shown, hidden].map(|mut some| {
        some.sort_by(|a, b| order(a, sources).cmp(&order(b, sources)));
        joined(some, meshes)
    });
    // What is shown is named first, so that its names do not depend on what is hidden.
    let mut seen = FxHashMap::default();
    fingerprint(&mut shown, sources, &mut seen);
    fingerprint(&mut hidden, sources, &mut seen);
    Findings { shown, hidden }
}

/// What findings are sorted by: path, place, rule, message.
fn order<'a>(
    diagnostic: &'a Diagnostic,
    sources: &'a Sources,
) -> (&'a str, u32, u32, &'static str, &'a str) {
    let (path, start, end) = match diagnostic.place {
        Some(place) => {
            let span = place.span;
            (
                sources.file(span.file).path().as_str(),
                span.start,
                span.end,
            )
        }
        None => (
            diagnostic.path.as_ref().map_or("", |path| path.as_str()),
            0,
            0,
        ),
    };
    (path, start, end, diagnostic.rule, &diagnostic.message)
}

/// One origin that breaks several meshes is one finding, with the worst severity and all their names.
fn joined(sorted: Vec<Diagnostic>, meshes: &[&str]) -> Vec<Diagnostic> {
    let mut out: Vec<Diagnostic> = Vec::with_capacity(sorted.len());
    for diagnostic in sorted {
        let same = out.iter_mut().rev().take(meshes.len()).find(|other| {
            is_same_text(other, &diagnostic)
                && other
                    .meshes
                    .iter()
                    .all(|mesh| !diagnostic.meshes.contains(mesh))
        });
        match same {
            Some(other) => {
                other.severity = other.severity.max(diagnostic.severity);
                other.certainty = other.certainty.min(diagnostic.certainty);
                other.pairs.extend(diagnostic.pairs);
                other.meshes.extend(diagnostic.meshes);
            }
            None => out.push(diagnostic),
        }
    }
    out
}

/// Whether two findings of different meshes are about the same text. How it came to be deployed, and as which object,
/// differs from mesh to mesh.
fn is_same_text(one: &Diagnostic, other: &Diagnostic) -> bool {
    let span = |diagnostic: &Diagnostic| diagnostic.place.map(|place| place.span);
    let is_of_meshes = !one.meshes.is_empty() && !other.meshes.is_empty();
    one.rule == other.rule
        && span(one).is_some()
        && span(one) == span(other)
        && (is_of_meshes || one.object == other.object || is_same_problem(one, other))
}

/// Whether two findings say the same about the same field, of objects that are made of the same text.
fn is_same_problem(one: &Diagnostic, other: &Diagnostic) -> bool {
    let kind = |diagnostic: &Diagnostic| diagnostic.object.as_ref().map(|id| id.kind.clone());
    one.label == other.label && one.field == other.field && kind(one) == kind(other)
}

/// Names every finding by rule, object and field, not by line, and elements of lists by their names; equal ones get an
/// ordinal.
fn fingerprint(diagnostics: &mut [Diagnostic], sources: &Sources, seen: &mut FxHashMap<u64, u32>) {
    for diagnostic in diagnostics {
        let object = diagnostic
            .object
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let field = diagnostic.field.as_ref().map(FieldPath::key);
        let field = field.unwrap_or_default();
        let path = match (&diagnostic.object, diagnostic.place, &diagnostic.path) {
            (Some(_), _, _) => "",
            (None, Some(place), _) => sources.file(place.span.file).path().as_str(),
            (None, None, path) => path.as_ref().map_or("", |path| path.as_str()),
        };
        let hash = xxh3_64(format!("{}\0{object}\0{field}\0{path}", diagnostic.rule).as_bytes());
        let ordinal = seen.entry(hash).or_default();
        *ordinal += 1;
        diagnostic.fingerprint = Fingerprint(if *ordinal == 1 {
            format!("{hash:016x}")
        } else {
            format!("{hash:016x}:{ordinal}")
        });
    }
}
