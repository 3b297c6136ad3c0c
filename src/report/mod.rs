//! The report as text: one file per format, all of them views of one [`Report`].
//!
//! Whatever a manifest says is made harmless here (`text.rs`): it can neither send codes to a terminal nor commands
//! to a workflow runner. XML, Markdown and the other formats with markup escape what would be markup there.

mod checkstyle;
mod concise;
mod details;
mod github;
mod gitlab;
mod graph;
mod json;
mod jsonl;
mod junit;
mod line_hash;
mod location;
mod manifests;
mod markdown;
mod matrix;
mod meshes;
mod paint;
mod pretty;
mod rdjson;
mod sarif;
mod statistics;
mod summary;
mod text;
mod trace;
mod traffic;
mod xml;

pub use graph::{GraphFormat, GraphNodes, GraphSize, render_graph};
pub use manifests::{OriginComments, render_manifests};
pub use matrix::{MatrixFormat, Selection, render_matrix};
pub use meshes::{MeshesFormat, render_meshes};
pub use pretty::excerpt;
pub use statistics::render_statistics;
pub(crate) use text::{inert, visible};
pub(crate) use trace::{TraceFormat, render_trace};
pub use traffic::{TrafficFormat, render_changes};

use std::io::{self, Write};
use std::str::FromStr;

use crate::diagnostic::Certainty;
use crate::engine::Report;
use crate::rule::RuleMeta;

/// The name of the tool in every format.
const TOOL: &str = env!("CARGO_PKG_NAME");

/// Where the tool is documented.
const HOME_PAGE: &str = "https://mtls-lint.dev";

/// How a report is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Format {
    /// Snippets of the manifests with the findings marked, for people.
    Pretty,
    /// One line a finding.
    Concise,
    /// The stable interface `mtls-lint/report/1`.
    Json,
    /// The same, an object a line.
    Jsonl,
    /// SARIF 2.1.0 for code scanning.
    Sarif,
    /// Workflow commands, which GitHub shows as annotations.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// JUnit's XML, which CI systems show as tests.
    Junit,
    /// Checkstyle's XML, which collectors of warnings read.
    Checkstyle,
    /// Reviewdog's format, for comments on pull requests.
    Rdjson,
    /// Markdown for the summary of a workflow step.
    Markdown,
}

impl Format {
    /// All formats, in the order the documentation lists them.
    pub const ALL: [Self; 11] = [
        Self::Pretty,
        Self::Concise,
        Self::Json,
        Self::Jsonl,
        Self::Sarif,
        Self::Github,
        Self::Gitlab,
        Self::Junit,
        Self::Checkstyle,
        Self::Rdjson,
        Self::Markdown,
    ];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Jsonl => "jsonl",
            Self::Sarif => "sarif",
            Self::Github => "github",
            Self::Gitlab => "gitlab",
            Self::Junit => "junit",
            Self::Checkstyle => "checkstyle",
            Self::Rdjson => "rdjson",
            Self::Markdown => "markdown",
        }
    }
}

/// A name that no format has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown format `{name}`")]
pub struct UnknownFormat {
    /// The name that was given.
    pub name: String,
}

impl FromStr for Format {
    type Err = UnknownFormat;

    fn from_str(name: &str) -> Result<Self, UnknownFormat> {
        Self::ALL
            .into_iter()
            .find(|format| format.as_str() == name)
            .ok_or_else(|| UnknownFormat { name: name.into() })
    }
}

/// What the receiver of the text can show; only `pretty` and `concise` look at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// How many columns there are.
    pub width: usize,
    /// Whether names of rules become links (OSC 8).
    pub links: bool,
    /// Whether a summary ends the report.
    pub summary: bool,
}

/// Writes a report in a format; `rules` are all rules of the program, also those without findings.
pub fn render(
    report: &Report,
    format: Format,
    style: Style,
    rules: &[&RuleMeta],
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        Format::Pretty => pretty::render(report, style, out),
        Format::Concise => concise::render(report, style, out),
        Format::Json => json::render(report, out),
        Format::Jsonl => jsonl::render(report, out),
        Format::Sarif => sarif::render(report, rules, out),
        Format::Github => github::render(report, out),
        Format::Gitlab => gitlab::render(report, out),
        Format::Junit => junit::render(report, out),
        Format::Checkstyle => checkstyle::render(report, out),
        Format::Rdjson => rdjson::render(report, out),
        Format::Markdown => markdown::render(report, out),
    }
}

/// The JSON Schema of the report in JSON.
pub fn report_schema() -> serde_json::Value {
    json::schema()
}

/// The JSON Schema of a line of the report in JSON Lines.
pub fn report_line_schema() -> serde_json::Value {
    jsonl::schema()
}

/// The page of a rule.
fn rule_page(rule: &str) -> String {
    format!("{HOME_PAGE}/rules/{rule}")
}

/// What to say about a finding that does not rest on the input alone.
fn caveat(certainty: Certainty) -> Option<&'static str> {
    match certainty {
        Certainty::Known => None,
        Certainty::Assumed => Some("this rests on an assumption"),
        Certainty::Unknown => Some("an input that was not read may change this"),
    }
}

#[cfg(test)]
mod tests;
