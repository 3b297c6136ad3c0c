//! `mtls-lint matrix`: every client and destination with what is sent, what is accepted and the verdict.

use clap::{Args, ValueEnum};

use super::args::ColorArg;
use super::environment::Environment;
use super::failure::{Exit, Failure};
use super::input::{self, InputArgs};
use super::output::{note, to_stdout};
use super::unknown::{unknown_client, unknown_host};
use crate::engine::Request;
use crate::mesh::{ClientQuery, HostQuery, Mesh, PairFilter, Verdict};
use crate::report::{self, Selection};
use crate::source::tree::Tree;

/// The flags of `matrix`.
#[derive(Debug, Args)]
pub(super) struct MatrixArgs {
    /// What to read and to assume.
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Format of the output
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: MatrixFormat,
    /// Only this client: `name`, `namespace/name`, `namespace/Kind/name` or `namespace/`, with `*` for any text
    #[arg(long, value_name = "CLIENT")]
    pub(super) client: Option<String>,
    /// Only this host: in full, `name` or `name.namespace`, with `*` for any text
    #[arg(long, value_name = "HOST")]
    pub(super) host: Option<String>,
    /// Only pairs with these verdicts
    #[arg(long, value_name = "VERDICT", value_delimiter = ',')]
    pub(super) verdict: Vec<VerdictArg>,
    /// When to colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorArg,
}

/// A format of the matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MatrixFormat {
    /// A table for people
    Table,
    /// The stable JSON interface
    Json,
    /// Comma-separated values
    Csv,
}

/// A verdict on a pair.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum VerdictArg {
    /// Mutual TLS
    Encrypted,
    /// Sent and accepted in clear
    Plaintext,
    /// Refused by the server
    Refused,
    /// TLS of the application
    AppTls,
    /// Not decidable from the input
    Unknown,
    /// Not let out by the client's proxy
    Blocked,
}

impl VerdictArg {
    fn verdict(self) -> Verdict {
        match self {
            Self::Encrypted => Verdict::Encrypted,
            Self::Plaintext => Verdict::Plaintext,
            Self::Refused => Verdict::Refused,
            Self::AppTls => Verdict::AppTls,
            Self::Unknown => Verdict::Unknown,
            Self::Blocked => Verdict::Blocked,
        }
    }
}

/// Prints the matrix.
pub(super) fn run(
    args: &MatrixArgs,
    request: &Request,
    tree: &dyn Tree,
    environment: Environment,
) -> Result<Exit, Failure> {
    let analysis = match input::analyse(&args.input, request, tree) {
        Ok(analysis) => analysis,
        Err(exit) => return Ok(exit),
    };
    let (client, host) = (args.client.as_deref(), args.host.as_deref());
    let selection = selection(client, host, &args.verdict, &analysis.meshes)?;
    let format = match args.format {
        MatrixFormat::Table => report::MatrixFormat::Table,
        MatrixFormat::Json => report::MatrixFormat::Json,
        MatrixFormat::Csv => report::MatrixFormat::Csv,
    };
    let style = environment.style(args.color);
    let mut count = 0;
    to_stdout(|out| {
        count = report::render_matrix(&analysis.meshes, &selection, format, style, out)?;
        Ok(())
    })?;
    if count == 0 {
        note(nothing_shown(&selection));
    }
    Ok(Exit::Success)
}

/// What to say where no pair is shown.
pub(super) fn nothing_shown(selection: &Selection) -> &'static str {
    if selection.is_all() {
        "note: there is no client with a destination: that takes a workload, such as a Deployment, and a Service with a \
         port; `mtls-lint meshes` says what was read"
    } else {
        "note: no pair of client and destination is as asked for"
    }
}

/// What of the matrix is wanted. A client or host that no mesh has is a mistake of the user, and says so.
pub(super) fn selection(
    client_text: Option<&str>,
    host_text: Option<&str>,
    verdicts: &[VerdictArg],
    meshes: &[Mesh],
) -> Result<Selection, Failure> {
    let client = client_text.map(ClientQuery::parse);
    let host = host_text.map(HostQuery::parse);
    if let (Some(query), Some(text)) = (&client, client_text)
        && meshes
            .iter()
            .all(|mesh| mesh.clients_named(query).is_empty())
    {
        return Err(unknown_client(text, meshes));
    }
    if let (Some(query), Some(text)) = (&host, host_text) {
        let is_known = |mesh: &Mesh| {
            mesh.host_names()
                .any(|host| mesh.is_host_named(query, host))
        };
        if !meshes.iter().any(is_known) {
            return Err(unknown_host(text, meshes));
        }
    }
    Ok(Selection {
        pairs: PairFilter { client, host },
        verdicts: verdicts.iter().map(|verdict| verdict.verdict()).collect(),
    })
}
