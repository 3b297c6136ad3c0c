//! Which service a client means by a hostname, and whether it sees it at all: exports, Sidecar resources and
//! VirtualService imports (`sidecar.go`, semantics 4.7).

mod egress;
mod exports;
mod routes;

use rustc_hash::FxHashMap;

use super::client::by_creation;
use super::config::{Config, Known, effect};
use super::evidence::{Recorder, derived, stated};
use super::parts::Parts;
use super::services::{Registry, Service, ServiceId};
use crate::object::{Namespace, ObjectId};
use crate::resource::{EgressListener, Fqdn, Labels, OutboundMode, Sidecar, VirtualService};
use crate::source::Place;

pub(crate) use exports::{ServiceExport, is_visible, service_export};

use egress::{Hosts, match_port, select};
use exports::{exported, look_up, visible_services};
use routes::{Destination, Route, route, routed};

/// A Sidecar resource, by its position in Istio's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct SidecarId(u32);

/// What decides what a client sees.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Scope {
    /// The client's namespace.
    pub(crate) namespace: Namespace,
    /// The Sidecar resource in force.
    pub(crate) sidecar: Option<SidecarId>,
    /// Whether the client is a gateway: those see every exported service and never use a Sidecar.
    pub(crate) is_gateway: bool,
}

/// A service as a client sees it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Imported {
    /// The service.
    pub(crate) service: ServiceId,
    /// The ports it is trimmed to; none where it has all.
    pub(crate) ports: Option<Vec<u16>>,
}

/// Sidecars and VirtualServices, prepared for questions about scopes.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scopes {
    sidecars: Vec<Sidecar>,
    by_namespace: FxHashMap<Box<str>, Vec<SidecarId>>,
    root_default: Option<SidecarId>,
    routes: Vec<Route>,
    /// The routes that lead to a host, in Istio's order.
    routes_to: FxHashMap<Fqdn, Vec<u32>>,
}

impl Scopes {
    /// Prepares the Sidecars and VirtualServices that the control plane reads.
    pub(crate) fn build(parts: &Parts, config: &Config) -> Self {
        let version = config.version.value;
        let mut scopes = Self::default();
        if version.has_sidecar_resource() {
            scopes.sidecars = parts
                .sidecars
                .iter()
                .filter(|s| config.reads_revision_of(&s.meta))
                .cloned()
                .collect();
        }
        scopes.sidecars.sort_by(|a, b| {
            let is_wide = |sidecar: &Sidecar| sidecar.workload_selector.is_none();
            is_wide(a)
                .cmp(&is_wide(b))
                .then_with(|| by_creation(&a.meta, &b.meta, version))
        });
        let root = &config.root_namespace.value;
        for (id, sidecar) in (0u32..).map(SidecarId).zip(&scopes.sidecars) {
            let namespace = &sidecar.meta.namespace;
            scopes
                .by_namespace
                .entry(namespace.as_str().into())
                .or_default()
                .push(id);
            if namespace == root && sidecar.workload_selector.is_none() {
                scopes.root_default.get_or_insert(id);
            }
        }
        let mut routes: Vec<&VirtualService> = parts
            .virtual_services
            .iter()
            .filter(|vs| config.reads_revision_of(&vs.meta))
            .filter(|vs| vs.is_for_mesh())
            .collect();
        routes.sort_by(|a, b| by_creation(&a.meta, &b.meta, version));
        scopes.routes = routes.into_iter().map(|vs| route(vs, config)).collect();
        for (id, route) in (0u32..).zip(&scopes.routes) {
            for to in &route.destinations {
                let ids = scopes.routes_to.entry(to.host.clone()).or_default();
                if ids.last() != Some(&id) {
                    ids.push(id);
                }
            }
        }
        scopes
    }

    /// A Sidecar by id.
    pub(crate) fn sidecar(&self, id: SidecarId) -> &Sidecar {
        self.sidecars
            .get(id.0 as usize)
            .expect("a SidecarId is only made for a Sidecar of the same scopes")
    }

    /// The Sidecar in force for a sidecar proxy: of its namespace, else the root namespace's without a selector.
    pub(crate) fn sidecar_of(&self, namespace: &Namespace, labels: &Labels) -> Option<SidecarId> {
        let own = self
            .by_namespace
            .get(namespace.as_str())
            .into_iter()
            .flatten()
            .copied();
        let fits = |id: &SidecarId| {
            self.sidecar(*id)
                .workload_selector
                .as_ref()
                .is_none_or(|selector| selector.selects(labels))
        };
        own.filter(|id| fits(id)).min().or(self.root_default)
    }

    /// The namespaces of the VirtualServices that lead to a host, for every host that any leads to.
    pub(crate) fn namespaces_of_routes(&self) -> FxHashMap<Fqdn, Vec<Namespace>> {
        let namespace = |&id: &u32| Some(self.routes.get(id as usize)?.namespace.clone());
        let of = |(host, ids): (&Fqdn, &Vec<u32>)| {
            (host.clone(), ids.iter().filter_map(namespace).collect())
        };
        self.routes_to.iter().map(of).collect()
    }

    /// What happens to traffic for hosts outside the scope.
    pub(crate) fn outbound(
        &self,
        scope: &Scope,
        config: &Config,
        recorder: &mut impl Recorder,
    ) -> OutboundMode {
        if scope.is_gateway {
            return OutboundMode::AllowAny;
        }
        if let Some(sidecar) = scope.sidecar.map(|id| self.sidecar(id))
            && let Some(mode) = sidecar.outbound
        {
            recorder.record(|| {
                let word = match mode.value {
                    OutboundMode::AllowAny => "ALLOW_ANY",
                    OutboundMode::RegistryOnly => "REGISTRY_ONLY",
                };
                stated(
                    format!(
                        "{} sets the outbound traffic policy {word}: {}",
                        sidecar.meta.id,
                        effect(mode.value)
                    ),
                    mode.place,
                    &sidecar.meta.id,
                )
            });
            return mode.value;
        }
        let Known { value, fact } = &config.outbound;
        recorder.record(|| fact.clone());
        *value
    }

    /// The service that a client means by a hostname, if it sees one.
    pub(crate) fn import(
        &self,
        scope: &Scope,
        host: &Fqdn,
        registry: &Registry,
        config: &Config,
    ) -> Option<Imported> {
        self.import_by(scope, host, registry, config, |_| true)
    }

    /// The same where only some routes import what they lead to.
    fn import_by(
        &self,
        scope: &Scope,
        host: &Fqdn,
        registry: &Registry,
        config: &Config,
        counts: impl Fn(&Route) -> bool,
    ) -> Option<Imported> {
        let version = config.version.value;
        let visible = visible_services(scope, host, registry, config);
        let mut added: Option<Imported> = None;
        if scope.is_gateway {
            for id in visible {
                append(
                    &mut added,
                    Imported {
                        service: id,
                        ports: None,
                    },
                    registry,
                );
            }
            return added;
        }
        let looked_up = look_up(scope, host, registry, config);
        for listener in self.listeners(scope) {
            let hosts = Hosts::new(listener, &scope.namespace, version);
            let port = listener.and_then(match_port);
            let looks_up = version.looks_up_exact_egress_hosts() && hosts.are_exact();
            let services = select(
                if looks_up { &looked_up } else { &visible },
                &hosts,
                port,
                host,
                &scope.namespace,
                registry,
                version,
            );
            for imported in services {
                append(&mut added, imported, registry);
            }
            for (route, ports) in self.routed_ports(scope, host, &hosts, config) {
                if !counts(route) {
                    continue;
                }
                if let Some(imported) = routed(scope, host, port, &ports, registry, config) {
                    append(&mut added, imported, registry);
                }
            }
        }
        added
    }

    /// The listeners by which a client imports; none stands for one that imports everything, as `*/*` does.
    fn listeners(&self, scope: &Scope) -> impl Iterator<Item = Option<&EgressListener>> {
        let sidecar = scope.sidecar.map(|id| self.sidecar(id));
        let egress = sidecar.and_then(|sidecar| sidecar.egress.as_deref());
        let egress = egress.unwrap_or_default();
        let everything = egress.is_empty().then_some(None);
        egress.iter().map(Some).chain(everything)
    }

    /// The imported VirtualServices that lead to a host, each with the ports; zero means all.
    fn routed_ports(
        &self,
        scope: &Scope,
        host: &Fqdn,
        hosts: &Hosts<'_>,
        config: &Config,
    ) -> Vec<(&Route, Vec<u16>)> {
        let client = &scope.namespace;
        let mut out = Vec::new();
        let ids = self.routes_to.get(host).into_iter().flatten();
        for route in ids.filter_map(|&id| self.routes.get(id as usize)) {
            let leads = |to: &&Destination| {
                let sources = &to.source_namespaces;
                to.host == *host
                    && (sources.is_empty() || sources.iter().any(|ns| **ns == *client.as_str()))
            };
            let ports: Vec<u16> = route
                .destinations
                .iter()
                .filter(leads)
                .map(|to| to.port)
                .collect();
            if ports.is_empty()
                || !exported(route.export_to.as_ref(), &route.namespace, client, config)
            {
                continue;
            }
            if route
                .hosts
                .iter()
                .any(|vs_host| hosts.imports_route(vs_host, &route.namespace))
            {
                out.push((route, ports));
            }
        }
        out
    }

    /// Whether a VirtualService sends traffic to a subset of a host.
    pub(crate) fn leads_to(&self, host: &Fqdn, subset: &str) -> bool {
        let mut destinations = self.routes.iter().flat_map(|route| &route.destinations);
        destinations.any(|to| to.host == *host && to.subset.as_deref() == Some(subset))
    }

    /// The VirtualService that leads the HTTP calls of a port of a host to its subsets for some clients, where none leads any to
    /// that port without one: the cluster of the whole host is then not used.
    pub(crate) fn only_by_subset(
        &self,
        host: &Fqdn,
        port: u16,
        clients: impl Fn() -> Vec<Scope>,
        config: &Config,
    ) -> Option<(&ObjectId, Place)> {
        let to_host = || {
            let ids = self.routes_to.get(host).into_iter().flatten();
            ids.filter_map(|&id| self.routes.get(id as usize))
        };
        let mut splits = to_host()
            .filter(|route| route.splits(host, port))
            .peekable();
        splits.peek()?;
        if to_host().any(|route| route.leads_to_all_of(host, port)) {
            return None;
        }
        let clients = clients();
        let is_for_all = |route: &&Route| {
            let mut clients = clients.iter();
            clients.all(|scope| self.sees_route(scope, host, port, route, config))
        };
        let split = splits.find(is_for_all)?;
        Some((&split.object, split.place))
    }

    /// Whether a VirtualService counts for the calls of a client to a port of a host that it is for. A listener for that port
    /// alone may be of another protocol; then it is left open, and no is the answer.
    fn sees_route(
        &self,
        scope: &Scope,
        host: &Fqdn,
        port: u16,
        route: &Route,
        config: &Config,
    ) -> bool {
        let (own, owner) = (route.export_to.as_ref(), &route.namespace);
        let port_of = |listener: Option<&EgressListener>| listener.and_then(match_port);
        let has_listener = self.listeners(scope).any(|it| port_of(it) == Some(port));
        let mut general = self.listeners(scope).filter(|it| port_of(*it).is_none());
        exported(own, owner, &scope.namespace, config)
            && !has_listener
            && general.any(|listener| {
                Hosts::new(listener, &scope.namespace, config.version.value)
                    .imports_route(host, owner)
            })
    }

    /// Why a client sees a host: the Sidecar that imports it, and the routes without which it would not be seen so.
    pub(crate) fn record_visible(
        &self,
        scope: &Scope,
        host: &Fqdn,
        registry: &Registry,
        config: &Config,
        recorder: &mut impl Recorder,
    ) {
        if let Some(sidecar) = scope.sidecar.map(|id| self.sidecar(id)) {
            recorder.record(|| {
                let text = format!("{} imports `{host}`", sidecar.meta.id);
                stated(text, sidecar.meta.place(), &sidecar.meta.id)
            });
        }
        let seen = self.import(scope, host, registry, config);
        let without = self.import_by(scope, host, registry, config, |_| false);
        if seen == without {
            return;
        }
        for &id in self.routes_to.get(host).into_iter().flatten() {
            let Some(route) = self.routes.get(id as usize) else {
                continue;
            };
            let alone = |other: &Route| other.object == route.object;
            if self.import_by(scope, host, registry, config, alone) != without {
                recorder.record(|| {
                    let text = format!("{} leads to `{host}` and imports it", route.object);
                    stated(text, route.place, &route.object)
                });
            }
        }
    }

    /// Why a client does not see a host.
    pub(crate) fn record_hidden(
        &self,
        scope: &Scope,
        service: &Service,
        recorder: &mut impl Recorder,
    ) {
        recorder.record(|| match scope.sidecar.map(|id| self.sidecar(id)) {
            Some(sidecar) => {
                let text = format!("{} does not import `{}`", sidecar.meta.id, service.host);
                stated(text, sidecar.meta.place(), &sidecar.meta.id)
            }
            None => derived(format!(
                "`{}` is not exported to namespace `{}`",
                service.host, scope.namespace
            )),
        });
        if let Some(export_to) = &service.export_to {
            recorder.record(|| {
                let values = export_to.values.iter().map(|value| &*value.value);
                let values: Vec<&str> = values.collect();
                let text = format!(
                    "{} is exported to `{}` only",
                    service.object,
                    values.join(", ")
                );
                stated(text, export_to.place, &service.object)
            });
        }
    }
}

/// Adds a service of a hostname to a scope (`appendSidecarServices`): the first stays, a Kubernetes one replaces others,
/// ports of services that are alike add up.
fn append(added: &mut Option<Imported>, next: Imported, registry: &Registry) {
    let Some(existing) = added else {
        *added = Some(next);
        return;
    };
    let (old, new) = (
        registry.service(existing.service),
        registry.service(next.service),
    );
    if old.is_kubernetes && !new.is_kubernetes {
        return;
    }
    if !old.is_kubernetes && new.is_kubernetes {
        *added = Some(next);
        return;
    }
    let is_alike = existing.service == next.service
        || (old.namespace == new.namespace
            && old.resolution == new.resolution
            && old.merges_with(new));
    if !is_alike {
        return;
    }
    let numbers = |imported: &Imported| -> Vec<u16> {
        imported.ports.clone().unwrap_or_else(|| {
            registry
                .service(imported.service)
                .ports
                .iter()
                .map(|port| port.number)
                .collect()
        })
    };
    let mut ports = numbers(existing);
    ports.extend(
        numbers(&next)
            .into_iter()
            .filter(|port| !ports.contains(port))
            .collect::<Vec<_>>(),
    );
    existing.ports =
        (ports.len() != old.ports.len() || existing.service != next.service).then_some(ports);
}
