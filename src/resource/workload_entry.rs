//! `WorkloadEntry` and `WorkloadGroup`: workloads outside Kubernetes, and inline endpoints of a ServiceEntry.

use super::reader::{Context, Field};
use super::{Labels, Meta};
use crate::source::Place;

/// A WorkloadEntry.
#[derive(Clone, Debug)]
pub struct WorkloadEntry {
    /// Name, namespace; `metadata.labels` win over `spec.labels`.
    pub meta: Meta,
    /// `spec`.
    pub endpoint: EndpointSpec,
}

impl WorkloadEntry {
    /// Reads one.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let spec = root.child("spec");
        let endpoint = EndpointSpec::decode(&spec, cx);
        if !spec.is_present() {
            cx.fault(&spec, "must be given");
        }
        Some(Self {
            meta,
            endpoint: endpoint?,
        })
    }
}

/// A WorkloadGroup: a template of WorkloadEntries that register themselves.
#[derive(Clone, Debug)]
pub struct WorkloadGroup {
    /// Name, namespace.
    pub meta: Meta,
    /// `spec.metadata.labels`.
    pub labels: Labels,
    /// `spec.template`.
    pub template: EndpointSpec,
}

impl WorkloadGroup {
    /// Reads one; a template that is missing is an empty one.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let metadata = spec.child("metadata");
        let template = EndpointSpec::decode(&spec.child("template"), cx);
        Self {
            labels: metadata.child("labels").labels(cx),
            template: template.unwrap_or_else(|| EndpointSpec::empty(meta.place())),
            meta,
        }
    }
}

/// An address with ports and labels.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EndpointSpec {
    /// The place of the mapping.
    pub place: Place,
    /// `address`; empty where absent.
    pub address: Box<str>,
    /// `ports`: by the name of the service's port.
    pub ports: Vec<(Box<str>, u16)>,
    /// `labels`.
    pub labels: Labels,
    /// `serviceAccount`, which stands for "has a proxy" (semantics 2.2).
    pub service_account: Option<Box<str>>,
    /// `network`.
    pub network: Option<Box<str>>,
}

impl EndpointSpec {
    /// Nothing, at a place.
    fn empty(place: Place) -> Self {
        Self {
            place,
            address: Box::default(),
            ports: Vec::new(),
            labels: Labels::default(),
            service_account: None,
            network: None,
        }
    }

    /// Reads the mapping with these fields; null is absent.
    pub(super) fn decode(field: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        field.mapping(cx)?;
        let ports = field.child("ports");
        let ports = ports.entries(cx);
        let ports = ports
            .iter()
            .filter_map(|(name, port)| Some((name.value.clone(), port.port(cx)?.value)))
            .collect();
        let mut text = |key: &str| field.child(key).text(cx).map(|text| text.value);
        Some(Self {
            place: field.value_place()?,
            address: text("address").unwrap_or_default(),
            service_account: text("serviceAccount"),
            network: text("network"),
            ports,
            labels: field.child("labels").labels(cx),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, expect_resource, problems, with_spec};
    use super::*;

    #[test]
    fn labels_of_metadata_and_spec_are_kept_apart() {
        let text = "apiVersion: networking.istio.io/v1\nkind: WorkloadEntry\nmetadata: {name: vm, labels: {app: outer}}\nspec: {address: 10.0.0.1, labels: {app: inner}}";
        let entry: WorkloadEntry = expect_resource!(WorkloadEntry, text);
        assert_eq!(entry.meta.labels.get("app"), Some("outer"));
        assert_eq!(entry.endpoint.labels.get("app"), Some("inner"));
        assert_eq!(
            at(text, entry.endpoint.place),
            "{address: 10.0.0.1, labels: {app: inner}}"
        );
    }

    #[test]
    fn a_workload_entry_without_a_spec_is_a_problem() {
        let text = with_spec("networking.istio.io/v1", "WorkloadEntry", "");
        assert_eq!(problems(&text), ["spec: must be given"]);
    }

    #[test]
    fn a_workload_group_has_labels_and_a_template() {
        let text = with_spec(
            "networking.istio.io/v1alpha3",
            "WorkloadGroup",
            "metadata: {labels: {app: vm}}\ntemplate: {ports: {http: 80}, serviceAccount: vm}",
        );
        let group: WorkloadGroup = expect_resource!(WorkloadGroup, &text);
        assert_eq!(group.labels.get("app"), Some("vm"));
        assert_eq!(group.template.ports, [("http".into(), 80)]);
        assert_eq!(group.template.service_account.as_deref(), Some("vm"));
    }

    #[test]
    fn a_workload_group_without_a_template_has_an_empty_one() {
        let text = with_spec("networking.istio.io/v1", "WorkloadGroup", "{}");
        let group: WorkloadGroup = expect_resource!(WorkloadGroup, &text);
        assert_eq!(group.template.place, group.meta.place());
        assert!(group.template.address.is_empty());
    }
}
