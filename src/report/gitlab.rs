//! GitLab's code quality report: the part of Code Climate's format that GitLab documents, and of the rest what has a key
//! there for what a finding knows.

use std::io::{self, Write};

use serde::Serialize;

use super::details::holds_for;
use super::location::{Extent, Location, Region};
use super::markdown::explanation;
use super::rule_page;
use super::text::{inert_json, one_line};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::Report;

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.diagnostics.iter();
    let issues: Vec<Issue<'_>> = findings
        .map(|finding| Issue::new(finding, report))
        .collect();
    let json = serde_json::to_string_pretty(&issues)?;
    writeln!(out, "{}", inert_json(&json))
}

/// A finding as GitLab sees it.
#[derive(Serialize)]
struct Issue<'r> {
    #[serde(rename = "type")]
    kind: &'static str,
    check_name: &'static str,
    description: String,
    content: Content,
    categories: [&'static str; 1],
    severity: &'static str,
    fingerprint: &'r str,
    location: IssueLocation<'r>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    other_locations: Vec<IssueLocation<'r>>,
}

/// The explanation in Markdown.
#[derive(Serialize)]
struct Content {
    body: String,
}

#[derive(Serialize)]
struct IssueLocation<'r> {
    path: &'r str,
    positions: Positions,
}

#[derive(Serialize)]
struct Positions {
    begin: Position,
    end: Position,
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

impl<'r> Issue<'r> {
    fn new(finding: &'r Diagnostic, report: &'r Report) -> Self {
        let severity = match finding.severity {
            Severity::Error => "critical",
            Severity::Warning => "major",
            Severity::Note => "info",
        };
        let sources = &report.sources;
        let location = Location::of_diagnostic(finding, Extent::FirstLine, sources);
        let others = finding.labels.iter();
        let others = others.map(|label| Location::of_label(label, Extent::FirstLine, sources));
        let body =
            explanation(finding, report) + &format!("- rule: <{}>\n", rule_page(finding.rule));
        Self {
            kind: "issue",
            check_name: finding.rule,
            description: description(finding),
            content: Content { body },
            categories: ["Security"],
            severity,
            fingerprint: finding.fingerprint.as_str(),
            location: IssueLocation::new(location.unwrap_or_else(Location::folder)),
            other_locations: others.map(IssueLocation::new).collect(),
        }
    }
}

/// What GitLab shows of a finding: one line of plain text.
fn description(finding: &Diagnostic) -> String {
    let mut description = one_line(&finding.message).into_owned() + &holds_for(finding);
    if let Some(help) = &finding.help {
        description.push_str("; help: ");
        description.push_str(&one_line(help));
    }
    description
}

impl<'r> IssueLocation<'r> {
    fn new(location: Location<'r>) -> Self {
        Self {
            path: location.path.as_str(),
            positions: location
                .region
                .map_or_else(Positions::start, Positions::new),
        }
    }
}

impl Positions {
    fn new(region: Region) -> Self {
        let position = |line, column| Position { line, column };
        Self {
            begin: position(region.start.line, region.start.column),
            end: position(region.end.line, region.end.column),
        }
    }

    /// The start of a file that was not read; GitLab wants a line.
    fn start() -> Self {
        let first = || Position { line: 1, column: 1 };
        Self {
            begin: first(),
            end: first(),
        }
    }
}
