//! What makes Istio refuse a Sidecar (`ValidateSidecar`), as far as it is about who is known to whom.

use rustc_hash::FxHashSet;

use super::super::reader::{Context, Field};
use super::super::wording::quote;
use super::names::{
    check_name, check_protocol, check_selector, is_part, is_placeholder, wrong_host,
};

/// Notes the faults of a Sidecar.
pub(super) fn check(spec: &Field<'_>, cx: &mut Context<'_>) {
    let selector = spec.child("workloadSelector");
    check_selector(&selector.child("labels"), cx);
    let (egress, ingress) = (spec.child("egress"), spec.child("ingress"));
    let says_something = count(&egress, cx) + count(&ingress, cx) > 0
        || ["outboundTrafficPolicy", "inboundConnectionPool"]
            .iter()
            .any(|name| spec.child(name).is_present());
    if !says_something {
        cx.fault(
            spec,
            "must have `egress`, `ingress`, `outboundTrafficPolicy` or `inboundConnectionPool`",
        );
    }
    check_egress(&egress, cx);
    check_ingress(&ingress, cx);
}

/// How many elements a list has.
fn count(list: &Field<'_>, cx: &mut Context<'_>) -> usize {
    list.items(cx).count()
}

fn check_egress(egress: &Field<'_>, cx: &mut Context<'_>) {
    let last = count(egress, cx).saturating_sub(1);
    let mut ports = FxHashSet::default();
    for (index, listener) in egress.items(cx).enumerate() {
        let port = listener.child("port");
        if port.is_present() {
            check_port(&listener, &port, cx);
            check_once(&port, &mut ports, cx);
        } else if index < last {
            cx.fault(
                &listener,
                "a listener without a `port` must be the last one",
            );
        }
        let hosts = listener.child("hosts");
        if hosts
            .value()
            .is_some_and(|list| list.as_sequence() == Some(&[]))
        {
            cx.fault_at(&hosts, hosts.key_place(), "must name at least one host");
        }
        for host in hosts.items(cx) {
            check_egress_host(&host, cx);
        }
    }
}

/// Notes a fault for the port of a listener that another one has too.
fn check_once(port: &Field<'_>, ports: &mut FxHashSet<u16>, cx: &mut Context<'_>) {
    let number = port.child("number");
    if let Some(value) = number.port_or_zero(cx)
        && !ports.insert(value)
    {
        cx.fault(&number, format!("two listeners are for port {value}"));
    }
}

/// Notes the faults of a `namespace/host` (`ValidateNamespaceSlashWildcardHostname`).
fn check_egress_host(field: &Field<'_>, cx: &mut Context<'_>) {
    let Some(text) = field.text(cx).filter(|text| !is_placeholder(&text.value)) else {
        return;
    };
    let text = &*text.value;
    let message = match text.split_once('/') {
        None => format!(
            "{} must be of the form `namespace/host`, such as `./*`",
            quote(text)
        ),
        Some((namespace, host)) => {
            let plain = namespace.strip_prefix('~').unwrap_or(namespace);
            let is_namespace =
                !namespace.is_empty() && (matches!(plain, "" | "*" | ".") || is_part(plain));
            let is_partial = host.contains('*') && host != "*" && !host.starts_with("*.");
            if !is_namespace {
                format!(
                    "{} does not begin with a namespace, `.` or `*`",
                    quote(text)
                )
            } else if host.is_empty() || host != "*" && !host.contains('.') {
                format!(
                    "{} has no full host, such as `reviews.shop.svc.cluster.local`, behind the namespace; Istio completes no names here",
                    quote(text)
                )
            } else if is_partial {
                format!(
                    "{}: a `*` may only stand for whole parts at the beginning of the host",
                    quote(text)
                )
            } else if let Some(wrong) = wrong_host(host) {
                format!("{} {wrong}", quote(host))
            } else {
                return;
            }
        }
    };
    cx.fault(field, message);
}

/// Notes the faults of the port of an egress listener.
fn check_port(listener: &Field<'_>, port: &Field<'_>, cx: &mut Context<'_>) {
    check_name(&port.child("name"), cx);
    check_protocol(&port.child("protocol"), cx);
    let number = port.child("number");
    let bind = listener.child("bind").text(cx);
    let is_socket = bind.is_some_and(|bind| bind.value.starts_with("unix://"));
    let is_zero = number.value().and_then(crate::yaml::Value::as_integer) == Some(0);
    if is_zero && !is_socket {
        cx.fault(
            &number,
            "port 0 is for listeners on a Unix socket, given by `bind`",
        );
    }
}

fn check_ingress(ingress: &Field<'_>, cx: &mut Context<'_>) {
    let mut ports = FxHashSet::default();
    for listener in ingress.items(cx) {
        let port = listener.child("port");
        check_name(&port.child("name"), cx);
        check_protocol(&port.child("protocol"), cx);
        check_once(&port, &mut ports, cx);
        check_ingress_tls(&listener.child("tls"), cx);
    }
}

/// Notes the faults of the `tls` of an ingress listener: files on disk are all it may name.
fn check_ingress_tls(tls: &Field<'_>, cx: &mut Context<'_>) {
    let refused = [
        "credentialName",
        "credentialNames",
        "tlsCertificates",
        "subjectAltNames",
    ];
    for name in refused {
        let field = tls.child(name);
        if field.is_present() {
            let message = "Istio does not support this in a Sidecar";
            cx.fault_at(&field, field.key_place(), message);
        }
    }
    let mode = tls.child("mode");
    let text = mode.loose_text().map(|mode| mode.value);
    if let Some(text @ ("ISTIO_MUTUAL" | "AUTO_PASSTHROUGH")) = text.as_deref() {
        cx.fault(&mode, format!("`{text}` is not supported in a Sidecar"));
    }
}
