//! Variants of a mesh: the same mesh with one thing changed, asked the same question.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::mesh::Mesh;
use crate::mesh::alternatives::Alternatives;
use crate::mesh::client::{RuleId, RuleIndex};
use crate::mesh::clients::{ClientClass, ClientGroup, GroupId};
use crate::mesh::decision::{Decision, Destination, Question};
use crate::mesh::evidence::NoEvidence;
use crate::mesh::explain::remedy::Harm;
use crate::mesh::names::client_name;
use crate::mesh::parts::Parts;
use crate::mesh::verdict::Verdict;
use crate::mesh::views::Splits;
use crate::mesh::workloads::ProxyKind;
use crate::resource::{DestinationRule, Fqdn};

impl Mesh {
    /// A copy without decisions, to be changed.
    pub(super) fn variant(&self) -> Self {
        Self {
            name: self.name.clone(),
            config: self.config.clone(),
            workloads: self.workloads.clone(),
            registry: self.registry.clone(),
            rules: self.rules.clone(),
            policies: self.policies.clone(),
            legacy: self.legacy.clone(),
            scopes: self.scopes.clone(),
            clients: self.clients.clone(),
            decisions: Vec::new(),
            // What is asked of a variant needs neither its parts nor its other orders.
            parts: Parts::default(),
            alternatives: Alternatives::default(),
            splits: Splits::default(),
        }
    }

    /// A copy with other rules.
    pub(super) fn with_rules(&self, change: impl FnOnce(&mut Vec<DestinationRule>)) -> Self {
        let mut rules: Vec<DestinationRule> =
            self.rules.rules().map(|(_, rule)| rule.clone()).collect();
        change(&mut rules);
        let mut variant = self.variant();
        variant.rules = RuleIndex::build(rules, &self.config);
        variant
    }

    /// A copy with one rule changed.
    pub(super) fn with_rule(&self, id: RuleId, change: impl FnOnce(&mut DestinationRule)) -> Self {
        self.with_rules(|rules| {
            if let Some(rule) = rules.get_mut(id.0 as usize) {
                change(rule);
            }
        })
    }

    /// A copy in which a workload has a sidecar.
    pub(super) fn with_sidecar(&self, workload: u32) -> Self {
        let mut variant = self.variant();
        if let Some(changed) = variant.workloads.get_mut(workload as usize) {
            changed.proxy = ProxyKind::Sidecar;
        }
        if self.config.version.value.injector_sets_tls_mode() {
            variant.registry = self.registry.with_mtls(workload);
        }
        variant
    }

    /// The same question asked of a variant.
    pub(super) fn ask(
        &self,
        q: Question<'_>,
        client: &ClientGroup,
        class: &ClientClass,
    ) -> Option<Decision> {
        let service = self.registry.service(q.service.0);
        let question = Question {
            client,
            service: (q.service.0, service),
            port: self.registry.port(service, q.port.number)?,
            ..q
        };
        let answer = self.answer(question, &mut NoEvidence);
        Some(Self::conclude(question, answer, class.clone()))
    }

    /// The pairs of client and destination that are worse in a variant.
    pub(super) fn harm_of(&self, variant: &Self) -> Option<Harm> {
        let hosts: Vec<&Fqdn> = self.registry.hosts().map(|(host, _)| host).collect();
        let by_host: Vec<Option<Harm>> = hosts
            .par_iter()
            .map(|host| self.harm_to_host(variant, host))
            .collect();
        let mut all = by_host.into_iter().flatten();
        let mut harm = all.next()?;
        harm.pairs += all.map(|other| other.pairs).sum::<usize>();
        Some(harm)
    }

    fn harm_to_host(&self, variant: &Self, host: &Fqdn) -> Option<Harm> {
        let before = self.decisions_of(host);
        let after = variant.decide_host(host);
        if is_same(before, &after) {
            return None;
        }
        let after = self.by_group(&after);
        let mut harm: Option<Harm> = None;
        for ((group, destination), verdict) in self.by_group(before) {
            let Some(&worse) = after.get(&(group, destination)) else {
                continue;
            };
            if worse.rank() >= verdict.rank() {
                continue;
            }
            let workloads = &self.clients.group(group).workloads;
            let first = workloads.first().and_then(|&id| self.client_id(id));
            let harm = harm.get_or_insert_with(|| Harm {
                pairs: 0,
                client: first.map(client_name).unwrap_or_default(),
                destination: destination.clone(),
                verdict: worse,
            });
            harm.pairs += workloads.len();
        }
        harm
    }

    /// The decisions about one host.
    fn decisions_of(&self, host: &Fqdn) -> &[Decision] {
        let all = &self.decisions;
        let start = all.partition_point(|decision| decision.destination.host < *host);
        let end = all.partition_point(|decision| decision.destination.host <= *host);
        all.get(start..end).unwrap_or_default()
    }

    /// The verdict on every group and destination.
    fn by_group<'a>(
        &self,
        decisions: &'a [Decision],
    ) -> BTreeMap<(GroupId, &'a Destination), Verdict> {
        let mut out = BTreeMap::new();
        for decision in decisions {
            for group in self.clients.members(&decision.clients) {
                out.insert((group, &decision.destination), decision.verdict);
            }
        }
        out
    }
}

/// Whether two lists of decisions say the same about the same pairs.
fn is_same(before: &[Decision], after: &[Decision]) -> bool {
    let key = |decision: &Decision| (decision.verdict, decision.clients.clone());
    before.len() == after.len()
        && before
            .iter()
            .zip(after)
            .all(|(a, b)| a.destination == b.destination && key(a) == key(b))
}
