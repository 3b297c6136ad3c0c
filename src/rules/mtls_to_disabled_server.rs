//! A rule sends mutual TLS to a proxy whose policy turns it off.

use super::findings::{
    Cause, Causes, Words, exemption, mode_field, policy_fact, symptom, target, tell,
};
use crate::declare_rule;
use crate::diagnostic::Severity;
use crate::mesh::{Accepts, ClusterTls, Decision, Mesh, Sends};
use crate::rule::{NoOptions, RuleContext};
use crate::source::Place;

declare_rule! {
    /// ## What it does
    ///
    /// Finds `tls: {mode: ISTIO_MUTUAL}` of DestinationRules that are in force towards a sidecar whose policy turns mutual TLS
    /// off.
    ///
    /// ## Why it matters
    ///
    /// The client's proxy encrypts, the server's does not decrypt: callers get 503 with the reset reason
    /// `remote connection failure`. Auto mTLS would not have sent mutual TLS here; an explicit mode always does.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
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
    ///   namespace: shop
    /// spec:
    ///   mtls:
    ///     mode: DISABLE
    /// ---
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
    ///   namespace: shop
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// ---
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
    /// Let the policy take mutual TLS, or exempt the host with a rule whose mode is `DISABLE`.
    "mtls-to-disabled-server" {
        summary: "a rule sends mutual TLS to a server whose policy turns it off",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, MeshPolicy, PeerAuthentication, Policy, Namespace, Service],
        fix: None,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        if decision.tls != ClusterTls::IstioMutual || !is_turned_off(mesh, decision) {
            continue;
        }
        if let Some((_, tls)) = mesh.explicit_tls(decision) {
            let place = tls.mode_place.unwrap_or(tls.key);
            causes.add(place, index, decision, Severity::Error);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// Whether a policy makes a server take plaintext only. Before Istio 1.5 so does the absence of all policies, but then
/// they are most likely somewhere else.
fn is_turned_off(mesh: &Mesh, decision: &Decision) -> bool {
    let mut endpoints = decision.endpoints.iter();
    let refuses = endpoints.any(|endpoint| {
        endpoint.sends == Sends::Mtls
            && endpoint.accepts == Accepts::Disable
            && !mesh.is_system_endpoint(endpoint)
    });
    refuses && policy_fact(&mesh.evidence(decision)).is_some()
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let Some((block, _)) = mesh.explicit_tls(decision) else {
        return;
    };
    let rule = mesh.rule(block.rule);
    let words = Words {
        headline: format!(
            "calls to `{}` fail with {}: `{}` sets `tls: {{mode: ISTIO_MUTUAL}}`, and the server's policy turns mutual TLS off",
            target(decision),
            symptom(mesh, decision),
            rule.meta.id
        ),
        primary: "this sends mutual TLS".to_owned(),
        object: &rule.meta.id,
        field: mode_field(block.level),
        labels: Vec::new(),
        policy: Some("this makes the server take plaintext only"),
        help: format!(
            "let the policy take mutual TLS, or {}",
            exemption(rule, block.level, decision)
        ),
        fix: None,
    };
    tell(cx, place, cause, words);
}
