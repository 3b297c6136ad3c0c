//! Just enough of Rust's syntax to find the paths that a source file names.

use std::iter::Peekable;
use std::str::CharIndices;

/// A path as the source names it, groups expanded, and the line (from 1) of its last segment.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) segments: Vec<String>,
    pub(super) line: usize,
}

impl Named {
    /// Whether the path is, or goes on from, one such as `std::fs`.
    pub(super) fn starts_with(&self, prefix: &str) -> bool {
        let mut segments = self.segments.iter();
        prefix
            .split("::")
            .all(|part| segments.next().is_some_and(|segment| segment == part))
    }
}

/// Blanks comments, strings and characters; every line keeps its number.
pub(super) fn without_comments_and_strings(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    let mut after_word = false;
    while let Some(first) = rest.chars().next() {
        let skip = if after_word {
            None
        } else {
            literal_or_comment(rest)
        };
        let length = skip.unwrap_or(first.len_utf8());
        let (part, tail) = rest.split_at(length);
        if skip.is_some() {
            out.extend(part.chars().map(|c| if c == '\n' { c } else { ' ' }));
        } else {
            out.push(first);
        }
        after_word = skip.is_none() && is_word(first) && tail.starts_with(is_word);
        rest = tail;
    }
    out
}

/// The length of the comment, string or character that the text starts with.
fn literal_or_comment(text: &str) -> Option<usize> {
    if text.starts_with("//") {
        return Some(text.find('\n').unwrap_or(text.len()));
    }
    if text.starts_with("/*") {
        return Some(block_comment(text));
    }
    let body = text.trim_start_matches(['b', 'c', 'r']);
    let prefix = &text[..text.len() - body.len()];
    if !matches!(prefix, "" | "b" | "c" | "r" | "br" | "cr") {
        return None;
    }
    if prefix.ends_with('r') {
        let unhashed = body.trim_start_matches('#');
        let hashes = &body[..body.len() - unhashed.len()];
        let content = unhashed.strip_prefix('"')?;
        let close = format!("\"{hashes}");
        let end = content.find(&close).map(|at| at + close.len());
        return Some(text.len() - content.len() + end.unwrap_or(content.len()));
    }
    let content = body.strip_prefix(['"', '\''])?;
    let start = text.len() - content.len();
    if body.starts_with('"') {
        return Some(start + quoted(content, '"'));
    }
    let mut chars = content.chars();
    let is_character = chars.next() == Some('\\') || chars.next() == Some('\'');
    is_character.then(|| start + quoted(content, '\''))
}

/// The length up to and with the closing quote.
fn quoted(content: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in content.char_indices() {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    content.len()
}

/// The length of a block comment; they nest.
fn block_comment(text: &str) -> usize {
    let mut depth = 0_usize;
    let mut at = 0;
    while at < text.len() {
        let rest = &text[at..];
        at += if rest.starts_with("/*") {
            depth += 1;
            2
        } else if rest.starts_with("*/") {
            depth -= 1;
            2
        } else {
            rest.chars().next().map_or(1, char::len_utf8)
        };
        if depth == 0 {
            break;
        }
    }
    at
}

/// Takes the items under `#[cfg(test)]` out of code without comments and strings: the rest, whose lines keep their
/// numbers, and the items.
pub(super) fn split_tests(code: &str) -> (String, String) {
    const MARK: &str = "#[cfg(test)]";
    let mut kept = String::with_capacity(code.len());
    let mut tests = String::new();
    let mut rest = code;
    while let Some(start) = rest.find(MARK) {
        let (before, item) = rest.split_at(start);
        kept.push_str(before);
        let mut depth = 0_usize;
        let end = item.find(|c| {
            depth += usize::from(matches!(c, '{' | '(' | '['));
            depth -= usize::from(depth > 0 && matches!(c, '}' | ')' | ']'));
            depth == 0 && matches!(c, '}' | ';')
        });
        let (test, after) = item.split_at(end.map_or(item.len(), |end| end + 1));
        kept.extend(test.chars().filter(|c| *c == '\n'));
        tests.push_str(test);
        tests.push('\n');
        rest = after;
    }
    kept.push_str(rest);
    (kept, tests)
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_'
}

/// Reads paths of two segments and more out of code.
pub(super) struct Paths<'a> {
    code: &'a str,
    chars: Peekable<CharIndices<'a>>,
    line: usize,
    found: Vec<Named>,
}

impl<'a> Paths<'a> {
    pub(super) fn of(code: &'a str) -> Vec<Named> {
        let chars = code.char_indices().peekable();
        let mut paths = Self {
            code,
            chars,
            line: 1,
            found: Vec::new(),
        };
        while let Some(&(_, c)) = paths.chars.peek() {
            if is_word(c) {
                paths.path(Vec::new());
            } else {
                paths.bump();
            }
        }
        paths.found
    }

    fn bump(&mut self) {
        if let Some((_, c)) = self.chars.next() {
            self.line += usize::from(c == '\n');
        }
    }

    fn skip_space(&mut self) {
        while self.chars.peek().is_some_and(|(_, c)| c.is_whitespace()) {
            self.bump();
        }
    }

    /// Moves past a token if it is next.
    fn takes(&mut self, token: &str) -> bool {
        let at = self.chars.peek().map_or(self.code.len(), |(at, _)| *at);
        let is_next = self.code[at..].starts_with(token);
        for _ in 0..if is_next { token.len() } else { 0 } {
            self.bump();
        }
        is_next
    }

    fn word(&mut self) -> Option<String> {
        let mut word = String::new();
        while let Some(&(_, c)) = self.chars.peek().filter(|(_, c)| is_word(*c)) {
            word.push(c);
            self.bump();
        }
        (!word.is_empty()).then_some(word)
    }

    /// One path from its first word on, or one branch of a group.
    fn path(&mut self, mut segments: Vec<String>) {
        let mut line = self.line;
        while let Some(word) = self.word() {
            line = self.line;
            segments.push(word);
            if !self.takes("::") {
                break;
            }
            if self.takes("{") {
                self.group(&segments);
                return;
            }
        }
        if segments.len() > 1 {
            self.found.push(Named { segments, line });
        }
    }

    fn group(&mut self, prefix: &[String]) {
        while !self.takes("}") && self.chars.peek().is_some() {
            if self.chars.peek().is_some_and(|(_, c)| is_word(*c)) {
                self.path(prefix.to_vec());
                self.skip_space();
                if self.takes("as ") {
                    self.word();
                }
            } else {
                self.bump();
            }
        }
    }
}
