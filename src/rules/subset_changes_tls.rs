//! A subset is protected less than the host it is of.

use super::findings::{Cause, Causes, Words, calls, is_taken, mode_field, sets, symptom, tell};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, Severity};
use crate::mesh::{Decision, EndpointDecision, Mesh, SubsetChange, Verdict, is_istio_mutual};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::{Place, Sources};

declare_rule! {
    /// ## What it does
    ///
    /// Finds subsets whose `tls` for a port is weaker than what their DestinationRule gives the host as a whole: a mode of their
    /// own, or settings for the port that leave `tls` out.
    ///
    /// ## Why it matters
    ///
    /// What protects the host is not what protects the traffic that a VirtualService sends to the subset. A server that demands
    /// mutual TLS refuses it with `503 upstream connect error or disconnect/reset before headers`; others take plaintext.
    ///
    /// It is an error where the server refuses the traffic, a warning where it is only protected less, and a note where no
    /// VirtualService routes to the subset.
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
    ///       mode: ISTIO_MUTUAL
    ///   subsets:
    ///     - name: v1
    ///       labels:
    ///         version: v1
    ///       trafficPolicy:
    ///         tls:
    ///           mode: DISABLE
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   hosts:
    ///     - cart
    ///   http:
    ///     - route:
    ///         - destination:
    ///             host: cart
    ///             subset: v1
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
    ///         version: v1
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
    ///   subsets:
    ///     - name: v1
    ///       labels:
    ///         version: v1
    ///       trafficPolicy:
    ///         tls:
    ///           mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: VirtualService
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   hosts:
    ///     - cart
    ///   http:
    ///     - route:
    ///         - destination:
    ///             host: cart
    ///             subset: v1
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
    ///         version: v1
    ///     spec:
    ///       containers:
    ///         - name: cart
    ///           image: example.com/cart:1.0
    /// ```
    ///
    /// ## Fix
    ///
    /// Give the subset the mode of its rule, or leave its `tls` out. `--fix` copies the `tls` into settings of a port that miss
    /// it; `--unsafe-fixes` also replaces a mode, which somebody chose.
    "subset-changes-tls" {
        summary: "a subset is protected less than the host it is of",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, MeshPolicy, PeerAuthentication, Namespace, Service, ConfigMap],
        fix: Safe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        if !decision.has_envoy() || mesh.service_of(decision).mesh_external {
            continue;
        }
        let Some(change) = mesh.subset_change(index, decision) else {
            continue;
        };
        if let Some(severity) = severity(mesh, decision, change.whole) {
            causes.add(place(&change), index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// How much worse the traffic of the subset is than that of the host as a whole, at its worst endpoint.
fn severity(mesh: &Mesh, decision: &Decision, whole: &Decision) -> Option<Severity> {
    let is_weaker = |endpoint: &&EndpointDecision| {
        let mut others = whole.endpoints.iter();
        let same =
            others.find(|other| other.label == endpoint.label && other.port == endpoint.port);
        same.is_some_and(|same| {
            endpoint.sends.strength() < same.sends.strength()
                && endpoint.verdict.rank() < same.verdict.rank()
        })
    };
    let endpoints = decision
        .endpoints
        .iter()
        .filter(|endpoint| !mesh.is_system_endpoint(endpoint));
    let worst = endpoints
        .filter(is_weaker)
        .min_by_key(|e| e.verdict.rank())?;
    if !is_taken(mesh, decision) {
        return Some(Severity::Note);
    }
    Some(match worst.verdict {
        Verdict::Refused => Severity::Error,
        Verdict::Blocked
        | Verdict::Plaintext
        | Verdict::Unknown
        | Verdict::AppTls
        | Verdict::Encrypted => Severity::Warning,
    })
}

/// The mode of the subset, or the settings of the port that leave it out.
fn place(change: &SubsetChange<'_>) -> Place {
    match change.block.tls {
        Some(tls) => tls.mode_place.unwrap_or(tls.key),
        None => change.block.place,
    }
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some((index, decision)) = cause.indexed_sample() else {
        return;
    };
    let Some(change) = mesh.subset_change(index, decision) else {
        return;
    };
    let rule = &mesh.rule(change.block.rule).meta.id;
    let owner = &mesh.rule(change.wider_block.rule).meta.id;
    let mode = change.wider.mode.as_str();
    let (field, help) = match change.block.tls {
        Some(_) => (
            mode_field(change.block.level),
            format!("set the tls mode of the subset to {mode}, or leave its `tls` out"),
        ),
        None => (
            "spec.subsets.trafficPolicy.portLevelSettings",
            format!("repeat the `tls` of {mode} in the settings of the port"),
        ),
    };
    let words = Words {
        headline: headline(mesh, decision, &change),
        primary: format!("weaker than the {mode} of the host as a whole"),
        object: rule,
        field,
        labels: vec![(
            change.wider.mode_place.unwrap_or(change.wider.key),
            owner,
            "this applies to the host, not to the subset".to_owned(),
        )],
        policy: Some("what the server accepts"),
        help,
        fix: (cause.severity() > Severity::Note)
            .then(|| fix(cx.sources(), &change))
            .flatten(),
    };
    tell(cx, place, cause, words);
}

/// Effect first, then the cause.
fn headline(mesh: &Mesh, decision: &Decision, change: &SubsetChange<'_>) -> String {
    let mode = change.wider.mode.as_str();
    let rule = &mesh.rule(change.block.rule).meta.id;
    let subset = decision.destination.subset.as_deref().unwrap_or_default();
    let cause = match change.block.tls {
        Some(tls) => format!(
            "subset `{subset}` of `{rule}` {}, weaker than the {mode} of the rule",
            sets(tls)
        ),
        None => format!(
            "subset `{subset}` of `{rule}` has settings for port {} without `tls`, which drop the {mode} of the rule",
            decision.destination.port
        ),
    };
    let effect = match decision.verdict {
        Verdict::Refused => format!("fail with {}", symptom(mesh, decision)),
        Verdict::Plaintext | Verdict::Blocked => "go in plaintext".to_owned(),
        Verdict::Unknown | Verdict::AppTls | Verdict::Encrypted => {
            "lose Istio mutual TLS".to_owned()
        }
    };
    format!("{}: {cause}", calls(mesh, decision, &effect))
}

/// The mode of the rule, or its tls copied into the settings of the port.
fn fix(sources: &Sources, change: &SubsetChange<'_>) -> Option<Fix> {
    let mode = change.wider.mode.as_str();
    let (title, applicability, edit) = match (change.block.tls, change.block.element) {
        // Other modes need certificates, which are for the author to give.
        (Some(tls), _) if is_istio_mutual(change.wider) => (
            format!("set the tls mode of the subset to {mode}"),
            Applicability::Unsafe,
            edit::replace_scalar(sources, tls.mode_place?, mode),
        ),
        (None, Some(element)) => (
            "repeat the `tls` of the rule in the settings of the port".to_owned(),
            Applicability::Safe,
            edit::copy_tls(sources, change.wider, element)?,
        ),
        (Some(_) | None, _) => return None,
    };
    Some(Fix {
        title,
        applicability,
        edits: vec![edit],
    })
}
