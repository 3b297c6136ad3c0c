//! The resources of one mesh by kind, each in an order that does not depend on files.

use rustc_hash::FxHashMap;

use super::config::Config;
use crate::object::Namespace;
use crate::resource::Labels;
use crate::resource::{
    AuthenticationPolicy, DestinationRule, Endpoints, MeshConfig, Meta, NamespaceObject,
    PeerAuthentication, Resource, Service, ServiceEntry, Sidecar, VirtualService, Workload,
    WorkloadEntry, WorkloadGroup,
};

/// Resources by kind, sorted by namespace and name, each identity once.
#[derive(Clone, Debug, Default)]
pub(crate) struct Parts {
    /// Namespaces.
    pub(crate) namespaces: Vec<NamespaceObject>,
    /// Services.
    pub(crate) services: Vec<Service>,
    /// `Endpoints` and `EndpointSlice`s.
    pub(crate) endpoints: Vec<Endpoints>,
    /// Pods and pod templates.
    pub(crate) workloads: Vec<Workload>,
    /// ServiceEntries.
    pub(crate) service_entries: Vec<ServiceEntry>,
    /// WorkloadEntries.
    pub(crate) workload_entries: Vec<WorkloadEntry>,
    /// WorkloadGroups.
    pub(crate) workload_groups: Vec<WorkloadGroup>,
    /// DestinationRules.
    pub(crate) rules: Vec<DestinationRule>,
    /// VirtualServices.
    pub(crate) virtual_services: Vec<VirtualService>,
    /// Sidecars.
    pub(crate) sidecars: Vec<Sidecar>,
    /// PeerAuthentications.
    pub(crate) peer_authentications: Vec<PeerAuthentication>,
    /// MeshPolicies and Policies.
    pub(crate) authentication_policies: Vec<AuthenticationPolicy>,
    /// Mesh configs.
    pub(crate) configs: Vec<MeshConfig>,
}

impl Parts {
    /// Sorts resources into kinds. Of several objects with one identity the first by place counts; an object given with
    /// `--assume` yields to the repository's own.
    pub(crate) fn new(resources: impl IntoIterator<Item = Resource>) -> Self {
        let mut parts = Self::default();
        for resource in resources {
            match resource {
                Resource::Namespace(x) => parts.namespaces.push(x),
                Resource::Service(x) => parts.services.push(x),
                Resource::Endpoints(x) => parts.endpoints.push(x),
                Resource::Workload(x) => parts.workloads.push(x),
                Resource::ServiceEntry(x) => parts.service_entries.push(x),
                Resource::WorkloadEntry(x) => parts.workload_entries.push(x),
                Resource::WorkloadGroup(x) => parts.workload_groups.push(x),
                Resource::DestinationRule(x) => parts.rules.push(*x),
                Resource::VirtualService(x) => parts.virtual_services.push(x),
                Resource::Sidecar(x) => parts.sidecars.push(x),
                Resource::PeerAuthentication(x) => parts.peer_authentications.push(x),
                Resource::AuthenticationPolicy(x) => parts.authentication_policies.push(x),
                Resource::MeshConfig(x) => parts.configs.push(*x),
            }
        }
        settle(&mut parts.namespaces, |x| &x.meta);
        settle(&mut parts.services, |x| &x.meta);
        settle(&mut parts.endpoints, |x| &x.meta);
        settle(&mut parts.workloads, |x| &x.meta);
        settle(&mut parts.service_entries, |x| &x.meta);
        settle(&mut parts.workload_entries, |x| &x.meta);
        settle(&mut parts.workload_groups, |x| &x.meta);
        settle(&mut parts.rules, |x| &x.meta);
        settle(&mut parts.virtual_services, |x| &x.meta);
        settle(&mut parts.sidecars, |x| &x.meta);
        settle(&mut parts.peer_authentications, |x| &x.meta);
        settle(&mut parts.authentication_policies, |x| &x.meta);
        parts.configs.sort_by_key(|config| config.place);
        parts
    }

    /// Drops what is in namespaces that `discoverySelectors` leaves out: it does not exist for the mesh.
    pub(crate) fn keep_discovered(&mut self, config: &Config) {
        if config.discovery_selectors.is_none() {
            return;
        }
        let labels: FxHashMap<Namespace, Labels> = self
            .namespaces
            .iter()
            .map(|ns| (ns.meta.namespace.clone(), ns.meta.labels.clone()))
            .collect();
        let keep = |meta: &Meta| {
            let labels = labels.get(&meta.namespace);
            meta.id.namespace.is_none() || config.discovers(&meta.namespace, labels)
        };
        self.services.retain(|x| keep(&x.meta));
        self.service_entries.retain(|x| keep(&x.meta));
        self.workload_entries.retain(|x| keep(&x.meta));
        self.rules.retain(|x| keep(&x.meta));
        self.virtual_services.retain(|x| keep(&x.meta));
        self.sidecars.retain(|x| keep(&x.meta));
        self.peer_authentications.retain(|x| keep(&x.meta));
        self.authentication_policies.retain(|x| keep(&x.meta));
    }
}

/// Sorts by namespace, name and kind, and keeps the first of each identity.
fn settle<T>(items: &mut Vec<T>, meta: impl Fn(&T) -> &Meta) {
    items.sort_by(|a, b| {
        let (a, b) = (meta(a), meta(b));
        let order = |meta: &Meta| (meta.place().is_assumed(), meta.place().span, meta.place());
        a.namespace
            .cmp(&b.namespace)
            .then_with(|| a.id.name.cmp(&b.id.name))
            .then_with(|| a.id.cmp(&b.id))
            .then_with(|| order(a).cmp(&order(b)))
    });
    items.dedup_by(|b, a| meta(a).id == meta(b).id);
}
