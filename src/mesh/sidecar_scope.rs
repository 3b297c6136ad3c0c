//! Which service a client means by a hostname, and whether it sees it at all: exports, Sidecar resources and
//! VirtualService imports (`sidecar.go`, semantics 4.7).

use std::sync::Arc;

use rustc_hash::FxHashMap;

use super::client::by_creation;
use super::config::{Config, Known, effect};
use super::evidence::{Recorder, derived, stated};
use super::parts::Parts;
use super::services::{Registry, Service, ServiceId};
use super::version::IstioVersion;
use crate::object::Namespace;
use crate::resource::{
    EgressListener, ExportTo, Fqdn, Labels, OutboundMode, Sidecar, VirtualService, is_wildcard,
    wildcard_matches,
};

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

/// A VirtualService as far as it imports hosts.
#[derive(Clone, Debug)]
struct Route {
    namespace: Namespace,
    hosts: Vec<Fqdn>,
    export_to: Option<ExportTo>,
    destinations: Vec<Destination>,
    subsets: Vec<(Fqdn, Box<str>)>,
}

/// Where a route leads: host, port (zero for all), and the namespaces it is for (all if empty).
type Destination = (Fqdn, u16, Arc<[Box<str>]>);

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
            .filter(|vs| {
                vs.gateways.is_empty()
                    || vs.gateways.iter().any(|gateway| &*gateway.value == "mesh")
            })
            .collect();
        routes.sort_by(|a, b| by_creation(&a.meta, &b.meta, version));
        scopes.routes = routes.into_iter().map(|vs| route(vs, config)).collect();
        for (id, route) in (0u32..).zip(&scopes.routes) {
            for (host, _, _) in &route.destinations {
                let ids = scopes.routes_to.entry(host.clone()).or_default();
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
        let egress = scope
            .sidecar
            .and_then(|id| self.sidecar(id).egress.as_deref())
            .unwrap_or_default();
        let looked_up = look_up(scope, host, registry, config);
        // Without listeners everything is imported, as by one listener for `*/*`.
        let everything = egress.is_empty().then_some(None);
        for listener in egress.iter().map(Some).chain(everything) {
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
            for ports in self.routed_ports(scope, host, &hosts, config) {
                if let Some(imported) = routed(scope, host, port, &ports, registry, config) {
                    append(&mut added, imported, registry);
                }
            }
        }
        added
    }

    /// The ports under which imported VirtualServices lead to a host, one set per VirtualService; zero means all.
    fn routed_ports(
        &self,
        scope: &Scope,
        host: &Fqdn,
        hosts: &Hosts<'_>,
        config: &Config,
    ) -> Vec<Vec<u16>> {
        let client = &scope.namespace;
        let mut out = Vec::new();
        let ids = self.routes_to.get(host).into_iter().flatten();
        for route in ids.filter_map(|&id| self.routes.get(id as usize)) {
            let leads = |(to, _, sources): &&Destination| {
                to == host
                    && (sources.is_empty() || sources.iter().any(|ns| **ns == *client.as_str()))
            };
            let ports: Vec<u16> = route
                .destinations
                .iter()
                .filter(leads)
                .map(|(_, port, _)| *port)
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
                out.push(ports);
            }
        }
        out
    }

    /// Whether a VirtualService sends traffic to a subset of a host.
    pub(crate) fn leads_to(&self, host: &Fqdn, subset: &str) -> bool {
        let mut subsets = self.routes.iter().flat_map(|route| &route.subsets);
        subsets.any(|(to, name)| to == host && **name == *subset)
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

/// Resolves the hosts of a VirtualService (`ResolveVirtualServiceShortnames`).
fn route(vs: &VirtualService, config: &Config) -> Route {
    let resolve = |host: &str| Fqdn::resolve(host, &vs.meta.namespace, &config.domain);
    Route {
        namespace: vs.meta.namespace.clone(),
        hosts: vs.hosts.iter().map(|host| resolve(&host.value)).collect(),
        export_to: vs.export_to.clone(),
        subsets: vs
            .destinations
            .iter()
            .filter_map(|d| Some((resolve(&d.host.value), d.subset.as_ref()?.value.clone())))
            .collect(),
        destinations: vs
            .destinations
            .iter()
            .map(|d| {
                (
                    resolve(&d.host.value),
                    d.port.unwrap_or(0),
                    Arc::clone(&d.source_namespaces),
                )
            })
            .collect(),
    }
}

/// Whether a VirtualService is exported to a namespace.
fn exported(
    own: Option<&ExportTo>,
    owner: &Namespace,
    client: &Namespace,
    config: &Config,
) -> bool {
    let list = own
        .or(config.virtual_service_export_to.as_ref())
        .filter(|list| !list.values.is_empty());
    list.is_none_or(|list| {
        list.contains("*")
            || list.contains(client.as_str())
            || (list.contains(".") && owner == client)
    })
}

/// To whom a service is exported: everybody, or the listed namespaces (`serviceExportTo`, `initServiceRegistry`).
pub(crate) enum ServiceExport<'a> {
    /// Everybody.
    Public,
    /// Nobody.
    Nobody,
    /// These namespaces; `.` stands for the service's own.
    Listed(&'a ExportTo),
}

/// To whom a service is exported.
pub(crate) fn service_export<'a>(service: &'a Service, config: &'a Config) -> ServiceExport<'a> {
    let list = service
        .export_to
        .as_ref()
        .or(config.service_export_to.as_ref())
        .filter(|l| !l.values.is_empty());
    let names_count = service.export_to.is_some()
        || config
            .version
            .value
            .default_service_export_names_namespaces();
    match list {
        None => ServiceExport::Public,
        Some(list) if list.contains("*") => ServiceExport::Public,
        Some(list) if list.contains("~") => ServiceExport::Nobody,
        Some(list) if !names_count && !list.contains(".") => ServiceExport::Nobody,
        Some(list) => ServiceExport::Listed(list),
    }
}

/// The services of a hostname that are exported to a namespace, listed ones before public ones, each the oldest first.
fn visible_services(
    scope: &Scope,
    host: &Fqdn,
    registry: &Registry,
    config: &Config,
) -> Vec<ServiceId> {
    let mut listed = Vec::new();
    let mut public = Vec::new();
    for &id in registry.of_host(host) {
        let service = registry.service(id);
        match service_export(service, config) {
            ServiceExport::Public => public.push(id),
            ServiceExport::Nobody => {}
            ServiceExport::Listed(list) => {
                let own = list.contains(".") && service.namespace == scope.namespace;
                if own || list.contains(scope.namespace.as_str()) {
                    listed.push(id);
                }
            }
        }
    }
    listed.append(&mut public);
    listed
}

/// The services of a hostname that egress hosts without wildcards are looked up among: one per namespace, the oldest first
/// (`servicesForExactHosts`).
fn look_up(scope: &Scope, host: &Fqdn, registry: &Registry, config: &Config) -> Vec<ServiceId> {
    let mut found = first_of_each_namespace(host, registry);
    found.retain(|&id| is_visible(registry.service(id), &scope.namespace, config));
    found.sort_unstable();
    found
}

/// Whether a service is visible to a namespace (`IsServiceVisible`).
pub(super) fn is_visible(service: &Service, client: &Namespace, config: &Config) -> bool {
    match service_export(service, config) {
        ServiceExport::Public => true,
        ServiceExport::Nobody => false,
        ServiceExport::Listed(list) => {
            list.contains(client.as_str()) || (list.contains(".") && service.namespace == *client)
        }
    }
}

/// The hosts of one egress listener, by namespace.
struct Hosts<'a> {
    everything: bool,
    imports: Vec<(&'a str, &'a str)>,
    excludes: Vec<(&'a str, &'a str)>,
}

impl<'a> Hosts<'a> {
    fn new(
        listener: Option<&'a EgressListener>,
        client: &'a Namespace,
        version: IstioVersion,
    ) -> Self {
        let mut hosts = Self {
            everything: listener.is_none(),
            imports: Vec::new(),
            excludes: Vec::new(),
        };
        for host in listener.into_iter().flat_map(|listener| &listener.hosts) {
            let Some((namespace, name)) = host
                .value
                .split_once('/')
                .filter(|(_, name)| !name.contains('/'))
            else {
                continue;
            };
            let own = |ns: &'a str| if ns == "." { client.as_str() } else { ns };
            match namespace.strip_prefix('~') {
                Some(rest) if version.sidecar_excludes_hosts() => {
                    let of = if rest.is_empty() { "*" } else { own(rest) };
                    hosts.excludes.push((of, name));
                }
                Some(_) | None => hosts.imports.push((own(namespace), name)),
            }
        }
        hosts
    }

    /// Whether every import names one host of one namespace.
    fn are_exact(&self) -> bool {
        let is_exact = |(ns, host): &(&str, &str)| *ns != "*" && !is_wildcard(host);
        !self.everything && self.imports.iter().all(is_exact)
    }

    fn excludes(&self, host: &str, namespace: &str) -> bool {
        self.excludes
            .iter()
            .any(|(ns, excluded)| (*ns == "*" || *ns == namespace) && subset_of(host, excluded))
    }

    fn imports_service(&self, host: &str, namespace: &str) -> bool {
        if self.everything {
            return true;
        }
        !self.excludes(host, namespace)
            && self
                .imports
                .iter()
                .any(|(ns, imported)| (*ns == "*" || *ns == namespace) && subset_of(host, imported))
    }

    /// Whether a VirtualService is imported for one of its hosts; its wildcards match either way.
    fn imports_route(&self, host: &Fqdn, namespace: &Namespace) -> bool {
        if self.everything {
            return true;
        }
        let host = host.as_str();
        !self.excludes(host, namespace.as_str())
            && self.imports.iter().any(|(ns, imported)| {
                (*ns == "*" || *ns == namespace.as_str())
                    && (subset_of(host, imported)
                        || (is_wildcard(host) && wildcard_matches(host, imported)))
            })
    }
}

/// `host.Name.SubsetOf`: equal, or covered by a wildcard.
fn subset_of(host: &str, of: &str) -> bool {
    if is_wildcard(of) {
        wildcard_matches(of, host)
    } else {
        host == of
    }
}

/// The port that a listener trims services to (`needsPortMatch`).
fn match_port(listener: &EgressListener) -> Option<u16> {
    let is_proxy = listener
        .protocol
        .as_deref()
        .is_some_and(|p| p.eq_ignore_ascii_case("http_proxy"));
    listener.port.filter(|&port| port != 0 && !is_proxy)
}

/// Trims a service to a listener's port; `None` if it does not have it.
fn trim(id: ServiceId, port: Option<u16>, registry: &Registry) -> Option<Imported> {
    let Some(port) = port else {
        return Some(Imported {
            service: id,
            ports: None,
        });
    };
    let ports = &registry.service(id).ports;
    ports.iter().any(|p| p.number == port).then(|| Imported {
        service: id,
        ports: (ports.len() > 1).then(|| vec![port]),
    })
}

/// The services that a listener imports for a hostname, all of one namespace (`selectServices`).
fn select(
    visible: &[ServiceId],
    hosts: &Hosts<'_>,
    port: Option<u16>,
    host: &Fqdn,
    client: &Namespace,
    registry: &Registry,
    version: IstioVersion,
) -> Vec<Imported> {
    let imported: Vec<Imported> = visible
        .iter()
        .filter(|&&id| {
            hosts.imports_service(host.as_str(), registry.service(id).namespace.as_str())
        })
        .filter_map(|&id| trim(id, port, registry))
        .collect();
    let mut chosen: Option<&Service> = None;
    for candidate in &imported {
        let service = registry.service(candidate.service);
        let better = match chosen {
            None => true,
            Some(_) if service.namespace == *client => true,
            Some(existing) => {
                version.has_unified_sidecar_scope()
                    && !existing.is_kubernetes
                    && service.is_kubernetes
                    && existing.namespace != *client
            }
        };
        if better {
            chosen = Some(service);
        }
    }
    let Some(namespace) = chosen.map(|service| service.namespace.clone()) else {
        return Vec::new();
    };
    imported
        .into_iter()
        .filter(|i| registry.service(i.service).namespace == namespace)
        .collect()
}

/// The service that a VirtualService leads to (`collectImportedServices`).
fn routed(
    scope: &Scope,
    host: &Fqdn,
    listener_port: Option<u16>,
    ports: &[u16],
    registry: &Registry,
    config: &Config,
) -> Option<Imported> {
    let per_namespace = first_of_each_namespace(host, registry);
    let own = per_namespace
        .iter()
        .copied()
        .find(|&id| registry.service(id).namespace == scope.namespace);
    let id = own.or_else(|| {
        let visible = per_namespace
            .iter()
            .copied()
            .filter(|&id| is_visible(registry.service(id), &scope.namespace, config));
        if config.version.value.picks_best_service_namespace() {
            visible.min_by_key(|&id| (!registry.service(id).is_kubernetes, id))
        } else {
            visible.min_by_key(|&id| registry.service(id).namespace.clone())
        }
    })?;
    if listener_port.is_some() {
        return trim(id, listener_port, registry);
    }
    if ports.contains(&0) {
        return Some(Imported {
            service: id,
            ports: None,
        });
    }
    let all = &registry.service(id).ports;
    let found: Vec<u16> = all
        .iter()
        .map(|p| p.number)
        .filter(|number| ports.contains(number))
        .collect();
    if found.len() == all.len() {
        return Some(Imported {
            service: id,
            ports: None,
        });
    }
    (!found.is_empty()).then_some(Imported {
        service: id,
        ports: Some(found),
    })
}

/// One service per namespace for a hostname: the oldest, a Kubernetes one before others (`HostnameAndNamespace`).
fn first_of_each_namespace(host: &Fqdn, registry: &Registry) -> Vec<ServiceId> {
    let mut out: Vec<ServiceId> = Vec::new();
    for &id in registry.of_host(host) {
        let service = registry.service(id);
        match out
            .iter_mut()
            .find(|other| registry.service(**other).namespace == service.namespace)
        {
            None => out.push(id),
            Some(other) => {
                if service.is_kubernetes && !registry.service(*other).is_kubernetes {
                    *other = id;
                }
            }
        }
    }
    out
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
