//! Objects as a person would write or change them, for variants of a mesh.

use crate::mesh::traffic_policy::Level;
use crate::object::{Namespace, NamespaceSource, ObjectId};
use crate::resource::{
    DestinationRule, Labels, Meta, MtlsMode, PeerAuthentication, Selector, Subset, TlsMode,
    TlsSettings, TrafficPolicy,
};
use crate::source::{Place, Spanned};

/// Whether a rule stands for one that the chart of an old Istio installs, so that nobody can edit it.
pub(super) fn is_charted(rule: &DestinationRule) -> bool {
    rule.spec == rule.host.place
}

/// A tls with a mode, at a place.
pub(super) fn tls_of(mode: TlsMode, place: Place) -> TlsSettings {
    TlsSettings {
        key: place,
        place,
        mode,
        mode_place: Some(place),
        credential_name: None,
        has_client_certificate: false,
    }
}

/// A policy with nothing but a tls.
pub(super) fn policy_of(mode: TlsMode, place: Place) -> TrafficPolicy {
    TrafficPolicy {
        key: place,
        place,
        flow: false,
        tls: Some(tls_of(mode, place)),
        empty_tls: None,
        load_balancer: None,
        port_level_settings: Vec::new(),
        other_fields: Vec::new(),
    }
}

/// Sets the tls of a block.
pub(super) fn set_tls(
    rule: &mut DestinationRule,
    level: Level,
    block: Option<Place>,
    subset: Option<&str>,
    mode: TlsMode,
) {
    let place = rule.host.place;
    let policy = match level {
        Level::Rule | Level::RulePort => &mut rule.traffic_policy,
        Level::Subset | Level::SubsetPort => {
            let mut subsets = rule.subsets.iter_mut();
            match subsets.find(|own| Some(&*own.name.value) == subset) {
                Some(subset) => &mut subset.traffic_policy,
                None => return,
            }
        }
    };
    let Some(policy) = policy else {
        *policy = Some(policy_of(mode, place));
        return;
    };
    if !level.is_port() {
        policy.tls = Some(tls_of(mode, place));
        return;
    }
    let mut elements = policy.port_level_settings.iter_mut();
    if let Some(element) = elements.find(|element| Some(element.place) == block) {
        element.tls = Some(tls_of(mode, place));
    }
}

/// A subset that selects every pod.
pub(super) fn empty_subset(name: &str, place: Place) -> Subset {
    Subset {
        name: Spanned::new(name.into(), place),
        labels: Selector {
            labels: Labels::default(),
            place,
        },
        traffic_policy: None,
        place,
    }
}

/// A rule as a person would add it.
pub(super) fn new_rule(
    namespace: &Namespace,
    name: &str,
    host: &str,
    mode: TlsMode,
    place: Place,
) -> DestinationRule {
    DestinationRule {
        meta: Meta {
            id: ObjectId {
                group: "networking.istio.io".into(),
                kind: "DestinationRule".into(),
                namespace: Some(namespace.clone()),
                name: name.into(),
            },
            api_version: "networking.istio.io/v1".into(),
            name: Spanned::new(name.into(), place),
            namespace: namespace.clone(),
            namespace_source: NamespaceSource::Stated(place),
            labels: Labels::default(),
            annotations: Labels::default(),
            created: None,
        },
        host: Spanned::new(host.into(), place),
        export_to: None,
        workload_selector: None,
        traffic_policy: Some(policy_of(mode, place)),
        policy_key: None,
        subsets: Vec::new(),
        spec: place,
    }
}

/// Makes a policy, or one of its ports, accept both; where the mode is written.
pub(super) fn set_permissive(policy: &mut PeerAuthentication, port: Option<u16>) -> Place {
    let mut ports = policy.ports.iter_mut();
    if let Some(entry) = ports.find(|entry| Some(entry.port.value) == port) {
        entry.mode = MtlsMode::Permissive;
        return entry.mode_place;
    }
    policy.mode = MtlsMode::Permissive;
    policy.mode_place
}
