//! Building the tables: which rules are local, exported, private (semantics 4.3, 10.4, 10.5).

use std::cmp::Ordering;

use super::{EntryId, ExportSet, RuleId, RuleIndex, Table};
use crate::mesh::config::Config;
use crate::mesh::version::{IstioVersion, LookupStyle};
use crate::resource::{DestinationRule, Fqdn, Meta, more_specific};

impl RuleIndex {
    /// Indexes the rules that the control plane reads.
    pub(crate) fn build(mut rules: Vec<DestinationRule>, config: &Config) -> Self {
        let version = config.version.value;
        rules.retain(|rule| config.reads_revision_of(&rule.meta));
        rules.sort_by(|a, b| {
            let selector = |rule: &DestinationRule| {
                version.sorts_selector_rules_first() && rule.workload_selector.is_none()
            };
            selector(a)
                .cmp(&selector(b))
                .then_with(|| by_creation(&a.meta, &b.meta, version))
        });
        let hosts: Vec<Fqdn> = rules
            .iter()
            .map(|r| Fqdn::resolve(&r.host.value, &r.meta.namespace, &config.domain))
            .collect();
        let mut index = Self {
            rules,
            hosts,
            ..Self::default()
        };
        for id in (0u32..).map(RuleId).take(index.rules.len()) {
            index.add(id, config);
        }
        index.finish();
        index
    }

    /// Puts one rule into the tables it belongs to.
    fn add(&mut self, id: RuleId, config: &Config) {
        let version = config.version.value;
        let rule = self.rule(id);
        let namespace: Box<str> = rule.meta.namespace.as_str().into();
        let is_root = rule.meta.namespace == config.root_namespace.value;
        let export_to = export_set(rule, version);
        let private_default = config.rules_private_by_default.is_some();
        match version.lookup_style() {
            LookupStyle::Global => self.merge_into(TableRef::Global, id, &export_to, version),
            LookupStyle::Leaking => {
                let is_private = match rule.export_to.as_ref().and_then(|e| e.values.first()) {
                    Some(first) => &*first.value == ".",
                    None => private_default,
                };
                self.merge_into(TableRef::Local(&namespace), id, &export_to, version);
                if !is_private {
                    self.merge_into(TableRef::Exported(&namespace), id, &export_to, version);
                    // Nobody looks rules up here, but merging into it changes the rules of other namespaces.
                    self.merge_into(TableRef::Global, id, &export_to, version);
                }
            }
            LookupStyle::Namespaced | LookupStyle::WithRootPrivate => {
                let own = |set: &ExportSet| set.contains(".") || set.contains(&namespace);
                let is_local = export_to.is_empty() || export_to.contains("*") || own(&export_to);
                let is_private = if export_to.is_empty() {
                    private_default
                } else if version.own_name_makes_private() {
                    own(&export_to)
                } else {
                    export_to.len() == 1 && own(&export_to)
                };
                if is_local {
                    self.merge_into(TableRef::Local(&namespace), id, &export_to, version);
                }
                if !is_private {
                    self.merge_into(TableRef::Exported(&namespace), id, &export_to, version);
                } else if is_root && version.lookup_style() == LookupStyle::WithRootPrivate {
                    self.merge_into(TableRef::RootPrivate, id, &export_to, version);
                }
            }
        }
    }

    fn merge_into(
        &mut self,
        table: TableRef<'_>,
        id: RuleId,
        export_to: &ExportSet,
        version: IstioVersion,
    ) {
        let host = self.host(id).clone();
        let slot = self.table_mut(table).slots.entry(host.clone()).or_default();
        let mut slot = std::mem::take(slot);
        if slot.export_to.is_empty() {
            slot.export_to.clone_from(export_to);
        }
        self.merge(&mut slot.entries, id, export_to, version);
        self.table_mut(table).slots.insert(host, slot);
    }

    fn table_mut(&mut self, table: TableRef<'_>) -> &mut Table {
        match table {
            TableRef::Local(namespace) => self.local.entry(namespace.into()).or_default(),
            TableRef::Exported(namespace) => self.exported.entry(namespace.into()).or_default(),
            TableRef::RootPrivate => &mut self.root_private,
            TableRef::Global => &mut self.global,
        }
    }

    /// Sorts wildcards and fills the indexes beside the tables.
    fn finish(&mut self) {
        let tables = self.local.values_mut().chain(self.exported.values_mut());
        for table in tables.chain([&mut self.root_private, &mut self.global]) {
            table.wildcards = table
                .slots
                .keys()
                .filter(|host| host.is_wildcard())
                .cloned()
                .collect();
            table
                .wildcards
                .sort_by(|a, b| more_specific(a.as_str(), b.as_str()));
        }
        let mut namespaces: Vec<&Box<str>> = self.local.keys().collect();
        namespaces.sort_unstable();
        for namespace in namespaces {
            let Some(table) = self.local.get(namespace) else {
                continue;
            };
            let mut hosts: Vec<&Fqdn> = table.slots.keys().collect();
            hosts.sort_unstable();
            for host in hosts {
                if host.is_wildcard() {
                    self.local_wildcard.push((host.clone(), namespace.clone()));
                } else {
                    self.local_exact
                        .entry(host.clone())
                        .or_default()
                        .push(namespace.clone());
                }
            }
        }
        for (id, host) in (0u32..).map(RuleId).zip(&self.hosts) {
            self.by_host.entry(host.clone()).or_default().push(id);
            if host.is_wildcard() {
                self.wildcard_rules.push(id);
            }
        }
    }

    /// Adds an entry for a single rule.
    pub(super) fn new_entry(&mut self, id: RuleId, export_to: &ExportSet) -> EntryId {
        let rule = self.rule(id);
        let subsets = (0u32..)
            .zip(&rule.subsets)
            .map(|(position, _)| (id, position))
            .collect();
        let policy = rule.traffic_policy.is_some().then_some(id);
        self.entries.push(super::Entry {
            from: vec![id],
            policy,
            subsets,
            export_to: export_to.clone(),
        });
        let last = u32::try_from(self.entries.len() - 1).expect("there are fewer than 2^32 rules");
        self.first_entry.entry(id).or_insert(EntryId(last));
        EntryId(last)
    }
}

/// Names a table of the index.
#[derive(Clone, Copy)]
enum TableRef<'a> {
    Local(&'a str),
    Exported(&'a str),
    RootPrivate,
    Global,
}

/// `E(r)`: the values of `exportTo`; a rule with a selector never leaves its namespace.
fn export_set(rule: &DestinationRule, version: IstioVersion) -> ExportSet {
    if version.reads_rule_selector() && rule.workload_selector.is_some() {
        return ExportSet::from([".".into()]);
    }
    let values = rule
        .export_to
        .iter()
        .flat_map(|export_to| &export_to.values);
    let known = values.map(|value| value.value.clone()).filter(|value| {
        version.export_to_names_namespaces() || matches!(&**value, "." | "*" | "~")
    });
    known.collect()
}

/// Istio's order of objects: creation, then name and namespace (semantics 3.2 item 4, 11).
pub(crate) fn by_creation(a: &Meta, b: &Meta, version: IstioVersion) -> Ordering {
    let age = |meta: &Meta| (meta.created.is_none(), meta.created.clone());
    age(a).cmp(&age(b)).then_with(|| {
        if version.ties_by_name_then_namespace() {
            a.id.name
                .cmp(&b.id.name)
                .then_with(|| a.namespace.cmp(&b.namespace))
        } else {
            let joined = |meta: &Meta| format!("{}.{}", meta.id.name, meta.namespace);
            joined(a).cmp(&joined(b))
        }
    })
}
