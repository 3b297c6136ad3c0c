//! `WorkloadEntry` and `WorkloadGroup`: workloads outside Kubernetes, and inline endpoints of a ServiceEntry.

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
