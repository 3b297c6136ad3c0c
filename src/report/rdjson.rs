//! Reviewdog's format, which its reporters turn into comments on pull requests. Columns count bytes there, and messages
//! become Markdown. Related places need reviewdog 0.18 of June 2024; those before it refuse keys that they do not know.

use std::io::{self, Write};

use serde::Serialize;

use super::location::{Extent, Location, first_line};
use super::markdown::{explanation, inline};
use super::text::inert_json;
use super::{HOME_PAGE, TOOL, rule_page};
use crate::diagnostic::{Diagnostic, Edit, Fix, Label, Severity};
use crate::engine::Report;
use crate::source::{Place, SourceFile, Sources, Span};

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let findings = report.diagnostics.iter();
    let result = RdResult {
        source: Source {
            name: TOOL,
            url: HOME_PAGE,
        },
        diagnostics: findings
            .map(|finding| RdDiagnostic::new(finding, report))
            .collect(),
    };
    let json = serde_json::to_string_pretty(&result)?;
    writeln!(out, "{}", inert_json(&json))
}

#[derive(Serialize)]
struct RdResult<'r> {
    source: Source,
    diagnostics: Vec<RdDiagnostic<'r>>,
}

#[derive(Serialize)]
struct Source {
    name: &'static str,
    url: &'static str,
}

/// A finding as reviewdog sees it.
#[derive(Serialize)]
struct RdDiagnostic<'r> {
    message: String,
    location: RdLocation<'r>,
    severity: &'static str,
    code: Code,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    suggestions: Vec<Suggestion<'r>>,
    #[serde(skip_serializing_if = "Vec::is_empty")]
    related_locations: Vec<Related<'r>>,
}

impl<'r> RdDiagnostic<'r> {
    fn new(finding: &'r Diagnostic, report: &'r Report) -> Self {
        let sources = &*report.sources;
        let severity = match finding.severity {
            Severity::Error => "ERROR",
            Severity::Warning => "WARNING",
            Severity::Note => "INFO",
        };
        let place = finding.place;
        let location = Location::of_diagnostic(finding, Extent::FirstLine, sources);
        let location = location.unwrap_or_else(Location::folder);
        let suggestion = place
            .zip(finding.fix.as_ref())
            .and_then(|(place, fix)| Suggestion::new(place, fix, sources));
        let related = finding.labels.iter();
        Self {
            message: format!(
                "{}\n\n{}",
                inline(&finding.message),
                explanation(finding, report)
            ),
            location: RdLocation {
                path: location.path.as_str(),
                range: place.map(|place| Range::of_place(place, sources)),
            },
            severity,
            code: Code {
                value: finding.rule,
                url: rule_page(finding.rule),
            },
            suggestions: suggestion.into_iter().collect(),
            related_locations: related.map(|label| Related::new(label, sources)).collect(),
        }
    }
}

#[derive(Serialize)]
struct Code {
    value: &'static str,
    url: String,
}

#[derive(Serialize)]
struct RdLocation<'r> {
    path: &'r str,
    #[serde(skip_serializing_if = "Option::is_none")]
    range: Option<Range>,
}

#[derive(Serialize)]
struct Related<'r> {
    message: String,
    location: RdLocation<'r>,
}

impl<'r> Related<'r> {
    fn new(label: &'r Label, sources: &'r Sources) -> Self {
        Self {
            message: inline(&label.message),
            location: RdLocation {
                path: sources.file(label.place.span.file).path().as_str(),
                range: Some(Range::of_place(label.place, sources)),
            },
        }
    }
}

/// A change that a reader can accept with a click.
#[derive(Serialize)]
struct Suggestion<'r> {
    range: Range,
    text: &'r str,
}

impl<'r> Suggestion<'r> {
    /// The fix, where it is one edit of the file that the finding is in: a suggestion names no file, and several are
    /// alternatives to each other.
    fn new(place: Place, fix: &'r Fix, sources: &Sources) -> Option<Self> {
        let [Edit { span, text }] = fix.edits.as_slice() else {
            return None;
        };
        (span.file == place.span.file).then(|| Self {
            range: Range::of(*span, Extent::Whole, sources.file(span.file)),
            text,
        })
    }
}

#[derive(Serialize)]
struct Range {
    start: Position,
    end: Position,
}

impl Range {
    /// The first line of a place.
    fn of_place(place: Place, sources: &Sources) -> Self {
        let file = sources.file(place.span.file);
        Self::of(place.span, Extent::FirstLine, file)
    }

    fn of(span: Span, extent: Extent, file: &SourceFile) -> Self {
        let range = match extent {
            Extent::Whole => span.range(),
            Extent::FirstLine => first_line(span.range(), file),
        };
        Self {
            start: Position::of(range.start, file),
            end: Position::of(range.end, file),
        }
    }
}

#[derive(Serialize)]
struct Position {
    line: usize,
    column: usize,
}

impl Position {
    fn of(offset: usize, file: &SourceFile) -> Self {
        let offset = offset.min(file.text().len());
        let index = file.line_index(offset);
        let start = file.line_range(index).start;
        Self {
            line: index + 1,
            column: offset.saturating_sub(start) + 1,
        }
    }
}
