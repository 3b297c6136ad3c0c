//! Fields and elements of one mapping or list as text that can stand in another.

use super::{column, indent_of, unindented};
use crate::source::{SourceFile, Sources, Span};
use crate::yaml::{MappingEntry, Node, ScalarStyle, Value};

/// What would mean something else in another document, or does not count as columns: anchors, aliases, tabs.
const BOUND: [char; 3] = ['&', '*', '\t'];

/// What a scalar without quotes does not have in `{…}`, or not for every reader.
const FLOW: [char; 6] = [',', '[', ']', '{', '}', '?'];

/// A field or an element without its indentation.
pub(super) struct Lines<'s> {
    /// The comments above it.
    comments: Vec<&'s str>,
    /// What it is written as.
    text: Vec<String>,
}

impl<'s> Lines<'s> {
    /// A field of a mapping; `None` where its text cannot be moved.
    pub(super) fn of_field(sources: &'s Sources, field: &MappingEntry) -> Option<Self> {
        // Comments in the column of the key are about the next field.
        let own = on_own_lines(sources, field_span(field), 1);
        if let Some(lines) = own {
            return lines.filter(|_| !has_text_block(&field.value));
        }
        // In `{…}` a quoted key needs no blank before its value, in a block it does.
        let key = in_one_line(sources, field.key.place.span)?;
        let value = in_one_line(sources, field.value.place.span)?;
        Some(Self::one(format!("{key}: {value}")))
    }

    /// An element of a list; `None` where its text cannot be moved.
    pub(super) fn of_element(sources: &'s Sources, element: &Value) -> Option<Self> {
        let span = element.place.span;
        if let Some(lines) = on_own_lines(sources, span, 0) {
            return lines.filter(|_| !has_text_block(element));
        }
        Some(Self::one(in_one_line(sources, span)?.to_owned()))
    }

    fn one(line: String) -> Self {
        Self {
            comments: Vec::new(),
            text: vec![line],
        }
    }

    /// The lines with their new indentation: that of the first, and that of the others.
    pub(super) fn indented(&self, first: &str, others: &str) -> Vec<String> {
        let comment = " ".repeat(indent_of(first));
        let comments = self.comments.iter();
        let mut lines: Vec<String> = comments.map(|text| format!("{comment}{text}")).collect();
        let mut indent = first;
        for line in &self.text {
            lines.push(if line.is_empty() {
                String::new()
            } else {
                format!("{indent}{line}")
            });
            indent = others;
        }
        lines
    }
}

/// From the key of a field to the end of its value.
fn field_span(field: &MappingEntry) -> Span {
    Span {
        end: field.value.place.span.end,
        ..field.key.place.span
    }
}

/// What stands alone on its lines, with the comments below that are indented `inside` columns further; `None` where other
/// things stand beside it, and nothing in it where the text cannot be moved.
#[expect(
    clippy::option_option,
    reason = "the callers know another way for the first"
)]
fn on_own_lines(sources: &Sources, span: Span, inside: usize) -> Option<Option<Lines<'_>>> {
    let file = sources.file(span.file);
    let last = file.line_index(span.end.checked_sub(1)? as usize);
    let rest = span.end as usize..file.line_range(last).end;
    let rest = file.text().get(rest).unwrap_or_default();
    let column = column(file, span.start).filter(|_| is_silent(rest))?;
    let end = file
        .line_range(end_with_comments(file, last, column + inside))
        .end;
    let text = file.text().get(span.start as usize..end)?;
    let lines = unindented(text.trim_end(), column);
    let lines = lines.filter(|lines| !lines.iter().any(|line| code(line).contains(BOUND)));
    Some(lines.map(|lines| Lines {
        comments: comments_above(file, span.start),
        text: lines.into_iter().map(str::to_owned).collect(),
    }))
}

/// The text of some bytes that are on one line, and mean the same elsewhere.
fn in_one_line(sources: &Sources, span: Span) -> Option<&str> {
    let text = sources.text(span);
    (!text.contains('\n') && !text.contains(BOUND)).then_some(text)
}

/// Whether a `|` or `>` block is anywhere in a value: the empty lines at its end may count.
pub(super) fn has_text_block(value: &Value) -> bool {
    match &value.node {
        Node::Scalar(scalar) => scalar.style == ScalarStyle::Block,
        Node::Sequence(items) => items.iter().any(has_text_block),
        Node::Mapping(mapping) => {
            let mut entries = mapping.entries.iter();
            entries.any(|entry| has_text_block(&entry.value))
        }
    }
}

/// A field as it can stand in `{…}`, with the quotes of JSON where that is wanted. `None` where its text cannot be moved, and
/// where it has comments, for which there is no room.
pub(super) fn field_in_flow(sources: &Sources, field: &MappingEntry, json: bool) -> Option<String> {
    if has_comments(sources, field_span(field)) {
        return None;
    }
    let key = if json {
        serde_json::to_string(&field.key.value).ok()?
    } else {
        in_one_line(sources, field.key.place.span)?.to_owned()
    };
    Some(format!("{key}: {}", flow(sources, &field.value, json)?))
}

/// An element as it can stand in `[…]`, likewise.
pub(super) fn element_in_flow(sources: &Sources, element: &Value, json: bool) -> Option<String> {
    if has_comments(sources, element.place.span) {
        return None;
    }
    flow(sources, element, json)
}

fn flow(sources: &Sources, value: &Value, json: bool) -> Option<String> {
    Some(match &value.node {
        Node::Scalar(_) if json => json_scalar(sources, value)?,
        Node::Scalar(scalar) => {
            let text = in_one_line(sources, value.place.span)?;
            let is_plain = !text.is_empty() && !text.ends_with(':') && !text.contains(FLOW);
            let is_closed = scalar.style == ScalarStyle::Quoted || is_plain;
            is_closed.then_some(text)?.to_owned()
        }
        Node::Sequence(items) => {
            let items = items.iter().map(|item| flow(sources, item, json));
            format!("[{}]", items.collect::<Option<Vec<_>>>()?.join(", "))
        }
        Node::Mapping(mapping) => {
            let fields = mapping.entries.iter();
            let fields = fields.map(|field| field_in_flow(sources, field, json));
            format!("{{{}}}", fields.collect::<Option<Vec<_>>>()?.join(", "))
        }
    })
}

/// A scalar as JSON.
fn json_scalar(sources: &Sources, value: &Value) -> Option<String> {
    if let Some(text) = value.as_str() {
        return serde_json::to_string(text).ok();
    }
    let text = sources.text(value.place.span);
    let is_json = serde_json::from_str::<serde_json::Value>(text).is_ok();
    is_json.then(|| text.to_owned())
}

/// Whether comments stand above something or on its lines.
fn has_comments(sources: &Sources, span: Span) -> bool {
    let file = sources.file(span.file);
    let is_first = column(file, span.start).is_some();
    let first = file.line_index(span.start as usize);
    let last = file.line_index(span.end.max(1) as usize - 1);
    let mut lines = (first..=last).map(|line| file.line_text(line));
    (is_first && !comments_above(file, span.start).is_empty())
        || lines.any(|line| code(line).len() < line.len())
}

/// The comments above the line of an offset, indented as it is; empty lines between them are left out.
fn comments_above(file: &SourceFile, offset: u32) -> Vec<&str> {
    let own = file.line_index(offset as usize);
    let indent = indent_of(file.line_text(own));
    let above = (0..own).rev().map(|line| file.line_text(line));
    let is_about_it =
        |line: &&str| line.trim().is_empty() || (is_silent(line) && indent_of(line) == indent);
    let comments = above.take_while(is_about_it).map(str::trim);
    let mut comments: Vec<&str> = comments.filter(|line| !line.is_empty()).collect();
    comments.reverse();
    comments
}

/// The last of the lines below a line, or that itself, that hold comments from a column on.
pub(super) fn end_with_comments(file: &SourceFile, last: usize, column: usize) -> usize {
    let below = (last + 1..file.line_count()).take_while(|&line| {
        let text = file.line_text(line);
        !text.trim().is_empty() && is_silent(text) && indent_of(text) >= column
    });
    below.last().unwrap_or(last)
}

/// Whether a line, or a part of one, is empty or a comment.
pub(super) fn is_silent(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// A line without its comment.
fn code(line: &str) -> &str {
    let is_after_blank = |at: usize| {
        let before = line.get(..at).unwrap_or_default();
        before.is_empty() || before.ends_with([' ', '\t'])
    };
    let mut marks = line.match_indices('#').map(|(at, _)| at);
    let comment = marks.find(|&at| is_after_blank(at));
    line.get(..comment.unwrap_or(line.len())).unwrap_or(line)
}
