//! Why a document could not be parsed, and how that is told from a template.

use std::ops::Range;

use memchr::memmem;

use super::{Problem, ProblemKind};
use crate::source::Span;

/// Why a document could not be parsed; offsets are those of the parsed text.
#[derive(Debug)]
pub(super) struct Failure {
    /// What kind of problem it is.
    pub(super) kind: ProblemKind,
    /// Where the parser stopped.
    pub(super) range: Range<usize>,
    /// What is wrong, in words.
    pub(super) message: String,
}

impl Failure {
    /// A failure that makes the document no YAML.
    pub(super) fn syntax(range: Range<usize>, message: String) -> Self {
        Self {
            kind: ProblemKind::Syntax,
            range,
            message,
        }
    }

    /// The problem to report; in a document with template marks it is that it is a template.
    pub(super) fn into_problem(
        self,
        text: &str,
        locate: impl FnOnce(Range<usize>) -> Span,
    ) -> Problem {
        let is_syntax = self.kind == ProblemKind::Syntax;
        if let Some(mark) = template_mark(text).filter(|_| is_syntax) {
            return Problem {
                kind: ProblemKind::Template,
                span: locate(mark),
                message: "a template; it is rendered before it is applied".into(),
            };
        }
        Problem {
            kind: self.kind,
            span: locate(self.range),
            message: self.message,
        }
    }
}

/// The first mark of Helm, Jinja or ytt.
fn template_mark(text: &str) -> Option<Range<usize>> {
    ["{{", "{%", "#@"]
        .into_iter()
        .filter_map(|mark| memmem::find(text.as_bytes(), mark.as_bytes()))
        .min()
        .map(|start| start..start + 2)
}
