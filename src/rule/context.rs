//! What a mesh rule is given, and how any rule reports.

use camino::Utf8PathBuf;
use rustc_hash::FxHashSet;

use super::{PatchedRule, RuleMeta};
use crate::diagnostic::{Certainty, Diagnostic, Fact, Fingerprint, Fix, Label, PairId, Severity};
use crate::gitops::{Deployment, Unit};
use crate::mesh::{Decision, Mesh};
use crate::object::ObjectId;
use crate::source::{Origins, Place, Sources};
use crate::yaml::FieldPath;

/// What a rule sees while it looks at one mesh.
#[derive(Debug)]
pub struct RuleContext<'a> {
    meta: &'a RuleMeta,
    mesh: &'a Mesh,
    mesh_index: u32,
    surroundings: Surroundings<'a>,
    explained: Option<&'a FxHashSet<PairId>>,
    diagnostics: Vec<Diagnostic>,
}

/// What stands around a mesh: where its objects are written, and how they came to be what they are.
#[derive(Clone, Copy, Debug)]
pub struct Surroundings<'a> {
    /// The files that places point into.
    pub sources: &'a Sources,
    /// What is deployed, in this mesh and the others.
    pub deployment: &'a Deployment,
    /// What patches did to the DestinationRules of the mesh.
    pub patched: &'a [PatchedRule],
}

impl<'a> RuleContext<'a> {
    /// A context for one rule and one mesh; `mesh_index` is the position of the mesh in the analysis.
    pub fn new(
        meta: &'a RuleMeta,
        mesh: &'a Mesh,
        mesh_index: u32,
        surroundings: Surroundings<'a>,
    ) -> Self {
        Self {
            meta,
            mesh,
            mesh_index,
            surroundings,
            explained: None,
            diagnostics: Vec::new(),
        }
    }

    /// Leaves out the pairs that other rules explain.
    #[must_use]
    pub fn without(mut self, explained: &'a FxHashSet<PairId>) -> Self {
        self.explained = Some(explained);
        self
    }

    /// The decisions of the mesh that the rule may speak about, with their positions; at the end those that no call meets,
    /// since a finding is told by the first of its worst.
    pub(crate) fn decisions(&self) -> impl Iterator<Item = (u32, &'a Decision)> + use<'a> {
        let (mesh, index, explained) = (self.mesh, self.mesh_index, self.explained);
        let of = move |is_met: bool| {
            let decisions = (0u32..).zip(mesh.decisions());
            let decisions = decisions
                .filter(move |&(position, _)| mesh.led_to_subsets(position).is_none() == is_met);
            decisions.filter(move |&(decision, _)| {
                let pair = PairId {
                    mesh: index,
                    decision,
                };
                explained.is_none_or(|explained| !explained.contains(&pair))
            })
        };
        of(true).chain(of(false))
    }

    /// The mesh; it outlives the borrow of the context, so that a loop over it can report.
    pub fn mesh(&self) -> &'a Mesh {
        self.mesh
    }

    /// The position of the mesh in the analysis.
    pub fn mesh_index(&self) -> u32 {
        self.mesh_index
    }

    /// The files that places point into, for edits that keep the style of a file.
    pub fn sources(&self) -> &'a Sources {
        self.surroundings.sources
    }

    /// What is deployed, in this mesh and the others.
    pub(super) fn deployment(&self) -> &'a Deployment {
        self.surroundings.deployment
    }

    /// How values came to be what they are.
    pub fn origins(&self) -> &'a Origins {
        &self.deployment().origins
    }

    /// What patches did to the DestinationRules of the mesh, in the order in which they were applied.
    pub fn patched(&self) -> &'a [PatchedRule] {
        self.surroundings.patched
    }

    /// The units that the mesh is made of.
    pub(crate) fn units(&self) -> impl Iterator<Item = &'a Unit> + use<'a> {
        self.surroundings
            .deployment
            .units_of(self.mesh_index as usize)
    }

    /// What is written at a place, without its quotes.
    pub(crate) fn unquoted(&self, place: Place) -> &'a str {
        let text = self.sources().text(place.span);
        text.trim_matches(['"', '\''])
    }

    /// What the rule declared.
    pub fn meta(&self) -> &'a RuleMeta {
        self.meta
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

/// A finding that is being told. It counts from the start; every call adds to it.
#[derive(Debug)]
pub struct ReportBuilder<'a> {
    diagnostic: &'a mut Diagnostic,
}

impl<'a> ReportBuilder<'a> {
    /// Starts a finding by adding it to those reported before.
    pub(super) fn push(diagnostics: &'a mut Vec<Diagnostic>, diagnostic: Diagnostic) -> Self {
        diagnostics.push(diagnostic);
        let diagnostic = diagnostics
            .last_mut()
            .expect("a diagnostic was pushed on the line above");
        Self { diagnostic }
    }

    /// Sets the place.
    pub(super) fn at(&mut self, place: Place) -> &mut Self {
        self.diagnostic.place = Some(place);
        self
    }

    /// Sets the path, for a finding without a place.
    pub(super) fn path(&mut self, path: Utf8PathBuf) -> &mut Self {
        self.diagnostic.path = Some(path);
        self
    }

    /// Says what is wrong at the place.
    pub fn primary(&mut self, text: impl Into<String>) -> &mut Self {
        self.diagnostic.label = text.into();
        self
    }

    /// Replaces the severity that the rule declared.
    pub fn severity(&mut self, severity: Severity) -> &mut Self {
        self.diagnostic.severity = severity;
        self
    }

    /// Says what the finding rests on; an assumed fact in the evidence still lowers it to assumed.
    pub fn certainty(&mut self, certainty: Certainty) -> &mut Self {
        self.diagnostic.certainty = certainty;
        self.weigh_evidence()
    }

    /// Adds a further place, in any file.
    pub fn label(
        &mut self,
        place: Place,
        object: Option<&ObjectId>,
        text: impl Into<String>,
    ) -> &mut Self {
        self.diagnostic.labels.push(Label {
            place,
            message: text.into(),
            object: object.cloned(),
        });
        self
    }

    /// Adds the facts that explain the finding, in order.
    pub fn evidence(&mut self, facts: Vec<Fact>) -> &mut Self {
        self.diagnostic.evidence.extend(facts);
        self.weigh_evidence()
    }

    /// Adds the pairs that the finding explains.
    pub fn pairs(&mut self, pairs: Vec<PairId>) -> &mut Self {
        self.diagnostic.pairs.extend(pairs);
        self
    }

    /// Says what to do, as an instruction.
    pub fn help(&mut self, text: impl Into<String>) -> &mut Self {
        self.diagnostic.help = Some(text.into());
        self
    }

    /// Offers a repair.
    pub fn fix(&mut self, fix: Fix) -> &mut Self {
        self.diagnostic.fix = Some(fix);
        self
    }

    /// Names the meshes, for a rule that looks at all of them; a rule that looks at one has it named for it.
    pub fn meshes(&mut self, meshes: Vec<String>) -> &mut Self {
        self.diagnostic.meshes = meshes;
        self
    }

    /// Names the object the place is in.
    pub fn object(&mut self, object: &ObjectId) -> &mut Self {
        self.diagnostic.object = Some(object.clone());
        self
    }

    /// Names the field the place is in.
    pub fn field(&mut self, path: FieldPath) -> &mut Self {
        self.diagnostic.field = Some(path);
        self
    }

    /// A finding is never more certain than the facts it rests on.
    fn weigh_evidence(&mut self) -> &mut Self {
        if self.diagnostic.evidence.iter().any(|fact| fact.assumed) {
            self.diagnostic.certainty = self.diagnostic.certainty.min(Certainty::Assumed);
        }
        self
    }
}

/// What is reported for a rule that failed: its findings are missing, which must not go unsaid.
pub(crate) fn failure(meta: &RuleMeta) -> Diagnostic {
    Diagnostic {
        severity: Severity::Warning,
        certainty: Certainty::Unknown,
        path: Some(".".into()),
        help: Some(
            "report this as a bug of the linter, with the input if you can share it".to_owned(),
        ),
        ..diagnostic(
            meta,
            format!(
                "rule `{}` failed on this input; its findings are missing",
                meta.name
            ),
        )
    }
}

/// A finding of a rule with nothing but its headline.
pub(super) fn diagnostic(meta: &RuleMeta, message: String) -> Diagnostic {
    Diagnostic {
        rule: meta.name,
        severity: meta.severity,
        certainty: Certainty::Known,
        message,
        help: None,
        place: None,
        path: None,
        label: String::new(),
        object: None,
        field: None,
        labels: Vec::new(),
        evidence: Vec::new(),
        pairs: Vec::new(),
        fix: None,
        meshes: Vec::new(),
        suppression: None,
        fingerprint: Fingerprint(String::new()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rule::{Category, Stage};

    const META: RuleMeta = RuleMeta {
        name: "sample",
        summary: "a sample",
        category: Category::Correctness,
        severity: Severity::Warning,
        reads: &[],
        fix: None,
        since: "0.1.0",
        docs: "",
        file: "sample.rs",
        stage: Stage::Mesh,
    };

    fn told(tell: impl FnOnce(&mut ReportBuilder<'_>)) -> Diagnostic {
        let mut diagnostics = Vec::new();
        let finding = diagnostic(&META, "headline".into());
        tell(&mut ReportBuilder::push(&mut diagnostics, finding));
        diagnostics.pop().expect("one finding was pushed")
    }

    fn fact(assumed: bool) -> Fact {
        Fact {
            text: "a fact".into(),
            assumed,
            place: None,
            object: None,
        }
    }

    #[test]
    fn a_bare_finding_has_the_rule_and_severity_that_were_declared() {
        let finding = told(|_| ());
        assert_eq!(
            (finding.rule, finding.severity),
            ("sample", Severity::Warning)
        );
        assert_eq!(finding.certainty, Certainty::Known);
    }

    #[test]
    fn an_assumed_fact_makes_the_finding_assumed() {
        let finding = told(|report| {
            report.evidence(vec![fact(false), fact(true)]);
        });
        assert_eq!(finding.certainty, Certainty::Assumed);
    }

    #[test]
    fn known_facts_leave_the_finding_known() {
        let finding = told(|report| {
            report.evidence(vec![fact(false)]);
        });
        assert_eq!(finding.certainty, Certainty::Known);
    }

    #[test]
    fn evidence_bounds_the_certainty_in_any_order_of_calls() {
        let table = [
            (Certainty::Known, Certainty::Assumed),
            (Certainty::Assumed, Certainty::Assumed),
            (Certainty::Unknown, Certainty::Unknown),
        ];
        for (stated, expected) in table {
            let first = told(|report| {
                report.certainty(stated).evidence(vec![fact(true)]);
            });
            let last = told(|report| {
                report.evidence(vec![fact(true)]).certainty(stated);
            });
            assert_eq!((first.certainty, last.certainty), (expected, expected));
        }
    }
}
