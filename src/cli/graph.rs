//! `mtls-lint graph`: the decisions as a picture.

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::input::{self, InputArgs};
use super::matrix::{VerdictArg, nothing_shown, selection};
use super::output::{note, to_stdout};
use crate::engine::Request;
use crate::report::{self, GraphSize};
use crate::source::tree::Tree;

/// The flags of `graph`.
#[derive(Debug, Args)]
pub(super) struct GraphArgs {
    /// What to read and to assume.
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Format of the output
    #[arg(long, value_name = "FORMAT", default_value = "dot")]
    pub(super) format: GraphFormat,
    /// What dot and mermaid draw as a node
    #[arg(long, value_name = "WHAT", default_value = "service")]
    pub(super) by: NodesArg,
    /// Only these clients: `name`, `namespace/name`, `namespace/Kind/name` or `namespace/`, with `*` for any text
    #[arg(long, value_name = "CLIENT")]
    pub(super) client: Option<String>,
    /// Only this host: in full, `name` or `name.namespace`, with `*` for any text
    #[arg(long, value_name = "HOST")]
    pub(super) host: Option<String>,
    /// Only traffic with these verdicts
    #[arg(long, value_name = "VERDICT", value_delimiter = ',')]
    pub(super) verdict: Vec<VerdictArg>,
}

/// A format of the graph.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum GraphFormat {
    /// For Graphviz
    Dot,
    /// For Mermaid
    Mermaid,
    /// The stable JSON interface
    Json,
    /// One page for a browser, which needs nothing else
    Html,
}

/// What is a node.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum NodesArg {
    /// Groups of workloads, and services
    Service,
    /// Namespaces
    Namespace,
}

/// With more lines than this a drawing is a tangle. It is also what Mermaid draws at most.
const MANY_LINES: usize = 500;

/// Prints the graph.
pub(super) fn run(args: &GraphArgs, request: &Request, tree: &dyn Tree) -> Result<Exit, Failure> {
    let analysis = match input::analyse(&args.input, request, tree) {
        Ok(analysis) => analysis,
        Err(exit) => return Ok(exit),
    };
    let (client, host) = (args.client.as_deref(), args.host.as_deref());
    let selection = selection(client, host, &args.verdict, &analysis.meshes)?;
    let format = match args.format {
        GraphFormat::Dot => report::GraphFormat::Dot,
        GraphFormat::Mermaid => report::GraphFormat::Mermaid,
        GraphFormat::Json => report::GraphFormat::Json,
        GraphFormat::Html => report::GraphFormat::Html,
    };
    let nodes = match args.by {
        NodesArg::Service => report::GraphNodes::Services,
        NodesArg::Namespace => report::GraphNodes::Namespaces,
    };
    let (meshes, sources) = (&analysis.meshes, &analysis.sources);
    let mut size = GraphSize::default();
    to_stdout(|out| {
        size = report::render_graph(meshes, sources, &selection, format, nodes, out)?;
        Ok(())
    })?;
    if size.answers == 0 {
        note(nothing_shown(&selection));
    }
    let is_drawn = matches!(args.format, GraphFormat::Dot | GraphFormat::Mermaid);
    if is_drawn && size.lines > MANY_LINES {
        note(&format!(
            "note: a drawing with {} lines is hard to read; `--by namespace`, `--verdict` and `--host` make it smaller, `--format html` lets you look into it",
            size.lines
        ));
    }
    Ok(Exit::Success)
}
