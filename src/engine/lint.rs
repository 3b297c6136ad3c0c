//! Lint: analyse, check, let rules yield, prove the fixes, triage.

use std::panic::{AssertUnwindSafe, catch_unwind};

use camino::Utf8PathBuf;
use rayon::prelude::*;
use rustc_hash::FxHashSet;

use super::doubt::doubt;
use super::explain::{explain, explain_refused};
use super::incomplete::doubt_incomplete;
use super::overlay_patch::keep_to_their_meshes;
use super::precede::precede;
use super::prove::prove;
use super::triage::triage;
use super::{Analysis, Error, Report, Request, analyse};
use crate::diagnostic::{Diagnostic, PairId};
use crate::mesh::Mesh;
use crate::rule::{
    Check, DeployContext, InputContext, Rule, RuleContext, RuleOptions, Surroundings,
};
use crate::rules::RULES;
use crate::source::tree::{Memory, ReadError, Tree};

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
    let (analysis, diagnostics) = examine(request, tree)?;
    Ok(outcome(analysis, diagnostics))
}

/// The same, with the analysis that the findings are about.
pub(super) fn examine(
    request: &Request,
    tree: &dyn Tree,
) -> Result<(Analysis, Vec<Diagnostic>), Error> {
    let analysis = analyse(request, tree)?;
    let selected = selected(request)?;
    let mut diagnostics = check(&selected, &analysis);
    doubt(&mut diagnostics, &analysis.problems);
    doubt_incomplete(&mut diagnostics, &analysis.deployment);
    explain(&mut diagnostics, &analysis.problems);
    explain_refused(&mut diagnostics, &analysis, request, tree)?;
    let mut diagnostics = precede(diagnostics, |name, explained| {
        let rule = selected.iter().find(|(rule, _)| rule.meta.name == name);
        let mut told = rule.map_or_else(Vec::new, |rule| try_run(rule, &analysis, Some(explained)));
        doubt(&mut told, &analysis.problems);
        doubt_incomplete(&mut told, &analysis.deployment);
        told
    });
    keep_to_their_meshes(&mut diagnostics, &analysis);
    prove(&mut diagnostics, &analysis, request, tree)?;
    let names: Vec<&str> = analysis.meshes.iter().map(Mesh::name).collect();
    let diagnostics = triage(diagnostics, &names, &analysis.sources);
    Ok((analysis, diagnostics))
}

/// What a run found, without what only an analysis needs.
pub(super) fn outcome(analysis: Analysis, diagnostics: Vec<Diagnostic>) -> Outcome {
    let Analysis {
        sources,
        summary,
        missing,
        ..
    } = analysis;
    let report = Report {
        diagnostics,
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
fn check(selected: &[Selected], analysis: &Analysis) -> Vec<Diagnostic> {
    let found: Vec<Vec<Diagnostic>> = selected
        .par_iter()
        .map(|rule| try_run(rule, analysis, None))
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
                    origins: &analysis.deployment.origins,
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
    }
}

/// What a line of an example starts with that names the file of the lines below it.
const FILE_MARK: &str = "# file: ";

/// The rules that find something in a stream of documents, with all defaults; for the examples of the documentation. An
/// example of several files has a line `# file: PATH` before each.
pub fn lint_text(text: &str) -> Vec<&'static str> {
    let files = files_of_example(text);
    let request = Request {
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
