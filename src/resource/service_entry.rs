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
