//! To whom services and VirtualServices are exported.

use super::Scope;
use crate::mesh::config::Config;
use crate::mesh::services::{Registry, Service, ServiceId};
use crate::object::Namespace;
use crate::resource::{ExportTo, Fqdn};

/// Whether a VirtualService is exported to a namespace.
pub(super) fn exported(
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
pub(super) fn visible_services(
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
pub(super) fn look_up(
    scope: &Scope,
    host: &Fqdn,
    registry: &Registry,
    config: &Config,
) -> Vec<ServiceId> {
    let mut found = first_of_each_namespace(host, registry);
    found.retain(|&id| is_visible(registry.service(id), &scope.namespace, config));
    found.sort_unstable();
    found
}

/// Whether a service is visible to a namespace (`IsServiceVisible`).
pub(crate) fn is_visible(service: &Service, client: &Namespace, config: &Config) -> bool {
    match service_export(service, config) {
        ServiceExport::Public => true,
        ServiceExport::Nobody => false,
        ServiceExport::Listed(list) => {
            list.contains(client.as_str()) || (list.contains(".") && service.namespace == *client)
        }
    }
}

/// One service per namespace for a hostname: the oldest, a Kubernetes one before others (`HostnameAndNamespace`).
pub(super) fn first_of_each_namespace(host: &Fqdn, registry: &Registry) -> Vec<ServiceId> {
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
