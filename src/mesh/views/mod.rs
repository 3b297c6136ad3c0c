//! Decisions as rules look at them: the rule in force and its tls, the rules it beat, the clients it is about.

mod hosts;
mod merges;
mod policies;
mod splits;
mod tls;
mod visibility;
mod wide_rules;
mod written;

pub(crate) use tls::{SubsetChange, Unproxied};

use rustc_hash::FxHashSet;

pub(crate) use hosts::{Meant, MistakenHost, namespace_fact};
pub(crate) use merges::Merge;
pub(crate) use policies::{IgnoredPolicy, ServicePortKey};
pub(in crate::mesh) use splits::Splits;
pub(crate) use visibility::Unused;
pub(crate) use written::{WrittenTls, written_tls};

use crate::mesh::Mesh;
use crate::mesh::client::{Entry, RuleId};
use crate::mesh::clients::{ClientClass, GroupId};
use crate::mesh::decision::{Decision, EndpointDecision};
use crate::mesh::services::{Port, Service};
use crate::mesh::traffic_policy::{self, EffectivePolicy, Flat};
use crate::mesh::version::SubsetStyle;
use crate::object::Namespace;
use crate::resource::{DestinationRule, Fqdn, Labels, TlsMode, TlsSettings, TrafficPolicy};

/// The DestinationRule in force for a decision.
pub(crate) struct InForce<'a> {
    /// The merged rule.
    pub(crate) entry: &'a Entry,
    /// The rule that gives it its name.
    pub(crate) rule: &'a DestinationRule,
    /// The block that decides about tls, if the merged rule has any policy.
    pub(crate) block: Option<Flat<'a>>,
}

impl<'a> InForce<'a> {
    /// The tls that the rule sets.
    pub(crate) fn tls(&self) -> Option<&'a TlsSettings> {
        self.block.and_then(|block| block.tls)
    }
}

/// A rule that would give mutual TLS if the one in force did not stand before it.
pub(crate) struct Beaten<'a> {
    /// The rule.
    pub(crate) rule: &'a DestinationRule,
    /// Its `ISTIO_MUTUAL` for the port.
    pub(crate) tls: &'a TlsSettings,
    /// Why it lost.
    pub(crate) why: Loss,
}

/// Why a rule lost.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Loss {
    /// It is for the same host, and its policy is dropped in the merge.
    MergedAway,
    /// The rule in force replaces it as a whole.
    Replaced,
}

impl Mesh {
    /// The rule in force for a decision.
    pub(crate) fn in_force(&self, decision: &Decision) -> Option<InForce<'_>> {
        let entry = self.rules.entry(decision.selection.entry?);
        let service = self.registry.service(decision.service);
        let port = self.registry.port(service, decision.destination.port)?;
        let subset = decision.destination.subset.as_deref();
        let version = self.config.version.value;
        let policy = EffectivePolicy::of(&self.rules, entry, port, subset, version)?;
        let block = match version.subset_style() {
            // Blocks are applied one after the other, and the last one that sets a tls counts.
            SubsetStyle::TwoPasses => {
                let last = policy.passes.iter().rev().find(|flat| flat.tls.is_some());
                last.or(policy.passes.first()).copied()
            }
            SubsetStyle::Overlay | SubsetStyle::MergedRaw | SubsetStyle::Merged => policy.merged,
        };
        Some(InForce {
            entry,
            rule: self.rules.base(entry),
            block,
        })
    }

    /// The rule that would give mutual TLS if the one in force did not stand before it: a sibling whose policy is lost in the
    /// merge, else the next rule of the look-up that sets any tls.
    pub(crate) fn beaten(&self, decision: &Decision) -> Option<Beaten<'_>> {
        let in_force = self.in_force(decision)?;
        let siblings = in_force
            .entry
            .from
            .iter()
            .filter(|&&id| Some(id) != in_force.entry.policy);
        let mut merged_away = siblings.filter_map(|&id| self.tls_of(id, decision));
        if let Some((rule, tls)) = merged_away.find(|(_, tls)| is_istio_mutual(tls)) {
            return Some(Beaten {
                rule,
                tls,
                why: Loss::MergedAway,
            });
        }
        let (namespace, labels) = self.client_of(decision)?;
        let service = self.registry.service(decision.service);
        let host = (&decision.destination.host, &service.namespace);
        let beaten = self
            .rules
            .beaten_by(in_force.entry, namespace, labels, host, &self.config);
        let mut policies = beaten.filter_map(|id| self.rules.entry(id).policy);
        // One that sets no tls either gives nothing and takes nothing.
        let (rule, tls) = policies.find_map(|id| self.tls_of(id, decision))?;
        is_istio_mutual(tls).then_some(Beaten {
            rule,
            tls,
            why: Loss::Replaced,
        })
    }

    /// The tls that one rule by itself sets for the port of a decision, without subsets.
    fn tls_of(&self, id: RuleId, decision: &Decision) -> Option<(&DestinationRule, &TlsSettings)> {
        let rule = self.rules.rule(id);
        let policy: &TrafficPolicy = rule.traffic_policy.as_ref()?;
        let service = self.registry.service(decision.service);
        let port = self.registry.port(service, decision.destination.port)?;
        let element = traffic_policy::port_policy(policy, port, self.config.version.value);
        let tls = element.map_or(policy.tls.as_ref(), |element| element.tls.as_ref())?;
        Some((rule, tls))
    }

    /// Namespace and labels of the clients of a decision.
    fn client_of(&self, decision: &Decision) -> Option<(&Namespace, &Labels)> {
        let group = self.clients.representative(&decision.clients)?;
        Some((&group.namespace, &group.labels))
    }

    /// Some clients of a decision, as `Kind/namespace/name`: at most `limit`, those that do not call themselves first.
    pub(crate) fn sample_clients(&self, decision: &Decision, limit: usize) -> Vec<String> {
        let groups = self.clients.members(&decision.clients).into_iter();
        let members = || {
            groups
                .clone()
                .flat_map(|id| self.clients.group(id).workloads.iter().copied())
        };
        let others = members().filter(|&id| !decision.is_target(id));
        let selves = members().filter(|&id| decision.is_target(id));
        others
            .chain(selves)
            .take(limit)
            .filter_map(|id| self.workload_name(id))
            .collect()
    }

    /// How many workloads the clients of several decisions are.
    pub(crate) fn client_count<'a>(&self, decisions: impl Iterator<Item = &'a Decision>) -> usize {
        let classes: FxHashSet<&ClientClass> =
            decisions.map(|decision| &decision.clients).collect();
        let groups: FxHashSet<_> = classes
            .into_iter()
            .flat_map(|class| self.clients.members(class))
            .collect();
        groups
            .into_iter()
            .map(|id| self.clients.group(id).workloads.len())
            .sum()
    }

    fn workload_name(&self, id: u32) -> Option<String> {
        let workload = self.workloads.get(id as usize)?;
        Some(format!(
            "{}/{}/{}",
            workload.id().kind,
            workload.namespace(),
            workload.id().name
        ))
    }

    /// What identifies a class of clients in another analysis of almost the same files.
    pub(crate) fn class_name(&self, class: &ClientClass) -> String {
        match class {
            ClientClass::One(group) => self.group_name(*group),
            ClientClass::AllBut(kind, except) => {
                format!("{} but {}", kind.name(), except.join(","))
            }
        }
    }

    /// What identifies every group of a class.
    pub(crate) fn group_names(&self, class: &ClientClass) -> Vec<String> {
        let groups = self.clients.members(class).into_iter();
        groups.map(|group| self.group_name(group)).collect()
    }

    fn group_name(&self, group: GroupId) -> String {
        let group = self.clients.group(group);
        let first = group
            .workloads
            .first()
            .and_then(|&id| self.workloads.get(id as usize));
        let name = first
            .map(|workload| workload.id().to_string())
            .unwrap_or_default();
        format!("{}/{}/{name}", group.namespace, group.proxy.as_str())
    }

    /// A DestinationRule by id.
    pub(crate) fn rule(&self, id: RuleId) -> &DestinationRule {
        self.rules.rule(id)
    }

    /// The port of a decision.
    pub(crate) fn port_of(&self, decision: &Decision) -> Option<&Port> {
        self.registry
            .port(self.service_of(decision), decision.destination.port)
    }

    /// The decision about the same clients, host and port without a subset, with its index.
    pub(crate) fn without_subset(
        &self,
        index: u32,
        decision: &Decision,
    ) -> Option<(u32, &Decision)> {
        // Decisions about one class and port stand side by side, the one without a subset first.
        let before = self.decisions().get(..index as usize)?;
        let (position, base) = before
            .iter()
            .enumerate()
            .rev()
            .find(|(_, d)| d.destination.subset.is_none())?;
        let same = base.clients == decision.clients
            && base.destination.host == decision.destination.host
            && base.destination.port == decision.destination.port;
        same.then(|| Some((u32::try_from(position).ok()?, base)))
            .flatten()
    }

    /// Whether a VirtualService sends traffic to a subset of a host.
    pub(crate) fn is_routed(&self, host: &Fqdn, subset: &str) -> bool {
        self.scopes.leads_to(host, subset)
    }

    /// The service of a decision.
    pub(crate) fn service_of(&self, decision: &Decision) -> &Service {
        self.registry.service(decision.service)
    }

    /// Whether an endpoint belongs to the cluster or the control plane, which nobody wants findings about.
    pub(crate) fn is_system_endpoint(&self, endpoint: &EndpointDecision) -> bool {
        let workload = endpoint
            .workload
            .and_then(|id| self.workloads.get(id as usize));
        workload.is_some_and(|workload| self.is_system_namespace(workload.namespace()))
    }

    /// Whether a namespace is the cluster's or the control plane's.
    pub(crate) fn is_system_namespace(&self, namespace: &Namespace) -> bool {
        self.config.is_system_namespace(namespace)
    }

    /// Whether auto mTLS is on.
    pub(crate) fn has_auto_mtls(&self) -> bool {
        self.config.auto_mtls.value
    }

    /// What a client sees in the caller's terms when plaintext is refused: Istio 1.4 and before give no reason.
    pub(crate) fn names_reset_reason(&self) -> bool {
        self.config.version.value.names_reset_reason()
    }
}

/// Whether a tls asks for Istio mutual TLS.
pub(crate) fn is_istio_mutual(tls: &TlsSettings) -> bool {
    tls.mode == TlsMode::IstioMutual
}
