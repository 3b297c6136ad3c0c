//! YAML inside a block scalar of another document (`data.mesh` of a `ConfigMap`).

use std::ops::Range;

use super::parser::{self, AliasBudget};
use super::{Comment, Problem, Scalar, ScalarStyle, Value, split};
use crate::source::{Place, Sources, Span};

/// How many nodes the aliases of an embedded text may expand to.
const ALIAS_BUDGET: usize = 100_000;

/// Parses the text of a scalar as YAML; places point into the outer file. `None` for an empty text.
///
/// Of several documents the first counts, as for Go's `yaml.Unmarshal`.
pub fn parse_embedded(scalar: &Value, sources: &Sources) -> Result<Option<Value>, Problem> {
    documents(scalar, sources).next().transpose()
}

/// Parses the text of a scalar that may hold several documents; places point into the outer file.
pub fn parse_embedded_stream(scalar: &Value, sources: &Sources) -> Result<Vec<Value>, Problem> {
    documents(scalar, sources).collect()
}

/// The comments in the text of a scalar; places are in the outer file. None where the text is not written as it is read.
pub fn embedded_comments(value: &Value, sources: &Sources) -> Vec<Comment> {
    let map = SpanMap::new(value, sources);
    let text = value.as_text().unwrap_or_default();
    if map.lines.is_empty() {
        return Vec::new();
    }
    let mut budget = AliasBudget::new(ALIAS_BUDGET);
    let mut comments = Vec::new();
    for part in split::split(text) {
        let base = part.source.start;
        let source = text.get(part.source.clone()).unwrap_or_default();
        let found = parser::parse(source, &mut budget).comments.into_iter();
        comments.extend(found.map(|range| Comment {
            span: map.span(base + range.start..base + range.end),
        }));
    }
    comments
}

/// The documents of a text, parsed one at a time.
fn documents(value: &Value, sources: &Sources) -> impl Iterator<Item = Result<Value, Problem>> {
    let map = SpanMap::new(value, sources);
    let text = value.as_text().unwrap_or_default();
    let mut budget = AliasBudget::new(ALIAS_BUDGET);
    let parts = split::split(text)
        .into_iter()
        .filter(|part| part.has_content);
    parts.filter_map(move |part| {
        let base = part.source.start;
        let locate = |range: Range<usize>| map.span(base + range.start..base + range.end);
        let place = |range| Place {
            span: locate(range),
            origin: value.place.origin,
        };
        let source = text.get(part.source.clone()).unwrap_or_default();
        let parsed = parser::parse(source, &mut budget);
        match parsed.failure {
            Some(failure) => Some(Err(failure.into_problem(source, locate))),
            None => parsed.tape?.into_value(&place).map(Ok),
        }
    })
}

/// Where the bytes of a text stand in the file it is embedded in.
struct SpanMap {
    /// The place of every byte where they cannot be told apart.
    fallback: Span,
    /// The lines of the text; empty if they are not written as they are read.
    lines: Vec<Line>,
}

/// A line of the text.
struct Line {
    /// Where it starts in the text.
    inner: usize,
    /// Where it starts in the file, behind the indentation.
    outer: usize,
    /// Where it ends in the file, before the line end.
    end: usize,
}

impl SpanMap {
    /// The map of a literal block scalar; of anything else every byte is at the first line of the scalar.
    fn new(value: &Value, sources: &Sources) -> Self {
        let span = value.place.span;
        let written = sources.text(span);
        let first_line = written.lines().next().unwrap_or_default();
        let fallback = Span {
            end: offset(span.range().start + first_line.len()),
            ..span
        };
        let lines = value
            .as_scalar()
            .and_then(|scalar| literal_lines(scalar, written, span.range().start));
        Self {
            fallback,
            lines: lines.unwrap_or_default(),
        }
    }

    /// Where a range of the text stands in the file.
    fn span(&self, range: Range<usize>) -> Span {
        let Some(start) = self.position(range.start, range.start) else {
            return self.fallback;
        };
        // The end is exclusive, so it is on the line of the byte before it.
        let last = range.end.saturating_sub(1).max(range.start);
        let end = self.position(last, range.end).unwrap_or(start);
        Span {
            file: self.fallback.file,
            start: offset(start),
            end: offset(end.max(start)),
        }
    }

    /// Where an offset stands in the file, seen from the line that holds another.
    fn position(&self, on_line_of: usize, at: usize) -> Option<usize> {
        let next = self.lines.partition_point(|line| line.inner <= on_line_of);
        let line = self.lines.get(next.checked_sub(1)?)?;
        Some((line.outer + (at - line.inner)).min(line.end))
    }
}

/// The lines of a literal block scalar, if each is written as it is read, indentation aside.
///
/// A text that was changed by a patch or a substitution is not.
fn literal_lines(scalar: &Scalar, written: &str, start: usize) -> Option<Vec<Line>> {
    if scalar.style != ScalarStyle::Block || !written.starts_with('|') {
        return None;
    }
    let header = written.split_inclusive('\n').next()?;
    let mut outer_lines = written.get(header.len()..)?.split_inclusive('\n');
    let mut at = start + header.len();
    let mut inner = 0;
    let mut lines = Vec::new();
    for line in scalar.text.split_inclusive('\n') {
        let text = line.strip_suffix('\n').unwrap_or(line);
        // Blank lines at the end are outside of the place of the scalar.
        let outer_line = outer_lines.next().unwrap_or_default();
        let content = outer_line.strip_suffix('\n').unwrap_or(outer_line);
        let content = content.strip_suffix('\r').unwrap_or(content);
        let indentation = content.strip_suffix(text)?;
        if !indentation.bytes().all(|byte| byte == b' ') {
            return None;
        }
        lines.push(Line {
            inner,
            outer: at + indentation.len(),
            end: at + content.len(),
        });
        at += outer_line.len();
        inner += line.len();
    }
    Some(lines)
}

/// An offset as a span holds it; it lies in a span, so it fits.
fn offset(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::ProblemKind;
    use crate::yaml::testing::{content, outline, slice, sources};

    /// Parses the value of `a` as YAML.
    fn parse(text: &str) -> Result<Option<Value>, Problem> {
        let content = content(text);
        let value = content.documents[0].root.get("a").expect("a key `a`");
        parse_embedded(value, &sources(text))
    }

    /// The value of `a`, parsed as YAML, at the end of some keys.
    fn place(text: &str, keys: &[&str]) -> Span {
        let root = parse(text).expect("it is YAML").expect("it is not empty");
        root.at(keys).expect("the keys are there").place.span
    }

    #[test]
    fn places_in_literal_blocks_are_those_of_the_outer_file() {
        let cases = [
            ("a: |\n  b:\n    c: é\n    d: e\n", "é"),
            ("x:\n- a: 1\na: |-\r\n    b:\r\n      c: é\r\n", "é"),
            ("a: |2\n\n    b:\n      c: é", "é"),
            ("a: | # why\n  ---\n  b: {c: [1,\n   2]}\n", "[1,\n   2]"),
            (
                "a: |+\n  b:\n    c: |\n      d\n      e\n\n\n",
                "|\n      d\n      e",
            ),
            (
                "a: |\n  b:\n    c:\n      d: 1\n      e: 2\n\n",
                "d: 1\n      e: 2",
            ),
        ];
        for (text, expected) in cases {
            assert_eq!(slice(text, place(text, &["b", "c"])), expected, "{text:?}");
        }
    }

    #[test]
    fn places_elsewhere_are_the_first_line_of_the_scalar() {
        let cases = [
            ("a: 'b: c'\n", "'b: c'"),
            ("a: \"b: c\\nd: e\"\n", "\"b: c\\nd: e\""),
            ("a: >-\n  b: c\n", ">-"),
        ];
        for (text, expected) in cases {
            assert_eq!(slice(text, place(text, &["b"])), expected, "{text:?}");
        }
    }

    #[test]
    fn a_text_that_differs_from_what_is_written_has_one_place() {
        let text = "a: |\n  b: c\n";
        let mut value = content(text).documents[0].root.clone();
        value = value.get("a").expect("a key `a`").clone();
        value.node = crate::yaml::Node::Scalar(Scalar {
            text: "b: other\n".into(),
            style: ScalarStyle::Block,
        });
        let root = parse_embedded(&value, &sources(text)).expect("it is YAML");
        assert_eq!(root.map(|root| slice(text, root.place.span)), Some("|"));
    }

    #[test]
    fn empty_texts_hold_nothing() {
        for text in ["a: ''\n", "a: |\nb: 1\n", "a: \"# c\\n\"\n", "a: [1]\n"] {
            assert_eq!(parse(text), Ok(None), "{text:?}");
        }
    }

    #[test]
    fn of_several_documents_the_first_counts() {
        let text = "a: |\n  b: 1\n  ---\n  b: 2\n";
        let first = parse(text).expect("it is YAML").map(|root| outline(&root));
        assert_eq!(first.as_deref(), Some(r#"{b: "1"}"#));
        let content = content(text);
        let value = content.documents[0].root.get("a").expect("a key `a`");
        let all = parse_embedded_stream(value, &sources(text)).expect("it is YAML");
        assert_eq!(all.len(), 2);
    }

    #[test]
    fn problems_point_into_the_outer_file() {
        let cases = [
            ("a: |\n  b: 1\n   c: 2\n", ProblemKind::Syntax, ":"),
            ("a: |\n  b: {{ c }}\n", ProblemKind::Template, "{{"),
            ("a: 'b: ['\n", ProblemKind::Syntax, "'b: ['"),
        ];
        for (text, kind, expected) in cases {
            let problem = parse(text).expect_err("it is broken");
            assert_eq!(problem.kind, kind, "{text:?}");
            assert_eq!(slice(text, problem.span), expected, "{text:?}");
        }
    }
}
