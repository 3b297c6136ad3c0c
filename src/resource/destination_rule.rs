//! `DestinationRule`: the client's settings for a host, of which the linter reads what decides TLS.

use super::reader::{Context, Field};
use super::{ExportTo, Meta, Selector};
use crate::source::{Place, Spanned};
use crate::yaml::Value;

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
    /// The place of the key `spec.trafficPolicy`, also where it stands with nothing in it.
    pub policy_key: Option<Place>,
    /// `spec.subsets` in the order of the file.
    pub subsets: Vec<Subset>,
    /// The place of the mapping `spec`.
    pub spec: Place,
}

impl DestinationRule {
    /// Reads one; a host that is missing is a fault.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let spec = root.child("spec");
        let host = spec.child("host");
        let host_text = host.text(cx);
        if host_text.is_none() {
            cx.fault(&host, "must name a host");
        }
        let workload_selector = spec.child("workloadSelector");
        Some(Self {
            meta,
            host: host_text?,
            export_to: spec.child("exportTo").export_to(cx),
            workload_selector: workload_selector.mapping(cx).and_then(|_| {
                let labels = workload_selector.child("matchLabels");
                Some(Selector {
                    labels: labels.labels(cx),
                    place: labels.value_place().or(workload_selector.value_place())?,
                })
            }),
            traffic_policy: TrafficPolicy::decode(&spec.child("trafficPolicy"), cx),
            policy_key: spec.child("trafficPolicy").key_place(),
            subsets: spec.child("subsets").each(Subset::decode, cx),
            spec: spec.value_place()?,
        })
    }
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
    /// The place of the key `tls` where it stands with nothing in it.
    pub empty_tls: Option<Place>,
    /// `loadBalancer.simple`.
    pub load_balancer: Option<Spanned<LoadBalancer>>,
    /// `portLevelSettings` in the order of the file.
    pub port_level_settings: Vec<PortPolicy>,
    /// The fields other than `tls` and `portLevelSettings`, in the order of the file: what a rule was written for.
    pub other_fields: Vec<Spanned<Box<str>>>,
}

impl TrafficPolicy {
    /// Reads one; null is absent.
    fn decode(field: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let mapping = field.mapping(cx)?;
        let fields = field.entries(cx);
        let other_fields = fields.iter().filter(|(key, value)| {
            value.is_present() && !matches!(&*key.value, "tls" | "portLevelSettings")
        });
        Some(Self {
            key: field.key_place()?,
            place: field.value_place()?,
            flow: mapping.flow,
            tls: TlsSettings::decode(&field.child("tls"), cx),
            empty_tls: empty_key(&field.child("tls")),
            load_balancer: LoadBalancer::decode(field, cx),
            port_level_settings: field
                .child("portLevelSettings")
                .each(PortPolicy::decode, cx),
            other_fields: other_fields.map(|&(key, _)| key.clone()).collect(),
        })
    }
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
    /// The place of the key `tls` where it stands with nothing in it.
    pub empty_tls: Option<Place>,
    /// `loadBalancer.simple`.
    pub load_balancer: Option<Spanned<LoadBalancer>>,
}

impl PortPolicy {
    /// Reads one; one without any setting is a fault (`validatePortTrafficPolicies`).
    fn decode(element: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let mapping = element.mapping(cx)?;
        let fields = element.entries(cx);
        if !fields
            .iter()
            .any(|(key, value)| value.is_present() && &*key.value != "port")
        {
            cx.fault(
                element,
                "must have at least one setting besides `port`, such as `tls`",
            );
        }
        let port = element.child("port");
        Some(Self {
            place: element.value_place()?,
            flow: mapping.flow,
            port: service_port(&port.child("number"), cx),
            port_name: port.child("name").text(cx),
            tls: TlsSettings::decode(&element.child("tls"), cx),
            empty_tls: empty_key(&element.child("tls")),
            load_balancer: LoadBalancer::decode(element, cx),
        })
    }
}

/// A port number. One that no port can have is let through by Istio, and its settings are for no port then.
fn service_port(number: &Field<'_>, cx: &mut Context<'_>) -> Option<Spanned<u16>> {
    let written = number.value().and_then(Value::as_integer);
    match written {
        Some(value) if u16::try_from(value).unwrap_or(0) == 0 => {
            let message = format!("`{value}` is not a port number (1 to 65535)");
            cx.no_effect(number, message);
            None
        }
        Some(_) | None => number.port(cx),
    }
}

/// The place of a key that is written with nothing in it.
fn empty_key(field: &Field<'_>) -> Option<Place> {
    field.key_place().filter(|_| !field.is_present())
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

impl Subset {
    /// Reads one.
    fn decode(element: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let place = element.value_place()?;
        let name = element.child("name").text(cx);
        if name.is_none() {
            cx.fault(element, "must have a `name`");
        }
        let labels = element.child("labels");
        Some(Self {
            labels: Selector {
                labels: labels.labels(cx),
                place: labels.value_place().unwrap_or(place),
            },
            traffic_policy: TrafficPolicy::decode(&element.child("trafficPolicy"), cx),
            place,
            name: name?,
        })
    }
}

/// What of `loadBalancer.simple` matters: whether the cluster goes to the original destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LoadBalancer {
    /// `PASSTHROUGH`.
    Passthrough,
    /// Any other value.
    Other,
}

impl LoadBalancer {
    /// The values of `simple`.
    const NAMES: [(&str, Self); 6] = [
        ("UNSPECIFIED", Self::Other),
        ("RANDOM", Self::Other),
        ("PASSTHROUGH", Self::Passthrough),
        ("ROUND_ROBIN", Self::Other),
        ("LEAST_REQUEST", Self::Other),
        ("LEAST_CONN", Self::Other),
    ];

    /// Reads `loadBalancer.simple` of a policy.
    fn decode(policy: &Field<'_>, cx: &mut Context<'_>) -> Option<Spanned<Self>> {
        let simple = policy.child("loadBalancer");
        let simple = simple.child("simple");
        simple.choice("a simple load balancer", &Self::NAMES, cx)
    }
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

impl TlsSettings {
    /// Reads a `tls` block; null is absent.
    fn decode(field: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let mapping = field.mapping(cx)?;
        let key = field.key_place()?;
        let mode = field
            .child("mode")
            .choice("a TLS mode", &TlsMode::NAMES, cx);
        let certificate = field.child("clientCertificate").text(cx);
        let private_key = field.child("privateKey").text(cx);
        Some(Self {
            key,
            place: if mapping.entries.is_empty() {
                key
            } else {
                field.value_place()?
            },
            mode: mode.map_or(TlsMode::Disable, |mode| mode.value),
            mode_place: mode.map(|mode| mode.place),
            credential_name: field.child("credentialName").text(cx),
            has_client_certificate: certificate.is_some() && private_key.is_some(),
        })
    }
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
    /// The values by name.
    const NAMES: [(&str, Self); 4] = [
        ("DISABLE", Self::Disable),
        ("SIMPLE", Self::Simple),
        ("MUTUAL", Self::Mutual),
        ("ISTIO_MUTUAL", Self::IstioMutual),
    ];

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

#[cfg(test)]
mod tests;
