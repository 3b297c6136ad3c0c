//! One line a finding, those that exceptions hide last, then the summary: for logs, editors and problem matchers.

use std::io::{self, Write};

use super::Style;
use super::details::{hidden_by, holds_for};
use super::location::{Extent, Location};
use super::summary::summary;
use super::text::{inert, one_line};
use crate::diagnostic::Diagnostic;
use crate::engine::Report;
use crate::source::Sources;

/// Writes the report.
pub(super) fn render(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in report.diagnostics.iter().chain(&report.suppressed) {
        let line = line(diagnostic, &report.sources);
        writeln!(out, "{}", inert(&line))?;
    }
    if style.summary {
        out.write_all(inert(&summary(report)).as_bytes())?;
    }
    Ok(())
}

/// A finding as `path:line:column: severity[rule] message`, with what it holds for in brackets.
fn line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let mut line = match Location::of_diagnostic(diagnostic, Extent::FirstLine, sources) {
        Some(location) => location.line_and_column() + ": ",
        None => String::new(),
    };
    for part in [diagnostic.severity.as_str(), "[", diagnostic.rule, "] "] {
        line.push_str(part);
    }
    line.push_str(&one_line(&diagnostic.message));
    line.push_str(&holds_for(diagnostic));
    if let Some(suppression) = &diagnostic.suppression {
        for part in [" (suppressed by ", &hidden_by(suppression, sources), ")"] {
            line.push_str(part);
        }
    }
    line
}
