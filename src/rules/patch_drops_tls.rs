//! A patch takes away the tls that the base has.

use rustc_hash::FxHashMap;

use super::findings::{
    Cause, Causes, Words, plaintext_headline, plaintext_severity, symptom, target, tell,
};
use crate::declare_rule;
use crate::diagnostic::Severity;
use crate::mesh::{ClusterTls, Decision, Mesh, Sends, is_istio_mutual};
use crate::object::ObjectId;
use crate::resource::TlsSettings;
use crate::rule::{NoOptions, PatchedRule, RuleContext};
use crate::source::{Place, Span};

declare_rule! {
    /// ## What it does
    ///
    /// Finds patches of overlays that remove or weaken the `tls` that a DestinationRule of the base has: a list that is
    /// replaced as a whole, `null`, `$patch: delete` or `replace`, a JSON `remove`, another mode.
    ///
    /// ## Why it matters
    ///
    /// The base encrypts, and the overlay does not say that it stops. In a strategic merge patch for a custom resource a
    /// list replaces the list of the base: a patch that adds a connection limit to one port of `portLevelSettings` loses
    /// the `tls` of that port, and the settings of all others. Clients then send plaintext, and a server that demands
    /// mutual TLS answers `503 upstream connect error or disconnect/reset before headers`.
    ///
    /// It is an error where the server refuses plaintext, a warning where it lets plaintext in, and a note where auto
    /// mTLS repairs it today.
    ///
    /// ## Examples
    ///
    /// The patch is about connections, and drops the `tls` of port 8000:
    ///
    /// ```yaml bad
    /// # file: base/kustomization.yaml
    /// resources:
    ///   - mesh.yaml
    ///   - httpbin.yaml
    /// # file: base/mesh.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: istio
    ///   namespace: istio-system
    /// data:
    ///   mesh: |-
    ///     enableAutoMtls: false
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// # file: base/httpbin.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     portLevelSettings:
    ///       - port:
    ///           number: 8000
    ///         tls:
    ///           mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   selector:
    ///     app: httpbin
    ///   ports:
    ///     - name: http
    ///       port: 8000
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: httpbin
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: httpbin
    ///     spec:
    ///       containers:
    ///         - name: httpbin
    ///           image: example.com/httpbin:1.0
    /// # file: prod/kustomization.yaml
    /// resources:
    ///   - ../base
    /// patches:
    ///   - path: connections.yaml
    /// # file: prod/connections.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   trafficPolicy:
    ///     portLevelSettings:
    ///       - port:
    ///           number: 8000
    ///         connectionPool:
    ///           tcp:
    ///             maxConnections: 1
    /// ```
    ///
    /// With the `tls` repeated in the patch it stays:
    ///
    /// ```yaml good
    /// # file: base/kustomization.yaml
    /// resources:
    ///   - mesh.yaml
    ///   - httpbin.yaml
    /// # file: base/mesh.yaml
    /// apiVersion: v1
    /// kind: ConfigMap
    /// metadata:
    ///   name: istio
    ///   namespace: istio-system
    /// data:
    ///   mesh: |-
    ///     enableAutoMtls: false
    /// ---
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// # file: base/httpbin.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     portLevelSettings:
    ///       - port:
    ///           number: 8000
    ///         tls:
    ///           mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   selector:
    ///     app: httpbin
    ///   ports:
    ///     - name: http
    ///       port: 8000
    /// # file: prod/kustomization.yaml
    /// resources:
    ///   - ../base
    /// patches:
    ///   - path: connections.yaml
    /// # file: prod/connections.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   trafficPolicy:
    ///     portLevelSettings:
    ///       - port:
    ///           number: 8000
    ///         tls:
    ///           mode: ISTIO_MUTUAL
    ///         connectionPool:
    ///           tcp:
    ///             maxConnections: 1
    /// ```
    ///
    /// ## Fix
    ///
    /// Repeat the `tls` in the patch, or patch the one field that is meant with a JSON 6902 patch.
    "patch-drops-tls" {
        summary: "a patch of an overlay removes or weakens the tls of its base",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, Namespace, Service, ConfigMap, PeerAuthentication],
        fix: None,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let changed = by_rule(cx.patched());
    if changed.is_empty() {
        return;
    }
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    let mut told: FxHashMap<Span, Loss<'_>> = FxHashMap::default();
    for (index, decision) in cx.decisions() {
        let Some(severity) = severity(mesh, decision) else {
            continue;
        };
        let Some(in_force) = mesh.in_force(decision) else {
            continue;
        };
        let Some(patches) = changed.get(&in_force.rule.meta.id) else {
            continue;
        };
        let Some(loss) = patches.iter().find_map(|patch| lost(mesh, patch, decision)) else {
            continue;
        };
        causes.add(loss.place, index, decision, severity);
        told.entry(loss.place.span).or_insert(loss);
    }
    for (place, cause) in causes.into_iter() {
        if let Some(loss) = told.get(&place.span) {
            report(cx, &cause, loss);
        }
    }
}

/// The patches of every rule; the last one first, since it has the last word.
fn by_rule(patched: &[PatchedRule]) -> FxHashMap<&ObjectId, Vec<&PatchedRule>> {
    let mut out: FxHashMap<&ObjectId, Vec<&PatchedRule>> = FxHashMap::default();
    for patch in patched.iter().rev() {
        out.entry(&patch.object).or_default().push(patch);
    }
    out
}

/// How bad the decision is, if its clients send no Istio mutual TLS, or only by auto mTLS.
fn severity(mesh: &Mesh, decision: &Decision) -> Option<Severity> {
    if !decision.has_envoy() {
        return None;
    }
    match decision.tls {
        ClusterTls::None => plaintext_severity(mesh, decision),
        ClusterTls::Simple | ClusterTls::Mutual => {
            let refused = decision.endpoints.iter().any(|endpoint| {
                endpoint.verdict == crate::mesh::Verdict::Refused
                    && !mesh.is_system_endpoint(endpoint)
            });
            refused.then_some(Severity::Error)
        }
        ClusterTls::Auto => {
            let system = mesh.is_system_namespace(&mesh.service_of(decision).namespace);
            let sends = decision
                .endpoints
                .iter()
                .any(|one| one.sends == Sends::Mtls);
            (sends && !system).then_some(Severity::Note)
        }
        ClusterTls::IstioMutual
        | ClusterTls::NoCluster
        | ClusterTls::NotVisible
        | ClusterTls::Blackhole => None,
    }
}

/// A tls that a patch took away.
struct Loss<'a> {
    patch: &'a PatchedRule,
    /// The tls of the base.
    before: &'a TlsSettings,
    /// What stands in its place.
    after: Option<&'a TlsSettings>,
    /// Where the patch does it.
    place: Place,
}

/// What a patch takes away from a decision, if it is a `tls` with `ISTIO_MUTUAL`.
fn lost<'a>(mesh: &Mesh, patch: &'a PatchedRule, decision: &Decision) -> Option<Loss<'a>> {
    let before = mesh.tls_if_in_force(&patch.before, decision)?;
    let after = mesh.tls_if_in_force(&patch.after, decision);
    if !is_istio_mutual(before) || after.is_some_and(is_istio_mutual) {
        return None;
    }
    // Another mode is where the mode stands; anything else where the patch does away with the block.
    let written = after.and_then(|tls| tls.mode_place);
    let loss = written
        .or_else(|| patch.loss(before.key))
        .or_else(|| patch.loss(before.place));
    Some(Loss {
        patch,
        before,
        after,
        place: loss.unwrap_or(patch.patch),
    })
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, cause: &Cause<'_>, loss: &Loss<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let rule = &loss.patch.object;
    let kustomization = cx.sources().file(loss.patch.patch.span.file).path();
    let severity = cause.severity();
    let claim = match loss.after {
        Some(tls) => format!(
            "a patch of `{kustomization}` sets the `tls` of `{rule}` to {}",
            tls.mode.as_str()
        ),
        None => format!("a patch of `{kustomization}` drops the `tls` of `{rule}`"),
    };
    let headline = match decision.tls {
        ClusterTls::Simple | ClusterTls::Mutual => format!(
            "calls to `{}` fail with {}: {claim}",
            target(decision),
            symptom(mesh, decision)
        ),
        _ => plaintext_headline(mesh, decision, severity, &claim),
    };
    let primary = match loss.after {
        Some(_) => "this replaces the mode of the base",
        None => "this does away with the `tls` of the base",
    };
    let mut labels = vec![(
        loss.before.mode_place.unwrap_or(loss.before.place),
        rule,
        "the base gives mutual TLS".to_owned(),
    )];
    if loss.patch.patch.span.file != loss.place.span.file {
        labels.push((
            loss.patch.patch,
            rule,
            "the patch is called for here".to_owned(),
        ));
    }
    let words = Words {
        headline,
        primary: primary.to_owned(),
        object: rule,
        field: "spec.trafficPolicy",
        labels,
        policy: Some(demand(severity)),
        help: help(loss),
        fix: None,
    };
    tell(cx, loss.place, cause, words);
}

fn demand(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "the server demands mutual TLS and refuses plaintext",
        Severity::Warning => "the server lets plaintext in",
        Severity::Note => "what the server accepts",
    }
}

fn help(loss: &Loss<'_>) -> String {
    match loss.after {
        Some(_) => "leave the mode out of the patch, or set it to ISTIO_MUTUAL".to_owned(),
        None => "repeat `tls: {mode: ISTIO_MUTUAL}` in the patch, or change the one field that is meant with a JSON 6902 patch"
            .to_owned(),
    }
}
