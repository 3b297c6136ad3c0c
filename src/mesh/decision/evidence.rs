//! Why a decision is as it is: what is known before it is answered, and which rules the look-up came upon.

use super::{Decision, EndpointDecision, Question};
use crate::diagnostic::Fact;
use crate::mesh::Mesh;
use crate::mesh::client::{RuleId, Selection, Step};
use crate::mesh::evidence::{Evidence, Recorder, Topic, derived, stated};
use crate::mesh::services::{Endpoint, EndpointOwner};
use crate::mesh::version::LookupStyle;

impl Mesh {
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
    pub(in crate::mesh) fn record_question(
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

    /// Which rule is in force, and of which rules it is made.
    pub(super) fn record_selection(
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
