//! Decisions: what a class of clients sends to a destination, what it accepts, and what comes of it (semantics 0.2, 7).

use std::sync::Arc;

use super::Mesh;
use super::ambient;
use super::auto_mtls::{Cluster, ClusterTls, Sends, Target};
use super::client::{RuleId, Selection, Step};
use super::clients::{ClientClass, ClientGroup};
use super::evidence::{Evidence, NoEvidence, Recorder, Topic, derived, stated};
use super::legacy::LegacyIndex;
use super::server::ServerMode;
use super::services::{Endpoint, EndpointOwner, Port, Resolution, Service, ServiceId};
use super::sidecar_scope::Imported;
use super::traffic_policy::EffectivePolicy;
use super::verdict::{Accepts, Verdict, verdict, worst};
use super::version::LookupStyle;
use super::workloads::{EndpointTls, MeshWorkload, ProxyKind};
use crate::diagnostic::Fact;
use crate::object::Namespace;
use crate::resource::{Fqdn, OutboundMode};

/// A destination: hostname, port, subset.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Destination {
    /// The hostname.
    pub host: Fqdn,
    /// The service port.
    pub port: u16,
    /// The subset; none for the destination as a whole.
    pub subset: Option<Box<str>>,
}

/// The decision for one endpoint.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) struct EndpointDecision {
    /// `Kind/namespace/name`, or `address/namespace/address`.
    pub(crate) label: Arc<str>,
    /// The workload, if it is one.
    pub(crate) workload: Option<u32>,
    /// The port traffic arrives at.
    pub(crate) port: u16,
    /// What it is sent.
    pub(crate) sends: Sends,
    /// What it accepts.
    pub(crate) accepts: Accepts,
    /// What comes of it.
    pub(crate) verdict: Verdict,
}

/// The decision for a class of clients and a destination.
#[derive(Clone, Debug)]
pub(crate) struct Decision {
    /// The clients.
    pub(crate) clients: ClientClass,
    /// The kind of proxy of these clients.
    pub(crate) proxy: ProxyKind,
    /// The destination.
    pub(crate) destination: Destination,
    /// The service that the clients mean by the hostname.
    pub(crate) service: ServiceId,
    /// The rule in force.
    pub(crate) selection: Selection,
    /// What the clients' cluster is set to.
    pub(crate) tls: ClusterTls,
    /// The endpoints, sorted.
    pub(crate) endpoints: Vec<EndpointDecision>,
    /// The worst of the endpoints.
    pub(crate) verdict: Verdict,
    /// Whether the endpoints differ.
    pub(crate) partial: bool,
}

impl Decision {
    /// Whether a workload is among the endpoints.
    pub(crate) fn is_target(&self, workload: u32) -> bool {
        self.endpoints
            .iter()
            .any(|endpoint| endpoint.workload == Some(workload))
    }
}

/// What is being decided.
#[derive(Clone, Copy)]
pub(super) struct Question<'a> {
    /// The client.
    pub(super) client: &'a ClientGroup,
    /// The hostname.
    pub(super) host: &'a Fqdn,
    /// The service that the client means by it.
    pub(super) service: (ServiceId, &'a Service),
    /// Whether the client sees it.
    pub(super) visible: bool,
    /// The port.
    pub(super) port: &'a Port,
    /// The subset.
    pub(super) subset: Option<&'a str>,
}

/// What a question is answered with, before the verdict.
pub(super) struct Answer {
    /// The rule in force.
    pub(super) selection: Selection,
    /// What the client's cluster is set to.
    pub(super) tls: ClusterTls,
    /// The endpoints, sorted.
    pub(super) endpoints: Vec<EndpointDecision>,
}

impl Mesh {
    /// All decisions about one hostname: every class of clients, port and subset.
    pub(super) fn decide_host(&self, host: &Fqdn) -> Vec<Decision> {
        let subsets = self.subset_names(host);
        let mut out = Vec::new();
        for class in self
            .clients
            .classes(host, &self.registry, &self.rules, &self.config)
        {
            let Some(client) = self.clients.representative(&class) else {
                continue;
            };
            let Some((imported, visible)) = self.service_for(client, host) else {
                continue;
            };
            let service = self.registry.service(imported.service);
            if service.resolution == Resolution::Alias {
                continue;
            }
            let numbers: Vec<u16> = imported
                .ports
                .unwrap_or_else(|| service.ports.iter().map(|port| port.number).collect());
            let mut seen = Vec::with_capacity(numbers.len());
            for number in numbers {
                let Some(port) = self
                    .registry
                    .port(service, number)
                    .filter(|port| port.is_tcp)
                else {
                    continue;
                };
                if seen.contains(&number) {
                    continue;
                }
                seen.push(number);
                for subset in std::iter::once(None).chain(subsets.iter().map(|name| Some(&**name)))
                {
                    let question = Question {
                        client,
                        host,
                        service: (imported.service, service),
                        visible,
                        port,
                        subset,
                    };
                    let answer = self.answer(question, &mut NoEvidence);
                    out.push(Self::conclude(question, answer, class.clone()));
                }
            }
        }
        out
    }

    /// Why a decision is as it is: every fact in order.
    pub(crate) fn evidence(&self, decision: &Decision) -> Vec<Fact> {
        let mut evidence = Evidence::default();
        if let Some(client) = self.clients.representative(&decision.clients)
            && let Some((imported, visible)) = self.service_for(client, &decision.destination.host)
        {
            let service = self.registry.service(imported.service);
            if let Some(port) = self.registry.port(service, decision.destination.port) {
                let question = Question {
                    client,
                    host: &decision.destination.host,
                    service: (imported.service, service),
                    visible,
                    port,
                    subset: decision.destination.subset.as_deref(),
                };
                // A workload that calls itself is the least telling client.
                let other = client.workloads.iter().find(|&&id| !decision.is_target(id));
                let sample = other.or(client.workloads.first()).copied();
                self.record_question(question, sample, &mut evidence);
                self.answer(question, &mut evidence);
            }
        }
        evidence.into_facts()
    }

    /// The decision that the same clients would get if a certain rule were in force.
    pub(super) fn decide_with(
        &self,
        decision: &Decision,
        selection: Selection,
    ) -> Option<Decision> {
        let client = self.clients.representative(&decision.clients)?;
        let (imported, visible) = self.service_for(client, &decision.destination.host)?;
        let service = self.registry.service(imported.service);
        let question = Question {
            client,
            host: &decision.destination.host,
            service: (imported.service, service),
            visible,
            port: self.registry.port(service, decision.destination.port)?,
            subset: decision.destination.subset.as_deref(),
        };
        let answer = self.answer_under(question, selection, &mut NoEvidence);
        Some(Self::conclude(question, answer, decision.clients.clone()))
    }

    /// Why an endpoint of a decision accepts what it accepts.
    pub(crate) fn evidence_of_endpoint(
        &self,
        decision: &Decision,
        endpoint: &EndpointDecision,
    ) -> Vec<Fact> {
        let mut evidence = Evidence::default();
        let service = self.registry.service(decision.service);
        let port = self.registry.port(service, decision.destination.port);
        if let (Some(client), Some(port)) = (self.clients.representative(&decision.clients), port) {
            let question = Question {
                client,
                host: &decision.destination.host,
                service: (decision.service, service),
                visible: true,
                port,
                subset: None,
            };
            let all = self.registry.endpoints(service, port);
            let is_same = |other: &&Endpoint| match &other.owner {
                EndpointOwner::Workload(id) => endpoint.workload == Some(*id),
                EndpointOwner::Address(name) | EndpointOwner::Group(name) => {
                    endpoint.workload.is_none() && endpoint.label.ends_with(&**name)
                }
            };
            for other in all
                .filter(is_same)
                .filter(|other| other.port == endpoint.port)
            {
                self.accepts(question, other, &mut evidence);
            }
        }
        evidence.into_facts()
    }

    /// What is known before the question is answered: the mesh, the client, the service.
    pub(super) fn record_question(
        &self,
        q: Question<'_>,
        client: Option<u32>,
        recorder: &mut impl Recorder,
    ) {
        recorder.record(|| self.config.version.fact.clone());
        recorder.about(|| Topic::Client);
        if let Some(workload) = client.and_then(|id| self.workloads.get(id as usize)) {
            recorder.record(|| workload.proxy_fact.clone());
        }
        recorder.about(|| Topic::Service);
        recorder.record(|| {
            let (_, service) = q.service;
            let text = format!(
                "`{}` is {}, port {}",
                service.host, service.object, q.port.number
            );
            stated(text, service.place, &service.object)
        });
    }

    /// The service a client means, and whether it sees it. A client that does not see any still reaches one: its address is
    /// what the DNS of the cluster says, which knows Kubernetes Services alone.
    pub(super) fn service_for(
        &self,
        client: &ClientGroup,
        host: &Fqdn,
    ) -> Option<(Imported, bool)> {
        let has_envoy = matches!(client.proxy, ProxyKind::Sidecar | ProxyKind::Gateway);
        if has_envoy
            && let Some(imported) =
                self.scopes
                    .import(&client.scope(), host, &self.registry, &self.config)
        {
            return Some((imported, true));
        }
        let all = self.registry.of_host(host);
        let kubernetes = all
            .iter()
            .find(|&&id| self.registry.service(id).is_kubernetes);
        let own = all
            .iter()
            .find(|&&id| self.registry.service(id).namespace == client.namespace);
        let service = *kubernetes.or(own).or(all.first())?;
        Some((
            Imported {
                service,
                ports: None,
            },
            false,
        ))
    }

    /// The subsets that any rule covering a host defines.
    fn subset_names(&self, host: &Fqdn) -> Vec<Box<str>> {
        let rules = self
            .rules
            .covering(host)
            .into_iter()
            .map(|id| self.rules.rule(id));
        let mut names: Vec<Box<str>> = rules
            .flat_map(|rule| rule.subsets.iter().map(|subset| subset.name.value.clone()))
            .collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// What a client sends, and what the endpoints accept.
    pub(super) fn answer(&self, q: Question<'_>, recorder: &mut impl Recorder) -> Answer {
        let nothing = Selection {
            entry: None,
            step: None,
        };
        match q.client.proxy {
            ProxyKind::None => {
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
        }
        recorder.about(|| Topic::Rule);
        let address = (q.host, &service.namespace);
        let selection =
            self.rules
                .select(&q.client.namespace, &q.client.labels, address, &self.config);
        self.answer_under(q, selection, recorder)
    }

    /// What clients do with a rule, be it the one in force or not.
    fn answer_under(
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

    /// What an endpoint accepts.
    fn accepts(
        &self,
        q: Question<'_>,
        endpoint: &Endpoint,
        recorder: &mut impl Recorder,
    ) -> Accepts {
        let Some(workload) = self.workload_of(endpoint) else {
            let has_proxy = endpoint.tls == EndpointTls::Istio;
            recorder.record(|| {
                let text = if has_proxy {
                    "the address is said to have a proxy"
                } else {
                    "the address is not known to have a proxy"
                };
                stated(text, endpoint.place, &endpoint.object)
            });
            if has_proxy {
                return self.sidecar_accepts(q, endpoint, recorder);
            }
            return Accepts::NoProxy;
        };
        recorder.record(|| workload.proxy_fact.clone());
        match workload.proxy {
            ProxyKind::None => Accepts::NoProxy,
            ProxyKind::Gateway => Accepts::Gateway,
            ProxyKind::Ztunnel => {
                let (namespace, labels) = (&endpoint.namespace, &endpoint.labels);
                let refuses = ambient::refuses_plaintext(
                    &self.policies,
                    namespace,
                    labels,
                    endpoint.port,
                    &self.config,
                    recorder,
                );
                if refuses {
                    Accepts::AmbientStrict
                } else {
                    Accepts::AmbientPermissive
                }
            }
            ProxyKind::Sidecar => {
                if let Some(place) = workload.exclusion(endpoint.port) {
                    recorder.record(|| {
                        let text = format!("port {} bypasses the proxy", endpoint.port);
                        stated(text, place, workload.id())
                    });
                    return Accepts::NoProxy;
                }
                self.sidecar_accepts(q, endpoint, recorder)
            }
        }
    }

    fn sidecar_accepts(
        &self,
        q: Question<'_>,
        endpoint: &Endpoint,
        recorder: &mut impl Recorder,
    ) -> Accepts {
        let version = self.config.version.value;
        let (namespace, labels) = (&endpoint.namespace, &endpoint.labels);
        let by_legacy = version.reads_legacy_policies()
            && !(version.reads_peer_authentication()
                && self.policies.applies_to(namespace, labels));
        let legacy = by_legacy
            .then(|| {
                self.legacy
                    .mode(q.service.1, q.port, labels, &self.config, recorder)
            })
            .flatten();
        let mode = match legacy {
            Some(mode) => mode,
            None if version.reads_peer_authentication() => {
                self.policies
                    .mode(namespace, labels, endpoint.port, &self.config, recorder)
            }
            None => LegacyIndex::without_policy(&self.config, recorder),
        };
        match mode {
            ServerMode::Disable => Accepts::Disable,
            ServerMode::Permissive => Accepts::Permissive,
            ServerMode::Strict => Accepts::Strict,
            ServerMode::AnyTls => Accepts::TlsWithoutClientCertificate,
        }
    }

    /// The workload behind an endpoint.
    pub(crate) fn workload_of(&self, endpoint: &Endpoint) -> Option<&MeshWorkload> {
        match &endpoint.owner {
            EndpointOwner::Workload(id) => self.workloads.get(*id as usize),
            EndpointOwner::Address(_) | EndpointOwner::Group(_) => None,
        }
    }

    /// Joins question and answer to a decision.
    pub(super) fn conclude(q: Question<'_>, answer: Answer, clients: ClientClass) -> Decision {
        let (verdict, partial) = worst(answer.tls, &answer.endpoints);
        let subset = q.subset.map(Into::into);
        Decision {
            clients,
            proxy: q.client.proxy,
            destination: Destination {
                host: q.host.clone(),
                port: q.port.number,
                subset,
            },
            service: q.service.0,
            selection: answer.selection,
            tls: answer.tls,
            endpoints: answer.endpoints,
            verdict,
            partial,
        }
    }

    /// Which rule is in force, and of which rules it is made.
    fn record_selection(
        &self,
        selection: Selection,
        q: Question<'_>,
        recorder: &mut impl Recorder,
    ) {
        let Some(entry) = selection.entry.map(|id| self.rules.entry(id)) else {
            recorder.record(|| derived(format!("no DestinationRule applies to `{}`", q.host)));
            self.record_passed_over(q, &[], recorder);
            return;
        };
        for (position, &id) in entry.from.iter().enumerate() {
            recorder.record(|| {
                let rule = self.rules.rule(id);
                let host = self.rules.host(id);
                let text = if position > 0 {
                    format!(
                        "{} is for the same host and is merged into it",
                        rule.meta.id
                    )
                } else {
                    let why = match selection.step {
                        Some(Step::ClientNamespace) => {
                            "it stands in the client's namespace, which is looked at first"
                        }
                        Some(Step::RootPrivate) => {
                            "the private rules of the root namespace come first for its own proxies"
                        }
                        Some(Step::ServiceNamespace) => {
                            "it stands in the service's namespace, which is looked at after the client's"
                        }
                        Some(Step::RootNamespace) => {
                            "it stands in the root namespace, which is looked at last"
                        }
                        Some(Step::Everywhere) | None => {
                            "its host is the most specific of all namespaces, which counts in Istio 1.0"
                        }
                    };
                    format!("{} (host `{host}`) is in force: {why}", rule.meta.id)
                };
                stated(text, rule.host.place, &rule.meta.id)
            });
        }
        self.record_passed_over(q, &entry.from, recorder);
    }

    /// The rules that the look-up came upon before or beside the one in force, for which it went on or chose.
    fn record_passed_over(
        &self,
        q: Question<'_>,
        in_force: &[RuleId],
        recorder: &mut impl Recorder,
    ) {
        if !recorder.keeps() {
            return;
        }
        let address = (q.host, &q.service.1.namespace);
        for visit in self
            .rules
            .visits(&q.client.namespace, address, &self.config)
        {
            let hidden = visit.hidden.iter().map(|&entry| (entry, false));
            let visible = visit.visible.iter().map(|&entry| (entry, true));
            for (entry, is_visible) in hidden.chain(visible) {
                let entry = self.rules.entry(entry);
                for &id in entry.from.iter().filter(|id| !in_force.contains(id)) {
                    recorder.record(|| {
                        let rule = self.rules.rule(id);
                        let why = match (is_visible, &self.rules.base(entry).workload_selector) {
                            (false, _) => "is not exported to the client's namespace",
                            (true, Some(_)) => "selects other workloads",
                            (true, None) => "yields to another rule of the same host",
                        };
                        let text = format!("{} {why}", rule.meta.id);
                        stated(text, rule.host.place, &rule.meta.id)
                    });
                }
            }
            if !visit.visible.is_empty() {
                break;
            }
        }
        if self.config.version.value.lookup_style() == LookupStyle::Leaking {
            self.record_leaks(in_force, recorder);
        }
    }

    /// The rules of the same host in other namespaces, which change the merge of 1.1 to 1.5.
    fn record_leaks(&self, in_force: &[RuleId], recorder: &mut impl Recorder) {
        let Some(host) = in_force.first().map(|&id| self.rules.host(id)) else {
            return;
        };
        for id in self.rules.covering(host) {
            if self.rules.host(id) != host || in_force.contains(&id) {
                continue;
            }
            recorder.record(|| {
                let rule = self.rules.rule(id);
                let text = format!(
                    "{} is for the same host, and Istio 1.1 to 1.5 merges across namespaces",
                    rule.meta.id
                );
                stated(text, rule.host.place, &rule.meta.id)
            });
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
