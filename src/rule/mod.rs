//! Rules: what they declare, what they are given, how they report.

mod context;
mod declare;
mod deployed;
pub(crate) mod edit;
mod inputs;
mod meta;
mod objects;
mod options;
mod page;
mod patched;
mod suggest;
mod triage;

pub use context::Surroundings;
pub(crate) use context::failure;
pub use context::{ReportBuilder, RuleContext};
pub(crate) use declare::declare_rule;
pub use deployed::DeployContext;
pub use inputs::{Alternative, InputContext, InputProblem};
pub use meta::{Category, RuleMeta, Stage};
pub use options::{NoOptions, OptionsType, RuleOptions};
pub use page::{render_index, render_page};
pub use patched::PatchedRule;
pub(crate) use suggest::{did_you_mean, nearest};
pub use triage::{ExceptionFault, ExceptionProblem, TriageContext};

/// A rule: data with a function, made by `declare_rule!`.
#[derive(Debug)]
pub struct Rule {
    /// What it says about itself.
    pub meta: RuleMeta,
    /// The type of its settings.
    pub options: OptionsType,
    /// What it does.
    pub check: Check,
}

/// The function of a rule, by the stage it runs at.
#[derive(Clone, Copy, Debug)]
pub enum Check {
    /// Words the problems of reading; called once a run.
    Inputs(fn(&RuleOptions, &mut InputContext<'_>)),
    /// Looks at what gets deployed in all meshes; called once a run.
    Deploy(fn(&RuleOptions, &mut DeployContext<'_>)),
    /// Looks at the decisions of a mesh; called once a mesh.
    Mesh(fn(&RuleOptions, &mut RuleContext<'_>)),
    /// Words what is wrong with exceptions; called once a run, when it is known which findings they hide.
    Triage(fn(&RuleOptions, &mut TriageContext<'_>)),
}
