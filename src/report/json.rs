//! The report in JSON, schema `mtls-lint/report/1`: a stable interface. Absent things are absent keys.

use std::io::{self, Write};

use schemars::generate::SchemaSettings;
use schemars::transform::RecursiveTransform;
use schemars::{JsonSchema, Schema};
use serde::Serialize;
use serde_json::Value;

use super::location::{Extent, Location};
use super::text::inert_json;
use crate::baseline::Baseline;
use crate::diagnostic::{
    Applicability, Certainty, Diagnostic, Edit, ExceptionKind, Fact, Fix, Label, Severity,
    Suppression,
};
use crate::engine::{Accepted, Report, Summary, Unread};
use crate::source::Sources;
use crate::yaml::FieldPath;

/// The name of this shape; a change that a reader could notice needs another number.
pub(super) const SCHEMA: &str = "mtls-lint/report/1";

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let json = serde_json::to_string_pretty(&JsonReport::new(report))?;
    writeln!(out, "{}", inert_json(&json))
}

/// The schema of a report.
pub(super) fn schema() -> Value {
    schema_of::<JsonReport<'static>>()
}

/// The schema of what a type is written as. Draft 7 is what most readers know.
pub(super) fn schema_of<T: JsonSchema>() -> Value {
    let settings = SchemaSettings::draft07().for_serialize();
    let settings = settings.with_transform(RecursiveTransform(as_written));
    let schema = settings.into_generator().into_root_schema_for::<T>();
    schema.to_value()
}

/// Takes from a schema that absent things may be null, and names of number formats that are Rust's.
fn as_written(schema: &mut Schema) {
    schema.remove("format");
    if let Some(Value::Array(types)) = schema.get_mut("type") {
        types.retain(|name| name != "null");
        if let [only] = types.as_slice() {
            let only = only.clone();
            schema.insert("type".into(), only);
        }
    }
    if let Some(Value::Array(mut any)) = schema.remove("anyOf") {
        any.retain(|schema| schema.get("type").is_none_or(|name| name != "null"));
        schema.insert("allOf".into(), Value::Array(any));
    }
}

/// A report of mtls-lint, the linter for overrides of Istio mutual TLS. Absent things are absent keys.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Report", title = "Report of mtls-lint")]
struct JsonReport<'r> {
    /// The name and version of this shape.
    #[schemars(extend("const" = SCHEMA))]
    schema: &'static str,
    /// The findings, by path and place.
    findings: Vec<JsonFinding<'r>>,
    /// The findings that exceptions hide, where they are asked for.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suppressed: Vec<JsonFinding<'r>>,
    /// What was read and found.
    summary: JsonSummary<'r>,
}

impl<'r> JsonReport<'r> {
    fn new(report: &'r Report) -> Self {
        let findings = |of: &'r [Diagnostic]| {
            of.iter()
                .map(|diagnostic| JsonFinding::new(diagnostic, &report.sources))
                .collect()
        };
        Self {
            schema: SCHEMA,
            findings: findings(&report.diagnostics),
            suppressed: findings(&report.suppressed),
            summary: JsonSummary::new(report),
        }
    }
}

/// A finding: one cause at one place, however many pairs of clients and destinations it concerns.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Finding")]
pub(super) struct JsonFinding<'r> {
    /// The name of the rule.
    rule: &'static str,
    /// How bad it is.
    severity: Severity,
    /// What it rests on.
    certainty: Certainty,
    /// The headline.
    message: &'r str,
    /// What to do.
    #[serde(skip_serializing_if = "Option::is_none")]
    help: Option<&'r str>,
    /// The meshes it was found in.
    meshes: &'r [String],
    /// Where a person would edit; absent for a finding about no file.
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<JsonLocation<'r>>,
    /// Further places.
    related: Vec<JsonRelated<'r>>,
    /// Why it is so, in order.
    evidence: Vec<JsonFact<'r>>,
    /// How to repair it.
    #[serde(skip_serializing_if = "Option::is_none")]
    fix: Option<JsonFix<'r>>,
    /// The exception that hides it; absent for a finding that is reported.
    #[serde(skip_serializing_if = "Option::is_none")]
    suppression: Option<JsonSuppression<'r>>,
    /// What keeps the finding recognisable when lines move; no two findings of a report have the same.
    #[serde(skip_serializing_if = "str::is_empty")]
    fingerprint: &'r str,
}

impl<'r> JsonFinding<'r> {
    /// With the keys of the report.
    pub(super) fn new(diagnostic: &'r Diagnostic, sources: &'r Sources) -> Self {
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
            suppression: diagnostic
                .suppression
                .as_ref()
                .map(|suppression| JsonSuppression::new(suppression, sources)),
            fingerprint: diagnostic.fingerprint.as_str(),
        }
    }
}

/// The exception that hides a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Suppression")]
struct JsonSuppression<'r> {
    /// How it is written.
    kind: ExceptionKind,
    /// Why the finding is accepted.
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'r str>,
    /// Where it is written.
    location: JsonLocation<'r>,
}

impl<'r> JsonSuppression<'r> {
    fn new(suppression: &'r Suppression, sources: &'r Sources) -> Self {
        let location = Location::of_place(suppression.place, None, Extent::Whole, sources);
        Self {
            kind: suppression.kind,
            reason: suppression.reason.as_deref(),
            location: JsonLocation::new(location),
        }
    }
}

/// Where something is. Lines and columns start at 1, columns count Unicode code points, the end is exclusive.
#[derive(Serialize, JsonSchema)]
#[serde(rename_all = "camelCase")]
#[schemars(rename = "Location")]
pub(super) struct JsonLocation<'r> {
    /// The file, relative to the folder that the linter was started in, with forward slashes.
    path: &'r str,
    /// The first line; absent for a file without readable text.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    line: Option<usize>,
    /// The first column.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    column: Option<usize>,
    /// The last line.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    end_line: Option<usize>,
    /// The column after the last.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    end_column: Option<usize>,
    /// The object it is in, `Kind namespace/name`.
    #[serde(skip_serializing_if = "Option::is_none")]
    object: Option<String>,
    /// The field it is in.
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

/// A further place of a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Related")]
struct JsonRelated<'r> {
    /// What it has to do with the finding.
    message: &'r str,
    /// Where it is.
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

/// A fact that a finding rests on.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fact")]
struct JsonFact<'r> {
    /// The fact in words.
    fact: &'r str,
    /// Whether it is assumed rather than read from the input.
    assumed: bool,
    /// Where it stands, if it stands anywhere.
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

/// Edits that repair a finding.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Fix")]
struct JsonFix<'r> {
    /// Whether it may be applied unseen.
    applicability: Applicability,
    /// What it does.
    title: &'r str,
    /// The edits, not overlapping.
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

/// A replacement of bytes in a file.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Edit")]
struct JsonEdit<'r> {
    /// The file.
    path: &'r str,
    /// The offset of the first byte to replace.
    start: u32,
    /// The offset after the last byte to replace; equal to `start` for an insertion.
    end: u32,
    /// What stands there afterwards.
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

/// What was read and found.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Summary")]
pub(super) struct JsonSummary<'r> {
    /// How many files were read.
    files: usize,
    /// How many documents are in them.
    documents: usize,
    /// How many objects are of kinds that the linter reads.
    resources: usize,
    /// How many meshes there are.
    meshes: usize,
    /// How many findings are errors.
    errors: usize,
    /// How many findings are warnings.
    warnings: usize,
    /// How many findings are notes.
    notes: usize,
    /// How many findings an exception of the user hides.
    suppressed: usize,
    /// How many pairs of client and destination are refused and in no finding, not even in one that is hidden or known.
    refused: usize,
    /// What the baseline knows, where there is one; its findings are not in the report.
    #[serde(skip_serializing_if = "Option::is_none")]
    baseline: Option<JsonBaseline<'r>>,
    /// The inputs that were not read.
    unread: Vec<JsonUnread<'r>>,
}

impl<'r> JsonSummary<'r> {
    /// With the keys of the report.
    pub(super) fn new(report: &'r Report) -> Self {
        let Summary {
            files,
            documents,
            resources,
            meshes,
            suppressed,
            refused,
            unread,
            // About settings and what they leave out: told on standard error.
            unmatched: _,
            left_out: _,
            undeployed: _,
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
            refused: *refused,
            baseline: report.accepted.as_ref().map(JsonBaseline::new),
            unread: unread.iter().map(JsonUnread::new).collect(),
        }
    }
}

/// What a baseline accepts of a run.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Baseline")]
struct JsonBaseline<'r> {
    /// The file.
    path: &'r str,
    /// How many findings it knows.
    known: usize,
    /// How many of its entries no finding needs any more; absent where only a part was looked at.
    #[serde(skip_serializing_if = "Option::is_none")]
    gone: Option<usize>,
}

impl<'r> JsonBaseline<'r> {
    fn new(accepted: &'r Accepted) -> Self {
        Self {
            path: accepted.path.as_str(),
            known: accepted.known.len(),
            gone: accepted.gone.as_ref().map(Baseline::count),
        }
    }
}

/// An input that was not read, so that findings may be missing.
#[derive(Serialize, JsonSchema)]
#[schemars(rename = "Unread")]
struct JsonUnread<'r> {
    /// The file.
    path: &'r str,
    /// The line that the document starts at, where only a document was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schemars(range(min = 1))]
    line: Option<usize>,
    /// Why.
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
