//! Which DestinationRule a client uses: the tables of rules, the merge, the look-up (semantics 4).

mod defeat;
mod index;
mod lookup;
mod merge;

use std::collections::BTreeSet;

use rustc_hash::FxHashMap;

use crate::resource::{DestinationRule, Fqdn, Subset};

pub(crate) use defeat::Defeat;
pub(crate) use index::by_creation;
pub(crate) use lookup::{Selection, Step};

/// A DestinationRule of the mesh, by its position in Istio's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct RuleId(pub(crate) u32);

/// A rule as clients see it: one DestinationRule, or several of one host merged (`ConsolidatedDestRule`).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct EntryId(pub(crate) u32);

/// The values of `exportTo`, compared literally: absent and `["*"]` differ (semantics 4.4).
type ExportSet = BTreeSet<Box<str>>;

/// A merged rule.
#[derive(Clone, Debug)]
pub(crate) struct Entry {
    /// The rules in it, in merge order; the first gives its name and its selector.
    pub(crate) from: Vec<RuleId>,
    /// The rule whose top-level policy it has.
    pub(crate) policy: Option<RuleId>,
    /// Its subsets: the rule and the position there.
    pub(crate) subsets: Vec<(RuleId, u32)>,
    /// To whom it is exported.
    export_to: ExportSet,
}

/// The entries of one host in one table.
#[derive(Clone, Debug, Default)]
struct Slot {
    entries: Vec<EntryId>,
    /// Before 1.24 visibility belongs to the host: that of the first rule that states any.
    export_to: ExportSet,
}

/// Hosts and their entries.
#[derive(Clone, Debug, Default)]
struct Table {
    slots: FxHashMap<Fqdn, Slot>,
    /// The wildcard hosts, the most specific first.
    wildcards: Vec<Fqdn>,
}

/// All DestinationRules of a mesh, as istiod indexes them.
#[derive(Clone, Debug, Default)]
pub(crate) struct RuleIndex {
    rules: Vec<DestinationRule>,
    hosts: Vec<Fqdn>,
    entries: Vec<Entry>,
    /// The first entry that is called after a rule.
    first_entry: FxHashMap<RuleId, EntryId>,
    /// `L`: per namespace, what its own clients see first.
    local: FxHashMap<Box<str>, Table>,
    /// `X`: per namespace, what it exports.
    exported: FxHashMap<Box<str>, Table>,
    /// `P`: the private rules of the root namespace.
    root_private: Table,
    /// All rules of all namespaces (1.0).
    global: Table,
    /// Namespaces whose local table has a host, exact or wildcard.
    local_exact: FxHashMap<Fqdn, Vec<Box<str>>>,
    local_wildcard: Vec<(Fqdn, Box<str>)>,
    /// Rules by host, for explanations.
    by_host: FxHashMap<Fqdn, Vec<RuleId>>,
    wildcard_rules: Vec<RuleId>,
}

impl RuleIndex {
    /// A rule by id.
    pub(crate) fn rule(&self, id: RuleId) -> &DestinationRule {
        self.rules
            .get(id.0 as usize)
            .expect("a RuleId is only made for a rule of the same index")
    }

    /// The full host of a rule.
    pub(crate) fn host(&self, id: RuleId) -> &Fqdn {
        self.hosts
            .get(id.0 as usize)
            .expect("every rule of the index has a host")
    }

    /// A merged rule by id.
    pub(crate) fn entry(&self, id: EntryId) -> &Entry {
        self.entries
            .get(id.0 as usize)
            .expect("an EntryId is only made for an entry of the same index")
    }

    /// All merged rules of all tables.
    pub(crate) fn entries(&self) -> impl Iterator<Item = (EntryId, &Entry)> {
        (0u32..).map(EntryId).zip(&self.entries)
    }

    /// All rules in Istio's order.
    pub(crate) fn rules(&self) -> impl Iterator<Item = (RuleId, &DestinationRule)> {
        (0u32..).map(RuleId).zip(&self.rules)
    }

    /// The first definition of a subset in a merged rule, with the rule it is from.
    pub(crate) fn subset(&self, entry: &Entry, name: &str) -> Option<(RuleId, &Subset)> {
        entry.subsets.iter().find_map(|&(rule, position)| {
            let subset = self.rule(rule).subsets.get(position as usize)?;
            (*subset.name.value == *name).then_some((rule, subset))
        })
    }

    /// The rule that gives a merged rule its name and selector.
    pub(crate) fn base(&self, entry: &Entry) -> &DestinationRule {
        let first = entry.from.first().expect("an entry is made from a rule");
        self.rule(*first)
    }

    /// All rules whose host covers a service host.
    pub(crate) fn covering(&self, host: &Fqdn) -> Vec<RuleId> {
        let exact = self.by_host.get(host).into_iter().flatten().copied();
        let wild = self.wildcard_rules.iter().copied().filter(|&id| {
            self.host(id) != host
                && crate::resource::wildcard_matches(self.host(id).as_str(), host.as_str())
        });
        let mut all: Vec<RuleId> = exact.chain(wild).collect();
        all.sort_unstable();
        all
    }

    /// Namespaces whose own table has a rule for a host, so that their clients may differ from others.
    pub(crate) fn namespaces_with_local_rule(&self, host: &Fqdn) -> Vec<&str> {
        let exact = self
            .local_exact
            .get(host)
            .into_iter()
            .flatten()
            .map(|ns| &**ns);
        let wild = self
            .local_wildcard
            .iter()
            .filter(|(wildcard, _)| lookup::hosts_match(wildcard.as_str(), host.as_str()))
            .map(|(_, ns)| &**ns);
        exact.chain(wild).collect()
    }

    /// Namespaces that the exported rules of a service's namespace and of the root namespace name, for a host.
    pub(crate) fn namespaces_named_by_exports(&self, owners: [&str; 2], host: &Fqdn) -> Vec<&str> {
        let tables = owners
            .into_iter()
            .filter_map(|owner| self.exported.get(owner));
        let slots = tables.flat_map(|table| table.covering(host));
        slots
            .flat_map(|slot| {
                let entries = slot
                    .entries
                    .iter()
                    .flat_map(|&id| &self.entry(id).export_to);
                entries.chain(&slot.export_to)
            })
            .map(|name| &**name)
            .collect()
    }
}

impl Table {
    /// The slots whose host covers a service host.
    fn covering(&self, host: &Fqdn) -> impl Iterator<Item = &Slot> {
        let exact = self.slots.get(host).into_iter();
        let wild = self
            .wildcards
            .iter()
            .filter(move |w| *w != host && lookup::hosts_match(w.as_str(), host.as_str()))
            .filter_map(|wildcard| self.slots.get(wildcard));
        exact.chain(wild)
    }
}
