//! The registry: every hostname that istiod knows, its ports and its endpoints (semantics 2.4).

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::FxHashMap;

use super::config::Config;
use super::parts::Parts;
use super::workloads::{EndpointTls, MeshWorkload, TLS_MODE};
use crate::object::{Namespace, ObjectId};
use crate::resource::{
    EndpointSpec, Endpoints, ExportTo, Fqdn, Labels, Location, Resolution as EntryResolution,
    Selector, Service as KubeService, ServiceEntry, ServicePort, ServiceType, TargetPort,
    Timestamp, Transport,
};
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
    /// Another name of a service (ExternalName).
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
    pub(crate) name: Box<str>,
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

/// One endpoint of a service port.
#[derive(Clone, Debug)]
pub(crate) struct Endpoint {
    /// What it is.
    pub(crate) owner: EndpointOwner,
    /// The name of the service port it serves.
    pub(crate) service_port: Box<str>,
    /// The port traffic arrives at.
    pub(crate) port: u16,
    /// What it says of TLS.
    pub(crate) tls: EndpointTls,
    /// The namespace whose policies apply to it.
    pub(crate) namespace: Namespace,
    /// Its labels, which policies and subsets select by.
    pub(crate) labels: Labels,
    /// Whether its address is a name and not an IP address.
    pub(crate) has_dns_name: bool,
    /// Where it is written: the workload's name, the endpoint's block.
    pub(crate) place: Place,
    /// The object it is written in.
    pub(crate) object: ObjectId,
}

/// All services and endpoints.
#[derive(Clone, Debug, Default)]
pub(crate) struct Registry {
    services: Vec<Service>,
    by_host: BTreeMap<Fqdn, Vec<ServiceId>>,
    endpoints: FxHashMap<(Fqdn, Namespace), Vec<Endpoint>>,
}

impl Registry {
    /// Builds the registry from Services, ServiceEntries, WorkloadEntries and placed workloads.
    pub(crate) fn build(parts: &Parts, config: &Config, workloads: &[MeshWorkload]) -> Self {
        let entries = external_workloads(parts, config);
        let mut builder = Builder {
            config,
            workloads,
            by_namespace: index(workloads),
            entries: &entries,
            listed: &parts.endpoints,
            registry: Self::default(),
        };
        for service in &parts.services {
            builder.kubernetes(service);
        }
        for entry in parts
            .service_entries
            .iter()
            .filter(|entry| config.reads_revision_of(&entry.meta))
        {
            builder.service_entry(entry);
        }
        builder.finish()
    }

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
    pub(crate) fn port(&self, service: &Service, number: u16) -> Option<&Port> {
        let others = self
            .of_host(&service.host)
            .iter()
            .map(|&id| self.service(id));
        let alike = others.filter(|other| other.namespace == service.namespace);
        let own = self
            .services
            .iter()
            .filter(|own| own.object == service.object && own.host == service.host);
        // The own ports come first.
        own.take(1)
            .chain(alike)
            .flat_map(|s| &s.ports)
            .find(|port| port.number == number)
    }

    /// A copy in which the endpoints of a workload take Istio mutual TLS.
    pub(crate) fn with_mtls(&self, workload: u32) -> Self {
        let mut copy = self.clone();
        let all = copy.endpoints.values_mut().flatten();
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
        let key = (service.host.clone(), service.namespace.clone());
        let all = self.endpoints.get(&key).map_or(&[][..], Vec::as_slice);
        all.iter()
            .filter(|endpoint| endpoint.service_port == port.name)
    }
}

/// A WorkloadEntry as an endpoint.
struct External {
    name: ObjectId,
    namespace: Namespace,
    spec: EndpointSpec,
    labels: Labels,
    tls: EndpointTls,
    /// The WorkloadGroup it stands for.
    group: Option<Box<str>>,
}

/// Workloads by namespace.
fn index(workloads: &[MeshWorkload]) -> FxHashMap<&str, Vec<u32>> {
    let mut by_namespace: FxHashMap<&str, Vec<u32>> = FxHashMap::default();
    for (id, workload) in (0u32..).zip(workloads) {
        by_namespace
            .entry(workload.namespace().as_str())
            .or_default()
            .push(id);
    }
    by_namespace
}

/// WorkloadEntries with the labels and TLS mode that `ConvertWorkloadEntry` gives them.
fn external_workloads(parts: &Parts, config: &Config) -> Vec<External> {
    let groups = parts
        .workload_groups
        .iter()
        .filter(|group| config.reads_revision_of(&group.meta));
    // A group stands for the entries that its workloads will register.
    let groups = groups.map(|group| {
        let labels = group.template.labels.overlaid(&group.labels);
        let mut spec = group.template.clone();
        spec.address = Box::default();
        External {
            name: group.meta.id.clone(),
            namespace: group.meta.namespace.clone(),
            tls: entry_tls(&labels, &spec, config),
            labels,
            spec,
            group: Some(group.meta.id.name.clone()),
        }
    });
    let seen = parts
        .workload_entries
        .iter()
        .filter(|entry| config.reads_revision_of(&entry.meta));
    seen.map(|entry| {
        let labels = entry.endpoint.labels.overlaid(&entry.meta.labels);
        External {
            name: entry.meta.id.clone(),
            namespace: entry.meta.namespace.clone(),
            spec: entry.endpoint.clone(),
            tls: entry_tls(&labels, &entry.endpoint, config),
            labels,
            group: None,
        }
    })
    .chain(groups)
    .collect()
}

/// The TLS mode of a WorkloadEntry or inline endpoint (`getTLSModeFromWorkloadEntry`).
fn entry_tls(labels: &Labels, spec: &EndpointSpec, config: &Config) -> EndpointTls {
    match labels.get(TLS_MODE) {
        Some(value) => EndpointTls::parse(Some(value)),
        None if spec.service_account.is_some()
            && config.version.value.service_account_means_proxy() =>
        {
            EndpointTls::Istio
        }
        None => EndpointTls::Disabled,
    }
}

struct Builder<'a> {
    config: &'a Config,
    workloads: &'a [MeshWorkload],
    by_namespace: FxHashMap<&'a str, Vec<u32>>,
    entries: &'a [External],
    listed: &'a [Endpoints],
    registry: Registry,
}

impl Builder<'_> {
    fn kubernetes(&mut self, service: &KubeService) {
        let namespace = &service.meta.namespace;
        let host = Fqdn::new(format!(
            "{}.{namespace}.svc.{}",
            service.meta.id.name, self.config.domain
        ));
        let resolution = match service.service_type {
            ServiceType::ClusterIp => Resolution::ClientSide,
            ServiceType::Headless => Resolution::Passthrough,
            ServiceType::ExternalName(_) => Resolution::Alias,
        };
        let mut endpoints = Vec::new();
        if let Some(selector) = service
            .selector
            .as_ref()
            .filter(|_| resolution != Resolution::Alias)
        {
            for &id in self
                .by_namespace
                .get(namespace.as_str())
                .map_or(&[][..], Vec::as_slice)
            {
                let Some(workload) = self.workloads.get(id as usize) else {
                    continue;
                };
                if !selector.selects(&workload.labels) {
                    continue;
                }
                for port in service
                    .ports
                    .iter()
                    .filter(|port| port.transport == Transport::Tcp)
                {
                    if let Some(number) = container_port(port, workload) {
                        endpoints.push(pod_endpoint(id, workload, port_name(port), number));
                    }
                }
            }
            if resolution == Resolution::ClientSide {
                let selected = self.entries.iter().filter(|entry| {
                    entry.namespace == *namespace && selector.selects(&entry.labels)
                });
                for entry in selected.filter(|entry| !has_dns_name(&entry.spec.address)) {
                    for port in &service.ports {
                        if let Some(number) = entry_port_of_service(port, &entry.spec) {
                            endpoints.push(external_endpoint(entry, port_name(port), number));
                        }
                    }
                }
            }
        }
        if service.selector.is_none() && resolution != Resolution::Alias {
            endpoints.extend(self.listed_endpoints(service));
        }
        self.add(
            Service {
                host,
                namespace: namespace.clone(),
                object: service.meta.id.clone(),
                place: service.meta.place(),
                is_kubernetes: true,
                resolution,
                mesh_external: false,
                ports: service.ports.iter().map(kubernetes_port).collect(),
                export_to: service.export_to.clone(),
                labels: service.meta.labels.clone(),
                selector: service.selector.clone(),
                created: service.meta.created.clone(),
            },
            endpoints,
        );
    }

    /// The addresses that Endpoints objects give a Service without a selector; none is known to have a proxy.
    fn listed_endpoints(&self, service: &KubeService) -> Vec<Endpoint> {
        let meta = &service.meta;
        let lists = self
            .listed
            .iter()
            .filter(|list| list.meta.namespace == meta.namespace && *list.service == *meta.id.name);
        let addresses =
            lists.flat_map(|list| list.addresses.iter().map(move |address| (list, address)));
        addresses
            .flat_map(|(list, address)| address.ports.iter().map(move |port| (list, address, port)))
            .map(|(list, address, (name, number))| Endpoint {
                owner: EndpointOwner::Address(address.address.value.clone()),
                service_port: name.clone(),
                port: *number,
                tls: EndpointTls::Disabled,
                namespace: meta.namespace.clone(),
                labels: Labels::default(),
                has_dns_name: false,
                place: address.address.place,
                object: list.meta.id.clone(),
            })
            .collect()
    }

    fn service_entry(&mut self, entry: &ServiceEntry) {
        let resolution = match entry.resolution {
            EntryResolution::None => Resolution::Passthrough,
            EntryResolution::Static => Resolution::ClientSide,
            EntryResolution::Dns => Resolution::Dns,
            EntryResolution::DnsRoundRobin => Resolution::DnsRoundRobin,
            EntryResolution::DynamicDns => Resolution::DynamicDns,
        };
        for host in &entry.hosts {
            let endpoints = self.entry_endpoints(entry, resolution, &host.value);
            let ports = entry.ports.iter().map(|port| {
                let protocol = parse_protocol(&port.protocol);
                Port {
                    name: port.name.clone(),
                    number: port.number.value,
                    class: protocol.class(),
                    is_tcp: protocol != Protocol::Udp,
                    carries_tls: protocol == Protocol::Tls,
                }
            });
            self.add(
                Service {
                    host: Fqdn::new(host.value.clone()),
                    namespace: entry.meta.namespace.clone(),
                    object: entry.meta.id.clone(),
                    place: entry.meta.place(),
                    is_kubernetes: false,
                    resolution,
                    mesh_external: entry.location == Location::MeshExternal,
                    ports: ports.collect(),
                    export_to: entry.export_to.clone(),
                    labels: entry.meta.labels.clone(),
                    selector: entry.workload_selector.clone(),
                    created: entry.meta.created.clone(),
                },
                endpoints,
            );
        }
    }

    /// Endpoints of one host of a ServiceEntry (`convertServiceEntryToInstances`).
    fn entry_endpoints(
        &self,
        entry: &ServiceEntry,
        resolution: Resolution,
        host: &str,
    ) -> Vec<Endpoint> {
        let is_dns = matches!(resolution, Resolution::Dns | Resolution::DnsRoundRobin);
        let namespace = &entry.meta.namespace;
        let mut endpoints = Vec::new();
        let number = |port: &crate::resource::EntryPort| port.target.unwrap_or(port.number.value);
        if let Some(selector) = &entry.workload_selector {
            for &id in self
                .by_namespace
                .get(namespace.as_str())
                .map_or(&[][..], Vec::as_slice)
            {
                let Some(workload) = self.workloads.get(id as usize) else {
                    continue;
                };
                if selector.selects(&workload.labels) {
                    let ports = entry.ports.iter();
                    endpoints.extend(
                        ports.map(|port| pod_endpoint(id, workload, &port.name, number(port))),
                    );
                }
            }
            let selected = self
                .entries
                .iter()
                .filter(|e| e.namespace == *namespace && selector.selects(&e.labels));
            for external in selected.filter(|e| is_dns || !has_dns_name(&e.spec.address)) {
                for port in &entry.ports {
                    let number =
                        port_of_spec(&external.spec, &port.name).unwrap_or_else(|| number(port));
                    endpoints.push(external_endpoint(external, &port.name, number));
                }
            }
        } else if entry.endpoints.is_empty() && is_dns {
            for port in &entry.ports {
                endpoints.push(Endpoint {
                    owner: EndpointOwner::Address(host.into()),
                    service_port: port.name.clone(),
                    port: number(port),
                    tls: EndpointTls::Disabled,
                    namespace: namespace.clone(),
                    labels: Labels::default(),
                    has_dns_name: true,
                    place: entry.meta.place(),
                    object: entry.meta.id.clone(),
                });
            }
        } else {
            for spec in &entry.endpoints {
                let has_namespace = self.config.version.value.inline_endpoints_have_namespace();
                let external = External {
                    name: entry.meta.id.clone(),
                    namespace: if has_namespace {
                        namespace.clone()
                    } else {
                        Namespace::new("")
                    },
                    spec: spec.clone(),
                    labels: spec.labels.clone(),
                    tls: entry_tls(&spec.labels, spec, self.config),
                    group: None,
                };
                for port in &entry.ports {
                    let number = port_of_spec(spec, &port.name).unwrap_or_else(|| number(port));
                    endpoints.push(external_endpoint(&external, &port.name, number));
                }
            }
        }
        endpoints
    }

    fn add(&mut self, service: Service, endpoints: Vec<Endpoint>) {
        let key = (service.host.clone(), service.namespace.clone());
        self.registry.services.push(service);
        self.registry
            .endpoints
            .entry(key)
            .or_default()
            .extend(endpoints);
    }

    /// Sorts services as `SortServicesByCreationTime` does and indexes them.
    fn finish(mut self) -> Registry {
        let services = &mut self.registry.services;
        services.sort_by(|a, b| {
            let age = |s: &Service| (s.created.is_none(), s.created.clone());
            let name = |s: &Service| {
                if s.is_kubernetes {
                    s.object.name.to_string()
                } else {
                    s.host.to_string()
                }
            };
            age(a)
                .cmp(&age(b))
                .then_with(|| b.is_kubernetes.cmp(&a.is_kubernetes))
                .then_with(|| name(a).cmp(&name(b)))
                .then_with(|| a.namespace.cmp(&b.namespace))
                .then_with(|| a.object.cmp(&b.object))
        });
        for (id, service) in (0u32..).zip(&self.registry.services) {
            self.registry
                .by_host
                .entry(service.host.clone())
                .or_default()
                .push(ServiceId(id));
        }
        self.registry
    }
}

/// The name of a Kubernetes service port.
fn port_name(port: &ServicePort) -> &str {
    port.name.as_deref().unwrap_or_default()
}

/// The container port that a service port leads to on one pod.
fn container_port(port: &ServicePort, workload: &MeshWorkload) -> Option<u16> {
    match &port.target {
        TargetPort::Number(number) => Some(*number),
        TargetPort::Name(name) => workload
            .resource
            .ports
            .iter()
            .find(|candidate| candidate.name.as_deref() == Some(name))
            .map(|candidate| candidate.port),
    }
}

/// The port of a WorkloadEntry behind a Kubernetes Service (`serviceInstanceFromWorkloadInstance`).
fn entry_port_of_service(port: &ServicePort, spec: &EndpointSpec) -> Option<u16> {
    match &port.target {
        TargetPort::Number(number) => Some(port_of_spec(spec, port_name(port)).unwrap_or(*number)),
        TargetPort::Name(name) => port_of_spec(spec, name),
    }
}

/// A port that an endpoint states by name; zero counts as not stated.
fn port_of_spec(spec: &EndpointSpec, name: &str) -> Option<u16> {
    spec.ports
        .iter()
        .find(|(other, port)| **other == *name && *port != 0)
        .map(|(_, port)| *port)
}

fn pod_endpoint(id: u32, workload: &MeshWorkload, service_port: &str, port: u16) -> Endpoint {
    Endpoint {
        owner: EndpointOwner::Workload(id),
        service_port: service_port.into(),
        port,
        tls: workload.tls,
        namespace: workload.namespace().clone(),
        labels: workload.labels.clone(),
        has_dns_name: false,
        place: workload.resource.meta.place(),
        object: workload.id().clone(),
    }
}

fn external_endpoint(entry: &External, service_port: &str, port: u16) -> Endpoint {
    Endpoint {
        owner: match &entry.group {
            Some(name) => EndpointOwner::Group(name.clone()),
            None => EndpointOwner::Address(entry.spec.address.clone()),
        },
        service_port: service_port.into(),
        port,
        tls: entry.tls,
        namespace: entry.namespace.clone(),
        labels: entry.labels.clone(),
        has_dns_name: has_dns_name(&entry.spec.address),
        place: entry.spec.place,
        object: entry.name.clone(),
    }
}

/// Whether an address is a name: neither empty nor an IP address.
fn has_dns_name(address: &str) -> bool {
    !address.is_empty() && address.parse::<std::net::IpAddr>().is_err()
}

/// Protocols as far as they differ here (`pkg/config/protocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http,
    Tcp,
    Tls,
    Udp,
    Unsupported,
}

impl Protocol {
    fn class(self) -> ProtocolClass {
        match self {
            Self::Http => ProtocolClass::Http,
            Self::Tcp | Self::Tls | Self::Udp => ProtocolClass::Tcp,
            Self::Unsupported => ProtocolClass::Auto,
        }
    }
}

/// `protocol.Parse`.
fn parse_protocol(name: &str) -> Protocol {
    match name.to_ascii_lowercase().as_str() {
        "http" | "http2" | "http_proxy" | "grpc" | "grpc-web" => Protocol::Http,
        "tcp" | "mongo" | "redis" | "mysql" => Protocol::Tcp,
        "https" | "tls" => Protocol::Tls,
        "udp" => Protocol::Udp,
        _ => Protocol::Unsupported,
    }
}

/// Ports that are TCP where nothing declares a protocol: SMTP, DNS, MySQL, MongoDB.
const WELL_KNOWN_TCP: &[u16] = &[25, 53, 3306, 27017];

/// `pkg/config/kube/conversion.go:ConvertProtocol`.
fn kubernetes_port(port: &ServicePort) -> Port {
    let app = port.app_protocol.as_deref();
    let name = app.unwrap_or_else(|| port_name(port));
    let protocol = match app {
        Some("kubernetes.io/h2c" | "kubernetes.io/ws") => Protocol::Http,
        Some("kubernetes.io/wss") => Protocol::Tls,
        Some(_) | None
            if name
                .get(..8)
                .is_some_and(|p| p.eq_ignore_ascii_case("grpc-web")) =>
        {
            Protocol::Http
        }
        Some(_) | None => parse_protocol(name.split('-').next().unwrap_or(name)),
    };
    let number = port.port.value;
    let is_well_known = protocol == Protocol::Unsupported && WELL_KNOWN_TCP.contains(&number);
    let protocol = if is_well_known {
        Protocol::Tcp
    } else {
        protocol
    };
    Port {
        name: port_name(port).into(),
        number,
        class: protocol.class(),
        is_tcp: port.transport == Transport::Tcp && protocol != Protocol::Udp,
        carries_tls: protocol == Protocol::Tls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_read_off_the_name_up_to_the_first_dash() {
        let table = [
            ("http", Protocol::Http),
            ("grpc-web", Protocol::Http),
            ("HTTPS", Protocol::Tls),
            ("web", Protocol::Unsupported),
            ("mysql", Protocol::Tcp),
        ];
        for (name, expected) in table {
            assert_eq!(parse_protocol(name), expected, "{name}");
        }
    }
}
