//! What the user of a client sees (semantics 7.1 and 7.2, measured).

use crate::mesh::auto_mtls::{ClusterTls, Sends};
use crate::mesh::decision::{Decision, EndpointDecision};
use crate::mesh::services::ProtocolClass;
use crate::mesh::verdict::{Accepts, Verdict};
use crate::mesh::workloads::ProxyKind;

/// What the user of a client sees.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Symptom {
    /// The proxy sends plaintext, the server takes mutual TLS only.
    PlaintextRefused,
    /// A client without a proxy sends plaintext, the server takes mutual TLS only.
    PlaintextRefusedWithoutProxy,
    /// The proxy sends mutual TLS to something that does not speak it.
    HandshakeFailed,
    /// Foreign TLS without a certificate of the mesh, the server takes mutual TLS only.
    ForeignTlsToStrict,
    /// Foreign TLS to an HTTP port of a proxy that accepts plaintext only.
    ForeignTlsToPlaintextPort,
    /// Foreign TLS to an HTTP port of a proxy that accepts plaintext and mutual TLS.
    ForeignTlsToPermissivePort,
    /// The connection fails in a way that was not measured.
    Refused,
    /// There is no cluster for the subset.
    NoCluster,
    /// The client's proxy lets nothing out to this host.
    Blocked,
    /// It works, in clear.
    Plaintext,
    /// It works where the application speaks TLS.
    AppTls,
    /// A gateway takes it, and what its servers say decides.
    AtGateway,
    /// A certificate of the user decides.
    UserCertificate,
    /// No endpoint is in the input.
    NoEndpoint,
    /// It works, as mutual TLS.
    Encrypted,
}

/// The worst of what the user of a client sees.
pub(super) fn symptom(decision: &Decision, class: ProtocolClass) -> Symptom {
    match decision.tls {
        ClusterTls::NoCluster => return Symptom::NoCluster,
        ClusterTls::Blackhole => return Symptom::Blocked,
        ClusterTls::None
        | ClusterTls::Auto
        | ClusterTls::IstioMutual
        | ClusterTls::Simple
        | ClusterTls::Mutual
        | ClusterTls::NotVisible => {}
    }
    let all = decision.endpoints.iter();
    let worst = all.min_by_key(|endpoint| endpoint.verdict.rank());
    worst.map_or(Symptom::NoEndpoint, |endpoint| {
        of_endpoint(decision.proxy, endpoint, class)
    })
}

fn of_endpoint(client: ProxyKind, endpoint: &EndpointDecision, class: ProtocolClass) -> Symptom {
    match endpoint.verdict {
        Verdict::Encrypted => Symptom::Encrypted,
        Verdict::AppTls => Symptom::AppTls,
        Verdict::Plaintext => Symptom::Plaintext,
        Verdict::Blocked => Symptom::Blocked,
        Verdict::Unknown if endpoint.accepts == Accepts::Gateway => Symptom::AtGateway,
        Verdict::Unknown => Symptom::UserCertificate,
        Verdict::Refused => refused(client, endpoint, class),
    }
}

fn refused(client: ProxyKind, endpoint: &EndpointDecision, class: ProtocolClass) -> Symptom {
    let has_envoy = matches!(client, ProxyKind::Sidecar | ProxyKind::Gateway);
    match (endpoint.sends, endpoint.accepts) {
        (Sends::Plaintext, Accepts::Strict | Accepts::TlsWithoutClientCertificate) => {
            match client {
                ProxyKind::Sidecar | ProxyKind::Gateway => Symptom::PlaintextRefused,
                ProxyKind::None => Symptom::PlaintextRefusedWithoutProxy,
                ProxyKind::Ztunnel => Symptom::Refused,
            }
        }
        (Sends::Mtls, Accepts::NoProxy | Accepts::Disable) if has_envoy => Symptom::HandshakeFailed,
        (Sends::Tls, Accepts::Strict) => Symptom::ForeignTlsToStrict,
        (Sends::Tls, Accepts::Disable) if class == ProtocolClass::Http => {
            Symptom::ForeignTlsToPlaintextPort
        }
        (Sends::Tls, Accepts::Permissive) if class == ProtocolClass::Http => {
            Symptom::ForeignTlsToPermissivePort
        }
        (Sends::Plaintext | Sends::Mtls | Sends::Tls | Sends::Hbone, _) => Symptom::Refused,
    }
}
