//! `Sidecar`: which hosts the proxies of a namespace know (semantics 4.7).

use super::reader::{Context, Field};
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

impl Sidecar {
    /// Reads one.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let selector = spec.child("workloadSelector");
        let egress = spec.child("egress").each(EgressListener::decode, cx);
        Self {
            meta,
            workload_selector: selector.child("labels").selector(cx),
            // Protobuf does not tell an empty list from none.
            egress: (!egress.is_empty()).then_some(egress),
            outbound: OutboundMode::decode(&spec.child("outboundTrafficPolicy"), cx),
        }
    }
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

impl EgressListener {
    /// Reads one; port 0 is none, as for listeners on a Unix socket.
    fn decode(element: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        element.mapping(cx)?;
        let port = element.child("port");
        Some(Self {
            place: element.value_place()?,
            port: port.child("number").port_or_zero(cx),
            protocol: port.child("protocol").text(cx).map(|text| text.value),
            hosts: element.child("hosts").texts(cx),
        })
    }
}
