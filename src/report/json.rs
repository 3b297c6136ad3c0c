//! The report in JSON, schema `mtls-lint/report/1`: a stable interface. Absent things are absent keys.

use std::io::{self, Write};

use serde::Serialize;

use super::location::{Extent, Location};
use super::text::inert_json;
use crate::diagnostic::{Applicability, Certainty, Diagnostic, Edit, Fact, Fix, Label, Severity};
use crate::engine::{Report, Summary, Unread};
use crate::source::Sources;
use crate::yaml::FieldPath;

/// The name of this shape; a change that a reader could notice needs another number.
const SCHEMA: &str = "mtls-lint/report/1";

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string_pretty(&JsonReport::new(report))?;
    writeln!(out, "{}", inert_json(&json))
}

#[derive(Serialize)]
struct JsonReport<'r> {
    schema: &'static str,
    findings: Vec<JsonFinding<'r>>,
    summary: JsonSummary<'r>,
}

impl<'r> JsonReport<'r> {
    fn new(report: &'r Report) -> Self {
        let findings = report.diagnostics.iter();
        Self {
            schema: SCHEMA,
            findings: findings
                .map(|diagnostic| JsonFinding::new(diagnostic, &report.sources))
                .collect(),
            summary: JsonSummary::new(report),
        }
    }
}

#[derive(Serialize)]
struct JsonFinding<'r> {
    rule: &'static str,
    severity: Severity,
    certainty: Certainty,
    message: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'r str>,
    meshes: &'r [String],
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<JsonLocation<'r>>,
    related: Vec<JsonRelated<'r>>,
    evidence: Vec<JsonFact<'r>>,
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<JsonFix<'r>>,
    #[serde(skip_serializing_if = "str::is_empty")]
    fingerprint: &'r str,
}

impl<'r> JsonFinding<'r> {
    fn new(diagnostic: &'r Diagnostic, sources: &'r Sources) -> Self {
        let related = diagnostic.labels.iter();
        let evidence = diagnostic.evidence.iter();
        Self {
            rule: diagnostic.rule,
            severity: diagnostic.severity,
            certainty: diagnostic.certainty,
            message: &diagnostic.message,
            help: diagnostic.help.as_deref(),
            meshes: &diagnostic.meshes,
            location: Location::of_diagnostic(diagnostic, Extent::Whole, sources)
                .map(JsonLocation::new),
            related: related
                .map(|label| JsonRelated::new(label, sources))
                .collect(),
            evidence: evidence.map(|fact| JsonFact::new(fact, sources)).collect(),
            fix: diagnostic
                .fix
                .as_ref()
                .map(|fix| JsonFix::new(fix, sources)),
            fingerprint: diagnostic.fingerprint.as_str(),
        }
    }
}

/// Where something is; also used by the trace.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct JsonLocation<'r> {
    path: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_line: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    end_column: Option<usize>,
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    field: Option<&'r str>,
}

impl<'r> JsonLocation<'r> {
    /// A location with the keys of the report.
    pub(super) fn new(location: Location<'r>) -> Self {
        let (start, end) = location.region.map(|at| (at.start, at.end)).unzip();
        Self {
            path: location.path.as_str(),
            line: start.map(|at| at.line),
            column: start.map(|at| at.column),
            end_line: end.map(|at| at.line),
            end_column: end.map(|at| at.column),
            object: location.object.map(ToString::to_string),
            field: location.field.map(FieldPath::as_str),
        }
    }
}

#[derive(Serialize)]
struct JsonRelated<'r> {
    message: &'r str,
    location: JsonLocation<'r>,
}

impl<'r> JsonRelated<'r> {
    fn new(label: &'r Label, sources: &'r Sources) -> Self {
        Self {
            message: &label.message,
            location: JsonLocation::new(Location::of_label(label, Extent::Whole, sources)),
        }
    }
}

#[derive(Serialize)]
struct JsonFact<'r> {
    fact: &'r str,
    assumed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<JsonLocation<'r>>,
}

impl<'r> JsonFact<'r> {
    fn new(fact: &'r Fact, sources: &'r Sources) -> Self {
        Self {
            fact: &fact.text,
            assumed: fact.assumed,
            location: Location::of_fact(fact, Extent::Whole, sources).map(JsonLocation::new),
        }
    }
}

#[derive(Serialize)]
struct JsonFix<'r> {
    applicability: Applicability,
    title: &'r str,
    edits: Vec<JsonEdit<'r>>,
}

impl<'r> JsonFix<'r> {
    fn new(fix: &'r Fix, sources: &'r Sources) -> Self {
        let edits = fix.edits.iter();
        Self {
            applicability: fix.applicability,
            title: &fix.title,
            edits: edits.map(|edit| JsonEdit::new(edit, sources)).collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonEdit<'r> {
    path: &'r str,
    start: u32,
    end: u32,
    text: &'r str,
}

impl<'r> JsonEdit<'r> {
    fn new(edit: &'r Edit, sources: &'r Sources) -> Self {
        Self {
            path: sources.file(edit.span.file).path().as_str(),
            start: edit.span.start,
            end: edit.span.end,
            text: &edit.text,
        }
    }
}

#[derive(Serialize)]
struct JsonSummary<'r> {
    files: usize,
    documents: usize,
    resources: usize,
    meshes: usize,
    errors: usize,
    warnings: usize,
    notes: usize,
    suppressed: usize,
    unread: Vec<JsonUnread<'r>>,
}

impl<'r> JsonSummary<'r> {
    fn new(report: &'r Report) -> Self {
        let Summary {
            files,
            documents,
            resources,
            meshes,
            suppressed,
            unread,
        } = &report.summary;
        Self {
            files: *files,
            documents: *documents,
            resources: *resources,
            meshes: *meshes,
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
            suppressed: *suppressed,
            unread: unread.iter().map(JsonUnread::new).collect(),
        }
    }
}

#[derive(Serialize)]
struct JsonUnread<'r> {
    path: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    line: Option<usize>,
    reason: &'r str,
}

impl<'r> JsonUnread<'r> {
    fn new(input: &'r Unread) -> Self {
        Self {
            path: input.path.as_str(),
            line: input.line,
            reason: &input.reason,
        }
    }
}
