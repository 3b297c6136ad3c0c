//! Explain: a field without effect that was meant to decide about TLS is the cause of what its object then does, and a
//! refused object of what is missing without it.

use std::collections::BTreeSet;

use super::compare::improved;
use super::fix::apply_order;
use super::prove::applied;
use super::{Analysis, Error, Request, analyse};
use crate::diagnostic::{Certainty, Diagnostic, Fact};
use crate::object::ObjectId;
use crate::resource::{Effect, ProblemKind};
use crate::rule::InputProblem;
use crate::rules::yields_to;
use crate::source::Place;
use crate::source::tree::Tree;

/// The rule that reports such fields.
const SCHEMA_RULE: &str = "invalid-schema";

/// Gives the findings about such fields the pairs that findings about the same object explain, and what those say as
/// evidence. The order of precedence then lets the field speak alone.
pub(super) fn explain(diagnostics: &mut [Diagnostic], problems: &[InputProblem]) {
    let causes: BTreeSet<(&ObjectId, Place)> = problems.iter().filter_map(cause).collect();
    for (object, place) in causes {
        let effects: Vec<Diagnostic> = diagnostics
            .iter()
            .filter(|diagnostic| is_effect(diagnostic, object))
            .cloned()
            .collect();
        let finding = diagnostics.iter_mut().find(|diagnostic| {
            diagnostic.rule == SCHEMA_RULE
                && diagnostic.place == Some(place)
                && diagnostic.object.as_ref() == Some(object)
        });
        if let Some(finding) = finding {
            for effect in effects {
                take(finding, effect);
            }
        }
    }
}

/// Gives the findings about refused objects the pairs that would be better if the objects were put right as the findings
/// offer, as far as other findings speak about them.
pub(super) fn explain_refused(
    diagnostics: &mut [Diagnostic],
    analysis: &Analysis,
    request: &Request,
    tree: &dyn Tree,
) -> Result<(), Error> {
    let objects: BTreeSet<&ObjectId> = analysis.problems.iter().filter_map(refused).collect();
    for object in objects.into_iter().take(MAX_TRIED) {
        if !diagnostics.iter().any(speaks_after_schema) {
            break;
        }
        let is_about = |d: &&Diagnostic| d.rule == SCHEMA_RULE && d.object.as_ref() == Some(object);
        let repairs: Vec<&Diagnostic> = diagnostics.iter().filter(is_about).collect();
        if apply_order(repairs.iter().copied(), &analysis.sources).is_empty() {
            continue; // nothing is offered
        }
        let after = analyse(request, &applied(&repairs, &analysis.sources, tree))?;
        if after.summary.resources <= analysis.summary.resources {
            continue; // what is offered does not make Istio take it
        }
        let improved = improved(analysis, &after);
        let mut effects: Vec<Diagnostic> = Vec::new();
        for diagnostic in diagnostics.iter().filter(|d| speaks_after_schema(d)) {
            let mut effect = diagnostic.clone();
            effect.pairs.retain(|pair| improved.contains(pair));
            effects.extend((!effect.pairs.is_empty()).then_some(effect));
        }
        if let Some(finding) = diagnostics.iter_mut().find(|d| is_about(&&**d)) {
            for effect in effects {
                take(finding, effect);
            }
        }
    }
    Ok(())
}

/// How many refused objects are tried; each costs an analysis.
const MAX_TRIED: usize = 16;

/// The object of a problem that makes Istio refuse it.
fn refused(problem: &InputProblem) -> Option<&ObjectId> {
    match problem {
        InputProblem::Object(problem) if problem.effect == Effect::Refused => Some(&problem.object),
        _ => None,
    }
}

/// Whether a finding is about pairs and yields to the rule that reports fields and objects without effect.
fn speaks_after_schema(diagnostic: &Diagnostic) -> bool {
    !diagnostic.pairs.is_empty() && yields_to(diagnostic.rule).contains(&SCHEMA_RULE)
}

/// The object and place of a field without effect that was meant to decide about TLS.
fn cause(problem: &InputProblem) -> Option<(&ObjectId, Place)> {
    let InputProblem::Object(problem) = problem else {
        return None;
    };
    let decides_tls = problem.kind == ProblemKind::UnknownField { decides_tls: true };
    (decides_tls && problem.effect == Effect::Dropped).then_some((&problem.object, problem.place))
}

/// Whether a finding is about pairs that an object decides.
fn is_effect(diagnostic: &Diagnostic, object: &ObjectId) -> bool {
    diagnostic.object.as_ref() == Some(object) && speaks_after_schema(diagnostic)
}

/// Takes over the pairs of a finding, and what it says as evidence.
fn take(finding: &mut Diagnostic, effect: Diagnostic) {
    finding.evidence.push(Fact {
        text: effect.message,
        assumed: effect.certainty != Certainty::Known,
        place: effect.place,
        object: effect.object,
    });
    finding.pairs.extend(effect.pairs);
    for mesh in effect.meshes {
        if !finding.meshes.contains(&mesh) {
            finding.meshes.push(mesh);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Outcome, Request, lint};
    use crate::source::tree::Memory;

    /// A mesh with STRICT and without auto mTLS, in which a rule with this spec is for `web`.
    fn mesh(spec: &str) -> String {
        format!(
            "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: web, namespace: shop}}
spec: {spec}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: default, namespace: istio-system}}
spec: {{host: '*.local', trafficPolicy: {{tls: {{mode: ISTIO_MUTUAL}}}}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {{name: default, namespace: istio-system}}
spec: {{mtls: {{mode: STRICT}}}}
---
apiVersion: v1
kind: ConfigMap
metadata: {{name: istio, namespace: istio-system}}
data: {{mesh: 'enableAutoMtls: false'}}
---
apiVersion: v1
kind: Namespace
metadata: {{name: shop, labels: {{istio-injection: enabled}}}}
---
apiVersion: v1
kind: Service
metadata: {{name: web, namespace: shop}}
spec: {{selector: {{app: web}}, ports: [{{name: http, port: 80}}]}}
---
apiVersion: v1
kind: Pod
metadata: {{name: web, namespace: shop, labels: {{app: web}}}}
spec: {{containers: [{{name: web}}]}}
"
        )
    }

    fn linted(spec: &str) -> Outcome {
        let text = mesh(spec);
        let request = Request {
            stdin: Some(text.into_bytes()),
            ..Request::default()
        };
        lint(&request, &Memory::default()).expect("standard input can be linted")
    }

    fn rules(outcome: &Outcome) -> Vec<&'static str> {
        let diagnostics = outcome.report.diagnostics.iter();
        diagnostics.map(|diagnostic| diagnostic.rule).collect()
    }

    #[test]
    fn a_misplaced_tls_speaks_alone_and_says_what_comes_of_it() {
        let outcome = linted("{host: web, tls: {mode: ISTIO_MUTUAL}}");
        assert_eq!(rules(&outcome), [SCHEMA_RULE]);
        let finding = &outcome.report.diagnostics[0];
        assert!(!finding.pairs.is_empty());
        assert!(finding.evidence[0].text.contains("503"), "{finding:?}");
    }

    /// The mesh in a file, with this mode in the rule of the whole mesh and none for `web`.
    fn linted_with_mode(mode: &str) -> Outcome {
        let text = mesh("{host: web.other}").replace("ISTIO_MUTUAL", mode);
        let request = Request {
            paths: vec![".".into()],
            ..Request::default()
        };
        let tree = Memory::new([("mesh.yaml", text)]);
        lint(&request, &tree).expect("the mesh can be linted")
    }

    #[test]
    fn a_refused_rule_speaks_alone_where_it_would_have_given_mutual_tls() {
        let outcome = linted_with_mode("ISTIO_MUTAL");
        assert_eq!(rules(&outcome), [SCHEMA_RULE]);
        let finding = &outcome.report.diagnostics[0];
        assert!(finding.evidence[0].text.contains("503"), "{finding:?}");
    }

    #[test]
    fn a_refused_rule_that_would_change_nothing_silences_nothing() {
        let found = rules(&linted_with_mode("DISABEL")).join(" ");
        assert_eq!(found, "invalid-schema strict-without-client-mtls");
    }

    #[test]
    fn a_field_that_decides_nothing_about_tls_explains_nothing() {
        let outcome = linted("{host: web, subset: [v1]}");
        let mut found = rules(&outcome);
        found.sort_unstable();
        assert_eq!(found, [SCHEMA_RULE, "override-drops-mtls"]);
    }
}
