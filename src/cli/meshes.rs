//! `mtls-lint meshes`: which files form which mesh, and which are part of nothing.

use clap::{Args, ValueEnum};

use super::failure::{Exit, Failure};
use super::input::{InputArgs, tell_unread};
use super::nothing::{is_void, nothing_checked, tell_missing};
use super::output::to_stdout;
use crate::engine::{self, Request};
use crate::report::{self, render_meshes};
use crate::source::tree::Tree;

/// The flags of `meshes`.
#[derive(Debug, Args)]
pub(super) struct MeshesArgs {
    /// What to read and to assume.
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: MeshesFormat,
    /// Name every object, and every file that is part of nothing
    #[arg(short, long)]
    pub(super) verbose: bool,
}

/// A format of the meshes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum MeshesFormat {
    /// A tree for people
    Text,
    /// The stable JSON interface
    Json,
}

/// Prints the meshes.
pub(super) fn run(args: &MeshesArgs, request: &Request, tree: &dyn Tree) -> Result<Exit, Failure> {
    let mut analysis = engine::analyse(request, tree)?;
    args.input.show_paths(|shown| analysis.show_paths(shown));
    if !analysis.missing.is_empty() {
        return Ok(tell_missing(&analysis.missing, &args.input, tree));
    }
    if is_void(request, &analysis.summary) {
        tell_unread(&analysis.summary);
        return Err(nothing_checked(&args.input, request, &analysis.summary));
    }
    let format = match args.format {
        MeshesFormat::Text => report::MeshesFormat::Text {
            names_objects: args.verbose,
        },
        MeshesFormat::Json => report::MeshesFormat::Json,
    };
    to_stdout(|out| render_meshes(&analysis.deployment, &analysis.sources, format, out))?;
    Ok(Exit::Success)
}
