//! What the egress listeners of a Sidecar import.

use super::Imported;
use crate::mesh::services::{Registry, Service, ServiceId};
use crate::mesh::version::IstioVersion;
use crate::object::Namespace;
use crate::resource::{EgressListener, Fqdn, is_wildcard, wildcard_matches};

/// The hosts of one egress listener, by namespace.
pub(super) struct Hosts<'a> {
    everything: bool,
    imports: Vec<(&'a str, &'a str)>,
    excludes: Vec<(&'a str, &'a str)>,
}

impl<'a> Hosts<'a> {
    pub(super) fn new(
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
    pub(super) fn are_exact(&self) -> bool {
        let is_exact = |(ns, host): &(&str, &str)| *ns != "*" && !is_wildcard(host);
        !self.everything && self.imports.iter().all(is_exact)
    }

    fn excludes(&self, host: &str, namespace: &str) -> bool {
        self.excludes
            .iter()
            .any(|(ns, excluded)| (*ns == "*" || *ns == namespace) && subset_of(host, excluded))
    }

    pub(super) fn imports_service(&self, host: &str, namespace: &str) -> bool {
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
    pub(super) fn imports_route(&self, host: &Fqdn, namespace: &Namespace) -> bool {
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
pub(super) fn subset_of(host: &str, of: &str) -> bool {
    if is_wildcard(of) {
        wildcard_matches(of, host)
    } else {
        host == of
    }
}

/// The port that a listener trims services to (`needsPortMatch`).
pub(super) fn match_port(listener: &EgressListener) -> Option<u16> {
    let is_proxy = listener
        .protocol
        .as_deref()
        .is_some_and(|p| p.eq_ignore_ascii_case("http_proxy"));
    listener.port.filter(|&port| port != 0 && !is_proxy)
}

/// Trims a service to a listener's port; `None` if it does not have it.
pub(super) fn trim(id: ServiceId, port: Option<u16>, registry: &Registry) -> Option<Imported> {
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
pub(super) fn select(
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
