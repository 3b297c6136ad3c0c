//! The changes for a comment on a pull request.

use std::io::{self, Write};

use super::{clients, destination, rules, summary, word};
use crate::diagnostic::{counted, is_or_are};
use crate::engine::PairChange;
use crate::report::text::one_line;

/// How many changes the table has; a comment has a limit, and a reader too.
const ROWS: usize = 100;

/// Writes a table, the worst first.
pub(super) fn render(changes: &[PairChange], base: &str, out: &mut dyn Write) -> io::Result<()> {
    writeln!(out, "**mTLS**: {}", escaped(&summary(changes, base)))?;
    if changes.is_empty() {
        return Ok(());
    }
    writeln!(out)?;
    writeln!(
        out,
        "| traffic to | was | is | clients | rule in force | changed |"
    )?;
    writeln!(out, "|---|---|---|---|---|---|")?;
    for change in changes.iter().take(ROWS) {
        let causes: Vec<String> = change
            .causes
            .iter()
            .map(|cause| {
                let gone = if cause.is_gone { " (gone)" } else { "" };
                format!("{}:{}{gone}", cause.path, cause.line)
            })
            .collect();
        writeln!(
            out,
            "| {} | {} | {} | {} | {} | {} |",
            escaped(&destination(change)),
            word(change.before, "new"),
            word(change.after, "gone"),
            escaped(&clients(change)),
            escaped(&rules(change).unwrap_or_default()),
            escaped(&causes.join(", "))
        )?;
    }
    let more = changes.len().saturating_sub(ROWS);
    if more > 0 {
        let (changes, are) = (counted(more, "more change"), is_or_are(more));
        writeln!(out, "\n{changes} {are} not shown.")?;
    }
    Ok(())
}

/// Text in which nothing is markup: every sign that Markdown or HTML reads is escaped.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in one_line(text).chars() {
        match character {
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '&' => out.push_str("&amp;"),
            // A mention would notify people.
            '@' => out.push_str("&#64;"),
            '\\' | '`' | '*' | '_' | '{' | '}' | '[' | ']' | '(' | ')' | '#' | '|' | '!' | '~' => {
                out.push('\\');
                out.push(character);
            }
            other => out.push(other),
        }
    }
    out
}
