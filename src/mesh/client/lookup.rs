//! Looking a rule up for one client and one service (`push_context.go:destinationRule`, semantics 4.5 and 4.6).

use super::{Entry, EntryId, RuleIndex, Slot, Table};
use crate::mesh::config::Config;
use crate::mesh::version::LookupStyle;
use crate::object::Namespace;
use crate::resource::{Fqdn, Labels, is_wildcard, wildcard_matches};

/// A step of the look-up, in order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Step {
    /// The rules of the client's namespace.
    ClientNamespace,
    /// The private rules of the root namespace, for its own clients.
    RootPrivate,
    /// What the service's namespace exports.
    ServiceNamespace,
    /// What the root namespace exports.
    RootNamespace,
    /// All rules (1.0).
    Everywhere,
}

/// What a look-up finds.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) struct Selection {
    /// The rule in force; none where no rule applies.
    pub(crate) entry: Option<EntryId>,
    /// The step that ended the look-up, even if nothing in it fits this workload.
    pub(crate) step: Option<Step>,
}

/// A rule that covers the host and stands in one of the tables a client looks at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Candidate {
    /// The rule.
    pub(crate) entry: EntryId,
    /// Where it stands.
    pub(crate) step: Step,
    /// Whether the client may see it.
    pub(crate) visible: bool,
}

/// One table of the look-up that covers the host.
pub(crate) struct Visit<'a> {
    /// Which table.
    pub(crate) step: Step,
    table: &'a Table,
    /// The most specific host in it that covers the service's.
    pub(crate) host: &'a Fqdn,
    /// The rules of that host that the client sees.
    pub(crate) visible: Vec<EntryId>,
    /// The rules of that host that are not exported to the client.
    pub(crate) hidden: Vec<EntryId>,
}

impl Visit<'_> {
    /// The entries of a host, whether it is the most specific or not.
    pub(super) fn entries(&self, host: &Fqdn) -> &[EntryId] {
        self.table
            .slots
            .get(host)
            .map_or(&[], |slot| slot.entries.as_slice())
    }
}

impl RuleIndex {
    /// The rule in force for a client in `namespace` with `labels` towards a service.
    pub(crate) fn select(
        &self,
        namespace: &Namespace,
        labels: &Labels,
        service: (&Fqdn, &Namespace),
        config: &Config,
    ) -> Selection {
        self.select_among(namespace, labels, service, config, |_| true)
    }

    /// The same where only some steps of the look-up are taken.
    pub(crate) fn select_among(
        &self,
        namespace: &Namespace,
        labels: &Labels,
        service: (&Fqdn, &Namespace),
        config: &Config,
        is_taken: impl Fn(Step) -> bool,
    ) -> Selection {
        for visit in self.visits(namespace, service, config) {
            if is_taken(visit.step) && !visit.visible.is_empty() {
                return Selection {
                    entry: self.pick(&visit.visible, namespace, labels, config),
                    step: Some(visit.step),
                };
            }
        }
        Selection {
            entry: None,
            step: None,
        }
    }

    /// The tables a client looks at, in order, each with what it finds there. The first that has something visible ends
    /// the look-up.
    pub(crate) fn visits<'a>(
        &'a self,
        namespace: &'a Namespace,
        service: (&'a Fqdn, &Namespace),
        config: &'a Config,
    ) -> impl Iterator<Item = Visit<'a>> {
        let steps = self.steps(namespace, service.1, config);
        steps.into_iter().filter_map(move |(step, table)| {
            let (host, slot) = best(table, service.0, config)?;
            let entries = slot.entries.iter().copied();
            let is_visible =
                |&entry: &EntryId| self.is_visible(slot, entry, step, namespace, config);
            let (visible, hidden) = entries.partition(is_visible);
            Some(Visit {
                step,
                table,
                host,
                visible,
                hidden,
            })
        })
    }

    /// Every rule that covers the host in the tables the client looks at, in the order in which they would win.
    pub(crate) fn candidates(
        &self,
        namespace: &Namespace,
        service: (&Fqdn, &Namespace),
        config: &Config,
    ) -> Vec<Candidate> {
        let mut out = Vec::new();
        for (step, table) in self.steps(namespace, service.1, config) {
            for slot in table.covering(service.0) {
                for &entry in &slot.entries {
                    let visible = self.is_visible(slot, entry, step, namespace, config);
                    if out
                        .iter()
                        .all(|candidate: &Candidate| candidate.entry != entry)
                    {
                        out.push(Candidate {
                            entry,
                            step,
                            visible,
                        });
                    }
                }
            }
        }
        out
    }

    /// The entries that would be in force if one and those before them were not there: in the order of the look-up, those
    /// that the client sees and that fit it.
    pub(crate) fn beaten_by(
        &self,
        winner: &Entry,
        namespace: &Namespace,
        labels: &Labels,
        service: (&Fqdn, &Namespace),
        config: &Config,
    ) -> impl Iterator<Item = EntryId> {
        let candidates = self.candidates(namespace, service, config).into_iter();
        candidates
            .filter(|candidate| candidate.visible)
            .map(|candidate| candidate.entry)
            .filter(|&candidate| {
                let fits = self.pick(&[candidate], namespace, labels, config).is_some();
                fits && self.entry(candidate).from.first() != winner.from.first()
            })
    }

    /// The tables a client looks at, in order.
    fn steps(
        &self,
        client: &Namespace,
        service: &Namespace,
        config: &Config,
    ) -> Vec<(Step, &Table)> {
        let root = &config.root_namespace.value;
        let style = config.version.value.lookup_style();
        if style == LookupStyle::Global {
            return vec![(Step::Everywhere, &self.global)];
        }
        let mut steps = Vec::with_capacity(3);
        if client != root {
            steps.extend(
                self.local
                    .get(client.as_str())
                    .map(|table| (Step::ClientNamespace, table)),
            );
        } else if style == LookupStyle::WithRootPrivate {
            steps.push((Step::RootPrivate, &self.root_private));
        }
        steps.extend(
            self.exported
                .get(service.as_str())
                .map(|table| (Step::ServiceNamespace, table)),
        );
        if service != root {
            steps.extend(
                self.exported
                    .get(root.as_str())
                    .map(|table| (Step::RootNamespace, table)),
            );
        }
        steps
    }

    /// Whether a client may see an entry: in its own tables everything, else what `exportTo` allows.
    fn is_visible(
        &self,
        slot: &Slot,
        entry: EntryId,
        step: Step,
        client: &Namespace,
        config: &Config,
    ) -> bool {
        match step {
            Step::ClientNamespace | Step::RootPrivate | Step::Everywhere => true,
            Step::ServiceNamespace | Step::RootNamespace => {
                let version = config.version.value;
                if version.reads_first_export_to() {
                    return true; // private rules are not in these tables
                }
                let by_entry =
                    version.merge_style() == crate::mesh::version::MergeStyle::ByExportTo;
                let set = if by_entry {
                    &self.entry(entry).export_to
                } else {
                    &slot.export_to
                };
                set.is_empty() || set.contains("*") || set.contains(client.as_str())
            }
        }
    }

    /// The entry for one workload (`SidecarScope.DestinationRule`): the first whose selector matches, else the *last*
    /// without a selector.
    fn pick(
        &self,
        entries: &[EntryId],
        namespace: &Namespace,
        labels: &Labels,
        config: &Config,
    ) -> Option<EntryId> {
        let mut chosen = None;
        for &id in entries {
            let rule = self.base(self.entry(id));
            match rule
                .workload_selector
                .as_ref()
                .filter(|_| config.version.value.reads_rule_selector())
            {
                None => chosen = Some(id),
                Some(selector) if rule.meta.namespace == *namespace && selector.selects(labels) => {
                    return Some(id);
                }
                Some(_) => {}
            }
        }
        chosen
    }
}

/// The slot of the most specific host (`MostSpecificHostMatch`; until 1.7 the first in order of specificity).
fn best<'a>(table: &'a Table, host: &Fqdn, config: &Config) -> Option<(&'a Fqdn, &'a Slot)> {
    if let Some(exact) = table.slots.get_key_value(host) {
        return Some(exact);
    }
    let symmetric = config.version.value.lookup_style() != LookupStyle::WithRootPrivate;
    let wildcard = table.wildcards.iter().find(|wildcard| {
        let covers = wildcard_matches(wildcard.as_str(), host.as_str());
        covers || (symmetric && hosts_match(wildcard.as_str(), host.as_str()))
    });
    table.slots.get_key_value(wildcard?)
}

/// `host.Name.Matches`: wildcards on either side.
pub(super) fn hosts_match(a: &str, b: &str) -> bool {
    match (is_wildcard(a), is_wildcard(b)) {
        (false, false) => a == b,
        (true, false) => wildcard_matches(a, b),
        (false, true) => wildcard_matches(b, a),
        (true, true) => wildcard_matches(a, b) || wildcard_matches(b, a),
    }
}
