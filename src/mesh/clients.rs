//! Clients, grouped by what can differ: one answer for a host serves a whole class of workloads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::client::RuleIndex;
use super::config::Config;
use super::services::Registry;
use super::sidecar_scope::{Scope, Scopes, ServiceExport, SidecarId, service_export};
use super::workloads::{MeshWorkload, ProxyKind};
use crate::object::Namespace;
use crate::resource::{Fqdn, Labels};

/// Workloads of one namespace and kind of proxy that no selector tells apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct GroupId(pub(crate) u32);

/// A group of clients.
#[derive(Clone, Debug)]
pub(crate) struct ClientGroup {
    /// The namespace.
    pub(crate) namespace: Namespace,
    /// The proxy.
    pub(crate) proxy: ProxyKind,
    /// The Sidecar resource in force.
    pub(crate) sidecar: Option<SidecarId>,
    /// The members, by their position among the workloads.
    pub(crate) workloads: Vec<u32>,
    /// The labels of one member, good for every selector that is asked.
    pub(crate) labels: Labels,
}

impl ClientGroup {
    /// What the group sees.
    pub(crate) fn scope(&self) -> Scope {
        Scope {
            namespace: self.namespace.clone(),
            sidecar: self.sidecar,
            is_gateway: self.proxy == ProxyKind::Gateway,
        }
    }
}

/// All groups of a mesh.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    groups: Vec<ClientGroup>,
    by_namespace: FxHashMap<Box<str>, Vec<GroupId>>,
    /// Groups whose namespace has no Sidecar, per kind of proxy: they differ only where rules or exports name them.
    generic: BTreeMap<ProxyKind, Vec<GroupId>>,
    /// Namespaces whose Sidecars make every host a case of its own.
    scoped: BTreeSet<Box<str>>,
}

/// What tells groups apart: namespace, proxy, Sidecar, and the rules whose selectors match.
type GroupKey = (Namespace, ProxyKind, Option<SidecarId>, Vec<u32>);

/// Clients to which one answer about a host applies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientClass {
    /// One group.
    One(GroupId),
    /// All generic groups of a kind of proxy but those of the namespaces listed (sorted).
    AllBut(ProxyKind, Arc<[Box<str>]>),
}

impl Clients {
    /// Groups workloads by namespace, proxy, Sidecar and the selectors that match them.
    pub(crate) fn build(workloads: &[MeshWorkload], rules: &RuleIndex, scopes: &Scopes) -> Self {
        let mut keys: BTreeMap<GroupKey, Vec<u32>> = BTreeMap::new();
        let mut selectors: FxHashMap<&Namespace, Vec<(u32, &crate::resource::Selector)>> =
            FxHashMap::default();
        for (id, rule) in rules.rules() {
            if let Some(selector) = &rule.workload_selector {
                selectors
                    .entry(&rule.meta.namespace)
                    .or_default()
                    .push((id.0, selector));
            }
        }
        for (id, workload) in (0u32..).zip(workloads) {
            let namespace = workload.namespace();
            let has_envoy = matches!(workload.proxy, ProxyKind::Sidecar | ProxyKind::Gateway);
            let matching = selectors.get(namespace).into_iter().flatten();
            let signature = matching
                .filter(|(_, selector)| has_envoy && selector.selects(&workload.labels))
                .map(|(id, _)| *id)
                .collect();
            let sidecar = (workload.proxy == ProxyKind::Sidecar)
                .then(|| scopes.sidecar_of(namespace, &workload.labels))
                .flatten();
            keys.entry((namespace.clone(), workload.proxy, sidecar, signature))
                .or_default()
                .push(id);
        }
        let mut clients = Self {
            scoped: scopes.namespaces_with_sidecar().map(Into::into).collect(),
            ..Self::default()
        };
        for ((namespace, proxy, sidecar, _), members) in keys {
            let first = members.first().and_then(|&id| workloads.get(id as usize));
            let labels = first
                .map(|workload| workload.labels.clone())
                .unwrap_or_default();
            let id = GroupId(
                u32::try_from(clients.groups.len()).expect("there are fewer groups than workloads"),
            );
            let is_scoped =
                scopes.has_mesh_wide_sidecar() || clients.scoped.contains(namespace.as_str());
            if !is_scoped {
                clients.generic.entry(proxy).or_default().push(id);
            }
            clients
                .by_namespace
                .entry(namespace.as_str().into())
                .or_default()
                .push(id);
            clients.groups.push(ClientGroup {
                namespace,
                proxy,
                sidecar,
                workloads: members,
                labels,
            });
        }
        if scopes.has_mesh_wide_sidecar() {
            clients.scoped = clients.by_namespace.keys().cloned().collect();
        }
        clients
    }

    /// A group by id.
    pub(crate) fn group(&self, id: GroupId) -> &ClientGroup {
        self.groups
            .get(id.0 as usize)
            .expect("a GroupId is only made for a group of the same clients")
    }

    /// All groups in the order of their ids.
    pub(crate) fn groups(&self) -> &[ClientGroup] {
        &self.groups
    }

    /// How many groups there are.
    pub(crate) fn len(&self) -> usize {
        self.groups.len()
    }

    /// The classes of clients that may differ towards a host: namespaces that a rule, an export or a Sidecar singles out,
    /// each for itself, and all others together.
    pub(crate) fn classes(
        &self,
        host: &Fqdn,
        registry: &Registry,
        rules: &RuleIndex,
        config: &Config,
    ) -> Vec<ClientClass> {
        let special = self.special_namespaces(host, registry, rules, config);
        let mut classes = Vec::new();
        for namespace in &special {
            let groups = self
                .by_namespace
                .get(namespace)
                .map_or(&[][..], Vec::as_slice);
            classes.extend(groups.iter().map(|&group| ClientClass::One(group)));
        }
        let except: Arc<[Box<str>]> = special.into_iter().collect();
        for (&proxy, groups) in &self.generic {
            if groups
                .iter()
                .any(|&id| !is_in(&except, &self.group(id).namespace))
            {
                classes.push(ClientClass::AllBut(proxy, Arc::clone(&except)));
            }
        }
        classes
    }

    fn special_namespaces(
        &self,
        host: &Fqdn,
        registry: &Registry,
        rules: &RuleIndex,
        config: &Config,
    ) -> BTreeSet<Box<str>> {
        let mut special = self.scoped.clone();
        let root = config.root_namespace.value.as_str();
        special.insert(root.into());
        special.extend(
            rules
                .namespaces_with_local_rule(host)
                .into_iter()
                .map(Into::into),
        );
        let services = registry.of_host(host);
        for &id in services {
            let service = registry.service(id);
            let owners = [service.namespace.as_str(), root];
            special.extend(
                rules
                    .namespaces_named_by_exports(owners, host)
                    .into_iter()
                    .map(Into::into),
            );
            match service_export(service, config) {
                ServiceExport::Public if services.len() == 1 => {}
                ServiceExport::Public | ServiceExport::Nobody => {
                    special.insert(service.namespace.as_str().into());
                }
                ServiceExport::Listed(list) => {
                    special.insert(service.namespace.as_str().into());
                    special.extend(list.values.iter().map(|value| value.value.clone()));
                }
            }
        }
        special
    }

    /// The groups of a class.
    pub(crate) fn members(&self, class: &ClientClass) -> Vec<GroupId> {
        match class {
            ClientClass::One(group) => vec![*group],
            ClientClass::AllBut(proxy, except) => {
                let all = self.generic.get(proxy).into_iter().flatten().copied();
                all.filter(|&id| !is_in(except, &self.group(id).namespace))
                    .collect()
            }
        }
    }

    /// One group of a class; the answer is the same for all.
    pub(crate) fn representative(&self, class: &ClientClass) -> Option<&ClientGroup> {
        match class {
            ClientClass::One(group) => Some(self.group(*group)),
            ClientClass::AllBut(proxy, except) => {
                let mut all = self.generic.get(proxy)?.iter().map(|&id| self.group(id));
                all.find(|group| !is_in(except, &group.namespace))
            }
        }
    }
}

/// Whether a sorted list has a namespace.
fn is_in(sorted: &[Box<str>], namespace: &Namespace) -> bool {
    sorted
        .binary_search_by(|other| (**other).cmp(namespace.as_str()))
        .is_ok()
}
