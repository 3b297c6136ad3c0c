//! A short host that is completed to a namespace without that service.

use super::mistaken_hosts::tell_host;
use crate::declare_rule;
use crate::mesh::MistakenHost;
use crate::rule::{NoOptions, RuleContext};

declare_rule! {
    /// ## What it does
    ///
    /// Finds DestinationRules whose host is a single name, such as `cart`, in a namespace that has no such service, while
    /// another namespace has one.
    ///
    /// ## Why it matters
    ///
    /// Istio completes a host without a dot by the namespace of the *rule*, not by that of the service or of the client. A
    /// rule in `rules` for `cart` is about `cart.rules.svc.cluster.local`: where that does not exist, nothing it says counts
    /// for anybody, and nothing reports it.
    ///
    /// Where the namespace of the rule is not written in it, the finding rests on an assumption and says so. A service whose
    /// own namespace is nowhere written is not counted as being elsewhere.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: rules
    /// spec:
    ///   host: cart
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 10
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
    /// ```
    ///
    /// ```yaml good
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: rules
    /// spec:
    ///   host: cart.shop.svc.cluster.local
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 10
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
    /// ```
    ///
    /// ## Fix
    ///
    /// Write the name in full. `--fix` does where only one service can be meant and no traffic loses its encryption or is
    /// refused by it: a rule that begins to count may also take something away, such as the mutual TLS of a wider rule that
    /// it now replaces. There the fix is offered under `--unsafe-fixes`. What else the rule sets begins to count, too.
    "short-name-in-wrong-namespace" {
        summary: "a short host is completed to a namespace that has no such service",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, Service],
        fix: Safe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    for mistaken in mesh.misplaced_short_names() {
        let primary = format!("Istio reads this as `{}`", mistaken.resolved);
        tell_host(cx, &mistaken, headline(&mistaken), primary);
    }
}

/// What is without effect, and why.
fn headline(mistaken: &MistakenHost<'_>) -> String {
    let (rule, host) = (&mistaken.rule.meta.id, &mistaken.rule.host.value);
    let namespace = &mistaken.rule.meta.namespace;
    let elsewhere = match mistaken.meant.as_slice() {
        [only] => format!("it is in `{}`", only.namespace),
        many => format!("{} other namespaces have one", many.len()),
    };
    format!("`{rule}` has no effect: `{namespace}` has no service `{host}`; {elsewhere}")
}
