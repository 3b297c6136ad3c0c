//! JSON Lines, for programs that read while they receive: a line that names the schema, one a finding, one that sums up.

use std::io::{self, Write};

use schemars::JsonSchema;
use serde::Serialize;

use super::json::{JsonFinding, JsonSummary, SCHEMA, schema_of};
use super::text::inert_json;
use crate::engine::Report;

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    line(&JsonLine::Report { schema: SCHEMA }, out)?;
    for diagnostic in &report.diagnostics {
        let finding = JsonFinding::new(diagnostic, &report.sources);
        line(&JsonLine::Finding(Box::new(finding)), out)?;
    }
    for diagnostic in &report.suppressed {
        let finding = JsonFinding::new(diagnostic, &report.sources);
        line(&JsonLine::Suppressed(Box::new(finding)), out)?;
    }
    line(&JsonLine::Summary(JsonSummary::new(report)), out)
}

fn line(line: &JsonLine<'_>, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string(line)?;
    writeln!(out, "{}", inert_json(&json))
}

/// The schema of a line.
pub(super) fn schema() -> serde_json::Value {
    schema_of::<JsonLine<'static>>()
}

/// A line of a report of mtls-lint in JSON Lines; the first is `report`, the last is `summary`.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Line", title = "Line of a report of mtls-lint")]
#[serde(tag = "type", rename_all = "lowercase")]
enum JsonLine<'r> {
    /// The first line.
    Report {
        /// The name and version of this shape.
        #[schemars(extend("const" = SCHEMA))]
        schema: &'static str,
    },
    /// A finding.
    Finding(Box<JsonFinding<'r>>),
    /// A finding that an exception hides, where these are asked for.
    Suppressed(Box<JsonFinding<'r>>),
    /// The last line: a report without it is not whole.
    Summary(JsonSummary<'r>),
}
