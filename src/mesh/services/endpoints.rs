//! What stands behind a service port: pods, WorkloadEntries, addresses.

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::ports::port_name;
use super::{Endpoint, EndpointOwner};
use crate::mesh::config::Config;
use crate::mesh::parts::Parts;
use crate::mesh::workloads::{EndpointTls, MeshWorkload, TLS_MODE};
use crate::object::{Namespace, ObjectId};
use crate::resource::{EndpointSpec, Labels, ServicePort, TargetPort};

/// A WorkloadEntry as an endpoint.
pub(super) struct External {
    pub(super) name: Arc<ObjectId>,
    pub(super) namespace: Namespace,
    pub(super) spec: EndpointSpec,
    pub(super) labels: Arc<Labels>,
    pub(super) tls: EndpointTls,
    /// The WorkloadGroup it stands for.
    pub(super) group: Option<Box<str>>,
}

/// What the endpoints of a workload share.
pub(super) struct Face {
    pub(super) label: Arc<str>,
    pub(super) object: Arc<ObjectId>,
    pub(super) labels: Arc<Labels>,
}

impl Face {
    pub(super) fn of(workload: &MeshWorkload) -> Self {
        let id = workload.id();
        Self {
            label: format!("{}/{}/{}", id.kind, workload.namespace(), id.name).into(),
            object: Arc::new(id.clone()),
            labels: Arc::new(workload.labels.clone()),
        }
    }
}

/// WorkloadEntries with the labels and TLS mode that `ConvertWorkloadEntry` gives them.
pub(super) fn external_workloads(
    parts: &Parts,
    config: &Config,
) -> FxHashMap<Namespace, Vec<External>> {
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
pub(super) fn entry_tls(labels: &Labels, spec: &EndpointSpec, config: &Config) -> EndpointTls {
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

/// The container port that a service port leads to on one pod.
pub(super) fn container_port(port: &ServicePort, workload: &MeshWorkload) -> Option<u16> {
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
pub(super) fn entry_port_of_service(port: &ServicePort, spec: &EndpointSpec) -> Option<u16> {
    match &port.target {
        TargetPort::Number(number) => Some(port_of_spec(spec, port_name(port)).unwrap_or(*number)),
        TargetPort::Name(name) => port_of_spec(spec, name),
    }
}

/// A port that an endpoint states by name; zero counts as not stated.
pub(super) fn port_of_spec(spec: &EndpointSpec, name: &str) -> Option<u16> {
    spec.ports
        .iter()
        .find(|(other, port)| **other == *name && *port != 0)
        .map(|(_, port)| *port)
}

pub(super) fn pod_endpoint(
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
pub(super) fn external_endpoint(
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
pub(super) fn address_label(namespace: &Namespace, address: &str) -> Arc<str> {
    format!("address/{namespace}/{address}").into()
}

/// Whether an address is a name: neither empty nor an IP address.
pub(super) fn has_dns_name(address: &str) -> bool {
    !address.is_empty() && address.parse::<std::net::IpAddr>().is_err()
}

#[cfg(test)]
mod tests {
    use crate::engine::{Request, analyse};
    use crate::source::tree::Memory;

    /// A mesh with a group of virtual machines, one service of theirs, and two unrelated WorkloadEntries.
    const MESH: &str = "\
apiVersion: v1
kind: Service
metadata: {name: db, namespace: server}
spec: {selector: {app: db}, ports: [{name: tcp, port: 5432}]}
---
apiVersion: networking.istio.io/v1
kind: WorkloadGroup
metadata: {name: db, namespace: server}
spec: {metadata: {labels: {app: db}}, template: {serviceAccount: db}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: a, namespace: server}
spec: {address: 10.20.0.1, labels: {app: a}}
---
apiVersion: networking.istio.io/v1
kind: WorkloadEntry
metadata: {name: b, namespace: server}
spec: {address: 10.20.0.2, labels: {app: b}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sleep, namespace: client}
spec: {template: {metadata: {labels: {app: sleep}}, spec: {containers: [{name: app}]}}}
";

    #[test]
    fn a_group_is_one_endpoint_however_many_workload_entries_there_are() {
        let request = Request {
            stdin: Some(MESH.into()),
            ..Request::default()
        };
        let analysis = analyse(&request, &Memory::default()).expect("the text can be read");
        let mesh = analysis.meshes.first().expect("there is a mesh");
        let decision = mesh.decisions().first().expect("there is a decision");
        let labels: Vec<&str> = decision.endpoints.iter().map(|e| &*e.label).collect();
        assert_eq!(labels, ["WorkloadGroup/server/db"]);
    }
}
