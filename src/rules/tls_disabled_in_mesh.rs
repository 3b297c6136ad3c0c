//! A rule turns TLS off towards a proxy that wants mutual TLS, or takes it.

use super::findings::{
    Cause, Causes, Words, calls, mode_field, plaintext_severity, sets, symptom, tell, unless_latent,
};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, Severity};
use crate::mesh::{ClusterTls, Decision, Mesh, ProxyKind};
use crate::resource::{TlsMode, TlsSettings};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::Place;

declare_rule! {
    /// ## What it does
    ///
    /// Finds `tls: {mode: DISABLE}`, and `tls` blocks without a mode, which mean the same, of DestinationRules that are in force
    /// towards a workload with a sidecar.
    ///
    /// ## Why it matters
    ///
    /// Clients send plaintext. A server that demands mutual TLS refuses it with
    /// `503 upstream connect error or disconnect/reset before headers`; a PERMISSIVE server takes it, unencrypted.
    ///
    /// It is an error where the server refuses plaintext, a warning where it lets plaintext in, and a note where it is about a
    /// subset to which no VirtualService routes. Rules for targets without a
    /// proxy, and for servers whose policy is DISABLE, are right and stay silent.
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
    ///   namespace: istio-system
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
    ///       mode: DISABLE
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
    ///   namespace: istio-system
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
    /// Write `ISTIO_MUTUAL`, or remove the `tls` block where auto mTLS is on. `--unsafe-fixes` writes the mode; it is not
    /// safe, since somebody wanted plaintext.
    "tls-disabled-in-mesh" {
        summary: "a rule turns TLS off towards a workload with a proxy",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, MeshPolicy, PeerAuthentication, Policy, Namespace, Deployment, Service],
        fix: Unsafe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        let has_envoy = matches!(decision.proxy, ProxyKind::Sidecar | ProxyKind::Gateway);
        if !has_envoy || decision.tls != ClusterTls::None {
            continue;
        }
        let Some(tls) = mesh.in_force(decision).and_then(|in_force| in_force.tls()) else {
            continue; // `override-drops-mtls` looks at rules without tls
        };
        if tls.mode != TlsMode::Disable {
            continue;
        }
        if let Some(severity) = severity(mesh, decision) {
            causes.add(place(tls), index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// How bad it is; latent where nothing is routed to the subset.
fn severity(mesh: &Mesh, decision: &Decision) -> Option<Severity> {
    let severity = plaintext_severity(mesh, decision)?;
    Some(unless_latent(mesh, decision, severity))
}

/// What calls do, or would do.
fn effect(mesh: &Mesh, decision: &Decision) -> String {
    let effect = match plaintext_severity(mesh, decision) {
        Some(Severity::Error) => format!("fail with {}", symptom(mesh, decision)),
        Some(Severity::Warning | Severity::Note) | None => "go in plaintext".to_owned(),
    };
    calls(mesh, decision, &effect)
}

/// The mode as written, else the block that lacks one.
fn place(tls: &TlsSettings) -> Place {
    tls.mode_place.unwrap_or(tls.key)
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let Some(in_force) = mesh.in_force(decision) else {
        return;
    };
    let Some((block, tls)) = in_force.block.and_then(|block| Some((block, block.tls?))) else {
        return;
    };
    let rule = &mesh.rule(block.rule).meta.id;
    let severity = cause.severity();
    let words = Words {
        headline: format!("{}: `{rule}` {}", effect(mesh, decision), sets(tls)),
        primary: "this makes clients send plaintext".to_owned(),
        object: rule,
        field: mode_field(block.level),
        labels: Vec::new(),
        policy: Some(match severity {
            Severity::Error => "the server demands mutual TLS and refuses plaintext",
            Severity::Warning => "the server would take mutual TLS",
            Severity::Note => "what the server accepts",
        }),
        help: if mesh.has_auto_mtls() {
            format!("remove the `tls` block of {rule}, or set its mode to ISTIO_MUTUAL")
        } else {
            format!("set the tls mode of {rule} to ISTIO_MUTUAL")
        },
        fix: tls
            .mode_place
            .filter(|_| severity > Severity::Note)
            .map(|mode| Fix {
                title: format!("set the tls mode of {rule} to ISTIO_MUTUAL"),
                applicability: Applicability::Unsafe,
                edits: vec![edit::replace_scalar(cx.sources(), mode, "ISTIO_MUTUAL")],
            }),
    };
    tell(cx, place, cause, words);
}
