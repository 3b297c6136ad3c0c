//! A port of `portLevelMtls` that is a service's and not the pods'.

use crate::declare_rule;
use crate::diagnostic::{Applicability, Fact, Fix};
use crate::mesh::ServicePortKey;
use crate::rule::{NoOptions, RuleContext, edit};
use crate::yaml::FieldPath;

declare_rule! {
    /// ## What it does
    ///
    /// Finds ports in `portLevelMtls` of a PeerAuthentication that are ports of a service in front of the selected pods, and
    /// no ports of the pods themselves.
    ///
    /// ## Why it matters
    ///
    /// The keys of `portLevelMtls` are the ports that containers listen on. A service port that leads to another container
    /// port means nothing there: the setting has no effect, and the port keeps the mode of the wider policies. (The port of
    /// a DestinationRule's `portLevelSettings` is a service port, which makes the two easy to mix up.)
    ///
    /// A port that some container declares, or that some service leads to, is never reported.
    ///
    /// ## Examples
    ///
    /// The service sends port 80 to port 8080 of the pods, so that 8080 stays PERMISSIVE:
    ///
    /// ```yaml bad
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   portLevelMtls:
    ///     80:
    ///       mode: STRICT
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
    ///       targetPort: 8080
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
    ///           ports:
    ///             - containerPort: 8080
    /// ```
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
    ///   portLevelMtls:
    ///     8080:
    ///       mode: STRICT
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
    ///       targetPort: 8080
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
    ///           ports:
    ///             - containerPort: 8080
    /// ```
    ///
    /// ## Fix
    ///
    /// Write the container port. `--fix` does where the service leads to one port only and nothing gets worse by it; a mode
    /// that begins to count often refuses or exposes somebody, and then the fix is offered under `--unsafe-fixes`.
    "port-level-uses-service-port" {
        summary: "a port of `portLevelMtls` is a service port, not a container port",
        category: Correctness,
        severity: Error,
        reads: [Namespace, Service],
        fix: Safe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    for key in cx.mesh().service_ports_in_policies() {
        report(cx, &key);
    }
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, key: &ServicePortKey<'_>) {
    let (policy, port) = (&key.policy.meta.id, key.entry.port.value);
    let place = key.entry.port.place;
    let service = &key.service.object;
    let targets: Vec<String> = key.targets.iter().map(ToString::to_string).collect();
    let target = targets.join(" or ");
    let fix = match key.targets.iter().collect::<Vec<_>>().as_slice() {
        [only] if is_free(key, **only) => Some(Fix {
            title: format!("write the container port {only}"),
            applicability: Applicability::Safe,
            edits: vec![edit::replace_scalar(cx.sources(), place, &only.to_string())],
        }),
        _ => None,
    };
    let mode = key.entry.mode.as_str();
    let headline = format!(
        "mode {mode} for port {port} of `{policy}` has no effect: {port} is the port of `{service}`, its pods listen on {target}"
    );
    let leads = Fact {
        text: format!("`{service}` sends port {port} to container port {target}"),
        assumed: false,
        place: Some(key.port_place.unwrap_or(key.service.place)),
        object: Some(service.clone()),
    };
    let mut finding = cx.report(place, headline);
    finding
        .object(policy)
        .field(FieldPath::new(format!("spec.portLevelMtls.{port}")))
        .primary("no container listens here")
        .evidence(vec![key.proxy.clone(), leads])
        .help(format!(
            "write {target}, the container port, instead of {port}"
        ));
    let label = format!("port {port} of the service leads to container port {target}");
    finding.label(
        key.port_place.unwrap_or(key.service.place),
        Some(service),
        label,
    );
    if let Some(fix) = fix {
        finding.fix(fix);
    }
}

/// Whether a policy has no entry for a port yet.
fn is_free(key: &ServicePortKey<'_>, port: u16) -> bool {
    key.policy
        .ports
        .iter()
        .all(|entry| entry.port.value != port)
}
