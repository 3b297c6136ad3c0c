//! Taking a document out of a file.

use super::offset;
use crate::diagnostic::Edit;
use crate::source::{SourceFile, Sources, Span};

/// Takes away the document whose root is written at some bytes, with its `---`, the comments between that and the root, and
/// the empty lines below. At the start of a file comments that an empty line parts from the document stay: they are about
/// the file. `None` in JSON, and where the root is not all of a document, such as an element of a `List`.
pub(super) fn remove_document(sources: &Sources, root: Span) -> Option<Edit> {
    let file = sources.file(root.file);
    if file.path().extension() == Some("json") {
        return None;
    }
    let first = file.line_index(root.start as usize);
    let last = file.line_index(root.end.checked_sub(1)? as usize);
    if file.line_range(first).start != root.start as usize {
        return None;
    }
    let below = (last + 1..file.line_count()).map(|line| text(file, line));
    let mut rest = below.clone().filter(|line| !is_silent(line));
    if rest
        .next()
        .is_some_and(|line| !is_marker(line, "---") && !is_marker(line, "..."))
    {
        return None;
    }
    let start = first_line(file, first)?;
    let mut end = last
        + 1
        + below
            .clone()
            .take_while(|line| line.trim().is_empty())
            .count();
    let comes_first = start == 0 && !is_marker(text(file, start), "---");
    if comes_first && end < file.line_count() && text(file, end).trim_end() == "---" {
        end += 1; // the document below comes first now, and needs no separator either
    }
    Some(Edit {
        span: Span {
            start: offset(file.line_range(start).start)?,
            end: offset(file.line_range(end).start)?,
            ..root
        },
        text: String::new(),
    })
}

/// The line where a document starts whose root starts in a line; `None` where something else stands above the root.
fn first_line(file: &SourceFile, root: usize) -> Option<usize> {
    let is_directive = |line: usize| text(file, line).starts_with('%');
    if (0..root).any(is_directive) {
        return None; // it needs a document below it
    }
    let mut silent = (0..root)
        .rev()
        .skip_while(|&line| is_silent(text(file, line)));
    match silent.next() {
        Some(line) if text(file, line).trim_end() == "---" => Some(line),
        Some(line) if is_marker(text(file, line), "---") => {
            let after = text(file, line).trim_start_matches('-').trim_start();
            after.starts_with('#').then_some(line)
        }
        Some(line) if !is_marker(text(file, line), "...") => None,
        Some(_) | None => {
            let above = (0..root).rev();
            let comments = above.take_while(|&line| text(file, line).trim_start().starts_with('#'));
            Some(root - comments.count())
        }
    }
}

/// The text of a line without its end.
fn text(file: &SourceFile, line: usize) -> &str {
    file.text().get(file.line_range(line)).unwrap_or_default()
}

/// Whether a line holds nothing but a comment.
fn is_silent(line: &str) -> bool {
    line.trim().is_empty() || line.trim_start().starts_with('#')
}

/// Whether a line starts or ends a document.
fn is_marker(line: &str, marker: &str) -> bool {
    let rest = line.strip_prefix(marker);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

#[cfg(test)]
mod tests;
