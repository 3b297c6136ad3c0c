//! A host that is half a full name.

use super::mistaken_hosts::tell_host;
use crate::declare_rule;
use crate::rule::{NoOptions, RuleContext};

declare_rule! {
    /// ## What it does
    ///
    /// Finds DestinationRules whose host is the beginning of a service's full name, such as `cart.shop` or `cart.shop.svc`.
    ///
    /// ## Why it matters
    ///
    /// Other parts of Kubernetes complete such names. Istio does not: a host with a dot is taken as it stands, and equals no
    /// service. Nothing that the rule says counts for anybody, and nothing reports it.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   host: cart.shop.svc
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
    ///   namespace: shop
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
    /// Write the name in full. `--fix` does where no traffic loses its encryption or is refused by it: a rule that begins to
    /// count may also take something away, such as the mutual TLS of a wider rule that it now replaces. There the fix is
    /// offered under `--unsafe-fixes`. What else the rule sets begins to count, too.
    "partly-qualified-host" {
        summary: "a host is half a full name, which Istio does not complete",
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
    for mistaken in mesh.partly_qualified_hosts() {
        let (rule, host) = (&mistaken.rule.meta.id, &mistaken.rule.host.value);
        let headline = format!("`{rule}` has no effect: no service has the host `{host}`");
        let primary = "Istio completes only names without a dot".to_owned();
        tell_host(cx, &mistaken, headline, primary);
    }
}
