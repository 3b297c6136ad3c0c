//! The graph in JSON, schema `mtls-lint/graph/1`: tables that refer to each other by position, so that nothing is there
//! twice. Absent things are absent keys, but for the subset, as in the matrix.

use std::io::{self, Write};

use indexmap::IndexMap;
use rayon::prelude::*;
use serde::Serialize;

use super::picture::rule_name;
use crate::diagnostic::Fact;
use crate::mesh::EndpointDecision;
use crate::mesh::graph::{ClientSet, Graph, GraphEdge, GraphGroup};
use crate::report::json::JsonLocation;
use crate::report::location::{Extent, Location};
use crate::report::text::inert_json;
use crate::source::{Place, Sources};

/// The name of this shape; a change that a reader could notice needs another number.
const SCHEMA: &str = "mtls-lint/graph/1";

/// So many parts of an edge's clients get their facts; in a mesh where every namespace has a Sidecar resource of its own
/// there are as many parts as namespaces, and all say much the same.
const REASONS: usize = 4;

/// Writes the graphs.
pub(super) fn render(
    graphs: &[Graph<'_>],
    sources: &Sources,
    out: &mut dyn Write,
) -> io::Result<()> {
    writeln!(out, "{}", inert_json(&text(graphs, sources)?))
}

/// The graphs as JSON, an entry of a table a line.
pub(super) fn text(graphs: &[Graph<'_>], sources: &Sources) -> io::Result<String> {
    let mut text = format!("{{\"schema\":\"{SCHEMA}\",\"meshes\":[");
    for (position, graph) in graphs.iter().enumerate() {
        text.push_str(if position > 0 { ",\n" } else { "\n" });
        push_mesh(&mut text, graph, sources)?;
    }
    text.push_str("\n]}");
    Ok(text)
}

fn push_mesh(text: &mut String, graph: &Graph<'_>, sources: &Sources) -> io::Result<()> {
    let matrix = graph.mesh.matrix();
    let head = JsonMesh {
        name: graph.mesh.name(),
        istio: matrix.istio(),
        auto_mtls: matrix.auto_mtls(),
        root_namespace: matrix.root_namespace(),
        kubernetes_suffix: graph.mesh.kubernetes_suffix(),
    };
    let head = serde_json::to_string(&head)?;
    text.push_str(head.strip_suffix('}').unwrap_or(&head));
    let mut facts = FactTable::default();
    let edges = facts.edges(graph);
    push_table(text, "groups", graph.groups.iter().map(JsonGroup::new))?;
    push_table(text, "clients", graph.clients.iter().map(JsonClients::new))?;
    let services = graph.services.iter().map(|service| JsonService {
        host: service.host.as_str(),
        namespace: service.namespace.as_str(),
        object: service.object.to_string(),
        location: at(service.place, sources),
    });
    push_table(text, "services", services)?;
    let rules = graph.rules.iter().map(|rule| JsonRule {
        name: rule_name(rule),
        host: &rule.host.value,
        location: at(rule.meta.place(), sources),
    });
    push_table(text, "rules", rules)?;
    let endpoints = graph
        .endpoints
        .iter()
        .map(|&endpoint| JsonEndpoint::new(endpoint));
    push_table(text, "endpoints", endpoints)?;
    push_table(text, "edges", edges.into_iter())?;
    let facts = facts.facts.keys().map(|fact| JsonFact::new(fact, sources));
    push_table(text, "facts", facts)?;
    text.push('}');
    Ok(())
}

/// Adds a table to an object that is still open.
fn push_table(
    text: &mut String,
    name: &str,
    entries: impl Iterator<Item = impl Serialize>,
) -> io::Result<()> {
    text.push_str(",\n\"");
    text.push_str(name);
    text.push_str("\":[");
    for (position, entry) in entries.enumerate() {
        text.push_str(if position > 0 { ",\n" } else { "\n" });
        text.push_str(&serde_json::to_string(&entry)?);
    }
    text.push(']');
    Ok(())
}

fn at(place: Place, sources: &Sources) -> JsonLocation<'_> {
    JsonLocation::new(Location::of_place(place, None, Extent::Whole, sources))
}

/// Every fact once, in the order in which edges mention them.
#[derive(Default)]
struct FactTable {
    facts: IndexMap<FactKey, ()>,
}

/// A fact by what a reader sees of it.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct FactKey {
    text: String,
    assumed: bool,
    place: Option<Place>,
    object: Option<crate::object::ObjectId>,
}

impl FactTable {
    /// The edges with the facts that they rest on.
    fn edges<'a>(&mut self, graph: &'a Graph<'_>) -> Vec<JsonEdge<'a>> {
        let evidence: Vec<Vec<(usize, Vec<Fact>)>> = graph
            .edges
            .par_iter()
            .map(|edge| {
                let decisions = edge.decisions.iter().take(REASONS);
                decisions
                    .map(|(clients, decision)| (*clients, graph.mesh.evidence(decision)))
                    .collect()
            })
            .collect();
        let edges = graph.edges.iter().zip(evidence);
        edges
            .map(|(edge, evidence)| {
                let because = evidence.into_iter().map(|(clients, facts)| JsonReason {
                    clients,
                    facts: facts.into_iter().map(|fact| self.position(fact)).collect(),
                });
                JsonEdge::new(edge, because.collect())
            })
            .collect()
    }

    fn position(&mut self, fact: Fact) -> usize {
        let key = FactKey {
            text: fact.text,
            assumed: fact.assumed,
            place: fact.place,
            object: fact.object,
        };
        self.facts.insert_full(key, ()).0
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonMesh<'a> {
    name: &'a str,
    istio: String,
    auto_mtls: bool,
    root_namespace: &'a str,
    kubernetes_suffix: String,
}

#[derive(Serialize)]
struct JsonGroup<'a> {
    namespace: &'a str,
    proxy: &'static str,
    workloads: &'a [String],
}

impl<'a> JsonGroup<'a> {
    fn new(group: &'a GraphGroup<'a>) -> Self {
        Self {
            namespace: group.namespace,
            proxy: group.proxy.as_str(),
            workloads: &group.workloads,
        }
    }
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct JsonClients<'a> {
    proxy: &'static str,
    groups: &'a [usize],
    #[serde(skip_serializing_if = "Option::is_none")]
    all_but: Option<&'a [usize]>,
}

impl<'a> JsonClients<'a> {
    fn new(set: &'a ClientSet) -> Self {
        Self {
            proxy: set.proxy.as_str(),
            groups: &set.groups,
            all_but: set.all_but.as_deref(),
        }
    }
}

#[derive(Serialize)]
struct JsonService<'a> {
    host: &'a str,
    namespace: &'a str,
    object: String,
    location: JsonLocation<'a>,
}

#[derive(Serialize)]
struct JsonRule<'a> {
    name: String,
    host: &'a str,
    location: JsonLocation<'a>,
}

#[derive(Serialize)]
struct JsonEndpoint<'a> {
    workload: &'a str,
    port: u16,
    sends: &'static str,
    accepts: &'static str,
    verdict: &'static str,
}

impl<'a> JsonEndpoint<'a> {
    fn new(endpoint: &'a EndpointDecision) -> Self {
        Self {
            workload: &endpoint.label,
            port: endpoint.port,
            sends: endpoint.sends.as_str(),
            accepts: endpoint.accepts.as_str(),
            verdict: endpoint.verdict.as_str(),
        }
    }
}

#[derive(Serialize)]
struct JsonEdge<'a> {
    clients: usize,
    service: usize,
    port: u16,
    subset: Option<&'a str>,
    rules: &'a [usize],
    tls: &'static str,
    endpoints: &'a [usize],
    verdict: &'static str,
    #[serde(skip_serializing_if = "std::ops::Not::not")]
    partial: bool,
    because: Vec<JsonReason>,
    #[serde(skip_serializing_if = "is_zero")]
    further: usize,
}

impl<'a> JsonEdge<'a> {
    fn new(edge: &'a GraphEdge<'_>, because: Vec<JsonReason>) -> Self {
        Self {
            clients: edge.clients,
            service: edge.service,
            port: edge.port,
            subset: edge.subset,
            rules: &edge.rules,
            tls: edge.tls.as_str(),
            endpoints: &edge.endpoints,
            verdict: edge.verdict.as_str(),
            partial: edge.partial,
            because,
            further: edge.decisions.len().saturating_sub(REASONS),
        }
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes references")]
fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// The facts that the answer to some of the clients of an edge rests on.
#[derive(Serialize)]
struct JsonReason {
    clients: usize,
    facts: Vec<usize>,
}

#[derive(Serialize)]
struct JsonFact<'a> {
    fact: &'a str,
    assumed: bool,
    #[serde(skip_serializing_if = "Option::is_none")]
    location: Option<JsonLocation<'a>>,
}

impl<'a> JsonFact<'a> {
    fn new(fact: &'a FactKey, sources: &'a Sources) -> Self {
        let location =
            |place| Location::of_place(place, fact.object.as_ref(), Extent::Whole, sources);
        Self {
            fact: &fact.text,
            assumed: fact.assumed,
            location: fact.place.map(|place| JsonLocation::new(location(place))),
        }
    }
}
