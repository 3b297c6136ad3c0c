//! `Sidecar`: which hosts the proxies of a namespace know (semantics 4.7).

use super::{Meta, OutboundMode, Selector};
use crate::source::{Place, Spanned};

/// A Sidecar.
#[derive(Clone, Debug)]
pub struct Sidecar {
    /// Name, namespace, labels.
    pub meta: Meta,
    /// `spec.workloadSelector.labels`; absent where there are no labels.
    pub workload_selector: Option<Selector>,
    /// `spec.egress`; absent means everything.
    pub egress: Option<Vec<EgressListener>>,
    /// `spec.outboundTrafficPolicy.mode`; a block without a mode means REGISTRY_ONLY (the enum's zero).
    pub outbound: Option<Spanned<OutboundMode>>,
}

/// One element of `spec.egress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressListener {
    /// The place of the element.
    pub place: Place,
    /// `port.number`.
    pub port: Option<u16>,
    /// `port.protocol` as written.
    pub protocol: Option<Box<str>>,
    /// `hosts`, each `namespace/dnsName`.
    pub hosts: Vec<Spanned<Box<str>>>,
}
