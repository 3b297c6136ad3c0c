//! Rules of one host, of which Istio keeps one policy and drops the others (semantics 4.4).

use std::collections::BTreeMap;

use crate::mesh::Mesh;
use crate::mesh::client::{Entry, EntryId, RuleId};
use crate::mesh::decision::Decision;
use crate::mesh::traffic_policy::Level;
use crate::mesh::views::is_istio_mutual;
use crate::resource::{DestinationRule, Fqdn, Selector};

/// Rules that are merged into one, with a policy each.
pub(crate) struct Merge<'a> {
    /// The host that all of them are for.
    pub(crate) host: &'a Fqdn,
    /// The rule whose policy counts.
    pub(crate) kept: &'a DestinationRule,
    /// The rules whose policies are dropped, in merge order.
    pub(crate) dropped: Vec<&'a DestinationRule>,
    /// The other rules that are merged, in merge order: those without a policy.
    pub(crate) others: Vec<&'a DestinationRule>,
    /// The merged rules that this is true of.
    pub(crate) entries: Vec<EntryId>,
}

impl Mesh {
    /// The merges in which policies are dropped, in the order of the rules that win. Only rules of one namespace and one
    /// selector are looked at: others meet by accident of a version, and stand for themselves elsewhere.
    pub(crate) fn merges(&self) -> Vec<Merge<'_>> {
        let mut merges: BTreeMap<RuleId, Merge<'_>> = BTreeMap::new();
        for (id, entry) in self.rules.entries() {
            let Some(kept) = entry.policy else { continue };
            let dropped = self.dropped_rules(entry, kept);
            if dropped.is_empty() {
                continue;
            }
            let merge = merges.entry(kept).or_insert_with(|| Merge {
                host: self.rules.host(kept),
                kept: self.rules.rule(kept),
                dropped: Vec::new(),
                others: Vec::new(),
                entries: Vec::new(),
            });
            merge.entries.push(id);
            for &id in entry.from.iter().filter(|&&id| id != kept) {
                let list = if dropped.contains(&id) {
                    &mut merge.dropped
                } else {
                    &mut merge.others
                };
                let rule = self.rules.rule(id);
                if list.iter().all(|other| other.meta.id != rule.meta.id) {
                    list.push(rule);
                }
            }
        }
        merges.into_values().collect()
    }

    /// The rules of a merged rule whose policies do not count beside that of `kept`.
    fn dropped_rules(&self, entry: &Entry, kept: RuleId) -> Vec<RuleId> {
        let winner = self.rules.rule(kept);
        let is_dropped = |&id: &RuleId| {
            let rule = self.rules.rule(id);
            id != kept
                && rule.traffic_policy.is_some()
                && rule.meta.namespace == winner.meta.namespace
                && same_selector(
                    rule.workload_selector.as_ref(),
                    winner.workload_selector.as_ref(),
                )
        };
        entry.from.iter().copied().filter(is_dropped).collect()
    }

    /// The rule whose `ISTIO_MUTUAL` a decision misses because it is dropped in the merge; none where a subset decides.
    pub(crate) fn dropped_mtls(&self, decision: &Decision) -> Option<&DestinationRule> {
        let in_force = self.in_force(decision)?;
        let kept = in_force.entry.policy?;
        let is_decided = in_force.block.is_some_and(|block| match block.level {
            Level::Subset | Level::SubsetPort => true,
            Level::Rule | Level::RulePort => block.tls.is_some_and(is_istio_mutual),
        });
        if is_decided {
            return None;
        }
        let dropped = self.dropped_rules(in_force.entry, kept).into_iter();
        dropped
            .filter_map(|id| self.tls_of(id, decision))
            .find(|(_, tls)| is_istio_mutual(tls))
            .map(|(rule, _)| rule)
    }
}

fn same_selector(a: Option<&Selector>, b: Option<&Selector>) -> bool {
    match (a, b) {
        (Some(a), Some(b)) => a.same_as(b),
        (None, None) => true,
        (Some(_), None) | (None, Some(_)) => false,
    }
}
