//! The policy graph: a mesh built once from resources, immutable, and every decision about its traffic.

mod alternatives;
mod ambient;
mod auto_mtls;
mod client;
mod clients;
mod config;
mod decision;
mod evidence;
pub(crate) mod explain;
pub(crate) mod graph;
mod legacy;
mod matrix;
mod names;
mod parts;
mod server;
mod services;
mod sidecar_scope;
#[cfg(test)]
mod soundness;
mod traffic_policy;
mod verdict;
mod version;
mod views;
mod workloads;

use rayon::prelude::*;

use crate::resource::{Fqdn, Resource};

pub use auto_mtls::{ClusterTls, Sends};
pub use config::{SYSTEM_NAMESPACES, Settings};
pub use decision::Destination;
pub use matrix::{Matrix, MatrixClient, MatrixEndpoint, MatrixPair};
pub use names::{ClientQuery, HostQuery, PairFilter};
pub(crate) use names::{FoundHost, client_name};
pub use verdict::{Accepts, Verdict};
pub use version::IstioVersion;
pub use workloads::ProxyKind;

use alternatives::Alternatives;
use client::RuleIndex;
use clients::Clients;
use config::Config;
pub(crate) use decision::{Decision, EndpointDecision};
pub(crate) use services::ProtocolClass;
pub(crate) use traffic_policy::{Flat, Level};
pub(crate) use views::{
    Beaten, IgnoredPolicy, InForce, Loss, Meant, Merge, MistakenHost, ServicePortKey, SubsetChange,
    Unproxied, Unused, WrittenTls, is_istio_mutual, namespace_fact, written_tls,
};

use legacy::LegacyIndex;
use parts::Parts;
use server::PolicyIndex;
use services::Registry;
use sidecar_scope::Scopes;
use views::Splits;
use workloads::MeshWorkload;

/// One mesh: its configuration, workloads, services, rules and policies, and all decisions.
#[derive(Debug)]
pub struct Mesh {
    name: String,
    parts: Parts,
    pub(crate) config: Config,
    pub(crate) workloads: Vec<MeshWorkload>,
    pub(crate) registry: Registry,
    pub(crate) rules: RuleIndex,
    pub(crate) policies: PolicyIndex,
    pub(crate) legacy: LegacyIndex,
    pub(crate) scopes: Scopes,
    pub(crate) clients: Clients,
    decisions: Vec<Decision>,
    alternatives: Alternatives,
    splits: Splits,
}

impl Mesh {
    /// Builds a mesh and decides all its traffic.
    pub fn build(name: impl Into<String>, resources: Vec<Resource>, settings: &Settings) -> Self {
        let (parts, config) = Self::settle(resources, settings);
        Self::from_parts(name.into(), parts, config)
    }

    /// The parts of a mesh as its config has them.
    fn settle(resources: Vec<Resource>, settings: &Settings) -> (Parts, Config) {
        let mut parts = Parts::new(resources);
        let config = Config::build(&parts, settings);
        parts.keep_discovered(&config);
        legacy::add_charted(&mut parts, &config);
        (parts, config)
    }

    /// Links the parts of a mesh and decides all its traffic.
    fn from_parts(name: String, parts: Parts, config: Config) -> Self {
        let mut mesh = Self::link(name, parts, config);
        let hosts: Vec<&Fqdn> = mesh.registry.hosts().map(|(host, _)| host).collect();
        let decisions: Vec<Vec<Decision>> = hosts
            .par_iter()
            .map(|host| mesh.decide_host(host))
            .collect();
        mesh.decisions = decisions.into_iter().flatten().collect();
        mesh
    }

    /// Links the parts of a mesh and decides nothing yet.
    fn link(name: String, mut parts: Parts, config: Config) -> Self {
        // What is built takes the workloads and rules out of the parts; other orders of creation need them again.
        let whole = parts.clone();
        let workloads = workloads::place(&mut parts, &config);
        let registry = Registry::build(&parts, &config, &workloads);
        let rules = RuleIndex::build(std::mem::take(&mut parts.rules), &config);
        let policies = PolicyIndex::build(&parts.peer_authentications, &config);
        let legacy = LegacyIndex::build(&parts.authentication_policies, &config);
        let scopes = Scopes::build(&parts, &config);
        let clients = Clients::build(&workloads, &rules, &scopes, &config);
        Self {
            name,
            parts: whole,
            config,
            workloads,
            registry,
            rules,
            policies,
            legacy,
            scopes,
            clients,
            decisions: Vec::new(),
            alternatives: Alternatives::default(),
            splits: Splits::default(),
        }
    }

    /// The name of the mesh.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// All decisions, by hostname.
    pub(crate) fn decisions(&self) -> &[Decision] {
        &self.decisions
    }
}
