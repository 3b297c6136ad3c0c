//! Which lines of which files differ between two sets of files.

use std::collections::BTreeMap;
use std::ops::Range;

use camino::Utf8Path;
use similar::{Algorithm, DiffOp, capture_diff_slices};

use crate::source::{FileRole, Place, SourceFile, Sources, Span};

/// The lines that were added or changed in the new files, and those of the old ones that are gone or changed.
#[derive(Debug, Default)]
pub(super) struct ChangedLines<'a> {
    new: BTreeMap<&'a Utf8Path, Vec<Range<usize>>>,
    old: BTreeMap<&'a Utf8Path, Vec<Range<usize>>>,
}

impl<'a> ChangedLines<'a> {
    /// Compares the files of two runs by path.
    pub(super) fn between(old: &'a Sources, new: &'a Sources) -> Self {
        let (before, after) = (by_path(old), by_path(new));
        let mut changed = Self::default();
        for (&path, file) in &after {
            match before.get(path) {
                Some(was) if was.text() == file.text() => {}
                Some(was) => changed.compare(path, was.text(), file.text()),
                None => {
                    changed.new.insert(path, whole(file));
                }
            }
        }
        for (&path, file) in &before {
            if !after.contains_key(path) {
                changed.old.insert(path, whole(file));
            }
        }
        changed
    }

    fn compare(&mut self, path: &'a Utf8Path, old: &str, new: &str) {
        let (old, new): (Vec<&str>, Vec<&str>) = (old.lines().collect(), new.lines().collect());
        let (mut removed, mut added) = (Vec::new(), Vec::new());
        for operation in capture_diff_slices(Algorithm::Myers, &old, &new) {
            if !matches!(operation, DiffOp::Equal { .. }) {
                removed.push(operation.old_range());
                added.push(operation.new_range());
            }
        }
        self.old.insert(path, removed);
        self.new.insert(path, added);
    }

    /// Whether a place of the new files is on a line that was added or changed.
    pub(super) fn is_new(&self, place: Place, sources: &Sources) -> bool {
        touches(&self.new, place, sources)
    }

    /// The first line within a place of the new files that was added or changed.
    pub(super) fn first_new(&self, place: Place, sources: &Sources) -> Option<Place> {
        first_within(&self.new, place, sources)
    }

    /// The first line within a place of the old files that is gone or changed.
    pub(super) fn first_gone(&self, place: Place, sources: &Sources) -> Option<Place> {
        first_within(&self.old, place, sources)
    }

    /// Whether a place of the old files is on a line that is gone or changed.
    pub(super) fn is_gone(&self, place: Place, sources: &Sources) -> bool {
        touches(&self.old, place, sources)
    }
}

/// The files of the repository by path.
fn by_path(sources: &Sources) -> BTreeMap<&Utf8Path, &SourceFile> {
    sources
        .iter()
        .map(|(_, file)| (file.path(), file))
        .filter(|(_, file)| file.role() == FileRole::Input)
        .collect()
}

/// All lines of a file.
fn whole(file: &SourceFile) -> Vec<Range<usize>> {
    std::iter::once(0..file.line_count()).collect()
}

/// The first line of the ranges that a place covers, without its indentation.
fn first_within(
    lines: &BTreeMap<&Utf8Path, Vec<Range<usize>>>,
    place: Place,
    sources: &Sources,
) -> Option<Place> {
    let file = sources.file(place.span.file);
    let first = file.line_index(place.span.range().start);
    let last = file.line_index(place.span.range().end.saturating_sub(1));
    let ranges = lines.get(file.path())?;
    let line = ranges
        .iter()
        .filter(|range| !range.is_empty() && range.start <= last && first < range.end)
        .map(|range| range.start.max(first))
        .min()?;
    let range = file.line_range(line);
    let text = file.text().get(range.clone())?;
    let start = range.end - text.trim_start().len();
    let offset = |at: usize| u32::try_from(at).ok();
    Some(Place {
        span: Span::new(place.span.file, offset(start)?, offset(range.end)?),
        ..place
    })
}

/// Whether a place shares a line with any of the ranges of its file.
fn touches(
    lines: &BTreeMap<&Utf8Path, Vec<Range<usize>>>,
    place: Place,
    sources: &Sources,
) -> bool {
    let file = sources.file(place.span.file);
    let Some(ranges) = lines.get(file.path()) else {
        return false;
    };
    let first = file.line_index(place.span.range().start);
    let last = file
        .line_index(place.span.range().end.saturating_sub(1))
        .max(first);
    ranges
        .iter()
        .any(|range| range.start <= last && first < range.end)
}
