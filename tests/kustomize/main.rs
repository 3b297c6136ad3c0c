//! `mtls-lint render` beside the real kustomize: the cases of `testdata/kustomize`, whose README says how they are made, and
//! every kustomization of `../shared/corpus` where that and a kustomize are there.
//!
//! | variable | effect |
//! |---|---|
//! | `KUSTOMIZE_CASES=word` | only cases and kustomizations whose path holds the word |
//! | `KUSTOMIZE=path` | the kustomize to compare with on the corpus; without it, the one in `PATH` |
//! | `KUSTOMIZE_BUILT=folder` | instead, what `scripts/kustomize-golden.sh --tree ../shared/corpus folder` wrote |
//! | `MTLS_LINT_RENDER=command` | run in place of `mtls-lint render`; `kustomize build` checks this test itself |
#![expect(
    clippy::disallowed_methods,
    reason = "the test reads the cases, the environment and what commands print"
)]

mod compare;
mod run;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use rayon::prelude::*;

use compare::differences;
use run::{Answer, Renderer, kustomize};

/// Cases that the linter does not evaluate but names as unresolved: the case, what standard error must name, and why.
const UNRESOLVED: &[(&str, &str, &str)] = &[
    (
        "unresolved-remote-base",
        "https://example.invalid/shop/mesh//base?ref=v1",
        "nothing is fetched",
    ),
    (
        "unresolved-exec-generator",
        "generator.yaml",
        "no program of a repository is run",
    ),
    (
        "unresolved-build-metadata",
        "managedByLabel",
        "it names the kustomize that runs, and decides nothing",
    ),
    (
        "unresolved-helm-chart",
        "reviews-chart",
        "charts are rendered only when asked",
    ),
];

/// How many differences of a case are shown.
const SHOWN_LINES: usize = 12;

/// How many characters of an output are shown.
const SHOWN: usize = 600;

/// A line on standard error; libtest keeps that of a passing test to itself if it is printed by a macro.
fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error can be written to");
}

/// A path of the project.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The names of the cases, in order.
fn cases() -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(project("testdata/kustomize"))
        .expect("the cases can be listed")
        .map(|entry| entry.expect("the cases can be listed").path())
        .filter(|path| path.is_dir())
        .map(|path| name(&path))
        .filter(|name| chosen(name))
        .collect();
    names.sort();
    names
}

/// The last part of a path.
fn name(path: &Path) -> String {
    let name = path.file_name().expect("the path has a name");
    name.to_str().expect("the name is UTF-8").to_owned()
}

/// Whether `KUSTOMIZE_CASES` lets a case or a kustomization through.
fn chosen(name: &str) -> bool {
    std::env::var("KUSTOMIZE_CASES").map_or(true, |word| name.contains(&word))
}

/// What is wrong with the answers to some cases, a line each with the case before it.
fn complaints(
    names: &[String],
    check: impl Fn(&str) -> Vec<String> + Sync,
) -> (usize, Vec<String>) {
    let found: Vec<Vec<String>> = names.par_iter().map(|name| check(name)).collect();
    let failed = found.iter().filter(|lines| !lines.is_empty()).count();
    let lines = names.iter().zip(found).flat_map(|(name, mut lines)| {
        let more = lines.len().saturating_sub(SHOWN_LINES);
        lines.truncate(SHOWN_LINES);
        if more > 0 {
            lines.push(format!("and {more} more"));
        }
        let prefixed = lines.into_iter().map(|line| format!("{name}: {line}"));
        prefixed.collect::<Vec<_>>()
    });
    (failed, lines.collect())
}

/// Fails with everything that is wrong, if anything is.
fn conclude(what: &str, total: usize, (failed, lines): (usize, Vec<String>)) {
    let summary = format!("{failed} of {total} {what} differ from kustomize");
    say(&summary);
    assert!(lines.is_empty(), "\n{}\n\n{summary}", lines.join("\n"));
}

/// Renders a case, in the folder of the cases.
fn rendered(case: &str) -> Answer {
    Renderer::from_environment().run(&project("testdata/kustomize"), &format!("{case}/root"))
}

/// What is wrong with the answer to a case that kustomize builds.
fn check_built(case: &str) -> Vec<String> {
    let expected = project("testdata/kustomize")
        .join(case)
        .join("expected.yaml");
    let expected = fs::read_to_string(expected).expect("the case has an expected output");
    check_output(&rendered(case), &expected)
}

/// What is wrong with an answer where kustomize printed the expected text.
fn check_output(answer: &Answer, expected: &str) -> Vec<String> {
    if !answer.succeeded() {
        return vec![format!(
            "kustomize builds it, ours failed: {}",
            shown(&answer.stderr)
        )];
    }
    differences(&answer.stdout, expected)
}

/// What is wrong with the answer to a case that kustomize refuses.
fn check_refused(case: &str) -> Vec<String> {
    let answer = rendered(case);
    let mut wrong = Vec::new();
    if answer.status != Some(1) {
        wrong.push(format!("exit status 1 expected, got {:?}", answer.status));
    }
    let folder = project("testdata/kustomize").join(case);
    let names = fs::read_to_string(folder.join("names.txt")).unwrap_or_default();
    for name in names.lines().filter(|name| !answer.stderr.contains(name)) {
        wrong.push(format!("standard error does not name `{name}`"));
    }
    // The real kustomize rarely says which file it means.
    if !Renderer::from_environment().is_replaced() && !names_a_file(&answer.stderr, &folder) {
        wrong.push("standard error does not name a file of the case".to_owned());
    }
    if !wrong.is_empty() {
        wrong.push(format!("it said: {}", shown(&answer.stderr)));
    }
    wrong
}

/// Whether a text names a file below a folder, by its path from there.
fn names_a_file(text: &str, folder: &Path) -> bool {
    walkdir::WalkDir::new(folder)
        .into_iter()
        .map(|entry| entry.expect("the case can be walked"))
        .filter(|entry| entry.file_type().is_file())
        .filter_map(|entry| entry.path().strip_prefix(folder).ok().map(Path::to_owned))
        .any(|path| path.components().count() > 1 && text.contains(&*path.to_string_lossy()))
}

/// The beginning of a text.
fn shown(text: &str) -> String {
    let text = text.trim();
    let mut beginning: String = text.chars().take(SHOWN).collect();
    if beginning.len() < text.len() {
        beginning.push('…');
    }
    beginning
}

/// Whether kustomize refuses a case, which its name says.
fn is_refused(case: &str) -> bool {
    case.starts_with("errors-")
}

/// Whether a case holds something that the linter does not evaluate, which its name says.
fn is_unresolved(case: &str) -> bool {
    case.starts_with("unresolved-")
}

#[test]
fn what_kustomize_builds_is_rendered_the_same() {
    let mut cases = cases();
    cases.retain(|case| !is_refused(case) && !is_unresolved(case));
    conclude("cases", cases.len(), complaints(&cases, check_built));
}

#[test]
fn what_kustomize_refuses_is_refused_with_its_cause() {
    let mut cases = cases();
    cases.retain(|case| is_refused(case));
    conclude(
        "refused cases",
        cases.len(),
        complaints(&cases, check_refused),
    );
}

#[test]
fn what_cannot_be_resolved_is_said() {
    if Renderer::from_environment().is_replaced() {
        say("skipped: only the linter names what it leaves unresolved");
        return;
    }
    let mut cases = cases();
    cases.retain(|case| is_unresolved(case));
    let check = |case: &str| {
        let entry = UNRESOLVED.iter().find(|(name, _, _)| *name == case);
        let Some((_, word, reason)) = entry else {
            return vec!["is not on the list of what stays unresolved".to_owned()];
        };
        let stderr = rendered(case).stderr;
        if stderr.contains(word) && stderr.contains("unresolved") {
            return Vec::new();
        }
        vec![format!(
            "{reason}, so standard error must call `{word}` unresolved; it said: {}",
            shown(&stderr)
        )]
    };
    conclude("unresolved cases", cases.len(), complaints(&cases, check));
}

#[test]
fn every_case_says_what_kustomize_does_with_it() {
    for case in cases() {
        let folder = project("testdata/kustomize").join(&case);
        let built = folder.join("expected.yaml").exists();
        let refused = folder.join("expected-error.txt").exists();
        let expected = (
            !is_refused(&case) && !is_unresolved(&case),
            is_refused(&case),
        );
        assert_eq!((built, refused), expected, "{case}");
        assert!(folder.join("root").is_dir(), "{case} has no root");
    }
}

#[test]
fn every_kustomization_of_the_corpus_is_rendered_as_kustomize_builds_it() {
    let corpus = project("../shared/corpus");
    if !corpus.is_dir() {
        say("skipped: no repositories in ../shared/corpus");
        return;
    }
    let Some(kustomize) = kustomize() else {
        say(
            "skipped: no kustomize v5.8.1 in PATH, KUSTOMIZE or KUSTOMIZE_BUILT to compare the corpus with",
        );
        return;
    };
    let folders = run::kustomizations(&corpus);
    let folders: Vec<String> = folders
        .into_iter()
        .filter(|folder| chosen(folder))
        .collect();
    let check = |folder: &str| {
        let ours = Renderer::from_environment().run(&corpus, folder);
        match kustomize.build(&corpus, folder) {
            Some(expected) => check_output(&ours, &expected),
            None if ours.stderr.is_empty() => {
                vec!["kustomize refuses it, and ours says nothing on standard error".to_owned()]
            }
            None => Vec::new(),
        }
    };
    conclude(
        "kustomizations of the corpus",
        folders.len(),
        complaints(&folders, check),
    );
}
