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
    /// A JWT in `peers` or `origins` whose keys nobody can find: no `jwksUri`, and an issuer that is no URL.
    pub unresolvable_jwt: Option<Place>,
    /// The place of `peers`, else of the object's name.
    pub peers_place: Place,
}

/// The issuer of a JWT whose keys nobody can find.
fn unresolvable_jwt(spec: &Field<'_>, cx: &mut Context<'_>) -> Option<Place> {
    for key in ["peers", "origins"] {
        let methods = spec.child(key);
        for method in methods.items(cx) {
            let jwt = method.child("jwt");
            let Some(issuer) = jwt.child("issuer").text(cx) else {
                continue;
            };
            let is_url =
                issuer.value.starts_with("http://") || issuer.value.starts_with("https://");
            let has_uri = ["jwksUri", "jwks_uri"]
                .iter()
                .any(|key| jwt.child(key).text(cx).is_some());
            if !is_url && !has_uri {
                return Some(issuer.place);
            }
        }
    }
    None
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
            unresolvable_jwt: unresolvable_jwt(&spec, cx),
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

#[cfg(test)]
mod tests {
    use super::super::testing::{at, expect_resource, problems, with_spec};
    use super::*;

    fn manifest(spec: &str) -> String {
        with_spec("authentication.istio.io/v1alpha1", "Policy", spec)
    }

    fn policy(spec: &str) -> AuthenticationPolicy {
        expect_resource!(AuthenticationPolicy, &manifest(spec))
    }

    #[test]
    fn a_mesh_policy_has_no_namespace() {
        let text = "apiVersion: authentication.istio.io/v1alpha1\nkind: MeshPolicy\nmetadata: {name: default}\nspec: {peers: [{mtls: {}}]}";
        let policy: AuthenticationPolicy = expect_resource!(AuthenticationPolicy, text);
        assert!(policy.is_mesh_policy);
        assert_eq!(policy.meta.namespace.as_str(), "");
        assert_eq!(at(text, policy.peers_place), "peers");
        assert!(!self::policy("{}").is_mesh_policy);
    }

    #[test]
    fn an_mtls_peer_is_strict_unless_it_says_otherwise() {
        let table = [
            ("{mtls: {}}", Some(LegacyMtlsMode::Strict)),
            ("{mtls: null}", Some(LegacyMtlsMode::Strict)),
            ("{mtls: {mode: STRICT}}", Some(LegacyMtlsMode::Strict)),
            (
                "{mtls: {mode: PERMISSIVE}}",
                Some(LegacyMtlsMode::Permissive),
            ),
            ("{jwt: {issuer: a}}", None),
            ("{}", None),
        ];
        for (peer, expected) in table {
            let policy = policy(&format!("peers: [{peer}]"));
            let mode = match &policy.peers[..] {
                [Peer::Mtls { mode, .. }] => Some(*mode),
                [Peer::Other] => None,
                other => panic!("one peer, not {other:?}"),
            };
            assert_eq!(mode, expected, "{peer}");
        }
    }

    #[test]
    fn allow_tls_is_read() {
        let policy = policy("peers: [{mtls: {allowTls: true}}]");
        let [Peer::Mtls { allow_tls, .. }] = &policy.peers[..] else {
            panic!("one peer");
        };
        assert!(allow_tls);
    }

    #[test]
    fn targets_have_ports_by_number_or_name_and_labels() {
        let policy = policy(
            "targets:\n- name: web\n  ports: [{number: 80}, {name: http}]\n- {name: db, labels: {app: db}}",
        );
        let [web, db] = &policy.targets[..] else {
            panic!("two targets");
        };
        let ports = [PortSelector::Number(80), PortSelector::Name("http".into())];
        assert_eq!((&*web.name.value, &web.labels), ("web", &None));
        assert_eq!(web.ports, ports);
        assert!(db.ports.is_empty() && db.labels.is_some());
    }

    #[test]
    fn a_policy_without_peers_points_at_its_name() {
        let text = manifest("origins: [{jwt: {}}]");
        let policy: AuthenticationPolicy = expect_resource!(AuthenticationPolicy, &text);
        assert!(policy.has_origins && policy.peers.is_empty());
        assert_eq!(at(&text, policy.peers_place), "test");
        assert!(!self::policy("origins: []").has_origins);
    }

    #[test]
    fn bad_values_are_problems() {
        let table = [
            (
                "peers: [{mtls: {mode: DISABLE}}]",
                "spec.peers[0].mtls.mode: `DISABLE` is not a mode of this policy; expected `STRICT` or `PERMISSIVE`",
            ),
            (
                "peers: {mtls: {}}",
                "spec.peers: must be a list, not a mapping",
            ),
            (
                "peers: [mtls]",
                "spec.peers[0]: must be a mapping, not text",
            ),
            (
                "targets: [{}]",
                "spec.targets[0]: must have the `name` of a service",
            ),
            (
                "targets: [{name: a, ports: [{}]}]",
                "spec.targets[0].ports[0]: must have a `number` or a `name`",
            ),
            (
                "peers: [{mtls: {allowTls: maybe}}]",
                "spec.peers[0].mtls.allowTls: must be `true` or `false`, not text",
            ),
        ];
        for (spec, expected) in table {
            assert_eq!(problems(&manifest(spec)), [expected]);
        }
    }
}
