//! One line a finding, then the summary: for logs, editors and problem matchers.

use std::io::{self, Write};

use super::location::{Extent, Location};
use super::summary::summary;
use super::text::{inert, one_line};
use crate::diagnostic::Diagnostic;
use crate::engine::Report;
use crate::source::Sources;

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    for diagnostic in &report.diagnostics {
        let line = line(diagnostic, &report.sources);
        writeln!(out, "{}", inert(&line))?;
    }
    out.write_all(inert(&summary(report)).as_bytes())
}

/// A finding as `path:line:column: severity[rule] message`.
fn line(diagnostic: &Diagnostic, sources: &Sources) -> String {
    let finding = format!(
        "{}[{}] {}",
        diagnostic.severity,
        diagnostic.rule,
        one_line(&diagnostic.message)
    );
    let Some(location) = Location::of_diagnostic(diagnostic, Extent::FirstLine, sources) else {
        return finding;
    };
    let path = one_line(location.path.as_str());
    match location.region {
        Some(region) => {
            let (line, column) = (region.start.line, region.start.column);
            format!("{path}:{line}:{column}: {finding}")
        }
        None => format!("{path}: {finding}"),
    }
}
