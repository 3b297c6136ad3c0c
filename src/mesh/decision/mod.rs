//! Decisions: what a class of clients sends to a destination, what it accepts, and what comes of it (semantics 0.2, 7).

mod accepts;
mod answer;
mod evidence;

use std::sync::Arc;

use super::Mesh;
use super::auto_mtls::{ClusterTls, Sends};
use super::client::Selection;
use super::clients::{ClientClass, ClientGroup};
use super::evidence::NoEvidence;
use super::services::{Port, Resolution, Service, ServiceId};
use super::sidecar_scope::Imported;
use super::verdict::{Accepts, Verdict, worst};
use super::workloads::ProxyKind;
use crate::resource::Fqdn;

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

    /// Joins question and answer to a decision.
    pub(super) fn conclude(q: Question<'_>, answer: Answer, clients: ClientClass) -> Decision {
        let (verdict, partial) = worst(answer.tls, &answer.endpoints);
        let subset = q.subset.map(Into::into);
        Decision {
            clients,
            proxy: q.client.proxy_towards(q.port.number),
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
}
