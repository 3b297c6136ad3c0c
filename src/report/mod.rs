//! Reports in every format.

use std::io::{self, Write};

use crate::engine::Report;
use crate::rule::RuleMeta;

/// A format of a report.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Format {
    /// Source excerpts for people.
    Pretty,
    /// One line a finding.
    Concise,
    /// The stable JSON interface.
    Json,
    /// Workflow commands of GitHub Actions.
    Github,
    /// SARIF 2.1.0.
    Sarif,
}

impl Format {
    /// All formats, in the order the documentation lists them.
    pub const ALL: [Self; 5] = [
        Self::Pretty,
        Self::Concise,
        Self::Json,
        Self::Github,
        Self::Sarif,
    ];

    /// The name on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pretty => "pretty",
            Self::Concise => "concise",
            Self::Json => "json",
            Self::Github => "github",
            Self::Sarif => "sarif",
        }
    }
}

/// How a report for people looks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Style {
    /// Whether to colour.
    pub color: bool,
    /// The width of a line.
    pub width: usize,
    /// Whether to emit terminal links.
    pub links: bool,
}

/// Writes a report.
pub fn render(
    _report: &Report,
    _format: Format,
    _style: Style,
    _rules: &[&RuleMeta],
    _out: &mut dyn Write,
) -> io::Result<()> {
    Ok(())
}
