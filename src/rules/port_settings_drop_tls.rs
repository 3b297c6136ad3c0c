//! The settings of a port leave out the tls of the policy they are in.

use super::findings::{Cause, Causes, Words, plaintext_headline, plaintext_severity, tell};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix, Severity};
use crate::mesh::{
    ClusterTls, Decision, Destination, Flat, Level, Mesh, Sends, Verdict, is_istio_mutual,
};
use crate::resource::{TlsMode, TlsSettings};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::{Place, Sources};

declare_rule! {
    /// ## What it does
    ///
    /// Finds elements of `portLevelSettings` without `tls` in a policy that has one.
    ///
    /// ## Why it matters
    ///
    /// The settings of a port replace the policy they are in: nothing that they do not repeat applies to the port, also not
    /// `tls`. Under `ISTIO_MUTUAL` clients then send plaintext to this one port, unless auto mTLS steps in. Under `SIMPLE`,
    /// `MUTUAL` and `DISABLE` not even auto mTLS does, since Istio looks at the wider `tls` again when it decides about endpoints.
    ///
    /// It is an error where the server refuses plaintext, a warning where it lets plaintext in or where an application without
    /// a proxy loses the TLS it was meant to get, and a note where auto mTLS repairs it today.
    ///
    /// ## Examples
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
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    ///     portLevelSettings:
    ///       - port:
    ///           number: 80
    ///         connectionPool:
    ///           tcp:
    ///             maxConnections: 1
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
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    ///     portLevelSettings:
    ///       - port:
    ///           number: 80
    ///         tls:
    ///           mode: ISTIO_MUTUAL
    ///         connectionPool:
    ///           tcp:
    ///             maxConnections: 1
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
    /// Repeat the `tls` in the settings of the port. `--fix` copies it.
    "port-settings-drop-tls" {
        summary: "the settings of a port leave out the tls of the policy they are in",
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
        // What hosts outside the mesh lose is not about mutual TLS.
        if !decision.has_envoy() || mesh.service_of(decision).mesh_external {
            continue;
        }
        let Some((block, wider)) = mesh.hidden_tls(decision) else {
            continue;
        };
        if let Some(severity) = severity(mesh, decision, wider) {
            causes.add(block.place, index, decision, severity);
        }
    }
    for (place, cause) in causes.into_iter() {
        report(cx, place, &cause);
    }
}

/// How bad it is that the wider tls does not count.
fn severity(mesh: &Mesh, decision: &Decision, wider: &TlsSettings) -> Option<Severity> {
    if let Some(severity) = plaintext_severity(mesh, decision) {
        return Some(severity);
    }
    match wider.mode {
        // Latent: what keeps mutual TLS alive is auto mTLS, and nothing that is written.
        TlsMode::IstioMutual => {
            let mut endpoints = decision.endpoints.iter();
            let is_kept = endpoints.any(|endpoint| {
                endpoint.sends == Sends::Mtls
                    && endpoint.verdict == Verdict::Encrypted
                    && !mesh.is_system_endpoint(endpoint)
            });
            is_kept.then_some(Severity::Note)
        }
        TlsMode::Simple | TlsMode::Mutual => {
            loses_origination(mesh, decision).then_some(Severity::Warning)
        }
        TlsMode::Disable => None,
    }
}

/// Whether an application without a proxy, which a rule wants to be reached by TLS, gets plaintext.
fn loses_origination(mesh: &Mesh, decision: &Decision) -> bool {
    let mut endpoints = decision.endpoints.iter();
    !mesh.carries_tls(decision)
        && endpoints.any(|endpoint| {
            endpoint.sends == Sends::Plaintext && mesh.unproxied(decision, endpoint).is_some()
        })
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let Some((block, wider)) = mesh.hidden_tls(decision) else {
        return;
    };
    let rule = &mesh.rule(block.rule).meta.id;
    let severity = cause.severity();
    // Where no proxy receives, or mutual TLS is lost, the wider tls is what was meant.
    let keeps = loses_origination(mesh, decision) || is_istio_mutual(wider);
    let settings = settings(&block, decision);
    let above = if keeps || decision.tls != ClusterTls::Auto {
        format!(
            "the {} above them does not count there",
            wider.mode.as_str()
        )
    } else {
        // Istio looks at the wider tls once more when auto mTLS decides about endpoints.
        format!(
            "the {} above them only keeps auto mTLS off",
            wider.mode.as_str()
        )
    };
    let claim = format!("the settings of `{rule}` for {settings} have no `tls`, and {above}");
    let help = if keeps {
        format!("repeat the `tls` in the settings of {rule} for {settings}")
    } else {
        format!("add `tls: {{mode: ISTIO_MUTUAL}}` to the settings of {rule} for {settings}")
    };
    let fix = (severity > Severity::Note)
        .then(|| fix(cx.sources(), &block, wider, keeps))
        .flatten();
    let words = Words {
        headline: plaintext_headline(mesh, decision, severity, &claim),
        primary: "no `tls` here, and none is inherited".to_owned(),
        object: rule,
        field: field(block.level),
        labels: vec![(
            wider.mode_place.unwrap_or(wider.key),
            rule,
            "this applies only to ports without settings of their own".to_owned(),
        )],
        policy: Some(match severity {
            Severity::Error => "the server demands mutual TLS and refuses plaintext",
            Severity::Warning => "the server lets plaintext in",
            Severity::Note => "what the server accepts",
        }),
        help,
        fix,
    };
    tell(cx, place, cause, words);
}

/// Which settings they are.
fn settings(block: &Flat<'_>, decision: &Decision) -> String {
    let Destination { port, subset, .. } = &decision.destination;
    match subset {
        Some(subset) if block.level == Level::SubsetPort => {
            format!("port {port} in subset `{subset}`")
        }
        Some(_) | None => format!("port {port}"),
    }
}

/// The wider tls copied, or mutual TLS where a proxy takes nothing else.
fn fix(sources: &Sources, block: &Flat<'_>, wider: &TlsSettings, keeps: bool) -> Option<Fix> {
    let element = block.element?;
    let (title, applicability, edit) = if keeps {
        let title = "repeat the `tls` in the settings of the port";
        (
            title,
            Applicability::Safe,
            edit::copy_tls(sources, wider, element)?,
        )
    } else {
        let title = "add `tls: {mode: ISTIO_MUTUAL}` to the settings of the port";
        (
            title,
            Applicability::Unsafe,
            edit::insert_port_tls(sources, element)?,
        )
    };
    Some(Fix {
        title: title.to_owned(),
        applicability,
        edits: vec![edit],
    })
}

fn field(level: Level) -> &'static str {
    match level {
        Level::Rule | Level::RulePort => "spec.trafficPolicy.portLevelSettings",
        Level::Subset | Level::SubsetPort => "spec.subsets.trafficPolicy.portLevelSettings",
    }
}
