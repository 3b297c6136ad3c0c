//! An exception from a rule that does not exist.

use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix};
use crate::rule::{ExceptionFault, NoOptions, TriageContext, did_you_mean};

declare_rule! {
    /// ## What it does
    ///
    /// Finds comments and annotations that name a rule which does not exist, and comments that are meant as exceptions and
    /// name none. In the config file such a name is an error.
    ///
    /// ## Why it matters
    ///
    /// The exception has no effect: the finding that it should hide is reported.
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
    ///       # mtls-lint: ignore[tls-disable-in-mesh] until the cart has a sidecar
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
    /// spec:
    ///   host: cart
    ///   trafficPolicy:
    ///     tls:
    ///       # mtls-lint: ignore[tls-disabled-in-mesh] until the cart has a sidecar
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
    /// Writes the nearest name of a rule in the comment or annotation. The fix is unsafe, because the exception begins to hide findings.
    "unknown-rule-in-suppression" {
        summary: "an exception names a rule that does not exist",
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
        match &problem.fault {
            ExceptionFault::UnknownRule {
                name,
                suggestion,
                correction,
            } => {
                let hint = did_you_mean(*suggestion);
                let mut report = cx.report(problem, format!("no rule is called `{name}`{hint}"));
                report
                    .primary("so this hides nothing")
                    .help("name a rule that `mtls-lint rules` lists");
                if let (Some(edit), Some(rule)) = (correction, suggestion) {
                    report.fix(Fix {
                        title: format!("write `{rule}`"),
                        applicability: Applicability::Unsafe,
                        edits: vec![edit.clone()],
                    });
                }
            }
            ExceptionFault::NamesNoRule => {
                cx.report(problem, "the comment is no exception: it names no rule")
                    .primary("so this hides nothing")
                    .help("write `# mtls-lint: ignore[RULE] REASON`");
            }
            ExceptionFault::Unused { .. }
            | ExceptionFault::WithoutReason { .. }
            | ExceptionFault::Expired { .. }
            | ExceptionFault::Misplaced { .. } => {} // other rules report these
        }
    }
}
