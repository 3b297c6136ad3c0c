//! `ServiceEntry`: hosts that Kubernetes does not know.

use super::reader::{Context, Field};
use super::{EndpointSpec, ExportTo, Meta, Selector};
use crate::source::Spanned;

/// A ServiceEntry (semantics 2.4).
#[derive(Clone, Debug)]
pub struct ServiceEntry {
    /// Name, namespace, labels.
    pub meta: Meta,
    /// `spec.hosts`.
    pub hosts: Vec<Spanned<Box<str>>>,
    /// `spec.addresses`.
    pub addresses: Vec<Box<str>>,
    /// `spec.ports`.
    pub ports: Vec<EntryPort>,
    /// `spec.location`; MESH_EXTERNAL where absent.
    pub location: Location,
    /// `spec.resolution`; NONE where absent.
    pub resolution: Resolution,
    /// `spec.endpoints`, inline.
    pub endpoints: Vec<EndpointSpec>,
    /// `spec.workloadSelector.labels`.
    pub workload_selector: Option<Selector>,
    /// `spec.exportTo`.
    pub export_to: Option<ExportTo>,
}

impl ServiceEntry {
    /// Reads one.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let addresses = spec.child("addresses").texts(cx);
        let selector = spec.child("workloadSelector");
        let location = spec.child("location");
        let location = location.choice("a location", &Location::NAMES, cx);
        let resolution = spec.child("resolution");
        let resolution = resolution.choice("a resolution", &Resolution::NAMES, cx);
        Self {
            hosts: spec.child("hosts").texts(cx),
            addresses: addresses.into_iter().map(|text| text.value).collect(),
            ports: spec.child("ports").each(EntryPort::decode, cx),
            location: location.map_or(Location::MeshExternal, |location| location.value),
            resolution: resolution.map_or(Resolution::None, |resolution| resolution.value),
            endpoints: spec.child("endpoints").each(EndpointSpec::decode, cx),
            workload_selector: selector.child("labels").selector(cx),
            export_to: spec.child("exportTo").export_to(cx),
            meta,
        }
    }
}

/// One element of `spec.ports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EntryPort {
    /// `number`.
    pub number: Spanned<u16>,
    /// `name`.
    pub name: Box<str>,
    /// `protocol` as written.
    pub protocol: Box<str>,
    /// `targetPort`.
    pub target: Option<u16>,
}

impl EntryPort {
    /// Reads one; a number that is missing is a fault.
    fn decode(element: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let number = element.child("number");
        let port = number.port(cx);
        if element.mapping(cx).is_some() && !number.is_present() {
            cx.fault(element, "must have a `number`");
        }
        let mut text = |key: &str| element.child(key).text(cx).map(|text| text.value);
        Some(Self {
            number: port?,
            name: text("name").unwrap_or_default(),
            protocol: text("protocol").unwrap_or_default(),
            target: element.child("targetPort").port_or_zero(cx),
        })
    }
}

/// `location`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// Outside the mesh: auto mTLS is off.
    MeshExternal,
    /// Part of the mesh.
    MeshInternal,
}

impl Location {
    /// The values by name.
    const NAMES: [(&str, Self); 2] = [
        ("MESH_EXTERNAL", Self::MeshExternal),
        ("MESH_INTERNAL", Self::MeshInternal),
    ];
}

/// `resolution`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Resolution {
    /// To the address the application asked for.
    None,
    /// To the endpoints given.
    Static,
    /// By DNS.
    Dns,
    /// By DNS, one address.
    DnsRoundRobin,
    /// By a dynamic forward proxy (1.31).
    DynamicDns,
}

impl Resolution {
    /// The values by name.
    const NAMES: [(&str, Self); 5] = [
        ("NONE", Self::None),
        ("STATIC", Self::Static),
        ("DNS", Self::Dns),
        ("DNS_ROUND_ROBIN", Self::DnsRoundRobin),
        ("DYNAMIC_DNS", Self::DynamicDns),
    ];
}

#[cfg(test)]
mod tests {
    use super::super::testing::{expect_resource, problems, with_spec};
    use super::*;

    fn manifest(spec: &str) -> String {
        with_spec("networking.istio.io/v1beta1", "ServiceEntry", spec)
    }

    fn entry(spec: &str) -> ServiceEntry {
        expect_resource!(ServiceEntry, &manifest(spec))
    }

    #[test]
    fn absent_fields_have_protobufs_defaults() {
        let entry = entry("hosts: [a.example.com]");
        assert_eq!(entry.location, Location::MeshExternal);
        assert_eq!(entry.resolution, Resolution::None);
        assert_eq!(&*entry.hosts[0].value, "a.example.com");
        assert!(entry.ports.is_empty() && entry.endpoints.is_empty());
        assert!(entry.workload_selector.is_none() && entry.export_to.is_none());
    }

    #[test]
    fn every_location_and_resolution_is_read() {
        assert_eq!(
            entry("location: MESH_INTERNAL").location,
            Location::MeshInternal
        );
        let table = [
            ("NONE", Resolution::None),
            ("STATIC", Resolution::Static),
            ("DNS", Resolution::Dns),
            ("DNS_ROUND_ROBIN", Resolution::DnsRoundRobin),
            ("DYNAMIC_DNS", Resolution::DynamicDns),
        ];
        for (written, expected) in table {
            let entry = entry(&format!("resolution: {written}"));
            assert_eq!(entry.resolution, expected);
        }
    }

    #[test]
    fn ports_and_addresses_are_kept_as_written() {
        let entry = entry(
            "addresses: [10.0.0.0/8]\nports:\n- {number: 80, name: http, protocol: Http, targetPort: 8080}\n- {number: 81, targetPort: 0}",
        );
        assert_eq!(entry.addresses, ["10.0.0.0/8".into()]);
        let ports: Vec<_> = entry
            .ports
            .iter()
            .map(|port| (port.number.value, &*port.name, &*port.protocol, port.target))
            .collect();
        assert_eq!(
            ports,
            [(80, "http", "Http", Some(8080)), (81, "", "", None)]
        );
    }

    #[test]
    fn inline_endpoints_are_read_in_full() {
        let entry = entry(
            "endpoints:\n- {address: 10.0.0.1, ports: {http: 8080}, labels: {app: web}, serviceAccount: web, network: vm}\n- {}",
        );
        let [full, empty] = &entry.endpoints[..] else {
            panic!("two endpoints");
        };
        assert_eq!(&*full.address, "10.0.0.1");
        assert_eq!(full.ports, [("http".into(), 8080)]);
        assert_eq!(full.labels.get("app"), Some("web"));
        assert_eq!(full.service_account.as_deref(), Some("web"));
        assert_eq!(full.network.as_deref(), Some("vm"));
        assert!(empty.address.is_empty() && empty.service_account.is_none());
    }

    #[test]
    fn a_selector_needs_labels() {
        assert_eq!(entry("workloadSelector: {}").workload_selector, None);
        assert_eq!(
            entry("workloadSelector: {labels: {}}").workload_selector,
            None
        );
        let selector = entry("workloadSelector: {labels: {app: web}}").workload_selector;
        assert!(selector.is_some());
    }

    #[test]
    fn nobody_may_be_exported_to() {
        let export_to = entry("exportTo: ['~']").export_to;
        assert!(export_to.is_some_and(|export_to| export_to.contains("~")));
    }

    #[test]
    fn bad_values_are_problems() {
        let table = [
            (
                "location: INTERNAL",
                "spec.location: `INTERNAL` is not a location; expected `MESH_EXTERNAL` or `MESH_INTERNAL`",
            ),
            (
                "resolution: dns",
                "spec.resolution: `dns` is not a resolution; did you mean `DNS`?",
            ),
            ("hosts: a", "spec.hosts: must be a list, not text"),
            (
                "hosts: [1]",
                "spec.hosts[0]: must be text, not a number; put it in quotes",
            ),
            (
                "ports: [{name: http}]",
                "spec.ports[0]: must have a `number`",
            ),
            (
                "ports: [{number: 0}]",
                "spec.ports[0].number: `0` is not a port number (1 to 65535)",
            ),
            (
                "endpoints: [10.0.0.1]",
                "spec.endpoints[0]: must be a mapping, not text",
            ),
            (
                "endpoints: [{ports: {http: x}}]",
                "spec.endpoints[0].ports.http: must be a port number (1 to 65535), not text",
            ),
        ];
        for (spec, expected) in table {
            assert_eq!(problems(&manifest(spec)), [expected]);
        }
    }
}
