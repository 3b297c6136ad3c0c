//! `mtls-lint baseline`: accept today's findings, so that later runs report what comes on top of them.

use camino::Utf8PathBuf;
use clap::{Args, Subcommand};

use super::args::{CheckArgs, RuleSelectionArgs};
use super::environment::shows_progress;
use super::failure::{Exit, Failure};
use super::input::{InputArgs, tell_unread};
use super::nothing::{is_void, nothing_checked, tell_missing};
use super::output::{harmless, to_stdout};
use super::progress::Line;
use super::selection::select;
use crate::baseline::{self, Baseline, BaselineError, DEFAULT_PATH};
use crate::config::Config;
use crate::diagnostic::{Diagnostic, Severity, counted};
use crate::engine::{self, Report, Request};
use crate::source::tree::Tree;

/// The subcommands of `baseline`.
#[derive(Debug, Args)]
pub(super) struct BaselineArgs {
    /// What to do.
    #[command(subcommand)]
    command: BaselineCommand,
}

/// What to do with a baseline.
#[derive(Debug, Subcommand)]
enum BaselineCommand {
    /// Accept all findings of today in a new file
    Write(WriteArgs),
    /// Accept the findings that are new, and drop the entries that nothing needs any more
    Update(FileArgs),
    /// Drop the entries that nothing needs any more, and accept nothing
    Prune(FileArgs),
}

/// The flags of `baseline write`.
#[derive(Debug, Args)]
struct WriteArgs {
    /// What all of them take.
    #[command(flatten)]
    file: FileArgs,
    /// Replace a baseline that exists
    #[arg(long, help_heading = "Baseline")]
    force: bool,
}

/// The flags of all subcommands of `baseline`.
#[derive(Debug, Args)]
struct FileArgs {
    /// What to read and to assume.
    #[command(flatten)]
    input: InputArgs,
    /// Which rules run; the entries of the others stay as they are.
    #[command(flatten)]
    rules: RuleSelectionArgs,
    /// The file of the baseline [default: .mtls-lint-baseline.json]
    #[arg(long, value_name = "FILE", help_heading = "Baseline")]
    baseline: Option<Utf8PathBuf>,
}

/// The flags of `check` about the baseline.
#[derive(Debug, Args)]
#[command(next_help_heading = "Baseline")]
pub(super) struct KnownArgs {
    /// Report only findings that are not in this file [default: .mtls-lint-baseline.json, where it exists]
    #[arg(long, value_name = "FILE")]
    baseline: Option<Utf8PathBuf>,
    /// Report what the baseline accepts too
    #[arg(long, conflicts_with = "baseline")]
    no_baseline: bool,
}

impl BaselineArgs {
    /// What to read and to assume.
    pub(super) fn input(&mut self) -> &mut InputArgs {
        match &mut self.command {
            BaselineCommand::Write(args) => &mut args.file.input,
            BaselineCommand::Update(args) | BaselineCommand::Prune(args) => &mut args.input,
        }
    }
}

/// Runs a subcommand of `baseline`.
pub(super) fn run(args: &BaselineArgs, tree: &dyn Tree) -> Result<Exit, Failure> {
    let file = match &args.command {
        BaselineCommand::Write(args) => &args.file,
        BaselineCommand::Update(args) | BaselineCommand::Prune(args) => args,
    };
    let config = file.input.config(tree)?;
    let named = named(file.baseline.as_ref(), &config, &file.input);
    let default = || file.input.home.beside_config(DEFAULT_PATH);
    let path = named.unwrap_or_else(default);
    let shown = file.input.home.shown(&path);
    let before = match &args.command {
        BaselineCommand::Write(args) if args.force || !baseline::exists(tree, &path) => {
            Baseline::default()
        }
        BaselineCommand::Write(_) => return Err(BaselineError::Exists { path: shown }.into()),
        BaselineCommand::Update(_) | BaselineCommand::Prune(_) => {
            baseline::load(tree, &path, &shown)?
        }
    };
    let mut request = file.input.request(&config)?;
    request.is_partial = !file.input.is_whole();
    select(&file.rules, &config, &mut request)?;
    let line = Line::start(&request.progress, shows_progress());
    file.input.render(&mut request, tree)?;
    let mut outcome = engine::lint(&request, tree)?;
    drop(line);
    file.input.show_paths(|shown| outcome.show_paths(shown));
    if !outcome.missing.is_empty() {
        return Ok(tell_missing(&outcome.missing, &file.input, tree));
    }
    if is_void(&request, &outcome.report.summary) {
        tell_unread(&outcome.report.summary);
        return Err(nothing_checked(
            &file.input,
            &request,
            &outcome.report.summary,
        ));
    }
    let found = &outcome.report.diagnostics;
    let (after, told) = apply(&args.command, &before, found, &request);
    if after != before || matches!(args.command, BaselineCommand::Write(_)) {
        baseline::save(&shown, &after)?;
    }
    let path = harmless(shown.as_str());
    to_stdout(|out| writeln!(out, "{path}: {told}"))?;
    Ok(Exit::Success)
}

/// The baseline afterwards, and what a command did to it in words.
fn apply(
    command: &BaselineCommand,
    before: &Baseline,
    found: &[Diagnostic],
    request: &Request,
) -> (Baseline, String) {
    let comparison = before.compare(found, |rule| request.rules.includes(rule));
    let dropped = comparison.gone.count();
    let kept = comparison.known.count() + comparison.unchecked.count();
    match command {
        BaselineCommand::Write(_) => {
            let count = |severity| found.iter().filter(|one| one.severity == severity).count();
            let parts = [
                (count(Severity::Error), "error"),
                (count(Severity::Warning), "warning"),
                (count(Severity::Note), "note"),
            ];
            let parts = parts.map(|(count, noun)| counted(count, noun)).join(", ");
            let told = format!("accepts {} ({parts})", counted(found.len(), "finding"));
            (Baseline::of(found), told)
        }
        BaselineCommand::Update(_) => {
            let added = found.len() - comparison.known.count();
            let told = format!("{added} added, {dropped} dropped, {kept} kept");
            (comparison.updated(found), told)
        }
        BaselineCommand::Prune(_) => {
            let told = format!("{dropped} dropped, {kept} kept");
            (comparison.pruned(), told)
        }
    }
}

/// The file that the user names by flag or config file.
fn named(flag: Option<&Utf8PathBuf>, config: &Config, input: &InputArgs) -> Option<Utf8PathBuf> {
    let configured = config.baseline.as_deref().map(Utf8PathBuf::from);
    flag.map(|path| input.home.inside(path)).or(configured)
}

/// The baseline that counts for `check` and its file: one that the user names has to exist, the default one may.
pub(super) fn open(
    args: &CheckArgs,
    config: &Config,
    tree: &dyn Tree,
) -> Result<Option<(Utf8PathBuf, Baseline)>, Failure> {
    let known = &args.known;
    if known.no_baseline {
        return Ok(None);
    }
    let default = || {
        let path = args.input.home.beside_config(DEFAULT_PATH);
        let counts = !args.input.isolated && baseline::exists(tree, &path);
        counts.then_some(path)
    };
    let named = named(known.baseline.as_ref(), config, &args.input);
    let Some(path) = named.or_else(default) else {
        return Ok(None);
    };
    let shown = args.input.home.shown(&path);
    let baseline = baseline::load(tree, &path, &shown)?;
    Ok(Some((shown, baseline)))
}

/// Takes what a baseline accepts out of a report.
pub(super) fn accept(
    report: &mut Report,
    (path, baseline): (Utf8PathBuf, Baseline),
    args: &CheckArgs,
    request: &Request,
) {
    report.accept(path, &baseline, |rule| request.rules.includes(rule));
    // What is not looked at is not gone.
    let is_whole = args.input.is_whole() && args.base.is_none();
    if let Some(accepted) = &mut report.accepted
        && !is_whole
    {
        accepted.gone = None;
    }
}
