//! An exception that does not say why.

use crate::declare_rule;
use crate::diagnostic::ExceptionKind;
use crate::rule::{ExceptionFault, NoOptions, TriageContext};

declare_rule! {
    /// ## What it does
    ///
    /// Finds exceptions that hide findings and give no reason.
    ///
    /// ## Why it matters
    ///
    /// Whoever reads it later cannot tell whether the finding may still be accepted, and nobody dares to remove it.
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
    ///       # mtls-lint: ignore[tls-disabled-in-mesh]
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
    /// Say why: behind the brackets of the comment, as the value of the annotation, or as `reason` of the entry.
    "suppression-without-reason" {
        summary: "an exception does not say why the finding is accepted",
        category: Hygiene,
        severity: Warning,
        reads: [],
        fix: None,
        since: "0.1.0",
        stage: Triage,
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut TriageContext<'_>) {
    for problem in cx.problems() {
        let ExceptionFault::WithoutReason { rules } = &problem.fault else {
            continue;
        };
        let message = format!(
            "the exception from `{}` gives no reason{}",
            rules.join("`, `"),
            problem.owner_note()
        );
        let help = match problem.kind {
            ExceptionKind::Comment => {
                format!(
                    "say why: `# mtls-lint: ignore[{}] REASON`",
                    rules.join(", ")
                )
            }
            ExceptionKind::Annotation => {
                let rule = rules.first().copied().unwrap_or_default();
                format!("say why as the value: `mtls-lint.dev/ignore-{rule}: REASON`")
            }
            ExceptionKind::Config => "say why in the entry: `reason: REASON`".to_owned(),
        };
        cx.report(problem, message)
            .primary("hides findings, and says not why")
            .help(help);
    }
}
