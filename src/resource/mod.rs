//! Typed resources: what the linter reads of each kind, every field that matters with its place. One file per kind.

mod admission;
mod authentication_policy;
mod decode;
mod destination_rule;
mod endpoints;
mod export_to;
mod host;
mod mesh_config;
mod mesh_config_source;
mod meta;
mod peer_authentication;
mod problem;
mod reader;
mod schema;
mod selector;
mod service;
mod service_entry;
mod sidecar;
#[cfg(test)]
mod testing;
mod virtual_service;
mod wording;
mod workload;
mod workload_entry;

pub use authentication_policy::{
    AuthenticationPolicy, LegacyMtlsMode, Peer, PolicyTarget, PortSelector,
};
pub use decode::{Decoded, decode, decode_values};
pub use destination_rule::{
    DestinationRule, LoadBalancer, PortPolicy, Subset, TlsMode, TlsSettings, TrafficPolicy,
};
pub use endpoints::{EndpointAddress, Endpoints};
pub use export_to::ExportTo;
pub use host::{Fqdn, is_wildcard, more_specific, wildcard_matches};
pub use mesh_config::{HelmMtls, MeshConfig, MeshConfigSource, OutboundMode};
pub use meta::{Labels, Meta, Timestamp};
pub use peer_authentication::{MtlsMode, PeerAuthentication, PortMtls};
pub use problem::{Effect, Problem, ProblemKind, Replacement};
pub use selector::{LabelExpression, LabelOperator, LabelSelector, Selector};
pub use service::{Service, ServicePort, ServiceType, TargetPort, Transport};
pub use service_entry::{EntryPort, Location, Resolution, ServiceEntry};
pub use sidecar::{EgressListener, Sidecar};
pub use virtual_service::{RouteDestination, VirtualService};
pub(crate) use wording::{element_name, visible};
pub use workload::{ContainerPort, Workload};
pub use workload_entry::{EndpointSpec, WorkloadEntry, WorkloadGroup};

/// A namespace, with the labels that decide injection, ambient capture and discovery.
#[derive(Clone, Debug)]
pub struct NamespaceObject {
    /// Name, labels, annotations; the namespace of the metadata is the name itself.
    pub meta: Meta,
}

/// An object of a kind that the linter reads.
#[derive(Clone, Debug)]
pub enum Resource {
    /// `Namespace`.
    Namespace(NamespaceObject),
    /// `Service`.
    Service(Service),
    /// `Endpoints` or `EndpointSlice`.
    Endpoints(Endpoints),
    /// A Pod or any kind with a pod template.
    Workload(Workload),
    /// `networking.istio.io` `ServiceEntry`.
    ServiceEntry(ServiceEntry),
    /// `networking.istio.io` `WorkloadEntry`.
    WorkloadEntry(WorkloadEntry),
    /// `networking.istio.io` `WorkloadGroup`.
    WorkloadGroup(WorkloadGroup),
    /// `networking.istio.io` `DestinationRule`.
    DestinationRule(Box<DestinationRule>),
    /// `networking.istio.io` `VirtualService`.
    VirtualService(VirtualService),
    /// `networking.istio.io` `Sidecar`.
    Sidecar(Sidecar),
    /// `security.istio.io` `PeerAuthentication`.
    PeerAuthentication(PeerAuthentication),
    /// `authentication.istio.io` `Policy` or `MeshPolicy` (Istio 1.0 to 1.5).
    AuthenticationPolicy(AuthenticationPolicy),
    /// Mesh config in any of its forms.
    MeshConfig(Box<MeshConfig>),
}

impl Resource {
    /// The metadata; none for a file of Helm values.
    pub fn meta(&self) -> Option<&Meta> {
        match self {
            Self::Namespace(x) => Some(&x.meta),
            Self::Service(x) => Some(&x.meta),
            Self::Endpoints(x) => Some(&x.meta),
            Self::Workload(x) => Some(&x.meta),
            Self::ServiceEntry(x) => Some(&x.meta),
            Self::WorkloadEntry(x) => Some(&x.meta),
            Self::WorkloadGroup(x) => Some(&x.meta),
            Self::DestinationRule(x) => Some(&x.meta),
            Self::VirtualService(x) => Some(&x.meta),
            Self::Sidecar(x) => Some(&x.meta),
            Self::PeerAuthentication(x) => Some(&x.meta),
            Self::AuthenticationPolicy(x) => Some(&x.meta),
            Self::MeshConfig(x) => x.meta.as_ref(),
        }
    }
}
