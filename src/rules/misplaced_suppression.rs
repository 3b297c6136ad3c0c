//! An annotation that is no exception where it stands.

use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix};
use crate::object::ObjectId;
use crate::rule::{ExceptionFault, NoOptions, TriageContext};

declare_rule! {
    /// ## What it does
    ///
    /// Finds annotations `mtls-lint.dev/ignore-RULE` that stand elsewhere than in `metadata.annotations` of an object: in the
    /// template of a Deployment's pods, or among labels.
    ///
    /// ## Why it matters
    ///
    /// They have no effect there. A finding is about an object as it is deployed, and the exception has to be on that object.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   host: cart
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: cart
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: cart
    ///       annotations:
    ///         mtls-lint.dev/ignore-tls-disabled-in-mesh: until the cart has a sidecar
    ///     spec:
    ///       containers:
    ///         - name: cart
    ///           image: example.com/cart:1.0
    /// ```
    ///
    /// ```yaml good
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    ///   annotations:
    ///     mtls-lint.dev/ignore-tls-disabled-in-mesh: until the cart has a sidecar
    /// spec:
    ///   host: cart
    ///   trafficPolicy:
    ///     tls:
    ///       mode: DISABLE
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: cart
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: cart
    ///     spec:
    ///       containers:
    ///         - name: cart
    ///           image: example.com/cart:1.0
    /// ```
    ///
    /// ## Fix
    ///
    /// Move it to `metadata.annotations` of the object that the finding names. Where that is the object that it is written in,
    /// the fix does so. It is unsafe, because the exception begins to hide findings, and because a change in a template
    /// restarts its pods.
    "misplaced-suppression" {
        summary: "an annotation stands where it hides no finding",
        category: Hygiene,
        severity: Warning,
        reads: [],
        fix: Unsafe,
        since: "0.1.0",
        stage: Triage,
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut TriageContext<'_>) {
    for problem in cx.problems() {
        let ExceptionFault::Misplaced {
            key,
            rule,
            objects,
            moved,
        } = &problem.fault
        else {
            continue;
        };
        let mut report = cx.report(
            problem,
            format!(
                "`{key}` has no effect here: it counts in `metadata.annotations` of an object alone"
            ),
        );
        report.primary("hides nothing").help(help(*rule, objects));
        if let Some(edits) = moved {
            report.fix(Fix {
                title: format!("move `{key}` to `metadata.annotations`"),
                applicability: Applicability::Unsafe,
                edits: edits.clone(),
            });
        }
    }
}

/// How many objects are named of those that the annotation may be meant for.
const NAMED: usize = 3;

/// Where the annotation belongs, as far as the findings say.
fn help(rule: Option<&str>, objects: &[ObjectId]) -> String {
    let Some(rule) = rule else {
        return "name a rule that `mtls-lint rules` lists, in `metadata.annotations` of the object that its finding names".to_owned();
    };
    match objects {
        [] => format!("remove it; no finding of `{rule}` is reported that it could hide"),
        [only] => {
            format!("move it to `metadata.annotations` of `{only}`, which the finding is about")
        }
        some => {
            let named: Vec<String> = some
                .iter()
                .take(NAMED)
                .map(|id| format!("`{id}`"))
                .collect();
            let more = match some.len().saturating_sub(NAMED) {
                0 => String::new(),
                more => format!(" and {more} more"),
            };
            format!(
                "move it to `metadata.annotations` of the object that it is meant for; `{rule}` is reported for {}{more}",
                named.join(", ")
            )
        }
    }
}
