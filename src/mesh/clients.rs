//! Clients, grouped by what can differ: one answer for a host serves a whole class of workloads.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::client::RuleIndex;
use super::config::Config;
use super::evidence::NoEvidence;
use super::services::Registry;
use super::sidecar_scope::{Scope, Scopes, ServiceExport, SidecarId, service_export};
use super::workloads::{MeshWorkload, ProxyKind};
use crate::object::Namespace;
use crate::resource::{Fqdn, Labels, OutboundMode, Sidecar};

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
    /// Ports that the members call without their sidecar.
    pub(crate) bypassed_ports: Vec<u16>,
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

    /// The proxy that handles what the members send to a port.
    pub(crate) fn proxy_towards(&self, port: u16) -> ProxyKind {
        if self.bypassed_ports.contains(&port) {
            ProxyKind::None
        } else {
            self.proxy
        }
    }
}

/// All groups of a mesh.
#[derive(Clone, Debug, Default)]
pub(crate) struct Clients {
    groups: Vec<ClientGroup>,
    by_namespace: FxHashMap<Box<str>, Vec<GroupId>>,
    /// All groups by what they are alike in: they differ only where rules, exports or Sidecars name them.
    generic: BTreeMap<Kind, Vec<GroupId>>,
    /// Who may import something from a namespace.
    importers: Importers,
    /// Namespaces with clients that call some ports without their sidecar.
    bypassing: BTreeSet<Box<str>>,
    /// The namespaces of the VirtualServices that lead to a host.
    routes: FxHashMap<Fqdn, Vec<Namespace>>,
}

/// What clients have in common where nothing names them.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Kind {
    proxy: ProxyKind,
    beyond: Beyond,
}

impl Kind {
    /// What tells kinds apart, in words.
    pub(crate) fn name(self) -> String {
        let beyond = match self.beyond {
            Beyond::NoSidecar => "",
            Beyond::Passed => " with a Sidecar that passes the rest",
            Beyond::Blocked => " with a Sidecar that blocks the rest",
        };
        format!("{}{beyond}", self.proxy.as_str())
    }
}

/// What a Sidecar resource does to hosts that it does not import.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
enum Beyond {
    /// There is none: everything is imported.
    NoSidecar,
    /// They are passed through.
    Passed,
    /// They are blocked.
    Blocked,
}

/// The namespaces whose Sidecars import from a namespace; a few more than really do, never less.
#[derive(Clone, Debug, Default)]
struct Importers {
    of_all: BTreeSet<Box<str>>,
    of: FxHashMap<Box<str>, BTreeSet<Box<str>>>,
}

impl Importers {
    /// Adds what the Sidecar of a client namespace imports.
    fn add(&mut self, client: &Namespace, sidecar: &Sidecar) {
        let listeners = sidecar.egress.as_deref().unwrap_or_default();
        if listeners.is_empty() {
            self.of_all.insert(client.as_str().into());
        }
        for host in listeners.iter().flat_map(|listener| &listener.hosts) {
            match host.value.split_once('/').map(|(namespace, _)| namespace) {
                Some("*") => {
                    self.of_all.insert(client.as_str().into());
                }
                Some(".") => self.add_one(client.as_str(), client),
                Some(namespace) => self.add_one(namespace, client),
                None => {}
            }
        }
    }

    fn add_one(&mut self, namespace: &str, client: &Namespace) {
        let importers = self.of.entry(namespace.into()).or_default();
        importers.insert(client.as_str().into());
    }

    /// The namespaces that may import something from a namespace by its name.
    fn of<'a>(&'a self, namespace: &Namespace) -> impl Iterator<Item = &'a Box<str>> {
        self.of.get(namespace.as_str()).into_iter().flatten()
    }
}

/// What tells groups apart: namespace, proxy, Sidecar, the rules whose selectors match, and the ports that bypass the proxy.
type GroupKey = (Namespace, ProxyKind, Option<SidecarId>, Vec<u32>, Vec<u16>);

/// Clients to which one answer about a host applies.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ClientClass {
    /// One group.
    One(GroupId),
    /// All groups of a kind but those of the namespaces listed (sorted).
    AllBut(Kind, Arc<[Box<str>]>),
}

impl Clients {
    /// Groups workloads by namespace, proxy, Sidecar and the selectors that match them.
    pub(crate) fn build(
        workloads: &[MeshWorkload],
        rules: &RuleIndex,
        scopes: &Scopes,
        config: &Config,
    ) -> Self {
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
            let mut bypassed: Vec<u16> = workload.bypassed_ports.iter().map(|one| one.0).collect();
            bypassed.sort_unstable();
            bypassed.dedup();
            keys.entry((
                namespace.clone(),
                workload.proxy,
                sidecar,
                signature,
                bypassed,
            ))
            .or_default()
            .push(id);
        }
        let mut clients = Self {
            routes: scopes.namespaces_of_routes(),
            ..Self::default()
        };
        for ((namespace, proxy, sidecar, _, bypassed_ports), members) in keys {
            let first = members.first().and_then(|&id| workloads.get(id as usize));
            let labels = first
                .map(|workload| workload.labels.clone())
                .unwrap_or_default();
            let id = GroupId(
                u32::try_from(clients.groups.len()).expect("there are fewer groups than workloads"),
            );
            clients
                .by_namespace
                .entry(namespace.as_str().into())
                .or_default()
                .push(id);
            if !bypassed_ports.is_empty() {
                clients.bypassing.insert(namespace.as_str().into());
            }
            let group = ClientGroup {
                namespace,
                proxy,
                sidecar,
                bypassed_ports,
                workloads: members,
                labels,
            };
            let kind = Kind {
                proxy,
                beyond: clients.beyond(&group, scopes, config),
            };
            clients.generic.entry(kind).or_default().push(id);
            clients.groups.push(group);
        }
        clients
    }

    /// What happens to a group beyond its Sidecar; notes what it imports.
    fn beyond(&mut self, group: &ClientGroup, scopes: &Scopes, config: &Config) -> Beyond {
        let Some(sidecar) = group.sidecar else {
            return Beyond::NoSidecar;
        };
        self.importers
            .add(&group.namespace, scopes.sidecar(sidecar));
        match scopes.outbound(&group.scope(), config, &mut NoEvidence) {
            OutboundMode::AllowAny => Beyond::Passed,
            OutboundMode::RegistryOnly => Beyond::Blocked,
        }
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

    /// The classes of clients that may differ towards a host: namespaces that a rule, an export or an import singles out,
    /// each for itself, and all others together by their kind.
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
        for (&kind, groups) in &self.generic {
            if groups
                .iter()
                .any(|&id| !is_in(&except, &self.group(id).namespace))
            {
                classes.push(ClientClass::AllBut(kind, Arc::clone(&except)));
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
        let mut special = self.importers.of_all.clone();
        special.extend(self.bypassing.iter().cloned());
        let routes = self.routes.get(host).into_iter().flatten();
        special.extend(routes.flat_map(|owner| self.importers.of(owner)).cloned());
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
            special.extend(self.importers.of(&service.namespace).cloned());
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
            ClientClass::AllBut(kind, except) => {
                let all = self.generic.get(kind).into_iter().flatten().copied();
                all.filter(|&id| !is_in(except, &self.group(id).namespace))
                    .collect()
            }
        }
    }

    /// One group of a class; the answer is the same for all.
    pub(crate) fn representative(&self, class: &ClientClass) -> Option<&ClientGroup> {
        match class {
            ClientClass::One(group) => Some(self.group(*group)),
            ClientClass::AllBut(kind, except) => {
                let mut all = self.generic.get(kind)?.iter().map(|&id| self.group(id));
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
