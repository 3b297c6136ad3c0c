//! What endpoints accept, and what comes of it: Envoy's part of a decision, a table (semantics 7.1).

use super::auto_mtls::{ClusterTls, Sends};
use super::decision::EndpointDecision;
use super::services::ProtocolClass;

/// What an endpoint accepts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Accepts {
    /// There is no proxy, or the port bypasses it.
    NoProxy,
    /// A sidecar: plaintext only.
    Disable,
    /// A sidecar: mutual TLS and plaintext.
    Permissive,
    /// A sidecar: mutual TLS only.
    Strict,
    /// A gateway: what its servers say.
    Gateway,
    /// ztunnel: HBONE and plaintext.
    AmbientPermissive,
    /// ztunnel: HBONE only.
    AmbientStrict,
    /// A sidecar of 1.0: any TLS, no plaintext.
    TlsWithoutClientCertificate,
}

impl Accepts {
    /// The word of the matrix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoProxy => "no_proxy",
            Self::Disable => "disable",
            Self::Permissive => "permissive",
            Self::Strict => "strict",
            Self::Gateway => "gateway",
            Self::AmbientPermissive => "ambient_permissive",
            Self::AmbientStrict => "ambient_strict",
            Self::TlsWithoutClientCertificate => "tls_without_client_certificate",
        }
    }
}

/// What comes of a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Verdict {
    /// The connection fails.
    Refused,
    /// It works, in clear.
    Plaintext,
    /// It cannot be told.
    Unknown,
    /// TLS between the applications.
    AppTls,
    /// It works, as Istio mutual TLS.
    Encrypted,
    /// The client's proxy does not connect at all.
    Blocked,
}

impl Verdict {
    /// All verdicts, the worst first.
    pub const ALL: [Self; 6] = [
        Self::Refused,
        Self::Blocked,
        Self::Plaintext,
        Self::Unknown,
        Self::AppTls,
        Self::Encrypted,
    ];

    /// The word of the matrix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Refused => "refused",
            Self::Plaintext => "plaintext",
            Self::Unknown => "unknown",
            Self::AppTls => "app-tls",
            Self::Encrypted => "encrypted",
            Self::Blocked => "blocked",
        }
    }

    /// The order in which the worst of several endpoints is taken; the least is the worst.
    pub(crate) fn rank(self) -> u8 {
        match self {
            Self::Refused => 0,
            Self::Blocked => 1,
            Self::Plaintext => 2,
            Self::Unknown => 3,
            Self::AppTls => 4,
            Self::Encrypted => 5,
        }
    }
}

/// Envoy's part: what comes of what is sent and what is accepted (semantics 7.1).
pub(super) fn verdict(
    sends: Sends,
    tls: ClusterTls,
    accepts: Accepts,
    class: ProtocolClass,
) -> Verdict {
    match (sends, accepts) {
        (Sends::Hbone, _)
        | (
            Sends::Mtls,
            Accepts::Permissive | Accepts::Strict | Accepts::TlsWithoutClientCertificate,
        ) => Verdict::Encrypted,
        (_, Accepts::Gateway) | (Sends::Tls, Accepts::TlsWithoutClientCertificate) => {
            Verdict::Unknown
        }
        (Sends::Tls, Accepts::Strict) if tls == ClusterTls::Mutual => Verdict::Unknown,
        (Sends::Tls, Accepts::Disable | Accepts::Permissive) if class == ProtocolClass::Http => {
            Verdict::Refused
        }
        (
            Sends::Plaintext,
            Accepts::Strict | Accepts::AmbientStrict | Accepts::TlsWithoutClientCertificate,
        )
        | (
            Sends::Mtls,
            Accepts::NoProxy
            | Accepts::Disable
            | Accepts::AmbientPermissive
            | Accepts::AmbientStrict,
        )
        | (Sends::Tls, Accepts::Strict | Accepts::AmbientStrict) => Verdict::Refused,
        (
            Sends::Plaintext,
            Accepts::NoProxy | Accepts::Disable | Accepts::Permissive | Accepts::AmbientPermissive,
        ) => Verdict::Plaintext,
        (
            Sends::Tls,
            Accepts::NoProxy | Accepts::AmbientPermissive | Accepts::Disable | Accepts::Permissive,
        ) => Verdict::AppTls,
    }
}

/// The worst of the endpoints, and whether they differ.
pub(super) fn worst(tls: ClusterTls, endpoints: &[EndpointDecision]) -> (Verdict, bool) {
    match tls {
        ClusterTls::NoCluster => return (Verdict::Refused, false),
        ClusterTls::Blackhole => return (Verdict::Blocked, false),
        ClusterTls::None
        | ClusterTls::Auto
        | ClusterTls::IstioMutual
        | ClusterTls::Simple
        | ClusterTls::Mutual
        | ClusterTls::NotVisible => {}
    }
    let mut verdicts = endpoints.iter().map(|endpoint| endpoint.verdict);
    let Some(first) = verdicts.next() else {
        return (Verdict::Unknown, false);
    };
    verdicts.fold((first, false), |(worst, partial), verdict| {
        let worse = if verdict.rank() < worst.rank() {
            verdict
        } else {
            worst
        };
        (worse, partial || verdict != first)
    })
}
