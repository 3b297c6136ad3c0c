//! A patch takes away the tls that the base has.

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::findings::{
    Cause, Causes, Words, plaintext_headline, plaintext_severity, symptom, target, tell,
};
use crate::declare_rule;
use crate::diagnostic::{Severity, counted};
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
    let mut told: FxHashMap<Span, Told<'_>> = FxHashMap::default();
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
        let Some(loss) = lost(mesh, patches, decision) else {
            continue;
        };
        causes.add(loss.place, index, decision, severity);
        let told = told.entry(loss.place.span).or_default();
        let (base, rule) = (written(loss.before), &loss.patch.object);
        told.bases.insert(base.span, (base, rule));
        told.rules.insert(rule);
        told.losses.push((index, loss));
    }
    for (place, cause) in causes.into_iter() {
        if let Some(told) = told.remove(&place.span) {
            report(cx, &cause, told);
        }
    }
}

/// What one place takes away.
#[derive(Default)]
struct Told<'a> {
    /// The losses by the positions of their decisions.
    losses: Vec<(u32, Loss<'a>)>,
    /// Where what is lost is written, and of which rule it is.
    bases: BTreeMap<Span, (Place, &'a ObjectId)>,
    /// The rules that lose it.
    rules: BTreeSet<&'a ObjectId>,
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
    /// The tls before it.
    before: &'a TlsSettings,
    /// What the patch does, in the end.
    effect: Effect<'a>,
    /// Where it is done.
    place: Place,
}

/// How a tls is lost.
#[derive(Clone, Copy)]
enum Effect<'a> {
    /// It is removed.
    Removed,
    /// It stands, and other settings count in its place.
    Hidden,
    /// It has another mode.
    Set(&'a TlsSettings),
    /// It is removed, and another one counts that is set elsewhere: by another operation, or by another patch.
    RemovedAndSet(&'a TlsSettings, &'a PatchedRule),
}

/// What patches take away from a decision, if it is a `tls` with `ISTIO_MUTUAL`; the last patch comes first.
fn lost<'a>(mesh: &Mesh, patches: &[&'a PatchedRule], decision: &Decision) -> Option<Loss<'a>> {
    let (patch, before) = patches.iter().find_map(|patch| {
        let before = mesh.tls_if_in_force(&patch.before, decision)?;
        let after = mesh.tls_if_in_force(&patch.after, decision);
        (is_istio_mutual(before) && !after.is_some_and(is_istio_mutual)).then_some((patch, before))
    })?;
    let last = patches.first()?;
    // After the patch that takes it away none gives it back, but one may set another mode.
    let set = mesh.tls_if_in_force(&last.after, decision);
    let setter = set.and_then(|set| {
        patches
            .iter()
            .find(|patch| sets(mesh, patch, set, decision))
    });
    let setter = setter.unwrap_or(patch);
    let removal = patch.loss(before.key).or_else(|| patch.loss(before.place));
    let (effect, patch, place) = match (set, removal) {
        (Some(set), Some(removal)) if !removal.span.contains(written(set).span) => {
            (Effect::RemovedAndSet(set, setter), patch, removal)
        }
        (Some(set), _) => (Effect::Set(set), setter, written(set)),
        (None, Some(removal)) => (Effect::Removed, patch, removal),
        (None, None) => {
            let settings = mesh.settings_place(&patch.after, decision);
            (Effect::Hidden, patch, settings.unwrap_or(patch.patch))
        }
    };
    Some(Loss {
        patch,
        before,
        effect,
        place,
    })
}

/// Where a tls says what it is.
fn written(tls: &TlsSettings) -> Place {
    tls.mode_place.unwrap_or(tls.place)
}

/// Whether a patch is what sets a tls for a decision.
fn sets(mesh: &Mesh, patch: &PatchedRule, tls: &TlsSettings, decision: &Decision) -> bool {
    let is_it = |rule| {
        let found = mesh.tls_if_in_force(rule, decision);
        found.is_some_and(|found| written(found) == written(tls))
    };
    is_it(&patch.after) && !is_it(&patch.before)
}

/// How many places of the base a finding names.
const BASES: usize = 3;

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, cause: &Cause<'_>, told: Told<'_>) {
    let mesh = cx.mesh();
    let Some((index, decision)) = cause.indexed_sample() else {
        return;
    };
    let mut losses = told.losses.into_iter();
    let Some((_, loss)) = losses.find(|(of, _)| *of == index) else {
        return;
    };
    let severity = cause.severity();
    let claim = claim(cx, &loss, told.rules.len());
    let headline = match decision.tls {
        ClusterTls::Simple | ClusterTls::Mutual => format!(
            "calls to `{}` fail with {}: {claim}",
            target(decision),
            symptom(mesh, decision)
        ),
        _ => plaintext_headline(mesh, decision, severity, &claim),
    };
    let words = Words {
        headline,
        primary: primary(cx, &loss).to_owned(),
        object: &loss.patch.object,
        field: "spec.trafficPolicy",
        labels: labels(cx, &loss, told.bases.into_values()),
        policy: Some(demand(severity)),
        help: help(&loss),
        fix: None,
    };
    tell(cx, loss.place, cause, words);
}

/// What calls for a patch, in words.
fn caller(cx: &RuleContext<'_>, patch: &PatchedRule) -> String {
    let file = cx.sources().file(patch.patch.span.file).path();
    match file.parent().filter(|_| patch.is_of_component) {
        Some(directory) if directory.as_str().is_empty() => "the component `.`".to_owned(),
        Some(directory) => format!("the component `{directory}`"),
        None => format!("`{file}`"),
    }
}

/// What the patches do, in words.
fn claim(cx: &RuleContext<'_>, loss: &Loss<'_>, rules: usize) -> String {
    let (id, of) = (&loss.patch.object, caller(cx, loss.patch));
    let rule = match rules {
        0 | 1 => format!("`{id}`"),
        _ => format!("{}, such as `{id}`", counted(rules, "rule")),
    };
    match loss.effect {
        Effect::Removed => format!("a patch of {of} drops the `tls` of {rule}"),
        Effect::Hidden => format!("a patch of {of} adds settings without `tls` to {rule}"),
        Effect::Set(set) => {
            let mode = set.mode.as_str();
            format!("a patch of {of} sets the `tls` of {rule} to {mode}")
        }
        Effect::RemovedAndSet(set, setter) => {
            let mode = set.mode.as_str();
            let by = if setter.patch == loss.patch.patch {
                format!("sets {mode}")
            } else if setter.patch.span.file == loss.patch.patch.span.file {
                format!("another sets {mode}")
            } else {
                format!("one of {} sets {mode}", caller(cx, setter))
            };
            format!("a patch of {of} removes the `tls` of {rule}, and {by}")
        }
    }
}

/// What is wrong at the place.
fn primary(cx: &RuleContext<'_>, loss: &Loss<'_>) -> &'static str {
    let is_of_base = cx.origins().change(written(loss.before)).is_none();
    match (loss.effect, is_of_base) {
        (Effect::Set(_), true) => "this replaces the mode of the base",
        (Effect::Set(_), false) => "this replaces the mode",
        (Effect::Hidden, _) => "these settings count here, and not those with the `tls`",
        (Effect::Removed | Effect::RemovedAndSet(..), true) => {
            "this does away with the `tls` of the base"
        }
        (Effect::Removed | Effect::RemovedAndSet(..), false) => "this does away with the `tls`",
    }
}

/// The further places: what is set instead, what is lost, what calls for the patches.
fn labels<'l>(
    cx: &RuleContext<'_>,
    loss: &Loss<'l>,
    bases: impl Iterator<Item = (Place, &'l ObjectId)>,
) -> Vec<(Place, &'l ObjectId, String)> {
    let rule = &loss.patch.object;
    let mut labels = Vec::new();
    if let Effect::RemovedAndSet(set, _) = loss.effect {
        let mode = set.mode.as_str();
        labels.push((written(set), rule, format!("and this sets {mode}")));
    }
    for (base, rule) in bases.take(BASES) {
        let text = match cx.origins().change(base) {
            Some(_) => "an earlier patch gives mutual TLS",
            None => "the base gives mutual TLS",
        };
        labels.push((base, rule, text.to_owned()));
    }
    let mut calls = vec![(loss.patch, loss.place, "the patch is called for here")];
    if let Effect::RemovedAndSet(set, setter) = loss.effect
        && setter.patch != loss.patch.patch
    {
        let text = "the patch that sets it is called for here";
        calls.push((setter, written(set), text));
    }
    for (patch, place, text) in calls {
        if patch.patch.span.file != place.span.file {
            labels.push((patch.patch, rule, text.to_owned()));
        }
    }
    labels
}

fn demand(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "the server demands mutual TLS and refuses plaintext",
        Severity::Warning => "the server lets plaintext in",
        Severity::Note => "what the server accepts",
    }
}

fn help(loss: &Loss<'_>) -> String {
    let text = match (loss.effect, loss.patch.by_operations) {
        (Effect::Set(_), true) => "leave the operation out, or let it set ISTIO_MUTUAL",
        (Effect::Set(_), false) => "leave the mode out of the patch, or set it to ISTIO_MUTUAL",
        (Effect::RemovedAndSet(..), _) => "leave both out, or set ISTIO_MUTUAL",
        (Effect::Removed | Effect::Hidden, true) => {
            "leave the operation out, or keep `tls: {mode: ISTIO_MUTUAL}` in what it adds"
        }
        (Effect::Removed | Effect::Hidden, false) => {
            "repeat `tls: {mode: ISTIO_MUTUAL}` in the patch, or change the one field that is meant with a JSON 6902 patch"
        }
    };
    text.to_owned()
}
