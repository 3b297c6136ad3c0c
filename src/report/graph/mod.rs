//! The graph of decisions as text for Graphviz and Mermaid, as JSON, and as a page for a browser.

mod dot;
mod html;
mod json;
mod mermaid;
mod picture;

use std::io::{self, Write};

use super::matrix::Selection;
use crate::mesh::graph::Graph;
use crate::mesh::{Mesh, ProxyKind};
use crate::source::Sources;

/// How the graph is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphFormat {
    /// The language of Graphviz.
    Dot,
    /// The language of Mermaid.
    Mermaid,
    /// The stable interface `mtls-lint/graph/1`.
    Json,
    /// One page that needs nothing else.
    Html,
}

/// What is a node in the languages that show everything at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum GraphNodes {
    /// Groups of workloads and services.
    Services,
    /// Namespaces.
    Namespaces,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct GraphSize {
    /// The answers that clients share.
    pub answers: usize,
    /// The lines that are drawn; in JSON and HTML the answers.
    pub lines: usize,
}

/// Writes the graph of every mesh.
pub fn render_graph(
    meshes: &[Mesh],
    sources: &Sources,
    selection: &Selection,
    format: GraphFormat,
    nodes: GraphNodes,
    out: &mut dyn Write,
) -> io::Result<GraphSize> {
    let graphs = meshes.iter();
    let graphs: Vec<Graph<'_>> = graphs
        .map(|mesh| mesh.graph(&selection.pairs, &selection.verdicts))
        .collect();
    let answers = graphs.iter().map(|graph| graph.edges.len()).sum();
    let lines = match format {
        GraphFormat::Dot => dot::render(&graphs, nodes, out)?,
        GraphFormat::Mermaid => mermaid::render(&graphs, nodes, out)?,
        GraphFormat::Json => {
            json::render(&graphs, sources, out)?;
            answers
        }
        GraphFormat::Html => {
            html::render(&graphs, sources, out)?;
            answers
        }
    };
    Ok(GraphSize { answers, lines })
}

/// Clients with a kind of proxy, in words.
fn clients_with(proxy: ProxyKind) -> &'static str {
    match proxy {
        ProxyKind::None => "clients without proxy",
        ProxyKind::Sidecar => "clients with a sidecar",
        ProxyKind::Gateway => "gateways",
        ProxyKind::Ztunnel => "clients behind ztunnel",
    }
}
