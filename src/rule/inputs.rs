//! What could not be read, and the context of the rules that word it.

use camino::{Utf8Path, Utf8PathBuf};

use super::context::diagnostic;
use super::{ReportBuilder, RuleMeta};
use crate::diagnostic::Diagnostic;
use crate::gitops;
use crate::object::ObjectId;
use crate::resource;
use crate::source::Place;
use crate::yaml::ProblemKind;

/// An input that could not be read, by its cause.
#[derive(Debug)]
pub enum InputProblem {
    /// A file or folder below a named path that could not be opened, or is over the cap.
    Unreadable {
        /// The path as shown to people.
        path: Utf8PathBuf,
        /// Why, in words.
        reason: String,
    },
    /// A file whose bytes are not UTF-8.
    NotUtf8 {
        /// The path as shown to people.
        path: Utf8PathBuf,
        /// The line of the first byte that is not.
        line: usize,
    },
    /// The templates of a chart that nobody renders, all together.
    Chart {
        /// The folder of the chart.
        path: Utf8PathBuf,
        /// How many files of it are templates.
        templates: usize,
        /// Why Helm did not render it either, if it was asked.
        failure: Option<String>,
    },
    /// A document that could not be parsed.
    Document {
        /// Where the parser stopped.
        place: Place,
        /// What kind of problem it is.
        kind: ProblemKind,
        /// What is wrong, in words.
        message: String,
    },
    /// Something that looks like an object and that no API server would take.
    Deploy(gitops::Problem),
    /// Objects that are defined more than once.
    Alternatives(Vec<Alternative>),
    /// Meshes that nothing declares: directories that define the same objects cannot be in one.
    Meshes {
        /// Their names.
        names: Vec<String>,
        /// The directories that were told apart.
        directories: Vec<Utf8PathBuf>,
    },
    /// Something wrong with the content of an object: it is refused or cannot be known, and counts as absent, or it counts
    /// without a field.
    Object(Box<resource::Problem>),
}

impl InputProblem {
    /// The objects that are defined more than once, if that is the problem.
    pub fn as_alternatives(&self) -> Option<&[Alternative]> {
        if let Self::Alternatives(alternatives) = self {
            Some(alternatives)
        } else {
            None
        }
    }
}

/// An object that is defined more than once. Only the first definition takes part in the mesh.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Alternative {
    /// The object.
    pub object: ObjectId,
    /// Where it is defined, the definition that was taken first.
    pub places: Vec<Place>,
}

/// What a rule sees that words the problems of reading.
#[derive(Debug)]
pub struct InputContext<'a> {
    meta: &'a RuleMeta,
    problems: &'a [InputProblem],
    diagnostics: Vec<Diagnostic>,
}

impl<'a> InputContext<'a> {
    /// A context for one rule.
    pub fn new(meta: &'a RuleMeta, problems: &'a [InputProblem]) -> Self {
        Self {
            meta,
            problems,
            diagnostics: Vec::new(),
        }
    }

    /// What could not be read.
    pub fn problems(&self) -> &'a [InputProblem] {
        self.problems
    }

    /// Reports a finding at a place.
    pub fn report(&mut self, place: Place, message: impl Into<String>) -> ReportBuilder<'_> {
        let diagnostic = diagnostic(self.meta, message.into());
        let mut report = ReportBuilder::push(&mut self.diagnostics, diagnostic);
        report.at(place);
        report
    }

    /// Reports a finding about a path that has no text.
    pub fn report_path(
        &mut self,
        path: &Utf8Path,
        message: impl Into<String>,
    ) -> ReportBuilder<'_> {
        let diagnostic = diagnostic(self.meta, message.into());
        let mut report = ReportBuilder::push(&mut self.diagnostics, diagnostic);
        report.path(path.to_owned());
        report
    }

    /// What was reported.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
