//! Fix: repair what findings offer a repair for, round by round, and write it.

use std::collections::BTreeMap;
use std::fs;

use camino::Utf8PathBuf;

use super::lint::{examine, outcome};
use super::{Error, Outcome, Request, prove};
use crate::config;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fix};
use crate::gitops;
use crate::source::tree::{Overlay, Tree};
use crate::source::{FileRole, Sources};
use crate::suppress::Exceptions;

/// How often repairs are applied and the result linted again.
const ROUNDS: usize = 10;

/// A file before and after its repairs.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileChange {
    /// The path as shown to people.
    pub path: Utf8PathBuf,
    /// The text as read.
    pub before: String,
    /// The text with the repairs.
    pub after: String,
}

/// The repairs of a run, and what is left.
#[derive(Debug)]
pub struct Fixed {
    /// What the repaired files still have.
    pub outcome: Outcome,
    /// The repaired files by path; nothing is written yet.
    pub changes: Vec<FileChange>,
}

/// Repairs what a request names, safe fixes only or unsafe ones too, without writing anything. Repairs and lints again
/// until nothing changes, ten times at most.
pub fn fix(
    request: &Request,
    tree: &dyn Tree,
    applicability: Applicability,
) -> Result<Fixed, Error> {
    let mut changes: BTreeMap<Utf8PathBuf, FileChange> = BTreeMap::new();
    let mut request = request.clone();
    let (mut analysis, mut findings) = examine(&request, tree)?;
    for _ in 0..ROUNDS {
        let sources = &analysis.sources;
        let is_wanted = |fix: &Fix| fix.applicability <= applicability;
        let mut wanted: Vec<&Diagnostic> = findings
            .shown
            .iter()
            .filter(|diagnostic| diagnostic.fix.as_ref().is_some_and(is_wanted))
            .collect();
        if applicability == Applicability::Safe {
            wanted = prove::together(wanted, &analysis, &request, &overlay(tree, &changes))?;
        }
        let edits = apply_order(wanted.iter().copied(), sources);
        if edits.is_empty() {
            break;
        }
        for (path, after) in edited(&edits, sources) {
            let before = original(&path, sources);
            let change = changes.entry(path.clone());
            change
                .or_insert_with(|| FileChange {
                    path,
                    before,
                    after: String::new(),
                })
                .after = after;
        }
        if let Some(config) = changes.get(&request.exceptions.path) {
            request.exceptions = exceptions_of(config, &request.exceptions)?;
        }
        let overlay = overlay(tree, &changes);
        (analysis, findings) = examine(&request, &overlay)?;
    }
    Ok(Fixed {
        outcome: outcome(analysis, findings),
        changes: changes.into_values().collect(),
    })
}

/// The exceptions of a config file that was repaired.
fn exceptions_of(config: &FileChange, before: &Exceptions) -> Result<Exceptions, Error> {
    let Some(today) = before.today else {
        return Ok(before.clone()); // none has entries without a day
    };
    let config = config::parse(&config.path, &config.after);
    let config = config.map_err(|error| Error::Setting {
        message: error.to_string(),
    })?;
    Ok(config.exceptions(today))
}

/// Writes repaired files to disk.
#[expect(
    clippy::disallowed_methods,
    reason = "this is where repairs are written"
)]
pub fn write_changes(changes: &[FileChange]) -> Result<(), Error> {
    for change in changes {
        fs::write(&change.path, &change.after).map_err(|source| Error::Write {
            path: change.path.clone(),
            source,
        })?;
    }
    Ok(())
}

/// The edits of fixes in the order of the file. Of two fixes that touch the same bytes the first wins; the other waits
/// for the next round. Standard input and assumed files are not edited.
pub(super) fn apply_order<'a>(
    diagnostics: impl Iterator<Item = &'a Diagnostic>,
    sources: &Sources,
) -> Vec<&'a Edit> {
    let mut taken: Vec<&Edit> = Vec::new();
    for fix in diagnostics.filter_map(|diagnostic| diagnostic.fix.as_ref()) {
        let writable = fix.edits.iter().all(|edit| is_writable(edit, sources));
        let clashes = fix
            .edits
            .iter()
            .any(|edit| taken.iter().any(|other| overlaps(edit, other)));
        if writable && !clashes {
            taken.extend(&fix.edits);
        }
    }
    taken.sort_by_key(|edit| edit.span);
    taken
}

fn is_writable(edit: &Edit, sources: &Sources) -> bool {
    let file = sources.file(edit.span.file);
    let is_shown = file.path().as_str().starts_with('<') || gitops::is_rendered(file.path());
    file.role() == FileRole::Input && !is_shown
}

/// Whether two edits touch the same bytes; two insertions at one place do.
fn overlaps(a: &Edit, b: &Edit) -> bool {
    let (x, y) = (a.span, b.span);
    x.file == y.file && (x.start < y.end && y.start < x.end || x.start == y.start)
}

/// The texts of all files that edits (sorted by place) change.
pub(super) fn edited(edits: &[&Edit], sources: &Sources) -> BTreeMap<Utf8PathBuf, String> {
    let mut out: BTreeMap<Utf8PathBuf, String> = BTreeMap::new();
    // From the end of each file, so that earlier offsets stay right.
    for edit in edits.iter().rev() {
        let file = sources.file(edit.span.file);
        let text = out
            .entry(file.path().to_owned())
            .or_insert_with(|| file.text().to_owned());
        let range = edit.span.range();
        if text.is_char_boundary(range.start)
            && text.is_char_boundary(range.end)
            && range.end <= text.len()
        {
            text.replace_range(range, &edit.text);
        }
    }
    out
}

fn original(path: &Utf8PathBuf, sources: &Sources) -> String {
    sources
        .iter()
        .find(|(_, file)| file.path() == path)
        .map(|(_, file)| file.text().to_owned())
        .unwrap_or_default()
}

fn overlay<'a>(tree: &'a dyn Tree, changes: &BTreeMap<Utf8PathBuf, FileChange>) -> Overlay<'a> {
    let files = changes
        .iter()
        .map(|(path, change)| (path.clone(), change.after.clone().into_bytes()));
    Overlay::new(tree, files)
}
