//! Rules whose host is not what its author meant: a short name in the wrong namespace, half a full name.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::Fact;
use crate::mesh::Mesh;
use crate::mesh::evidence::{assumed, stated};
use crate::object::{NamespaceSource, ObjectId};
use crate::resource::{DestinationRule, Fqdn, Meta, Service, ServiceType, is_wildcard};

/// A rule whose host names no service, though a service of that name is known.
pub(crate) struct MistakenHost<'a> {
    /// The rule.
    pub(crate) rule: &'a DestinationRule,
    /// The host that Istio takes it for.
    pub(crate) resolved: &'a Fqdn,
    /// The services that may be meant.
    pub(crate) meant: Vec<Meant<'a>>,
}

/// A service that may be meant.
pub(crate) struct Meant<'a> {
    /// Its hostname.
    pub(crate) host: Fqdn,
    /// Its namespace.
    pub(crate) namespace: &'a str,
    /// The Service; none for the API server's, which every cluster has.
    pub(crate) service: Option<&'a Service>,
}

/// The service of the API server, which is in every cluster and in no repository.
const API_SERVER: (&str, &str) = ("kubernetes", "default");

impl Mesh {
    /// The hostnames that each rule is for.
    pub(crate) fn hosts_by_rule(&self) -> BTreeMap<&ObjectId, BTreeSet<&Fqdn>> {
        let mut hosts: BTreeMap<&ObjectId, BTreeSet<&Fqdn>> = BTreeMap::new();
        for (host, _) in self.registry.hosts() {
            for id in self.rules.covering(host) {
                hosts
                    .entry(&self.rules.rule(id).meta.id)
                    .or_default()
                    .insert(host);
            }
        }
        hosts
    }

    /// Rules whose one-label host is completed to a namespace that has no such service, while others have.
    pub(crate) fn misplaced_short_names(&self) -> Vec<MistakenHost<'_>> {
        let by_name = self.services_by_name();
        let is_short = |host: &str| !host.contains('.') && !is_wildcard(host);
        self.unmatched(is_short, |rule| {
            let services = by_name.get(&*rule.host.value).into_iter().flatten();
            let mut meant: Vec<Meant<'_>> = services.map(|service| self.meant(service)).collect();
            if *rule.host.value == *API_SERVER.0 {
                meant.extend(self.api_server(&meant));
            }
            meant
        })
    }

    /// Rules whose host is the beginning of a service's full name, which Istio does not complete.
    pub(crate) fn partly_qualified_hosts(&self) -> Vec<MistakenHost<'_>> {
        let by_name = self.services_by_name();
        let is_partial = |host: &str| host.contains('.') && !is_wildcard(host);
        self.unmatched(is_partial, |rule| {
            let host = &*rule.host.value;
            let name = host.split('.').next().unwrap_or(host);
            let services = by_name.get(name).into_iter().flatten();
            let mut meant: Vec<Meant<'_>> = services.map(|service| self.meant(service)).collect();
            meant.extend(self.api_server(&meant));
            meant.retain(|meant| begins(&meant.host, host));
            meant
        })
    }

    /// The rules with a host of some form that no known service has, and with a service that may be meant.
    fn unmatched<'a>(
        &'a self,
        has_form: impl Fn(&str) -> bool,
        meant: impl Fn(&'a DestinationRule) -> Vec<Meant<'a>>,
    ) -> Vec<MistakenHost<'a>> {
        let mut out = Vec::new();
        for (id, rule) in self.rules.rules() {
            let resolved = self.rules.host(id);
            if !has_form(&rule.host.value) || self.is_known_host(resolved) {
                continue;
            }
            let meant = meant(rule);
            if !meant.is_empty() {
                out.push(MistakenHost {
                    rule,
                    resolved,
                    meant,
                });
            }
        }
        out
    }

    /// Services by name. One whose namespace is only kubectl's default may be anywhere and is left out.
    fn services_by_name(&self) -> BTreeMap<&str, Vec<&Service>> {
        let mut by_name: BTreeMap<&str, Vec<&Service>> = BTreeMap::new();
        for service in &self.parts.services {
            let is_placed = service.meta.namespace_source != NamespaceSource::Default;
            let is_real = !matches!(service.service_type, ServiceType::ExternalName(_));
            if is_placed && is_real {
                by_name
                    .entry(&service.meta.id.name)
                    .or_default()
                    .push(service);
            }
        }
        by_name
    }

    /// Whether a service has a host; the API server's has one in every cluster.
    pub(super) fn is_known_host(&self, host: &Fqdn) -> bool {
        let (name, namespace) = API_SERVER;
        !self.registry.of_host(host).is_empty() || *host == self.service_host(name, namespace)
    }

    fn meant<'a>(&self, service: &'a Service) -> Meant<'a> {
        let namespace = service.meta.namespace.as_str();
        Meant {
            host: self.service_host(&service.meta.id.name, namespace),
            namespace,
            service: Some(service),
        }
    }

    /// The API server's service, unless the repository has it.
    fn api_server(&self, known: &[Meant<'_>]) -> Option<Meant<'static>> {
        let (name, namespace) = API_SERVER;
        let host = self.service_host(name, namespace);
        let is_known = known.iter().any(|meant| meant.host == host);
        (!is_known).then_some(Meant {
            host,
            namespace,
            service: None,
        })
    }

    /// The hostname of a Service of some name and namespace.
    pub(crate) fn service_host(&self, name: &str, namespace: &str) -> Fqdn {
        Fqdn::new(format!("{name}.{namespace}.svc.{}", self.config.domain))
    }
}

/// Whether a host is the first labels of a full name, two at least, and not all.
fn begins(full: &Fqdn, host: &str) -> bool {
    let rest = full.as_str().strip_prefix(host);
    host.contains('.') && rest.is_some_and(|rest| rest.starts_with('.'))
}

/// How the namespace of an object is known.
pub(crate) fn namespace_fact(meta: &Meta) -> Fact {
    let (id, namespace) = (&meta.id, &meta.namespace);
    let text = match meta.namespace_source {
        NamespaceSource::Stated(place) => {
            return stated(format!("`{id}` is in namespace `{namespace}`"), place, id);
        }
        NamespaceSource::ClusterScoped => {
            return stated(format!("`{id}` is in no namespace"), meta.place(), id);
        }
        NamespaceSource::Voted => format!(
            "`{id}` is in namespace `{namespace}`; it states none, and all objects beside it are there"
        ),
        NamespaceSource::Default => format!(
            "`{id}` is in namespace `{namespace}`; it states none, and that is kubectl's default"
        ),
    };
    Fact {
        place: Some(meta.place()),
        object: Some(id.clone()),
        ..assumed(text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_begins_a_full_name_at_a_dot() {
        let full = Fqdn::new("web.prod.svc.cluster.local");
        let table = [
            ("web.prod", true),
            ("web.prod.svc", true),
            ("web.prod.svc.cluster", true),
            ("web.prod.svc.cluster.local", false),
            ("web", false),
            ("web.pro", false),
            ("prod.svc", false),
        ];
        for (host, expected) in table {
            assert_eq!(begins(&full, host), expected, "{host}");
        }
    }
}
