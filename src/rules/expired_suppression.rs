//! An exception whose time is over.

use crate::declare_rule;
use crate::diagnostic::counted;
use crate::rule::{ExceptionFault, NoOptions, TriageContext};

declare_rule! {
    /// ## What it does
    ///
    /// Finds entries of `ignore` in the config file whose `expires` is over. That day is the last on which they count, in
    /// UTC.
    ///
    /// ## Why it matters
    ///
    /// The findings that the entry hid are reported again.
    ///
    /// ## Examples
    ///
    /// On the first day of 2026:
    ///
    /// ```yaml bad
    /// # file: mtls-lint.yaml
    /// ignore:
    ///   - rule: tls-disabled-in-mesh
    ///     namespace: shop
    ///     name: cart
    ///     reason: the cart has no sidecar yet
    ///     expires: 2025-12-31
    /// # file: rule.yaml
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
    ///     spec:
    ///       containers:
    ///         - name: cart
    ///           image: example.com/cart:1.0
    /// ```
    ///
    /// ```yaml good
    /// # file: mtls-lint.yaml
    /// ignore:
    ///   - rule: tls-disabled-in-mesh
    ///     namespace: shop
    ///     name: cart
    ///     reason: the cart has no sidecar yet
    ///     expires: 2026-12-31
    /// # file: rule.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
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
    /// Repair what was accepted for that long and remove the entry, or give it a later day.
    "expired-suppression" {
        summary: "the time of an exception is over",
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
        let ExceptionFault::Expired {
            rule,
            date,
            findings,
        } = &problem.fault
        else {
            continue;
        };
        let (effect, help) = match findings {
            0 => (String::new(), "remove the entry; no finding needs it"),
            1 => (
                format!("; {} is reported again", counted(1, "finding")),
                "repair the finding and remove the entry, or give it a later day",
            ),
            count => (
                format!("; {} are reported again", counted(*count, "finding")),
                "repair the findings and remove the entry, or give it a later day",
            ),
        };
        cx.report(
            problem,
            format!("the exception from `{rule}` ended with {date}{effect}"),
        )
        .primary("hides nothing any more")
        .help(help);
    }
}
