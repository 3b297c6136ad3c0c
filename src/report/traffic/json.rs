//! The changes for programs.

use std::io::{self, Write};

use serde::Serialize;

use super::is_worse;
use crate::engine::PairChange;
use crate::mesh::Verdict;

/// The stable interface `mtls-lint/diff/1`.
#[derive(Serialize)]
struct Document<'a> {
    schema: &'static str,
    base: &'a str,
    changes: Vec<Change<'a>>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Change<'a> {
    mesh: &'a str,
    host: &'a str,
    port: u16,
    subset: Option<&'a str>,
    clients: &'a [String],
    /// Null for a pair that is new.
    before: Option<&'static str>,
    /// Null for a pair that is gone.
    after: Option<&'static str>,
    worse: bool,
    rules_before: &'a [String],
    rules_after: &'a [String],
    causes: Vec<Cause<'a>>,
}

#[derive(Serialize)]
struct Cause<'a> {
    path: &'a str,
    line: usize,
    gone: bool,
    fact: &'a str,
}

/// Writes one document.
pub(super) fn render(changes: &[PairChange], base: &str, out: &mut dyn Write) -> io::Result<()> {
    let changes = changes.iter().map(|change| Change {
        mesh: &change.mesh,
        host: change.destination.host.as_str(),
        port: change.destination.port,
        subset: change.destination.subset.as_deref(),
        clients: &change.clients,
        before: change.before.map(Verdict::as_str),
        after: change.after.map(Verdict::as_str),
        worse: is_worse(change),
        rules_before: &change.rules_before,
        rules_after: &change.rules_after,
        causes: change
            .causes
            .iter()
            .map(|cause| Cause {
                path: &cause.path,
                line: cause.line,
                gone: cause.is_gone,
                fact: &cause.text,
            })
            .collect(),
    });
    let document = Document {
        schema: "mtls-lint/diff/1",
        base,
        changes: changes.collect(),
    };
    serde_json::to_writer_pretty(&mut *out, &document)?;
    writeln!(out)
}
