//! What is wrong with exceptions, and the context of the rules that word it.

use super::context::diagnostic;
use super::{ReportBuilder, RuleMeta};
use crate::diagnostic::{Diagnostic, Edit, ExceptionKind};
use crate::object::ObjectId;
use crate::source::Place;

/// Something wrong with an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExceptionProblem {
    /// How the exception is written.
    pub kind: ExceptionKind,
    /// What a person would edit: the comment or a name in it, the key of the annotation, the entry.
    pub place: Place,
    /// The object that the annotation is on.
    pub object: Option<ObjectId>,
    /// Who answers for it, where it says so.
    pub owner: Option<String>,
    /// What is wrong.
    pub fault: ExceptionFault,
}

/// What is wrong with an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ExceptionFault {
    /// No finding needs it from these rules.
    Unused {
        /// The rules, in the order in which they are named.
        rules: Vec<&'static str>,
        /// What takes the rules, or all of it, away; none where that is left to a person.
        removal: Option<Edit>,
        /// Whether there is no such finding where it could be meant for: in its file, or for an entry of the config file
        /// anywhere. If there is one, the exception may only stand at the wrong line, or say the wrong name.
        is_needless: bool,
        /// Whether everything was read, so that no finding is missing for that reason.
        is_certain: bool,
    },
    /// It hides findings of these rules, and says not why.
    WithoutReason {
        /// The rules, in the order in which they are named.
        rules: Vec<&'static str>,
    },
    /// It names a rule that does not exist.
    UnknownRule {
        /// The name as written.
        name: String,
        /// The nearest name of a rule.
        suggestion: Option<&'static str>,
        /// What puts the nearest name in its place.
        correction: Option<Edit>,
    },
    /// It is not written so that it could name a rule.
    NamesNoRule,
    /// Its time is over.
    Expired {
        /// The rule.
        rule: &'static str,
        /// Its last day.
        date: String,
        /// How many findings it would hide.
        findings: usize,
        /// Whether these are all, because its rule ran and the whole repository was looked at.
        is_settled: bool,
        /// What takes it away, where no finding needs it.
        removal: Option<Edit>,
    },
    /// It stands where it has no effect.
    Misplaced {
        /// The key as written.
        key: String,
        /// The rule that it names, if there is one.
        rule: Option<&'static str>,
        /// The objects that the reported findings of the rule are about.
        objects: Vec<ObjectId>,
        /// What moves it to where it counts, if a finding is about the object that it is written in.
        moved: Option<Vec<Edit>>,
    },
}

impl ExceptionProblem {
    /// Who answers for the exception, to stand behind a message; empty where it does not say so.
    pub fn owner_note(&self) -> String {
        let owner = self.owner.as_ref();
        owner.map_or_else(String::new, |owner| format!("; `{owner}` answers for it"))
    }
}

/// What a rule sees that words what is wrong with exceptions.
#[derive(Debug)]
pub struct TriageContext<'a> {
    meta: &'a RuleMeta,
    problems: &'a [ExceptionProblem],
    diagnostics: Vec<Diagnostic>,
}

impl<'a> TriageContext<'a> {
    /// A context for one rule.
    pub fn new(meta: &'a RuleMeta, problems: &'a [ExceptionProblem]) -> Self {
        Self {
            meta,
            problems,
            diagnostics: Vec::new(),
        }
    }

    /// What is wrong with exceptions.
    pub fn problems(&self) -> &'a [ExceptionProblem] {
        self.problems
    }

    /// Reports a finding about an exception.
    pub fn report(
        &mut self,
        problem: &ExceptionProblem,
        message: impl Into<String>,
    ) -> ReportBuilder<'_> {
        let diagnostic = diagnostic(self.meta, message.into());
        let mut report = ReportBuilder::push(&mut self.diagnostics, diagnostic);
        report.at(problem.place);
        if let Some(object) = &problem.object {
            report.object(object);
        }
        report
    }

    /// What was reported.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
