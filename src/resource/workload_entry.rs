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
            cx.fault(&spec, "a WorkloadEntry needs it");
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
