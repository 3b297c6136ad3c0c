//! What comes of a decision, in words: the headline, what is sent and accepted, what the caller sees.
//!
//! What a caller sees was measured on Envoy (semantics 7.1 and 7.2) and is quoted word for word.

use crate::mesh::explain::{Explanation, Protocol, Symptom};
use crate::mesh::{Accepts, ClusterTls, ProxyKind, Sends, Verdict};

/// What Envoy answers where a connection fails.
const DISCONNECT: &str = "503 upstream connect error or disconnect/reset before headers";

/// What the caller sees.
pub(super) struct Seen {
    /// What happens.
    pub(super) what: String,
    /// What the caller reads, word for word.
    pub(super) quote: Option<String>,
    /// Where else it shows.
    pub(super) signs: Vec<String>,
}

impl Seen {
    fn new(what: impl Into<String>) -> Self {
        Self {
            what: what.into(),
            quote: None,
            signs: Vec::new(),
        }
    }

    fn quoting(mut self, quote: impl Into<String>) -> Self {
        self.quote = Some(quote.into());
        self
    }

    fn sign(mut self, sign: impl Into<String>) -> Self {
        self.signs.push(sign.into());
        self
    }
}

/// A client, as `namespace/Kind/name`.
pub(super) fn client(trace: &Explanation) -> String {
    let id = &trace.client;
    let namespace = id.namespace.as_ref().map_or("", |ns| ns.as_str());
    format!("{namespace}/{}/{}", id.kind, id.name)
}

/// A destination, as `host:port/subset`.
pub(super) fn destination(trace: &Explanation) -> String {
    let to = &trace.destination;
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
        Accepts::NoProxy => "whatever its application understands; no proxy takes off mutual TLS",
        Accepts::Disable => "plaintext only (DISABLE)",
        Accepts::Permissive => "mutual TLS and plaintext (PERMISSIVE)",
        Accepts::Strict => "mutual TLS only (STRICT)",
        Accepts::Gateway => "what the servers of the gateway say",
        Accepts::AmbientPermissive => "HBONE and plaintext (ambient, PERMISSIVE)",
        Accepts::AmbientStrict => "HBONE only (ambient, STRICT)",
        Accepts::TlsWithoutClientCertificate => "TLS only, with or without a client certificate",
    }
}

/// What the proxy of the client is set to, where that says more than what is sent.
pub(super) fn cluster(tls: ClusterTls) -> Option<&'static str> {
    match tls {
        ClusterTls::None => None,
        ClusterTls::Auto => Some("auto mTLS: decided for each endpoint"),
        ClusterTls::IstioMutual => Some("ISTIO_MUTUAL, to every endpoint"),
        ClusterTls::Simple => Some("SIMPLE, to every endpoint"),
        ClusterTls::Mutual => Some("MUTUAL, to every endpoint"),
        ClusterTls::NoCluster => Some("nothing: there is no such cluster"),
        ClusterTls::NotVisible => Some("plaintext, passed through to the address"),
        ClusterTls::Blackhole => Some("nothing: the host is blocked"),
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
    let names_reason = trace.istio.names_reset_reason();
    match trace.symptom {
        Symptom::PlaintextRefused => plaintext_refused(trace, names_reason),
        Symptom::PlaintextRefusedWithoutProxy => Seen::new(
            "the client has no proxy and sends plaintext, the server's proxy takes mutual TLS only: the connection is reset once bytes were sent",
        )
        .quoting("curl: (56) Recv failure: Connection reset by peer"),
        Symptom::HandshakeFailed => handshake_failed(trace, names_reason),
        Symptom::ForeignTlsToStrict => Seen::new(
            "the client's proxy sends TLS without a certificate of the mesh, the server's takes mutual TLS only",
        )
        .quoting(DISCONNECT)
        .sign("flags `URX,UF` and CERTIFICATE_VERIFY_FAILED where the server's certificate is verified")
        .sign("flags `UC` and `connection termination` where it is not, the same for the caller as plaintext; only the server's log tells: PEER_DID_NOT_RETURN_A_CERTIFICATE"),
        Symptom::ForeignTlsToPlaintextPort => Seen::new(
            "the client's proxy sends TLS, the server's takes plaintext only on this HTTP port",
        )
        .quoting(DISCONNECT)
        .sign("flags `URX,UF` and WRONG_VERSION_NUMBER in the log of the client's proxy; the server's answers `HTTP/1.1 400` in clear"),
        Symptom::ForeignTlsToPermissivePort => Seen::new(
            "the client's proxy sends TLS that is not Istio's, which the server's proxy takes for broken HTTP on this port",
        )
        .quoting(DISCONNECT)
        .sign("flags `URX,UF` and a connection reset in the log of the client's proxy"),
        Symptom::NoCluster => Seen::new("the client's proxy has no cluster for this subset")
            .quoting("503, with an empty body")
            .sign("flags `NC` and `cluster_not_found` in the log of the client's proxy")
            .sign("TCP callers: the connection is closed or reset"),
        Symptom::Blocked => Seen::new("the client's proxy lets nothing out to this host")
            .quoting("502, from the BlackHole route")
            .sign("TCP callers: the connection is closed"),
        Symptom::Refused => Seen::new("the server does not take what it is sent: the connection fails"),
        Symptom::Plaintext => Seen::new("it works, in clear: nothing encrypts this traffic, and nobody notices"),
        Symptom::AppTls => Seen::new(
            "it works if the application at the other end speaks TLS itself and its certificate verifies; else 503 `UF`",
        ),
        Symptom::AtGateway => Seen::new("the endpoint is a gateway: what its servers say decides"),
        Symptom::UserCertificate => Seen::new(
            "whether the server accepts depends on the client certificate and on how the server's name is checked",
        ),
        Symptom::NoEndpoint => Seen::new("no workload behind this port is in the input, so nothing can be said"),
        Symptom::Encrypted => Seen::new("it works, encrypted with mutual TLS"),
    }
}

fn plaintext_refused(trace: &Explanation, names_reason: bool) -> Seen {
    let seen =
        Seen::new("the client's proxy sends plaintext, the server's proxy takes mutual TLS only");
    let reset = "TCP callers: the connection is reset, flags `UR`";
    if trace.protocol == Protocol::Tcp {
        return seen.sign(reset);
    }
    let quote = if names_reason {
        format!("{DISCONNECT}. reset reason: connection termination")
    } else {
        DISCONNECT.to_owned()
    };
    let seen = seen
        .quoting(quote)
        .sign("flags `UC` in the access log of the client's proxy, after one attempt")
        .sign("`NR filter_chain_not_found` in the log of the server's proxy");
    if trace.protocol == Protocol::Undeclared {
        seen.sign(reset)
    } else {
        seen
    }
}

fn handshake_failed(trace: &Explanation, names_reason: bool) -> Seen {
    let seen = Seen::new(
        "the client's proxy sends mutual TLS, and nothing at the other end speaks it: the handshake fails",
    );
    let reset = "TCP callers: the connection is reset, flags `UF,URX`";
    if trace.protocol == Protocol::Tcp {
        return seen.sign(reset);
    }
    let seen = if names_reason {
        seen.quoting(format!(
            "{DISCONNECT}. retried and the latest reset reason: remote connection failure"
        ))
        .sign("flags `URX,UF` in the access log of the client's proxy, after 3 attempts")
        .sign("Envoy before 1.38.1 appends the reason, such as `TLS_error:…:WRONG_VERSION_NUMBER:TLS_error_end`")
    } else {
        seen.quoting(DISCONNECT)
    };
    if trace.protocol == Protocol::Undeclared {
        seen.sign(reset)
    } else {
        seen
    }
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
