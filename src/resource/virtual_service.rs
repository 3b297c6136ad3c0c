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
    /// Whether an http route leaves the rest to another VirtualService (`delegate`).
    pub delegates: bool,
}

impl VirtualService {
    /// Whether it is for the sidecars of the mesh.
    pub(crate) fn is_for_mesh(&self) -> bool {
        is_for_mesh(&self.gateways)
    }

    /// Reads one.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let mut destinations = Vec::new();
        let mut delegates = false;
        for protocol in ["http", "tls", "tcp"] {
            for route in spec.child(protocol).items(cx) {
                let conditions = Conditions::read(&route, protocol == "http", cx);
                read_route(&route, &conditions, &mut destinations, cx);
                delegates |= route.child("delegate").is_present();
            }
        }
        Self {
            meta,
            hosts: spec.child("hosts").texts(cx),
            gateways: spec.child("gateways").texts(cx),
            export_to: spec.child("exportTo").export_to(cx),
            destinations,
            delegates,
        }
    }
}

/// Whether a list of gateways has the sidecars of the mesh among them, as an empty one has.
fn is_for_mesh(gateways: &[Spanned<Box<str>>]) -> bool {
    gateways.is_empty() || gateways.iter().any(|gateway| &*gateway.value == "mesh")
}

/// What the matches of a route ask for, shared by its destinations.
#[derive(Clone)]
struct Conditions {
    gateways: Arc<[Box<str>]>,
    source_namespaces: Arc<[Box<str>]>,
    http_ports: Option<Arc<[u16]>>,
}

impl Conditions {
    /// Reads the matches; Istio looks at `sourceNamespace` of http routes only when it collects destinations.
    fn read(route: &Field<'_>, is_http: bool, cx: &mut Context<'_>) -> Self {
        let mut gateways: Vec<Box<str>> = Vec::new();
        let mut source_namespaces: Vec<Box<str>> = Vec::new();
        let conditions = route.child("match");
        let mut conditions = conditions.items(cx).peekable();
        let mut is_met = conditions.peek().is_none();
        let mut ports: Vec<Option<u16>> = Vec::new();
        for condition in conditions {
            if is_for_all_clients(&condition, cx) {
                is_met = true;
                let port = condition.child("port").port(cx);
                ports.push(port.map(|port| port.value));
            }
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
            // One that names no port is for all of them.
            http_ports: (is_http && is_met)
                .then(|| ports.into_iter().collect::<Option<_>>().unwrap_or_default()),
        }
    }
}

/// Whether a match can be met by any sidecar of the mesh: whatever else it asks, calls that do not meet it meet no route.
fn is_for_all_clients(condition: &Field<'_>, cx: &mut Context<'_>) -> bool {
    let gateways = condition.child("gateways").texts(cx);
    let keys = ["sourceNamespace", "sourceLabels"];
    is_for_mesh(&gateways) && !keys.iter().any(|key| condition.child(key).is_present())
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
    /// The ports of which an http route of the mesh looks at every client's calls, by `port` of its matches; empty for all.
    /// None where the route is for certain clients alone, or is no http route.
    pub http_ports: Option<Arc<[u16]>>,
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
            http_ports: conditions.http_ports.clone(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{expect_resource, problems, with_spec};
    use super::*;

    fn manifest(spec: &str) -> String {
        with_spec("networking.istio.io/v1", "VirtualService", spec)
    }

    fn service(spec: &str) -> VirtualService {
        expect_resource!(VirtualService, &manifest(spec))
    }

    fn hosts(service: &VirtualService) -> Vec<&str> {
        let destinations = service.destinations.iter();
        destinations.map(|found| &*found.host.value).collect()
    }

    #[test]
    fn a_route_looks_at_the_calls_of_the_ports_of_its_matches_or_of_all() {
        let table: [(&str, Option<&[u16]>); 9] = [
            ("", Some(&[])),
            ("match: [{port: 80}, {port: 81}], ", Some(&[80, 81])),
            ("match: [{port: 80}, {uri: {prefix: /}}], ", Some(&[])),
            ("match: [{uri: {prefix: /}}], ", Some(&[])),
            ("match: [{gateways: [mesh, x]}], ", Some(&[])),
            ("match: [{gateways: [x]}], ", None),
            ("match: [{gateways: [x]}, {port: 80}], ", Some(&[80])),
            ("match: [{sourceNamespace: shop}], ", None),
            ("match: [{sourceLabels: {app: web}}], ", None),
        ];
        for (conditions, expected) in table {
            let route = format!("[{{{conditions}route: [{{destination: {{host: b}}}}]}}]");
            let service = service(&format!("hosts: [a]\nhttp: {route}"));
            assert_eq!(
                service.destinations[0].http_ports.as_deref(),
                expected,
                "{conditions}"
            );
        }
        let service = service("hosts: [a]\ntcp: [{route: [{destination: {host: b}}]}]");
        assert_eq!(service.destinations[0].http_ports, None);
    }

    #[test]
    fn a_route_may_leave_the_rest_to_another_service() {
        assert!(!service("hosts: [a]\nhttp: [{route: [{destination: {host: b}}]}]").delegates);
        assert!(service("hosts: [a]\nhttp: [{delegate: {name: d}}]").delegates);
    }

    #[test]
    fn hosts_gateways_and_export_to_are_read() {
        let service = service("hosts: [a, b]\ngateways: [mesh, infra/public]\nexportTo: [.]");
        let texts = |list: &[Spanned<Box<str>>]| -> Vec<String> {
            list.iter().map(|text| text.value.to_string()).collect()
        };
        assert_eq!(texts(&service.hosts), ["a", "b"]);
        assert_eq!(texts(&service.gateways), ["mesh", "infra/public"]);
        assert!(service.export_to.is_some_and(|to| to.contains(".")));
    }

    #[test]
    fn destinations_come_from_routes_and_mirrors_of_all_protocols() {
        let service = service(
            "http:\n- route: [{destination: {host: a}}, {destination: {host: b}}]\n  mirrors: [{destination: {host: c}}]\n  mirror: {host: d}\n- redirect: {uri: /}\ntls:\n- route: [{destination: {host: e}}]\ntcp:\n- route: [{destination: {host: f}}]",
        );
        assert_eq!(hosts(&service), ["a", "b", "c", "d", "e", "f"]);
    }

    #[test]
    fn a_destination_has_a_port_and_a_subset() {
        let service =
            service("http: [{route: [{destination: {host: a, port: {number: 80}, subset: v1}}]}]");
        let [found] = &service.destinations[..] else {
            panic!("one destination");
        };
        assert_eq!(found.port, Some(80));
        let subset = found.subset.as_ref().map(|subset| &*subset.value);
        assert_eq!(subset, Some("v1"));
        assert!(found.gateways.is_empty());
    }

    #[test]
    fn a_destination_knows_the_gateways_of_its_own_route() {
        let service = service(
            "http:\n- match: [{gateways: [mesh]}, {uri: {prefix: /}, gateways: [infra/public, mesh]}]\n  route: [{destination: {host: a}}]\n- route: [{destination: {host: b}}]",
        );
        let gateways: Vec<_> = service
            .destinations
            .iter()
            .map(|found| &*found.gateways)
            .collect();
        let expected: [&[Box<str>]; 2] = [&["infra/public".into(), "mesh".into()], &[]];
        assert_eq!(gateways, expected);
    }

    #[test]
    fn wrong_types_are_problems() {
        let table = [
            (
                "http: {route: []}",
                "spec.http: must be a list, not a mapping",
            ),
            (
                "http: [{route: {destination: {}}}]",
                "spec.http[0].route: must be a list, not a mapping",
            ),
            (
                "http: [{route: [{destination: a}]}]",
                "spec.http[0].route[0].destination: must be a mapping, not text",
            ),
            (
                "http: [{route: [{destination: {host: a, subset: 1}}]}]",
                "spec.http[0].route[0].destination.subset: must be text, not a number; put it in quotes",
            ),
            (
                "tcp: [{route: [{destination: {host: a, port: {number: -1}}}]}]",
                "spec.tcp[0].route[0].destination.port.number: `-1` is not a port number (1 to 65535)",
            ),
        ];
        for (spec, expected) in table {
            assert_eq!(problems(&manifest(spec)), [expected]);
        }
    }
}
