//! Since: what a revision of the repository brings that another did not have, in findings and in traffic.

mod attribute;
mod lines;
mod traffic;

use rustc_hash::FxHashMap;

use super::lint::{examine, outcome};
use super::{Analysis, Error, Outcome, Request};
use crate::diagnostic::{Diagnostic, Fingerprint, Severity};
use crate::source::tree::Tree;
use attribute::attribute;
use lines::ChangedLines;

pub use traffic::{Cause, PairChange, changes_since};

/// What a run is compared with.
#[derive(Clone, Copy)]
pub struct Base<'a> {
    /// The files as they were.
    pub tree: &'a dyn Tree,
    /// What people call it, such as `HEAD~1`.
    pub name: &'a str,
}

/// The same as [`lint`](super::lint), with only those findings that the base does not have or has less severe. Each says
/// which changed line brought it.
pub fn lint_since(request: &Request, tree: &dyn Tree, base: Base<'_>) -> Result<Outcome, Error> {
    let (before, known) = examine_base(request, base)?;
    let (analysis, mut findings) = examine(request, tree)?;
    findings
        .shown
        .retain(|diagnostic| is_new(diagnostic, &known));
    let lines = ChangedLines::between(&before.sources, &analysis.sources);
    let sources = attribute(&mut findings.shown, &analysis, &before, &lines, base.name);
    let mut outcome = outcome(analysis, findings);
    outcome.report.sources = sources;
    Ok(outcome)
}

/// The analysis of the base, and how severe each of its findings is.
fn examine_base(
    request: &Request,
    base: Base<'_>,
) -> Result<(Analysis, FxHashMap<Fingerprint, Severity>), Error> {
    let request = base_request(request);
    let (before, findings) = examine(&request, base.tree)?;
    let known = findings
        .shown
        .into_iter()
        .map(|one| (one.fingerprint, one.severity));
    Ok((before, known.collect()))
}

/// The request as it is put to the base: what comes by standard input or from other programs is no part of it.
fn base_request(request: &Request) -> Request {
    Request {
        stdin: None,
        rendered: Vec::new(),
        ..request.clone()
    }
}

/// Whether a finding is not among the known ones, or is worse now.
fn is_new(diagnostic: &Diagnostic, known: &FxHashMap<Fingerprint, Severity>) -> bool {
    known
        .get(&diagnostic.fingerprint)
        .is_none_or(|severity| diagnostic.severity > *severity)
}

#[cfg(test)]
mod tests;
