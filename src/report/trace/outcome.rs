//! What comes of a decision, in words: the headline, what is sent and accepted, what the caller sees.
//!
//! What a caller sees was measured on Envoy (semantics 7.1 and 7.2) and is quoted word for word.

use crate::mesh::explain::{Explanation, Protocol, Symptom};
use crate::mesh::{Accepts, ClusterTls, Destination, ProxyKind, Sends, Verdict};

/// What Envoy answers where a connection fails.
const DISCONNECT: &str = "upstream connect error or disconnect/reset before headers";

/// What the caller sees.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// What happens.
    pub(super) what: String,
    /// What an HTTP caller gets, such as `503`.
    pub(super) status: Option<&'static str>,
    /// What the caller reads, word for word.
    pub(super) quote: Option<String>,
    /// Where else it shows.
    pub(super) signs: Vec<String>,
}

impl Seen {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            ..Self::default()
        }
    }

    fn status(mut self, status: &'static str) -> Self {
        self.status = Some(status);
        self
    }

    fn quote(mut self, quote: impl Into<String>) -> Self {
        self.quote = Some(quote.into());
        self
    }

    fn sign(mut self, sign: impl Into<String>) -> Self {
        self.signs.push(sign.into());
        self
    }

    /// What only callers of HTTP see is left out for other ports, and the other way round.
    fn for_protocol(mut self, protocol: Protocol, tcp: Option<&str>) -> Self {
        if protocol == Protocol::Tcp {
            (self.status, self.quote) = (None, None);
            self.signs.clear();
        }
        if protocol != Protocol::Http {
            let callers = if protocol == Protocol::Tcp {
                ""
            } else {
                "TCP callers: "
            };
            self.signs.extend(tcp.map(|tcp| format!("{callers}{tcp}")));
        }
        self
    }
}

/// A destination, as `host:port/subset`.
pub(super) fn destination(to: &Destination) -> String {
    let subset = to.subset.as_ref().map(|subset| format!("/{subset}"));
    format!("{}:{}{}", to.host, to.port, subset.unwrap_or_default())
}

/// What an endpoint is sent.
pub(super) fn sends(sends: Sends) -> &'static str {
    match sends {
        Sends::Plaintext => "plaintext",
        Sends::Mtls => "Istio mutual TLS",
        Sends::Tls => "TLS with other certificates than Istio's",
        Sends::Hbone => "HBONE, the mutual TLS tunnel of ambient",
    }
}

/// What an endpoint accepts.
pub(super) fn accepts(accepts: Accepts) -> &'static str {
    match accepts {
        Accepts::NoProxy => "what its application takes; no proxy stands before it",
        Accepts::Disable => "plaintext only (DISABLE)",
        Accepts::Permissive => "mutual TLS and plaintext (PERMISSIVE)",
        Accepts::Strict => "mutual TLS only (STRICT)",
        Accepts::Gateway => "what the servers of the gateway say",
        Accepts::AmbientPermissive => "HBONE and plaintext (ambient, PERMISSIVE)",
        Accepts::AmbientStrict => "HBONE only (ambient, STRICT)",
        Accepts::TlsWithoutClientCertificate => "TLS only, with or without a client certificate",
    }
}

/// What the proxy of the client is set to send.
pub(super) fn cluster(tls: ClusterTls) -> &'static str {
    match tls {
        ClusterTls::None => "plaintext to every endpoint",
        ClusterTls::Auto => "what auto mTLS decides for each endpoint",
        ClusterTls::IstioMutual => "Istio mutual TLS to every endpoint",
        ClusterTls::Simple | ClusterTls::Mutual => {
            "TLS with other certificates than Istio's to every endpoint"
        }
        ClusterTls::NoCluster => "nothing, there is no such cluster",
        ClusterTls::NotVisible => "plaintext, passed through to the address",
        ClusterTls::Blackhole => "nothing, the host is blocked",
    }
}

/// A verdict as the end of a sentence.
pub(super) fn verdict(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Refused => "refused",
        Verdict::Plaintext => "plaintext",
        Verdict::Unknown => "unknown",
        Verdict::AppTls => "TLS of the application",
        Verdict::Encrypted => "encrypted",
        Verdict::Blocked => "blocked",
    }
}

/// What the caller sees.
pub(super) fn seen(trace: &Explanation) -> Seen {
    let (seen, tcp) = match trace.symptom {
        Symptom::PlaintextRefused => (
            plaintext_refused(trace),
            Some("the connection is reset, flags `UR`"),
        ),
        Symptom::HandshakeFailed => (
            handshake_failed(trace),
            Some("the connection is reset, flags `UF,URX`"),
        ),
        Symptom::NoCluster => (
            Seen::new("the client's proxy has no cluster for this subset")
                .status("503 with an empty body")
                .sign("flags `NC` and `cluster_not_found` in the log of the client's proxy"),
            Some("the connection is closed or reset"),
        ),
        Symptom::Blocked => (
            Seen::new("the client's proxy lets nothing out to this host")
                .status("502 from the BlackHole route"),
            Some("the connection is closed"),
        ),
        Symptom::ForeignTlsToStrict => (
            foreign_tls_to_strict(),
            Some("the connection is closed by FIN or RST"),
        ),
        Symptom::PlaintextRefusedWithoutProxy => {
            let seen = "the client has no proxy and sends plaintext, the server's proxy takes mutual TLS only: the connection is reset once bytes were sent, and curl exits with 56";
            let quote = "Recv failure: Connection reset by peer";
            return Seen::new(seen).quote(quote);
        }
        Symptom::ForeignTlsToPlaintextPort => (
            Seen::new("the client's proxy sends TLS, the server's takes plaintext only on this HTTP port")
                .status("503")
                .sign("flags `URX,UF` and WRONG_VERSION_NUMBER in the log of the client's proxy")
                .sign("the server's proxy answers `HTTP/1.1 400` in clear"),
            None,
        ),
        Symptom::ForeignTlsToPermissivePort => (
            Seen::new("the client's proxy sends TLS other than Istio's, which the server's takes for HTTP gone wrong")
                .status("503")
                .sign("flags `URX,UF` and a connection reset in the log of the client's proxy"),
            None,
        ),
        Symptom::Refused => return Seen::new(refused(trace)),
        Symptom::Plaintext
        | Symptom::AppTls
        | Symptom::AtGateway
        | Symptom::UserCertificate
        | Symptom::NoEndpoint
        | Symptom::Encrypted => return Seen::new(plain(trace.symptom)),
    };
    seen.for_protocol(trace.protocol, tcp)
}

/// What comes of a decision that no error message shows.
fn plain(symptom: Symptom) -> &'static str {
    match symptom {
        Symptom::Plaintext => "it works, in clear: no proxy encrypts it",
        Symptom::AppTls => {
            "it works if the application at the other end speaks TLS itself and its certificate verifies; else 503 `UF`"
        }
        Symptom::AtGateway => "the endpoint is a gateway: what its servers say decides",
        Symptom::UserCertificate => {
            "whether the server accepts it depends on the client certificate and on how the server's name is checked"
        }
        Symptom::NoEndpoint => {
            "no workload behind this port is in the input, so nothing can be said"
        }
        Symptom::Encrypted => "it works, encrypted with mutual TLS",
        Symptom::Refused
        | Symptom::PlaintextRefused
        | Symptom::PlaintextRefusedWithoutProxy
        | Symptom::HandshakeFailed
        | Symptom::ForeignTlsToStrict
        | Symptom::ForeignTlsToPlaintextPort
        | Symptom::ForeignTlsToPermissivePort
        | Symptom::NoCluster
        | Symptom::Blocked => "the server does not take what it is sent, so the connection fails",
    }
}

/// What fails in a way that was not measured.
fn refused(trace: &Explanation) -> String {
    let all = trace.endpoints.iter();
    match all.min_by_key(|endpoint| endpoint.verdict.rank()) {
        Some(worst) => format!(
            "the server is sent {} and takes {}: the connection fails",
            sends(worst.sends),
            accepts(worst.accepts)
        ),
        None => plain(Symptom::Refused).to_owned(),
    }
}

fn plaintext_refused(trace: &Explanation) -> Seen {
    // Envoy of Istio 1.4 and before gives no reason.
    let quote = if trace.istio.names_reset_reason() {
        format!("{DISCONNECT}. reset reason: connection termination")
    } else {
        DISCONNECT.to_owned()
    };
    Seen::new("the client's proxy sends plaintext, the server's proxy takes mutual TLS only")
        .status("503")
        .quote(quote)
        .sign("flags `UC` in the access log of the client's proxy, after one attempt")
        .sign("`NR filter_chain_not_found` in the log of the server's proxy")
}

fn handshake_failed(trace: &Explanation) -> Seen {
    let seen =
        Seen::new("the client's proxy sends mutual TLS, and nothing at the other end speaks it")
            .status("503");
    if !trace.istio.names_reset_reason() {
        return seen.quote(DISCONNECT);
    }
    seen.quote(format!(
        "{DISCONNECT}. retried and the latest reset reason: remote connection failure"
    ))
    .sign("flags `URX,UF` in the access log of the client's proxy, after 3 attempts")
    .sign(
        "Envoy before 1.38.1 appends why, such as `TLS_error:…:WRONG_VERSION_NUMBER:TLS_error_end`",
    )
}

fn foreign_tls_to_strict() -> Seen {
    Seen::new("the client's proxy sends TLS without a certificate of the mesh, the server's takes mutual TLS only")
        .status("503")
        .sign("flags `URX,UF` and CERTIFICATE_VERIFY_FAILED if the server's certificate cannot be verified")
        .sign("else flags `UC` and `connection termination`, for the caller the same as plaintext; only the server's log tells: PEER_DID_NOT_RETURN_A_CERTIFICATE")
}

/// What kind of proxy a client has, as an adjective phrase.
pub(super) fn proxy(kind: ProxyKind) -> &'static str {
    match kind {
        ProxyKind::None => "has no proxy",
        ProxyKind::Sidecar => "has a sidecar",
        ProxyKind::Gateway => "is a gateway",
        ProxyKind::Ztunnel => "is behind ztunnel (ambient)",
    }
}
