//! Objects that do not fit the schemas of Istio.

use crate::declare_rule;
use crate::diagnostic::{Applicability, Edit, Fix};
use crate::resource::{Effect, Problem, ProblemKind, visible};
use crate::rule::{InputContext, InputProblem, NoOptions};

declare_rule! {
    /// ## What it does
    ///
    /// Compares the Istio objects that decide about mutual TLS with the schemas that Istio publishes: unknown, misspelt and
    /// misplaced fields, values that an enum does not have, wrong types, missing fields, numbers out of range, lists and texts
    /// that are too long, fields of which one alone may be given (`simple` and `consistentHash`), and characters that cannot
    /// be seen in names, hosts and values. Beyond the schemas, it finds what Istio's validation refuses: hosts that are no names,
    /// a `MUTUAL` without certificates, endpoints that do not fit a resolution, a `trafficPolicy` that says nothing, and more
    /// of this kind.
    ///
    /// The kinds are DestinationRule, PeerAuthentication, ServiceEntry, Sidecar, VirtualService, WorkloadEntry,
    /// WorkloadGroup, and the retired Policy and MeshPolicy of Istio 1.0 to 1.5. Fields that an older version of Istio knew
    /// are not reported. The other kinds that are read (Services, workloads, mesh config) are held to what is read of them.
    ///
    /// ## Why it matters
    ///
    /// The API server drops a field that it does not know, most often without a word to be seen in a GitOps repository. A
    /// `tls` block one level too high is such a field: the rule is in force, and without it.
    ///
    /// A value that does not fit makes the API server, or Istio's validation, refuse the whole object, so that it counts as
    /// absent here: what it was to protect is as if it had never been written.
    ///
    /// ## Examples
    ///
    /// No mode is named `ISTIO_MUTAL`, so this rule is refused:
    ///
    /// ```yaml bad
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   host: reviews.shop.svc.cluster.local
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTAL
    /// ```
    ///
    /// This `tls` is dropped, because it belongs to `spec.trafficPolicy`:
    ///
    /// ```yaml bad
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   host: reviews.shop.svc.cluster.local
    ///   tls:
    ///     mode: ISTIO_MUTUAL
    /// ```
    ///
    /// ```yaml good
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   host: reviews.shop.svc.cluster.local
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ```
    ///
    /// ## Fix
    ///
    /// Where only one name or value comes near what is written, the fix writes that one. It is unsafe: the corrected object
    /// takes effect, maybe for the first time.
    "invalid-schema" {
        summary: "an object or a field of it has no effect, since it does not fit the schema of its kind",
        category: Correctness,
        severity: Error,
        reads: [],
        fix: Unsafe,
        since: "0.1.0",
        stage: Inputs,
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut InputContext<'_>) {
    for problem in cx.problems() {
        if let InputProblem::Object(problem) = problem {
            object(cx, problem);
        }
    }
}

/// Something wrong with an object's content.
fn object(cx: &mut InputContext<'_>, problem: &Problem) {
    // What cannot be seen must not hide in the headline either.
    let object = visible(&problem.object.to_string());
    let field = visible(problem.field.as_str());
    let message = &problem.message;
    let (headline, primary) = match problem.effect {
        Effect::Dropped => (
            format!("`{field}` of `{object}` has no effect: {message}"),
            match problem.kind {
                ProblemKind::UnknownField { .. } => "unknown fields are dropped",
                _ => "this counts for nothing",
            },
        ),
        Effect::Refused if field.is_empty() => (
            format!("`{object}` is refused, so it counts as absent: {message}"),
            "refused",
        ),
        Effect::Refused => (
            format!("`{object}` is refused, so it counts as absent: `{field}`: {message}"),
            "refused",
        ),
        Effect::Undecided => return, // `unread-input` reports this one
    };
    let help = help(problem);
    let mut report = cx.report(problem.place, headline);
    report
        .primary(primary)
        .object(&problem.object)
        .field(problem.field.clone())
        .help(help);
    if let Some(replacement) = &problem.replacement {
        report.fix(Fix {
            title: format!("write `{}`", replacement.text),
            applicability: Applicability::Unsafe,
            edits: vec![Edit {
                span: replacement.place.span,
                text: replacement.text.clone(),
            }],
        });
    }
}

/// What to do.
fn help(problem: &Problem) -> String {
    let written = problem.replacement.as_ref();
    let advice = match (&problem.help, written, problem.kind) {
        (Some(help), _, _) => help.clone(),
        (None, Some(replacement), _) => format!("write `{}`", replacement.text),
        (None, None, ProblemKind::MissingField) => "add the field".to_owned(),
        (None, None, ProblemKind::InvisibleCharacter) => {
            "write it without that character".to_owned()
        }
        (
            None,
            None,
            ProblemKind::UnknownField { .. }
            | ProblemKind::WrongType
            | ProblemKind::WrongValue
            | ProblemKind::OutOfRange
            | ProblemKind::Placeholder
            | ProblemKind::Rejected,
        ) => "correct the field".to_owned(),
    };
    if problem.effect.is_absence() {
        format!("{advice}; until then no finding takes the object into account")
    } else {
        advice
    }
}
