//! The context of the rules that look at what gets deployed, across all meshes.

use super::context::diagnostic;
use super::{InputProblem, ReportBuilder, RuleMeta};
use crate::diagnostic::Diagnostic;
use crate::gitops::{Deployment, Unit};
use crate::mesh::Mesh;
use crate::source::{Place, Sources};

/// What a rule sees that looks at what gets deployed.
#[derive(Debug)]
pub struct DeployContext<'a> {
    meta: &'a RuleMeta,
    deployment: &'a Deployment,
    meshes: &'a [Mesh],
    problems: &'a [InputProblem],
    sources: &'a Sources,
    diagnostics: Vec<Diagnostic>,
}

impl<'a> DeployContext<'a> {
    /// A context for one rule.
    pub fn new(
        meta: &'a RuleMeta,
        deployment: &'a Deployment,
        meshes: &'a [Mesh],
        problems: &'a [InputProblem],
        sources: &'a Sources,
    ) -> Self {
        Self {
            meta,
            deployment,
            meshes,
            problems,
            sources,
            diagnostics: Vec::new(),
        }
    }

    /// What gets deployed.
    pub fn deployment(&self) -> &'a Deployment {
        self.deployment
    }

    /// The meshes, in the order of the deployment.
    pub fn meshes(&self) -> &'a [Mesh] {
        self.meshes
    }

    /// What could not be read.
    pub fn problems(&self) -> &'a [InputProblem] {
        self.problems
    }

    /// The files that places point into.
    pub fn sources(&self) -> &'a Sources {
        self.sources
    }

    /// The names of the meshes that a unit is in, by the position of the unit.
    pub fn meshes_of(&self, unit: usize) -> impl Iterator<Item = &'a str> + use<'a> {
        self.deployment
            .meshes
            .iter()
            .filter(move |scope| scope.units.contains(&unit))
            .map(|scope| &*scope.name)
    }

    /// The units with their positions.
    pub fn units(&self) -> impl Iterator<Item = (usize, &'a Unit)> + use<'a> {
        self.deployment.units.iter().enumerate()
    }

    /// Reports a finding at the place where a person would edit. The message is the headline.
    pub fn report(&mut self, place: Place, message: impl Into<String>) -> ReportBuilder<'_> {
        let diagnostic = diagnostic(self.meta, message.into());
        let mut report = ReportBuilder::push(&mut self.diagnostics, diagnostic);
        report.at(place);
        report
    }

    /// What was reported.
    pub fn into_diagnostics(self) -> Vec<Diagnostic> {
        self.diagnostics
    }
}
