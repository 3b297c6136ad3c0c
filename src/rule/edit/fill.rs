//! A key that stands with nothing in it: it stays where it is and gets its value below it.

use super::{column, indent_step, insert_below};
use crate::diagnostic::Edit;
use crate::source::{Place, SourceFile};

/// Gives a key without a value lines, each of which is indented further than the one before it. `None` where anything stands
/// beside the key: what a written `null` is for only its author knows.
pub(super) fn fill(file: &SourceFile, key: Place, lines: &[&str]) -> Option<Edit> {
    let key = key.span;
    let line = file.line_range(file.line_index(key.end as usize));
    let rest = file.text().get(key.end as usize..line.end)?;
    let value = rest
        .trim_start_matches(['"', '\''])
        .trim_start()
        .strip_prefix(':')?;
    let is_bare = value.trim_start().is_empty() || value.trim_start().starts_with('#');
    let start = column(file, key.start).filter(|_| is_bare)?;
    let step = indent_step(file);
    let lines: Vec<String> = lines
        .iter()
        .zip(1..)
        .map(|(line, depth)| format!("{}{line}", " ".repeat(start + depth * step)))
        .collect();
    Some(insert_below(file, key, &lines))
}
