//! What VirtualServices import: the hosts that their routes lead to.

use std::sync::Arc;

use super::egress::trim;
use super::exports::{first_of_each_namespace, is_visible};
use super::{Imported, Scope};
use crate::mesh::config::Config;
use crate::mesh::services::Registry;
use crate::object::{Namespace, ObjectId};
use crate::resource::{ExportTo, Fqdn, RouteDestination, VirtualService};
use crate::source::Place;

/// A VirtualService as far as it imports hosts.
#[derive(Clone, Debug)]
pub(super) struct Route {
    pub(super) object: ObjectId,
    pub(super) place: Place,
    pub(super) namespace: Namespace,
    pub(super) hosts: Vec<Fqdn>,
    pub(super) export_to: Option<ExportTo>,
    pub(super) destinations: Vec<Destination>,
    /// Whether it leaves the rest to another VirtualService, which may not be in the input.
    delegates: bool,
}

/// Where a route leads.
#[derive(Clone, Debug)]
pub(super) struct Destination {
    pub(super) host: Fqdn,
    /// The port; zero for all.
    pub(super) port: u16,
    pub(super) subset: Option<Box<str>>,
    /// The namespaces of the clients that it is for; all if empty.
    pub(super) source_namespaces: Arc<[Box<str>]>,
    /// The ports of which the route looks at every client's HTTP calls; all if empty.
    http_ports: Option<Arc<[u16]>>,
}

impl Route {
    /// Whether it takes the HTTP calls of a port of a host and leads some to a subset of that host. Calls of a port that no
    /// route is for go to the host as if there was no VirtualService (`BuildSidecarVirtualHostWrapper`).
    pub(super) fn splits(&self, host: &Fqdn, port: u16) -> bool {
        let takes = |ports: &Arc<[u16]>| ports.is_empty() || ports.contains(&port);
        let mut destinations = self.destinations.iter().filter(|to| to.host == *host);
        let is_led =
            destinations.any(|to| to.subset.is_some() && to.http_ports.as_ref().is_some_and(takes));
        is_led && !self.delegates && self.hosts.contains(host)
    }

    /// Whether it leads to a port of a host without a subset.
    pub(super) fn leads_to_all_of(&self, host: &Fqdn, port: u16) -> bool {
        let mut whole = self.destinations.iter().filter(|to| to.subset.is_none());
        whole.any(|to| to.host == *host && (to.port == 0 || to.port == port))
    }
}

/// Resolves the hosts of a VirtualService (`ResolveVirtualServiceShortnames`).
pub(super) fn route(vs: &VirtualService, config: &Config) -> Route {
    let resolve = |host: &str| Fqdn::resolve(host, &vs.meta.namespace, &config.domain);
    let destination = |to: &RouteDestination| Destination {
        host: resolve(&to.host.value),
        port: to.port.unwrap_or(0),
        subset: to.subset.as_ref().map(|subset| subset.value.clone()),
        source_namespaces: Arc::clone(&to.source_namespaces),
        http_ports: to.http_ports.clone(),
    };
    Route {
        object: vs.meta.id.clone(),
        place: vs.meta.place(),
        namespace: vs.meta.namespace.clone(),
        hosts: vs.hosts.iter().map(|host| resolve(&host.value)).collect(),
        export_to: vs.export_to.clone(),
        destinations: vs.destinations.iter().map(destination).collect(),
        delegates: vs.delegates,
    }
}

/// The service that a VirtualService leads to (`collectImportedServices`).
pub(super) fn routed(
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
