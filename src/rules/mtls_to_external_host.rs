//! A rule sends mutual TLS to a host outside the mesh.

use super::findings::{Cause, Causes, Words, mode_field, symptom, target, tell};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, Severity};
use crate::mesh::{Accepts, ClusterTls, Decision, Verdict};
use crate::resource::{DestinationRule, is_wildcard};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::{Place, Sources};

declare_rule! {
    /// ## What it does
    ///
    /// Finds `tls: {mode: ISTIO_MUTUAL}` of DestinationRules that are in force for a host outside the mesh (a ServiceEntry with
    /// `MESH_EXTERNAL`, which is what `location` means where it is left out).
    ///
    /// ## Why it matters
    ///
    /// A server outside the mesh knows neither Istio's certificates nor its protocol names. The handshake fails and callers get
    /// 503 with the reset reason `remote connection failure`. Often a wildcard catches the host by accident.
    ///
    /// It is a warning where the addresses behind the host are not known.
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
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: web
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: web
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: example.com/web:1.0
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: ServiceEntry
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    /// spec:
    ///   hosts:
    ///     - payments.example.com
    ///   location: MESH_EXTERNAL
    ///   resolution: DNS
    ///   ports:
    ///     - name: http
    ///       number: 80
    ///       protocol: HTTP
    ///       targetPort: 443
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    /// spec:
    ///   host: payments.example.com
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
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
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: web
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: web
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: web
    ///     spec:
    ///       containers:
    ///         - name: web
    ///           image: example.com/web:1.0
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: ServiceEntry
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    /// spec:
    ///   hosts:
    ///     - payments.example.com
    ///   location: MESH_EXTERNAL
    ///   resolution: DNS
    ///   ports:
    ///     - name: http
    ///       number: 80
    ///       protocol: HTTP
    ///       targetPort: 443
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: payments
    ///   namespace: shop
    /// spec:
    ///   host: payments.example.com
    ///   trafficPolicy:
    ///     tls:
    ///       mode: SIMPLE
    ///       caCertificates: /etc/certs/ca.pem
    /// ```
    ///
    /// ## Fix
    ///
    /// Write `SIMPLE` where the proxy should speak TLS to the host, `DISABLE` where the application does. `--unsafe-fixes` writes
    /// one of them by the protocol of the port, for rules that are about this host only.
    "mtls-to-external-host" {
        summary: "a rule sends mutual TLS to a host outside the mesh",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, ServiceEntry, Namespace],
        fix: Unsafe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        let is_external = mesh.service_of(decision).mesh_external;
        if decision.tls != ClusterTls::IstioMutual || !is_external {
            continue;
        }
        let Some((_, tls)) = mesh.explicit_tls(decision) else {
            continue;
        };
        if let Some(severity) = severity(decision) {
            let place = tls.mode_place.unwrap_or(tls.key);
            causes.add(place, index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// How bad it is: refused by addresses without a proxy, or by whatever the host leads to.
fn severity(decision: &Decision) -> Option<Severity> {
    let mut endpoints = decision.endpoints.iter();
    let is_refused = endpoints.any(|endpoint| {
        endpoint.accepts == Accepts::NoProxy && endpoint.verdict == Verdict::Refused
    });
    if is_refused {
        return Some(Severity::Error);
    }
    // Nothing is known about the addresses, only that they are not of the mesh.
    decision.endpoints.is_empty().then_some(Severity::Warning)
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
    let id = &rule.meta.id;
    let service = mesh.service_of(decision);
    let target = target(decision);
    let scope = if is_wildcard(&rule.host.value) {
        format!(
            "`{}`, which catches this host outside the mesh",
            rule.host.value
        )
    } else {
        "a host outside the mesh".to_owned()
    };
    let effect = match cause.severity() {
        Severity::Error => format!("calls to `{target}` fail with {}", symptom(mesh, decision)),
        Severity::Warning | Severity::Note => {
            format!("calls to `{target}` carry certificates of the mesh to whatever is there")
        }
    };
    let carries_tls = mesh.carries_tls(decision);
    let words = Words {
        headline: format!("{effect}: `{id}` sets `tls: {{mode: ISTIO_MUTUAL}}` for {scope}"),
        primary: "this is for workloads of the mesh".to_owned(),
        object: id,
        field: mode_field(block.level),
        labels: vec![(
            service.place,
            &service.object,
            format!("`{}` is outside the mesh (MESH_EXTERNAL)", service.host),
        )],
        policy: None,
        help: help(rule, decision, carries_tls),
        fix: fix(cx.sources(), rule, place, carries_tls),
    };
    tell(cx, place, cause, words);
}

fn help(rule: &DestinationRule, decision: &Decision, carries_tls: bool) -> String {
    let mode = mode(carries_tls);
    if is_wildcard(&rule.host.value) {
        let host = &decision.destination.host;
        format!(
            "narrow the host of {}, or add a DestinationRule for host `{host}` with `trafficPolicy: {{tls: {{mode: {mode}}}}}` to namespace `{}`",
            rule.meta.id, rule.meta.namespace
        )
    } else {
        format!(
            "set the tls mode of {} to SIMPLE if the proxy is to speak TLS to the host, to DISABLE if the application does",
            rule.meta.id
        )
    }
}

/// The mode that the port asks for: the application speaks TLS already, or the proxy is to.
fn mode(carries_tls: bool) -> &'static str {
    if carries_tls { "DISABLE" } else { "SIMPLE" }
}

/// Another mode, for a rule that is about this host only.
fn fix(sources: &Sources, rule: &DestinationRule, place: Place, carries_tls: bool) -> Option<Fix> {
    let mode = mode(carries_tls);
    (!is_wildcard(&rule.host.value)).then(|| Fix {
        title: format!("set the tls mode of {} to {mode}", rule.meta.id),
        applicability: Applicability::Unsafe,
        edits: vec![edit::replace_scalar(sources, place, mode)],
    })
}
