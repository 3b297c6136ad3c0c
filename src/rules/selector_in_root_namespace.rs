//! A policy of the root namespace with a selector.

use crate::declare_rule;
use crate::diagnostic::{Applicability, Fix};
use crate::mesh::{IgnoredPolicy, namespace_fact};
use crate::object::NamespaceSource;
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::Sources;
use crate::yaml::FieldPath;

declare_rule! {
    /// ## What it does
    ///
    /// Finds PeerAuthentications with a `selector` in the root namespace of the mesh.
    ///
    /// ## Why it matters
    ///
    /// A policy of the root namespace is for the whole mesh or for nothing: with a selector Istio ignores it completely, for
    /// the pods of all namespaces and of the root namespace itself. What it demands is not demanded. (AuthorizationPolicies
    /// are different: there a selector in the root namespace works.)
    ///
    /// ## Examples
    ///
    /// The pods of `cart` keep accepting plaintext:
    ///
    /// ```yaml bad
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: cart
    ///   namespace: istio-system
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   mtls:
    ///     mode: STRICT
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
    /// In the namespace of the pods the policy counts:
    ///
    /// ```yaml good
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   mtls:
    ///     mode: STRICT
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
    /// Move the policy to the namespace of its pods. `--unsafe-fixes` writes that namespace where all pods that the selector
    /// matches are in one; it is not safe, since the policy begins to count.
    "selector-in-root-namespace" {
        summary: "a policy of the root namespace has a selector, and is ignored",
        category: Correctness,
        severity: Error,
        reads: [PeerAuthentication, ConfigMap],
        fix: Unsafe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    for ignored in cx.mesh().ignored_policies() {
        report(cx, &ignored);
    }
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, ignored: &IgnoredPolicy<'_>) {
    let meta = &ignored.policy.meta;
    let Some(selector) = &ignored.policy.selector else {
        return;
    };
    let evidence = vec![
        cx.mesh().root_namespace_fact().clone(),
        namespace_fact(meta),
    ];
    let fix = fix(cx.sources(), ignored);
    let headline = format!(
        "`{}` has no effect: Istio ignores a policy of the root namespace that has a selector",
        meta.id
    );
    let mut finding = cx.report(selector.place, headline);
    finding
        .object(&meta.id)
        .field(FieldPath::new("spec.selector"))
        .primary("with a selector it counts for no pod of any namespace")
        .evidence(evidence)
        .help(help(ignored));
    if let NamespaceSource::Stated(place) = meta.namespace_source {
        finding.label(place, Some(&meta.id), "the root namespace of the mesh");
    }
    if let Some(fix) = fix {
        finding.fix(fix);
    }
}

fn help(ignored: &IgnoredPolicy<'_>) -> String {
    let root = &ignored.policy.meta.namespace;
    let others: Vec<String> = ignored
        .namespaces
        .iter()
        .filter(|namespace| **namespace != root)
        .map(|namespace| format!("`{namespace}`"))
        .collect();
    match others.as_slice() {
        [] if !ignored.namespaces.is_empty() => format!(
            "remove the selector to make it count for the whole mesh, or move policy and pods to another namespace: pods in `{root}` obey no other policy"
        ),
        [] => "move it to the namespace of its pods, or remove the selector to make it count for the whole mesh".to_owned(),
        [only] => format!("move it to {only}, where the pods are that its selector matches"),
        many => format!(
            "write one policy in each of the namespaces of its pods: {}",
            many.join(", ")
        ),
    }
}

/// The edit that moves the policy to the only namespace that has pods for it.
fn fix(sources: &Sources, ignored: &IgnoredPolicy<'_>) -> Option<Fix> {
    let meta = &ignored.policy.meta;
    let NamespaceSource::Stated(place) = meta.namespace_source else {
        return None;
    };
    let mut namespaces = ignored.namespaces.iter();
    let (only, None) = (namespaces.next()?, namespaces.next()) else {
        return None;
    };
    (**only != meta.namespace).then(|| Fix {
        title: format!("move {} to namespace `{only}`", meta.id),
        applicability: Applicability::Unsafe,
        edits: vec![edit::replace_scalar(sources, place, only.as_str())],
    })
}
