//! Copying a `tls` block into the settings of a port.

use super::{DEFAULT_INDENT, column, insert_port_tls, insertion, line_end};
use crate::diagnostic::Edit;
use crate::resource::{PortPolicy, TlsMode, TlsSettings};
use crate::source::{SourceFile, Sources};

/// Repeats a `tls` at the start of an element of `portLevelSettings`, in the style of the element; `None` where the text
/// of the `tls` would not mean the same there.
pub(crate) fn copy_tls(sources: &Sources, tls: &TlsSettings, element: &PortPolicy) -> Option<Edit> {
    let (key, body, target) = (tls.key.span, tls.place.span, element.place.span);
    if key.file != body.file || key.file != target.file || body.start < key.end {
        return None;
    }
    let file = sources.file(body.file);
    let text = file.text().get(body.range())?;
    if is_mode_only(text) && tls.mode == TlsMode::IstioMutual {
        return insert_port_tls(sources, element);
    }
    // A second anchor of a name, or an alias before its anchor, would mean something else.
    if text.contains(['&', '*', '\t']) {
        return None;
    }
    if text.starts_with('{') {
        return copy_flow(file, text, element);
    }
    if element.flow {
        return None;
    }
    let indent = " ".repeat(column(file, target.start)?);
    let nested = " ".repeat(DEFAULT_INDENT);
    let end = line_end(file, target.start);
    let mut copy = format!("tls:{end}");
    for line in reindented(text, column(file, body.start)?)? {
        if !line.is_empty() {
            copy.push_str(&format!("{indent}{nested}{line}"));
        }
        copy.push_str(end);
    }
    copy.push_str(&indent);
    Some(insertion(target, target.start, copy))
}

/// Repeats a `tls` that is written as `{…}` on one line.
fn copy_flow(file: &SourceFile, text: &str, element: &PortPolicy) -> Option<Edit> {
    if text.contains('\n') {
        return None;
    }
    let target = element.place.span;
    if element.flow {
        let inside = file.text().get(target.range())?.strip_prefix('{')?;
        let is_quoted = inside.trim_start().starts_with('"');
        let key = if is_quoted { "\"tls\"" } else { "tls" };
        let copy = format!("{key}: {text}, ");
        return Some(insertion(target, target.start + 1, copy));
    }
    let indent = " ".repeat(column(file, target.start)?);
    let end = line_end(file, target.start);
    let copy = format!("tls: {text}{end}{indent}");
    Some(insertion(target, target.start, copy))
}

/// Whether a `tls` has no field but one.
fn is_mode_only(text: &str) -> bool {
    let inside = text.trim_matches(['{', '}']).trim();
    !inside.contains([',', '\n'])
}

/// The lines of a block without the indentation of its first, which stands at `column`; `None` where a line is indented
/// less, as comments may be.
fn reindented(text: &str, column: usize) -> Option<Vec<&str>> {
    let strip = |(number, line): (usize, &'_ str)| -> Option<usize> {
        let is_blank = line.trim().is_empty();
        let spaces = line.len() - line.trim_start_matches(' ').len();
        match (number, is_blank) {
            (0, _) => Some(0),
            (_, true) => Some(line.len()),
            (_, false) => (spaces >= column).then_some(column),
        }
    };
    let lines = text.lines().enumerate();
    lines
        .map(|(number, line)| line.get(strip((number, line))?..))
        .collect()
}
