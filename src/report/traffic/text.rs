//! The changes for people.

use std::io::{self, Write};

use super::{clients, destination, is_worse, rules, summary, word};
use crate::engine::PairChange;
use crate::report::text::one_line;
use crate::report::{Style, paint};

/// Writes a paragraph a change.
pub(super) fn render(
    changes: &[PairChange],
    base: &str,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    let first = changes.first().map(|change| &change.mesh);
    let several = changes.iter().any(|change| Some(&change.mesh) != first);
    for change in changes {
        let (before, after) = (word(change.before, "new"), word(change.after, "gone"));
        let verdict = format!("{before} → {after}");
        let verdict = match (style.color, change.after) {
            (true, Some(after)) => paint::verdict(after, &verdict),
            _ => verdict,
        };
        let mark = if is_worse(change) { "worse" } else { "better" };
        let mesh = if several {
            format!(" (mesh {})", one_line(&change.mesh))
        } else {
            String::new()
        };
        writeln!(
            out,
            "{mark:<7} {}{mesh}: {verdict}",
            one_line(&destination(change))
        )?;
        writeln!(out, "        for {}", one_line(&clients(change)))?;
        if let Some(rules) = rules(change) {
            writeln!(out, "        rule in force: {}", one_line(&rules))?;
        }
        for cause in &change.causes {
            let gone = if cause.is_gone { " (gone)" } else { "" };
            writeln!(
                out,
                "        {}:{}{gone}: {}",
                one_line(&cause.path),
                cause.line,
                one_line(&cause.text)
            )?;
        }
        writeln!(out)?;
    }
    writeln!(out, "{}", one_line(&summary(changes, base)))
}
