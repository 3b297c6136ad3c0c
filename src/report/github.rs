//! Workflow commands, which GitHub's runner turns into annotations.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::TOOL;
use super::details::lines;
use super::location::{Extent, Location};
use super::summary::{summary, tally};
use super::text::{inert, one_line};
use crate::diagnostic::{Diagnostic, Severity, counted};
use crate::engine::Report;

/// How many annotations of one severity GitHub takes from one step.
const LIMIT: usize = 10;

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut findings: Vec<&Diagnostic> = report.diagnostics.iter().collect();
    findings.sort_by_key(|finding| Reverse(finding.severity)); // stable: by position within a severity

    let counts = Counts::of(report);
    for severity in [Severity::Error, Severity::Warning, Severity::Note] {
        let of_severity = findings
            .iter()
            .filter(|finding| finding.severity == severity);
        for finding in of_severity.take(counts.shown(severity)) {
            writeln!(out, "{}", annotation(finding, report))?;
        }
    }
    if counts.is_cut() {
        writeln!(out, "{}", counts.remainder())?;
    }
    out.write_all(inert(&summary(report)).as_bytes())
}

/// How many findings there are of each severity.
struct Counts {
    errors: usize,
    warnings: usize,
    notes: usize,
}

impl Counts {
    fn of(report: &Report) -> Self {
        Self {
            errors: report.count(Severity::Error),
            warnings: report.count(Severity::Warning),
            notes: report.count(Severity::Note),
        }
    }

    /// Whether some finding gets no annotation.
    fn is_cut(&self) -> bool {
        self.errors > LIMIT || self.warnings > LIMIT || self.notes > LIMIT
    }

    /// How many findings of a severity get an annotation.
    fn shown(&self, severity: Severity) -> usize {
        match severity {
            Severity::Error => self.errors.min(LIMIT),
            Severity::Warning => self.warnings.min(LIMIT),
            // The annotation that counts the rest is a notice too.
            Severity::Note => self.notes.min(LIMIT - usize::from(self.is_cut())),
        }
    }

    /// The annotation that counts the rest.
    fn remainder(&self) -> String {
        let left = |count: usize, severity| count - self.shown(severity);
        let errors = left(self.errors, Severity::Error);
        let warnings = left(self.warnings, Severity::Warning);
        let notes = left(self.notes, Severity::Note);
        let more = counted(errors + warnings + notes, "more finding");
        let parts = tally(errors, warnings, notes);
        format!("::notice title={TOOL}::{more} without an annotation: {parts}")
    }
}

/// The command that annotates the line of a finding.
fn annotation(diagnostic: &Diagnostic, report: &Report) -> String {
    let command = match diagnostic.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Note => "notice",
    };
    let mut properties = String::new();
    if let Some(location) = Location::of_diagnostic(diagnostic, Extent::FirstLine, &report.sources)
    {
        let file = property(&one_line(location.path.as_str()));
        // Without a line the annotation would not be shown beside the changed files.
        let line = location.region.map_or(1, |region| region.start.line);
        write!(properties, "file={file},line={line},").expect("a String takes any text");
        if let Some(region) = location.region {
            let (start, end) = (region.start.column, region.end.column);
            write!(properties, "endLine={line},col={start},endColumn={end},")
                .expect("a String takes any text");
        }
    }
    let title = property(diagnostic.rule);
    let message = data(&message(diagnostic, report));
    format!("::{command} {properties}title={title}::{message}")
}

/// What the annotation says: the message, then everything else that is known, a line each.
fn message(diagnostic: &Diagnostic, report: &Report) -> String {
    let mut message = one_line(&diagnostic.message).into_owned();
    for line in lines(diagnostic, report) {
        message.push('\n');
        message.push_str(&line);
    }
    // The runner prints what it has decoded.
    inert(&message).into_owned()
}

/// Escapes the message of a workflow command.
fn data(text: &str) -> String {
    // The percent sign first: the other escapes contain it.
    // `##[` starts a command of the older form, anywhere in a line.
    text.replace('%', "%25")
        .replace('\r', "%0D")
        .replace('\n', "%0A")
        .replace("##[", r"##\[")
}

/// Escapes a property of a workflow command.
fn property(text: &str) -> String {
    data(text).replace(':', "%3A").replace(',', "%2C")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_is_escaped_as_the_runner_decodes_it() {
        for (text, expected) in [
            ("plain: a, b", "plain: a, b"),
            ("100%", "100%25"),
            ("%0A", "%250A"),
            ("a\r\nb", "a%0D%0Ab"),
            ("##[error]", r"##\[error]"),
        ] {
            assert_eq!(data(text), expected, "{text:?}");
        }
    }

    #[test]
    fn properties_escape_their_separators_too() {
        for (text, expected) in [
            ("a/b.yaml", "a/b.yaml"),
            ("a,line=9::x", "a%2Cline=9%3A%3Ax"),
            ("%3A", "%253A"),
            ("a\nb", "a%0Ab"),
        ] {
            assert_eq!(property(text), expected, "{text:?}");
        }
    }
}
