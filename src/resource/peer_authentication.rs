//! `PeerAuthentication`: what sidecars and ztunnel accept (Istio 1.5 and later).

use super::reader::{Context, Field};
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

impl PeerAuthentication {
    /// Reads one; what Istio's validation rejects is a fault.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let selector = spec.child("selector");
        let mtls = spec.child("mtls");
        let mode = mtls.child("mode");
        let port_level = spec.child("portLevelMtls");
        let labels = selector.child("matchLabels").selector(cx);
        let ports = PortMtls::decode_all(&port_level, cx);
        if labels.is_none() && !ports.is_empty() {
            let message = "ports need a `selector` with labels; a policy for a whole namespace or mesh has none";
            cx.fault_at(&port_level, port_level.key_place(), message);
        }
        Self {
            selector: labels,
            has_selector: selector.is_present(),
            mode: MtlsMode::decode(&mode, cx),
            mode_place: mode
                .value_place()
                .or(mtls.key_place())
                .unwrap_or_else(|| meta.place()),
            ports,
            meta,
        }
    }
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

impl PortMtls {
    /// Reads the mapping `portLevelMtls`.
    fn decode_all(port_level: &Field<'_>, cx: &mut Context<'_>) -> Vec<Self> {
        let entries = port_level.entries(cx);
        let ports = entries.iter().filter_map(|(key, mtls)| {
            let mode = mtls.child("mode");
            // Go reads the key as JSON: no sign, and no zero before the other digits.
            let digits =
                Some(&*key.value).filter(|text| text.starts_with(|c: char| matches!(c, '1'..='9')));
            let Some(port) = digits.and_then(|text| text.parse().ok()) else {
                let message = format!("`{}` is not a port number (1 to 65535)", key.value);
                cx.fault_at(mtls, Some(key.place), message);
                return None;
            };
            Some(Self {
                port: Spanned::new(port, key.place),
                mode: MtlsMode::decode(&mode, cx),
                mode_place: mode.value_place().unwrap_or(key.place),
            })
        });
        ports.collect()
    }
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
    /// The values by name.
    const NAMES: [(&str, Self); 4] = [
        ("UNSET", Self::Unset),
        ("DISABLE", Self::Disable),
        ("PERMISSIVE", Self::Permissive),
        ("STRICT", Self::Strict),
    ];

    /// Reads a `mode`; absent is unset.
    fn decode(mode: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let mode = mode.choice("a mutual TLS mode", &Self::NAMES, cx);
        mode.map_or(Self::Unset, |mode| mode.value)
    }

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

#[cfg(test)]
mod tests {
    use super::super::testing::{at, expect_resource, problem_texts, problems, with_spec};
    use super::*;

    fn manifest(spec: &str) -> String {
        with_spec("security.istio.io/v1beta1", "PeerAuthentication", spec)
    }

    fn policy(spec: &str) -> PeerAuthentication {
        expect_resource!(PeerAuthentication, &manifest(spec))
    }

    #[test]
    fn every_mode_is_read() {
        for mode in ["UNSET", "DISABLE", "PERMISSIVE", "STRICT"] {
            assert_eq!(
                policy(&format!("mtls: {{mode: {mode}}}")).mode.as_str(),
                mode
            );
        }
    }

    #[test]
    fn what_is_not_stated_is_unset_and_points_at_the_nearest_thing() {
        let table = [
            ("mtls:\n  mode: STRICT", MtlsMode::Strict, "STRICT"),
            ("mtls: {mode: null}", MtlsMode::Unset, "mtls"),
            ("mtls: {}", MtlsMode::Unset, "mtls"),
            ("mtls:", MtlsMode::Unset, "mtls"),
            ("{}", MtlsMode::Unset, "test"),
            ("", MtlsMode::Unset, "test"),
        ];
        for (spec, mode, place) in table {
            let text = manifest(spec);
            let policy: PeerAuthentication = expect_resource!(PeerAuthentication, &text);
            assert_eq!(policy.mode, mode, "{spec}");
            assert_eq!(at(&text, policy.mode_place), place, "{spec}");
        }
    }

    #[test]
    fn a_selector_without_labels_is_there_and_empty() {
        for spec in [
            "selector: {}",
            "selector: {matchLabels: {}}",
            "selector: {matchLabels: }",
        ] {
            let policy = policy(spec);
            assert_eq!(policy.selector, None, "{spec}");
            assert!(policy.has_selector, "{spec}");
        }
        assert!(!policy("selector:").has_selector);
        let selector = policy("selector: {matchLabels: {app: web}}").selector;
        assert!(selector.is_some_and(|selector| selector.labels.get("app") == Some("web")));
    }

    #[test]
    fn ports_are_keys_with_and_without_quotes() {
        let text = manifest(
            "selector: {matchLabels: {app: web}}\nportLevelMtls:\n  8080: {mode: DISABLE}\n  \"9090\": {}\n  80:",
        );
        let policy: PeerAuthentication = expect_resource!(PeerAuthentication, &text);
        let ports: Vec<_> = policy
            .ports
            .iter()
            .map(|port| (port.port.value, port.mode, at(&text, port.mode_place)))
            .collect();
        let expected = [
            (8080, MtlsMode::Disable, "DISABLE"),
            (9090, MtlsMode::Unset, "\"9090\""),
            (80, MtlsMode::Unset, "80"),
        ];
        assert_eq!(ports, expected);
    }

    #[test]
    fn ports_without_a_selector_are_a_problem() {
        let text = manifest("selector: {}\nportLevelMtls: {8080: {mode: STRICT}}");
        let expected = "spec.portLevelMtls: ports need a `selector` with labels; a policy for a whole namespace or mesh has none";
        assert_eq!(problems(&text), [expected]);
        assert_eq!(problem_texts(&text), ["portLevelMtls"]);
    }

    #[test]
    fn bad_values_are_problems() {
        let table = [
            (
                "mtls: {mode: STRCIT}",
                "spec.mtls.mode: `STRCIT` is not a mutual TLS mode; did you mean `STRICT`?",
            ),
            (
                "mtls: {mode: strict}",
                "spec.mtls.mode: `strict` is not a mutual TLS mode; did you mean `STRICT`?",
            ),
            (
                "mtls: {mode: ISTIO_MUTUAL}",
                "spec.mtls.mode: `ISTIO_MUTUAL` is not a mutual TLS mode; expected `UNSET`, `DISABLE`, `PERMISSIVE` or `STRICT`",
            ),
            ("mtls: STRICT", "spec.mtls: must be a mapping, not text"),
            ("[mtls]", "spec: must be a mapping, not a list"),
            (
                "portLevelMtls: {http: {mode: STRICT}}",
                "spec.portLevelMtls.http: `http` is not a port number (1 to 65535)",
            ),
            (
                "portLevelMtls: {0: {mode: STRICT}}",
                "spec.portLevelMtls.0: `0` is not a port number (1 to 65535)",
            ),
            (
                "portLevelMtls: [8080]",
                "spec.portLevelMtls: must be a mapping, not a list",
            ),
            (
                "selector: {matchLabels: [app]}",
                "spec.selector.matchLabels: must be a mapping, not a list",
            ),
        ];
        for (spec, expected) in table {
            assert_eq!(problems(&manifest(spec)), [expected]);
        }
    }
}
