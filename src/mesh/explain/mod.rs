//! Explanations: one decision step by step, the rules that are not in force, and what would change it. Plain data.

mod candidates;
mod objects;
mod others;
mod remedy;
mod symptom;
mod variant;

pub(crate) use others::{Cause, OtherRule, Says, WhyNot};
pub(crate) use remedy::{Change, Effect, Remedy, TlsBlock};

pub(crate) use symptom::Symptom;

use std::sync::Arc;

use super::Mesh;
use super::auto_mtls::{ClusterTls, Sends};
use super::client::{RuleIndex, Selection};
use super::clients::{ClientClass, ClientGroup, GroupId};
use super::decision::{Decision, Destination, EndpointDecision, Question};
use super::evidence::{Evidence, Recorder, Topic, derived, stated};
use super::services::{Endpoint, EndpointOwner, ProtocolClass, Resolution};
use super::verdict::{Accepts, Verdict};
use super::version::IstioVersion;
use super::workloads::ProxyKind;
use crate::diagnostic::Fact;
use crate::object::ObjectId;
use crate::resource::Fqdn;

/// Why one client's traffic to one destination is as it is.
#[derive(Debug)]
pub(crate) struct Explanation {
    /// The name of the mesh.
    pub(crate) mesh: String,
    /// The version of Istio.
    pub(crate) istio: IstioVersion,
    /// The client.
    pub(crate) client: ObjectId,
    /// Its proxy.
    pub(crate) proxy: ProxyKind,
    /// The destination.
    pub(crate) destination: Destination,
    /// What the port's declared protocol is.
    pub(crate) protocol: Protocol,
    /// The rules in force, in merge order.
    pub(crate) rules: Vec<ObjectId>,
    /// What the client's cluster is set to.
    pub(crate) tls: ClusterTls,
    /// The endpoints, sorted.
    pub(crate) endpoints: Vec<ExplainedEndpoint>,
    /// The worst of the endpoints.
    pub(crate) verdict: Verdict,
    /// Whether the endpoints differ.
    pub(crate) partial: bool,
    /// What the user of the client sees.
    pub(crate) symptom: Symptom,
    /// The steps of the decision up to the endpoints.
    pub(crate) steps: Vec<Step>,
    /// The rules that a person may expect to be in force.
    pub(crate) others: Vec<OtherRule>,
    /// What would be without the rule in force, where that is better.
    pub(crate) without: Option<Without>,
    /// What would change the outcome, the best first.
    pub(crate) remedies: Vec<Remedy>,
}

/// The declared protocol of a port, as far as it makes a difference to its callers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Protocol {
    /// HTTP, HTTP/2, gRPC.
    Http,
    /// Anything else.
    Tcp,
    /// Not declared.
    Undeclared,
}

/// One step of a decision.
#[derive(Debug)]
pub(crate) struct Step {
    /// What it is about.
    pub(crate) title: StepTitle,
    /// Its facts.
    pub(crate) facts: Vec<Fact>,
}

/// What a step is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum StepTitle {
    /// The mesh as a whole.
    Mesh,
    /// The client and its proxy.
    Client,
    /// The service and its endpoints.
    Service,
    /// Whether the client sees the service.
    Visibility,
    /// Which rule is in force.
    Rule,
    /// What the client's proxy is set to.
    Cluster,
}

/// An endpoint with why it is sent and accepts what it does.
#[derive(Debug)]
pub(crate) struct ExplainedEndpoint {
    /// `Kind/namespace/name`, or `address/namespace/address`.
    pub(crate) label: Arc<str>,
    /// The port traffic arrives at.
    pub(crate) port: u16,
    /// What it is sent.
    pub(crate) sends: Sends,
    /// Why.
    pub(crate) sends_facts: Vec<Fact>,
    /// What it accepts.
    pub(crate) accepts: Accepts,
    /// Why.
    pub(crate) accepts_facts: Vec<Fact>,
    /// What comes of it.
    pub(crate) verdict: Verdict,
}

/// What would be if the rule in force were not there.
#[derive(Debug)]
pub(crate) struct Without {
    /// The rule in force.
    pub(crate) rule: ObjectId,
    /// The rule that would be in force.
    pub(crate) next: Option<ObjectId>,
    /// What would come of it.
    pub(crate) verdict: Verdict,
}

/// A destination that a client can be asked about.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Ports {
    /// The TCP ports of the service as the client sees it.
    Tcp(Vec<u16>),
    /// The host is another name of a service: no cluster of its own.
    Alias,
}

impl Mesh {
    /// The ports of a host under which a client can reach it; `None` for a host or client that is not of this mesh.
    pub(crate) fn ports_of(&self, client: u32, host: &Fqdn) -> Option<Ports> {
        let (_, group) = self.group_of(client)?;
        let (imported, _) = self.service_for(group, host)?;
        let service = self.registry.service(imported.service);
        if service.resolution == Resolution::Alias {
            return Some(Ports::Alias);
        }
        let own = || service.ports.iter().map(|port| port.number).collect();
        let mut numbers: Vec<u16> = imported.ports.unwrap_or_else(own);
        let is_tcp = |number: &u16| {
            let port = self.registry.port(service, *number);
            port.is_some_and(|port| port.is_tcp)
        };
        numbers.retain(is_tcp);
        numbers.sort_unstable();
        numbers.dedup();
        Some(Ports::Tcp(numbers))
    }

    /// Why a client's traffic to a destination is as it is; `None` for what is not of this mesh.
    pub(crate) fn explain(&self, client: u32, destination: &Destination) -> Option<Explanation> {
        let (group_id, group) = self.group_of(client)?;
        let (imported, visible) = self.service_for(group, &destination.host)?;
        let service = self.registry.service(imported.service);
        let q = Question {
            client: group,
            host: &destination.host,
            service: (imported.service, service),
            visible,
            port: self.registry.port(service, destination.port)?,
            subset: destination.subset.as_deref(),
        };
        let mut evidence = Evidence::default();
        self.record_question(q, Some(client), &mut evidence);
        self.record_endpoints(q, &mut evidence);
        let answer = self.answer(q, &mut evidence);
        let class = ClientClass::One(group_id);
        let decision = Self::conclude(q, answer, class);
        record_lookup(q, &decision, &mut evidence);
        let others = self.other_rules(q, &reads_rules(q, &decision));
        let remedies = self.remedies(client, q, &decision, &others);
        let in_force = decision.selection.entry.map(|id| self.rules.entry(id));
        let rules = in_force.iter().flat_map(|entry| &entry.from);
        Some(Explanation {
            mesh: self.name.clone(),
            istio: self.config.version.value,
            client: self.client_id(client)?.clone(),
            proxy: group.proxy,
            destination: destination.clone(),
            protocol: match q.port.class {
                ProtocolClass::Http => Protocol::Http,
                ProtocolClass::Tcp => Protocol::Tcp,
                ProtocolClass::Auto => Protocol::Undeclared,
            },
            rules: rules
                .map(|&id| self.rules.rule(id).meta.id.clone())
                .collect(),
            tls: decision.tls,
            verdict: decision.verdict,
            partial: decision.partial,
            symptom: symptom::symptom(&decision, q.port.class),
            steps: steps(&evidence),
            without: self.without_winner(q, &decision),
            endpoints: decision
                .endpoints
                .into_iter()
                .map(|endpoint| explained(endpoint, &evidence))
                .collect(),
            others,
            remedies,
        })
    }

    /// The group of a client.
    fn group_of(&self, client: u32) -> Option<(GroupId, &ClientGroup)> {
        let groups = (0u32..).map(GroupId).zip(self.clients.groups());
        groups
            .into_iter()
            .find(|(_, group)| group.workloads.contains(&client))
    }

    /// Which workloads and addresses are behind the port.
    fn record_endpoints(&self, q: Question<'_>, recorder: &mut impl Recorder) {
        let mut endpoints: Vec<&Endpoint> = self.registry.endpoints(q.service.1, q.port).collect();
        endpoints.sort_by_key(|endpoint| endpoint.key());
        if endpoints.is_empty() {
            recorder.record(|| derived("no workload behind this port is in the input"));
        }
        let shown = 3;
        for endpoint in endpoints.iter().take(shown) {
            recorder.record(|| {
                let end = match &endpoint.owner {
                    EndpointOwner::Workload(_) | EndpointOwner::Group(_) => {
                        endpoint.object.to_string()
                    }
                    EndpointOwner::Address(address) => format!("the address `{address}`"),
                };
                let text = format!("it leads to {end}, port {}", endpoint.port);
                stated(text, endpoint.place, &endpoint.object)
            });
        }
        if endpoints.len() > shown {
            recorder.record(|| derived(format!("and to {} more", endpoints.len() - shown)));
        }
    }
}

/// What the decision itself does not say about the look-up: that it ended where nothing fits.
fn record_lookup(q: Question<'_>, decision: &Decision, recorder: &mut impl Recorder) {
    if RuleIndex::ended_empty(decision.selection).is_none() {
        return;
    }
    recorder.about(|| Topic::Rule);
    recorder.record(|| {
        derived(format!(
            "namespace `{}` has rules for this host, so the look-up ends there, though none of them fits this client",
            q.client.namespace
        ))
    });
}

/// Whether the client reads rules at all for this host.
fn reads_rules(q: Question<'_>, decision: &Decision) -> Result<Selection, WhyNot> {
    match decision.proxy {
        ProxyKind::None | ProxyKind::Ztunnel => Err(WhyNot::NoProxy),
        ProxyKind::Sidecar | ProxyKind::Gateway if !q.visible => Err(WhyNot::NotVisible),
        ProxyKind::Sidecar | ProxyKind::Gateway => Ok(decision.selection),
    }
}

/// The steps that have facts, in order.
fn steps(evidence: &Evidence) -> Vec<Step> {
    let titles = [
        (StepTitle::Mesh, Topic::Mesh),
        (StepTitle::Client, Topic::Client),
        (StepTitle::Service, Topic::Service),
        (StepTitle::Visibility, Topic::Visibility),
        (StepTitle::Rule, Topic::Rule),
        (StepTitle::Cluster, Topic::Cluster),
    ];
    let steps = titles.map(|(title, topic)| Step {
        title,
        facts: evidence.about_topic(&topic),
    });
    steps.into_iter().filter(|s| !s.facts.is_empty()).collect()
}

fn explained(endpoint: EndpointDecision, evidence: &Evidence) -> ExplainedEndpoint {
    let key = (endpoint.label.clone(), endpoint.port);
    ExplainedEndpoint {
        sends_facts: evidence.about_topic(&Topic::Sends(key.clone())),
        accepts_facts: evidence.about_topic(&Topic::Accepts(key)),
        label: endpoint.label,
        port: endpoint.port,
        sends: endpoint.sends,
        accepts: endpoint.accepts,
        verdict: endpoint.verdict,
    }
}
