//! Rules that a client does not use: those of the service's owner that its own namespace shadows, and those that
//! `exportTo` hides from it.

use std::cmp::Ordering;

use crate::diagnostic::Fact;
use crate::mesh::Mesh;
use crate::mesh::client::{RuleId, Selection, Step};
use crate::mesh::decision::Decision;
use crate::mesh::version::LookupStyle;
use crate::mesh::views::is_istio_mutual;
use crate::object::Namespace;
use crate::resource::{DestinationRule, TlsSettings, more_specific};

/// A rule that a decision could rest on and does not.
pub(crate) struct Unused<'a> {
    /// The rule.
    pub(crate) rule: &'a DestinationRule,
    /// Its tls for the port, if it sets one.
    pub(crate) tls: Option<&'a TlsSettings>,
    /// The decision with that rule in force.
    pub(crate) instead: Decision,
}

impl Mesh {
    /// The rule of the service's namespace that would be in force if the client's own namespace had none for the host.
    pub(crate) fn shadowed(&self, decision: &Decision) -> Option<Unused<'_>> {
        match decision.selection.step? {
            Step::ClientNamespace | Step::RootPrivate => {}
            Step::ServiceNamespace | Step::RootNamespace | Step::Everywhere => return None,
        }
        let (namespace, labels) = self.client_of(decision)?;
        let owner = &self.service_of(decision).namespace;
        if namespace == owner {
            return None;
        }
        let service = (&decision.destination.host, owner);
        let is_owner = |step| step == Step::ServiceNamespace;
        let selection = self
            .rules
            .select_among(namespace, labels, service, &self.config, is_owner);
        let entry = self.rules.entry(selection.entry?);
        let in_force = self.rules.entry(decision.selection.entry?);
        if entry.from.first() == in_force.from.first() {
            return None; // in 1.1 to 1.5 tables share their rules
        }
        let tls = entry.policy.and_then(|id| self.tls_of(id, decision));
        Some(Unused {
            rule: self.rules.base(entry),
            tls: tls.map(|(_, tls)| tls),
            instead: self.decide_with(decision, selection)?,
        })
    }

    /// The rule with `ISTIO_MUTUAL` for a host that would be in force if its `exportTo` did not hide it from the client.
    pub(crate) fn hidden_mtls(&self, decision: &Decision) -> Option<Unused<'_>> {
        if self.config.version.value.lookup_style() == LookupStyle::Global {
            return None; // 1.0 has no `exportTo`
        }
        let (namespace, _) = self.client_of(decision)?;
        let service = self.service_of(decision);
        let host = &decision.destination.host;
        let visible: Vec<RuleId> = self
            .rules
            .candidates(namespace, (host, &service.namespace), &self.config)
            .into_iter()
            .filter(|candidate| candidate.visible)
            .flat_map(|candidate| self.rules.entry(candidate.entry).from.iter().copied())
            .collect();
        let mut hidden: Vec<(Step, RuleId)> = self
            .rules
            .covering(host)
            .into_iter()
            .filter(|id| !visible.contains(id))
            .filter_map(|id| Some((self.exporting_step(id, &service.namespace)?, id)))
            .filter(|&(step, id)| self.would_win(step, id, decision.selection))
            .collect();
        let order = |id: RuleId| self.rules.host(id).as_str();
        hidden.sort_by(|(step, id), (other, id2)| {
            step.cmp(other)
                .then_with(|| more_specific(order(*id), order(*id2)))
        });
        // What is less specific would not be in force beside it.
        let &(step, id) = hidden.first()?;
        let (rule, tls) = self.tls_of(id, decision)?;
        if !is_istio_mutual(tls) || rule.workload_selector.is_some() {
            return None;
        }
        let (entry, _) = self
            .rules
            .entries()
            .find(|(_, entry)| entry.policy == Some(id))?;
        let selection = Selection {
            entry: Some(entry),
            step: Some(step),
        };
        Some(Unused {
            rule,
            tls: Some(tls),
            instead: self.decide_with(decision, selection)?,
        })
    }

    /// The step at which clients elsewhere would find a rule if it were exported to them.
    fn exporting_step(&self, id: RuleId, owner: &Namespace) -> Option<Step> {
        let namespace = &self.rules.rule(id).meta.namespace;
        if namespace == owner {
            Some(Step::ServiceNamespace)
        } else if *namespace == self.config.root_namespace.value {
            Some(Step::RootNamespace)
        } else {
            None
        }
    }

    /// Whether a rule would come before what a look-up found. Of one host and namespace nobody can tell.
    fn would_win(&self, step: Step, id: RuleId, found: Selection) -> bool {
        let Some(end) = found.step else {
            return true;
        };
        match step.cmp(&end) {
            Ordering::Less => true,
            Ordering::Greater => false,
            Ordering::Equal => {
                let first = found
                    .entry
                    .and_then(|entry| self.rules.entry(entry).from.first());
                first.is_some_and(|&other| {
                    let (host, other) = (self.rules.host(id), self.rules.host(other));
                    host != other && more_specific(host.as_str(), other.as_str()).is_lt()
                })
            }
        }
    }

    /// Why rules without `exportTo` are private, if they are.
    pub(crate) fn private_by_default(&self) -> Option<&Fact> {
        self.config.rules_private_by_default.as_ref()
    }
}
