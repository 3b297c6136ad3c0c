//! The subcommands and their flags.

use std::num::NonZeroUsize;

use clap::{ArgAction, Args, Parser, Subcommand, ValueEnum};

use super::baseline::{BaselineArgs, KnownArgs};
use super::config::ConfigArgs;
use super::diff::DiffArgs;
use super::graph::GraphArgs;
use super::init::InitArgs;
use super::input::InputArgs;
use super::matrix::MatrixArgs;
use super::meshes::MeshesArgs;
use super::output::{OutputSpec, parse_format};
use super::render::RenderArgs;
use super::rules::{RuleArgs, RulesArgs};
use super::shell::{CompletionsArgs, ManArgs};
use super::trace::TraceArgs;
use crate::config::FailOn;
use crate::report::Format;

/// Finds what overrides Istio mutual TLS in a repository of Kubernetes manifests
///
/// Without a command, `check` is meant: `mtls-lint apps/` is `mtls-lint check apps/`. A path that is named like a command is given as `./rules`.
#[derive(Debug, Parser)]
#[command(name = "mtls-lint", version, args_conflicts_with_subcommands = true)]
pub(super) struct Cli {
    /// What to do.
    #[command(subcommand)]
    pub(super) command: Option<Command>,
    /// The flags of `check`, the default.
    #[command(flatten)]
    pub(super) check: CheckArgs,
}

/// A subcommand.
#[derive(Debug, Subcommand)]
pub(super) enum Command {
    /// Lint manifests (the default)
    Check(Box<CheckArgs>),
    /// Print for every client and destination what is sent, what is accepted and the verdict
    Matrix(Box<MatrixArgs>),
    /// Print step by step why a client's traffic to a host is sent as it is
    Trace(Box<TraceArgs>),
    /// Print the decisions as a picture for Graphviz, Mermaid or a browser
    Graph(Box<GraphArgs>),
    /// Print which files form which mesh, and which are part of nothing
    Meshes(Box<MeshesArgs>),
    /// Print the objects that a kustomization or folder deploys
    Render(Box<RenderArgs>),
    /// Print the traffic that changes since a revision, the worst first
    Diff(Box<DiffArgs>),
    /// Accept the findings of today, so that only others are reported
    Baseline(Box<BaselineArgs>),
    /// Print the settings in force, or what a config file may hold
    Config(Box<ConfigArgs>),
    /// Write a config file to start from
    Init(InitArgs),
    /// List the rules
    Rules(RulesArgs),
    /// Print the documentation of a rule
    Rule(RuleArgs),
    /// Print the completions of a shell
    Completions(CompletionsArgs),
    /// Print the page for `man`
    Man(ManArgs),
}

/// The flags of `check`.
#[derive(Debug, Args)]
pub(super) struct CheckArgs {
    /// What to read and to assume.
    #[command(flatten)]
    pub(super) input: InputArgs,
    /// Parse documents that cannot matter too, to find broken ones
    #[arg(long, help_heading = "Input")]
    pub(super) check_all: bool,
    /// Which rules run.
    #[command(flatten)]
    pub(super) rules: RuleSelectionArgs,
    /// Report only what is new since a revision, such as `origin/main`
    #[arg(long, value_name = "REV", help_heading = "Rules", conflicts_with_all = ["fix", "diff", "render"])]
    pub(super) base: Option<String>,
    /// What is linted, and how often.
    #[command(flatten)]
    pub(super) mode: ModeArgs,
    /// What is accepted.
    #[command(flatten)]
    pub(super) known: KnownArgs,
    /// Repairs.
    #[command(flatten)]
    pub(super) fix: FixArgs,
    /// Reports.
    #[command(flatten)]
    pub(super) output: OutputArgs,
    /// Report the findings that exceptions hide, too; they do not count for the exit status
    #[arg(long, help_heading = "Output", conflicts_with_all = ["quiet", "diff"])]
    pub(super) show_suppressed: bool,
    /// The exit status.
    #[command(flatten)]
    pub(super) exit: ExitArgs,
    /// Use this many threads [default: as many as there are processors]
    #[arg(short, long, value_name = "N", help_heading = "Input", value_parser = parse_jobs)]
    pub(super) jobs: Option<NonZeroUsize>,
}

/// A number of threads.
fn parse_jobs(text: &str) -> Result<NonZeroUsize, String> {
    text.parse()
        .map_err(|_| "write a whole number from 1 on".to_owned())
}

/// What is linted, and how often.
#[derive(Debug, Args)]
pub(super) struct ModeArgs {
    /// Read what Git is about to commit, as a hook does, not the files on disk
    #[arg(long, help_heading = "Input", conflicts_with_all = ["fix", "diff", "render"])]
    pub(super) hook: bool,
    /// Lint again when something changes, until Ctrl-C
    #[arg(long, help_heading = "Input", conflicts_with_all = ["fix", "diff", "hook", "show_files"])]
    pub(super) watch: bool,
}

/// Which rules run.
#[derive(Debug, Args)]
#[command(next_help_heading = "Rules")]
pub(super) struct RuleSelectionArgs {
    /// Run only these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) select: Vec<String>,
    /// Do not run these rules
    #[arg(long, value_name = "RULE", value_delimiter = ',')]
    pub(super) ignore: Vec<String>,
}

/// Repairs.
#[derive(Debug, Args)]
#[command(next_help_heading = "Fixes")]
pub(super) struct FixArgs {
    /// Apply safe fixes; what is left is reported
    #[arg(long)]
    pub(super) fix: bool,
    /// Print what `--fix` would change, and change nothing
    #[arg(long)]
    pub(super) diff: bool,
    /// Let `--fix` and `--diff` apply unsafe fixes too
    #[arg(long)]
    pub(super) unsafe_fixes: bool,
}

/// Reports.
#[derive(Debug, Args)]
#[command(next_help_heading = "Output")]
pub(super) struct OutputArgs {
    /// List the files that would be linted, and do nothing else
    #[arg(long, conflicts_with_all = ["fix", "diff", "base", "render", "statistics", "format", "outputs", "quiet", "show_suppressed"])]
    pub(super) show_files: bool,
    /// Format of the report on standard output: pretty, concise, json, jsonl, sarif, github, gitlab, junit, checkstyle, rdjson, markdown
    ///
    /// The default is pretty, and github in a GitHub Actions workflow.
    #[arg(long, value_name = "FORMAT", value_parser = parse_format)]
    pub(super) format: Option<Format>,
    /// Write a report to a file too (`-` is standard output); may be given several times
    ///
    /// A file is replaced, but for the one that `GITHUB_STEP_SUMMARY` names, which is appended to: `--output markdown=$GITHUB_STEP_SUMMARY`.
    #[arg(long = "output", value_name = "FORMAT=PATH")]
    pub(super) outputs: Vec<OutputSpec>,
    /// When to colour
    ///
    /// With `auto`, `NO_COLOR`, `FORCE_COLOR`, `CLICOLOR_FORCE` and `CLICOLOR` decide in this order, then whether standard output is a terminal.
    #[arg(long, value_name = "WHEN", default_value = "auto")]
    pub(super) color: ColorArg,
    /// Print how many findings each rule has, instead of the findings
    #[arg(long, conflicts_with_all = ["format", "quiet", "diff"])]
    pub(super) statistics: bool,
    /// Print findings alone: no summary and no notes; twice, no report at all
    ///
    /// The exit status and the files of `--output` remain.
    #[arg(short, long, action = ArgAction::Count, conflicts_with = "verbose")]
    pub(super) quiet: u8,
    /// Say on standard error what was read, and why something was not or counts for nothing
    #[arg(short, long)]
    pub(super) verbose: bool,
}

/// The exit status.
#[derive(Debug, Args)]
#[command(next_help_heading = "Exit status")]
pub(super) struct ExitArgs {
    /// Fail on findings of this severity and above [default: warning]
    #[arg(long, value_name = "SEVERITY", hide_default_value = true)]
    pub(super) fail_on: Option<FailOn>,
    /// Exit with 0 whatever is found
    #[arg(long)]
    pub(super) exit_zero: bool,
    /// Do not fail when there is nothing to check
    #[arg(long)]
    pub(super) allow_empty: bool,
}

impl OutputArgs {
    /// Whether findings are all that is printed.
    pub(super) fn is_quiet(&self) -> bool {
        self.quiet > 0
    }

    /// Whether not even findings are printed.
    pub(super) fn is_silent(&self) -> bool {
        self.quiet > 1
    }
}

/// When to colour.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum ColorArg {
    /// On a terminal, unless the environment says otherwise
    Auto,
    /// Always
    Always,
    /// Never
    Never,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    fn parse(arguments: &[&str]) -> Cli {
        let arguments = std::iter::once("mtls-lint").chain(arguments.iter().copied());
        Cli::try_parse_from(arguments).expect("the arguments are valid")
    }

    #[test]
    fn the_definition_of_the_arguments_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_path_without_a_command_is_checked() {
        let cli = parse(&["apps/", "--fail-on", "error", "rules"]);
        assert!(cli.command.is_none());
        assert_eq!(cli.check.input.paths, ["apps/", "rules"]);
        assert_eq!(cli.check.exit.fail_on, Some(FailOn::Error));
    }

    #[test]
    fn a_path_named_like_a_command_is_given_with_a_dot() {
        assert!(matches!(parse(&["rules"]).command, Some(Command::Rules(_))));
        assert_eq!(parse(&["./rules"]).check.input.paths, ["./rules"]);
    }

    #[test]
    fn rules_are_selected_by_repeated_flags_and_commas() {
        let cli = parse(&["check", "--select", "a,b", "--select", "c"]);
        let Some(Command::Check(check)) = cli.command else {
            panic!("the command is check");
        };
        assert_eq!(check.rules.select, ["a", "b", "c"]);
    }

    #[test]
    fn auto_mtls_takes_true_or_false() {
        let cli = parse(&["--auto-mtls", "false"]);
        assert_eq!(cli.check.input.mesh.auto_mtls, Some(false));
        assert!(Cli::try_parse_from(["mtls-lint", "--auto-mtls", "maybe"]).is_err());
    }

    #[test]
    fn trace_takes_client_target_and_paths() {
        let cli = parse(&["trace", "shop/cart", "web.shop:80/v1", "apps", "--isolated"]);
        let Some(Command::Trace(trace)) = cli.command else {
            panic!("the command is trace");
        };
        assert_eq!(trace.client, "shop/cart");
        assert_eq!(trace.input.paths, ["apps"]);
        assert!(trace.input.isolated);
    }
}
