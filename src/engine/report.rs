//! The outcome of a run, ready to be rendered.

use std::sync::Arc;

use camino::Utf8PathBuf;

use crate::baseline::Baseline;
use crate::diagnostic::{Diagnostic, Severity};
use crate::source::Sources;

/// Findings in their final order, and what they were found in.
#[derive(Debug)]
pub struct Report {
    /// The findings, sorted by path, place and rule.
    pub diagnostics: Vec<Diagnostic>,
    /// The findings that exceptions hide, in the same order, each with its exception. Formats show what is here, and
    /// the summary counts them whether they are shown or not.
    pub suppressed: Vec<Diagnostic>,
    /// What was read.
    pub summary: Summary,
    /// The files that places point into.
    pub sources: Arc<Sources>,
    /// What the baseline took out of the findings, where there is one.
    pub accepted: Option<Accepted>,
}

impl Report {
    /// How many findings have a severity.
    pub fn count(&self, severity: Severity) -> usize {
        self.diagnostics
            .iter()
            .filter(|diagnostic| diagnostic.severity == severity)
            .count()
    }

    /// Takes the findings that a baseline knows out of the report; `has_run` says of a rule whether it was asked.
    pub fn accept(
        &mut self,
        path: Utf8PathBuf,
        baseline: &Baseline,
        has_run: impl Fn(&str) -> bool,
    ) {
        let comparison = baseline.compare(&self.diagnostics, has_run);
        let findings = std::mem::take(&mut self.diagnostics).into_iter();
        let (known, new): (Vec<_>, Vec<_>) = findings
            .zip(comparison.is_known)
            .partition(|(_, is_known)| *is_known);
        let findings = |of: Vec<(Diagnostic, bool)>| of.into_iter().map(|(one, _)| one).collect();
        self.diagnostics = findings(new);
        self.accepted = Some(Accepted {
            path,
            known: findings(known),
            gone: Some(comparison.gone),
        });
    }
}

/// What a baseline accepts of a run.
#[derive(Debug)]
pub struct Accepted {
    /// The file of the baseline.
    pub path: Utf8PathBuf,
    /// The findings that it knows, in the order of the others.
    pub known: Vec<Diagnostic>,
    /// The entries that no finding needs any more; none where the run saw only a part of what there is.
    pub gone: Option<Baseline>,
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
    /// Pairs of client and destination that are refused without a finding, shown or hidden, that is about them.
    pub refused: usize,
    /// Inputs that could not be read.
    pub unread: Vec<Unread>,
    /// Inputs that the user or Git leaves out, as far as there would be manifests by their names.
    pub left_out: Vec<Unread>,
    /// Files that were read and are part of no mesh.
    pub undeployed: Vec<Unread>,
    /// Globs of the settings that fit no path.
    pub unmatched: Vec<Unmatched>,
}

/// A glob of the settings that fits no path.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Unmatched {
    /// The setting, as the config file calls it.
    pub key: &'static str,
    /// The glob.
    pub glob: String,
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
