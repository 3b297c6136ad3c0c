//! `mtls-lint diff`: the pairs whose verdict changed since a revision.

use camino::Utf8Path;
use clap::{Args, ValueEnum};

use super::args::ColorArg;
use super::environment::{Environment, shows_progress};
use super::failure::{Exit, Failure};
use super::input::InputArgs;
use super::output::to_stdout;
use super::progress::Line;
use crate::engine::{self, Base, Request};
use crate::report::{self, TrafficFormat};
use crate::source::tree::{GitRevision, Tree};

/// The flags of `diff`.
#[derive(Debug, Args)]
pub(super) struct DiffArgs {
    /// What to read and to assume.
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// The revision to compare with, such as `origin/main` or `HEAD~1`
    #[arg(long, value_name = "REV", conflicts_with = "render")]
    pub(super) base: String,
    /// Format of the output
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(super) format: DiffFormat,
    /// When to colour
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorArg,
}

/// A format of the changes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum DiffFormat {
    /// For people
    Text,
    /// The stable JSON interface
    Json,
    /// For a comment on a pull request
    Markdown,
}

/// Prints what changed; a change is no failure.
pub(super) fn run(
    args: &DiffArgs,
    request: &Request,
    tree: &dyn Tree,
    environment: Environment,
) -> Result<Exit, Failure> {
    let before = open(&args.base, args.input.home.root())?;
    let base = Base {
        tree: &before,
        name: &args.base,
    };
    let line = Line::start(&request.progress, shows_progress());
    let mut changes = engine::changes_since(request, tree, base)?;
    for change in &mut changes {
        args.input.show_paths(|shown| change.show_paths(shown));
    }
    drop(line);
    let format = match args.format {
        DiffFormat::Text => TrafficFormat::Text,
        DiffFormat::Json => TrafficFormat::Json,
        DiffFormat::Markdown => TrafficFormat::Markdown,
    };
    let style = environment.style(args.color);
    to_stdout(|out| report::render_changes(&changes, &args.base, format, style, out))?;
    Ok(Exit::Success)
}

/// The files of a revision of the repository that a directory is in, seen from there.
pub(super) fn open(revision: &str, directory: &Utf8Path) -> Result<GitRevision, Failure> {
    GitRevision::open(directory, revision).map_err(Failure::from)
}
