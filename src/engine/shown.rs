//! Shown: the paths of a result as people see them, where they are not those of the tree.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Analysis, FilesRead, Fixed, Outcome, PairChange, Rendered, Report, Summary};
use crate::diagnostic::Diagnostic;
use crate::source::Sources;
use crate::source::tree::ReadError;

/// How a path of the tree is shown.
pub type Shown<'a> = &'a dyn Fn(&Utf8Path) -> Utf8PathBuf;

impl Fixed {
    /// Gives paths the form in which they are shown.
    pub fn show_paths(&mut self, shown: Shown<'_>) {
        for change in &mut self.changes {
            change.path = shown(&change.path);
        }
        self.outcome.show_paths(shown);
    }
}

impl Outcome {
    /// Gives paths the form in which they are shown.
    pub fn show_paths(&mut self, shown: Shown<'_>) {
        show_missing(&mut self.missing, shown);
        let Report {
            diagnostics,
            suppressed,
            summary,
            sources,
            accepted,
        } = &mut self.report;
        let known = accepted.iter_mut().flat_map(|accepted| &mut accepted.known);
        for Diagnostic { path, .. } in diagnostics.iter_mut().chain(suppressed).chain(known) {
            *path = path.as_deref().map(shown);
        }
        summary.show_paths(shown);
        show_sources(sources, shown);
    }
}

impl Analysis {
    /// Gives paths the form in which they are shown.
    pub fn show_paths(&mut self, shown: Shown<'_>) {
        show_missing(&mut self.missing, shown);
        self.summary.show_paths(shown);
        show_sources(&mut self.sources, shown);
        for skipped in &mut self.deployment.skipped {
            skipped.path = shown(&skipped.path);
        }
    }
}

impl Rendered {
    /// Gives paths the form in which they are shown.
    pub fn show_paths(&mut self, shown: Shown<'_>) {
        show_missing(&mut self.missing, shown);
        self.summary.show_paths(shown);
        show_sources(&mut self.sources, shown);
    }
}

impl FilesRead {
    /// Gives paths the form in which they are shown.
    pub fn show_paths(&mut self, shown: Shown<'_>) {
        show_missing(&mut self.missing, shown);
        self.summary.show_paths(shown);
        for path in &mut self.paths {
            *path = shown(path);
        }
    }
}

impl PairChange {
    /// Gives paths the form in which they are shown.
    pub fn show_paths(&mut self, shown: Shown<'_>) {
        for cause in &mut self.causes {
            cause.path = shown(cause.path.as_str().into()).into_string();
        }
    }
}

impl Summary {
    fn show_paths(&mut self, shown: Shown<'_>) {
        let Self {
            unread,
            left_out,
            undeployed,
            ..
        } = self;
        for input in unread.iter_mut().chain(left_out).chain(undeployed) {
            input.path = shown(&input.path);
        }
    }
}

fn show_sources(sources: &mut Arc<Sources>, shown: Shown<'_>) {
    *sources = Arc::new(sources.with_paths(shown));
}

fn show_missing(missing: &mut [(Utf8PathBuf, ReadError)], shown: Shown<'_>) {
    for (path, _) in missing {
        *path = shown(path);
    }
}
