//! The lines that belong to a finding: a comment on any of them, or above it, is about the finding.

use std::collections::BTreeSet;

use crate::diagnostic::Diagnostic;
use crate::source::{FileId, Origins, Place, Sources};

/// A place over more lines counts by its first: what stands far below it is not what the finding points at.
const MAX_LINES: usize = 8;

/// The lines (from 0) of the place of a finding and of its labels, and of the places where their values come from.
pub(super) fn lines(
    diagnostic: &Diagnostic,
    sources: &Sources,
    origins: &Origins,
) -> BTreeSet<(FileId, usize)> {
    let labels = diagnostic.labels.iter().map(|label| label.place);
    let mut found = BTreeSet::new();
    for place in diagnostic.place.into_iter().chain(labels) {
        for place in origins.history(place) {
            let via = origins.change(place).and_then(|change| change.via);
            for place in [Some(place), via].into_iter().flatten() {
                add(place, sources, &mut found);
            }
        }
    }
    found
}

/// Adds the lines of a place.
fn add(place: Place, sources: &Sources, found: &mut BTreeSet<(FileId, usize)>) {
    let span = place.span;
    let file = sources.file(span.file);
    let first = file.line_index(span.start as usize);
    let end = span.end.saturating_sub(1).max(span.start);
    let last = file.line_index(end as usize);
    let last = if last - first < MAX_LINES {
        last
    } else {
        first
    };
    found.extend((first..=last).map(|line| (span.file, line)));
}
