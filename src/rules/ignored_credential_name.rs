//! Sidecars drop a tls because of its `credentialName`.

use super::findings::{Cause, Causes, Words, plaintext_severity, symptom, target, tell};
use crate::declare_rule;
use crate::diagnostic::Severity;
use crate::mesh::{ClusterTls, Decision, Level, Mesh, ProxyKind, Verdict};
use crate::object::ObjectId;
use crate::resource::{TlsMode, TlsSettings};
use crate::rule::{NoOptions, RuleContext};
use crate::source::Place;

declare_rule! {
    /// ## What it does
    ///
    /// Finds `credentialName` in a `tls` of mode `SIMPLE` or `MUTUAL`, in DestinationRules that are in force for sidecars and
    /// have no `workloadSelector`.
    ///
    /// ## Why it matters
    ///
    /// Only gateways, and sidecars that a `workloadSelector` names, may read the secret. For all other sidecars Istio drops the
    /// whole `tls`, without a word: they send plaintext to a host that the rule means to be reached by TLS.
    ///
    /// It is an error where calls are refused or go in plaintext, and a warning where the port carries TLS of the application
    /// anyway, or where nothing is known about the server.
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
    ///       mode: SIMPLE
    ///       credentialName: payments-ca
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
    ///   workloadSelector:
    ///     matchLabels:
    ///       app: web
    ///   trafficPolicy:
    ///     tls:
    ///       mode: SIMPLE
    ///       credentialName: payments-ca
    /// ```
    ///
    /// ## Fix
    ///
    /// Add a `workloadSelector` for the clients, name files by `caCertificates` and the like, or originate TLS at an egress
    /// gateway.
    "ignored-credential-name" {
        summary: "sidecars drop a tls because of its `credentialName`",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, PeerAuthentication, ServiceEntry, Namespace, Service],
        fix: None,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        let is_dropped = decision.proxy == ProxyKind::Sidecar && decision.tls == ClusterTls::None;
        if !is_dropped {
            continue;
        }
        let Some(tls) = mesh.in_force(decision).and_then(|in_force| in_force.tls()) else {
            continue;
        };
        let Some(place) = credential(tls) else {
            continue;
        };
        if let Some(severity) = severity(mesh, decision) {
            causes.add(place, index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// The name of the secret, if the mode needs it; a cluster without TLS is then one that dropped it.
fn credential(tls: &TlsSettings) -> Option<Place> {
    let name = tls.credential_name.as_ref()?;
    matches!(tls.mode, TlsMode::Simple | TlsMode::Mutual).then_some(name.place)
}

/// How bad it is that the tls is gone.
fn severity(mesh: &Mesh, decision: &Decision) -> Option<Severity> {
    let mut endpoints = decision.endpoints.iter();
    let is_system = endpoints.any(|endpoint| mesh.is_system_endpoint(endpoint));
    if is_system {
        return None;
    }
    match decision.verdict {
        Verdict::Refused => Some(Severity::Error),
        Verdict::Plaintext if !mesh.carries_tls(decision) => Some(Severity::Error),
        Verdict::Plaintext | Verdict::Unknown => Some(Severity::Warning),
        Verdict::Blocked | Verdict::AppTls | Verdict::Encrypted => None,
    }
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let Some(block) = mesh.in_force(decision).and_then(|in_force| in_force.block) else {
        return;
    };
    let Some(tls) = block.tls else {
        return;
    };
    let rule = &mesh.rule(block.rule).meta.id;
    let target = target(decision);
    let effect = match decision.verdict {
        Verdict::Refused => format!("calls to `{target}` fail with {}", symptom(mesh, decision)),
        _ if mesh.carries_tls(decision) => {
            format!("calls to `{target}` get no TLS from the proxy")
        }
        _ => format!("calls to `{target}` go in plaintext"),
    };
    let words = Words {
        headline: format!(
            "{effect}: sidecars drop the tls of `{rule}` because of its `credentialName`"
        ),
        primary: format!("sidecars drop the whole {} for this", tls.mode.as_str()),
        object: rule,
        field: field(block.level),
        labels: Vec::new(),
        policy: (decision.verdict == Verdict::Refused).then_some("what the server accepts"),
        help: help(mesh, decision, rule),
        fix: None,
    };
    tell(cx, place, cause, words);
}

/// What to do: inside the mesh there is no need for secrets.
fn help(mesh: &Mesh, decision: &Decision, rule: &ObjectId) -> String {
    if plaintext_severity(mesh, decision).is_some() {
        return format!(
            "set the tls mode of {rule} to ISTIO_MUTUAL and remove its `credentialName`"
        );
    }
    format!(
        "add a `workloadSelector` for the clients to {rule}, name mounted files by `caCertificates` and the like instead, or originate TLS at an egress gateway"
    )
}

fn field(level: Level) -> &'static str {
    match level {
        Level::Rule => "spec.trafficPolicy.tls.credentialName",
        Level::RulePort => "spec.trafficPolicy.portLevelSettings.tls.credentialName",
        Level::Subset => "spec.subsets.trafficPolicy.tls.credentialName",
        Level::SubsetPort => "spec.subsets.trafficPolicy.portLevelSettings.tls.credentialName",
    }
}
