//! JUnit's XML, which every CI system shows as tests: a suite per file, in it a test per finding.
//!
//! Errors and warnings are failed tests; a note is a passed one, because notes fail no run unless that is asked for. What
//! exceptions hide is a skipped test, where it is asked for. The last suite is the run itself, so that there is a test also where nothing is found.

use std::collections::BTreeMap;
use std::io::{self, Write};

use camino::Utf8Path;

use super::TOOL;
use super::checkstyle::by_path;
use super::details::{hidden_by, lines};
use super::location::{Extent, Location};
use super::summary::summary;
use super::xml::{XmlWriter, allowed, allowed_line, document, text_element};
use crate::diagnostic::{Diagnostic, Severity};
use crate::engine::Report;

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let root = |writer: &mut XmlWriter| {
        let findings = || report.diagnostics.iter().chain(&report.suppressed);
        let all: Vec<&Diagnostic> = findings().collect();
        writer
            .create_element("testsuites")
            .with_attribute(("name", TOOL))
            .with_attributes(counts(all.len() + 1, &all).each())
            .write_inner_content(|writer| {
                for (path, findings) in by_path(findings(), report) {
                    suite(path, &findings, report, writer)?;
                }
                run(report, writer)
            })?;
        Ok(())
    };
    document(root, out)
}

/// How many tests there are, how many failed, and how many could not be run: none. In a suite also how many were skipped.
struct Counts(Vec<(&'static str, String)>);

impl Counts {
    /// The attributes.
    fn each(&self) -> impl Iterator<Item = (&str, &str)> {
        let counts = self.0.iter();
        counts.map(|(name, count)| (*name, count.as_str()))
    }
}

/// Counts tests, and the failures among findings.
fn counts(tests: usize, findings: &[&Diagnostic]) -> Counts {
    let failures = findings.iter().filter(|finding| fails(finding)).count();
    Counts(vec![
        ("tests", tests.to_string()),
        ("failures", failures.to_string()),
        ("errors", "0".to_owned()),
    ])
}

/// Counts the tests of a suite, which is where the skipped ones are counted.
fn counts_of_suite(findings: &[&Diagnostic]) -> Counts {
    let mut counts = counts(findings.len(), findings);
    let skipped = findings.iter().filter(|one| one.suppression.is_some());
    let skipped = Some(skipped.count()).filter(|count| *count > 0);
    counts
        .0
        .extend(skipped.map(|count| ("skipped", count.to_string())));
    counts
}

/// Whether a finding is a failed test.
fn fails(finding: &Diagnostic) -> bool {
    if finding.suppression.is_some() {
        return false;
    }
    match finding.severity {
        Severity::Error | Severity::Warning => true,
        Severity::Note => false,
    }
}

/// The suite of a file.
fn suite(
    path: &Utf8Path,
    findings: &[&Diagnostic],
    report: &Report,
    writer: &mut XmlWriter,
) -> io::Result<()> {
    let path = allowed_line(path.as_str());
    let mut seen = BTreeMap::new();
    writer
        .create_element("testsuite")
        .with_attribute(("name", path.as_str()))
        .with_attribute(("file", path.as_str()))
        .with_attributes(counts_of_suite(findings).each())
        .write_inner_content(|writer| {
            for finding in findings {
                let name = name(finding, report);
                let count = seen.entry(name.clone()).or_insert(0);
                *count += 1;
                // CI systems show one test of a name.
                let name = if *count > 1 {
                    format!("{name} ({count})")
                } else {
                    name
                };
                test(&name, &path, finding, report, writer)?;
            }
            Ok(())
        })?;
    Ok(())
}

/// The name of a test: the rule, and where in the file.
fn name(finding: &Diagnostic, report: &Report) -> String {
    let location = Location::of_diagnostic(finding, Extent::FirstLine, &report.sources);
    match location.and_then(|location| location.region) {
        Some(region) => format!(
            "{} at {}:{}",
            finding.rule, region.start.line, region.start.column
        ),
        None => finding.rule.to_owned(),
    }
}

/// The test of a finding.
fn test(
    name: &str,
    path: &str,
    finding: &Diagnostic,
    report: &Report,
    writer: &mut XmlWriter,
) -> io::Result<()> {
    let message = allowed_line(&finding.message);
    let text = text(finding, report);
    // Attributes for file and line are usual too, but Jenkins' schema refuses them here.
    writer
        .create_element("testcase")
        .with_attribute(("name", name))
        .with_attribute(("classname", path))
        .write_inner_content(|writer| {
            if let Some(suppression) = &finding.suppression {
                let by = hidden_by(suppression, &report.sources);
                let message = allowed_line(&format!("suppressed by {by}"));
                text_element("skipped", &[("message", &message)], &text, writer)
            } else if fails(finding) {
                let severity = finding.severity.as_str();
                let attributes = [("type", severity), ("message", message.as_str())];
                text_element("failure", &attributes, &text, writer)
            } else {
                text_element("system-out", &[], &text, writer)
            }
        })?;
    Ok(())
}

/// Everything about a finding, a line each.
fn text(finding: &Diagnostic, report: &Report) -> String {
    let location = Location::of_diagnostic(finding, Extent::FirstLine, &report.sources);
    let place = location.map_or_else(String::new, |place| place.line_and_column() + ": ");
    let (severity, rule) = (finding.severity, finding.rule);
    let mut text = format!(
        "{place}{severity}[{rule}] {}",
        allowed_line(&finding.message)
    );
    for line in lines(finding, report) {
        text.push('\n');
        text.push_str(&line);
    }
    allowed(&text)
}

/// The suite of the run, with one test that passes: that the manifests were checked.
fn run(report: &Report, writer: &mut XmlWriter) -> io::Result<()> {
    let summary = summary(report);
    writer
        .create_element("testsuite")
        .with_attribute(("name", TOOL))
        .with_attributes(counts(1, &[]).each())
        .write_inner_content(|writer| {
            writer
                .create_element("testcase")
                .with_attribute(("name", "manifests were checked"))
                .with_attribute(("classname", TOOL))
                .write_inner_content(|writer| {
                    text_element("system-out", &[], &allowed(summary.trim_end()), writer)
                })?;
            Ok(())
        })?;
    Ok(())
}
