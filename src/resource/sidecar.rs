//! `Sidecar`: which hosts the proxies of a namespace know (semantics 4.7).

use super::reader::{Context, Field};
use super::{Meta, OutboundMode, Selector};
use crate::source::{Place, Spanned};

/// A Sidecar.
#[derive(Clone, Debug)]
pub struct Sidecar {
    /// Name, namespace, labels.
    pub meta: Meta,
    /// `spec.workloadSelector.labels`; absent where there are no labels.
    pub workload_selector: Option<Selector>,
    /// `spec.egress`; absent means everything.
    pub egress: Option<Vec<EgressListener>>,
    /// `spec.outboundTrafficPolicy.mode`; a block without a mode means REGISTRY_ONLY (the enum's zero).
    pub outbound: Option<Spanned<OutboundMode>>,
}

impl Sidecar {
    /// Reads one.
    pub(super) fn decode(meta: Meta, root: &Field<'_>, cx: &mut Context<'_>) -> Self {
        let spec = root.child("spec");
        let selector = spec.child("workloadSelector");
        let egress = spec.child("egress").each(EgressListener::decode, cx);
        Self {
            meta,
            workload_selector: selector.child("labels").selector(cx),
            // Protobuf does not tell an empty list from none.
            egress: (!egress.is_empty()).then_some(egress),
            outbound: OutboundMode::decode(&spec.child("outboundTrafficPolicy"), cx),
        }
    }
}

/// One element of `spec.egress`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct EgressListener {
    /// The place of the element.
    pub place: Place,
    /// `port.number`.
    pub port: Option<u16>,
    /// `port.protocol` as written.
    pub protocol: Option<Box<str>>,
    /// `hosts`, each `namespace/dnsName`.
    pub hosts: Vec<Spanned<Box<str>>>,
}

impl EgressListener {
    /// Reads one; port 0 is none, as for listeners on a Unix socket.
    fn decode(element: &Field<'_>, cx: &mut Context<'_>) -> Option<Self> {
        element.mapping(cx)?;
        let port = element.child("port");
        Some(Self {
            place: element.value_place()?,
            port: port.child("number").port_or_zero(cx),
            protocol: port.child("protocol").text(cx).map(|text| text.value),
            hosts: element.child("hosts").texts(cx),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, expect_resource, problems, with_spec};
    use super::*;

    fn manifest(spec: &str) -> String {
        with_spec("networking.istio.io/v1", "Sidecar", spec)
    }

    fn sidecar(spec: &str) -> Sidecar {
        expect_resource!(Sidecar, &manifest(spec))
    }

    #[test]
    fn without_egress_everything_is_imported() {
        assert_eq!(sidecar("{}").egress, None);
        assert_eq!(sidecar("egress: []").egress, None);
    }

    #[test]
    fn a_listener_has_hosts_and_perhaps_a_port() {
        let sidecar = sidecar(
            "egress:\n- hosts: [./*, istio-system/*]\n- {port: {number: 9080, protocol: HTTP}, hosts: ['~/*']}\n- port: {number: 0}",
        );
        let egress = sidecar.egress.expect("three listeners");
        let hosts: Vec<_> = egress[0].hosts.iter().map(|host| &*host.value).collect();
        assert_eq!(hosts, ["./*", "istio-system/*"]);
        assert_eq!(
            (egress[0].port, egress[1].port, egress[2].port),
            (None, Some(9080), None)
        );
        assert_eq!(egress[1].protocol.as_deref(), Some("HTTP"));
    }

    #[test]
    fn a_selector_needs_labels() {
        assert_eq!(
            sidecar("workloadSelector: {labels: {}}").workload_selector,
            None
        );
        let selector = sidecar("workloadSelector: {labels: {app: web}}").workload_selector;
        assert!(selector.is_some());
    }

    #[test]
    fn an_outbound_policy_without_a_mode_means_registry_only() {
        let table = [
            ("{mode: ALLOW_ANY}", OutboundMode::AllowAny, "ALLOW_ANY"),
            (
                "{mode: REGISTRY_ONLY}",
                OutboundMode::RegistryOnly,
                "REGISTRY_ONLY",
            ),
            ("{}", OutboundMode::RegistryOnly, "outboundTrafficPolicy"),
        ];
        for (policy, mode, place) in table {
            let text = manifest(&format!("outboundTrafficPolicy: {policy}"));
            let sidecar: Sidecar = expect_resource!(Sidecar, &text);
            let outbound = sidecar.outbound.expect("it is written");
            assert_eq!(outbound.value, mode);
            assert_eq!(at(&text, outbound.place), place);
        }
        assert_eq!(sidecar("outboundTrafficPolicy:").outbound, None);
    }

    #[test]
    fn bad_values_are_problems() {
        let table = [
            (
                "outboundTrafficPolicy: {mode: ALLOW_ALL}",
                "spec.outboundTrafficPolicy.mode: `ALLOW_ALL` is not an outbound traffic mode; did you mean `ALLOW_ANY`?",
            ),
            (
                "outboundTrafficPolicy: ALLOW_ANY",
                "spec.outboundTrafficPolicy: must be a mapping, not text",
            ),
            (
                "egress: {hosts: []}",
                "spec.egress: must be a list, not a mapping",
            ),
            (
                "egress: ['*/*']",
                "spec.egress[0]: must be a mapping, not text",
            ),
            (
                "egress: [{hosts: '*/*'}]",
                "spec.egress[0].hosts: must be a list, not text",
            ),
        ];
        for (spec, expected) in table {
            assert_eq!(problems(&manifest(spec)), [expected]);
        }
    }
}
