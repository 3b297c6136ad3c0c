//! The ports of services and their protocols (`pkg/config/kube/conversion.go`, `pkg/config/protocol`).

use super::{Port, ProtocolClass};
use crate::resource::{EntryPort, ServicePort, Transport};

/// The name of a Kubernetes service port.
pub(super) fn port_name(port: &ServicePort) -> &str {
    port.name.as_deref().unwrap_or_default()
}

/// A port of a ServiceEntry.
pub(super) fn entry_port(port: &EntryPort) -> Port {
    let protocol = parse_protocol(&port.protocol);
    Port {
        name: (*port.name).into(),
        number: port.number.value,
        class: protocol.class(),
        is_tcp: protocol != Protocol::Udp,
        carries_tls: protocol == Protocol::Tls,
    }
}

/// Protocols as far as they differ here (`pkg/config/protocol`).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Protocol {
    Http,
    Tcp,
    Tls,
    Udp,
    Unsupported,
}

impl Protocol {
    fn class(self) -> ProtocolClass {
        match self {
            Self::Http => ProtocolClass::Http,
            Self::Tcp | Self::Tls | Self::Udp => ProtocolClass::Tcp,
            Self::Unsupported => ProtocolClass::Auto,
        }
    }
}

/// `protocol.Parse`.
fn parse_protocol(name: &str) -> Protocol {
    match name.to_ascii_lowercase().as_str() {
        "http" | "http2" | "http_proxy" | "grpc" | "grpc-web" => Protocol::Http,
        "tcp" | "mongo" | "redis" | "mysql" => Protocol::Tcp,
        "https" | "tls" => Protocol::Tls,
        "udp" => Protocol::Udp,
        _ => Protocol::Unsupported,
    }
}

/// Ports that are TCP where nothing declares a protocol: SMTP, DNS, `MySQL`, `MongoDB`.
const WELL_KNOWN_TCP: &[u16] = &[25, 53, 3306, 27017];

/// `pkg/config/kube/conversion.go:ConvertProtocol`.
pub(super) fn kubernetes_port(port: &ServicePort) -> Port {
    let app = port.app_protocol.as_deref();
    let name = app.unwrap_or_else(|| port_name(port));
    let protocol = match app {
        Some("kubernetes.io/h2c" | "kubernetes.io/ws") => Protocol::Http,
        Some("kubernetes.io/wss") => Protocol::Tls,
        Some(_) | None
            if name
                .get(..8)
                .is_some_and(|p| p.eq_ignore_ascii_case("grpc-web")) =>
        {
            Protocol::Http
        }
        Some(_) | None => parse_protocol(name.split('-').next().unwrap_or(name)),
    };
    let number = port.port.value;
    let is_well_known = protocol == Protocol::Unsupported && WELL_KNOWN_TCP.contains(&number);
    let protocol = if is_well_known {
        Protocol::Tcp
    } else {
        protocol
    };
    Port {
        name: port_name(port).into(),
        number,
        class: protocol.class(),
        is_tcp: port.transport == Transport::Tcp && protocol != Protocol::Udp,
        carries_tls: protocol == Protocol::Tls,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_protocol_is_read_off_the_name_up_to_the_first_dash() {
        let table = [
            ("http", Protocol::Http),
            ("grpc-web", Protocol::Http),
            ("HTTPS", Protocol::Tls),
            ("web", Protocol::Unsupported),
            ("mysql", Protocol::Tcp),
        ];
        for (name, expected) in table {
            assert_eq!(parse_protocol(name), expected, "{name}");
        }
    }
}
