//! A server that demands mutual TLS from clients that nothing makes send it.

use super::findings::{Cause, Causes, Words, policy_fact, symptom, target, tell};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fact, Fix, Severity};
use crate::mesh::{
    Accepts, ClusterTls, Decision, EndpointDecision, Mesh, ProxyKind, Sends, Verdict,
};
use crate::object::{Namespace, ObjectId};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::Place;

declare_rule! {
    /// ## What it does
    ///
    /// Finds policies that demand mutual TLS of clients with a proxy that no DestinationRule makes send it, where auto mTLS
    /// is off.
    ///
    /// ## Why it matters
    ///
    /// A policy is the server's half. Without auto mTLS the client's half is a DestinationRule with `ISTIO_MUTUAL`; a client
    /// that has none sends plaintext and gets `503 upstream connect error or disconnect/reset before headers`.
    ///
    /// Clients without a proxy do not count, and pairs that another finding explains are left to that one. There is one
    /// finding for each policy.
    ///
    /// ## Examples
    ///
    /// Nothing tells the clients of `cart` to send mutual TLS:
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
    /// A rule for the whole mesh does:
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
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   host: "*.local"
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
    /// Add a rule with `ISTIO_MUTUAL` for everything that the policy covers, or turn auto mTLS on. `--unsafe-fixes` appends
    /// the rule to the file of the policy; it is not safe, since it also reaches workloads that have no proxy.
    "strict-without-client-mtls" {
        summary: "a policy demands mutual TLS, and nothing makes clients send it",
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
    if mesh.has_auto_mtls() {
        return;
    }
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        let has_envoy = matches!(decision.proxy, ProxyKind::Sidecar | ProxyKind::Gateway);
        if !has_envoy || decision.tls != ClusterTls::None || decision.verdict != Verdict::Refused {
            continue;
        }
        let in_force = mesh.in_force(decision);
        if in_force.is_some_and(|in_force| in_force.tls().is_some()) {
            continue; // that rule is the cause, and other rules look at it
        }
        if let Some(place) = demand(mesh, decision).and_then(|policy| policy.place) {
            causes.add(place, index, decision, Severity::Error);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// The policy that makes an endpoint refuse plaintext.
fn demand(mesh: &Mesh, decision: &Decision) -> Option<Fact> {
    let refuses = |endpoint: &&EndpointDecision| {
        let demands = matches!(
            endpoint.accepts,
            Accepts::Strict | Accepts::TlsWithoutClientCertificate
        );
        demands && endpoint.sends == Sends::Plaintext && !mesh.is_system_endpoint(endpoint)
    };
    let endpoint = decision.endpoints.iter().find(refuses)?;
    let facts = mesh.evidence_of_endpoint(decision, endpoint);
    policy_fact(&facts).cloned()
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let Some(policy) = demand(mesh, decision).and_then(|fact| fact.object) else {
        return;
    };
    let mut labels = Vec::new();
    if let Some(in_force) = mesh.in_force(decision) {
        let text = "in force for these clients, and sets no `tls`".to_owned();
        labels.push((in_force.rule.host.place, &in_force.rule.meta.id, text));
    }
    let wide = WideRule::for_policy(mesh, &policy);
    // A rule that is in force would also stand before a new, wider one.
    let helps = cause
        .decisions()
        .any(|decision| mesh.in_force(decision).is_none());
    let lines = wide.lines();
    let edit = (helps && !has_lost_rules(cx))
        .then(|| edit::append_document(cx.sources(), place.span, &lines))
        .flatten();
    let words = Words {
        headline: format!(
            "calls to `{}` fail with {}: `{policy}` demands mutual TLS, and no DestinationRule makes these clients send it",
            target(decision),
            symptom(mesh, decision),
        ),
        primary: "plaintext is refused because of this".to_owned(),
        object: &policy,
        field: match &*policy.kind {
            "PeerAuthentication" => "spec.mtls.mode",
            _ => "spec.peers",
        },
        labels,
        policy: None,
        help: help(mesh, &wide, helps),
        fix: edit.map(|edit| Fix {
            title: format!(
                "add a DestinationRule with ISTIO_MUTUAL for `{}`",
                wide.host
            ),
            applicability: Applicability::Unsafe,
            edits: vec![edit],
        }),
    };
    tell(cx, place, cause, words);
}

/// Whether some DestinationRule is deployed and does not count, most often since Istio refuses it: what clients lack may be in
/// that one, and its name is taken.
fn has_lost_rules(cx: &RuleContext<'_>) -> bool {
    let mesh = cx.mesh();
    let objects = cx.units().flat_map(|unit| &unit.objects);
    let mut rules = objects.filter(|object| &*object.gvk.kind == "DestinationRule");
    rules.any(|rule| !mesh.has_rule(&rule.id))
}

fn help(mesh: &Mesh, wide: &WideRule, helps: bool) -> String {
    let auto = if mesh.knows_auto_mtls() {
        ", or turn auto mTLS on"
    } else {
        ""
    };
    if helps {
        format!(
            "add a DestinationRule in `{}` for `{}` with tls mode ISTIO_MUTUAL{auto}",
            wide.namespace, wide.host
        )
    } else {
        format!("set tls mode ISTIO_MUTUAL in the rules that are in force{auto}")
    }
}

/// The rule that gives mutual TLS to everything a policy covers.
struct WideRule {
    namespace: Namespace,
    name: &'static str,
    host: String,
    api_version: &'static str,
}

impl WideRule {
    /// The rule for the mesh where the policy is for the mesh, else for its namespace.
    fn for_policy(mesh: &Mesh, policy: &ObjectId) -> Self {
        let root = mesh.root_namespace();
        let own = policy.namespace.as_ref().filter(|own| *own != root);
        let namespace = own.unwrap_or(root).clone();
        Self {
            name: mesh.free_rule_name(&namespace),
            host: mesh.wide_host(own),
            api_version: mesh.rule_api_version(),
            namespace,
        }
    }

    /// The document, line by line.
    fn lines(&self) -> Vec<String> {
        vec![
            format!("apiVersion: {}", self.api_version),
            "kind: DestinationRule".to_owned(),
            "metadata:".to_owned(),
            format!("  name: {}", self.name),
            format!("  namespace: {}", self.namespace),
            "spec:".to_owned(),
            format!("  host: \"{}\"", self.host),
            "  trafficPolicy:".to_owned(),
            "    tls:".to_owned(),
            "      mode: ISTIO_MUTUAL".to_owned(),
        ]
    }
}
