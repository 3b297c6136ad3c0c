//! `mtls-lint check`: lint, repair if asked, report, exit status.

use std::io::{self, Write};

use camino::Utf8Path;
use similar::TextDiff;

use super::args::{CheckArgs, OutputArgs};
use super::environment::{Environment, FILE_STYLE, shows_progress};
use super::failure::{Exit, Failure};
use super::nothing::{is_void, nothing_checked, tell_missing};
use super::output::{OutputSpec, Target, harmless, note, to_file, to_stdout};
use super::progress::Line;
use super::selection::select;
use super::{baseline, diff, unmatched, verbose};
use crate::config::{Config, FailOn};
use crate::diagnostic::{Applicability, Diagnostic, counted};
use crate::engine::{self, Base, FileChange, Fixed, Report, Request};
use crate::report::{self, Style};
use crate::rule::RuleMeta;
use crate::rules::RULES;
use crate::source::tree::Tree;

/// Runs `check`.
pub(super) fn run(
    args: &CheckArgs,
    tree: &dyn Tree,
    environment: Environment,
) -> Result<Exit, Failure> {
    start_threads(args)?;
    once(args, tree, environment)
}

/// Runs `check` in the threads that are there.
pub(super) fn once(
    args: &CheckArgs,
    tree: &dyn Tree,
    environment: Environment,
) -> Result<Exit, Failure> {
    let outputs = plan(&args.output, args.fix.diff, environment)?;
    let config = args.input.config(tree)?;
    let mut request = request(args, &config)?;
    let known = baseline::open(args, &config, tree)?;
    if args.output.show_files {
        return show_files(args, &request, tree);
    }
    let wants_progress = shows_progress() && !args.output.is_quiet();
    let line = Line::start(&request.progress, wants_progress);
    args.input.render(&mut request, tree)?;
    let mut fixed = lint(args, &request, tree)?;
    drop(line);
    show_paths(args, &mut fixed);
    if let Some(known) = known {
        baseline::accept(&mut fixed.outcome.report, known, args, &request);
    }
    if !args.show_suppressed {
        fixed.outcome.report.suppressed.clear();
    }
    let report = &fixed.outcome.report;

    if args.fix.diff {
        to_stdout(|out| write_diff(&fixed.changes, environment.is_terminal, out))?;
        let line = left_out(&fixed, args.fix.unsafe_fixes);
        if let Some(line) = line.filter(|_| !args.output.is_quiet()) {
            note(&line);
        }
    } else {
        engine::write_changes(&fixed.changes)?;
    }
    let style = Style {
        summary: !args.output.is_quiet(),
        ..environment.style(args.output.color)
    };
    let is_void = is_void(&request, &report.summary) && !args.exit.allow_empty;
    // What follows on standard error says all that a person needs to know about such a run.
    let is_told = is_void && report.diagnostics.is_empty();
    for output in &outputs {
        if !(is_told && output.is_read_by_people()) {
            write_report(report, output, style)?;
        }
    }
    if args.output.statistics && !is_told {
        to_stdout(|out| report::render_statistics(report, out))?;
    }
    if args.output.verbose {
        verbose::tell(args, &report.summary, tree);
    }
    unmatched::tell(args, &config, &report.summary, tree);
    if !fixed.outcome.missing.is_empty() {
        return Ok(tell_missing(&fixed.outcome.missing, &args.input, tree));
    }
    if is_void {
        return Err(nothing_checked(&args.input, &request, &report.summary).or_allowed());
    }
    let fail_on = args.exit.fail_on.or(config.fail_on).unwrap_or_default();
    let would_change = args.fix.diff && !fixed.changes.is_empty();
    Ok(status(report, fail_on, would_change, args.exit.exit_zero))
}

/// Shows paths from the working directory.
fn show_paths(args: &CheckArgs, fixed: &mut Fixed) {
    // A file of the base is called as Git does, from the root.
    let is_of_base = |path: &Utf8Path| {
        let base = args.base.as_deref();
        let rest = base.and_then(|base| path.as_str().strip_prefix(base));
        rest.is_some_and(|rest| rest.starts_with(':'))
    };
    args.input.show_paths(|shown| {
        fixed.show_paths(&|path| {
            if is_of_base(path) {
                path.to_owned()
            } else {
                shown(path)
            }
        });
    });
}

/// The reports to write. One report at most goes to standard output, none where it is a diff or is not wanted.
fn plan(
    args: &OutputArgs,
    is_diff: bool,
    environment: Environment,
) -> Result<Vec<OutputSpec>, Failure> {
    let mut outputs = args.outputs.clone();
    check_targets(&outputs)?;
    let on_stdout = |output: &&OutputSpec| output.target == Target::Stdout;
    let mut taken = outputs.iter().filter(on_stdout).count();
    if is_diff || args.is_silent() || args.statistics {
        if taken > 0 {
            return Err(Failure::usage(
                "`--diff`, `--statistics` and `-qq` leave no room for `--output FORMAT=-`",
            ));
        }
        return Ok(outputs);
    }
    if taken == 0 || args.format.is_some() {
        outputs.push(OutputSpec {
            format: args.format.unwrap_or_else(|| environment.default_format()),
            target: Target::Stdout,
        });
        taken += 1;
    }
    if taken > 1 {
        return Err(
            Failure::usage("more than one report goes to standard output")
                .with_help("give `--format FORMAT` or one `--output FORMAT=-`"),
        );
    }
    Ok(outputs)
}

/// Refuses two reports in one file, of which the last would replace the first.
fn check_targets(outputs: &[OutputSpec]) -> Result<(), Failure> {
    for (index, output) in outputs.iter().enumerate() {
        let earlier = outputs.iter().take(index);
        if let Target::File(path) = &output.target
            && earlier.into_iter().any(|it| it.target == output.target)
        {
            return Err(
                Failure::usage(format!("more than one report goes to `{path}`"))
                    .with_help("give each `--output FORMAT=PATH` a path of its own"),
            );
        }
    }
    Ok(())
}

/// Bounds the number of threads if the user wants that.
pub(super) fn start_threads(args: &CheckArgs) -> Result<(), Failure> {
    let Some(jobs) = args.jobs else {
        return Ok(());
    };
    rayon::ThreadPoolBuilder::new()
        .num_threads(jobs.get())
        .build_global()
        .map_err(|error| {
            Failure::usage(format!(
                "cannot start {}: {error}",
                counted(jobs.get(), "thread")
            ))
        })
}

/// What the flags and the config file ask for.
pub(super) fn request(args: &CheckArgs, config: &Config) -> Result<Request, Failure> {
    let mut request = args.input.request(config)?;
    request.check_all = args.check_all;
    request.is_partial = !args.input.is_whole();
    select(&args.rules, config, &mut request)?;
    Ok(request)
}

/// Lists the files that a run reads.
fn show_files(args: &CheckArgs, request: &Request, tree: &dyn Tree) -> Result<Exit, Failure> {
    let mut read = engine::files(request, tree)?;
    args.input.show_paths(|shown| read.show_paths(shown));
    if args.output.verbose {
        verbose::tell(args, &read.summary, tree);
    }
    to_stdout(|out| {
        let mut paths = read.paths.iter();
        paths.try_for_each(|path| writeln!(out, "{}", harmless(path.as_str())))
    })?;
    if !read.missing.is_empty() {
        return Ok(tell_missing(&read.missing, &args.input, tree));
    }
    if read.paths.is_empty() && !args.exit.allow_empty {
        return Err(nothing_checked(&args.input, request, &read.summary).or_allowed());
    }
    Ok(Exit::Success)
}

/// Lints, and works out repairs if they are asked for.
fn lint(args: &CheckArgs, request: &Request, tree: &dyn Tree) -> Result<Fixed, Failure> {
    let base = args.base.as_deref();
    let root = args.input.home.root();
    let args = &args.fix;
    if !args.fix && !args.diff {
        let outcome = match base {
            None => engine::lint(request, tree)?,
            Some(revision) => {
                let before = diff::open(revision, root)?;
                let base = Base {
                    tree: &before,
                    name: revision,
                };
                engine::lint_since(request, tree, base)?
            }
        };
        return Ok(Fixed {
            outcome,
            changes: Vec::new(),
        });
    }
    let applicability = if args.unsafe_fixes {
        Applicability::Unsafe
    } else {
        Applicability::Safe
    };
    Ok(engine::fix(request, tree, applicability)?)
}

/// Writes one report.
fn write_report(report: &Report, output: &OutputSpec, style: Style) -> Result<(), Failure> {
    let rules: Vec<&RuleMeta> = RULES.iter().map(|rule| &rule.meta).collect();
    match &output.target {
        Target::Stdout => {
            to_stdout(|out| report::render(report, output.format, style, &rules, out))
        }
        Target::File(path) => to_file(path, |out| {
            report::render(report, output.format, FILE_STYLE, &rules, out)
        }),
    }
}

/// Writes repairs as a unified diff. A terminal gets it without control characters, a pipe gets what `git apply` needs.
fn write_diff(changes: &[FileChange], is_terminal: bool, out: &mut dyn Write) -> io::Result<()> {
    for change in changes {
        let diff = TextDiff::from_lines(&change.before, &change.after);
        let (before, after) = (format!("a/{}", change.path), format!("b/{}", change.path));
        let text = diff.unified_diff().header(&before, &after).to_string();
        let text = if is_terminal { harmless(&text) } else { text };
        out.write_all(text.as_bytes())?;
    }
    Ok(())
}

/// What a diff does not show: repairs that a person should look at, or that there is nothing to repair.
fn left_out(fixed: &Fixed, with_unsafe: bool) -> Option<String> {
    let report = &fixed.outcome.report;
    let known = report.accepted.iter().flat_map(|accepted| &accepted.known);
    let findings: Vec<&Diagnostic> = report.diagnostics.iter().chain(known).collect();
    let is_left_out = |finding: &&&Diagnostic| {
        let fix = finding.fix.as_ref();
        !with_unsafe && fix.is_some_and(|fix| fix.applicability == Applicability::Unsafe)
    };
    match findings.iter().filter(is_left_out).count() {
        0 if fixed.changes.is_empty() && !findings.is_empty() => Some(format!(
            "nothing to change: no fix applies to {}",
            counted(findings.len(), "finding")
        )),
        0 => None,
        1 => Some("1 unsafe fix is left out; `--unsafe-fixes` adds it".to_owned()),
        count => Some(format!(
            "{count} unsafe fixes are left out; `--unsafe-fixes` adds them"
        )),
    }
}

/// The exit status of a run that could be done.
fn status(report: &Report, fail_on: FailOn, would_change: bool, exit_zero: bool) -> Exit {
    let fails = report
        .diagnostics
        .iter()
        .any(|diagnostic| fail_on.fails(diagnostic.severity));
    if (fails || would_change) && !exit_zero {
        Exit::Findings
    } else {
        Exit::Success
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use clap::Parser;

    use super::*;
    use crate::cli::args::Cli;
    use crate::diagnostic::Severity;
    use crate::engine::Summary;
    use crate::rule::{InputContext, InputProblem};
    use crate::rules::find;
    use crate::source::Sources;

    const ENVIRONMENT: Environment = Environment {
        github_actions: false,
        is_terminal: false,
        color: false,
        width: 100,
    };

    fn planned(arguments: &[&str], environment: Environment) -> Result<Vec<OutputSpec>, Failure> {
        let arguments = std::iter::once("mtls-lint").chain(arguments.iter().copied());
        let cli = Cli::try_parse_from(arguments).expect("the arguments are valid");
        plan(&cli.check.output, cli.check.fix.diff, environment)
    }

    fn spec(text: &str) -> OutputSpec {
        text.parse().expect("the output is valid")
    }

    /// A report with one finding of a severity.
    fn report(severity: Severity) -> Report {
        let rule = find("unread-input").expect("the rule exists");
        let problems: [InputProblem; 0] = [];
        let mut cx = InputContext::new(&rule.meta, &problems);
        cx.report_path("a".into(), "a finding").severity(severity);
        Report {
            diagnostics: cx.into_diagnostics(),
            suppressed: Vec::new(),
            summary: Summary::default(),
            sources: Arc::new(Sources::default()),
            accepted: None,
        }
    }

    #[test]
    fn people_get_pretty_and_workflows_get_annotations() {
        let github = Environment {
            github_actions: true,
            ..ENVIRONMENT
        };
        assert_eq!(planned(&[], ENVIRONMENT), Ok(vec![spec("pretty=-")]));
        assert_eq!(planned(&[], github), Ok(vec![spec("github=-")]));
        assert_eq!(
            planned(&["--format=json"], github),
            Ok(vec![spec("json=-")])
        );
    }

    #[test]
    fn a_report_in_a_file_is_written_beside_the_one_on_standard_output() {
        let outputs = planned(&["--output=sarif=a"], ENVIRONMENT);
        assert_eq!(outputs, Ok(vec![spec("sarif=a"), spec("pretty=-")]));
    }

    #[test]
    fn an_output_to_standard_output_replaces_the_default() {
        let outputs = planned(&["--output=json=-"], ENVIRONMENT);
        assert_eq!(outputs, Ok(vec![spec("json=-")]));
    }

    #[test]
    fn a_diff_or_silence_leaves_only_files() {
        for flag in ["--diff", "-qq"] {
            let outputs = planned(&[flag, "--output=sarif=a"], ENVIRONMENT);
            assert_eq!(outputs, Ok(vec![spec("sarif=a")]), "{flag}");
        }
    }

    #[test]
    fn two_reports_for_standard_output_are_refused() {
        let table: [&[&str]; 3] = [
            &["--format=json", "--output=sarif=-"],
            &["--diff", "--output=sarif=-"],
            &["--output=json=-", "--output=sarif=-"],
        ];
        for arguments in table {
            assert!(planned(arguments, ENVIRONMENT).is_err(), "{arguments:?}");
        }
    }

    #[test]
    fn two_reports_for_one_file_are_refused() {
        let arguments = ["--output=json=a", "--output=sarif=a"];
        assert!(planned(&arguments, ENVIRONMENT).is_err());
        let arguments = ["--output=json=a", "--output=json=b"];
        assert!(planned(&arguments, ENVIRONMENT).is_ok());
    }

    #[test]
    fn findings_at_or_above_the_limit_make_the_run_fail() {
        let table = [
            (Severity::Note, FailOn::Warning, Exit::Success),
            (Severity::Warning, FailOn::Warning, Exit::Findings),
            (Severity::Warning, FailOn::Error, Exit::Success),
            (Severity::Error, FailOn::Never, Exit::Success),
        ];
        for (severity, fail_on, expected) in table {
            let exit = status(&report(severity), fail_on, false, false);
            assert_eq!(exit, expected, "{severity} {fail_on:?}");
        }
    }

    #[test]
    fn exit_zero_hides_findings_and_pending_changes() {
        let report = report(Severity::Error);
        assert_eq!(status(&report, FailOn::Warning, true, true), Exit::Success);
    }

    #[test]
    fn a_pending_change_makes_a_diff_fail() {
        let report = report(Severity::Note);
        assert_eq!(status(&report, FailOn::Error, true, false), Exit::Findings);
    }

    #[test]
    fn a_diff_names_the_file_and_shows_the_change() {
        let change = FileChange {
            path: "apps/rule.yaml".into(),
            before: "a: 1\nb: 2\n".into(),
            after: "a: 1\nb: 3\n".into(),
        };
        let mut out = Vec::new();
        write_diff(&[change], false, &mut out).expect("writing to memory works");
        let text = String::from_utf8(out).expect("the diff is UTF-8");
        insta::assert_snapshot!(text, @r"
        --- a/apps/rule.yaml
        +++ b/apps/rule.yaml
        @@ -1,2 +1,2 @@
         a: 1
        -b: 2
        +b: 3
        ");
    }
}
