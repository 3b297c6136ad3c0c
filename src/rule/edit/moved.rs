//! Fields and elements of one mapping or list as text that can stand in another.

use super::{column, unindented};
use crate::source::{SourceFile, Sources, Span};
use crate::yaml::{MappingEntry, Node, ScalarStyle};

/// What would mean something else in another document, or does not count as a column: anchors, aliases, tabs.
const BOUND: [char; 3] = ['&', '*', '\t'];

/// A field or an element without its indentation.
pub(super) struct Written<'s> {
    /// The comments directly above it.
    comments: Vec<&'s str>,
    /// Its lines.
    lines: Vec<&'s str>,
}

impl<'s> Written<'s> {
    /// What is written at some bytes; `None` where the text cannot be moved.
    pub(super) fn read(sources: &'s Sources, span: Span) -> Option<Self> {
        let file = sources.file(span.file);
        let end = file
            .line_range(file.line_index(span.end.checked_sub(1)? as usize))
            .end;
        let rest = file.text().get(span.end as usize..end).unwrap_or_default();
        // In `{…}` other things may follow on the line.
        let is_last = rest.trim().is_empty() || rest.trim_start().starts_with('#');
        let end = if is_last { end } else { span.end as usize };
        let text = file.text().get(span.start as usize..end)?.trim_end();
        let (comments, lines) = match column(file, span.start) {
            Some(column) => (comments_above(file, span.start), unindented(text, column)?),
            None => (Vec::new(), vec![text]),
        };
        let is_free = !text.contains(BOUND) && lines.iter().all(|line| !line.contains('\n'));
        is_free.then_some(Self { comments, lines })
    }

    /// The lines with their new indentation: that of the first, and that of the others.
    pub(super) fn indented(&self, first: &str, others: &str) -> Vec<String> {
        let comment = " ".repeat(first.len() - first.trim_start_matches(' ').len());
        let mut lines: Vec<String> = self
            .comments
            .iter()
            .map(|text| format!("{comment}{text}"))
            .collect();
        for (number, line) in self.lines.iter().enumerate() {
            lines.push(match (number, *line) {
                (0, line) => format!("{first}{line}"),
                (_, "") => String::new(),
                (_, line) => format!("{others}{line}"),
            });
        }
        lines
    }
}

/// The bytes of a field, from its key to the end of its value.
pub(super) fn field_span(field: &MappingEntry) -> Option<Span> {
    let (key, value) = (field.key.place.span, field.value.place.span);
    (key.file == value.file && key.end <= value.start).then_some(Span {
        end: value.end,
        ..key
    })
}

/// A field as it can stand in `{…}`; `None` where it is written as a block or in several lines.
pub(super) fn in_flow<'s>(sources: &'s Sources, field: &MappingEntry) -> Option<&'s str> {
    let text = sources.text(field_span(field)?);
    let value = sources.text(field.value.place.span);
    let is_closed = match &field.value.node {
        Node::Scalar(scalar) => {
            scalar.style == ScalarStyle::Quoted || !value.contains([',', '[', ']', '{', '}'])
        }
        Node::Sequence(_) => value.starts_with('['),
        Node::Mapping(_) => value.starts_with('{'),
    };
    (is_closed && !text.contains('\n') && !text.contains(BOUND)).then_some(text)
}

/// The comments on the lines directly above, indented as the line itself is.
fn comments_above(file: &SourceFile, offset: u32) -> Vec<&str> {
    let line = file.line_index(offset as usize);
    let text = |line: usize| file.text().get(file.line_range(line)).unwrap_or_default();
    let indent = |text: &str| text.len() - text.trim_start_matches(' ').len();
    let own = indent(text(line));
    let is_comment = |text: &&str| indent(text) == own && text.trim_start().starts_with('#');
    let above = (0..line).rev().map(text).take_while(is_comment);
    let mut comments: Vec<&str> = above.map(str::trim).collect();
    comments.reverse();
    comments
}
