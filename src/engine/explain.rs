//! Explain: a field without effect that was meant to decide about TLS is the cause of what its object then does.

use std::collections::BTreeSet;

use crate::diagnostic::{Certainty, Diagnostic, Fact};
use crate::object::ObjectId;
use crate::resource::{Effect, ProblemKind};
use crate::rule::InputProblem;
use crate::rules::yields_to;
use crate::source::Place;

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
    diagnostic.object.as_ref() == Some(object)
        && !diagnostic.pairs.is_empty()
        && yields_to(diagnostic.rule).contains(&SCHEMA_RULE)
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
    fn linted(spec: &str) -> Outcome {
        let text = format!(
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
        );
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

    #[test]
    fn a_field_that_decides_nothing_about_tls_explains_nothing() {
        let outcome = linted("{host: web, subset: [v1]}");
        let mut found = rules(&outcome);
        found.sort_unstable();
        assert_eq!(found, [SCHEMA_RULE, "override-drops-mtls"]);
    }
}
