//! What objects say, without asking which of them is in force: for rules that compare what is written.

use crate::mesh::Mesh;
use crate::mesh::decision::Decision;
use crate::mesh::traffic_policy::port_policy;
use crate::resource::{
    DestinationRule, Fqdn, PeerAuthentication, Service, TlsSettings, TrafficPolicy,
};
use crate::source::Place;

/// A tls that a rule sets, and for what.
#[derive(Clone, Copy, Debug)]
pub(crate) struct WrittenTls<'a> {
    /// The subset, if it is one's.
    pub(crate) subset: Option<&'a str>,
    /// The port, if it is one's: its number, or its name in Istio 1.0 to 1.3.
    pub(crate) port: Option<u16>,
    /// The tls.
    pub(crate) tls: &'a TlsSettings,
}

/// The settings of a rule that count for a port and subset.
struct Settings<'a> {
    /// Where they are written.
    place: Place,
    /// The tls among them.
    tls: Option<&'a TlsSettings>,
}

impl<'a> Settings<'a> {
    fn new(place: Place, tls: Option<&'a TlsSettings>) -> Self {
        Self { place, tls }
    }
}

impl Mesh {
    /// The DestinationRules, by creation.
    pub(crate) fn destination_rules(&self) -> impl Iterator<Item = &DestinationRule> {
        self.rules.rules().map(|(_, rule)| rule)
    }

    /// The DestinationRules whose host no known service has and that is no wildcard, with the host as Istio reads it.
    pub(crate) fn rules_without_service(&self) -> impl Iterator<Item = (&DestinationRule, &Fqdn)> {
        self.rules
            .rules()
            .map(|(id, rule)| (rule, self.rules.host(id)))
            .filter(|(_, host)| !host.as_str().starts_with('*') && !self.is_known_host(host))
    }

    /// The Services.
    pub(crate) fn services(&self) -> &[Service] {
        &self.parts.services
    }

    /// The PeerAuthentications.
    pub(crate) fn peer_authentications(&self) -> &[PeerAuthentication] {
        &self.parts.peer_authentications
    }

    /// The tls that a rule would set for the port and subset of a decision if it were in force. A subset the rule does
    /// not define takes that of the rule.
    pub(crate) fn tls_if_in_force<'a>(
        &self,
        rule: &'a DestinationRule,
        decision: &Decision,
    ) -> Option<&'a TlsSettings> {
        self.settings_if_in_force(rule, decision)?.tls
    }

    /// Where the settings would be written that a rule would have for the port and subset of a decision if it were in
    /// force.
    pub(crate) fn settings_place(
        &self,
        rule: &DestinationRule,
        decision: &Decision,
    ) -> Option<Place> {
        Some(self.settings_if_in_force(rule, decision)?.place)
    }

    /// The settings that a rule would have for the port and subset of a decision if it were in force.
    fn settings_if_in_force<'a>(
        &self,
        rule: &'a DestinationRule,
        decision: &Decision,
    ) -> Option<Settings<'a>> {
        let port = self.port_of(decision)?;
        let version = self.config.version.value;
        let of_policy = |policy: &'a TrafficPolicy| match port_policy(policy, port, version) {
            Some(element) => (true, Settings::new(element.place, element.tls.as_ref())),
            None => (false, Settings::new(policy.place, policy.tls.as_ref())),
        };
        let subset = decision.destination.subset.as_deref();
        let own = rule
            .subsets
            .iter()
            .find(|one| Some(&*one.name.value) == subset)
            .and_then(|one| one.traffic_policy.as_ref())
            .map(of_policy);
        match own {
            // Settings of a port replace everything that is wider.
            Some((is_of_port, own)) if is_of_port || own.tls.is_some() => Some(own),
            Some(_) | None => Some(of_policy(rule.traffic_policy.as_ref()?).1),
        }
    }
}

/// Every tls that a rule sets, in the order in which it is written: for all, for ports, for subsets.
pub(crate) fn written_tls(rule: &DestinationRule) -> Vec<WrittenTls<'_>> {
    let mut out = Vec::new();
    let mut take = |subset, policy| of_policy(subset, policy, &mut out);
    if let Some(policy) = &rule.traffic_policy {
        take(None, policy);
    }
    for subset in &rule.subsets {
        if let Some(policy) = &subset.traffic_policy {
            take(Some(&*subset.name.value), policy);
        }
    }
    out
}

fn of_policy<'a>(
    subset: Option<&'a str>,
    policy: &'a TrafficPolicy,
    out: &mut Vec<WrittenTls<'a>>,
) {
    out.extend(policy.tls.as_ref().map(|tls| WrittenTls {
        subset,
        port: None,
        tls,
    }));
    for element in &policy.port_level_settings {
        out.extend(element.tls.as_ref().map(|tls| WrittenTls {
            subset,
            port: element.port.as_ref().map(|port| port.value),
            tls,
        }));
    }
}
