//! `Service`: host name, ports, selector and visibility.

use super::{ExportTo, Meta, Selector};
use crate::source::Spanned;

/// A Service (semantics 2.4).
#[derive(Clone, Debug)]
pub struct Service {
    /// Name, namespace, labels.
    pub meta: Meta,
    /// `spec.selector`; absent and empty are the same: the endpoints come from elsewhere.
    pub selector: Option<Selector>,
    /// `spec.ports` in the order of the file.
    pub ports: Vec<ServicePort>,
    /// `spec.type`, with what the linter needs of it.
    pub service_type: ServiceType,
    /// Annotation `networking.istio.io/exportTo`, a comma list.
    pub export_to: Option<ExportTo>,
}

/// What of `type` and `clusterIP` matters.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ServiceType {
    /// With a virtual address.
    ClusterIp,
    /// `clusterIP: None`.
    Headless,
    /// `type: ExternalName` and the name it stands for.
    ExternalName(Spanned<Box<str>>),
}

/// One element of `spec.ports`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ServicePort {
    /// `name`.
    pub name: Option<Box<str>>,
    /// `port`.
    pub port: Spanned<u16>,
    /// `targetPort`; the port itself where absent.
    pub target: TargetPort,
    /// `protocol`.
    pub transport: Transport,
    /// `appProtocol`.
    pub app_protocol: Option<Box<str>>,
}

/// `targetPort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// A container port by number.
    Number(u16),
    /// A container port by name.
    Name(Box<str>),
}

/// `protocol` of a port.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Transport {
    /// TCP, the default.
    Tcp,
    /// UDP.
    Udp,
    /// SCTP.
    Sctp,
}
