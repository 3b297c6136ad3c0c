//! Services and ServiceEntries become services of the registry, each with its endpoints (`conversion.go` of both).

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::endpoints::{
    External, Face, address_label, container_port, entry_port_of_service, entry_tls,
    external_endpoint, external_workloads, has_dns_name, pod_endpoint, port_of_spec,
};
use super::ports::{entry_port, kubernetes_port};
use super::{Endpoint, EndpointOwner, Port, Registry, Resolution, Service, ServiceId};
use crate::mesh::config::Config;
use crate::mesh::parts::Parts;
use crate::mesh::workloads::{EndpointTls, MeshWorkload};
use crate::object::Namespace;
use crate::resource::{
    EndpointSpec, Endpoints, EntryPort, Fqdn, Location, Resolution as EntryResolution, Selector,
    Service as KubeService, ServiceEntry, ServiceType, Transport,
};

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
