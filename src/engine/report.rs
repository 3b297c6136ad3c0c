//! The outcome of a run, ready to be rendered.

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;

/// Findings in their final order, and what they were found in.
#[derive(Debug)]
pub struct Report {
    /// The findings, sorted by path, place and rule.
    pub diagnostics: Vec<Diagnostic>,
    /// What was read.
    pub summary: Summary,
    /// The files that places point into.
    pub sources: Arc<Sources>,
}

impl Report {
    /// How many findings have a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    }
}

/// What a run read.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Summary {
    /// Files read.
    pub files: usize,
    /// Documents in them, those that cannot matter included.
    pub documents: usize,
    /// Objects of the kinds that the linter reads.
    pub resources: usize,
    /// Meshes.
    pub meshes: usize,
    /// Findings that an exception of the user hides.
    pub suppressed: usize,
    /// Inputs that could not be read.
    pub unread: Vec<Unread>,
}

/// An input that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unread {
    /// The file.
    pub path: Utf8PathBuf,
    /// The line it starts at, for one document of a file.
    pub line: Option<usize>,
    /// Why.
    pub reason: String,
}
