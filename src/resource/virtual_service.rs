//! `VirtualService`: read where it decides visibility or which subsets are used.

use std::sync::Arc;

use super::reader::{Context, Field};
use super::{ExportTo, Meta};
use crate::source::Spanned;

/// A VirtualService.
#[derive(Clone, Debug)]
pub struct VirtualService {
    /// Name, namespace, labels.
    pub meta: Meta,
    /// `spec.hosts`.
    pub hosts: Vec<Spanned<Box<str>>>,
    /// `spec.gateways`; empty means `mesh`.
    pub gateways: Vec<Spanned<Box<str>>>,
    /// `spec.exportTo`.
    pub export_to: Option<ExportTo>,
    /// Every destination of its http, tls and tcp routes and mirrors.
    pub destinations: Vec<RouteDestination>,
}

impl VirtualService {
    /// Reads one.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let mut destinations = Vec::new();
        for protocol in ["http", "tls", "tcp"] {
            for route in spec.child(protocol).items(cx) {
                let conditions = Conditions::read(&route, protocol == "http", cx);
                read_route(&route, &conditions, &mut destinations, cx);
            }
        }
        Self {
            meta,
            hosts: spec.child("hosts").texts(cx),
            gateways: spec.child("gateways").texts(cx),
            export_to: spec.child("exportTo").export_to(cx),
            destinations,
        }
    }
}

/// What the matches of a route ask for, shared by its destinations.
#[derive(Clone)]
struct Conditions {
    gateways: Arc<[Box<str>]>,
    source_namespaces: Arc<[Box<str>]>,
}

impl Conditions {
    /// Reads the matches; Istio looks at `sourceNamespace` of http routes only when it collects destinations.
    fn read(route: &Field<'_>, is_http: bool, cx: &mut Context<'_>) -> Self {
        let mut gateways: Vec<Box<str>> = Vec::new();
        let mut source_namespaces: Vec<Box<str>> = Vec::new();
        for condition in route.child("match").items(cx) {
            let named = condition.child("gateways").texts(cx);
            gateways.extend(named.into_iter().map(|gateway| gateway.value));
            let source = condition
                .child("sourceNamespace")
                .text(cx)
                .filter(|_| is_http);
            source_namespaces.extend(source.map(|source| source.value));
        }
        for list in [&mut gateways, &mut source_namespaces] {
            list.sort();
            list.dedup();
        }
        Self {
            gateways: gateways.into(),
            source_namespaces: source_namespaces.into(),
        }
    }
}

/// Adds the destinations of a route and its mirrors.
fn read_route(
    route: &Field<'_>,
    conditions: &Conditions,
    destinations: &mut Vec<RouteDestination>,
    cx: &mut Context<'_>,
) {
    let mut add = |destination: &Field<'_>, cx: &mut Context<'_>| {
        destinations.extend(RouteDestination::decode(destination, conditions, cx));
    };
    for key in ["route", "mirrors"] {
        for weighted in route.child(key).items(cx) {
            add(&weighted.child("destination"), cx);
        }
    }
    add(&route.child("mirror"), cx);
}

/// One `destination`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RouteDestination {
    /// `host` as written.
    pub host: Spanned<Box<str>>,
    /// `port.number`.
    pub port: Option<u16>,
    /// `subset`.
    pub subset: Option<Spanned<Box<str>>>,
    /// `gateways` of the matches of the route it belongs to, sorted; empty where no match names any. Shared by all
    /// destinations of the route.
    pub gateways: Arc<[Box<str>]>,
    /// `sourceNamespace` of the matches of an http route, sorted; empty where no match names any.
    pub source_namespaces: Arc<[Box<str>]>,
}

impl RouteDestination {
    /// Reads one; none without a host.
    fn decode(field: &Field<'_>, conditions: &Conditions, cx: &mut Context<'_>) -> Option<Self> {
        let port = field.child("port");
        let port = port.child("number").port(cx);
        let subset = field.child("subset").text(cx);
        Some(Self {
            host: field.child("host").text(cx)?,
            port: port.map(|port| port.value),
            subset,
            gateways: Arc::clone(&conditions.gateways),
            source_namespaces: Arc::clone(&conditions.source_namespaces),
        })
    }
}
