//! Lint: analyse, check, prove the fixes, triage.

use std::panic::{AssertUnwindSafe, catch_unwind};

use camino::Utf8PathBuf;
use rayon::prelude::*;

use super::doubt::doubt;
use super::explain::explain;
use super::fix::prove;
use super::incomplete::doubt_incomplete;
use super::triage::triage;
use super::{Analysis, Error, Report, Request, analyse};
use crate::diagnostic::Diagnostic;
use crate::rule::{Check, InputContext, Rule, RuleContext, RuleOptions};
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
    let analysis = analyse(request, tree)?;
    let mut diagnostics = check(&analysis, request)?;
    doubt(&mut diagnostics, &analysis.problems);
    doubt_incomplete(&mut diagnostics, &analysis.deployment);
    explain(&mut diagnostics, &analysis.problems);
    prove(&mut diagnostics, &analysis, request, tree)?;
    let Analysis {
        sources,
        meshes,
        summary,
        missing,
        ..
    } = analysis;
    let names: Vec<&str> = meshes.iter().map(crate::mesh::Mesh::name).collect();
    let report = Report {
        diagnostics: triage(diagnostics, &names, &sources),
        summary,
        sources,
    };
    Ok(Outcome { report, missing })
}

/// Runs the rules that a request selects, in parallel.
fn check(analysis: &Analysis, request: &Request) -> Result<Vec<Diagnostic>, Error> {
    let selected: Vec<(&Rule, RuleOptions)> = RULES
        .iter()
        .filter(|rule| request.rules.includes(rule.meta.name))
        .map(|&rule| Ok((rule, options(rule, request)?)))
        .collect::<Result<_, Error>>()?;
    let found: Vec<Vec<Diagnostic>> = selected
        .par_iter()
        .map(|(rule, options)| {
            // One rule that fails must not lose the findings of the others.
            catch_unwind(AssertUnwindSafe(|| run(rule, options, analysis)))
                .unwrap_or_else(|_| vec![crate::rule::failure(&rule.meta)])
        })
        .collect();
    Ok(found.into_iter().flatten().collect())
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

/// Runs one rule on everything it looks at.
fn run(rule: &Rule, options: &RuleOptions, analysis: &Analysis) -> Vec<Diagnostic> {
    match rule.check {
        Check::Inputs(check) => {
            let mut cx = InputContext::new(&rule.meta, &analysis.problems);
            check(options, &mut cx);
            cx.into_diagnostics()
        }
        Check::Mesh(check) => {
            let mut found = Vec::new();
            for (index, mesh) in (0u32..).zip(&analysis.meshes) {
                let mut cx = RuleContext::new(&rule.meta, mesh, index, &analysis.sources);
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

/// The rules that find something in a stream of documents, with all defaults; for the examples of the documentation.
pub fn lint_text(text: &str) -> Vec<&'static str> {
    let request = Request {
        stdin: Some(text.as_bytes().to_vec()),
        ..Request::default()
    };
    let outcome = lint(&request, &Memory::default());
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
