//! A rule turns TLS off towards a proxy that wants mutual TLS, or takes it.

use super::findings::{
    Cause, Causes, Words, mode_field, plaintext_headline, plaintext_severity, sets, tell,
};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, Severity};
use crate::mesh::{ClusterTls, ProxyKind};
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
    /// It is an error where the server refuses plaintext, and a warning where it lets plaintext in. Rules for targets without a
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
        if let Some(severity) = plaintext_severity(mesh, decision) {
            causes.add(place(tls), index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
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
        headline: plaintext_headline(mesh, decision, severity, &format!("`{rule}` {}", sets(tls))),
        primary: "this makes clients send plaintext".to_owned(),
        object: rule,
        field: mode_field(block.level),
        labels: Vec::new(),
        policy: Some(match severity {
            Severity::Error => "the server demands mutual TLS and refuses plaintext",
            Severity::Warning | Severity::Note => "the server would take mutual TLS",
        }),
        help: if mesh.has_auto_mtls() {
            format!("remove the `tls` block of {rule}, or set its mode to ISTIO_MUTUAL")
        } else {
            format!("set the tls mode of {rule} to ISTIO_MUTUAL")
        },
        fix: tls.mode_place.map(|mode| Fix {
            title: format!("set the tls mode of {rule} to ISTIO_MUTUAL"),
            applicability: Applicability::Unsafe,
            edits: vec![edit::replace_scalar(cx.sources(), mode, "ISTIO_MUTUAL")],
        }),
    };
    tell(cx, place, cause, words);
}
