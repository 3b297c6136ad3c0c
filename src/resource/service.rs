//! `Service`: host name, ports, selector and visibility.

use super::reader::{Context, Field};
use super::{ExportTo, Labels, Meta, Selector};
use crate::source::Spanned;
use crate::yaml::Value;

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

impl Service {
    /// Reads one loosely: a port that cannot be read is left out.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let spec = root.child("spec");
        let selector = spec.child("selector");
        selector.mapping(cx);
        let labels = selector.loose_labels();
        let place = selector.value_place();
        let ports = spec.child("ports");
        Some(Self {
            selector: place
                .filter(|_| !labels.is_empty())
                .map(|place| Selector { labels, place }),
            ports: ports.each(|port, _| ServicePort::decode(port), cx),
            service_type: ServiceType::decode(&spec, cx)?,
            export_to: export_to(&meta.annotations),
            meta,
        })
    }
}

/// Reads the annotation that stands for `exportTo`.
fn export_to(annotations: &Labels) -> Option<ExportTo> {
    let annotation = annotations.spanned("networking.istio.io/exportTo")?;
    let values: Vec<_> = annotation
        .value
        .split(',')
        .map(str::trim)
        .filter(|value| !value.is_empty())
        .map(|value| Spanned::new(value.into(), annotation.place))
        .collect();
    let place = annotation.place;
    (!values.is_empty()).then_some(ExportTo { values, place })
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

impl ServiceType {
    /// Reads `type`, `clusterIP` and `externalName`; an external name that is missing is a fault.
    fn decode(spec: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let is = |field: &str, text: &str| {
            let found = spec.child(field).loose_text();
            found.is_some_and(|found| &*found.value == text)
        };
        if is("type", "ExternalName") {
            let name = spec.child("externalName");
            let text = name.loose_text().filter(|text| !text.value.is_empty());
            if text.is_none() {
                cx.fault(&name, "a Service of type `ExternalName` needs the name");
            }
            return text.map(Self::ExternalName);
        }
        if is("clusterIP", "None") {
            Some(Self::Headless)
        } else {
            Some(Self::ClusterIp)
        }
    }
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

impl ServicePort {
    /// Reads one; none without a usable number and protocol.
    fn decode(element: &Field<'_>) -> Option<Self> {
        let port = element.child("port").loose_port()?;
        let text = |key: &str| element.child(key).loose_text().map(|text| text.value);
        Some(Self {
            name: text("name").filter(|name| !name.is_empty()),
            port,
            target: TargetPort::decode(&element.child("targetPort"), port.value),
            transport: Transport::decode(&element.child("protocol"))?,
            app_protocol: text("appProtocol").filter(|protocol| !protocol.is_empty()),
        })
    }
}

/// `targetPort`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TargetPort {
    /// A container port by number.
    Number(u16),
    /// A container port by name.
    Name(Box<str>),
}

impl TargetPort {
    /// Reads one as Kubernetes' `IntOrString` is read: digits in quotes are a name. Zero and the empty text are absent.
    fn decode(field: &Field<'_>, port: u16) -> Self {
        let value = field.value();
        let number = value.and_then(Value::as_integer);
        let text = value.and_then(Value::as_text);
        match (number, text) {
            (Some(0), _) | (None, None | Some("")) => Self::Number(port),
            (Some(number), _) => Self::Number(u16::try_from(number).unwrap_or(port)),
            (None, Some(name)) => Self::Name(name.into()),
        }
    }
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

impl Transport {
    /// Reads one, TCP where absent; none for a protocol that Kubernetes does not know.
    pub(super) fn decode(field: &Field<'_>) -> Option<Self> {
        let text = field.loose_text();
        match text.as_ref().map_or("TCP", |text| &*text.value) {
            "TCP" => Some(Self::Tcp),
            "UDP" => Some(Self::Udp),
            "SCTP" => Some(Self::Sctp),
            _ => None,
        }
    }
}
