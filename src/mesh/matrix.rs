//! The matrix: decisions spelled out for every client, as stable values (design, section 5).

use std::collections::BTreeMap;

use serde::Serialize;

use super::Mesh;
use super::decision::{Decision, Destination};
use super::names::PairFilter;
use crate::diagnostic::PairId;

/// One client and destination of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixPair<'a> {
    /// The client.
    pub client: MatrixClient<'a>,
    /// The hostname.
    pub host: &'a str,
    /// The service port.
    pub port: u16,
    /// The subset.
    pub subset: Option<&'a str>,
    /// The rules in force, in merge order.
    pub rules: Vec<String>,
    /// What the client's cluster is set to.
    pub tls: &'static str,
    /// The endpoints.
    pub endpoints: Vec<MatrixEndpoint<'a>>,
    /// The worst of the endpoints.
    pub verdict: &'static str,
    /// Whether the endpoints differ.
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    pub partial: bool,
}

/// A client of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct MatrixClient<'a> {
    /// The namespace.
    pub namespace: &'a str,
    /// `Kind/name`.
    pub workload: String,
    /// The kind of proxy.
    pub proxy: &'static str,
}

/// An endpoint of the matrix.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct MatrixEndpoint<'a> {
    /// `Kind/namespace/name` or `address/namespace/address`.
    pub workload: &'a str,
    /// The port.
    pub port: u16,
    /// What it is sent.
    pub sends: &'static str,
    /// What it accepts.
    pub accepts: &'static str,
    /// What comes of it.
    pub verdict: &'static str,
}

/// The matrix of one mesh, pair by pair in its stable order; nothing is kept, so that millions of pairs can be streamed.
pub struct Matrix<'a> {
    mesh: &'a Mesh,
    by_group: Vec<Vec<&'a Decision>>,
    clients: BTreeMap<(&'a str, String), (u32, u32)>,
}

impl Mesh {
    /// What a pair of a finding stands for: its clients as `Kind/namespace/name`, and where they call.
    pub fn pair(&self, id: PairId) -> Option<(Vec<String>, &Destination)> {
        let decision = self.decisions.get(id.decision as usize)?;
        let clients = self.sample_clients(decision, usize::MAX);
        Some((clients, &decision.destination))
    }

    /// The rules in force for a decision, as `namespace/name`, in merge order.
    pub(crate) fn rule_names(&self, decision: &Decision) -> Vec<String> {
        let entry = decision.selection.entry.map(|id| self.rules.entry(id));
        let rules = entry.into_iter().flat_map(|entry| &entry.from);
        let names = rules.map(|&id| {
            let meta = &self.rules.rule(id).meta;
            format!("{}/{}", meta.namespace, meta.id.name)
        });
        names.collect()
    }

    /// The matrix of this mesh.
    pub fn matrix(&self) -> Matrix<'_> {
        let mut by_group: Vec<Vec<&Decision>> = vec![Vec::new(); self.clients.len()];
        for decision in &self.decisions {
            for group in self.clients.members(&decision.clients) {
                if let Some(list) = by_group.get_mut(group.0 as usize) {
                    list.push(decision);
                }
            }
        }
        for list in &mut by_group {
            list.sort_by(|a, b| a.destination.cmp(&b.destination));
        }
        let mut clients = BTreeMap::new();
        for (id, group) in (0u32..).zip(self.clients.groups()) {
            for &workload in &group.workloads {
                if let Some(known) = self.workloads.get(workload as usize) {
                    let name = format!("{}/{}", known.id().kind, known.id().name);
                    clients.insert((known.namespace().as_str(), name), (workload, id));
                }
            }
        }
        Matrix {
            mesh: self,
            by_group,
            clients,
        }
    }
}

impl<'a> Matrix<'a> {
    /// The Istio version of the mesh.
    pub fn istio(&self) -> String {
        self.mesh.config.version.value.to_string()
    }

    /// Whether auto mTLS is on.
    pub fn auto_mtls(&self) -> bool {
        self.mesh.config.auto_mtls.value
    }

    /// The root namespace.
    pub fn root_namespace(&self) -> &'a str {
        self.mesh.config.root_namespace.value.as_str()
    }

    /// All pairs: by client namespace, client workload, host, port, subset.
    pub fn pairs(&self) -> impl Iterator<Item = MatrixPair<'a>> {
        const ALL: &PairFilter = &PairFilter {
            client: None,
            host: None,
        };
        self.pairs_of(ALL)
    }

    /// The pairs that a filter asks for, in the same order.
    pub fn pairs_of(&self, filter: &PairFilter) -> impl Iterator<Item = MatrixPair<'a>> {
        let mesh = self.mesh;
        self.clients
            .iter()
            .filter(move |((namespace, name), _)| {
                let (kind, name) = name.split_once('/').unwrap_or(("", name));
                let query = filter.client.as_ref();
                query.is_none_or(|query| query.matches(namespace, kind, name))
            })
            .flat_map(move |((namespace, name), (workload, group))| {
                let decisions = self.by_group.get(*group as usize).into_iter().flatten();
                let decisions = decisions.filter(move |decision| {
                    let query = filter.host.as_ref();
                    query.is_none_or(|query| {
                        mesh.is_host_named(query, decision.destination.host.as_str())
                    })
                });
                let proxy = self
                    .mesh
                    .workloads
                    .get(*workload as usize)
                    .map_or("none", |w| w.proxy.as_str());
                decisions.map(move |decision| {
                    let client = MatrixClient {
                        namespace,
                        workload: name.clone(),
                        proxy,
                    };
                    self.pair(client, decision)
                })
            })
    }

    fn pair(&self, client: MatrixClient<'a>, decision: &'a Decision) -> MatrixPair<'a> {
        let endpoints = decision.endpoints.iter().map(|endpoint| MatrixEndpoint {
            workload: &endpoint.label,
            port: endpoint.port,
            sends: endpoint.sends.as_str(),
            accepts: endpoint.accepts.as_str(),
            verdict: endpoint.verdict.as_str(),
        });
        MatrixPair {
            client,
            host: decision.destination.host.as_str(),
            port: decision.destination.port,
            subset: decision.destination.subset.as_deref(),
            rules: self.mesh.rule_names(decision),
            tls: decision.tls.as_str(),
            endpoints: endpoints.collect(),
            verdict: decision.verdict.as_str(),
            partial: decision.partial,
        }
    }
}
