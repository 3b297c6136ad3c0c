//! A rule without tls takes the place of one that gave mutual TLS.

use super::findings::{Cause, Causes, Words, plaintext_headline, plaintext_severity, tell};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Edit, Fix, Severity};
use crate::mesh::{Beaten, ClusterTls, Decision, Flat, InForce, Level, Loss, Mesh, ProxyKind};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::{Place, Sources};

declare_rule! {
    /// ## What it does
    ///
    /// Finds DestinationRules that take the place of a rule with `ISTIO_MUTUAL` and have no `tls` themselves, where auto
    /// mTLS does not step in.
    ///
    /// ## Why it matters
    ///
    /// Istio uses one DestinationRule for a client and a host. A more specific rule replaces the wider one *as a whole*:
    /// a rule written for circuit breaking also takes away the `tls` that a mesh-wide `*.local` rule gave. Clients then
    /// send plaintext, and a server that demands mutual TLS answers
    /// `503 upstream connect error or disconnect/reset before headers`.
    ///
    /// It is an error where the server refuses plaintext, a warning where it lets plaintext in, and a note where auto
    /// mTLS repairs it today.
    ///
    /// ## Examples
    ///
    /// The rule `httpbin` is about connections, and drops mutual TLS:
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
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   host: "*.local"
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 1
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
    /// ```
    ///
    /// With its own `tls` it keeps it:
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
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 1
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
    /// ```
    ///
    /// ## Fix
    ///
    /// Give the rule the `tls` of the rule it replaces. `--fix` inserts `tls: {mode: ISTIO_MUTUAL}` where it is missing.
    "override-drops-mtls" {
        summary: "a rule without tls replaces one that gave mutual TLS",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, MeshPolicy, PeerAuthentication, Policy, Namespace, Deployment, Service, Sidecar, ConfigMap],
        fix: Safe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let mut causes = Causes::default();
    for (index, decision) in cx.decisions() {
        let Some(severity) = severity(mesh, decision) else {
            continue;
        };
        let Some(in_force) = mesh.in_force(decision) else {
            continue; // nothing overrides anything
        };
        if in_force.tls().is_some() || mesh.beaten(decision).is_none() {
            continue;
        }
        causes.add(place(&in_force), index, decision, severity);
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// How bad the decision is, if its clients lost mutual TLS or would without auto mTLS.
fn severity(mesh: &Mesh, decision: &Decision) -> Option<Severity> {
    if !matches!(decision.proxy, ProxyKind::Sidecar | ProxyKind::Gateway) {
        return None;
    }
    match decision.tls {
        ClusterTls::None => plaintext_severity(mesh, decision),
        // Latent: what keeps mutual TLS alive is auto mTLS, and nothing that is written. It cannot ask for each endpoint
        // where calls go to the address that the client asked for, and then sends mutual TLS to all.
        ClusterTls::Auto | ClusterTls::IstioMutual => {
            let system = mesh.is_system_namespace(&mesh.service_of(decision).namespace);
            let sends = decision
                .endpoints
                .iter()
                .any(|e| e.sends == crate::mesh::Sends::Mtls);
            (sends && !system && mesh.has_auto_mtls()).then_some(Severity::Note)
        }
        ClusterTls::Simple
        | ClusterTls::Mutual
        | ClusterTls::NoCluster
        | ClusterTls::NotVisible
        | ClusterTls::Blackhole => None,
    }
}

/// The block that lacks the tls; none where the rule has no policy of its own. A subset without tls takes that of the
/// rule, so it is the rule's that is missing.
fn lacking<'a>(in_force: &InForce<'a>) -> Option<Flat<'a>> {
    in_force.block.filter(|block| block.level != Level::Subset)
}

/// Where the tls is missing: the block that lacks it, else the host of the rule.
fn place(in_force: &InForce<'_>) -> Place {
    lacking(in_force).map_or(in_force.rule.host.place, |block| block.place)
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let (Some(in_force), Some(beaten)) = (mesh.in_force(decision), mesh.beaten(decision)) else {
        return;
    };
    let rule = &in_force.rule.meta.id;
    let severity = cause.severity();
    let fix = (severity > Severity::Note)
        .then(|| fix(cx.sources(), &in_force))
        .flatten();
    let words = Words {
        headline: plaintext_headline(
            mesh,
            decision,
            severity,
            &claim(decision, &in_force, &beaten),
        ),
        primary: primary(&in_force, severity),
        object: rule,
        field: field(&in_force),
        labels: vec![(
            beaten.tls.mode_place.unwrap_or(beaten.tls.place),
            &beaten.rule.meta.id,
            beaten_label(&in_force, &beaten),
        )],
        policy: Some(demand_label(severity)),
        help: help(decision, &in_force),
        fix: fix.map(|edit| Fix {
            title: format!("add {} to {rule}", addition(&in_force)),
            applicability: Applicability::Safe,
            edits: vec![edit],
        }),
    };
    tell(cx, place, cause, words);
}

/// What the rule does to the one it beat.
fn claim(decision: &Decision, in_force: &InForce<'_>, beaten: &Beaten<'_>) -> String {
    let (rule, lost) = (&in_force.rule.meta.id, &beaten.rule.meta.id);
    let lack = lack(decision, in_force);
    match beaten.why {
        Loss::Replaced => format!("`{rule}` {lack} and replaces `{lost}` as a whole"),
        Loss::MergedAway => {
            format!("`{rule}` {lack}, and that of `{lost}` for the same host is dropped")
        }
    }
}

/// What the rule lacks, as a claim about it.
fn lack(decision: &Decision, in_force: &InForce<'_>) -> String {
    let port = decision.destination.port;
    let subset = decision.destination.subset.as_deref().unwrap_or_default();
    match lacking(in_force).map(|block| block.level) {
        None | Some(Level::Rule | Level::Subset) => "has no `tls`".to_owned(),
        Some(Level::RulePort) => format!("has no `tls` in its settings of port {port}"),
        Some(Level::SubsetPort) => {
            format!("has no `tls` in the settings of port {port} of its subset `{subset}`")
        }
    }
}

fn primary(in_force: &InForce<'_>, severity: Severity) -> String {
    let what = match lacking(in_force) {
        None => "this rule has no `trafficPolicy`",
        Some(_) => "no `tls` here",
    };
    match severity {
        Severity::Error | Severity::Warning => format!("{what}, so clients send plaintext"),
        Severity::Note => format!("{what}; without auto mTLS clients would send plaintext"),
    }
}

fn beaten_label(in_force: &InForce<'_>, beaten: &Beaten<'_>) -> String {
    let lost = &beaten.rule.meta.id;
    match beaten.why {
        Loss::Replaced => format!(
            "`{lost}` would give mutual TLS, but does not apply beside `{}`",
            in_force.rule.meta.id
        ),
        Loss::MergedAway => {
            format!("`{lost}` would give mutual TLS, but its policy is dropped in the merge")
        }
    }
}

fn demand_label(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "the server demands mutual TLS and refuses plaintext",
        Severity::Warning => "the server lets plaintext in",
        Severity::Note => "what the server accepts",
    }
}

fn help(decision: &Decision, in_force: &InForce<'_>) -> String {
    let (rule, port) = (&in_force.rule.meta.id, decision.destination.port);
    let subset = decision.destination.subset.as_deref().unwrap_or_default();
    let place = match lacking(in_force).map(|block| block.level) {
        None => "`spec`".to_owned(),
        Some(Level::Rule) => "`spec.trafficPolicy`".to_owned(),
        Some(Level::RulePort) => format!("the settings of port {port}"),
        Some(Level::Subset) => format!("the `trafficPolicy` of subset `{subset}`"),
        Some(Level::SubsetPort) => format!("the settings of port {port} of subset `{subset}`"),
    };
    format!("add {} to {place} of {rule}", addition(in_force))
}

/// What is missing, as it is written.
fn addition(in_force: &InForce<'_>) -> &'static str {
    match lacking(in_force) {
        None => "`trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}`",
        Some(_) => "`tls: {mode: ISTIO_MUTUAL}`",
    }
}

fn field(in_force: &InForce<'_>) -> &'static str {
    match lacking(in_force).map(|block| block.level) {
        None => "spec.host",
        Some(Level::Rule) => "spec.trafficPolicy",
        Some(Level::RulePort) => "spec.trafficPolicy.portLevelSettings",
        Some(Level::Subset) => "spec.subsets.trafficPolicy",
        Some(Level::SubsetPort) => "spec.subsets.trafficPolicy.portLevelSettings",
    }
}

/// The edit that inserts the tls in the block that lacks it.
fn fix(sources: &Sources, in_force: &InForce<'_>) -> Option<Edit> {
    let Some(block) = lacking(in_force) else {
        return edit::insert_policy(sources, in_force.rule);
    };
    match block.element {
        Some(element) => edit::insert_port_tls(sources, element),
        None => edit::insert_tls(sources, block.policy),
    }
}
