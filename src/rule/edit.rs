//! Edits that keep the style of the file: indentation, line ends, block or flow.

use crate::diagnostic::Edit;
use crate::resource::{DestinationRule, ExportTo, PortPolicy, TrafficPolicy};
use crate::source::{Place, SourceFile, Sources, Span};

/// How many columns a file indents by where its text does not tell.
const DEFAULT_INDENT: usize = 2;

/// Inserts `tls: {mode: ISTIO_MUTUAL}` at the start of a `trafficPolicy`; `None` where the text does not stand where the
/// policy applies (an alias).
pub(crate) fn insert_tls(sources: &Sources, policy: &TrafficPolicy) -> Option<Edit> {
    let (key, body) = (policy.key.span, policy.place.span);
    if key.file != body.file || body.start < key.end || body.start == body.end {
        return None;
    }
    let file = sources.file(key.file);
    if policy.flow {
        return insert_into_flow(file, policy.place, "tls", "mode");
    }
    let step = column(file, body.start)?
        .checked_sub(column(file, key.start)?)
        .filter(|step| *step > 0);
    let indent = " ".repeat(column(file, body.start)?);
    let nested = " ".repeat(step.unwrap_or(DEFAULT_INDENT));
    let end = line_end(file, key.start);
    let text = format!("{indent}tls:{end}{indent}{nested}mode: ISTIO_MUTUAL{end}");
    let at = next_line(file, key.start)?;
    Some(insertion(key, at, text))
}

/// Inserts the tls at the start of an element of `portLevelSettings`.
pub(crate) fn insert_port_tls(sources: &Sources, element: &PortPolicy) -> Option<Edit> {
    let body = element.place.span;
    let file = sources.file(body.file);
    if element.flow {
        return insert_into_flow(file, element.place, "tls", "mode");
    }
    let indent = " ".repeat(column(file, body.start)?);
    let end = line_end(file, body.start);
    let nested = " ".repeat(DEFAULT_INDENT);
    let text = format!("tls:{end}{indent}{nested}mode: ISTIO_MUTUAL{end}{indent}");
    Some(insertion(body, body.start, text))
}

/// Inserts a `trafficPolicy` with the tls after the `host` of a rule that has none.
pub(crate) fn insert_policy(sources: &Sources, rule: &DestinationRule) -> Option<Edit> {
    let (host, spec) = (rule.host.place.span, rule.spec.span);
    if host.file != spec.file || host.start < spec.start {
        return None;
    }
    let file = sources.file(host.file);
    if file.text().get(spec.range())?.starts_with('{') {
        let quote = if sources.text(host).starts_with('"') && is_json(file) {
            "\""
        } else {
            ""
        };
        let text = format!(
            ", {quote}trafficPolicy{quote}: {{{quote}tls{quote}: {{{quote}mode{quote}: {quote}ISTIO_MUTUAL{quote}}}}}"
        );
        return Some(insertion(host, host.end, text));
    }
    let indent = " ".repeat(column(file, spec.start)?);
    let nested = " ".repeat(DEFAULT_INDENT);
    let end = line_end(file, host.start);
    let text = format!(
        "{indent}trafficPolicy:{end}{indent}{nested}tls:{end}{indent}{nested}{nested}mode: ISTIO_MUTUAL{end}"
    );
    Some(insertion(host, next_line(file, host.start)?, text))
}

/// Replaces the text of a place.
pub(crate) fn replace(place: Place, text: impl Into<String>) -> Edit {
    Edit {
        span: place.span,
        text: text.into(),
    }
}

/// Replaces a scalar and keeps the quotes it has.
pub(crate) fn replace_scalar(sources: &Sources, place: Place, text: &str) -> Edit {
    let old = sources.text(place.span);
    let quote = ["\"", "'"].into_iter().find(|quote| old.starts_with(quote));
    let quote = quote.unwrap_or_default();
    replace(place, format!("{quote}{text}{quote}"))
}

/// Makes an `exportTo` export to everybody.
pub(crate) fn export_to_all(sources: &Sources, export_to: &ExportTo) -> Edit {
    if let [only] = &*export_to.values {
        return replace(only.place, "\"*\"");
    }
    let is_block = sources.text(export_to.place.span).starts_with('-');
    replace(
        export_to.place,
        if is_block { "- \"*\"" } else { "[\"*\"]" },
    )
}

/// Appends a document to a YAML file, with the line ends of the file; `None` for JSON.
pub(crate) fn append_document(sources: &Sources, near: Span, lines: &[String]) -> Option<Edit> {
    let file = sources.file(near.file);
    if is_json(file) {
        return None;
    }
    let end = line_end(file, 0);
    let mut text = String::new();
    if !file.text().ends_with('\n') {
        text.push_str(end);
    }
    for line in std::iter::once("---").chain(lines.iter().map(String::as_str)) {
        text.push_str(line);
        text.push_str(end);
    }
    let at = u32::try_from(file.text().len()).ok()?;
    Some(insertion(near, at, text))
}

/// Inserts `outer: {inner: ISTIO_MUTUAL}` behind the brace of a flow mapping, quoted as its first key is.
fn insert_into_flow(file: &SourceFile, body: Place, outer: &str, inner: &str) -> Option<Edit> {
    let text = file.text().get(body.span.range())?;
    let inside = text.strip_prefix('{')?;
    let quote = if inside.trim_start().starts_with('"') {
        "\""
    } else {
        ""
    };
    let text =
        format!("{quote}{outer}{quote}: {{{quote}{inner}{quote}: {quote}ISTIO_MUTUAL{quote}}}, ");
    Some(insertion(body.span, body.span.start + 1, text))
}

fn insertion(near: Span, at: u32, text: String) -> Edit {
    Edit {
        span: Span::new(near.file, at, at),
        text,
    }
}

fn is_json(file: &SourceFile) -> bool {
    file.path().extension() == Some("json")
}

/// The column (from 0, in bytes) of an offset; `None` where something other than spaces and dashes stands before it.
fn column(file: &SourceFile, offset: u32) -> Option<usize> {
    let offset = offset as usize;
    let line = file.line_range(file.line_index(offset));
    let before = file.text().get(line.start..offset)?;
    before
        .bytes()
        .all(|byte| matches!(byte, b' ' | b'-'))
        .then_some(before.len())
}

/// The line end that the line of an offset has.
fn line_end(file: &SourceFile, offset: u32) -> &'static str {
    let line = file.line_range(file.line_index(offset as usize));
    if file
        .text()
        .get(line.end..)
        .is_some_and(|rest| rest.starts_with('\r'))
    {
        "\r\n"
    } else {
        "\n"
    }
}

/// The start of the line after the one of an offset; `None` if that line is the last and has no end.
fn next_line(file: &SourceFile, offset: u32) -> Option<u32> {
    let line = file.line_range(file.line_index(offset as usize));
    let rest = file.text().get(line.end..)?;
    let length = if rest.starts_with("\r\n") {
        2
    } else {
        usize::from(rest.starts_with('\n'))
    };
    (length > 0)
        .then(|| u32::try_from(line.end + length).ok())
        .flatten()
}
