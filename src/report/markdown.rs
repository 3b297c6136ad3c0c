//! Markdown for the summary of a workflow step and for comments, in which text from manifests is text and nothing else.

use std::cmp::Reverse;
use std::fmt::Write as _;
use std::io::{self, Write};

use super::details::{Kind, Part, parts};
use super::location::{Extent, Location};
use super::summary::{LISTED, describe, findings, headline, remarks, tally, unread_title};
use super::text::{inert, one_line};
use super::{TOOL, rule_page};
use crate::diagnostic::{Diagnostic, Severity, counted};
use crate::engine::Report;

/// How many bytes a report has at most. GitHub drops a step's summary of more than 1 MiB; the rest is left to others that
/// write to the same summary.
const BUDGET: usize = 900 * 1024;
/// How many bytes of the budget are kept for the line that counts what is left out.
const RESERVE: usize = 512;

/// Writes the report.
pub(super) fn render(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    out.write_all(page(report, BUDGET).as_bytes())
}

/// The report, in not more bytes than the budget: the worst findings first, those that exceptions hide last, and those that
/// do not fit counted.
pub(super) fn page(report: &Report, budget: usize) -> String {
    let mut page = inert(&head(report)).into_owned();
    let mut findings: Vec<&Diagnostic> = report.diagnostics.iter().collect();
    findings.sort_by_key(|finding| Reverse(finding.severity)); // stable: by position within a severity
    let mut left = Vec::new();
    for finding in findings.into_iter().chain(&report.suppressed) {
        let section = section(finding, report);
        let section = inert(&section);
        if page.len() + section.len() + RESERVE <= budget {
            page.push_str(&section);
        } else {
            left.push(finding.severity);
        }
    }
    if !left.is_empty() {
        page.push_str(&cut(&left));
    }
    page
}

/// What was found and read, and what was not read.
fn head(report: &Report) -> String {
    let mut head = format!(
        "## {TOOL}: {}\n\n{}\n",
        findings(report),
        inline(&headline(report))
    );
    for line in remarks(report) {
        write!(head, "\n{}\n", inline(&line)).expect("a String takes any text");
    }
    let unread = &report.summary.unread;
    if !unread.is_empty() {
        write!(head, "\n{}\n\n", unread_title(unread.len())).expect("a String takes any text");
        for input in unread.iter().take(LISTED) {
            writeln!(head, "- {}", code(&describe(input))).expect("a String takes any text");
        }
        if unread.len() > LISTED {
            writeln!(head, "- and {} more", unread.len() - LISTED)
                .expect("a String takes any text");
        }
    }
    head
}

/// The line that counts the findings that are left out.
fn cut(left: &[Severity]) -> String {
    let count = |severity| left.iter().filter(|&&it| it == severity).count();
    let parts = tally(
        count(Severity::Error),
        count(Severity::Warning),
        count(Severity::Note),
    );
    let more = counted(left.len(), "more finding");
    format!(
        "\n**{more} not shown here ({parts}):** this summary would become too long. The other formats have all of them.\n"
    )
}

/// A finding.
fn section(finding: &Diagnostic, report: &Report) -> String {
    let mark = finding.suppression.as_ref().map_or("", |_| " (suppressed)");
    let mut section = format!(
        "\n### {}{mark}: {}\n\n",
        finding.severity,
        inline(&finding.message)
    );
    let location = Location::of_diagnostic(finding, Extent::FirstLine, &report.sources);
    if let Some(location) = location {
        writeln!(section, "{}\n", code(&location.line_and_column()))
            .expect("a String takes any text");
    }
    let (rule, page) = (code(finding.rule), rule_page(finding.rule));
    section.push_str(&explanation(finding, report));
    writeln!(section, "- rule: [{rule}]({page})").expect("a String takes any text");
    section
}

/// A list of everything about a finding but rule, severity, headline and place.
pub(super) fn explanation(finding: &Diagnostic, report: &Report) -> String {
    let mut list = String::new();
    let mut facts = 0;
    for part in parts(finding, report) {
        if part.kind == Kind::Why {
            facts += 1;
            if facts == 1 {
                list.push_str("- why:\n");
            }
            writeln!(list, "  {facts}. {}", words(&part)).expect("a String takes any text");
        } else {
            list.push_str("- ");
            if !part.kind.title().is_empty() {
                write!(list, "{}: ", part.kind.title()).expect("a String takes any text");
            }
            writeln!(list, "{}", words(&part)).expect("a String takes any text");
        }
    }
    list
}

/// What a part says and where that stands.
fn words(part: &Part<'_>) -> String {
    let mut words = inline(&part.text);
    if let Some(location) = part.location {
        write!(words, " ({})", code(&location.line())).expect("a String takes any text");
    }
    words
}

/// Text that may stand anywhere in a line, with what it has in backticks as code.
///
/// It becomes neither markup nor HTML, and nothing that GitHub and GitLab find in finished text either: no mention, no
/// reference to an issue, no link.
pub(super) fn inline(text: &str) -> String {
    let text = one_line(text);
    let mut markdown = String::with_capacity(text.len() + 16);
    let mut segments = text.trim().split('`').enumerate().peekable();
    while let Some((index, segment)) = segments.next() {
        let is_quoted = index % 2 == 1;
        let is_last = segments.peek().is_none();
        if is_quoted && !is_last && !segment.trim().is_empty() {
            push_code(&mut markdown, segment);
            continue;
        }
        if is_quoted {
            markdown.push_str("\\`");
        }
        push_prose(&mut markdown, segment);
        if is_quoted && !is_last {
            markdown.push_str("\\`");
        }
    }
    markdown.trim().to_owned()
}

/// Text as code.
pub(super) fn code(text: &str) -> String {
    let mut markdown = String::with_capacity(text.len() + 2);
    push_code(&mut markdown, text);
    markdown
}

/// Pushes text as code, in which nothing but a run of as many backticks has a meaning.
fn push_code(markdown: &mut String, text: &str) {
    if markdown.ends_with('`') {
        // Two runs of backticks beside each other would be one.
        markdown.push(' ');
    }
    let text = one_line(text);
    let longest = text.split(|character| character != '`').map(str::len).max();
    let fence = "`".repeat(longest.unwrap_or(0) + 1);
    let is_bare = !text.starts_with(['`', ' ']) && !text.ends_with(['`', ' ']) && !text.is_empty();
    let pad = if is_bare { "" } else { " " };
    for piece in [&fence, pad, &text, pad, &fence] {
        markdown.push_str(piece);
    }
}

/// Pushes text outside of backticks: words that a forge would make a link of as code, the rest escaped.
fn push_prose(markdown: &mut String, text: &str) {
    for piece in text.split_inclusive(' ') {
        let word = piece.trim_end_matches(' ');
        if is_linked(word) {
            push_code(markdown, word);
        } else {
            push_escaped(markdown, word);
        }
        markdown.push_str(piece.strip_prefix(word).unwrap_or_default());
    }
}

/// Whether a forge looks for such words in finished text: mentions, references, formulas, addresses.
fn is_linked(word: &str) -> bool {
    word.contains(['@', '#', '$'])
        || word.contains("://")
        || word.to_ascii_lowercase().contains("www.")
}

/// Pushes a word with its markup escaped.
fn push_escaped(markdown: &mut String, word: &str) {
    let mut before = ' ';
    let mut rest = word.chars().peekable();
    while let Some(character) = rest.next() {
        let after = rest.peek().copied().unwrap_or(' ');
        let is_markup = match character {
            '\\' | '`' | '*' | '[' | ']' | '<' | '>' | '&' | '|' | '~' | '!' => true,
            // Within a word it marks nothing, and our words have many.
            '_' => !(before.is_alphanumeric() && after.is_alphanumeric()),
            // At the start of a line these begin lists and underline headings.
            '-' | '+' | '=' | ':' => markdown.is_empty(),
            '.' | ')' => !markdown.is_empty() && markdown.bytes().all(|it| it.is_ascii_digit()),
            _ => false,
        };
        if is_markup {
            markdown.push('\\');
        }
        markdown.push(character);
        before = character;
    }
}
