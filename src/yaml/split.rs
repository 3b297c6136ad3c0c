//! Cuts a stream at its `---` and `...` lines, so that one broken document never hides its neighbours.
//!
//! The cut is exact: YAML forbids both marks at the start of a line inside any scalar.

use std::ops::Range;

use memchr::memmem;

/// The bytes of a stream between two marks.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Part {
    /// What the parser gets: directives, the `---` line and the `...` line included.
    pub(super) source: Range<usize>,
    /// The document without directives and without the lines of the marks.
    pub(super) body: Range<usize>,
    /// Whether there is anything but comments and blank lines.
    pub(super) has_content: bool,
}

/// A line that separates documents.
#[derive(Clone, Copy)]
struct Mark {
    at: usize,
    kind: MarkKind,
}

/// Which of the two marks a line is.
#[derive(Clone, Copy, PartialEq, Eq)]
enum MarkKind {
    /// `---`
    Start,
    /// `...`
    End,
}

/// The length of either mark.
const MARK_LENGTH: usize = 3;

/// Cuts a text into its parts, in order; a byte order mark at the start belongs to none.
pub(super) fn split(text: &str) -> Vec<Part> {
    let from = if text.starts_with('\u{feff}') {
        '\u{feff}'.len_utf8()
    } else {
        0
    };
    let mut splitter = Splitter {
        text,
        parts: Vec::new(),
        directives: None,
        start: from,
        is_explicit: false,
    };
    for mark in marks(text, from) {
        match mark.kind {
            MarkKind::Start => {
                splitter.close(mark.at, mark.at, true);
                splitter.start = mark.at;
                splitter.is_explicit = true;
            }
            MarkKind::End => {
                let next_line = line_end(text, mark.at);
                splitter.close(mark.at, next_line, false);
                splitter.start = next_line;
                splitter.is_explicit = false;
            }
        }
    }
    splitter.close(text.len(), text.len(), false);
    splitter.parts
}

/// The comments of a part without content, each from `#` to the end of its line.
pub(super) fn comments(text: &str, part: &Part) -> Vec<Range<usize>> {
    let mut found = Vec::new();
    let mut at = part.body.start;
    for line in text
        .get(part.body.clone())
        .unwrap_or_default()
        .split_inclusive('\n')
    {
        let comment = line.trim();
        if comment.starts_with('#') {
            let start = at + (line.len() - line.trim_start().len());
            found.push(start..start + line.trim_start().trim_end_matches(['\r', '\n']).len());
        }
        at += line.len();
    }
    found
}

/// All marks from an offset on, in the order of the text.
fn marks(text: &str, from: usize) -> Vec<Mark> {
    let bytes = text.as_bytes();
    let mut marks = Vec::new();
    for (needle, kind) in [("\n---", MarkKind::Start), ("\n...", MarkKind::End)] {
        let starts_file = text
            .get(from..)
            .is_some_and(|text| text.starts_with(&needle[1..]));
        let first = starts_file.then_some(from);
        let others = memmem::find_iter(bytes, needle).map(|at| at + 1);
        marks.extend(
            first
                .into_iter()
                .chain(others)
                .filter(|at| ends_word(bytes, at + MARK_LENGTH))
                .map(|at| Mark { at, kind }),
        );
    }
    marks.sort_unstable_by_key(|mark| mark.at);
    marks
}

/// Whether a word that ends just before an offset is followed by white space or nothing.
fn ends_word(bytes: &[u8], at: usize) -> bool {
    matches!(bytes.get(at), None | Some(b' ' | b'\t' | b'\r' | b'\n'))
}

/// The offset just after the line end that follows an offset.
fn line_end(text: &str, at: usize) -> usize {
    text.get(at..)
        .and_then(|rest| memchr::memchr(b'\n', rest.as_bytes()))
        .map_or(text.len(), |length| at + length + 1)
}

/// The state while marks are walked.
struct Splitter<'t> {
    text: &'t str,
    parts: Vec<Part>,
    /// Where directives start that belong to the next document.
    directives: Option<usize>,
    /// Where the current part starts.
    start: usize,
    /// Whether the current part starts with `---`.
    is_explicit: bool,
}

impl Splitter<'_> {
    /// Ends the current part: its body at one offset, its source at another.
    fn close(&mut self, body_end: usize, end: usize, before_start: bool) {
        let body_start = if self.is_explicit {
            self.start + MARK_LENGTH
        } else {
            self.start
        };
        let body = self.text.get(body_start..body_end).unwrap_or_default();
        let content = inspect(body, !self.is_explicit);
        let directives = self.directives.take();
        if content == Content::Directives {
            // `%YAML 1.2` stands before the `---` of the document it belongs to.
            if before_start {
                self.directives = Some(self.start);
            }
            return;
        }
        let has_content = content == Content::Some;
        let body_start = if self.is_explicit && has_content {
            after_mark_line(self.text, body_start..body_end)
        } else {
            body_start
        };
        if has_content || body_start < body_end {
            self.parts.push(Part {
                source: directives.unwrap_or(self.start)..end,
                body: body_start..body_end,
                has_content,
            });
        }
    }
}

/// Where the body starts after `---`: on the same line if something is written there, else on the next.
fn after_mark_line(text: &str, body: Range<usize>) -> usize {
    let line = line_end(text, body.start).min(body.end);
    let rest = text.get(body.start..line).unwrap_or_default().trim_start();
    if rest.is_empty() || rest.starts_with('#') {
        line
    } else {
        line - rest.len()
    }
}

/// What a part holds.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Content {
    /// Comments and blank lines only.
    None,
    /// Directives, and nothing but comments beside.
    Directives,
    /// Something for the parser.
    Some,
}

/// Looks for anything but comments and blank lines, and stops at the first such line.
fn inspect(body: &str, may_hold_directives: bool) -> Content {
    let mut content = Content::None;
    for line in body.split_inclusive('\n') {
        let written = line.trim_matches([' ', '\t', '\r', '\n']);
        if may_hold_directives && line.starts_with('%') {
            content = Content::Directives;
        } else if !written.is_empty() && !written.starts_with('#') {
            return Content::Some;
        }
    }
    content
}

#[cfg(test)]
mod tests {
    use super::*;

    fn bodies(text: &str) -> Vec<&str> {
        split(text)
            .into_iter()
            .filter(|part| part.has_content)
            .map(|part| &text[part.body])
            .collect()
    }

    fn sources(text: &str) -> Vec<&str> {
        split(text)
            .into_iter()
            .filter(|part| part.has_content)
            .map(|part| &text[part.source])
            .collect()
    }

    #[test]
    fn documents_are_cut_at_their_marks() {
        let cases: [(&str, &[&str]); 14] = [
            ("", &[]),
            ("a: 1\n", &["a: 1\n"]),
            ("---\na: 1\n", &["a: 1\n"]),
            ("a: 1\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]),
            ("a: 1\r\n---\r\nb: 2\r\n", &["a: 1\r\n", "b: 2\r\n"]),
            ("a: 1\n--- # next\nb: 2", &["a: 1\n", "b: 2"]),
            ("--- {a: 1}\n", &["{a: 1}\n"]),
            ("---\n\n---\n# only this\n---\na: 1", &["a: 1"]),
            ("a: 1\n...\nb: 2\n", &["a: 1\n", "b: 2\n"]),
            ("a: 1\n...\n---\nb: 2\n", &["a: 1\n", "b: 2\n"]),
            ("a: |\n  ---\n ---\n", &["a: |\n  ---\n ---\n"]),
            ("a: 1\n---x: 2\n", &["a: 1\n---x: 2\n"]),
            ("a: 1\n---", &["a: 1\n"]),
            ("\u{feff}---\na: 1\n", &["a: 1\n"]),
        ];
        for (text, expected) in cases {
            assert_eq!(bodies(text), expected, "{text:?}");
        }
    }

    #[test]
    fn directives_go_to_the_parser_with_their_document() {
        assert_eq!(
            sources("%YAML 1.2\n---\na: 1\n"),
            ["%YAML 1.2\n---\na: 1\n"]
        );
        assert_eq!(bodies("%YAML 1.2\n---\na: 1\n"), ["a: 1\n"]);
    }

    #[test]
    fn the_line_of_an_end_mark_stays_with_its_document() {
        assert_eq!(
            sources("a: 1\n... # end\nb: 2"),
            ["a: 1\n... # end\n", "b: 2"]
        );
    }

    #[test]
    fn parts_without_content_keep_their_comments() {
        let text = "# one\r\n\n  # two\n---\na: 1";
        let parts = split(text);
        let found: Vec<&str> = comments(text, &parts[0])
            .into_iter()
            .map(|range| &text[range])
            .collect();
        assert_eq!(found, ["# one", "# two"]);
    }
}
