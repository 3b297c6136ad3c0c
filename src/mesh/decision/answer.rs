//! What a client sends to the endpoints of a destination: its scope, the rule in force, its cluster (semantics 0.2).

use std::sync::Arc;

use super::{Answer, EndpointDecision, Question};
use crate::mesh::Mesh;
use crate::mesh::auto_mtls::{Cluster, ClusterTls, Sends, Target};
use crate::mesh::client::Selection;
use crate::mesh::evidence::{Recorder, Topic, derived, stated};
use crate::mesh::services::{Endpoint, EndpointOwner, Resolution};
use crate::mesh::traffic_policy::EffectivePolicy;
use crate::mesh::verdict::verdict;
use crate::mesh::workloads::ProxyKind;
use crate::object::Namespace;
use crate::resource::OutboundMode;

impl Mesh {
    /// What a client sends, and what the endpoints accept.
    pub(in crate::mesh) fn answer(&self, q: Question<'_>, recorder: &mut impl Recorder) -> Answer {
        let nothing = Selection {
            entry: None,
            step: None,
        };
        match q.client.proxy_towards(q.port.number) {
            ProxyKind::None => {
                self.record_bypass(q, recorder);
                let endpoints =
                    self.all_endpoints(q, |_, _| Sends::Plaintext, ClusterTls::None, recorder);
                Answer {
                    selection: nothing,
                    tls: ClusterTls::None,
                    endpoints,
                }
            }
            ProxyKind::Ztunnel => {
                let sends = |endpoint: &Endpoint, recorder: &mut _| {
                    let takes = self.takes_tunnel(endpoint);
                    record_ztunnel(takes, recorder);
                    if takes {
                        Sends::Hbone
                    } else {
                        Sends::Plaintext
                    }
                };
                let endpoints = self.all_endpoints(q, sends, ClusterTls::None, recorder);
                Answer {
                    selection: nothing,
                    tls: ClusterTls::None,
                    endpoints,
                }
            }
            ProxyKind::Sidecar | ProxyKind::Gateway if !q.visible => self.hidden(q, recorder),
            ProxyKind::Sidecar | ProxyKind::Gateway => self.through_envoy(q, recorder),
        }
    }

    /// Says why a sidecar is passed by, if the client has one.
    fn record_bypass(&self, q: Question<'_>, recorder: &mut impl Recorder) {
        if q.client.proxy == ProxyKind::None {
            return;
        }
        let mut members = q.client.workloads.iter();
        let workload = members.find_map(|&id| self.workloads.get(id as usize));
        let port = q.port.number;
        if let Some(workload) = workload {
            let listed = workload.bypassed_ports.iter().find(|one| one.0 == port);
            recorder.about(|| Topic::Client);
            recorder.record(|| {
                stated(
                    format!("`excludeOutboundPorts` lets calls to port {port} bypass the sidecar"),
                    listed.map_or(workload.resource.meta.place(), |one| one.1),
                    workload.id(),
                )
            });
        }
    }

    /// A host outside the client's scope: passed through in clear, or blocked.
    fn hidden(&self, q: Question<'_>, recorder: &mut impl Recorder) -> Answer {
        let selection = Selection {
            entry: None,
            step: None,
        };
        let scope = q.client.scope();
        recorder.about(|| Topic::Visibility);
        if !q.visible {
            self.scopes.record_hidden(&scope, q.service.1, recorder);
            self.record_shared_scope(q, recorder);
        }
        match self.scopes.outbound(&scope, &self.config, recorder) {
            OutboundMode::RegistryOnly => Answer {
                selection,
                tls: ClusterTls::Blackhole,
                endpoints: Vec::new(),
            },
            OutboundMode::AllowAny => {
                let tls = ClusterTls::NotVisible;
                let endpoints = self.all_endpoints(q, |_, _| Sends::Plaintext, tls, recorder);
                Answer {
                    selection,
                    tls,
                    endpoints,
                }
            }
        }
    }

    fn through_envoy(&self, q: Question<'_>, recorder: &mut impl Recorder) -> Answer {
        let (_, service) = q.service;
        if recorder.keeps() {
            recorder.about(|| Topic::Visibility);
            let scope = q.client.scope();
            self.scopes
                .record_visible(&scope, q.host, &self.registry, &self.config, recorder);
            self.record_shared_scope(q, recorder);
        }
        recorder.about(|| Topic::Rule);
        let address = (q.host, &service.namespace);
        let selection =
            self.rules
                .select(&q.client.namespace, &q.client.labels, address, &self.config);
        self.answer_under(q, selection, recorder)
    }

    /// What clients do with a rule, be it the one in force or not.
    pub(super) fn answer_under(
        &self,
        q: Question<'_>,
        selection: Selection,
        recorder: &mut impl Recorder,
    ) -> Answer {
        let (_, service) = q.service;
        let is_dns = matches!(
            service.resolution,
            Resolution::Dns | Resolution::DnsRoundRobin
        );
        if is_dns && self.registry.endpoints(service, q.port).next().is_none() {
            recorder.record(|| derived("a DNS service without endpoints has no cluster"));
            return self.hidden(q, recorder);
        }
        self.record_selection(selection, q, recorder);
        let entry = selection.entry.map(|id| self.rules.entry(id));
        // A dynamic forward proxy has no clusters for subsets, whatever the rule defines.
        let has_no_subsets = service.resolution == Resolution::DynamicDns && q.subset.is_some();
        let policy = match entry.filter(|_| !has_no_subsets) {
            Some(entry) => EffectivePolicy::of(
                &self.rules,
                entry,
                q.port,
                q.subset,
                self.config.version.value,
            ),
            None => q.subset.is_none().then(EffectivePolicy::none),
        };
        let Some(policy) = policy else {
            recorder.record(|| {
                if has_no_subsets {
                    let text = format!(
                        "{} is resolved per request and has no subsets",
                        service.object
                    );
                    return stated(text, service.place, &service.object);
                }
                let subset = q.subset.unwrap_or_default();
                match entry.map(|entry| &self.rules.base(entry).meta) {
                    Some(rule) => stated(
                        format!(
                            "{} does not define subset `{subset}`, so it has no cluster",
                            rule.id
                        ),
                        rule.place(),
                        &rule.id,
                    ),
                    None => derived(format!(
                        "no rule is there to define subset `{subset}`, so it has no cluster"
                    )),
                }
            });
            return Answer {
                selection,
                tls: ClusterTls::NoCluster,
                endpoints: Vec::new(),
            };
        };
        let target = Target {
            service,
            port: q.port,
            proxy: q.client.proxy,
            rule_has_selector: entry
                .is_some_and(|e| self.rules.base(e).workload_selector.is_some()),
            has_rule: entry.is_some(),
        };
        recorder.about(|| Topic::Cluster);
        if let Some(entry) = entry.filter(|entry| entry.policy.is_none()) {
            recorder.record(|| {
                let rule = self.rules.base(entry);
                let text = format!("{} has no `trafficPolicy`", rule.meta.id);
                stated(text, rule.meta.place(), &rule.meta.id)
            });
        }
        let cluster = self.cluster(target, &policy, recorder);
        let endpoints = self.cluster_endpoints(q, cluster, &policy, recorder);
        if is_dns && endpoints.is_empty() && !cluster.original_dst {
            return Answer {
                selection,
                tls: ClusterTls::NoCluster,
                endpoints,
            };
        }
        Answer {
            selection,
            tls: cluster.tls,
            endpoints,
        }
    }

    /// The endpoints of a cluster: all where it goes to the original destination, else those of the subset.
    fn cluster_endpoints(
        &self,
        q: Question<'_>,
        cluster: Cluster,
        policy: &EffectivePolicy<'_>,
        recorder: &mut impl Recorder,
    ) -> Vec<EndpointDecision> {
        let (_, service) = q.service;
        let forgets = self.config.version.value.forgets_namespace_of_subset();
        let nowhere = Namespace::new("");
        let owner = if forgets {
            &nowhere
        } else {
            &service.namespace
        };
        let subset = q.subset.and_then(|name| {
            let (namespace, labels) = (&q.client.namespace, &q.client.labels);
            let selection = self
                .rules
                .select(namespace, labels, (q.host, owner), &self.config);
            self.rules.subset(self.rules.entry(selection.entry?), name)
        });
        let is_eds = !cluster.original_dst
            && !matches!(
                service.resolution,
                Resolution::Dns | Resolution::DnsRoundRobin
            );
        let mut out = Vec::new();
        for endpoint in self.registry.endpoints(service, q.port) {
            if !cluster.original_dst {
                let in_subset =
                    subset.is_none_or(|(_, subset)| subset.labels.selects(&endpoint.labels));
                if !in_subset || (is_eds && endpoint.has_dns_name && endpoint.port != 0) {
                    continue;
                }
            }
            recorder.about(|| Topic::Sends(endpoint.key()));
            let sends = self.sends(cluster, policy, endpoint, recorder);
            out.push(self.endpoint(q, endpoint, sends, cluster.tls, recorder));
        }
        sort(&mut out);
        out
    }

    fn all_endpoints<R: Recorder>(
        &self,
        q: Question<'_>,
        sends: impl Fn(&Endpoint, &mut R) -> Sends,
        tls: ClusterTls,
        recorder: &mut R,
    ) -> Vec<EndpointDecision> {
        let mut out = Vec::new();
        for endpoint in self.registry.endpoints(q.service.1, q.port) {
            recorder.about(|| Topic::Sends(endpoint.key()));
            let sent = sends(endpoint, recorder);
            out.push(self.endpoint(q, endpoint, sent, tls, recorder));
        }
        sort(&mut out);
        out
    }

    fn endpoint(
        &self,
        q: Question<'_>,
        endpoint: &Endpoint,
        sends: Sends,
        tls: ClusterTls,
        recorder: &mut impl Recorder,
    ) -> EndpointDecision {
        recorder.about(|| Topic::Accepts(endpoint.key()));
        let accepts = self.accepts(q, endpoint, recorder);
        let workload = match &endpoint.owner {
            EndpointOwner::Workload(id) => Some(*id),
            EndpointOwner::Address(_) | EndpointOwner::Group(_) => None,
        };
        let verdict = verdict(sends, tls, accepts, q.port.class);
        EndpointDecision {
            label: Arc::clone(&endpoint.label),
            workload,
            port: endpoint.port,
            sends,
            accepts,
            verdict,
        }
    }
}

/// Why ztunnel sends what it sends.
fn record_ztunnel(takes_tunnel: bool, recorder: &mut impl Recorder) {
    recorder.record(|| {
        derived(if takes_tunnel {
            "ztunnel sends HBONE to what takes it"
        } else {
            "the endpoint does not take HBONE, so ztunnel passes on what the application wrote"
        })
    });
}

fn sort(endpoints: &mut [EndpointDecision]) {
    endpoints.sort_by(|a, b| a.label.cmp(&b.label).then(a.port.cmp(&b.port)));
}
