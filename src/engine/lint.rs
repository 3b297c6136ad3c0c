//! Lint: analyse, check, triage.

use std::sync::Arc;

use super::{Error, Report, Request, Summary};
use crate::source::Sources;
use crate::source::tree::Tree;

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// The findings and what was read.
    pub report: Report,
}

/// Reads, analyses and checks what a request names.
pub fn lint(request: &Request, tree: &dyn Tree) -> Result<Outcome, Error> {
    for path in &request.paths {
        tree.kind(path).map_err(|source| Error::Path {
            path: path.clone(),
            source,
        })?;
    }
    let report = Report {
        diagnostics: Vec::new(),
        summary: Summary::default(),
        sources: Arc::new(Sources::default()),
    };
    Ok(Outcome { report })
}

/// The rules that find something in a stream of documents, with all defaults; for the examples of the documentation.
pub fn lint_text(_text: &str) -> Vec<&'static str> {
    Vec::new()
}
