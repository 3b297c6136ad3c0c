//! A rule sends TLS of other certificates to a proxy that wants mutual TLS, or takes it.

use super::findings::{
    Cause, Causes, Words, calls, is_taken, mode_field, sets, symptom, tell, unless_latent,
};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, Severity};
use crate::mesh::{Accepts, ClusterTls, Decision, EndpointDecision, Mesh, Sends, Verdict};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::Place;

declare_rule! {
    /// ## What it does
    ///
    /// Finds `tls: {mode: SIMPLE}` and `tls: {mode: MUTUAL}` of DestinationRules that are in force towards a workload with a
    /// sidecar.
    ///
    /// ## Why it matters
    ///
    /// These modes are for servers outside the mesh. A sidecar that demands mutual TLS refuses such a connection, since the
    /// client shows no certificate of the mesh, and on a port declared HTTP every sidecar closes it: callers get
    /// `503 upstream connect error or disconnect/reset before headers`. On other ports a PERMISSIVE sidecar passes the bytes on
    /// to the application, without Istio's identity and only if the application speaks TLS itself.
    ///
    /// It is an error where the connection is refused, and a warning where the application has to take the TLS, or where it
    /// depends on the certificates (`MUTUAL` towards STRICT); a note where it is about a subset to which no VirtualService routes.
    /// Rules for hosts outside the mesh, for workloads without a proxy and
    /// for ports declared `https` or `tls` are right and stay silent.
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
    ///       mode: SIMPLE
    ///       caCertificates: /etc/certs/ca.pem
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
    /// Write `ISTIO_MUTUAL`, or remove the `tls` block where auto mTLS is on. `--unsafe-fixes` writes the mode; it is not safe,
    /// since the application may speak TLS itself.
    "foreign-tls-in-mesh" {
        summary: "a rule sends TLS of other certificates to a workload with a proxy",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, MeshPolicy, PeerAuthentication, Namespace, Service],
        fix: Unsafe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        let is_foreign = matches!(decision.tls, ClusterTls::Simple | ClusterTls::Mutual);
        if !is_foreign || mesh.service_of(decision).mesh_external {
            continue;
        }
        let Some((_, tls)) = mesh.explicit_tls(decision) else {
            continue;
        };
        if let Some(severity) = severity(mesh, decision) {
            causes.add(tls.mode_place.unwrap_or(tls.key), index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// How bad it is; latent where nothing is routed to the subset.
fn severity(mesh: &Mesh, decision: &Decision) -> Option<Severity> {
    let severity = would_be(mesh, decision)?;
    Some(unless_latent(mesh, decision, severity))
}

/// How bad it is for calls that take this way: refused, or nothing that Istio protects.
fn would_be(mesh: &Mesh, decision: &Decision) -> Option<Severity> {
    let carries_tls = mesh.carries_tls(decision);
    let of = |endpoint: &EndpointDecision| match (endpoint.accepts, endpoint.verdict) {
        (Accepts::Strict | Accepts::Permissive | Accepts::Disable, Verdict::Refused) => {
            Some(Severity::Error)
        }
        (Accepts::Strict, Verdict::Unknown) => Some(Severity::Warning),
        // Behind a policy of DISABLE an application speaks TLS on purpose.
        (Accepts::Permissive, Verdict::AppTls) if !carries_tls => Some(Severity::Warning),
        _ => None,
    };
    let endpoints = decision
        .endpoints
        .iter()
        .filter(|endpoint| endpoint.sends == Sends::Tls && !mesh.is_system_endpoint(endpoint));
    endpoints.filter_map(of).max()
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let Some((block, tls)) = mesh.explicit_tls(decision) else {
        return;
    };
    let rule = &mesh.rule(block.rule).meta.id;
    let mut endpoints = decision.endpoints.iter();
    let is_passed_on = endpoints.any(|endpoint| {
        (endpoint.accepts, endpoint.verdict) == (Accepts::Permissive, Verdict::AppTls)
    });
    let (effect, why) = match would_be(mesh, decision) {
        Some(Severity::Error) => {
            let effect = format!("fail with {}", symptom(mesh, decision));
            (effect, " for a workload with a proxy")
        }
        Some(Severity::Warning | Severity::Note) | None if is_passed_on => {
            let effect = "bypass Istio mutual TLS".to_owned();
            (
                effect,
                ", which the server's proxy passes on to the application",
            )
        }
        Some(Severity::Warning | Severity::Note) | None => {
            let may = if is_taken(mesh, decision) {
                "may"
            } else {
                "perhaps"
            };
            let effect = format!("{may} fail");
            (
                effect,
                ", and the server takes only certificates of the mesh",
            )
        }
    };
    let headline = format!(
        "{}: `{rule}` {}{why}",
        calls(mesh, decision, &effect),
        sets(tls)
    );
    let mut help = if mesh.has_auto_mtls() {
        format!("remove the `tls` block of {rule}, or set its mode to ISTIO_MUTUAL")
    } else {
        format!("set the tls mode of {rule} to ISTIO_MUTUAL")
    };
    if is_passed_on {
        help.push_str("; if the application speaks TLS itself, let the name of the port begin with `tls-` or `https-`");
    }
    let is_latent = cause.severity() == Severity::Note;
    let fix = tls.mode_place.filter(|_| !is_latent).map(|place| Fix {
        title: format!("set the tls mode of {rule} to ISTIO_MUTUAL"),
        applicability: Applicability::Unsafe,
        edits: vec![edit::replace_scalar(cx.sources(), place, "ISTIO_MUTUAL")],
    });
    let words = Words {
        headline,
        primary: "this is not Istio mutual TLS".to_owned(),
        object: rule,
        field: mode_field(block.level),
        labels: Vec::new(),
        policy: Some("what the server takes"),
        help,
        fix,
    };
    tell(cx, place, cause, words);
}
