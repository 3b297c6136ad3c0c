//! Checkstyle's XML, which many tools that collect warnings read. What it has no attribute for stands in the message.

use std::io::{self, Write};

use camino::Utf8Path;
use indexmap::IndexMap;

use super::TOOL;
use super::details::lines;
use super::location::{Extent, Location};
use super::xml::{XmlWriter, allowed, allowed_line, document};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::Report;

/// The version of the format; all tools write one of the fours.
const VERSION: &str = "4.3";

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let root = |writer: &mut XmlWriter| {
        writer
            .create_element("checkstyle")
            .with_attribute(("version", VERSION))
            .write_inner_content(|writer| files(report, writer))?;
        Ok(())
    };
    document(root, out)
}

/// An element per file, in the order of the findings.
fn files(report: &Report, writer: &mut XmlWriter) -> io::Result<()> {
    for (path, findings) in by_path(&report.diagnostics, report) {
        writer
            .create_element("file")
            .with_attribute(("name", allowed_line(path.as_str()).as_str()))
            .write_inner_content(|writer| {
                findings
                    .into_iter()
                    .try_for_each(|finding| error(finding, report, writer))
            })?;
    }
    Ok(())
}

/// The findings of each file, in their order; those about no file count for the folder.
pub(super) fn by_path<'r>(
    findings: impl IntoIterator<Item = &'r Diagnostic>,
    report: &'r Report,
) -> IndexMap<&'r Utf8Path, Vec<&'r Diagnostic>> {
    let mut files: IndexMap<&Utf8Path, Vec<&Diagnostic>> = IndexMap::new();
    for finding in findings {
        let location = Location::of_diagnostic(finding, Extent::FirstLine, &report.sources);
        let location = location.unwrap_or_else(Location::folder);
        files.entry(location.path).or_default().push(finding);
    }
    files
}

/// A finding.
fn error(finding: &Diagnostic, report: &Report, writer: &mut XmlWriter) -> io::Result<()> {
    let severity = match finding.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "info",
    };
    let mut message = finding.message.replace('\n', " ");
    for line in lines(finding, report) {
        message.push('\n');
        message.push_str(&line);
    }
    let mut element = writer.create_element("error");
    let location = Location::of_diagnostic(finding, Extent::FirstLine, &report.sources);
    if let Some(region) = location.and_then(|location| location.region) {
        let (line, column) = (
            region.start.line.to_string(),
            region.start.column.to_string(),
        );
        element = element
            .with_attribute(("line", line.as_str()))
            .with_attribute(("column", column.as_str()));
    }
    let source = format!("{TOOL}.{}", finding.rule);
    element
        .with_attribute(("severity", severity))
        .with_attribute(("message", allowed(&message).as_str()))
        .with_attribute(("source", source.as_str()))
        .write_empty()?;
    Ok(())
}
