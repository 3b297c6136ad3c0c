//! The trace of decisions: what one client's traffic to a destination meets, for people and as JSON.

mod changes;
mod json;
mod others;
mod outcome;
mod page;
mod text;

use std::io::{self, Write};

use super::Style;
use crate::mesh::explain::Explanation;
use crate::source::Sources;

/// How a trace is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TraceFormat {
    /// One screen for people.
    Text,
    /// JSON, schema `mtls-lint/trace/1`.
    Json,
}

/// Writes the traces.
pub(crate) fn render_trace(
    traces: &[Explanation],
    sources: &Sources,
    format: TraceFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        TraceFormat::Text => text::render(traces, sources, style, out),
        TraceFormat::Json => json::render(traces, sources, out),
    }
}
