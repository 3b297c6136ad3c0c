//! A rule with mutual TLS that a client does not see.

use super::findings::{Cause, Causes, Words, plaintext_severity, symptom, target, tell};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, Severity};
use crate::mesh::{ClusterTls, Decision, Mesh, ProxyKind, Unused, Verdict};
use crate::resource::DestinationRule;
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::Place;

declare_rule! {
    /// ## What it does
    ///
    /// Finds DestinationRules with `ISTIO_MUTUAL` whose `exportTo` hides them from clients that call the host.
    ///
    /// ## Why it matters
    ///
    /// `exportTo: ["."]` keeps a rule for the clients of its own namespace. Clients elsewhere reach the service all the
    /// same, without the rule: where auto mTLS does not step in, they send plaintext.
    ///
    /// It is an error where the server refuses plaintext, and a warning where it lets plaintext in.
    ///
    /// ## Examples
    ///
    /// Only clients in `shop` see the rule. `web` calls `cart` in plaintext:
    ///
    /// ```yaml bad
    /// apiVersion: authentication.istio.io/v1alpha1
    /// kind: MeshPolicy
    /// metadata:
    ///   name: default
    /// spec:
    ///   peers:
    ///     - mtls: {}
    /// ---
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   host: cart
    ///   exportTo:
    ///     - "."
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
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: web
    ///   namespace: front
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
    /// ```
    ///
    /// With `"*"` everybody sees it:
    ///
    /// ```yaml good
    /// apiVersion: authentication.istio.io/v1alpha1
    /// kind: MeshPolicy
    /// metadata:
    ///   name: default
    /// spec:
    ///   peers:
    ///     - mtls: {}
    /// ---
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   host: cart
    ///   exportTo:
    ///     - "*"
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
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: web
    ///   namespace: front
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
    /// ```
    ///
    /// ## Fix
    ///
    /// Export the rule to the namespaces that call the service. `--unsafe-fixes` exports it to all; it is not safe, since
    /// somebody may have wanted other clients not to see the rule.
    "export-to-hides-mtls" {
        summary: "a rule with mutual TLS is not exported to clients that need it",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, MeshPolicy, PeerAuthentication, Policy, Namespace, Service, ConfigMap],
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
        let Some(severity) = plaintext_severity(mesh, decision) else {
            continue;
        };
        let Some(hidden) = mesh.hidden_mtls(decision) else {
            continue;
        };
        if hidden.instead.verdict == Verdict::Encrypted {
            causes.add(place(hidden.rule), index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// The `exportTo`; the host of a rule that has none and is private by the mesh config.
fn place(rule: &DestinationRule) -> Place {
    rule.export_to
        .as_ref()
        .map_or(rule.host.place, |export_to| export_to.place)
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let Some(hidden) = mesh.hidden_mtls(decision) else {
        return;
    };
    let rule = hidden.rule;
    let id = &rule.meta.id;
    let mut labels = Vec::new();
    if let Some(tls) = hidden.tls {
        let text = "the mutual TLS that these clients miss".to_owned();
        labels.push((tls.mode_place.unwrap_or(tls.place), id, text));
    }
    let default = mesh
        .private_by_default()
        .filter(|_| rule.export_to.is_none());
    if let Some((place, object)) = default.and_then(|fact| fact.place.zip(fact.object.as_ref())) {
        let text = "rules without `exportTo` are private to their namespace".to_owned();
        labels.push((place, object, text));
    }
    let severity = cause.severity();
    let fix = rule.export_to.as_ref().map(|export_to| Fix {
        title: format!("export {id} to all namespaces"),
        applicability: Applicability::Unsafe,
        edits: vec![edit::export_to_all(cx.sources(), export_to)],
    });
    let words = Words {
        headline: headline(mesh, decision, &hidden, severity),
        primary: "these clients do not see this rule, and send plaintext".to_owned(),
        object: id,
        field: match rule.export_to {
            Some(_) => "spec.exportTo",
            None => "spec.host",
        },
        labels,
        policy: Some(match severity {
            Severity::Error => "the server demands mutual TLS and refuses plaintext",
            Severity::Warning | Severity::Note => "the server lets plaintext in",
        }),
        help: format!("export {id} to the namespaces of its clients, or to `\"*\"`"),
        fix,
    };
    tell(cx, place, cause, words);
}

/// Effect first, then the cause.
fn headline(mesh: &Mesh, decision: &Decision, hidden: &Unused<'_>, severity: Severity) -> String {
    let (target, rule) = (target(decision), &hidden.rule.meta.id);
    let from = mesh
        .sample_clients(decision, 1)
        .into_iter()
        .next()
        .map(|client| format!(" from `{client}`"))
        .unwrap_or_default();
    let cause = format!("`{rule}` would give mutual TLS, and is not exported to these clients");
    match severity {
        Severity::Error => format!(
            "calls{from} to `{target}` fail with {}: {cause}",
            symptom(mesh, decision)
        ),
        Severity::Warning | Severity::Note => {
            format!("calls{from} to `{target}` go in plaintext: {cause}")
        }
    }
}
