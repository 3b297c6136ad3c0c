//! Rules of one host become one (`destination_rule.go:mergeDestinationRule`, semantics 4.4).

use super::{EntryId, ExportSet, RuleId, RuleIndex};
use crate::mesh::version::{IstioVersion, LookupStyle, MergeStyle};
use crate::resource::Selector;

impl RuleIndex {
    /// Adds a rule to the entries of its host in one table.
    pub(super) fn merge(
        &mut self,
        entries: &mut Vec<EntryId>,
        id: RuleId,
        export_to: &ExportSet,
        version: IstioVersion,
    ) {
        let style = version.merge_style();
        if entries.is_empty() {
            let entry = match version.lookup_style() {
                LookupStyle::Leaking => self.shared_entry(id, export_to),
                LookupStyle::Global | LookupStyle::Namespaced | LookupStyle::WithRootPrivate => {
                    self.new_entry(id, export_to)
                }
            };
            entries.push(entry);
            return;
        }
        match style {
            MergeStyle::LastWins => *entries = vec![self.new_entry(id, export_to)],
            MergeStyle::FirstWithSubsets | MergeStyle::First | MergeStyle::ByExportTo => {
                if self.merge_each(entries, id, export_to, version) {
                    let entry = self.new_entry(id, export_to);
                    entries.push(entry);
                }
            }
        }
    }

    /// Merges a rule into every entry that takes it; whether it also stands as an entry of its own. What the *last* entry
    /// says about that counts (semantics 4.4 e).
    fn merge_each(
        &mut self,
        entries: &[EntryId],
        id: RuleId,
        export_to: &ExportSet,
        version: IstioVersion,
    ) -> bool {
        let mut separate = true;
        for &entry in entries {
            if version.merge_style() == MergeStyle::ByExportTo {
                let theirs = &self.entry(entry).export_to;
                if export_to == theirs {
                    separate = false;
                } else {
                    separate = true;
                    if theirs.is_empty() || !export_to.is_superset(theirs) {
                        continue;
                    }
                }
            }
            let selector = |rule: RuleId| -> Option<&Selector> {
                self.rule(rule)
                    .workload_selector
                    .as_ref()
                    .filter(|_| version.reads_rule_selector())
            };
            let base = self.entry(entry).from.first().copied().unwrap_or(id);
            match (selector(base), selector(id)) {
                (Some(theirs), Some(ours)) if !theirs.same_as(ours) => {
                    separate = true;
                    continue;
                }
                (Some(_), Some(_)) | (None, None) => separate = false,
                (Some(_), None) | (None, Some(_)) => {}
            }
            self.absorb(entry, id, version);
        }
        separate
    }

    /// Takes the subsets that an entry lacks, and the whole policy if it has none.
    fn absorb(&mut self, entry: EntryId, id: RuleId, version: IstioVersion) {
        if self.entry(entry).from.contains(&id) {
            return;
        }
        let rule = self.rule(id);
        let mut subsets = Vec::new();
        for (position, subset) in (0u32..).zip(&rule.subsets) {
            if self.subset(self.entry(entry), &subset.name.value).is_none() {
                subsets.push((id, position));
            }
        }
        let gives_policy = rule.traffic_policy.is_some()
            && (version.merge_style() != MergeStyle::FirstWithSubsets || !rule.subsets.is_empty());
        let Some(target) = self.entries.get_mut(entry.0 as usize) else {
            return;
        };
        target.subsets.extend(subsets);
        if target.policy.is_none() && gives_policy {
            target.policy = Some(id);
        }
        target.from.push(id);
    }

    /// The entry of a rule, one for all tables: in 1.1 to 1.5 the tables hold the same object, so that a merge in one
    /// shows in the others (semantics 10.5).
    fn shared_entry(&mut self, id: RuleId, export_to: &ExportSet) -> EntryId {
        let known = self.first_entry.get(&id).copied();
        known.unwrap_or_else(|| self.new_entry(id, export_to))
    }
}
