//! `PeerAuthentication`: what sidecars and ztunnel accept (Istio 1.5 and later).

use super::{Meta, Selector};
use crate::source::{Place, Spanned};

/// A PeerAuthentication (`security.istio.io/v1beta1`, `v1`).
#[derive(Clone, Debug)]
pub struct PeerAuthentication {
    /// Name, namespace, labels.
    pub meta: Meta,
    /// `spec.selector.matchLabels`; empty where the selector is missing, `{}` or without labels.
    pub selector: Option<Selector>,
    /// Whether `spec.selector` is present at all: ambient tells `selector: {}` from none (semantics 8.2).
    pub has_selector: bool,
    /// `spec.mtls.mode`; absent, `{}` and `UNSET` are all [`MtlsMode::Unset`].
    pub mode: MtlsMode,
    /// The place of the mode, else of `mtls`, else of the object's name.
    pub mode_place: Place,
    /// `spec.portLevelMtls` in the order of the file.
    pub ports: Vec<PortMtls>,
}

/// One entry of `portLevelMtls`.
#[derive(Clone, Debug, PartialEq)]
pub struct PortMtls {
    /// The key: a container port.
    pub port: Spanned<u16>,
    /// The mode; absent is [`MtlsMode::Unset`].
    pub mode: MtlsMode,
    /// The place of the mode, else of the key.
    pub mode_place: Place,
}

/// `mtls.mode`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum MtlsMode {
    /// Inherits.
    Unset,
    /// Plaintext only.
    Disable,
    /// Mutual TLS and plaintext.
    Permissive,
    /// Mutual TLS only.
    Strict,
}

impl MtlsMode {
    /// The value as written in a manifest.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unset => "UNSET",
            Self::Disable => "DISABLE",
            Self::Permissive => "PERMISSIVE",
            Self::Strict => "STRICT",
        }
    }
}
