//! The decisions of a mesh as a graph: groups of clients, services, and an edge for every answer that clients share.
//!
//! Clients stay grouped, so that the graph grows with the answers and not with workloads times services.

use std::collections::{BTreeMap, BTreeSet};

use indexmap::{IndexMap, IndexSet};

use super::client::RuleId;
use super::clients::{ClientGroup, GroupId};
use super::names::PairFilter;
use super::services::{Service, ServiceId};
use super::workloads::MeshWorkload;
use super::{ClusterTls, Decision, EndpointDecision, Mesh, ProxyKind, Verdict};
use crate::resource::DestinationRule;

/// A set of clients is wide if it spans more namespaces than this, and more than half of those with such clients.
const WIDE: usize = 3;

/// The graph of one mesh. Everything refers to everything by position in these lists.
#[derive(Debug)]
pub(crate) struct Graph<'a> {
    /// The mesh.
    pub(crate) mesh: &'a Mesh,
    /// Groups of clients, by namespace and proxy.
    pub(crate) groups: Vec<GraphGroup<'a>>,
    /// The sets of clients that edges come from.
    pub(crate) clients: Vec<ClientSet>,
    /// The services that edges go to, by namespace and host.
    pub(crate) services: Vec<&'a Service>,
    /// The rules that decide edges, by namespace and name.
    pub(crate) rules: Vec<&'a DestinationRule>,
    /// The endpoints of edges.
    pub(crate) endpoints: Vec<&'a EndpointDecision>,
    /// The edges, by service, port, subset and proxy, the worst first.
    pub(crate) edges: Vec<GraphEdge<'a>>,
}

/// Workloads of one namespace that get the same answers everywhere.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct GraphGroup<'a> {
    /// The namespace.
    pub(crate) namespace: &'a str,
    /// The kind of proxy.
    pub(crate) proxy: ProxyKind,
    /// The workloads as `Kind/name`, sorted.
    pub(crate) workloads: Vec<String>,
}

/// Groups with one kind of proxy that get the same answer.
#[derive(Debug)]
pub(crate) struct ClientSet {
    /// The kind of proxy.
    pub(crate) proxy: ProxyKind,
    /// The groups, sorted.
    pub(crate) groups: Vec<usize>,
    /// If the set is better named by who is not in it: the other groups with that kind of proxy, sorted.
    pub(crate) all_but: Option<Vec<usize>>,
}

/// An answer that clients share about one destination.
#[derive(Debug)]
pub(crate) struct GraphEdge<'a> {
    /// The set of clients.
    pub(crate) clients: usize,
    /// The service.
    pub(crate) service: usize,
    /// The service port.
    pub(crate) port: u16,
    /// The subset.
    pub(crate) subset: Option<&'a str>,
    /// The rules in force, in merge order.
    pub(crate) rules: Vec<usize>,
    /// What the clients' cluster is set to.
    pub(crate) tls: ClusterTls,
    /// The endpoints, in the order of the decision.
    pub(crate) endpoints: Vec<usize>,
    /// The worst of the endpoints.
    pub(crate) verdict: Verdict,
    /// Whether the endpoints differ.
    pub(crate) partial: bool,
    /// The decisions behind the edge, each with the set of its clients.
    pub(crate) decisions: Vec<(usize, &'a Decision)>,
}

/// What decisions of one edge have in common.
#[derive(PartialEq, Eq, Hash)]
struct Answer<'a> {
    service: ServiceId,
    port: u16,
    subset: Option<&'a str>,
    proxy: ProxyKind,
    rules: &'a [RuleId],
    tls: ClusterTls,
    endpoints: &'a [EndpointDecision],
    verdict: Verdict,
    partial: bool,
}

impl<'a> Answer<'a> {
    fn of(decision: &'a Decision, mesh: &'a Mesh) -> Self {
        let entry = decision.selection.entry.map(|id| mesh.rules.entry(id));
        Self {
            service: decision.service,
            port: decision.destination.port,
            subset: decision.destination.subset.as_deref(),
            proxy: decision.proxy,
            rules: entry.map_or(&[], |entry| &entry.from),
            tls: decision.tls,
            endpoints: &decision.endpoints,
            verdict: decision.verdict,
            partial: decision.partial,
        }
    }
}

/// The decisions with one answer, each with its groups.
type Shared<'a> = Vec<(Vec<usize>, &'a Decision)>;

impl Mesh {
    /// The graph of the decisions that a filter wants; no verdicts means all of them.
    pub(crate) fn graph(&self, filter: &PairFilter, verdicts: &[Verdict]) -> Graph<'_> {
        let (groups, positions) = self.graph_groups(filter);
        let mut answers: IndexMap<Answer<'_>, Shared<'_>> = IndexMap::new();
        for decision in self.decisions() {
            let host = decision.destination.host.as_str();
            let wants_host = |query| self.is_host_named(query, host);
            let is_wanted = verdicts.is_empty() || verdicts.contains(&decision.verdict);
            if !is_wanted || !filter.host.as_ref().is_none_or(wants_host) {
                continue;
            }
            let members = self.clients.members(&decision.clients).into_iter();
            let mut members: Vec<usize> = members
                .filter_map(|id| positions.get(&id).copied())
                .collect();
            if !members.is_empty() {
                members.sort_unstable();
                let answer = Answer::of(decision, self);
                answers.entry(answer).or_default().push((members, decision));
            }
        }
        Builder::new(self, groups, &answers).build(answers)
    }

    /// The groups with at least one wanted client, and where each stands.
    fn graph_groups(&self, filter: &PairFilter) -> (Vec<GraphGroup<'_>>, BTreeMap<GroupId, usize>) {
        let mut found: Vec<(GroupId, GraphGroup<'_>)> = (0u32..)
            .map(GroupId)
            .zip(self.clients.groups())
            .map(|(id, group)| (id, self.graph_group(group, filter)))
            .filter(|(_, group)| !group.workloads.is_empty())
            .collect();
        found.sort_by(|(_, a), (_, b)| a.cmp(b));
        let (ids, groups): (Vec<_>, Vec<_>) = found.into_iter().unzip();
        (groups, ids.into_iter().zip(0..).collect())
    }

    fn graph_group<'a>(&'a self, group: &'a ClientGroup, filter: &PairFilter) -> GraphGroup<'a> {
        let namespace = group.namespace.as_str();
        let members = group.workloads.iter();
        let members = members.filter_map(|&id| self.workloads.get(id as usize));
        let mut workloads: Vec<String> = members
            .map(MeshWorkload::id)
            .filter(|id| {
                let query = filter.client.as_ref();
                query.is_none_or(|query| query.matches(namespace, &id.kind, &id.name))
            })
            .map(|id| format!("{}/{}", id.kind, id.name))
            .collect();
        workloads.sort_unstable();
        GraphGroup {
            namespace,
            proxy: group.proxy,
            workloads,
        }
    }
}

/// Gives everything in the graph its position.
struct Builder<'a> {
    mesh: &'a Mesh,
    groups: Vec<GraphGroup<'a>>,
    /// By their groups.
    clients: IndexMap<Vec<usize>, ClientSet>,
    services: Vec<ServiceId>,
    rules: Vec<RuleId>,
    endpoints: IndexSet<&'a EndpointDecision>,
}

impl<'a> Builder<'a> {
    fn new(
        mesh: &'a Mesh,
        groups: Vec<GraphGroup<'a>>,
        answers: &IndexMap<Answer<'a>, Shared<'a>>,
    ) -> Self {
        let services: BTreeSet<ServiceId> = answers.keys().map(|answer| answer.service).collect();
        let mut services: Vec<ServiceId> = services.into_iter().collect();
        services.sort_by_key(|&id| {
            let service = mesh.registry.service(id);
            (service.namespace.as_str(), service.host.as_str(), id)
        });
        let rules: BTreeSet<RuleId> = answers
            .keys()
            .flat_map(|answer| answer.rules)
            .copied()
            .collect();
        let mut rules: Vec<RuleId> = rules.into_iter().collect();
        rules.sort_by_key(|&id| {
            let meta = &mesh.rules.rule(id).meta;
            (meta.namespace.as_str(), &*meta.id.name, id)
        });
        Self {
            mesh,
            groups,
            clients: IndexMap::new(),
            services,
            rules,
            endpoints: IndexSet::new(),
        }
    }

    fn build(mut self, answers: IndexMap<Answer<'a>, Shared<'a>>) -> Graph<'a> {
        let services: BTreeMap<ServiceId, usize> = self.services.iter().copied().zip(0..).collect();
        let rules: BTreeMap<RuleId, usize> = self.rules.iter().copied().zip(0..).collect();
        let mut answers: Vec<(Answer<'_>, Shared<'_>)> = answers.into_iter().collect();
        // The sort is stable, and decisions come in a stable order.
        answers.sort_by_key(|(answer, _)| {
            let service = services.get(&answer.service).copied();
            let rank = answer.verdict.rank();
            (service, answer.port, answer.subset, answer.proxy, rank)
        });
        let edges = answers.into_iter().map(|(answer, shared)| {
            let all = shared
                .iter()
                .flat_map(|(groups, _)| groups)
                .copied()
                .collect();
            GraphEdge {
                clients: self.client_set(all),
                service: services.get(&answer.service).copied().unwrap_or_default(),
                port: answer.port,
                subset: answer.subset,
                rules: answer
                    .rules
                    .iter()
                    .filter_map(|id| rules.get(id).copied())
                    .collect(),
                tls: answer.tls,
                endpoints: answer
                    .endpoints
                    .iter()
                    .map(|e| self.endpoints.insert_full(e).0)
                    .collect(),
                verdict: answer.verdict,
                partial: answer.partial,
                decisions: shared
                    .into_iter()
                    .map(|(groups, decision)| (self.client_set(groups), decision))
                    .collect(),
            }
        });
        let edges = edges.collect();
        Graph {
            mesh: self.mesh,
            groups: self.groups,
            clients: self.clients.into_values().collect(),
            services: self
                .services
                .iter()
                .map(|&id| self.mesh.registry.service(id))
                .collect(),
            rules: self
                .rules
                .iter()
                .map(|&id| self.mesh.rules.rule(id))
                .collect(),
            endpoints: self.endpoints.into_iter().collect(),
            edges,
        }
    }

    /// The position of a set of groups, all of one kind of proxy.
    fn client_set(&mut self, mut groups: Vec<usize>) -> usize {
        groups.sort_unstable();
        groups.dedup();
        if let Some(known) = self.clients.get_index_of(&groups) {
            return known;
        }
        let first = groups.first().and_then(|&group| self.groups.get(group));
        let proxy = first.map_or(ProxyKind::None, |group| group.proxy);
        let alike = (0..)
            .zip(&self.groups)
            .filter(|(_, group)| group.proxy == proxy);
        let (inside, outside): (Vec<_>, Vec<_>) =
            alike.partition(|(position, _)| groups.binary_search(position).is_ok());
        let namespaces = |of: &[(usize, &GraphGroup<'_>)]| {
            let names: BTreeSet<&str> = of.iter().map(|(_, group)| group.namespace).collect();
            names.len()
        };
        let is_wide = namespaces(&inside) > WIDE && namespaces(&inside) > namespaces(&outside);
        let all_but = is_wide.then(|| outside.iter().map(|(position, _)| *position).collect());
        let set = ClientSet {
            proxy,
            groups: groups.clone(),
            all_but,
        };
        self.clients.insert_full(groups, set).0
    }
}
