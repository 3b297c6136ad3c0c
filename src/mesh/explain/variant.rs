//! Variants of a mesh: the same mesh with one thing changed, asked the same question.

use std::collections::BTreeMap;

use rayon::prelude::*;

use crate::mesh::Mesh;
use crate::mesh::alternatives::Alternatives;
use crate::mesh::client::{RuleId, RuleIndex};
use crate::mesh::clients::{ClientClass, ClientGroup};
use crate::mesh::decision::{Decision, Destination, Question};
use crate::mesh::evidence::NoEvidence;
use crate::mesh::parts::Parts;
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
        }
    }

    /// A copy with other rules.
    pub(super) fn with_rules(&self, change: impl FnOnce(&mut Vec<DestinationRule>)) -> Self {
        let mut rules: Vec<DestinationRule> =
            self.rules.rules().map(|(_, rule)| rule.clone()).collect();
        change(&mut rules);
        let mut variant = self.variant();
        variant.rules = RuleIndex::build(&rules, &self.config);
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
        Some(self.conclude(question, answer, class.clone()))
    }

    /// How many pairs of client and destination are worse in a variant.
    pub(super) fn worse_in(&self, variant: &Self) -> usize {
        let hosts: Vec<&Fqdn> = self.registry.hosts().map(|(host, _)| host).collect();
        hosts
            .par_iter()
            .map(|host| {
                let before = self.decisions_of(host);
                let after = variant.decide_host(host);
                if is_same(before, &after) {
                    return 0;
                }
                let before = self.by_group(before);
                let after = self.by_group(&after);
                let worse = before.iter().filter(|(pair, (rank, _))| {
                    after.get(*pair).is_some_and(|(other, _)| other < rank)
                });
                worse.map(|(_, (_, workloads))| workloads).sum()
            })
            .sum()
    }

    /// The decisions about one host.
    fn decisions_of(&self, host: &Fqdn) -> &[Decision] {
        let all = &self.decisions;
        let start = all.partition_point(|decision| decision.destination.host < *host);
        let end = all.partition_point(|decision| decision.destination.host <= *host);
        all.get(start..end).unwrap_or_default()
    }

    /// The rank of every group and destination, with how many workloads the group has.
    fn by_group<'a>(
        &self,
        decisions: &'a [Decision],
    ) -> BTreeMap<(u32, &'a Destination), (u8, usize)> {
        let mut out = BTreeMap::new();
        for decision in decisions {
            for group in self.clients.members(&decision.clients) {
                let workloads = self.clients.group(group).workloads.len();
                let rank = decision.verdict.rank();
                out.insert((group.0, &decision.destination), (rank, workloads));
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
