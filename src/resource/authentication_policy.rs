//! `MeshPolicy` and `Policy` of `authentication.istio.io/v1alpha1`: what servers accept in Istio 1.0 to 1.5.

use super::reader::{Context, Field};
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

impl AuthenticationPolicy {
    /// Reads a Policy or a MeshPolicy.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let peers = spec.child("peers");
        Self {
            is_mesh_policy: &*meta.id.kind == "MeshPolicy",
            targets: spec.child("targets").each(PolicyTarget::decode, cx),
            peers: peers.each(Peer::decode, cx),
            has_origins: spec.child("origins").items(cx).next().is_some(),
            peers_place: peers.key_place().unwrap_or_else(|| meta.place()),
            meta,
        }
    }
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

impl PolicyTarget {
    /// Reads one; a name that is missing is a fault.
    fn decode(element: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let name = element.child("name").text(cx);
        if name.is_none() {
            cx.fault(element, "must have the `name` of a service");
        }
        Some(Self {
            ports: element.child("ports").each(PortSelector::decode, cx),
            labels: element.child("labels").selector(cx),
            name: name?,
        })
    }
}

/// A service port by number or name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum PortSelector {
    /// `number`.
    Number(u16),
    /// `name`.
    Name(Box<str>),
}

impl PortSelector {
    /// Reads one; an empty one is a fault.
    fn decode(element: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        let number = element.child("number");
        if number.is_present() {
            return number.port(cx).map(|port| Self::Number(port.value));
        }
        let name = element.child("name").text(cx);
        if name.is_none() {
            cx.fault(element, "must have a `number` or a `name`");
        }
        name.map(|name| Self::Name(name.value))
    }
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

impl Peer {
    /// Reads one; `mtls` without a value is STRICT (semantics 10.1).
    fn decode(element: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        element.mapping(cx)?;
        let mtls = element.child("mtls");
        if !mtls.is_written() {
            return Some(Self::Other);
        }
        let mode = mtls.child("mode");
        let mode = mode.choice("a mode of this policy", &LegacyMtlsMode::NAMES, cx);
        let allow_tls = mtls.child("allowTls").boolean(cx);
        Some(Self::Mtls {
            mode: mode.map_or(LegacyMtlsMode::Strict, |mode| mode.value),
            allow_tls: allow_tls.is_some_and(|allowed| allowed.value),
            place: element.value_place()?,
        })
    }
}

/// `mtls.mode` of a legacy policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum LegacyMtlsMode {
    /// Mutual TLS only.
    Strict,
    /// Mutual TLS and plaintext.
    Permissive,
}

impl LegacyMtlsMode {
    /// The values by name.
    const NAMES: [(&str, Self); 2] = [("STRICT", Self::Strict), ("PERMISSIVE", Self::Permissive)];
}
