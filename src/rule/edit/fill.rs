//! A key that stands with nothing in it: it stays where it is and gets its value.

use super::{column, indent_step, insert_below, quote};
use crate::diagnostic::Edit;
use crate::source::{Place, SourceFile, Span};

/// What a key gets.
pub(super) struct Filling<'a> {
    /// Whether the mapping of the key is written as `{…}`, where lines mean nothing.
    pub(super) is_flow: bool,
    /// As lines below the key, each of which is indented further than the one before it.
    pub(super) lines: &'a [&'a str],
    /// As one text, with the quote that its keys and values have.
    pub(super) text: fn(&str) -> String,
}

/// How YAML writes null, beside leaving it out.
const NULLS: [&str; 4] = ["null", "Null", "NULL", "~"];

/// Gives a key without a value, or with null, a value; `None` where anything else stands there, such as a tag.
pub(super) fn fill(file: &SourceFile, key: Place, filling: &Filling<'_>) -> Option<Edit> {
    let key = key.span;
    let line = file.line_range(file.line_index(key.end as usize));
    let rest = file.text().get(key.end as usize..line.end)?;
    let after = rest
        .trim_start_matches([' ', '"', '\''])
        .strip_prefix(':')?;
    let value = after.trim_start_matches(' ');
    if value.is_empty() || value.starts_with('#') {
        return (!filling.is_flow).then(|| fill_below(file, key, filling.lines))?;
    }
    let end = value.find([' ', ',', '}', '#']).unwrap_or(value.len());
    let null = value.get(..end).filter(|text| NULLS.contains(text))?;
    let start = u32::try_from(line.end - value.len()).ok()?;
    let length = u32::try_from(null.len()).ok()?;
    let text = (filling.text)(quote(file, file.text().get(key.range())?));
    let span = Span::new(key.file, start, start + length);
    Some(Edit { span, text })
}

/// The value in lines of their own; `None` where the key does not begin its line.
fn fill_below(file: &SourceFile, key: Span, lines: &[&str]) -> Option<Edit> {
    let start = column(file, key.start)?;
    let step = indent_step(file);
    let lines: Vec<String> = lines
        .iter()
        .zip(1..)
        .map(|(line, depth)| format!("{}{line}", " ".repeat(start + depth * step)))
        .collect();
    Some(insert_below(file, key, &lines))
}
