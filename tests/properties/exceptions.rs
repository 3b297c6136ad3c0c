//! Fixes of exceptions keep their promises, over the vectors with exceptions written into them: each does away with what it
//! was offered for, and a safe one changes nothing of what is found otherwise.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use mtls_lint::config;
use mtls_lint::diagnostic::{Applicability, Diagnostic};
use mtls_lint::engine::{Report, Request, lint};
use mtls_lint::rule::Stage;
use mtls_lint::rules::{RULES, find};
use mtls_lint::suppress::Date;
use rayon::prelude::*;

use super::CASES;
use super::fixes::{Files, edited, tree};
use super::variants::Variant;

/// The files of a case.
const MANIFESTS: &str = "manifests.yaml";
const CONFIG: &str = "mtls-lint.yaml";

/// How an exception is written.
#[derive(Clone, Copy, Debug)]
enum Form {
    Comment,
    CommentBehind,
    CommentForTwo,
    MisspeltComment,
    Annotation,
    MisspeltAnnotation,
    Label,
    Entry,
    EntryBesideAnother,
    ExpiredEntry,
}

const FORMS: [Form; 10] = [
    Form::Comment,
    Form::CommentBehind,
    Form::CommentForTwo,
    Form::MisspeltComment,
    Form::Annotation,
    Form::MisspeltAnnotation,
    Form::Label,
    Form::Entry,
    Form::EntryBesideAnother,
    Form::ExpiredEntry,
];

/// Where the exception is written, and for which rule.
struct Spot<'a> {
    rule: &'a str,
    /// The first byte of a line.
    line: usize,
    /// The byte behind the `metadata:` of the object there.
    metadata: usize,
}

/// An exception in the files of a case.
fn with_exception(text: &str, form: Form, spot: &Spot<'_>) -> Files {
    let rule = spot.rule;
    let misspelt = format!("{rule}s");
    let line = text[spot.line..].lines().next().unwrap_or_default();
    let indent = &line[..line.len() - line.trim_start().len()];
    let (at, inserted) = match form {
        Form::Comment => (
            spot.line,
            format!("{indent}# mtls-lint: ignore[{rule}] known\n"),
        ),
        Form::MisspeltComment => (
            spot.line,
            format!("{indent}# mtls-lint: ignore[{misspelt}] known\n"),
        ),
        Form::CommentForTwo => (
            spot.line,
            format!("{indent}# mtls-lint: ignore[unread-input, {rule}] known\n"),
        ),
        Form::CommentBehind => (
            spot.line + line.len(),
            format!(" # mtls-lint: ignore[{rule}] known"),
        ),
        Form::Annotation => (spot.metadata, below("annotations", rule)),
        Form::MisspeltAnnotation => (spot.metadata, below("annotations", &misspelt)),
        Form::Label => (spot.metadata, below("labels", rule)),
        Form::Entry | Form::EntryBesideAnother | Form::ExpiredEntry => (0, String::new()),
    };
    let mut manifests = text.to_owned();
    manifests.insert_str(at, &inserted);
    let config = match form {
        Form::Entry => format!("ignore:\n- rule: {rule}\n  name: 'a*'\n  reason: known\n"),
        Form::EntryBesideAnother => format!(
            "ignore:\n- rule: override-drops-mtls\n  reason: known\n- {{rule: {rule}, name: zzz, reason: known}}\n"
        ),
        Form::ExpiredEntry => format!(
            "fail-on: error\nignore: [{{rule: {rule}, kind: Sidecar, reason: known, expires: 2020-01-01}}]\n"
        ),
        Form::Comment
        | Form::CommentBehind
        | Form::CommentForTwo
        | Form::MisspeltComment
        | Form::Annotation
        | Form::MisspeltAnnotation
        | Form::Label => String::new(),
    };
    Files::from([(MANIFESTS.into(), manifests), (CONFIG.into(), config)])
}

/// An annotation or label for a rule.
fn below(key: &str, rule: &str) -> String {
    format!("  {key}:\n    mtls-lint.dev/ignore-{rule}: known\n")
}

fn report(case: &Path, files: &Files) -> Report {
    let path = Utf8PathBuf::from(CONFIG);
    let text = files.get(&path).map_or("", |text| text);
    let config = config::parse(&path, text).expect("the config file is valid");
    let today: Date = "2026-01-01".parse().expect("the day exists");
    let request = Request {
        exceptions: config.exceptions(today),
        exclude: vec![CONFIG.to_owned()],
        ..Variant::Overridden.request(case)
    };
    let outcome = lint(&request, &tree(files));
    outcome.expect("the case can be linted").report
}

fn is_about_exceptions(finding: &Diagnostic) -> bool {
    find(finding.rule).is_ok_and(|rule| rule.meta.stage == Stage::Triage)
}

/// What is found, without the places.
fn told(report: &Report, of: impl Fn(&Diagnostic) -> bool) -> Vec<String> {
    let found = report.diagnostics.iter().filter(|finding| of(finding));
    let mut told: Vec<String> = found
        .map(|finding| {
            let object = finding.object.as_ref().map(ToString::to_string);
            let object = object.unwrap_or_default();
            format!(
                "{} {} {object} {}",
                finding.rule, finding.severity, finding.message
            )
        })
        .collect();
    told.sort();
    told
}

/// The spots of a case: the lines of its findings, for their rules and for another.
fn spots<'a>(text: &str, report: &'a Report) -> Vec<Spot<'a>> {
    let mut spots = Vec::new();
    for finding in &report.diagnostics {
        let Some(place) = finding.place else {
            continue;
        };
        let start = place.span.start as usize;
        let line = text[..start].rfind('\n').map_or(0, |at| at + 1);
        let document = text[..start].rfind("\n---\n").unwrap_or(0);
        let Some(metadata) = text[document..].find("\nmetadata:\n") else {
            continue;
        };
        let metadata = document + metadata + "\nmetadata:\n".len();
        for rule in [finding.rule, "mtls-to-external-host"] {
            spots.push(Spot {
                rule,
                line,
                metadata,
            });
        }
    }
    spots.truncate(4);
    spots
}

/// What is wrong with the fixes of exceptions of a case, and which were shown.
fn broken_promises(
    case: &Path,
    form: Form,
) -> (BTreeSet<(&'static str, Applicability)>, Vec<String>) {
    let text = Variant::Overridden.text(case);
    let plain = Files::from([(MANIFESTS.into(), text.clone())]);
    let mut shown = BTreeSet::new();
    let mut broken = Vec::new();
    for spot in spots(&text, &report(case, &plain)) {
        let files = with_exception(&text, form, &spot);
        let before = report(case, &files);
        for finding in before
            .diagnostics
            .iter()
            .filter(|one| is_about_exceptions(one))
        {
            let Some(fix) = &finding.fix else {
                continue;
            };
            shown.insert((finding.rule, fix.applicability));
            let after = report(case, &edited(&files, &fix.edits, &before.sources));
            let same =
                |other: &Diagnostic| other.rule == finding.rule && other.message == finding.message;
            let is_gone = told(&after, same).len() < told(&before, same).len();
            let others = |one: &Diagnostic| !is_about_exceptions(one);
            let is_safe = fix.applicability == Applicability::Safe;
            let is_as_before = told(&after, others) == told(&before, others);
            if !is_gone || is_safe && !is_as_before {
                broken.push(format!(
                    "{}, {form:?}: {}\nbefore: {:#?}\nafter: {:#?}",
                    case.display(),
                    finding.message,
                    told(&before, others),
                    told(&after, others)
                ));
            }
        }
    }
    (shown, broken)
}

#[test]
fn fixes_of_exceptions_do_away_with_what_is_wrong_and_safe_ones_with_nothing_else() {
    let runs: Vec<(&PathBuf, Form)> = CASES
        .iter()
        .enumerate()
        .filter(|(number, _)| number % 8 == 0)
        .flat_map(|(_, case)| FORMS.map(|form| (case, form)))
        .collect();
    let results: Vec<_> = runs
        .par_iter()
        .map(|&(case, form)| broken_promises(case, form))
        .collect();
    let broken: Vec<&str> = results
        .iter()
        .flat_map(|(_, broken)| broken)
        .map(String::as_str)
        .collect();
    assert!(
        broken.is_empty(),
        "{} broken promises:\n{}",
        broken.len(),
        broken.join("\n")
    );
    let shown: BTreeSet<_> = results.iter().flat_map(|(shown, _)| shown).collect();
    let rules = RULES.iter().map(|rule| &rule.meta);
    for rule in rules.filter(|rule| rule.stage == Stage::Triage) {
        let is_shown = rule.fix.is_none_or(|fix| shown.contains(&(rule.name, fix)));
        assert!(is_shown, "{} is not shown", rule.name);
    }
}
