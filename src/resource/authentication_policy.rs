//! `MeshPolicy` and `Policy` of `authentication.istio.io/v1alpha1`: what servers accept in Istio 1.0 to 1.5.

use super::{Meta, Selector};
use crate::source::{Place, Spanned};

/// A `MeshPolicy` (cluster scoped) or a `Policy` (semantics 10.1).
#[derive(Clone, Debug)]
pub struct AuthenticationPolicy {
    /// Name, namespace (empty for a MeshPolicy).
    pub meta: Meta,
    /// Whether it is a MeshPolicy.
    pub is_mesh_policy: bool,
    /// `spec.targets` in the order of the file; none for a namespace policy.
    pub targets: Vec<PolicyTarget>,
    /// `spec.peers` in the order of the file.
    pub peers: Vec<Peer>,
    /// Whether `spec.origins` (end-user JWT) is given.
    pub has_origins: bool,
    /// The place of `peers`, else of the object's name.
    pub peers_place: Place,
}

/// One element of `targets`.
#[derive(Clone, Debug, PartialEq)]
pub struct PolicyTarget {
    /// `name`: a service short name of the policy's namespace.
    pub name: Spanned<Box<str>>,
    /// `ports`: service ports.
    pub ports: Vec<PortSelector>,
    /// `labels`, which 1.2 and 1.3 match instead of the name.
    pub labels: Option<Selector>,
}

/// A service port by number or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortSelector {
    /// `number`.
    Number(u16),
    /// `name`.
    Name(Box<str>),
}

/// One element of `peers`.
#[derive(Clone, Debug, PartialEq)]
pub enum Peer {
    /// `mtls`.
    Mtls {
        /// `mode`: STRICT where nothing is written.
        mode: LegacyMtlsMode,
        /// `allowTls`, which 1.0 read.
        allow_tls: bool,
        /// The place of the element.
        place: Place,
    },
    /// `jwt` or anything else.
    Other,
}

/// `mtls.mode` of a legacy policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LegacyMtlsMode {
    /// Mutual TLS only.
    Strict,
    /// Mutual TLS and plaintext.
    Permissive,
}
