//! What Istio refuses although the schema of the kind has no objection: the validation of its webhook
//! (`pkg/config/validation`) and the rules in CEL of its CRDs.
//!
//! What only some versions refuse is let through: at this stage nobody knows the version yet.

mod destination_rule;
mod names;
mod service_entry;
mod settings;
mod sidecar;
#[cfg(test)]
mod tests;
mod virtual_service;

use super::Resource;
use super::reader::{Context, Field};

/// Notes a fault for everything that makes Istio refuse an object.
pub(super) fn check(resource: &Resource, root: &Field<'_>, cx: &mut Context<'_>) {
    let spec = root.child("spec");
    match resource {
        Resource::DestinationRule(rule) => destination_rule::check(&rule.meta, &spec, cx),
        Resource::PeerAuthentication(_) => {
            let selector = spec.child("selector");
            names::check_selector(&selector.child("matchLabels"), cx);
        }
        Resource::ServiceEntry(entry) => service_entry::check(entry, &spec, cx),
        Resource::WorkloadEntry(entry) => {
            service_entry::check_address(&entry.endpoint, &spec, cx);
            service_entry::check_endpoint(&entry.endpoint, &spec, cx);
        }
        Resource::WorkloadGroup(group) => {
            let metadata = spec.child("metadata");
            names::check_labels(&metadata.child("labels"), cx);
            service_entry::check_endpoint(&group.template, &spec.child("template"), cx);
        }
        Resource::Sidecar(_) => sidecar::check(&spec, cx),
        Resource::VirtualService(service) => virtual_service::check(service, &spec, cx),
        Resource::Namespace(_)
        | Resource::Service(_)
        | Resource::Endpoints(_)
        | Resource::Workload(_)
        | Resource::AuthenticationPolicy(_)
        | Resource::MeshConfig(_) => {}
    }
}
