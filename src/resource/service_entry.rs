//! `ServiceEntry`: hosts that Kubernetes does not know.

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

/// `location`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Location {
    /// Outside the mesh: auto mTLS is off.
    MeshExternal,
    /// Part of the mesh.
    MeshInternal,
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
