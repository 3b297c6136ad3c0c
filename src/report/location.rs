//! Places as people and tools name them: path, lines and columns, object, field.

use std::ops::Range;

use camino::Utf8Path;

use super::text::one_line;
use crate::diagnostic::{Diagnostic, Fact, Label};
use crate::object::ObjectId;
use crate::source::{LineColumn, Place, SourceFile, Sources, Span};
use crate::yaml::FieldPath;

/// How much of a span that ends on a later line than it starts is named.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    /// All of it.
    Whole,
    /// What stands on its first line, for receivers that show one line.
    FirstLine,
}

/// Where a range of text starts and ends; the end is exclusive.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Region {
    /// The first character.
    pub(super) start: LineColumn,
    /// The character after the last.
    pub(super) end: LineColumn,
}

impl Region {
    /// The region of a span.
    pub(super) fn of(span: Span, extent: Extent, file: &SourceFile) -> Self {
        let range = match extent {
            Extent::Whole => span.range(),
            Extent::FirstLine => first_line(span.range(), file),
        };
        Self {
            start: file.position(range.start),
            end: file.position(range.end),
        }
    }
}

/// Where something is, as a report names it.
#[derive(Clone, Copy, Debug)]
pub(super) struct Location<'r> {
    /// The path as shown to people.
    pub(super) path: &'r Utf8Path,
    /// Where in the file; none for a file that was not read.
    pub(super) region: Option<Region>,
    /// The object it is in.
    pub(super) object: Option<&'r ObjectId>,
    /// The field it is in.
    pub(super) field: Option<&'r FieldPath>,
}

impl<'r> Location<'r> {
    /// Where a finding about no file is, for formats that must have a path.
    pub(super) fn folder() -> Self {
        Self {
            path: Utf8Path::new("."),
            region: None,
            object: None,
            field: None,
        }
    }

    /// Where a finding is; none if it is about no file at all.
    pub(super) fn of_diagnostic(
        diagnostic: &'r Diagnostic,
        extent: Extent,
        sources: &'r Sources,
    ) -> Option<Self> {
        let object = diagnostic.object.as_ref();
        let field = diagnostic.field.as_ref();
        if let Some(place) = diagnostic.place {
            let location = Self::of_place(place, object, extent, sources);
            return Some(Self { field, ..location });
        }
        diagnostic.path.as_deref().map(|path| Self {
            path,
            region: None,
            object,
            field,
        })
    }

    /// `path:line` on one line, without hidden characters.
    pub(super) fn line(&self) -> String {
        let path = one_line(self.path.as_str());
        match self.region {
            Some(region) => format!("{path}:{}", region.start.line),
            None => path.into_owned(),
        }
    }

    /// `path:line:column` on one line, without hidden characters.
    pub(super) fn line_and_column(&self) -> String {
        match self.region {
            Some(region) => format!("{}:{}", self.line(), region.start.column),
            None => self.line(),
        }
    }

    /// Where a further place of a finding is.
    pub(super) fn of_label(label: &'r Label, extent: Extent, sources: &'r Sources) -> Self {
        Self::of_place(label.place, label.object.as_ref(), extent, sources)
    }

    /// Where a fact stands, if it stands anywhere.
    pub(super) fn of_fact(fact: &'r Fact, extent: Extent, sources: &'r Sources) -> Option<Self> {
        fact.place
            .map(|place| Self::of_place(place, fact.object.as_ref(), extent, sources))
    }

    /// Where a place is.
    pub(super) fn of_place(
        place: Place,
        object: Option<&'r ObjectId>,
        extent: Extent,
        sources: &'r Sources,
    ) -> Self {
        let file = sources.file(place.span.file);
        Self {
            path: file.path(),
            region: Some(Region::of(place.span, extent, file)),
            object,
            field: None,
        }
    }
}

/// The part of a range that stands on its first line, without the line end.
///
/// A position behind the last line end becomes the end of the last line, because no reader counts a line there.
pub(super) fn first_line(range: Range<usize>, file: &SourceFile) -> Range<usize> {
    let index = file.line_index(range.start);
    let line = file.line_range(index.min(file.line_count() - 1));
    let start = range.start.clamp(line.start, line.end);
    start..range.end.clamp(start, line.end)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{FileId, FileRole};

    fn region(text: &str, start: u32, end: u32, extent: Extent) -> (usize, usize, usize, usize) {
        let file = SourceFile::new("a.yaml".into(), text.into(), FileRole::Input);
        let region = Region::of(Span::new(FileId(0), start, end), extent, &file);
        (
            region.start.line,
            region.start.column,
            region.end.line,
            region.end.column,
        )
    }

    #[test]
    fn a_span_over_several_lines_is_cut_where_one_line_is_wanted() {
        let text = "a:\r\n  b: 1\n  c: 2\n";
        assert_eq!(region(text, 0, 17, Extent::Whole), (1, 1, 3, 7));
        assert_eq!(region(text, 0, 17, Extent::FirstLine), (1, 1, 1, 3));
    }

    #[test]
    fn columns_count_code_points_and_the_end_is_exclusive() {
        assert_eq!(region("é✓: x\n", 2, 8, Extent::Whole), (1, 2, 1, 6));
    }

    #[test]
    fn a_position_behind_the_last_line_end_moves_onto_the_last_line() {
        assert_eq!(region("a: 1\n", 5, 5, Extent::FirstLine), (1, 5, 1, 5));
        assert_eq!(region("", 0, 0, Extent::FirstLine), (1, 1, 1, 1));
    }

    #[test]
    fn a_span_outside_of_the_text_stays_inside_of_the_first_line() {
        assert_eq!(region("a: 1\n", 90, 99, Extent::FirstLine), (1, 5, 1, 5));
    }
}
