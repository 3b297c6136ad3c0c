//! The last lines of the formats for people: what was found, what was read, what was not.

use std::fmt::Write;

use super::text::one_line;
use crate::diagnostic::{Severity, counted, is_or_are};
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
    for line in remarks(report) {
        push_line(&mut text, &line);
    }
    push_line(&mut text, &headline(report));
    text
}

/// What is worth a line beside the headline.
pub(super) fn remarks(report: &Report) -> impl Iterator<Item = String> {
    gone(report).into_iter().chain(refused(report))
}

/// What to do about entries of the baseline that no finding needs any more.
fn gone(report: &Report) -> Option<String> {
    let accepted = report.accepted.as_ref()?;
    let count = accepted.gone.as_ref()?.count();
    let path = one_line(accepted.path.as_str());
    (count > 0).then(|| {
        format!(
            "{} of the baseline `{path}` {} gone: `mtls-lint baseline prune` drops what no finding needs",
            counted(count, "entry"),
            is_or_are(count)
        )
    })
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
    if is_void(report) {
        let what = if read.files == 0 { "file" } else { "document" };
        write!(line, ": no {what} was read").expect("a String takes any text");
        return line;
    }
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
    let known = known(report);
    if known > 0 {
        write!(line, ", {known} known").expect("a String takes any text");
    }
    if report.diagnostics.is_empty() && known == 0 && read.suppressed == 0 && read.refused == 0 {
        line.push_str(if read.resources == 0 {
            ": nothing there matters to mutual TLS"
        } else {
            ": no conflict found under these assumptions"
        });
    }
    line
}

/// What the matrix knows and no finding says: a summary must not sound as if there was no such pair.
fn refused(report: &Report) -> Option<String> {
    let count = report.summary.refused;
    (count > 0).then(|| {
        format!(
            "{} of client and destination {} refused and in no finding: \
             `mtls-lint matrix --verdict refused` lists what is refused",
            counted(count, "pair"),
            is_or_are(count)
        )
    })
}

/// Whether a run had nothing that findings could be about.
fn is_void(report: &Report) -> bool {
    report.summary.documents == 0 && report.diagnostics.is_empty()
}

/// How many findings a report has of each severity.
pub(super) fn findings(report: &Report) -> String {
    if is_void(report) {
        return "nothing was checked".to_owned();
    }
    if report.diagnostics.is_empty() {
        let new = if known(report) > 0 { "new " } else { "" };
        return format!("no {new}findings");
    }
    tally(
        report.count(Severity::Error),
        report.count(Severity::Warning),
        report.count(Severity::Note),
    )
}

/// How many findings the baseline knows.
fn known(report: &Report) -> usize {
    let accepted = report.accepted.as_ref();
    accepted.map_or(0, |accepted| accepted.known.len())
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
