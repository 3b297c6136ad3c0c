//! Lint: analyse, check, let rules yield, prove the fixes, triage.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use camino::Utf8PathBuf;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::adjust::Adjust;
use super::doubt::doubt;
use super::elements::name_elements;
use super::explain::{explain, explain_refused};
use super::incomplete::doubt_incomplete;
use super::overlay_patch::keep_to_their_meshes;
use super::precede::precede;
use super::prove::prove;
use super::refused::unexplained;
use super::split::doubt_split;
use super::triage::{Findings, triage};
use super::undeclared::doubt_undeclared;
use super::{Analysis, Error, Progress, Report, Request, Stage, analyse};
use crate::config;
use crate::diagnostic::{Diagnostic, PairId};
use crate::mesh::Mesh;
use crate::rule::{
    Check, DeployContext, InputContext, Rule, RuleContext, RuleOptions, Surroundings, TriageContext,
};
use crate::rules::RULES;
use crate::source::FileId;
use crate::source::tree::{Memory, ReadError, Tree};
use crate::suppress::{Date, Exceptions, Seen, judge};

/// What a run found.
#[derive(Debug)]
pub struct Outcome {
    /// The findings and what was read.
    pub report: Report,
    /// Paths that the user named and that cannot be read, with the reason; the others were linted.
    pub missing: Vec<(Utf8PathBuf, ReadError)>,
}

/// Reads, analyses and checks what a request names.
pub fn lint(request: &Request, tree: &dyn Tree) -> Result<Outcome, Error> {
    let (analysis, findings) = examine(request, tree)?;
    Ok(outcome(analysis, findings))
}

/// The same, with the analysis that the findings are about.
pub(super) fn examine(request: &Request, tree: &dyn Tree) -> Result<(Analysis, Findings), Error> {
    let mut analysis = analyse(request, tree)?;
    let selected = selected(request)?;
    let mut diagnostics = check(&selected, &analysis, &request.progress);
    doubt_all(&mut diagnostics, &analysis);
    explain(&mut diagnostics, &analysis.problems);
    let proving = request.progress.hold(Stage::Prove);
    explain_refused(&mut diagnostics, &analysis, request, tree)?;
    let mut diagnostics = precede(diagnostics, |name, explained| {
        let rule = selected.iter().find(|(rule, _)| rule.meta.name == name);
        let mut told = rule.map_or_else(Vec::new, |rule| try_run(rule, &analysis, Some(explained)));
        doubt_all(&mut told, &analysis);
        told
    });
    keep_to_their_meshes(&mut diagnostics, &analysis);
    prove(&mut diagnostics, &analysis, request, tree)?;
    drop(proving);
    let adjust = Adjust::new(&request.rules, &mut analysis)?;
    adjust.apply(&mut diagnostics, &analysis.sources);
    let mut about_exceptions = suppress(&mut diagnostics, &selected, &mut analysis, request)?;
    adjust.apply(&mut about_exceptions, &analysis.sources);
    diagnostics.extend(about_exceptions);
    name_elements(&mut diagnostics, &analysis.deployment);
    let names: Vec<&str> = analysis.meshes.iter().map(Mesh::name).collect();
    let findings = triage(diagnostics, &names, &analysis.sources);
    let all = findings.shown.iter().chain(&findings.hidden);
    analysis.summary.refused = unexplained(&analysis.meshes, all);
    Ok((analysis, findings))
}

/// Weakens what rests on inputs that are not sure.
fn doubt_all(diagnostics: &mut Vec<Diagnostic>, analysis: &Analysis) {
    doubt_undeclared(diagnostics, &analysis.deployment, &analysis.sources);
    doubt(diagnostics, &analysis.problems);
    doubt_split(diagnostics, &analysis.meshes);
    doubt_incomplete(diagnostics, &analysis.deployment);
}

/// Marks the findings that exceptions hide. Returns the findings about the exceptions themselves, which none hides.
fn suppress(
    diagnostics: &mut [Diagnostic],
    selected: &[Selected],
    analysis: &mut Analysis,
    request: &Request,
) -> Result<Vec<Diagnostic>, Error> {
    let mut config = None;
    if let Some(file) = request.exceptions.file() {
        config = Some(FileId::new(analysis.sources.count()));
        analysis.sources = Arc::new(analysis.sources.with(file));
    }
    let seen = Seen {
        sources: &analysis.sources,
        deployment: &analysis.deployment,
        exceptions: &request.exceptions,
        config,
        rules: &selected.iter().map(|(rule, _)| rule.meta.name).collect(),
        is_whole: !request.is_partial && request.mesh.is_none(),
        is_complete: analysis.summary.unread.is_empty(),
    };
    let problems = judge(diagnostics, &seen).map_err(|error| Error::Setting {
        message: error.to_string(),
    })?;
    let mut found = Vec::new();
    for (rule, options) in selected {
        if let Check::Triage(check) = rule.check {
            let mut cx = TriageContext::new(&rule.meta, &problems);
            check(options, &mut cx);
            found.extend(cx.into_diagnostics());
        }
    }
    Ok(found)
}

/// What a run found, without what only an analysis needs.
pub(super) fn outcome(analysis: Analysis, findings: Findings) -> Outcome {
    let Analysis {
        sources,
        mut summary,
        missing,
        ..
    } = analysis;
    summary.suppressed = findings.hidden.len();
    let report = Report {
        diagnostics: findings.shown,
        suppressed: findings.hidden,
        summary,
        sources,
        accepted: None,
    };
    Outcome { report, missing }
}

/// A rule with its settings.
type Selected = (&'static Rule, RuleOptions);

/// The rules that a request selects.
fn selected(request: &Request) -> Result<Vec<Selected>, Error> {
    RULES
        .iter()
        .filter(|rule| request.rules.includes(rule.meta.name))
        .map(|&rule| Ok((rule, options(rule, request)?)))
        .collect()
}

/// Runs rules in parallel.
fn check(selected: &[Selected], analysis: &Analysis, progress: &Progress) -> Vec<Diagnostic> {
    progress.enter(Stage::Check, selected.len());
    let found: Vec<Vec<Diagnostic>> = selected
        .par_iter()
        .map(|rule| {
            let found = try_run(rule, analysis, None);
            progress.step();
            found
        })
        .collect();
    found.into_iter().flatten().collect()
}

/// The settings of a rule.
fn options(rule: &Rule, request: &Request) -> Result<RuleOptions, Error> {
    let name = rule.meta.name;
    rule.options
        .parse(request.rules.options.get(name))
        .map_err(|error| Error::Setting {
            message: format!("the settings of rule `{name}`: {error}"),
        })
}

/// Runs one rule on everything it looks at, but for the pairs that others explain. One that fails must not lose the
/// findings of the others.
fn try_run(
    selected: &Selected,
    analysis: &Analysis,
    explained: Option<&FxHashSet<PairId>>,
) -> Vec<Diagnostic> {
    catch_unwind(AssertUnwindSafe(|| run(selected, analysis, explained)))
        .unwrap_or_else(|_| vec![crate::rule::failure(&selected.0.meta)])
}

fn run(
    (rule, options): &Selected,
    analysis: &Analysis,
    explained: Option<&FxHashSet<PairId>>,
) -> Vec<Diagnostic> {
    match rule.check {
        Check::Inputs(check) => {
            let mut cx = InputContext::new(&rule.meta, &analysis.problems);
            check(options, &mut cx);
            cx.into_diagnostics()
        }
        Check::Deploy(check) => {
            let Analysis {
                sources,
                deployment,
                meshes,
                problems,
                ..
            } = analysis;
            let mut cx = DeployContext::new(&rule.meta, deployment, meshes, problems, sources);
            check(options, &mut cx);
            cx.into_diagnostics()
        }
        Check::Mesh(check) => {
            let mut found = Vec::new();
            for (index, mesh) in (0u32..).zip(&analysis.meshes) {
                let patched = analysis.patched.get(index as usize);
                let surroundings = Surroundings {
                    sources: &analysis.sources,
                    deployment: &analysis.deployment,
                    patched: patched.map_or(&[], Vec::as_slice),
                };
                let mut cx = RuleContext::new(&rule.meta, mesh, index, surroundings);
                if let Some(explained) = explained {
                    cx = cx.without(explained);
                }
                check(options, &mut cx);
                for mut diagnostic in cx.into_diagnostics() {
                    diagnostic.meshes.push(mesh.name().to_owned());
                    found.push(diagnostic);
                }
            }
            found
        }
        // These have their turn when it is known what exceptions hide.
        Check::Triage(_) => Vec::new(),
    }
}

/// What a line of an example starts with that names the file of the lines below it.
const FILE_MARK: &str = "# file: ";

/// The day on which the examples of the documentation are linted.
const DAY_OF_EXAMPLES: u64 = 1_767_225_600;

/// The rules that find something in a stream of documents, with all defaults; for the examples of the documentation. An
/// example of several files has a line `# file: PATH` before each; of a config file among them the exceptions count, on
/// the first day of 2026.
pub fn lint_text(text: &str) -> Vec<&'static str> {
    let mut files = files_of_example(text);
    let config = files
        .iter()
        .position(|(path, _)| config::NAMES.contains(path));
    let config = config.map(|index| files.remove(index));
    let config = config.and_then(|(path, text)| config::parse(path.into(), &text).ok());
    let today = Date::of_unix_time(DAY_OF_EXAMPLES);
    let request = Request {
        exceptions: config.map_or_else(Exceptions::default, |config| config.exceptions(today)),
        stdin: files.is_empty().then(|| text.as_bytes().to_vec()),
        paths: if files.is_empty() {
            Vec::new()
        } else {
            vec![".".into()]
        },
        ..Request::default()
    };
    let outcome = lint(&request, &Memory::new(files));
    outcome.map_or_else(
        |_| Vec::new(),
        |outcome| {
            outcome
                .report
                .diagnostics
                .iter()
                .map(|diagnostic| diagnostic.rule)
                .collect()
        },
    )
}

/// The files of an example, each with its path; none for an example that is one stream.
fn files_of_example(text: &str) -> Vec<(&str, String)> {
    let mut files: Vec<(&str, String)> = Vec::new();
    for line in text.lines() {
        if let Some(path) = line.strip_prefix(FILE_MARK) {
            files.push((path.trim(), String::new()));
        } else if let Some((_, body)) = files.last_mut() {
            body.push_str(line);
            body.push('\n');
        }
    }
    files
}
