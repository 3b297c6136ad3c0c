//! What VirtualServices import: the hosts that their routes lead to.

use std::sync::Arc;

use super::egress::trim;
use super::exports::{first_of_each_namespace, is_visible};
use super::{Imported, Scope};
use crate::mesh::config::Config;
use crate::mesh::services::Registry;
use crate::object::{Namespace, ObjectId};
use crate::resource::{ExportTo, Fqdn, VirtualService};
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
    pub(super) subsets: Vec<(Fqdn, Box<str>)>,
    /// The hosts to whose subsets http routes lead, and the ports that the routes are for (all if empty).
    http_subsets: Vec<(Fqdn, Arc<[u16]>)>,
    /// The hosts and ports (zero for all) to which any route leads without a subset.
    whole: Vec<(Fqdn, u16)>,
}

impl Route {
    /// Whether it takes the HTTP calls of a port of a host and leads some to a subset of that host. Calls of a port that no
    /// route is for go to the host as if there was no VirtualService (`BuildSidecarVirtualHostWrapper`).
    pub(super) fn splits(&self, host: &Fqdn, port: u16) -> bool {
        let mut subsets = self.http_subsets.iter();
        let is_led =
            subsets.any(|(to, ports)| to == host && (ports.is_empty() || ports.contains(&port)));
        self.hosts.contains(host) && is_led
    }

    /// Whether it leads to a port of a host without a subset.
    pub(super) fn leads_to_all_of(&self, host: &Fqdn, port: u16) -> bool {
        let mut whole = self.whole.iter();
        whole.any(|(to, number)| to == host && (*number == 0 || *number == port))
    }
}

/// Where a route leads: host, port (zero for all), and the namespaces it is for (all if empty).
pub(super) type Destination = (Fqdn, u16, Arc<[Box<str>]>);

/// Resolves the hosts of a VirtualService (`ResolveVirtualServiceShortnames`).
pub(super) fn route(vs: &VirtualService, config: &Config) -> Route {
    let resolve = |host: &str| Fqdn::resolve(host, &vs.meta.namespace, &config.domain);
    Route {
        object: vs.meta.id.clone(),
        place: vs.meta.place(),
        namespace: vs.meta.namespace.clone(),
        hosts: vs.hosts.iter().map(|host| resolve(&host.value)).collect(),
        export_to: vs.export_to.clone(),
        subsets: vs
            .destinations
            .iter()
            .filter_map(|d| Some((resolve(&d.host.value), d.subset.as_ref()?.value.clone())))
            .collect(),
        http_subsets: vs
            .destinations
            .iter()
            .filter(|d| d.is_http && d.subset.is_some())
            .map(|d| (resolve(&d.host.value), Arc::clone(&d.ports)))
            .collect(),
        whole: vs
            .destinations
            .iter()
            .filter(|d| d.subset.is_none())
            .map(|d| (resolve(&d.host.value), d.port.unwrap_or(0)))
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
