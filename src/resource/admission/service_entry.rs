//! What makes Istio refuse a ServiceEntry, and the endpoints that it, a WorkloadEntry or a WorkloadGroup spells out
//! (`ValidateServiceEntry`, `validateWorkloadEntry`).

use rustc_hash::FxHashSet;

use super::super::reader::{Context, Field};
use super::super::wording::quote;
use super::super::{EndpointSpec, Resolution, ServiceEntry, is_wildcard};
use super::names::{
    check_export_to, check_host, check_labels, check_name, check_protocol, check_selector,
    is_address, is_address_or_range, is_full_host, is_placeholder,
};

/// What an address on a Unix socket begins with.
const UNIX: &str = "unix://";

/// Notes the faults of an entry.
pub(super) fn check(entry: &ServiceEntry, spec: &Field<'_>, cx: &mut Context<'_>) {
    let selector = spec.child("workloadSelector");
    check_selector(&selector.child("labels"), cx);
    let endpoints = spec.child("endpoints");
    if selector.is_present() && !entry.endpoints.is_empty() {
        let message = "may not stand beside `workloadSelector`";
        cx.fault_at(&endpoints, endpoints.key_place(), message);
    }
    check_hosts(entry, &spec.child("hosts"), cx);
    check_addresses(entry, &spec.child("addresses"), cx);
    check_ports(entry, &spec.child("ports"), cx);
    check_endpoints(entry, &endpoints, cx);
    if let Some(export_to) = &entry.export_to {
        check_export_to(&entry.meta, export_to, &spec.child("exportTo"), cx);
    }
}

fn check_hosts(entry: &ServiceEntry, hosts: &Field<'_>, cx: &mut Context<'_>) {
    let is_looked_up = matches!(
        entry.resolution,
        Resolution::Dns | Resolution::DnsRoundRobin
    ) && entry.endpoints.is_empty();
    for host in hosts.items(cx) {
        let Some(text) = host.text(cx) else { continue };
        if &*text.value == "*" {
            cx.fault(&host, "`*` alone is not allowed here");
            continue;
        }
        check_host(&host, cx);
        let has_wildcard = is_wildcard(&text.value);
        if is_looked_up && has_wildcard {
            cx.fault(
                &host,
                format!("{} cannot be looked up by DNS; a host with a `*` needs `endpoints`, or `resolution: NONE`", quote(&text.value)),
            );
        }
        if entry.resolution == Resolution::DynamicDns
            && !has_wildcard
            && !is_placeholder(&text.value)
        {
            cx.fault(
                &host,
                "must begin with a `*` where the resolution is DYNAMIC_DNS",
            );
        }
    }
}

fn check_addresses(entry: &ServiceEntry, addresses: &Field<'_>, cx: &mut Context<'_>) {
    let takes_ranges = matches!(entry.resolution, Resolution::None | Resolution::Static);
    for address in addresses.items(cx) {
        let Some(text) = address.text(cx) else {
            continue;
        };
        let text = &*text.value;
        if !is_address_or_range(text) {
            cx.fault(
                &address,
                format!("{} is not an IP address or a range of them", quote(text)),
            );
        } else if text.contains('/') && !takes_ranges && !is_placeholder(text) {
            let message = format!(
                "{} is a range, which only the resolutions NONE and STATIC take",
                quote(text)
            );
            cx.fault(&address, message);
        }
    }
    if entry.resolution == Resolution::DynamicDns && !entry.addresses.is_empty() {
        let message = "may not be given where the resolution is DYNAMIC_DNS";
        cx.fault_at(addresses, addresses.key_place(), message);
    }
}

fn check_ports(entry: &ServiceEntry, ports: &Field<'_>, cx: &mut Context<'_>) {
    let (mut numbers, mut names) = (FxHashSet::default(), FxHashSet::default());
    // Of a connection that is neither HTTP nor TLS nobody can tell the host.
    let tells_hosts = entry.hosts.len() < 2 || entry.resolution == Resolution::None;
    for port in ports.items(cx) {
        let (number, name, protocol) = (
            port.child("number"),
            port.child("name"),
            port.child("protocol"),
        );
        check_name(&name, cx);
        check_protocol(&protocol, cx);
        if let Some(text) = name.text(cx)
            && !names.insert(text.value.clone())
        {
            cx.fault(&name, format!("two ports are named {}", quote(&text.value)));
        }
        if let Some(value) = number.port(cx)
            && !numbers.insert(value.value)
        {
            cx.fault(&number, format!("port {} is listed twice", value.value));
        }
        let written = protocol
            .text(cx)
            .map(|text| text.value.to_ascii_lowercase());
        let written = written.as_deref().unwrap_or_default();
        let is_http = matches!(
            written,
            "http" | "http2" | "http_proxy" | "grpc" | "grpc-web"
        );
        let is_tls = matches!(written, "https" | "tls");
        let place = if protocol.is_present() {
            &protocol
        } else {
            &port
        };
        if !tells_hosts && !is_http && !is_tls && !is_placeholder(written) {
            cx.fault(
                place,
                "must be HTTP, TLS or one of their kin where there are several hosts",
            );
        }
        if entry.resolution == Resolution::DynamicDns
            && !matches!(written, "http" | "http2" | "grpc" | "tls")
            && !is_placeholder(written)
        {
            cx.fault(
                place,
                "must be HTTP, HTTP2, GRPC or TLS where the resolution is DYNAMIC_DNS",
            );
        }
    }
}

fn check_endpoints(entry: &ServiceEntry, endpoints: &Field<'_>, cx: &mut Context<'_>) {
    let count = entry.endpoints.len();
    let message = match entry.resolution {
        Resolution::None if count > 0 => {
            "may not be given where the resolution is NONE, as it is where none is written"
                .to_owned()
        }
        Resolution::DynamicDns if count > 0 => {
            "may not be given where the resolution is DYNAMIC_DNS".to_owned()
        }
        Resolution::DnsRoundRobin if count > 1 => {
            format!("has {count} elements, and the resolution DNS_ROUND_ROBIN takes one")
        }
        Resolution::None
        | Resolution::DynamicDns
        | Resolution::DnsRoundRobin
        | Resolution::Static
        | Resolution::Dns => {
            let items = endpoints.items(cx);
            for (field, endpoint) in items.zip(&entry.endpoints) {
                check_listed(entry, endpoint, &field, cx);
            }
            return;
        }
    };
    cx.fault_at(endpoints, endpoints.key_place(), message);
}

/// Notes the faults of an endpoint that an entry lists.
fn check_listed(
    entry: &ServiceEntry,
    endpoint: &EndpointSpec,
    field: &Field<'_>,
    cx: &mut Context<'_>,
) {
    let address = field.child("address");
    let text = &*endpoint.address;
    let is_static = entry.resolution == Resolution::Static;
    let is_socket = text.starts_with(UNIX);
    if text.is_empty() {
        check_address(endpoint, field, cx);
    } else if is_static && !is_socket && !is_address(text) {
        cx.fault(
            &address,
            format!(
                "{} is not an IP address, which the resolution STATIC wants",
                quote(text)
            ),
        );
    } else if !is_static && !is_address(text) && !is_full_host(text) {
        cx.fault(
            &address,
            format!("{} is neither a host nor an IP address", quote(text)),
        );
    }
    if is_static && is_socket && entry.ports.len() != 1 {
        cx.fault(&address, "a Unix socket is for an entry with one port");
    }
    let ports = field.child("ports");
    for (name, _) in ports.entries(cx) {
        let is_known = entry.ports.iter().any(|port| port.name == name.value);
        if !is_known && !is_placeholder(&name.value) {
            cx.fault_at(
                &ports,
                Some(name.place),
                format!("no port of the entry is named {}", quote(&name.value)),
            );
        }
    }
    check_endpoint(endpoint, field, cx);
}

/// Notes a fault for an endpoint that has neither an address nor a network, or no address that Istio takes.
pub(super) fn check_address(endpoint: &EndpointSpec, field: &Field<'_>, cx: &mut Context<'_>) {
    let text = &*endpoint.address;
    if text.is_empty() && endpoint.network.is_none() {
        cx.fault(field, "must have an `address`");
    } else if !text.is_empty()
        && !text.starts_with(UNIX)
        && !is_address(text)
        && !is_full_host(text)
    {
        let message = format!("{} is neither a host nor an IP address", quote(text));
        cx.fault(&field.child("address"), message);
    }
}

/// Notes the faults that an endpoint has whoever lists it.
pub(super) fn check_endpoint(endpoint: &EndpointSpec, field: &Field<'_>, cx: &mut Context<'_>) {
    let ports = field.child("ports");
    if let Some(path) = endpoint.address.strip_prefix(UNIX) {
        let is_path = path.starts_with('@') || path.starts_with('/') && !path.ends_with('/');
        if !is_path && !is_placeholder(path) {
            let message = "a Unix socket is the absolute path of a file, or begins with `@`";
            cx.fault(&field.child("address"), message);
        }
        if !endpoint.ports.is_empty() {
            let message = "a Unix socket has no ports";
            cx.fault_at(&ports, ports.key_place(), message);
        }
    }
    for (name, port) in ports.entries(cx) {
        if !is_placeholder(&name.value) && !super::names::is_part(&name.value) {
            cx.fault_at(
                &port,
                Some(name.place),
                format!("{} is not the name of a port", quote(&name.value)),
            );
        }
    }
    check_labels(&field.child("labels"), cx);
}
