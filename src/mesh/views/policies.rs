//! Policies as rules look at them: which one an endpoint obeys, and which do not do what they say.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Fact;
use crate::mesh::Mesh;
use crate::mesh::evidence::NoEvidence;
use crate::mesh::server::known;
use crate::mesh::services::{EndpointOwner, Service};
use crate::mesh::workloads::{MeshWorkload, ProxyKind};
use crate::object::Namespace;
use crate::resource::{PeerAuthentication, PortMtls};
use crate::source::Place;

/// A key of `portLevelMtls` that is a service port and no container port.
pub(crate) struct ServicePortKey<'a> {
    /// The policy.
    pub(crate) policy: &'a PeerAuthentication,
    /// The entry.
    pub(crate) entry: &'a PortMtls,
    /// A service with that port.
    pub(crate) service: &'a Service,
    /// Where that port is written, if the service is a Kubernetes Service.
    pub(crate) port_place: Option<Place>,
    /// The container ports that the service port leads to.
    pub(crate) targets: BTreeSet<u16>,
    /// Why the pods have a proxy.
    pub(crate) proxy: &'a Fact,
}

/// A policy of the root namespace that Istio ignores, since it has a selector.
pub(crate) struct IgnoredPolicy<'a> {
    /// The policy.
    pub(crate) policy: &'a PeerAuthentication,
    /// The namespaces of the workloads that its selector matches.
    pub(crate) namespaces: BTreeSet<&'a Namespace>,
}

/// How traffic comes to one pod: through a port of a service to a container port.
struct Way<'a> {
    service: &'a Service,
    service_port: u16,
    workload: &'a MeshWorkload,
    container_port: u16,
}

impl Mesh {
    /// Keys of `portLevelMtls` that are ports of a service in front of the selected pods and no ports of the pods.
    pub(crate) fn service_ports_in_policies(&self) -> Vec<ServicePortKey<'_>> {
        let mut services: BTreeMap<&Namespace, Vec<&Service>> = BTreeMap::new();
        for &id in self.registry.hosts().flat_map(|(_, ids)| ids) {
            let service = self.registry.service(id);
            services
                .entry(&service.namespace)
                .or_default()
                .push(service);
        }
        let mut out = Vec::new();
        for policy in self.policies.policies() {
            let namespace = &policy.meta.namespace;
            if policy.ports.is_empty() || self.is_root_namespace(namespace) {
                continue;
            }
            let selected = self.selected_by(policy);
            let services = services.get(namespace).map_or(&[][..], Vec::as_slice);
            let ways = self.ways_to(&selected, services);
            for entry in &policy.ports {
                let port = entry.port.value;
                let declares = |workload: &&MeshWorkload| {
                    let ports = &workload.resource.ports;
                    ports.iter().any(|declared| declared.port == port)
                };
                let is_container_port = selected.values().any(declares)
                    || ways.iter().any(|way| way.container_port == port);
                if !is_container_port {
                    out.extend(self.service_port(policy, entry, &ways));
                }
            }
        }
        out
    }

    /// The pods with a proxy that a policy selects.
    fn selected_by(&self, policy: &PeerAuthentication) -> BTreeMap<u32, &MeshWorkload> {
        let Some(selector) = &policy.selector else {
            return BTreeMap::new();
        };
        (0u32..)
            .zip(&self.workloads)
            .filter(|(_, workload)| {
                matches!(workload.proxy, ProxyKind::Sidecar | ProxyKind::Ztunnel)
                    && *workload.namespace() == policy.meta.namespace
                    && selector.selects(&workload.labels)
            })
            .collect()
    }

    /// How traffic comes to pods through services.
    fn ways_to<'a>(
        &'a self,
        selected: &BTreeMap<u32, &'a MeshWorkload>,
        services: &[&'a Service],
    ) -> Vec<Way<'a>> {
        let mut ways = Vec::new();
        for &service in services {
            for port in &service.ports {
                for endpoint in self.registry.endpoints(service, port) {
                    let workload = match &endpoint.owner {
                        EndpointOwner::Workload(id) => selected.get(id).copied(),
                        EndpointOwner::Address(_) | EndpointOwner::Group(_) => None,
                    };
                    ways.extend(workload.map(|workload| Way {
                        service,
                        service_port: port.number,
                        workload,
                        container_port: endpoint.port,
                    }));
                }
            }
        }
        ways
    }

    /// What a key is if it is a service port; none where the container port has the mode anyway.
    fn service_port<'a>(
        &'a self,
        policy: &'a PeerAuthentication,
        entry: &'a PortMtls,
        ways: &[Way<'a>],
    ) -> Option<ServicePortKey<'a>> {
        let wanted = known(entry.mode)?;
        let through = || {
            ways.iter()
                .filter(|way| way.service_port == entry.port.value)
        };
        let differs = |way: &&Way<'_>| {
            let (namespace, labels) = (way.workload.namespace(), &way.workload.labels);
            let port = way.container_port;
            let config = &self.config;
            self.policies
                .mode(namespace, labels, port, config, &mut NoEvidence)
                != wanted
        };
        let way = through().find(differs)?;
        let service = way.service;
        let written = self.parts.services.iter();
        let mut written = written.filter(|written| written.meta.id == service.object);
        Some(ServicePortKey {
            policy,
            entry,
            service,
            port_place: written.next().and_then(|written| {
                let mut ports = written.ports.iter().map(|port| &port.port);
                Some(ports.find(|port| port.value == entry.port.value)?.place)
            }),
            targets: through().map(|way| way.container_port).collect(),
            proxy: &way.workload.proxy_fact,
        })
    }

    /// The policies of the root namespace that have a selector.
    pub(crate) fn ignored_policies(&self) -> Vec<IgnoredPolicy<'_>> {
        let mut out = Vec::new();
        for policy in self.policies.policies() {
            let Some(selector) = &policy.selector else {
                continue;
            };
            if !self.is_root_namespace(&policy.meta.namespace) {
                continue;
            }
            let selected = self
                .workloads
                .iter()
                .filter(|workload| selector.selects(&workload.labels));
            out.push(IgnoredPolicy {
                policy,
                namespaces: selected.map(MeshWorkload::namespace).collect(),
            });
        }
        out
    }

    /// Whether a namespace is the root namespace.
    pub(crate) fn is_root_namespace(&self, namespace: &Namespace) -> bool {
        *namespace == self.config.root_namespace.value
    }

    /// The root namespace.
    pub(crate) fn root_namespace(&self) -> &Namespace {
        &self.config.root_namespace.value
    }

    /// Where the root namespace is known from.
    pub(crate) fn root_namespace_fact(&self) -> &Fact {
        &self.config.root_namespace.fact
    }
}
