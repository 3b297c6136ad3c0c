//! Why a rule is not in force for a client, though a person may expect it to be (semantics 4.4 to 4.6).

use super::lookup::Visit;
use super::{Entry, EntryId, RuleId, RuleIndex, Selection, Step};
use crate::mesh::config::Config;
use crate::object::Namespace;
use crate::resource::Fqdn;

/// Why a rule whose host covers the service is not in force.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Defeat {
    /// It is part of the rule in force, but an earlier rule gives the policy.
    PolicyMergedAway(RuleId),
    /// It was merged into another rule that the client does not use, and does not stand by itself.
    MergedInto(RuleId),
    /// A rule of the same table has a more specific host.
    LessSpecific,
    /// The look-up ended before its table was looked at.
    LookedAtLater,
    /// It is not exported to the client's namespace.
    NotExported,
    /// A rule of its namespace has a more specific host and is not exported to the client; wildcards are then not asked.
    HiddenBy(RuleId),
    /// Its workload selector does not match the client.
    Selector,
    /// Another rule of the same host is preferred.
    Outdone,
    /// It stands in a namespace that is neither the client's, nor the service's, nor the root namespace.
    ThirdNamespace,
}

impl RuleIndex {
    /// A rule by itself, as if no other had its host.
    pub(crate) fn alone(&self, id: RuleId) -> Entry {
        let rule = self.rule(id);
        let subsets = (0u32..).zip(&rule.subsets);
        Entry {
            from: vec![id],
            policy: rule.traffic_policy.is_some().then_some(id),
            subsets: subsets.map(|(position, _)| (id, position)).collect(),
            export_to: super::ExportSet::new(),
        }
    }

    /// Why a rule that covers the host has no part in the policy in force; `None` where it has.
    pub(crate) fn defeat(
        &self,
        id: RuleId,
        selection: Selection,
        namespace: &Namespace,
        service: (&Fqdn, &Namespace),
        config: &Config,
    ) -> Option<Defeat> {
        let winner = selection.entry.map(|entry| self.entry(entry));
        if let Some(winner) = winner.filter(|winner| winner.from.contains(&id)) {
            let policy = winner.policy.filter(|&policy| policy != id)?;
            let has_policy = self.rule(id).traffic_policy.is_some();
            return has_policy.then_some(Defeat::PolicyMergedAway(policy));
        }
        let mut has_ended = false;
        for visit in self.visits(namespace, service, config) {
            let ends = !visit.visible.is_empty() && !has_ended;
            let entries = visit.entries(self.host(id)).iter().copied();
            let holding = entries.filter(|&entry| self.entry(entry).from.contains(&id));
            // Where it stands by itself as well as merged, the former counts.
            let by_itself = |&entry: &EntryId| self.entry(entry).from.first() != Some(&id);
            if let Some(entry) = holding.min_by_key(by_itself) {
                if has_ended {
                    return Some(Defeat::LookedAtLater);
                }
                return Some(self.defeat_in(&visit, entry, id, config));
            }
            has_ended |= ends;
        }
        let places = [namespace, service.1, &config.root_namespace.value];
        Some(if places.contains(&&self.rule(id).meta.namespace) {
            Defeat::NotExported
        } else {
            Defeat::ThirdNamespace
        })
    }

    /// Why an entry of a table that was looked at is not in force.
    fn defeat_in(&self, visit: &Visit<'_>, entry: EntryId, id: RuleId, config: &Config) -> Defeat {
        let base = |entry: EntryId| self.entry(entry).from.first().copied();
        if *visit.host != *self.host(id) {
            let hidden = visit.hidden.first().and_then(|&entry| base(entry));
            return match hidden.filter(|_| visit.visible.is_empty()) {
                Some(by) => Defeat::HiddenBy(by),
                None => Defeat::LessSpecific,
            };
        }
        if let Some(into) = base(entry).filter(|&base| base != id) {
            return Defeat::MergedInto(into);
        }
        if visit.hidden.contains(&entry) {
            return Defeat::NotExported;
        }
        let has_selector = self.rule(id).workload_selector.is_some();
        if has_selector && config.version.value.reads_rule_selector() {
            Defeat::Selector
        } else {
            Defeat::Outdone
        }
    }

    /// Whether a look-up ended in a table in which nothing fits the client.
    pub(crate) fn ended_empty(selection: Selection) -> Option<Step> {
        selection.step.filter(|_| selection.entry.is_none())
    }
}
