//! A rule sends mutual TLS to a workload without a proxy.

use std::collections::BTreeSet;

use super::findings::{Cause, Causes, Words, exemption, mode_field, symptom, target, tell};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, Severity, counted};
use crate::mesh::{ClusterTls, Decision, EndpointDecision, Mesh, Sends, Unproxied};
use crate::object::ObjectId;
use crate::resource::{DestinationRule, Fqdn, is_wildcard};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::{Place, Sources};

declare_rule! {
    /// ## What it does
    ///
    /// Finds `tls: {mode: ISTIO_MUTUAL}` of DestinationRules that are in force towards a workload without a proxy, or towards
    /// addresses that an Endpoints object lists.
    ///
    /// ## Why it matters
    ///
    /// Nothing there can take Istio's mutual TLS, so every call fails: 503 with the reset reason `remote connection failure`. The
    /// usual cause is a rule for `*.local`, which also catches namespaces without injection and, where it is in the repository,
    /// `kubernetes.default`. Auto mTLS leaves such workloads alone; an explicit mode does not.
    ///
    /// It is a warning where it is only assumed that nothing is injected. Ambient workloads and the namespaces of the cluster and
    /// of the control plane are left out.
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
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: legacy
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: ledger
    ///   namespace: legacy
    /// spec:
    ///   host: ledger
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: ledger
    ///   namespace: legacy
    /// spec:
    ///   selector:
    ///     app: ledger
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: ledger
    ///   namespace: legacy
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: ledger
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: ledger
    ///     spec:
    ///       containers:
    ///         - name: ledger
    ///           image: example.com/ledger:1.0
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
    /// apiVersion: v1
    /// kind: Namespace
    /// metadata:
    ///   name: legacy
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: ledger
    ///   namespace: legacy
    /// spec:
    ///   host: ledger
    ///   trafficPolicy:
    ///     tls:
    ///       mode: DISABLE
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: ledger
    ///   namespace: legacy
    /// spec:
    ///   selector:
    ///     app: ledger
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: ledger
    ///   namespace: legacy
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: ledger
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: ledger
    ///     spec:
    ///       containers:
    ///         - name: ledger
    ///           image: example.com/ledger:1.0
    /// ```
    ///
    /// ## Fix
    ///
    /// Give the host a rule whose mode is `DISABLE`, make the host of the wide rule narrower, or inject the workload.
    /// `--unsafe-fixes` appends such rules to the file of a wide rule, and sets the mode of a rule for the host itself; it is not
    /// safe, since the workload may only wait for its proxy, and a rule of its own takes all settings of the wide one away.
    "mtls-to-unproxied-workload" {
        summary: "a rule sends mutual TLS to a workload without a proxy",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, Namespace, Deployment, Service, Endpoints, EndpointSlice],
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
        if decision.tls != ClusterTls::IstioMutual || is_external {
            continue;
        }
        let Some((severity, _, _)) = worst(mesh, decision) else {
            continue;
        };
        if let Some((_, tls)) = mesh.explicit_tls(decision) {
            let place = tls.mode_place.unwrap_or(tls.key);
            causes.add(place, index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// The endpoint to tell about: one that is known to have no proxy, else one of which it is assumed.
fn worst<'a>(
    mesh: &'a Mesh,
    decision: &'a Decision,
) -> Option<(Severity, &'a EndpointDecision, Unproxied<'a>)> {
    let endpoints = decision.endpoints.iter();
    let sent = endpoints.filter(|endpoint| endpoint.sends == Sends::Mtls);
    let unproxied = sent.filter_map(|endpoint| {
        let what = mesh.unproxied(decision, endpoint)?;
        let is_assumed = matches!(what, Unproxied::Workload(fact) if fact.assumed);
        let severity = if is_assumed {
            Severity::Warning
        } else {
            Severity::Error
        };
        Some((severity, endpoint, what))
    });
    unproxied.max_by_key(|(severity, _, _)| *severity)
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
    let Some((severity, endpoint, what)) = worst(mesh, decision) else {
        return;
    };
    let rule = mesh.rule(block.rule);
    let (target, symptom) = (target(decision), symptom(mesh, decision));
    let sets = format!("`{}` sets `tls: {{mode: ISTIO_MUTUAL}}`", rule.meta.id);
    let label = &endpoint.label;
    let headline = match (severity, what) {
        (Severity::Error, Unproxied::Workload(_)) => {
            format!("calls to `{target}` fail with {symptom}: {sets}, and `{label}` has no proxy")
        }
        (Severity::Error, Unproxied::Listed) => {
            format!("calls to `{target}` fail with {symptom}: {sets} for addresses without a proxy")
        }
        (Severity::Warning | Severity::Note, _) => {
            format!(
                "calls to `{target}` fail with {symptom} if `{label}` has no proxy, which is assumed: {sets}"
            )
        }
    };
    let exempt = exemption(rule, block.level, decision);
    let help = match what {
        // Others behind the service have a proxy, and may demand mutual TLS.
        Unproxied::Workload(_) if decision.partial => format!("inject a proxy into `{label}`"),
        Unproxied::Workload(_) => format!("inject a proxy into `{label}`, or {exempt}"),
        Unproxied::Listed => exempt,
    };
    let words = Words {
        headline,
        primary: "this sends mutual TLS".to_owned(),
        object: &rule.meta.id,
        field: mode_field(block.level),
        labels: reason(what).into_iter().collect(),
        policy: None,
        help,
        fix: fix(cx.sources(), mesh, rule, place, cause),
    };
    tell(cx, place, cause, words);
}

/// Plaintext for the hosts without a proxy: by rules of their own, or by the mode of a rule that is for one host. None where
/// others behind a host have a proxy.
fn fix(
    sources: &Sources,
    mesh: &Mesh,
    rule: &DestinationRule,
    place: Place,
    cause: &Cause<'_>,
) -> Option<Fix> {
    if cause.decisions().any(|decision| decision.partial) {
        return None;
    }
    let id = &rule.meta.id;
    if !is_wildcard(&rule.host.value) {
        return Some(Fix {
            title: format!("set the tls mode of {id} to DISABLE"),
            applicability: Applicability::Unsafe,
            edits: vec![edit::replace_scalar(sources, place, "DISABLE")],
        });
    }
    // A rule that only some clients see would need others that the same clients see.
    if rule.export_to.is_some() || rule.workload_selector.is_some() {
        return None;
    }
    let hosts: BTreeSet<&Fqdn> = cause
        .decisions()
        .map(|decision| &decision.destination.host)
        .collect();
    let namespace = &rule.meta.namespace;
    let mut lines = Vec::new();
    for &host in &hosts {
        if !lines.is_empty() {
            lines.push("---".to_owned());
        }
        lines.extend(mesh.exempting_rule(host, namespace)?);
    }
    let edit = edit::append_document(sources, place.span, &lines)?;
    Some(Fix {
        title: format!(
            "exempt {} from {id} with DISABLE",
            counted(hosts.len(), "host")
        ),
        applicability: Applicability::Unsafe,
        edits: vec![edit],
    })
}

/// Where it is written that there is no proxy.
fn reason(what: Unproxied<'_>) -> Option<(Place, &ObjectId, String)> {
    let Unproxied::Workload(fact) = what else {
        return None;
    };
    let text = "because of this the workload has no proxy".to_owned();
    Some((fact.place?, fact.object.as_ref()?, text))
}
