//! An exception whose time is over.

use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, counted, is_or_are};
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
    /// Repair what was accepted for that long and remove the entry, or set `expires` to a later day. Where no finding needs the
    /// entry any more, the fix removes it; that is safe.
    "expired-suppression" {
        summary: "the time of an exception is over",
        category: Hygiene,
        severity: Warning,
        reads: [],
        fix: Safe,
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
            is_settled,
            removal,
        } = &problem.fault
        else {
            continue;
        };
        let (effect, help) = match findings {
            0 if *is_settled => (String::new(), "remove the entry; no finding needs it"),
            0 => (
                String::new(),
                "remove the entry, or set `expires` to a later day",
            ),
            &count => {
                let (findings, are) = (counted(count, "finding"), is_or_are(count));
                let help = if count == 1 {
                    "repair the finding and remove the entry, or set `expires` to a later day"
                } else {
                    "repair the findings and remove the entry, or set `expires` to a later day"
                };
                (format!("; {findings} {are} reported again"), help)
            }
        };
        let owner = problem.owner_note();
        let mut report = cx.report(
            problem,
            format!("the exception from `{rule}` ended with {date}{effect}{owner}"),
        );
        report.primary("hides nothing any more").help(help);
        if let Some(edit) = removal {
            report.fix(Fix {
                title: format!("remove the exception from `{rule}`"),
                applicability: Applicability::Safe,
                edits: vec![edit.clone()],
            });
        }
    }
}
