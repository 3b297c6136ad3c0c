//! Copying a `tls` into the settings of a port.

use super::{
    column, flow_quote, indent_step, insert_entry, insert_port_lines, insert_port_tls, unindented,
};
use crate::diagnostic::Edit;
use crate::resource::{PortPolicy, TlsMode, TlsSettings};
use crate::source::{SourceFile, Sources};

/// Repeats a `tls` in an element of `portLevelSettings`, in the style of the element; `None` where the text of the `tls`
/// would not mean the same there, or is written in another style.
pub(crate) fn copy_tls(sources: &Sources, tls: &TlsSettings, element: &PortPolicy) -> Option<Edit> {
    let (key, body) = (tls.key.span, tls.place.span);
    if key.file != body.file || key.file != element.place.span.file || body.start < key.end {
        return None;
    }
    let file = sources.file(body.file);
    let text = file.text().get(body.range())?;
    if tls.mode == TlsMode::IstioMutual && is_mode_only(text) {
        return insert_port_tls(sources, element);
    }
    if element.empty_tls.is_some() {
        return None; // a second key of the name would not do
    }
    // A second anchor of a name, or an alias before its anchor, would mean something else.
    if text.contains(['&', '*', '\t']) {
        return None;
    }
    let is_flow = text.starts_with('{');
    if is_flow && text.contains('\n') {
        return None;
    }
    if element.flow {
        let quote = flow_quote(file, element.place)?;
        let entry = format!("{quote}tls{quote}: {text}");
        return insert_entry(file, element.place, &entry).filter(|_| is_flow);
    }
    let lines = if is_flow {
        vec![format!("tls: {text}")]
    } else {
        block_lines(file, text, column(file, body.start)?)?
    };
    insert_port_lines(file, element, &lines)
}

/// Whether a `tls` has one field only.
fn is_mode_only(text: &str) -> bool {
    let inside = text.trim_matches(['{', '}']).trim();
    !inside.contains([',', '\n'])
}

/// The lines of `tls` with a block that starts in `column`; `None` where a line stands further left, as comments may.
fn block_lines(file: &SourceFile, text: &str, column: usize) -> Option<Vec<String>> {
    let nested = " ".repeat(indent_step(file));
    let mut lines = vec!["tls:".to_owned()];
    for line in unindented(text, column)? {
        lines.push(format!("{nested}{line}"));
    }
    Some(lines)
}
