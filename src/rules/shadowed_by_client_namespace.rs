//! A rule of the client's namespace that comes before the one of the service's owner.

use super::findings::{Cause, Causes, Words, symptom, target, tell};
use crate::declare_rule;
use crate::diagnostic::Severity;
use crate::mesh::{Decision, Mesh, ProxyKind, Unused, Verdict};
use crate::rule::{NoOptions, RuleContext};

declare_rule! {
    /// ## What it does
    ///
    /// Finds DestinationRules of a client's namespace, often with a wildcard host, that keep a rule of the service's own
    /// namespace from counting, where that makes the TLS of the traffic weaker.
    ///
    /// ## Why it matters
    ///
    /// Istio looks for a rule in the client's namespace first. Any match there ends the search, even `*` against an exact
    /// host: what the owner of the service wrote about TLS does not count for these clients, who may not know of it.
    ///
    /// ## Examples
    ///
    /// `partners` says that calls to the payment provider leave with TLS. The rule `limits` is for everything that `shop`
    /// calls, and has no `tls`, so that calls from `shop` leave in plaintext:
    ///
    /// ```yaml bad
    /// apiVersion: networking.istio.io/v1
    /// kind: ServiceEntry
    /// metadata:
    ///   name: payments
    ///   namespace: partners
    /// spec:
    ///   hosts:
    ///     - payments.example.com
    ///   location: MESH_EXTERNAL
    ///   resolution: DNS
    ///   ports:
    ///     - number: 80
    ///       name: http
    ///       protocol: HTTP
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: payments
    ///   namespace: partners
    /// spec:
    ///   host: payments.example.com
    ///   trafficPolicy:
    ///     tls:
    ///       mode: SIMPLE
    ///       caCertificates: /etc/ssl/certs/partners.pem
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: limits
    ///   namespace: shop
    /// spec:
    ///   host: "*"
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 100
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
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
    /// A host that covers only what is meant leaves the other rule alone:
    ///
    /// ```yaml good
    /// apiVersion: networking.istio.io/v1
    /// kind: ServiceEntry
    /// metadata:
    ///   name: payments
    ///   namespace: partners
    /// spec:
    ///   hosts:
    ///     - payments.example.com
    ///   location: MESH_EXTERNAL
    ///   resolution: DNS
    ///   ports:
    ///     - number: 80
    ///       name: http
    ///       protocol: HTTP
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: payments
    ///   namespace: partners
    /// spec:
    ///   host: payments.example.com
    ///   trafficPolicy:
    ///     tls:
    ///       mode: SIMPLE
    ///       caCertificates: /etc/ssl/certs/partners.pem
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: limits
    ///   namespace: shop
    /// spec:
    ///   host: "*.shop.svc.cluster.local"
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 100
    /// ---
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: shop
    ///   labels:
    ///     istio-injection: enabled
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
    /// Narrow the host of the client's rule, or repeat the owner's `tls` in a rule for the exact host. There is no
    /// automatic fix: both rules may be meant.
    "shadowed-by-client-namespace" {
        summary: "a rule of the client's namespace keeps the owner's TLS from counting",
        category: Suspicious,
        severity: Warning,
        reads: [DestinationRule, ServiceEntry, PeerAuthentication, Namespace, Deployment, Service, ConfigMap],
        fix: None,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        if !matches!(decision.proxy, ProxyKind::Sidecar | ProxyKind::Gateway) {
            continue;
        }
        let (Some(in_force), Some(owner)) = (mesh.in_force(decision), mesh.shadowed(decision))
        else {
            continue;
        };
        if is_weaker(mesh, decision, &owner) {
            let place = in_force.rule.host.place;
            causes.add(place, index, decision, Severity::Warning);
        }
    }
    for (place, cause) in causes.into_iter() {
        let Some(decision) = cause.sample() else {
            continue;
        };
        report(cx, place, &cause, decision);
    }
}

/// Whether an endpoint fares worse than with the owner's rule.
fn is_weaker(mesh: &Mesh, decision: &Decision, owner: &Unused<'_>) -> bool {
    let mut endpoints = decision.endpoints.iter();
    endpoints.any(|endpoint| {
        let same = owner
            .instead
            .endpoints
            .iter()
            .find(|other| other.label == endpoint.label && other.port == endpoint.port);
        same.is_some_and(|other| {
            !mesh.is_system_endpoint(endpoint)
                && other.verdict != Verdict::Unknown
                && endpoint.verdict.rank() < other.verdict.rank()
        })
    })
}

/// Words one finding.
fn report(
    cx: &mut RuleContext<'_>,
    place: crate::source::Place,
    cause: &Cause<'_>,
    decision: &Decision,
) {
    let mesh = cx.mesh();
    let (Some(in_force), Some(owner)) = (mesh.in_force(decision), mesh.shadowed(decision)) else {
        return;
    };
    let (rule, shadowed) = (&in_force.rule.meta.id, &owner.rule.meta.id);
    let label = match owner.tls {
        Some(tls) => (
            tls.mode_place.unwrap_or(tls.place),
            shadowed,
            "what the owner of the service says does not count for these clients".to_owned(),
        ),
        None => (
            owner.rule.host.place,
            shadowed,
            "the rule of the service's owner does not count for these clients".to_owned(),
        ),
    };
    let words = Words {
        headline: format!(
            "{}: `{rule}` for `{}` comes before `{shadowed}`",
            effect(mesh, decision, &owner),
            in_force.rule.host.value
        ),
        primary: "the client's namespace is looked at first, and this host matches".to_owned(),
        object: rule,
        field: "spec.host",
        labels: vec![label],
        policy: None,
        help: format!(
            "narrow the host of {rule}, or repeat the `tls` of {shadowed} in a rule for `{}`",
            decision.destination.host
        ),
        fix: None,
    };
    tell(cx, place, cause, words);
}

/// What the traffic does, and what it would do.
fn effect(mesh: &Mesh, decision: &Decision, owner: &Unused<'_>) -> String {
    let target = target(decision);
    match (decision.verdict, owner.instead.verdict) {
        (Verdict::Refused | Verdict::Blocked, _) => {
            format!("calls to `{target}` fail with {}", symptom(mesh, decision))
        }
        (Verdict::Plaintext, Verdict::AppTls) => {
            format!("calls to `{target}` go without the TLS of its owner's rule")
        }
        (Verdict::Plaintext, _) => format!("calls to `{target}` go in plaintext"),
        (Verdict::AppTls | Verdict::Unknown | Verdict::Encrypted, _) => {
            format!("calls to `{target}` go without the mutual TLS of its owner's rule")
        }
    }
}
