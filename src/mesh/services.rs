//! The registry: every hostname that istiod knows, its ports and its endpoints (semantics 2.4).

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::config::Config;
use super::parts::Parts;
use super::workloads::{EndpointTls, MeshWorkload, TLS_MODE};
use crate::object::{Namespace, ObjectId};
use crate::resource::{
    EndpointSpec, Endpoints, EntryPort, ExportTo, Fqdn, Labels, Location,
    Resolution as EntryResolution, Selector, Service as KubeService, ServiceEntry, ServicePort,
    ServiceType, TargetPort, Timestamp, Transport,
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
    /// Builds the registry from Services, ServiceEntries, WorkloadEntries and placed workloads.
    pub(crate) fn build(parts: &Parts, config: &Config, workloads: &[MeshWorkload]) -> Self {
        let mut builder = Builder {
            config,
            workloads,
            by_namespace: index(workloads),
            listed: &parts.endpoints,
            faces: workloads.iter().map(Face::of).collect(),
            entries: external_workloads(parts, config),
            sets: FxHashMap::default(),
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

/// A WorkloadEntry as an endpoint.
struct External {
    name: Arc<ObjectId>,
    namespace: Namespace,
    spec: EndpointSpec,
    labels: Arc<Labels>,
    tls: EndpointTls,
    /// The WorkloadGroup it stands for.
    group: Option<Box<str>>,
}

/// What the endpoints of a workload share.
struct Face {
    label: Arc<str>,
    object: Arc<ObjectId>,
    labels: Arc<Labels>,
}

impl Face {
    fn of(workload: &MeshWorkload) -> Self {
        let id = workload.id();
        Self {
            label: format!("{}/{}/{}", id.kind, workload.namespace(), id.name).into(),
            object: Arc::new(id.clone()),
            labels: Arc::new(workload.labels.clone()),
        }
    }
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
fn external_workloads(parts: &Parts, config: &Config) -> FxHashMap<Namespace, Vec<External>> {
    let mut by_namespace: FxHashMap<Namespace, Vec<External>> = FxHashMap::default();
    for entry in &parts.workload_entries {
        if !config.reads_revision_of(&entry.meta) {
            continue;
        }
        let labels = entry.endpoint.labels.overlaid(&entry.meta.labels);
        let namespace = &entry.meta.namespace;
        let external = External {
            name: Arc::new(entry.meta.id.clone()),
            namespace: namespace.clone(),
            spec: entry.endpoint.clone(),
            tls: entry_tls(&labels, &entry.endpoint, config),
            labels: Arc::new(labels),
            group: None,
        };
        // A group stands for the entries that its workloads will register.
        for group in &parts.workload_groups {
            if !config.reads_revision_of(&group.meta) {
                continue;
            }
            let labels = group.template.labels.overlaid(&group.labels);
            let mut spec = group.template.clone();
            spec.address = Box::default();
            let external = External {
                name: Arc::new(group.meta.id.clone()),
                namespace: group.meta.namespace.clone(),
                tls: entry_tls(&labels, &spec, config),
                spec,
                labels: Arc::new(labels),
                group: Some(group.meta.id.name.clone()),
            };
            let own = by_namespace.entry(group.meta.namespace.clone());
            own.or_default().push(external);
        }
        by_namespace
            .entry(namespace.clone())
            .or_default()
            .push(external);
    }
    // A group stands for the entries that its workloads will register.
    for group in &parts.workload_groups {
        if !config.reads_revision_of(&group.meta) {
            continue;
        }
        let labels = group.template.labels.overlaid(&group.labels);
        let mut spec = group.template.clone();
        spec.address = Box::default();
        let external = External {
            name: Arc::new(group.meta.id.clone()),
            namespace: group.meta.namespace.clone(),
            tls: entry_tls(&labels, &spec, config),
            spec,
            labels: Arc::new(labels),
            group: Some(group.meta.id.name.clone()),
        };
        let own = by_namespace.entry(group.meta.namespace.clone());
        own.or_default().push(external);
    }
    by_namespace
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
    listed: &'a [Endpoints],
    faces: Vec<Face>,
    entries: FxHashMap<Namespace, Vec<External>>,
    sets: FxHashMap<(Fqdn, Namespace), u32>,
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
        let ports: Vec<Port> = service.ports.iter().map(kubernetes_port).collect();
        let mut endpoints = self.kubernetes_endpoints(service, resolution, &ports);
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
                ports,
                export_to: service.export_to.clone(),
                labels: service.meta.labels.clone(),
                selector: service.selector.clone(),
                created: service.meta.created.clone(),
                endpoints: 0,
            },
            endpoints,
        );
    }

    /// Pods and WorkloadEntries that a Kubernetes Service selects; `ports` are its own, converted.
    fn kubernetes_endpoints(
        &self,
        service: &KubeService,
        resolution: Resolution,
        ports: &[Port],
    ) -> Vec<Endpoint> {
        let namespace = &service.meta.namespace;
        let mut endpoints = Vec::new();
        let Some(selector) = service
            .selector
            .as_ref()
            .filter(|_| resolution != Resolution::Alias)
        else {
            return endpoints;
        };
        let ports = || service.ports.iter().zip(ports);
        for (id, workload, face) in self.selected_pods(namespace, selector) {
            for (port, converted) in ports().filter(|(port, _)| port.transport == Transport::Tcp) {
                if let Some(number) = container_port(port, workload) {
                    endpoints.push(pod_endpoint(id, workload, face, &converted.name, number));
                }
            }
        }
        if resolution == Resolution::ClientSide {
            let selected = self.selected_entries(namespace, selector);
            for entry in selected.filter(|entry| !has_dns_name(&entry.spec.address)) {
                for (port, converted) in ports() {
                    if let Some(number) = entry_port_of_service(port, &entry.spec) {
                        endpoints.push(external_endpoint(
                            entry,
                            namespace,
                            &converted.name,
                            number,
                        ));
                    }
                }
            }
        }
        endpoints
    }

    /// The workloads of a namespace that a selector fits.
    fn selected_pods<'s>(
        &'s self,
        namespace: &Namespace,
        selector: &'s Selector,
    ) -> impl Iterator<Item = (u32, &'s MeshWorkload, &'s Face)> {
        let ids = self.by_namespace.get(namespace.as_str());
        let pods = ids.into_iter().flatten().filter_map(|&id| {
            let workload = self.workloads.get(id as usize)?;
            Some((id, workload, self.faces.get(id as usize)?))
        });
        pods.filter(|(_, workload, _)| selector.selects(&workload.labels))
    }

    /// The WorkloadEntries of a namespace that a selector fits.
    fn selected_entries<'s>(
        &'s self,
        namespace: &Namespace,
        selector: &'s Selector,
    ) -> impl Iterator<Item = &'s External> {
        let entries = self.entries.get(namespace).into_iter().flatten();
        entries.filter(|entry| selector.selects(&entry.labels))
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
                label: address_label(&meta.namespace, &address.address.value),
                service_port: Arc::from(&**name),
                port: *number,
                tls: EndpointTls::Disabled,
                namespace: meta.namespace.clone(),
                labels: Arc::default(),
                has_dns_name: false,
                place: address.address.place,
                object: Arc::new(list.meta.id.clone()),
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
        let ports: Vec<Port> = entry.ports.iter().map(entry_port).collect();
        for host in &entry.hosts {
            let endpoints = self.entry_endpoints(entry, resolution, &host.value, &ports);
            self.add(
                Service {
                    host: Fqdn::new(host.value.clone()),
                    namespace: entry.meta.namespace.clone(),
                    object: entry.meta.id.clone(),
                    place: entry.meta.place(),
                    is_kubernetes: false,
                    resolution,
                    mesh_external: entry.location == Location::MeshExternal,
                    ports: ports.clone(),
                    export_to: entry.export_to.clone(),
                    labels: entry.meta.labels.clone(),
                    selector: entry.workload_selector.clone(),
                    created: entry.meta.created.clone(),
                    endpoints: 0,
                },
                endpoints,
            );
        }
    }

    /// Endpoints of one host of a ServiceEntry (`convertServiceEntryToInstances`); `ports` are its own, converted.
    fn entry_endpoints(
        &self,
        entry: &ServiceEntry,
        resolution: Resolution,
        host: &str,
        ports: &[Port],
    ) -> Vec<Endpoint> {
        let is_dns = matches!(resolution, Resolution::Dns | Resolution::DnsRoundRobin);
        let namespace = &entry.meta.namespace;
        let mut endpoints = Vec::new();
        let number = |port: &EntryPort| port.target.unwrap_or(port.number.value);
        let ports = || entry.ports.iter().zip(ports);
        if let Some(selector) = &entry.workload_selector {
            for (id, workload, face) in self.selected_pods(namespace, selector) {
                endpoints.extend(ports().map(|(port, converted)| {
                    pod_endpoint(id, workload, face, &converted.name, number(port))
                }));
            }
            let selected = self.selected_entries(namespace, selector);
            for external in selected.filter(|e| is_dns || !has_dns_name(&e.spec.address)) {
                for (port, converted) in ports() {
                    let number =
                        port_of_spec(&external.spec, &port.name).unwrap_or_else(|| number(port));
                    endpoints.push(external_endpoint(
                        external,
                        namespace,
                        &converted.name,
                        number,
                    ));
                }
            }
        } else if entry.endpoints.is_empty() && is_dns {
            let object = Arc::new(entry.meta.id.clone());
            for (port, converted) in ports() {
                endpoints.push(Endpoint {
                    owner: EndpointOwner::Address(host.into()),
                    label: address_label(namespace, host),
                    service_port: Arc::clone(&converted.name),
                    port: number(port),
                    tls: EndpointTls::Disabled,
                    namespace: namespace.clone(),
                    labels: Arc::default(),
                    has_dns_name: true,
                    place: entry.meta.place(),
                    object: Arc::clone(&object),
                });
            }
        } else {
            for spec in &entry.endpoints {
                let external = self.inline(entry, spec);
                for (port, converted) in ports() {
                    let number = port_of_spec(spec, &port.name).unwrap_or_else(|| number(port));
                    endpoints.push(external_endpoint(
                        &external,
                        namespace,
                        &converted.name,
                        number,
                    ));
                }
            }
        }
        endpoints
    }

    /// An endpoint that a ServiceEntry spells out.
    fn inline(&self, entry: &ServiceEntry, spec: &EndpointSpec) -> External {
        let has_namespace = self.config.version.value.inline_endpoints_have_namespace();
        External {
            name: Arc::new(entry.meta.id.clone()),
            namespace: if has_namespace {
                entry.meta.namespace.clone()
            } else {
                Namespace::new("")
            },
            spec: spec.clone(),
            labels: Arc::new(spec.labels.clone()),
            tls: entry_tls(&spec.labels, spec, self.config),
            group: None,
        }
    }

    fn add(&mut self, mut service: Service, endpoints: Vec<Endpoint>) {
        let sets = &mut self.registry.endpoints;
        let key = (service.host.clone(), service.namespace.clone());
        let set = *self.sets.entry(key).or_insert_with(|| {
            sets.push(Vec::new());
            u32::try_from(sets.len() - 1).expect("there are fewer than 2^32 services")
        });
        service.endpoints = set;
        if let Some(set) = sets.get_mut(set as usize) {
            set.extend(endpoints);
        }
        self.registry.services.push(service);
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

fn pod_endpoint(
    id: u32,
    workload: &MeshWorkload,
    face: &Face,
    service_port: &Arc<str>,
    port: u16,
) -> Endpoint {
    Endpoint {
        owner: EndpointOwner::Workload(id),
        label: Arc::clone(&face.label),
        service_port: Arc::clone(service_port),
        port,
        tls: workload.tls,
        namespace: workload.namespace().clone(),
        labels: Arc::clone(&face.labels),
        has_dns_name: false,
        place: workload.resource.meta.place(),
        object: Arc::clone(&face.object),
    }
}

/// An endpoint without a workload, of a service of a namespace.
fn external_endpoint(
    entry: &External,
    namespace: &Namespace,
    service_port: &Arc<str>,
    port: u16,
) -> Endpoint {
    let (owner, label) = if let Some(name) = &entry.group {
        let label = format!("WorkloadGroup/{}/{name}", entry.namespace);
        (EndpointOwner::Group(name.clone()), label.into())
    } else {
        let address = &entry.spec.address;
        let label = address_label(namespace, address);
        (EndpointOwner::Address(address.clone()), label)
    };
    Endpoint {
        owner,
        label,
        service_port: Arc::clone(service_port),
        port,
        tls: entry.tls,
        namespace: entry.namespace.clone(),
        labels: Arc::clone(&entry.labels),
        has_dns_name: has_dns_name(&entry.spec.address),
        place: entry.spec.place,
        object: Arc::clone(&entry.name),
    }
}

/// The name of an address behind a service of a namespace.
fn address_label(namespace: &Namespace, address: &str) -> Arc<str> {
    format!("address/{namespace}/{address}").into()
}

/// A port of a ServiceEntry.
fn entry_port(port: &EntryPort) -> Port {
    let protocol = parse_protocol(&port.protocol);
    Port {
        name: (*port.name).into(),
        number: port.number.value,
        class: protocol.class(),
        is_tcp: protocol != Protocol::Udp,
        carries_tls: protocol == Protocol::Tls,
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

/// Ports that are TCP where nothing declares a protocol: SMTP, DNS, `MySQL`, `MongoDB`.
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
