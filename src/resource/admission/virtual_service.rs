//! What makes Istio refuse a VirtualService (`ValidateVirtualService`), as far as it is about hosts and destinations.

use super::super::VirtualService;
use super::super::reader::{Context, Field};
use super::names::{check_export_to, check_host, check_name, is_address};

/// Notes the faults of a VirtualService.
pub(super) fn check(service: &VirtualService, spec: &Field<'_>, cx: &mut Context<'_>) {
    if let Some(export_to) = &service.export_to {
        check_export_to(&service.meta, export_to, &spec.child("exportTo"), cx);
    }
    let is_for_mesh =
        service.gateways.is_empty() || service.gateways.iter().all(|name| &*name.value == "mesh");
    for host in spec.child("hosts").items(cx) {
        let Some(text) = host.text(cx) else { continue };
        if is_for_mesh && &*text.value == "*" {
            cx.fault(&host, "`*` is only allowed where a gateway is named");
        } else if !is_address(&text.value) {
            check_host(&host, cx);
        }
    }
    let mut routes = 0;
    for protocol in ["http", "tls", "tcp"] {
        for route in spec.child(protocol).items(cx) {
            routes += 1;
            check_route(&route, protocol == "http", cx);
        }
    }
    if routes == 0 && spec.is_present() {
        cx.fault(spec, "must have `http`, `tls` or `tcp` routes");
    }
}

fn check_route(route: &Field<'_>, is_http: bool, cx: &mut Context<'_>) {
    let list = route.child("route");
    let has_route = list.items(cx).next().is_some();
    let instead = ["redirect", "directResponse", "delegate"];
    let other = instead
        .into_iter()
        .find(|name| is_http && route.child(name).is_present());
    match other {
        Some(name) if has_route => {
            let message = format!("may not stand beside `{name}`");
            cx.fault_at(&list, list.key_place(), message);
        }
        None if !has_route => cx.fault(route, "must have a `route`"),
        Some(_) | None => {}
    }
    for key in ["route", "mirrors"] {
        for weighted in route.child(key).items(cx) {
            check_destination(&weighted.child("destination"), cx);
        }
    }
    check_destination(&route.child("mirror"), cx);
}

fn check_destination(destination: &Field<'_>, cx: &mut Context<'_>) {
    let host = destination.child("host");
    if host.loose_text().is_some_and(|text| &*text.value == "*") {
        cx.fault(&host, "`*` is not a destination");
        return;
    }
    check_host(&host, cx);
    let subset = destination.child("subset");
    check_name(&subset, cx);
}
