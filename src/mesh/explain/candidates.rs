//! Which changes are tried: those that a person who knows Istio would think of.

use super::OtherRule;
use super::objects::{empty_subset, is_charted, new_rule, set_permissive, set_tls};
use super::remedy::{Change, TlsBlock, Trial};
use crate::mesh::Mesh;
use crate::mesh::auto_mtls::{ClusterTls, Sends};
use crate::mesh::client::RuleId;
use crate::mesh::decision::Question;
use crate::mesh::legacy::LegacyIndex;
use crate::mesh::server::PolicyIndex;
use crate::mesh::services::{Endpoint, EndpointOwner};
use crate::mesh::sidecar_scope::is_visible;
use crate::mesh::traffic_policy::{EffectivePolicy, Flat, Level};
use crate::mesh::verdict::Accepts;
use crate::mesh::workloads::{EndpointTls, MeshWorkload, ProxyKind, TLS_MODE};
use crate::object::Namespace;
use crate::resource::{Labels, LegacyMtlsMode, MtlsMode, Peer, PeerAuthentication, TlsMode};

/// How many policies and endpoints are tried one by one.
const LIMIT: usize = 20;

impl Trial<'_> {
    /// Makes the service visible.
    pub(super) fn try_visibility(&mut self) {
        let service = self.q.service.1;
        let scope = self.q.client.scope();
        let has_envoy = self.before.has_envoy();
        if !has_envoy || self.q.visible {
            return;
        }
        let namespace = self.q.client.namespace.clone();
        let change = if !is_visible(service, &namespace, &self.mesh.config) {
            let list = service.export_to.as_ref().map(|list| list.place);
            Change::ExportService {
                service: service.object.clone(),
                namespace,
                place: list.unwrap_or(service.place),
            }
        } else if let Some(id) = scope.sidecar {
            let sidecar = &self.mesh.scopes.sidecar(id).meta;
            Change::ImportService {
                sidecar: sidecar.id.clone(),
                namespace: service.namespace.clone(),
                host: service.host.clone(),
                place: sidecar.place(),
            }
        } else {
            return;
        };
        let q = Question {
            visible: true,
            ..self.q
        };
        self.offer_for(self.mesh, q, self.q.client, change);
    }

    /// Writes hosts in full that never mean the service as they are.
    pub(super) fn try_hosts(&mut self, others: &[OtherRule]) {
        let host = self.q.host;
        for other in others.iter().filter(|other| other.why.is_about_host()) {
            let variant = self
                .mesh
                .with_rule(other.id, |rule| rule.host.value = host.as_str().into());
            let change = Change::WriteHost {
                rule: other.object.clone(),
                host: host.clone(),
                place: other.place,
            };
            self.offer(&variant, change);
        }
    }

    /// Sets the tls of the rule in force, or defines the subset it lacks.
    pub(super) fn try_rule_in_force(&mut self) {
        let Some(entry) = self.before.selection.entry else {
            return;
        };
        let rules = &self.mesh.rules;
        let entry = rules.entry(entry);
        let Some(&base) = entry.from.first() else {
            return;
        };
        if is_charted(rules.rule(base)) {
            return;
        }
        if self.before.tls == ClusterTls::NoCluster {
            self.try_subset(base, entry.subsets.iter().copied());
            return;
        }
        let version = self.mesh.config.version.value;
        let policy = EffectivePolicy::of(rules, entry, self.q.port, self.q.subset, version);
        let Some(policy) = policy else { return };
        let mut blocks: Vec<Flat<'_>> = policy.merged.into_iter().collect();
        for pass in policy.passes.iter().rev() {
            if blocks.iter().all(|block| block.place != pass.place) {
                blocks.push(*pass);
            }
        }
        for mode in self.modes() {
            // What a wildcard says for all hosts is not changed for one that has no proxy.
            if mode == TlsMode::Disable && rules.host(base).is_wildcard() {
                continue;
            }
            if blocks.is_empty() {
                self.try_block(base, None, mode);
            }
            for block in &blocks {
                self.try_block(block.rule, Some(block), mode);
                if self.has_encrypted() {
                    return;
                }
            }
        }
    }

    /// The modes that may help: mutual TLS, or none where the server cannot take it.
    fn modes(&self) -> Vec<TlsMode> {
        let refused_mtls = self.before.endpoints.iter().any(|endpoint| {
            let takes_none = matches!(endpoint.accepts, Accepts::NoProxy | Accepts::Disable);
            endpoint.sends != Sends::Plaintext && takes_none
        });
        if refused_mtls {
            vec![TlsMode::Disable]
        } else {
            vec![TlsMode::IstioMutual]
        }
    }

    fn try_block(&mut self, id: RuleId, block: Option<&Flat<'_>>, mode: TlsMode) {
        let rule = self.mesh.rules.rule(id);
        let level = block.map_or(Level::Rule, |block| block.level);
        let tls = block.and_then(|block| block.tls);
        let place = match (block, tls) {
            (_, Some(tls)) => tls.mode_place.unwrap_or(tls.place),
            (Some(block), None) => block.place,
            (None, None) => rule.host.place,
        };
        let subset = self.q.subset;
        let block_place = block.map(|block| block.place);
        let variant = self.mesh.with_rule(id, |rule| {
            set_tls(rule, level, block_place, subset, mode);
        });
        let change = Change::SetTls {
            rule: rule.meta.id.clone(),
            block: TlsBlock {
                level,
                port: self.q.port.number,
                subset: subset.map(Into::into),
                exists: block.is_some(),
            },
            mode,
            instead_of: tls.map(|tls| tls.mode),
            place,
        };
        self.offer(&variant, change);
    }

    fn try_subset(&mut self, base: RuleId, defined: impl Iterator<Item = (RuleId, u32)>) {
        let Some(name) = self.q.subset else { return };
        let rule = self.mesh.rules.rule(base);
        let rules = &self.mesh.rules;
        let names = defined.filter_map(|(id, position)| {
            let subset = rules.rule(id).subsets.get(position as usize)?;
            Some(subset.name.value.clone())
        });
        let names: Vec<Box<str>> = names.collect();
        let place = rule.host.place;
        let variant = self
            .mesh
            .with_rule(base, |rule| rule.subsets.push(empty_subset(name, place)));
        let change = Change::DefineSubset {
            rule: rule.meta.id.clone(),
            subset: name.into(),
            defined: names,
            place,
        };
        self.offer(&variant, change);
    }

    /// Adds a rule for the host: in the service's namespace, else in the client's.
    pub(super) fn try_new_rule(&mut self) {
        let rules = &self.mesh.rules;
        let winner = self.before.selection.entry.map(|id| rules.entry(id));
        let is_specific = winner
            .and_then(|entry| entry.from.first())
            .is_some_and(|&id| {
                let is_charted = is_charted(rules.rule(id));
                !rules.host(id).is_wildcard() && !is_charted
            });
        if is_specific || !self.q.visible || self.before.proxy == ProxyKind::None {
            return;
        }
        let service = self.q.service.1;
        let place = service.place;
        for mode in self.modes() {
            let word = match mode {
                TlsMode::Disable => "plaintext",
                TlsMode::Simple | TlsMode::Mutual | TlsMode::IstioMutual => "mtls",
            };
            let short = self.q.host.as_str().split('.').next().unwrap_or_default();
            let name = format!("{}-{word}", short.trim_start_matches('*'));
            for namespace in [&service.namespace, &self.q.client.namespace] {
                let mut rule = new_rule(namespace, &name, self.q.host.as_str(), mode, place);
                let subset = self.q.subset.map(|name| empty_subset(name, place));
                rule.subsets.extend(subset);
                let variant = self.mesh.with_rules(|rules| rules.push(rule));
                let before = self.count();
                let change = Change::AddRule {
                    namespace: namespace.clone(),
                    name: name.clone(),
                    host: self.q.host.clone(),
                    mode,
                    subset: self.q.subset.map(Into::into),
                };
                self.offer(&variant, change);
                if self.count() > before {
                    return;
                }
            }
        }
    }

    /// Gives the client a sidecar.
    pub(super) fn try_client(&mut self) {
        let Some(workload) = self.mesh.workloads.get(self.client as usize) else {
            return;
        };
        let is_possible = workload.resource.host_network.is_none();
        if workload.proxy != ProxyKind::None || !is_possible {
            return;
        }
        let mut group = self.q.client.clone();
        group.proxy = ProxyKind::Sidecar;
        group.sidecar = self.mesh.scopes.sidecar_of(&group.namespace, &group.labels);
        let Some((imported, visible)) = self.mesh.service_for(&group, self.q.host) else {
            return;
        };
        let service = self.mesh.registry.service(imported.service);
        let q = Question {
            service: (imported.service, service),
            visible,
            ..self.q
        };
        let change = Change::AddSidecar {
            workload: workload.id().clone(),
            place: workload.resource.meta.place(),
        };
        let variant = self.mesh.with_sidecar(self.client);
        self.offer_for(&variant, q, &group, change);
    }

    /// Gives endpoints what they lack for mutual TLS: a sidecar, the label, a port that is captured.
    pub(super) fn try_endpoints(&mut self) {
        let endpoints: Vec<&Endpoint> = self
            .mesh
            .registry
            .endpoints(self.q.service.1, self.q.port)
            .take(LIMIT)
            .collect();
        for endpoint in endpoints {
            let EndpointOwner::Workload(id) = endpoint.owner else {
                continue;
            };
            let Some(workload) = self.mesh.workloads.get(id as usize) else {
                continue;
            };
            if let Some((change, variant)) = self.repaired(id, workload, endpoint) {
                self.offer(&variant, change);
            }
        }
    }

    /// A mesh in which a workload takes mutual TLS.
    fn repaired(
        &self,
        id: u32,
        workload: &MeshWorkload,
        endpoint: &Endpoint,
    ) -> Option<(Change, Mesh)> {
        let object = workload.id().clone();
        let place = workload.resource.meta.place();
        let mut variant = self.mesh.variant();
        let change = match workload.proxy {
            ProxyKind::None if workload.resource.host_network.is_none() => {
                variant = self.mesh.with_sidecar(id);
                Change::AddSidecar {
                    workload: object,
                    place,
                }
            }
            ProxyKind::Sidecar => {
                if let Some(place) = workload.exclusion(endpoint.port) {
                    let changed = variant.workloads.get_mut(id as usize)?;
                    changed
                        .excluded_ports
                        .retain(|(port, _)| *port != endpoint.port);
                    Change::CapturePort {
                        workload: object,
                        port: endpoint.port,
                        place,
                    }
                } else if endpoint.tls == EndpointTls::Istio {
                    return None;
                } else {
                    variant.registry = self.mesh.registry.with_mtls(id);
                    let label = workload.labels.spanned(TLS_MODE);
                    Change::LabelEndpoints {
                        workload: object,
                        place: label.map_or(workload.resource.template, |label| label.place),
                    }
                }
            }
            ProxyKind::None | ProxyKind::Gateway | ProxyKind::Ztunnel => return None,
        };
        Some((change, variant))
    }

    /// Turns auto mTLS on.
    pub(super) fn try_auto_mtls(&mut self) {
        let config = &self.mesh.config;
        if config.auto_mtls.value || !config.version.value.has_auto_mtls() {
            return;
        }
        let mut variant = self.mesh.variant();
        variant.config.auto_mtls.value = true;
        let place = config.auto_mtls.fact.place;
        self.offer(&variant, Change::TurnOnAutoMtls { place });
    }

    /// Lets the policies of the endpoints and of the service accept both.
    pub(super) fn try_policies(&mut self) {
        self.try_peer_authentications();
        self.try_legacy_policies();
    }

    fn try_peer_authentications(&mut self) {
        let mesh = self.mesh;
        let config = &mesh.config;
        let near = |namespace: &Namespace| {
            *namespace == config.root_namespace.value
                || *namespace == self.q.service.1.namespace
                || self.is_of_endpoint(namespace)
        };
        let all = mesh.policies.policies().iter().enumerate();
        let relevant: Vec<(usize, &PeerAuthentication)> = all
            .filter(|(_, policy)| near(&policy.meta.namespace))
            .take(LIMIT)
            .collect();
        for (position, policy) in relevant {
            let ports = policy
                .ports
                .iter()
                .map(|port| (Some(port.port.value), port.mode));
            for (port, mode) in std::iter::once((None, policy.mode)).chain(ports) {
                if !matches!(mode, MtlsMode::Strict | MtlsMode::Disable) {
                    continue;
                }
                let mut policies = mesh.policies.policies().to_vec();
                let Some(changed) = policies.get_mut(position) else {
                    continue;
                };
                let place = set_permissive(changed, port);
                let mut variant = mesh.variant();
                variant.policies = PolicyIndex::build(&policies, config);
                let change = Change::AcceptBoth {
                    policy: policy.meta.id.clone(),
                    port,
                    place,
                };
                self.offer(&variant, change);
            }
        }
    }

    fn is_of_endpoint(&self, namespace: &Namespace) -> bool {
        let mut endpoints = self.mesh.registry.endpoints(self.q.service.1, self.q.port);
        endpoints.any(|endpoint| endpoint.namespace == *namespace)
    }

    fn try_legacy_policies(&mut self) {
        let (mesh, q) = (self.mesh, self.q);
        let labels = Labels::default();
        let Some(policy) = mesh
            .legacy
            .policy(q.service.1, q.port, &labels, &mesh.config)
        else {
            return;
        };
        let mut policies = mesh.legacy.policies().to_vec();
        let same = policies.iter_mut().filter(|p| p.meta.id == policy.meta.id);
        for peer in same.flat_map(|policy| &mut policy.peers) {
            if let Peer::Mtls { mode, .. } = peer {
                *mode = LegacyMtlsMode::Permissive;
            }
        }
        let mut variant = mesh.variant();
        variant.legacy = LegacyIndex::build(&policies, &mesh.config);
        let change = Change::AcceptBoth {
            policy: policy.meta.id.clone(),
            port: None,
            place: policy.peers_place,
        };
        self.offer(&variant, change);
    }
}
