//! Edits that keep the style of the file: indentation, line ends, block or flow.

mod copy;
mod fill;
mod merge;
mod remove;
mod text;

pub(crate) use copy::copy_tls;
pub(crate) use merge::merge_rules;

use fill::fill;

use crate::diagnostic::Edit;
use crate::resource::{DestinationRule, ExportTo, PortPolicy, TrafficPolicy};
use crate::source::{Place, SourceFile, Sources, Span};

/// How many columns a file indents by where its text does not tell.
const DEFAULT_INDENT: usize = 2;

/// How many columns a file indents by: the first indented line tells.
fn indent_step(file: &SourceFile) -> usize {
    let mut lines = file.text().lines();
    let indented = lines.find(|line| {
        let key = line.trim_start_matches(' ');
        line.starts_with(' ') && !key.is_empty() && !key.starts_with('#')
    });
    indented.map_or(DEFAULT_INDENT, indent_of)
}

/// Inserts `tls: {mode: ISTIO_MUTUAL}` at the start of a `trafficPolicy`; `None` where the text does not stand where the
/// policy applies (an alias).
pub(crate) fn insert_tls(sources: &Sources, policy: &TrafficPolicy) -> Option<Edit> {
    let (key, body) = (policy.key.span, policy.place.span);
    if key.file != body.file || body.start < key.end || body.start == body.end {
        return None;
    }
    let file = sources.file(key.file);
    if let Some(key) = policy.empty_tls {
        return fill_tls(sources, key, policy.flow);
    }
    if policy.flow {
        return insert_into_flow(file, policy.place, "tls", "mode");
    }
    let step = column(file, body.start)?
        .checked_sub(column(file, key.start)?)
        .filter(|step| *step > 0);
    let indent = " ".repeat(column(file, body.start)?);
    let nested = " ".repeat(step.unwrap_or_else(|| indent_step(file)));
    let end = line_end(file, key.start);
    let text = format!("{indent}tls:{end}{indent}{nested}mode: ISTIO_MUTUAL{end}");
    let at = next_line(file, key.start)?;
    Some(insertion(key, at, text))
}

/// Inserts the tls into an element of `portLevelSettings`.
pub(crate) fn insert_port_tls(sources: &Sources, element: &PortPolicy) -> Option<Edit> {
    let file = sources.file(element.place.span.file);
    if let Some(key) = element.empty_tls {
        return fill_tls(sources, key, element.flow);
    }
    if element.flow {
        return insert_into_flow(file, element.place, "tls", "mode");
    }
    let mode = format!("{}mode: ISTIO_MUTUAL", " ".repeat(indent_step(file)));
    insert_port_lines(file, element, &["tls:".to_owned(), mode])
}

/// Gives a `tls` that stands with nothing in it its mode; `None` in a mapping that is written as `{…}`, where lines mean nothing.
fn fill_tls(sources: &Sources, key: Place, is_flow: bool) -> Option<Edit> {
    let file = sources.file(key.span.file);
    (!is_flow).then(|| fill(file, key, &["mode: ISTIO_MUTUAL"]))?
}

/// Inserts lines into an element of `portLevelSettings` that is written as a block: below its port, or at its start where
/// that is not possible.
fn insert_port_lines(file: &SourceFile, element: &PortPolicy, lines: &[String]) -> Option<Edit> {
    let body = element.place.span;
    let column = column(file, body.start)?;
    let indent = " ".repeat(column);
    if let Some(port) = port_span(element)
        && is_followed_by_sibling(file, port, body, column)
    {
        let lines: Vec<String> = lines.iter().map(|line| format!("{indent}{line}")).collect();
        return Some(insert_below(file, port, &lines));
    }
    let between = format!("{}{indent}", line_end(file, body.start));
    let text = format!("{}{between}", lines.join(&between));
    Some(insertion(body, body.start, text))
}

/// Where an element of `portLevelSettings` names its port, if that is written in the element.
fn port_span(element: &PortPolicy) -> Option<Span> {
    let body = element.place.span;
    let number = element.port.as_ref().map(|port| port.place.span);
    let name = element.port_name.as_ref().map(|name| name.place.span);
    number
        .or(name)
        .filter(|span| span.file == body.file && span.start >= body.start && span.end <= body.end)
}

/// Whether the line after a value is the next key of the mapping in `column` that the value is in, or past its end.
fn is_followed_by_sibling(file: &SourceFile, value: Span, mapping: Span, column: usize) -> bool {
    let Some(next) = next_line(file, value.end) else {
        return true; // the value ends the file
    };
    let line = file.line_text(file.line_index(next as usize));
    next >= mapping.end || indent_of(line) == column
}

/// Inserts a `trafficPolicy` with the tls after the `host` of a rule that has none; in the one that stands with nothing in
/// it, if there is one.
pub(crate) fn insert_policy(sources: &Sources, rule: &DestinationRule) -> Option<Edit> {
    let (host, spec) = (rule.host.place.span, rule.spec.span);
    if host.file != spec.file || host.start < spec.start {
        return None;
    }
    let file = sources.file(host.file);
    let is_flow = file.text().get(spec.range())?.starts_with('{');
    if let Some(key) = rule.policy_key {
        let lines = ["tls:", "mode: ISTIO_MUTUAL"];
        return (!is_flow).then(|| fill(sources.file(key.span.file), key, &lines))?;
    }
    if is_flow {
        return insert_policy_into_flow(file, host);
    }
    let indent = " ".repeat(column(file, spec.start)?);
    let step = " ".repeat(indent_step(file));
    let lines = [
        format!("{indent}trafficPolicy:"),
        format!("{indent}{step}tls:"),
        format!("{indent}{step}{step}mode: ISTIO_MUTUAL"),
    ];
    Some(insert_below(file, host, &lines))
}

/// The same where `spec` is written as `{…}`: on the line of the host, or on one of its own if the host has one.
fn insert_policy_into_flow(file: &SourceFile, host: Span) -> Option<Edit> {
    let line = file.line_range(file.line_index(host.start as usize));
    let before = file.text().get(line.start..host.start as usize)?;
    let key = before.trim_start();
    let quote = quote(file, key);
    let between = if key.trim_start_matches('"').starts_with("host") {
        let indent = before.get(..before.len() - key.len())?;
        format!(",{}{indent}", line_end(file, host.start))
    } else {
        ", ".to_owned()
    };
    let text = format!(
        "{between}{quote}trafficPolicy{quote}: {{{quote}tls{quote}: {{{quote}mode{quote}: {quote}ISTIO_MUTUAL{quote}}}}}"
    );
    Some(insertion(host, host.end, text))
}

/// Replaces the text of a place.
fn replace(place: Place, text: impl Into<String>) -> Edit {
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
    if file.path().extension() == Some("json") {
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
    let at = offset(file.text().len())?;
    Some(insertion(near, at, text))
}

/// Inserts `outer: {inner: ISTIO_MUTUAL}` at the start of a flow mapping, quoted as its first key is.
fn insert_into_flow(file: &SourceFile, body: Place, outer: &str, inner: &str) -> Option<Edit> {
    let quote = flow_quote(file, body)?;
    let entry =
        format!("{quote}{outer}{quote}: {{{quote}{inner}{quote}: {quote}ISTIO_MUTUAL{quote}}}");
    insert_entry(file, body, &entry)
}

/// What the keys of a flow mapping are quoted with.
fn flow_quote(file: &SourceFile, body: Place) -> Option<&'static str> {
    let inside = file.text().get(body.span.range())?.strip_prefix('{')?;
    Some(quote(file, inside.trim_start()))
}

/// Inserts an entry at the start of a flow mapping, on a line of its own as its first key is.
fn insert_entry(file: &SourceFile, body: Place, entry: &str) -> Option<Edit> {
    let inside = file.text().get(body.span.range())?.strip_prefix('{')?;
    let first = inside.trim_start();
    let start = body.span.start + 1;
    let gap = inside.get(..inside.len() - first.len())?;
    if first.starts_with('}') {
        return Some(insertion(body.span, start, entry.to_owned()));
    }
    if gap.contains('\n') && !first.starts_with('#') {
        let at = start + offset(gap.len())?;
        return Some(insertion(body.span, at, format!("{entry},{gap}")));
    }
    Some(insertion(body.span, start, format!("{entry}, ")))
}

/// How many blanks a line starts with.
fn indent_of(line: &str) -> usize {
    line.len() - line.trim_start_matches(' ').len()
}

/// The lines of a text whose first line is cut at `column`, without that much indentation; `None` where a line stands further
/// left.
fn unindented(text: &str, column: usize) -> Option<Vec<&str>> {
    let mut lines = text.lines();
    let first = lines.next()?;
    let rest = lines.map(|line| {
        if line.trim().is_empty() {
            return Some("");
        }
        let (indent, rest) = line.split_at_checked(column)?;
        indent.trim().is_empty().then_some(rest)
    });
    std::iter::once(Some(first)).chain(rest).collect()
}

/// A position in a file as places count it.
fn offset(position: usize) -> Option<u32> {
    u32::try_from(position).ok()
}

/// Inserts lines below the last line of a span; at the end of a file whose last line has no end they get none either.
fn insert_below(file: &SourceFile, span: Span, lines: &[String]) -> Edit {
    let end = line_end(file, span.start);
    let text = lines.join(end);
    if let Some(at) = next_line(file, span.end) {
        return insertion(span, at, format!("{text}{end}"));
    }
    let at = u32::try_from(file.text().len()).unwrap_or(span.end);
    insertion(span, at, format!("{end}{text}"))
}

fn insertion(near: Span, at: u32, text: String) -> Edit {
    Edit {
        span: Span::new(near.file, at, at),
        text,
    }
}

/// The quote around a new key: that of a key beside it, and always one in JSON.
fn quote(file: &SourceFile, beside: &str) -> &'static str {
    if beside.starts_with('"') || file.path().extension() == Some("json") {
        "\""
    } else {
        ""
    }
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

/// The line end that the line of an offset has, or the first line of the file if that one has none.
fn line_end(file: &SourceFile, offset: u32) -> &'static str {
    let ending = |index| {
        let line = file.line_range(index);
        file.text().get(line.end..).unwrap_or_default()
    };
    let own = ending(file.line_index(offset as usize));
    let text = if own.is_empty() { ending(0) } else { own };
    if text.starts_with('\r') { "\r\n" } else { "\n" }
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
        .then(|| self::offset(line.end + length))
        .flatten()
}
