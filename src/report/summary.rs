//! The last lines of the formats for people: what was found, what was read, what was not.

use std::fmt::Write;

use super::text::{counted, one_line};
use crate::diagnostic::Severity;
use crate::engine::{Report, Unread};

/// How many inputs that were not read are listed.
pub(super) const LISTED: usize = 10;

/// The inputs that were not read, then one line that sums up; the last line ends with a line feed.
pub(super) fn summary(report: &Report) -> String {
    let mut text = String::new();
    let unread = &report.summary.unread;
    if !unread.is_empty() {
        push_line(&mut text, &unread_title(unread.len()));
        for input in unread.iter().take(LISTED) {
            push_line(&mut text, &format!("  {}", describe(input)));
        }
        if unread.len() > LISTED {
            push_line(&mut text, &format!("  and {} more", unread.len() - LISTED));
        }
    }
    push_line(&mut text, &headline(report));
    text
}

/// The line above the inputs that were not read.
pub(super) fn unread_title(count: usize) -> String {
    let were = if count == 1 { "was" } else { "were" };
    format!("{} {were} not read:", counted(count, "input"))
}

/// An input that was not read, on one line.
pub(super) fn describe(input: &Unread) -> String {
    let path = one_line(input.path.as_str());
    let reason = one_line(&input.reason);
    match input.line {
        Some(line) => format!("{path}:{line}: {reason}"),
        None => format!("{path}: {reason}"),
    }
}

/// What was found and in how much; never that all is well, which a linter cannot know.
pub(super) fn headline(report: &Report) -> String {
    let read = &report.summary;
    let mut line = findings(report);
    let parts = [
        counted(read.documents, "document"),
        counted(read.resources, "resource"),
        counted(read.meshes, "mesh"),
    ];
    write!(
        line,
        " in {} ({})",
        counted(read.files, "file"),
        parts.join(", ")
    )
    .expect("a String takes any text");
    if read.suppressed > 0 {
        write!(line, ", {} suppressed", read.suppressed).expect("a String takes any text");
    }
    if report.diagnostics.is_empty() {
        line.push_str(": no conflict found under these assumptions");
    }
    line
}

/// How many findings a report has of each severity.
pub(super) fn findings(report: &Report) -> String {
    if report.diagnostics.is_empty() {
        return "no findings".to_owned();
    }
    tally(
        report.count(Severity::Error),
        report.count(Severity::Warning),
        report.count(Severity::Note),
    )
}

/// How many findings there are of each severity.
pub(super) fn tally(errors: usize, warnings: usize, notes: usize) -> String {
    let parts = [
        counted(errors, "error"),
        counted(warnings, "warning"),
        counted(notes, "note"),
    ];
    parts.join(", ")
}

fn push_line(text: &mut String, line: &str) {
    text.push_str(line);
    text.push('\n');
}
