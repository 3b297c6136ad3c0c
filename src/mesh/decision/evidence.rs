//! Why a decision is as it is: what is known before it is answered, and which rules the look-up came upon.

use super::{Decision, EndpointDecision, Question};
use crate::diagnostic::Fact;
use crate::mesh::Mesh;
use crate::mesh::client::{RuleId, Selection, Step};
use crate::mesh::clients::ClientGroup;
use crate::mesh::evidence::{Evidence, NoEvidence, Recorder, Topic, derived, stated};
use crate::mesh::services::{Endpoint, EndpointOwner};
use crate::mesh::sidecar_scope::Scope;
use crate::mesh::version::LookupStyle;
use crate::mesh::workloads::ProxyKind;
use crate::resource::OutboundMode;

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

    /// What a gateway would see with the scope of the sidecars beside it, where that differs: istiod gives it that one if a
    /// sidecar of the namespace that no Sidecar is for was asked first (`doGetSidecarScope`).
    pub(super) fn record_shared_scope(&self, q: Question<'_>, recorder: &mut impl Recorder) {
        if !recorder.keeps() || q.client.proxy != ProxyKind::Gateway {
            return;
        }
        let takes_part = |group: &ClientGroup| {
            group.proxy == ProxyKind::Sidecar
                && group.sidecar.is_none()
                && group.namespace == q.client.namespace
        };
        if !self.clients.groups().iter().any(takes_part) {
            return;
        }
        let own = q.client.scope();
        let shared = Scope {
            is_gateway: false,
            ..own.clone()
        };
        let seen = |scope| {
            let seen = self
                .scopes
                .import(scope, q.host, &self.registry, &self.config);
            // What passes a client that does not see the host is the same for both, unless it is blocked.
            let otherwise = || self.scopes.outbound(scope, &self.config, &mut NoEvidence);
            seen.ok_or_else(otherwise)
        };
        let other = seen(&shared);
        if seen(&own) == other {
            return;
        }
        recorder.record(|| {
            let what = match other {
                Ok(imported) => format!("means {} by it", self.registry.service(imported.service).object),
                Err(OutboundMode::AllowAny) => "does not see it".to_owned(),
                Err(OutboundMode::RegistryOnly) => "does not see it and is blocked".to_owned(),
            };
            derived(format!(
                "istiod may have given the gateway the scope of the sidecars of `{}`, if one of them connected first: then it {what}",
                q.client.namespace
            ))
        });
    }
}

#[cfg(test)]
mod tests {
    use crate::engine::{Request, analyse};
    use crate::source::tree::Memory;

    /// A gateway in a namespace of sidecars, and services that these see differently.
    const MESH: &str =
        include_str!("../../../testdata/vectors/hand/gateway-beside-sidecars/manifests.yaml");

    /// What the facts say of the scope of sidecars, by gateway and host.
    fn warnings(objects: &str) -> Vec<(String, String)> {
        let request = Request {
            stdin: Some(objects.into()),
            ..Request::default()
        };
        let analysis = analyse(&request, &Memory::default()).expect("the text can be read");
        let mesh = analysis.meshes.first().expect("there is a mesh");
        let of = |decision| {
            let facts = mesh.evidence(decision).into_iter().map(|fact| fact.text);
            facts
                .filter(|text| text.contains("scope of the sidecars"))
                .collect::<Vec<_>>()
        };
        let decisions = mesh.decisions().iter();
        let with_host = decisions.flat_map(|decision| {
            of(decision)
                .into_iter()
                .map(|text| (decision.destination.host.to_string(), text))
        });
        with_host.collect()
    }

    #[test]
    fn a_gateway_beside_sidecars_is_told_what_their_scope_would_change() {
        let said = warnings(MESH);
        let hosts: Vec<&str> = said.iter().map(|(host, _)| &**host).collect();
        let expected = [
            "own.server.svc.cluster.local",
            "private.edge.svc.cluster.local",
            "web.server.svc.cluster.local",
        ];
        assert_eq!(hosts, expected);
        let ends = [
            "does not see it and is blocked",
            "means Service edge/private by it",
            "means ServiceEntry edge/web by it",
        ];
        assert!(
            said.iter()
                .zip(ends)
                .all(|((_, text), end)| text.ends_with(end)),
            "{said:?}"
        );
    }

    #[test]
    fn a_gateway_without_sidecars_beside_it_has_the_scope_of_gateways() {
        let alone = MESH.replace(
            "name: client\n  namespace: edge",
            "name: client\n  namespace: other",
        );
        let alone = alone.replace(
            "name: private\n  namespace: edge",
            "name: private\n  namespace: other",
        );
        assert_eq!(warnings(&alone), []);
    }
}
