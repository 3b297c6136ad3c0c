//! `mtls-lint matrix`: every client and destination with what is sent, what is accepted and the verdict.

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::input::InputArgs;
use crate::engine::Request;
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
    /// Only clients whose `namespace/Kind/name` contains this
    #[arg(long, value_name = "TEXT")]
    pub(super) client: Option<String>,
    /// Only hosts that contain this
    #[arg(long, value_name = "TEXT")]
    pub(super) host: Option<String>,
    /// Only pairs with this verdict; may be repeated
    #[arg(long, value_name = "VERDICT")]
    pub(super) verdict: Vec<VerdictArg>,
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

/// Prints the matrix.
pub(super) fn run(
    _args: &MatrixArgs,
    _request: &Request,
    _tree: &dyn Tree,
) -> Result<Exit, Failure> {
    Err(Failure::usage("`matrix` is not available in this build"))
}
