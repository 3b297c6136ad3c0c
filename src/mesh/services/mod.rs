//! The registry: every hostname that istiod knows, its ports and its endpoints (semantics 2.4).

mod build;
mod endpoints;
mod ports;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use super::workloads::EndpointTls;
use crate::object::{Namespace, ObjectId};
use crate::resource::{ExportTo, Fqdn, Labels, Selector, Timestamp};
use crate::source::Place;

/// A service of the registry, by its position in creation order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct ServiceId(pub(crate) u32);

/// How a service's clusters find their endpoints.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Resolution {
    /// The endpoints istiod knows (EDS).
    ClientSide,
    /// The address the application asked for.
    Passthrough,
    /// DNS names in the cluster.
    Dns,
    /// One DNS name in the cluster.
    DnsRoundRobin,
    /// A dynamic forward proxy.
    DynamicDns,
    /// Another name of a service (`ExternalName`).
    Alias,
}

/// What a port's declared protocol means for foreign TLS (semantics 3.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ProtocolClass {
    /// HTTP, HTTP/2, gRPC.
    Http,
    /// Any other declared protocol.
    Tcp,
    /// Not declared: sniffed.
    Auto,
}

/// A port of a service.
#[derive(Clone, Debug)]
pub(crate) struct Port {
    /// The name; empty for a single port without one.
    pub(crate) name: Arc<str>,
    /// The number.
    pub(crate) number: u16,
    /// What its protocol means.
    pub(crate) class: ProtocolClass,
    /// Whether it carries TCP; others have no clusters.
    pub(crate) is_tcp: bool,
    /// Whether the declared protocol is TLS itself.
    pub(crate) carries_tls: bool,
}

/// A hostname of one namespace (`model.Service`).
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// The hostname.
    pub(crate) host: Fqdn,
    /// The namespace of the object that defines it.
    pub(crate) namespace: Namespace,
    /// The object.
    pub(crate) object: ObjectId,
    /// Where the object is named.
    pub(crate) place: Place,
    /// Whether it is a Kubernetes Service.
    pub(crate) is_kubernetes: bool,
    /// How endpoints are found.
    pub(crate) resolution: Resolution,
    /// Whether it is outside the mesh.
    pub(crate) mesh_external: bool,
    /// The ports.
    pub(crate) ports: Vec<Port>,
    /// Its own export list.
    pub(crate) export_to: Option<ExportTo>,
    /// The object's labels, which decide whether two services of a host add up their ports.
    labels: Labels,
    /// The labels its endpoints are selected by.
    selector: Option<Selector>,
    /// When it was created; services without that come last.
    pub(crate) created: Option<Timestamp>,
    /// Where its endpoints are, together with those of other services of the host and namespace.
    endpoints: u32,
}

impl Service {
    /// Whether the ports of two services of one host and namespace add up (`canMergeServices`).
    pub(crate) fn merges_with(&self, other: &Self) -> bool {
        self.resolution == other.resolution
            && self.is_kubernetes == other.is_kubernetes
            && self.labels.texts() == other.labels.texts()
            && self.selector_texts() == other.selector_texts()
            && self.exports() == other.exports()
    }
}

impl Service {
    fn selector_texts(&self) -> Option<Vec<(&str, &str)>> {
        self.selector
            .as_ref()
            .map(|selector| selector.labels.texts())
    }

    fn exports(&self) -> BTreeSet<&str> {
        self.export_to
            .iter()
            .flat_map(|list| list.values.iter().map(|value| &*value.value))
            .collect()
    }
}

/// What an endpoint is.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum EndpointOwner {
    /// A workload of the mesh, by its position.
    Workload(u32),
    /// An address without a workload in the input.
    Address(Box<str>),
    /// What registers itself by a WorkloadGroup of this name.
    Group(Box<str>),
}

/// One endpoint of a service port. A mesh has many, and all that is long in them is shared.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// What it is.
    pub(crate) owner: EndpointOwner,
    /// `Kind/namespace/name`, or `address/namespace/address`.
    pub(crate) label: Arc<str>,
    /// The name of the service port it serves.
    pub(crate) service_port: Arc<str>,
    /// The port traffic arrives at.
    pub(crate) port: u16,
    /// What it says of TLS.
    pub(crate) tls: EndpointTls,
    /// The namespace whose policies apply to it.
    pub(crate) namespace: Namespace,
    /// Its labels, which policies and subsets select by.
    pub(crate) labels: Arc<Labels>,
    /// Whether its address is a name and not an IP address.
    pub(crate) has_dns_name: bool,
    /// Where it is written: the workload's name, the endpoint's block.
    pub(crate) place: Place,
    /// The object it is written in.
    pub(crate) object: Arc<ObjectId>,
}

impl Endpoint {
    /// What tells it apart from the others of its service: its label and its port.
    pub(crate) fn key(&self) -> (Arc<str>, u16) {
        (Arc::clone(&self.label), self.port)
    }
}

/// All services and endpoints.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    services: Vec<Service>,
    by_host: BTreeMap<Fqdn, Vec<ServiceId>>,
    /// The endpoints of each hostname and namespace.
    endpoints: Vec<Vec<Endpoint>>,
}

impl Registry {
    /// A service by id.
    pub(crate) fn service(&self, id: ServiceId) -> &Service {
        self.services
            .get(id.0 as usize)
            .expect("a ServiceId is only made for a service of the same registry")
    }

    /// All hostnames in order, each with its services, the oldest first.
    pub(crate) fn hosts(&self) -> impl Iterator<Item = (&Fqdn, &[ServiceId])> {
        self.by_host
            .iter()
            .map(|(host, ids)| (host, ids.as_slice()))
    }

    /// The services of a hostname, the oldest first.
    pub(crate) fn of_host(&self, host: &Fqdn) -> &[ServiceId] {
        self.by_host.get(host).map_or(&[], Vec::as_slice)
    }

    /// A port of a service as a client sees it; the port may come from another service of the same host and namespace.
    pub(crate) fn port<'a>(&'a self, service: &'a Service, number: u16) -> Option<&'a Port> {
        let others = self
            .of_host(&service.host)
            .iter()
            .map(|&id| self.service(id));
        let alike = others.filter(|other| other.namespace == service.namespace);
        // The own ports come first.
        std::iter::once(service)
            .chain(alike)
            .flat_map(|s| &s.ports)
            .find(|port| port.number == number)
    }

    /// A copy in which the endpoints of a workload take Istio mutual TLS.
    pub(crate) fn with_mtls(&self, workload: u32) -> Self {
        let mut copy = self.clone();
        let all = copy.endpoints.iter_mut().flatten();
        for endpoint in all.filter(|e| e.owner == EndpointOwner::Workload(workload)) {
            endpoint.tls = EndpointTls::Istio;
        }
        copy
    }

    /// All endpoints of a service port.
    pub(crate) fn endpoints<'a>(
        &'a self,
        service: &Service,
        port: &'a Port,
    ) -> impl Iterator<Item = &'a Endpoint> {
        let all = self.endpoints.get(service.endpoints as usize);
        all.into_iter()
            .flatten()
            .filter(|endpoint| endpoint.service_port == port.name)
    }
}
