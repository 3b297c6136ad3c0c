//! The rules that are not in force though a person may expect them to be.

use crate::mesh::Mesh;
use crate::mesh::client::{Defeat, RuleId, Selection};
use crate::mesh::decision::Question;
use crate::mesh::services::Service;
use crate::mesh::traffic_policy::EffectivePolicy;
use crate::object::{Namespace, ObjectId};
use crate::resource::{ExportTo, Fqdn, TlsMode, is_wildcard};
use crate::source::Place;

/// A rule that is not in force.
#[derive(Clone, Debug)]
pub(crate) struct OtherRule {
    /// The rule.
    pub(crate) id: RuleId,
    /// Its object.
    pub(crate) object: ObjectId,
    /// Its host as written.
    pub(crate) host: Box<str>,
    /// Where its host is written.
    pub(crate) place: Place,
    /// What it says about the port and subset.
    pub(crate) says: Says,
    /// Why it is not in force.
    pub(crate) why: WhyNot,
}

/// What a rule by itself says about a port and a subset.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Says {
    /// It sets a mode.
    Tls(TlsMode),
    /// It sets no tls.
    Nothing,
    /// It does not define the subset.
    NoSubset,
}

/// A rule with its place, as the cause of something.
#[derive(Clone, Debug)]
pub(crate) struct Cause {
    /// The rule.
    pub(crate) object: ObjectId,
    /// Where its host is written.
    pub(crate) place: Place,
}

/// Why a rule is not in force.
#[derive(Clone, Debug)]
pub(crate) enum WhyNot {
    /// The client has no proxy that reads rules.
    NoProxy,
    /// The client does not see the host.
    NotVisible,
    /// It is merged into the rule in force, and another rule gives the policy.
    PolicyMergedAway(Cause),
    /// It was merged into a rule that the client does not use.
    MergedInto(Cause),
    /// A rule in the same place of the look-up has a more specific host.
    LessSpecific,
    /// The look-up ended before.
    LookedAtLater,
    /// It is not exported to the client's namespace; its `exportTo`, if it has one.
    NotExported(Option<ExportTo>),
    /// A more specific rule of its namespace hides it, and is not exported to the client either.
    HiddenBy(Cause),
    /// Its workload selector does not match the client; where the labels are written.
    Selector(Option<Place>),
    /// Another rule of the same host is preferred.
    Outdone,
    /// It stands in a namespace that is not looked at.
    ThirdNamespace(Namespace),
    /// Its host has a dot, so that it is not completed.
    NotCompleted {
        /// Whether it is a wildcard.
        wildcard: bool,
    },
    /// Its host is completed with its own namespace.
    OtherNamespace(Fqdn),
    /// Its host differs in capitals.
    Capitals,
}

impl WhyNot {
    /// Whether the host was meant for the service and does not mean it. A short host may be meant for a service of its own
    /// namespace, a wildcard for others too.
    pub(crate) fn is_about_host(&self) -> bool {
        match self {
            Self::NotCompleted { wildcard } => !wildcard,
            Self::Capitals => true,
            Self::OtherNamespace(_)
            | Self::NoProxy
            | Self::NotVisible
            | Self::PolicyMergedAway(_)
            | Self::MergedInto(_)
            | Self::LessSpecific
            | Self::LookedAtLater
            | Self::NotExported(_)
            | Self::HiddenBy(_)
            | Self::Selector(_)
            | Self::Outdone
            | Self::ThirdNamespace(_) => false,
        }
    }
}

impl Mesh {
    /// The rules that a person may expect to be in force, the nearest to it first.
    pub(super) fn other_rules(
        &self,
        q: Question<'_>,
        reads_rules: &Result<Selection, WhyNot>,
    ) -> Vec<OtherRule> {
        let mut out = Vec::new();
        for id in self.rules.covering(q.host) {
            let why = match reads_rules {
                Ok(selection) => self.why_not(id, *selection, q),
                Err(why) => Some(why.clone()),
            };
            out.extend(why.map(|why| self.other_rule(id, why, q)));
        }
        for (id, _) in self.rules.rules() {
            let why = self.lookalike(id, q.service.1);
            out.extend(why.map(|why| self.other_rule(id, why, q)));
        }
        // What would have set a tls comes first; then Istio's order.
        out.sort_by_key(|other| (nearness(&other.why), !matches!(other.says, Says::Tls(_))));
        out
    }

    fn other_rule(&self, id: RuleId, why: WhyNot, q: Question<'_>) -> OtherRule {
        let rule = self.rules.rule(id);
        let version = self.config.version.value;
        let alone = self.rules.alone(id);
        let says = match EffectivePolicy::of(&self.rules, &alone, q.port, q.subset, version) {
            None => Says::NoSubset,
            Some(policy) => policy
                .tls()
                .map_or(Says::Nothing, |tls| Says::Tls(tls.mode)),
        };
        OtherRule {
            id,
            object: rule.meta.id.clone(),
            host: rule.host.value.clone(),
            place: rule.host.place,
            says,
            why,
        }
    }

    fn why_not(&self, id: RuleId, selection: Selection, q: Question<'_>) -> Option<WhyNot> {
        let namespace = &q.client.namespace;
        let address = (q.host, &q.service.1.namespace);
        let rule = self.rules.rule(id);
        let cause = |id: RuleId| {
            let rule = self.rules.rule(id);
            Cause {
                object: rule.meta.id.clone(),
                place: rule.host.place,
            }
        };
        let defeat = self
            .rules
            .defeat(id, selection, namespace, address, &self.config)?;
        Some(match defeat {
            Defeat::PolicyMergedAway(by) => WhyNot::PolicyMergedAway(cause(by)),
            Defeat::MergedInto(into) => WhyNot::MergedInto(cause(into)),
            Defeat::LessSpecific => WhyNot::LessSpecific,
            Defeat::LookedAtLater => WhyNot::LookedAtLater,
            Defeat::NotExported => WhyNot::NotExported(rule.export_to.clone()),
            Defeat::HiddenBy(by) => WhyNot::HiddenBy(cause(by)),
            Defeat::Selector => WhyNot::Selector(rule.workload_selector.as_ref().map(|s| s.place)),
            Defeat::Outdone => WhyNot::Outdone,
            Defeat::ThirdNamespace => WhyNot::ThirdNamespace(rule.meta.namespace.clone()),
        })
    }

    /// Whether a rule's host reads like the service's, and never means it (semantics 4.1).
    fn lookalike(&self, id: RuleId, service: &Service) -> Option<WhyNot> {
        let host = self.rules.host(id);
        let written = &*self.rules.rule(id).host.value;
        let full = service.host.as_str();
        if host == &service.host || !self.registry.of_host(host).is_empty() {
            return None;
        }
        if let Some(rest) = written.strip_prefix('*') {
            let reads_alike = rest.len() > 1 && full.contains(&format!("{rest}."));
            return reads_alike.then_some(WhyNot::NotCompleted { wildcard: true });
        }
        if is_wildcard(written) || written.is_empty() {
            return None;
        }
        if written.contains('.') {
            return if full.eq_ignore_ascii_case(written) {
                Some(WhyNot::Capitals)
            } else {
                full.starts_with(&format!("{written}."))
                    .then_some(WhyNot::NotCompleted { wildcard: false })
            };
        }
        let is_short = service.is_kubernetes && full.split('.').next() == Some(written);
        is_short.then(|| WhyNot::OtherNamespace(host.clone()))
    }
}

/// How near a rule came to being in force.
fn nearness(why: &WhyNot) -> u8 {
    match why {
        WhyNot::PolicyMergedAway(_) | WhyNot::Selector(_) | WhyNot::Outdone => 0,
        WhyNot::MergedInto(_) | WhyNot::HiddenBy(_) => 1,
        WhyNot::LessSpecific | WhyNot::NoProxy | WhyNot::NotVisible => 2,
        WhyNot::NotExported(_) => 3,
        WhyNot::LookedAtLater => 4,
        WhyNot::NotCompleted { .. } | WhyNot::OtherNamespace(_) | WhyNot::Capitals => 5,
        WhyNot::ThirdNamespace(_) => 6,
    }
}
