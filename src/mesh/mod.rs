//! The policy graph: a mesh built once from resources, immutable, and every decision about its traffic.

mod ambient;
mod auto_mtls;
mod client;
mod clients;
mod config;
mod decision;
mod evidence;
mod legacy;
mod matrix;
mod parts;
mod server;
mod services;
mod sidecar_scope;
mod traffic_policy;
mod version;
mod workloads;

use rayon::prelude::*;

use crate::resource::{Fqdn, Resource};

pub use auto_mtls::{ClusterTls, Sends};
pub use config::Settings;
pub use decision::{Accepts, Destination, Verdict};
pub use matrix::{Matrix, MatrixEndpoint, MatrixPair};
pub use version::IstioVersion;
pub use workloads::ProxyKind;

use client::RuleIndex;
use clients::Clients;
use config::Config;
use decision::Decision;
use legacy::LegacyIndex;
use parts::Parts;
use server::PolicyIndex;
use services::Registry;
use sidecar_scope::Scopes;
use workloads::MeshWorkload;

/// One mesh: its configuration, workloads, services, rules and policies, and all decisions.
#[derive(Debug)]
pub struct Mesh {
    name: String,
    pub(crate) config: Config,
    pub(crate) workloads: Vec<MeshWorkload>,
    pub(crate) registry: Registry,
    pub(crate) rules: RuleIndex,
    pub(crate) policies: PolicyIndex,
    pub(crate) legacy: LegacyIndex,
    pub(crate) scopes: Scopes,
    pub(crate) clients: Clients,
    decisions: Vec<Decision>,
}

impl Mesh {
    /// Builds a mesh and decides all its traffic.
    pub fn build(name: impl Into<String>, resources: Vec<Resource>, settings: &Settings) -> Self {
        let mut parts = Parts::new(resources);
        let config = Config::build(&parts, settings);
        parts.keep_discovered(&config);
        legacy::add_charted(&mut parts, &config);
        let workloads = workloads::place(&mut parts, &config);
        let registry = Registry::build(&parts, &config, &workloads);
        let rules = RuleIndex::build(std::mem::take(&mut parts.rules), &config);
        let policies = PolicyIndex::build(&parts.peer_authentications, &config);
        let legacy = LegacyIndex::build(&parts.authentication_policies, &config);
        let scopes = Scopes::build(&parts, &config);
        let clients = Clients::build(&workloads, &rules, &scopes, &config);
        let mut mesh = Self {
            name: name.into(),
            config,
            workloads,
            registry,
            rules,
            policies,
            legacy,
            scopes,
            clients,
            decisions: Vec::new(),
        };
        let hosts: Vec<&Fqdn> = mesh.registry.hosts().map(|(host, _)| host).collect();
        let decisions: Vec<Vec<Decision>> = hosts
            .par_iter()
            .map(|host| mesh.decide_host(host))
            .collect();
        mesh.decisions = decisions.into_iter().flatten().collect();
        mesh
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
