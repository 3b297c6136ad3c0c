//! `mtls-lint trace`: one decision, step by step.

use std::str::FromStr;

use clap::{Args, ValueEnum};

use super::args::ColorArg;
use super::environment::Environment;
use super::failure::{Exit, Failure};
use super::input::{self, InputArgs};
use super::output::{note, to_stdout};
use super::unknown::{ambiguous, unknown_client, unknown_host};
use crate::engine::Request;
use crate::mesh::explain::Ports;
use crate::mesh::{ClientQuery, Destination, FoundHost, Mesh, client_name};
use crate::report;
use crate::resource::Fqdn;
use crate::source::tree::Tree;

/// The arguments of `trace`.
#[derive(Debug, Args)]
pub(super) struct TraceArgs {
    /// The client: `name` if there is only one, `namespace/name`, or `namespace/Kind/name`
    #[arg(value_name = "CLIENT")]
    pub(super) client: String,
    /// The destination; the host in full or as the client calls it; without a port, all its ports
    #[arg(value_name = "HOST[:PORT][/SUBSET]")]
    pub(super) target: TraceTarget,
    /// What to read and to assume.
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: TraceFormat,
    /// When to colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorArg,
}

/// A format of the trace.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum TraceFormat {
    /// One screen for people
    Text,
    /// JSON
    Json,
}

/// A destination as a person names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct TraceTarget {
    /// The host, in full or short.
    pub(super) host: String,
    /// The port; none for all.
    pub(super) port: Option<u16>,
    /// The subset; none for no subset.
    pub(super) subset: Option<String>,
}

impl FromStr for TraceTarget {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (address, subset) = match text.split_once('/') {
            Some((address, subset)) => (address, Some(subset)),
            None => (text, None),
        };
        let (host, port) = match address.rsplit_once(':') {
            Some((host, port)) => (host, Some(parse_port(port)?)),
            None => (address, None),
        };
        if host.is_empty() || subset.is_some_and(str::is_empty) {
            return Err("expected HOST[:PORT][/SUBSET], such as `web.shop:80/v1`".into());
        }
        Ok(Self {
            host: host.into(),
            port,
            subset: subset.map(str::to_owned),
        })
    }
}

/// A port from 1 to 65535.
fn parse_port(text: &str) -> Result<u16, String> {
    text.parse()
        .ok()
        .filter(|&port| port != 0)
        .ok_or_else(|| format!("`{text}` is not a port"))
}

/// How many ports are traced where none is named.
const PORTS: usize = 5;

/// Prints the decision.
pub(super) fn run(
    args: &TraceArgs,
    request: &Request,
    tree: &dyn Tree,
    environment: Environment,
) -> Result<Exit, Failure> {
    let analysis = match input::analyse(&args.input, request, tree) {
        Ok(analysis) => analysis,
        Err(exit) => return Ok(exit),
    };
    let (mesh, client) = find_client(&args.client, &analysis.meshes)?;
    let host = find_host(&args.target.host, mesh, client, &analysis.meshes)?;
    let mut traces = Vec::new();
    for port in find_ports(&args.target, mesh, client, &host)? {
        let destination = Destination {
            host: host.clone(),
            port,
            subset: args.target.subset.as_deref().map(Into::into),
        };
        traces.extend(mesh.explain(client, &destination));
    }
    let format = match args.format {
        TraceFormat::Text => report::TraceFormat::Text,
        TraceFormat::Json => report::TraceFormat::Json,
    };
    let style = environment.style(args.color);
    to_stdout(|out| report::render_trace(&traces, &analysis.sources, format, style, out))?;
    Ok(Exit::Success)
}

/// The only client that a name means.
fn find_client<'a>(text: &str, meshes: &'a [Mesh]) -> Result<(&'a Mesh, u32), Failure> {
    let query = ClientQuery::parse(text);
    let found: Vec<(&Mesh, u32)> = meshes
        .iter()
        .flat_map(|mesh| {
            let clients = mesh.clients_named(&query).into_iter();
            clients.map(move |client| (mesh, client))
        })
        .collect();
    match found.as_slice() {
        [] => Err(unknown_client(text, meshes)),
        [only] => Ok(*only),
        several => {
            let names: Vec<String> = several
                .iter()
                .filter_map(|(mesh, client)| mesh.client_id(*client))
                .map(client_name)
                .collect();
            Err(ambiguous("client", text, &names))
        }
    }
}

/// The host that a client means by a name.
fn find_host(text: &str, mesh: &Mesh, client: u32, meshes: &[Mesh]) -> Result<Fqdn, Failure> {
    match mesh.find_host(client, text) {
        FoundHost::Resolved(host) => Ok(host),
        FoundHost::Guessed(host) => {
            note(&format!(
                "note: `{text}` does not resolve in the client's namespace; this is about `{host}`"
            ));
            Ok(host)
        }
        FoundHost::Several(hosts) => {
            let names: Vec<String> = hosts.iter().map(ToString::to_string).collect();
            Err(ambiguous("host", text, &names))
        }
        FoundHost::Unknown => Err(unknown_host(text, meshes)),
    }
}

/// The ports to trace: the one that is named, else all, the first few of many.
fn find_ports(
    target: &TraceTarget,
    mesh: &Mesh,
    client: u32,
    host: &Fqdn,
) -> Result<Vec<u16>, Failure> {
    let mut ports = match mesh.ports_of(client, host) {
        Some(Ports::Tcp(ports)) => ports,
        Some(Ports::Alias) => {
            return Err(Failure::usage(format!(
                "`{host}` is another name of a service (ExternalName): it has no connection of its own"
            ))
            .with_help("trace the host that it stands for"));
        }
        None => Vec::new(),
    };
    let list = || {
        let numbers: Vec<String> = ports.iter().map(ToString::to_string).collect();
        numbers.join(", ")
    };
    if let Some(port) = target.port {
        return if ports.contains(&port) {
            Ok(vec![port])
        } else {
            let help = match ports.as_slice() {
                [] => "it has no TCP port that the client sees".to_owned(),
                [only] => format!("the client sees port {only}"),
                _ => format!("the client sees the ports {}", list()),
            };
            let message = format!("the client sees no TCP port {port} of `{host}`");
            Err(Failure::usage(message).with_help(help))
        };
    }
    if ports.is_empty() {
        return Err(Failure::usage(format!(
            "`{host}` has no TCP port that the client sees"
        )));
    }
    if ports.len() > PORTS {
        note(&format!(
            "note: `{host}` has {} ports, these are the first {PORTS}; name one of {}",
            ports.len(),
            list()
        ));
        ports.truncate(PORTS);
    }
    Ok(ports)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_target_is_a_host_with_an_optional_port_and_subset() {
        let table = [
            ("web", "web", None, None),
            ("web.shop:80", "web.shop", Some(80), None),
            ("web/v1", "web", None, Some("v1")),
            ("web.shop:8080/v1", "web.shop", Some(8080), Some("v1")),
        ];
        for (text, host, port, subset) in table {
            let target: TraceTarget = text.parse().expect("the target is valid");
            let found = (target.host.as_str(), target.port, target.subset.as_deref());
            assert_eq!(found, (host, port, subset), "{text}");
        }
    }

    #[test]
    fn a_target_without_host_or_with_a_bad_port_is_refused() {
        for text in ["", ":80", "web:http", "web:0", "web:70000", "web/", "/v1"] {
            assert!(text.parse::<TraceTarget>().is_err(), "{text}");
        }
    }
}
