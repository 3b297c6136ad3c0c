//! Taking documents out of files.

use super::offset;
use super::text::{end_with_comments, is_silent};
use crate::diagnostic::Edit;
use crate::source::{SourceFile, Sources, Span};

/// Takes away the documents whose roots are written at some bytes: each with its `---`, the comments between that and the root,
/// indented comments below it and the empty lines after these. At the start of a file comments that an empty line parts from the
/// document stay: they are about the file. `None` in JSON, and where a root is not all of a document, such as an element of a
/// `List`. The edits are in the order of the files and apart.
pub(super) fn remove_documents(sources: &Sources, roots: &[Span]) -> Option<Vec<Edit>> {
    let spans = roots.iter().map(|&root| document(sources, root));
    let mut spans = spans.collect::<Option<Vec<Span>>>()?;
    spans.sort_unstable();
    let mut next: Option<Span> = None;
    for span in spans.iter_mut().rev() {
        // The first document takes the separator below it, unless that one goes with its own document.
        if let Some(next) = next.filter(|next| next.file == span.file) {
            span.end = span.end.min(next.start);
        }
        next = Some(*span);
    }
    let edit = |span| Edit {
        span,
        text: String::new(),
    };
    Some(spans.into_iter().map(edit).collect())
}

/// The lines that go with a document.
fn document(sources: &Sources, root: Span) -> Option<Span> {
    let file = sources.file(root.file);
    if file.path().extension() == Some("json") {
        return None;
    }
    let first = file.line_index(root.start as usize);
    let last = file.line_index(root.end.checked_sub(1)? as usize);
    let last = end_with_comments(file, last, 1);
    if file.line_range(first).start != root.start as usize {
        return None;
    }
    let below = || (last + 1..file.line_count()).map(|line| file.line_text(line));
    let ends = below().find(|line| !is_silent(line));
    if ends.is_some_and(|line| !is_separator(line)) {
        return None; // also at `...`, which cannot stand at the start of a file
    }
    let start = first_line(file, first)?;
    let empty = below().take_while(|line| line.trim().is_empty()).count();
    let mut end = last + 1 + empty;
    let comes_first = start == 0 && !is_separator(file.line_text(start));
    if comes_first && file.line_text(end).trim_end() == "---" {
        end += 1; // the document below comes first now, and needs no separator either
    }
    Some(Span {
        start: offset(file.line_range(start).start)?,
        end: offset(file.line_range(end).start)?,
        ..root
    })
}

/// The line where a document starts whose root starts in a line; `None` where something else stands above the root.
fn first_line(file: &SourceFile, root: usize) -> Option<usize> {
    let is_directive = |line: usize| file.line_text(line).starts_with('%');
    if (0..root).any(is_directive) {
        return None; // it needs a document below it
    }
    let mut above = (0..root).rev();
    let line = above.find(|&line| !is_silent(file.line_text(line)));
    let text = line.map(|line| file.line_text(line));
    match text {
        Some(text) if is_separator(text) => {
            line.filter(|_| is_silent(text.trim_start_matches('-')))
        }
        Some(text) if !is_end(text) => None,
        Some(_) | None => {
            let above = (0..root).rev().map(|line| file.line_text(line));
            let comments = above.take_while(|text| text.trim_start().starts_with('#'));
            Some(root - comments.count())
        }
    }
}

/// Whether a line starts a document.
fn is_separator(line: &str) -> bool {
    is_marker(line, "---")
}

/// Whether a line ends a document.
fn is_end(line: &str) -> bool {
    is_marker(line, "...")
}

fn is_marker(line: &str, marker: &str) -> bool {
    let rest = line.strip_prefix(marker);
    rest.is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t']))
}

#[cfg(test)]
mod tests;
