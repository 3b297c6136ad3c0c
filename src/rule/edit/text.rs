//! Fields and elements of one mapping or list as text that can stand in another.

use super::{column, indent_of, unindented};
use crate::source::{SourceFile, Sources, Span};
use crate::yaml::{MappingEntry, Node, ScalarStyle, Value};

/// What would mean something else in another document, or does not count as columns: anchors, aliases, tabs.
const BOUND: [char; 3] = ['&', '*', '\t'];

/// A field or an element on lines of its own, without its indentation.
pub(super) struct Lines<'s> {
    /// The comments above it.
    comments: Vec<&'s str>,
    /// What it is written as.
    text: Vec<String>,
}

impl<'s> Lines<'s> {
    /// A field of a mapping; `None` where its text cannot be moved.
    pub(super) fn of_field(sources: &'s Sources, field: &MappingEntry) -> Option<Self> {
        let value = field.value.place.span;
        let span = Span {
            end: value.end,
            ..field.key.place.span
        };
        // In `{…}` a quoted key needs no blank before its value, in a block it does.
        let key = sources.text(field.key.place.span);
        let on_a_line = || Some(format!("{key}: {}", in_one_line(sources, value)?));
        Self::of(sources, span, &field.value, 1, on_a_line)
    }

    /// An element of a list; `None` where its text cannot be moved.
    pub(super) fn of_element(sources: &'s Sources, element: &Value) -> Option<Self> {
        let span = element.place.span;
        let on_a_line = || in_one_line(sources, span).map(str::to_owned);
        Self::of(sources, span, element, 0, on_a_line)
    }

    /// What is written at some bytes, with the comments below it that are indented `inside` columns more; where other things
    /// stand beside it, as `on_a_line` gives it.
    fn of(
        sources: &'s Sources,
        span: Span,
        value: &Value,
        inside: usize,
        on_a_line: impl Fn() -> Option<String>,
    ) -> Option<Self> {
        if has_text_block(value) {
            return None; // its empty lines at the end may count
        }
        let file = sources.file(span.file);
        let last = file.line_index(span.end.checked_sub(1)? as usize);
        let rest = file.line_range(last);
        let rest = file
            .text()
            .get(span.end as usize..rest.end)
            .unwrap_or_default();
        let Some(column) = column(file, span.start).filter(|_| is_silent(rest)) else {
            return Some(Self {
                comments: Vec::new(),
                text: vec![on_a_line()?],
            });
        };
        let end = file
            .line_range(end_with_comments(file, last, column + inside))
            .end;
        let text = file.text().get(span.start as usize..end)?;
        let lines = unindented(text.trim_end(), column)?;
        let is_free = !lines.iter().any(|line| code(line).contains(BOUND));
        is_free.then(|| Self {
            comments: comments_above(file, span.start),
            text: lines.into_iter().map(str::to_owned).collect(),
        })
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

/// The text of some bytes that are on one line, and mean the same elsewhere.
fn in_one_line(sources: &Sources, span: Span) -> Option<&str> {
    let text = sources.text(span);
    (!text.contains('\n') && !text.contains(BOUND)).then_some(text)
}

/// Whether a `|` or `>` block is anywhere in a value.
fn has_text_block(value: &Value) -> bool {
    match &value.node {
        Node::Scalar(scalar) => scalar.style == ScalarStyle::Block,
        Node::Sequence(items) => items.iter().any(has_text_block),
        Node::Mapping(mapping) => mapping
            .entries
            .iter()
            .any(|entry| has_text_block(&entry.value)),
    }
}

/// A field as it can stand in `{…}`, with JSON's quotes where the fields there have them; comments in it are lost. `None` where
/// its text cannot be moved.
pub(super) fn field_in_flow(sources: &Sources, field: &MappingEntry, json: bool) -> Option<String> {
    let key = if json {
        serde_json::to_string(&field.key.value).ok()?
    } else {
        in_one_line(sources, field.key.place.span)?.to_owned()
    };
    Some(format!(
        "{key}: {}",
        value_in_flow(sources, &field.value, json)?
    ))
}

/// A value as it can stand in `{…}` or `[…]`.
pub(super) fn value_in_flow(sources: &Sources, value: &Value, json: bool) -> Option<String> {
    let list = |items: Vec<String>| items.join(", ");
    Some(match &value.node {
        Node::Scalar(_) if json => json_scalar(sources, value)?,
        Node::Scalar(scalar) => {
            let text = in_one_line(sources, value.place.span)?;
            let is_closed = scalar.style == ScalarStyle::Quoted
                || (!text.is_empty() && !text.contains([',', '[', ']', '{', '}']));
            is_closed.then_some(text)?.to_owned()
        }
        Node::Sequence(items) => {
            let items = items.iter().map(|item| value_in_flow(sources, item, json));
            format!("[{}]", list(items.collect::<Option<_>>()?))
        }
        Node::Mapping(mapping) => {
            let fields = mapping.entries.iter();
            let fields = fields.map(|field| field_in_flow(sources, field, json));
            format!("{{{}}}", list(fields.collect::<Option<_>>()?))
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
    let comment = if line.trim_start().starts_with('#') {
        Some(0)
    } else {
        line.find(" #")
    };
    line.get(..comment.unwrap_or(line.len())).unwrap_or(line)
}
