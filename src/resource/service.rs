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

#[cfg(test)]
mod tests {
    use super::super::testing::{at, expect_resource, problems, with_spec};
    use super::*;

    fn service(spec: &str) -> Service {
        expect_resource!(Service, &with_spec("v1", "Service", spec))
    }

    #[test]
    fn a_port_has_kubernetes_defaults() {
        let service = service("ports: [{port: 80}]");
        let [port] = &service.ports[..] else {
            panic!("one port");
        };
        assert_eq!((port.port.value, &port.name), (80, &None));
        assert_eq!(port.target, TargetPort::Number(80));
        assert_eq!(
            (port.transport, &port.app_protocol),
            (Transport::Tcp, &None)
        );
    }

    #[test]
    fn all_fields_of_a_port_are_read() {
        let service = service(
            "ports: [{name: dns, port: 53, targetPort: 5353, protocol: UDP, appProtocol: dns}]",
        );
        let [port] = &service.ports[..] else {
            panic!("one port");
        };
        assert_eq!(port.name.as_deref(), Some("dns"));
        assert_eq!(port.target, TargetPort::Number(5353));
        assert_eq!(port.transport, Transport::Udp);
        assert_eq!(port.app_protocol.as_deref(), Some("dns"));
    }

    #[test]
    fn a_target_port_in_quotes_is_a_name() {
        let table = [
            ("http", TargetPort::Name("http".into())),
            ("\"8080\"", TargetPort::Name("8080".into())),
            ("8080", TargetPort::Number(8080)),
            ("0", TargetPort::Number(80)),
            ("''", TargetPort::Number(80)),
            ("null", TargetPort::Number(80)),
        ];
        for (written, expected) in table {
            let service = service(&format!("ports: [{{port: 80, targetPort: {written}}}]"));
            assert_eq!(service.ports[0].target, expected, "{written}");
        }
    }

    #[test]
    fn ports_that_cannot_be_read_are_left_out() {
        let service = service(
            "ports: [{port: x}, {name: a}, {port: 0}, {port: 70000}, {port: 1, protocol: tcp}, '', {port: '81'}]",
        );
        let ports: Vec<_> = service.ports.iter().map(|port| port.port.value).collect();
        assert_eq!(ports, [81]);
    }

    #[test]
    fn an_empty_selector_is_none() {
        assert_eq!(service("selector: {}").selector, None);
        assert_eq!(service("selector:").selector, None);
        let selector = service("selector: {app: web, version: 1}").selector;
        let selector = selector.expect("it has labels");
        assert_eq!(selector.labels.get("version"), Some("1"));
    }

    #[test]
    fn the_type_tells_headless_and_external_names() {
        let table = [
            ("type: NodePort", ServiceType::ClusterIp),
            ("{}", ServiceType::ClusterIp),
            ("clusterIP: None", ServiceType::Headless),
            ("clusterIP: 10.0.0.1", ServiceType::ClusterIp),
        ];
        for (spec, expected) in table {
            assert_eq!(service(spec).service_type, expected, "{spec}");
        }
        let external = service("type: ExternalName\nexternalName: db.example.com");
        let ServiceType::ExternalName(name) = external.service_type else {
            panic!("an external name");
        };
        assert_eq!(&*name.value, "db.example.com");
    }

    #[test]
    fn the_annotation_is_a_comma_list() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a, annotations: {networking.istio.io/exportTo: '., other ,'}}";
        let service: Service = expect_resource!(Service, text);
        let export_to = service.export_to.expect("the annotation has values");
        let values: Vec<_> = export_to.values.iter().map(|v| &*v.value).collect();
        assert_eq!(values, [".", "other"]);
        assert_eq!(at(text, export_to.place), "'., other ,'");
        let empty: Service = expect_resource!(Service, &text.replace("., other ,", ""));
        assert_eq!(empty.export_to, None);
    }

    #[test]
    fn only_wrong_shapes_are_problems() {
        let table = [
            ("[]", "spec: must be a mapping, not a list"),
            (
                "ports: {port: 80}",
                "spec.ports: must be a list, not a mapping",
            ),
            (
                "selector: web",
                "spec.selector: must be a mapping, not text",
            ),
            (
                "type: ExternalName",
                "spec.externalName: a Service of type `ExternalName` needs the name",
            ),
        ];
        for (spec, expected) in table {
            assert_eq!(problems(&with_spec("v1", "Service", spec)), [expected]);
        }
    }
}
