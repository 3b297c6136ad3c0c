//! `DestinationRule`: the client's settings for a host, of which the linter reads what decides TLS.

use super::{ExportTo, Meta, Selector};
use crate::source::{Place, Spanned};

/// A DestinationRule (`networking.istio.io/v1alpha3`, `v1beta1`, `v1`).
#[derive(Clone, Debug)]
pub struct DestinationRule {
    /// Name, namespace, labels.
    pub meta: Meta,
    /// `spec.host` as written.
    pub host: Spanned<Box<str>>,
    /// `spec.exportTo`; absent and empty are the same.
    pub export_to: Option<ExportTo>,
    /// `spec.workloadSelector.matchLabels`; present as soon as `workloadSelector` is.
    pub workload_selector: Option<Selector>,
    /// `spec.trafficPolicy`.
    pub traffic_policy: Option<TrafficPolicy>,
    /// `spec.subsets` in the order of the file.
    pub subsets: Vec<Subset>,
    /// The place of the mapping `spec`.
    pub spec: Place,
}

/// `trafficPolicy` of a rule or a subset.
#[derive(Clone, Debug, PartialEq)]
pub struct TrafficPolicy {
    /// The place of the key `trafficPolicy`.
    pub key: Place,
    /// The place of its mapping.
    pub place: Place,
    /// Whether the mapping is written as `{…}`.
    pub flow: bool,
    /// `tls`; null is absent.
    pub tls: Option<TlsSettings>,
    /// `loadBalancer.simple`.
    pub load_balancer: Option<Spanned<LoadBalancer>>,
    /// `portLevelSettings` in the order of the file.
    pub port_level_settings: Vec<PortPolicy>,
    /// The other fields it has, in the order of the file: what a rule was written for.
    pub other_fields: Vec<Spanned<Box<str>>>,
}

/// One element of `portLevelSettings`.
#[derive(Clone, Debug, PartialEq)]
pub struct PortPolicy {
    /// The place of the element's mapping.
    pub place: Place,
    /// Whether the mapping is written as `{…}`.
    pub flow: bool,
    /// `port.number`, a service port.
    pub port: Option<Spanned<u16>>,
    /// `port.name`, which Istio 1.0 to 1.3 allowed.
    pub port_name: Option<Spanned<Box<str>>>,
    /// `tls`; null is absent.
    pub tls: Option<TlsSettings>,
    /// `loadBalancer.simple`.
    pub load_balancer: Option<Spanned<LoadBalancer>>,
}

/// One element of `subsets`.
#[derive(Clone, Debug, PartialEq)]
pub struct Subset {
    /// `name`.
    pub name: Spanned<Box<str>>,
    /// `labels`; a subset without labels selects all endpoints.
    pub labels: Selector,
    /// `trafficPolicy`.
    pub traffic_policy: Option<TrafficPolicy>,
    /// The place of the element's mapping.
    pub place: Place,
}

/// What of `loadBalancer.simple` matters: whether the cluster goes to the original destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadBalancer {
    /// `PASSTHROUGH`.
    Passthrough,
    /// Any other value.
    Other,
}

/// `tls` of a policy.
#[derive(Clone, Debug, PartialEq)]
pub struct TlsSettings {
    /// The place of the key `tls`.
    pub key: Place,
    /// The place of its mapping (of the key, if the mapping is empty).
    pub place: Place,
    /// `mode`; a `tls` block without mode means `DISABLE` (semantics 5).
    pub mode: TlsMode,
    /// The place of the value of `mode`, if it is written.
    pub mode_place: Option<Place>,
    /// `credentialName`.
    pub credential_name: Option<Spanned<Box<str>>>,
    /// Whether `clientCertificate` and `privateKey` are given.
    pub has_client_certificate: bool,
}

/// `tls.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum TlsMode {
    /// No TLS.
    Disable,
    /// TLS with the server's certificate only.
    Simple,
    /// TLS with client certificates of the user.
    Mutual,
    /// TLS with Istio's certificates.
    IstioMutual,
}

impl TlsMode {
    /// The value as written in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Disable => "DISABLE",
            Self::Simple => "SIMPLE",
            Self::Mutual => "MUTUAL",
            Self::IstioMutual => "ISTIO_MUTUAL",
        }
    }
}
