//! Real repositories, where they lie beside the project as `../shared/corpus`: nothing panics, nothing takes long, and every
//! finding is on the list `testdata/corpus-reviewed.txt`, where a person wrote whether it is true.
//! `BLESS=1 cargo test --test corpus` brings the list up to date; new entries then wait for their judgement.
#![expect(
    clippy::disallowed_methods,
    reason = "the list is read and blessed on disk"
)]

use std::collections::BTreeMap;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use camino::Utf8PathBuf;
use mtls_lint::diagnostic::{Diagnostic, Severity};
use mtls_lint::engine::{self, Report, Request};
use mtls_lint::source::tree::WorkTree;

/// The list, one finding a line: `repository/path rule object: judgement`.
const REVIEWED: &str = "testdata/corpus-reviewed.txt";

/// The judgement of a finding that nobody has looked at.
const PENDING: &str = "not reviewed";

/// How long a repository may take in a build without optimisation.
const LIMIT: Duration = Duration::from_secs(20);

/// What a repository gave.
struct Repository {
    name: String,
    report: Report,
    time: Duration,
}

/// A line on standard error; libtest keeps that of a passing test to itself if it is printed by a macro.
fn say(text: &str) {
    writeln!(std::io::stderr(), "{text}").expect("standard error can be written to");
}

/// A path of the project.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Lints every repository of the corpus; none where there is no corpus.
fn repositories() -> Vec<Repository> {
    let corpus = project("../shared/corpus");
    let Ok(entries) = fs::read_dir(&corpus) else {
        say("skipped: no repositories in ../shared/corpus");
        return Vec::new();
    };
    let mut folders: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the corpus can be listed").path())
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders.into_iter().map(linted).collect()
}

/// Lints one repository.
fn linted(folder: PathBuf) -> Repository {
    let folder = Utf8PathBuf::try_from(folder).expect("the path is UTF-8");
    let name = folder.file_name().unwrap_or_default().to_owned();
    let request = Request {
        paths: vec![".".into()],
        ..Request::default()
    };
    let start = Instant::now();
    let outcome = engine::lint(&request, &WorkTree::new(folder));
    let report = outcome.expect("the repository can be linted").report;
    Repository {
        name,
        report,
        time: start.elapsed(),
    }
}

/// The findings of a repository as the list names them. Notes about templates and variants are not findings to judge.
fn named(repository: &Repository) -> Vec<String> {
    let report = &repository.report;
    let told = report.diagnostics.iter().filter(|diagnostic| {
        diagnostic.rule != "unread-input" || diagnostic.severity != Severity::Note
    });
    told.map(|diagnostic| {
        let path = path_of(diagnostic, report);
        let object = diagnostic.object.as_ref();
        let object = object.map_or_else(|| "-".to_owned(), ToString::to_string);
        format!("{}/{path} {} {object}", repository.name, diagnostic.rule)
    })
    .collect()
}

/// The file or folder that a finding is in.
fn path_of(diagnostic: &Diagnostic, report: &Report) -> String {
    let file = diagnostic
        .place
        .map(|place| report.sources.file(place.span.file).path());
    let path = file.or(diagnostic.path.as_deref());
    path.map(ToString::to_string).unwrap_or_default()
}

/// The judgements by finding, in the order of the list; equal findings stay several.
fn reviewed() -> BTreeMap<String, Vec<String>> {
    let text = fs::read_to_string(project(REVIEWED)).unwrap_or_default();
    let mut judgements: BTreeMap<String, Vec<String>> = BTreeMap::new();
    for line in text.lines().filter(|line| !line.starts_with('#')) {
        let (finding, judgement) = line.split_once(": ").expect("a line has a judgement");
        let entry = judgements.entry(finding.to_owned()).or_default();
        entry.push(judgement.to_owned());
    }
    judgements
}

/// Writes the list with what is found now: known judgements stay, new findings wait for theirs.
fn bless(found: &[String]) {
    let mut known = reviewed();
    let path = project(REVIEWED);
    let text = fs::read_to_string(&path).unwrap_or_default();
    let mut lines: Vec<String> = text
        .lines()
        .filter(|line| line.starts_with('#'))
        .map(str::to_owned)
        .collect();
    for finding in found {
        let judgements = known.get_mut(finding).filter(|all| !all.is_empty());
        let judgement = judgements.map_or_else(|| PENDING.to_owned(), |all| all.remove(0));
        lines.push(format!("{finding}: {judgement}"));
    }
    fs::write(path, lines.join("\n") + "\n").expect("the list can be written");
}

#[test]
fn every_finding_in_real_repositories_is_reviewed() {
    let repositories = repositories();
    if repositories.is_empty() {
        return;
    }
    for Repository { name, report, time } in &repositories {
        let (files, findings) = (report.summary.files, report.diagnostics.len());
        say(&format!(
            "{name}: {files} files, {findings} findings, {} ms",
            time.as_millis()
        ));
        assert!(*time < LIMIT, "{name} took {time:?}");
        let failed = |diagnostic: &Diagnostic| diagnostic.message.contains("failed on this input");
        assert!(
            !report.diagnostics.iter().any(failed),
            "a rule panicked on {name}"
        );
    }
    let mut found: Vec<String> = repositories.iter().flat_map(named).collect();
    found.sort();
    if std::env::var_os("BLESS").is_some() {
        bless(&found);
    }
    let listed: Vec<String> = reviewed()
        .into_iter()
        .flat_map(|(finding, judgements)| vec![finding; judgements.len()])
        .collect();
    let fresh: Vec<&String> = found.iter().filter(|one| !listed.contains(one)).collect();
    let gone: Vec<&String> = listed.iter().filter(|one| !found.contains(one)).collect();
    assert!(
        fresh.is_empty() && gone.is_empty(),
        "new: {fresh:#?}\ngone: {gone:#?}"
    );
    assert_eq!(
        found.len(),
        listed.len(),
        "a finding is there more or less often than listed"
    );
}

#[test]
fn every_finding_on_the_list_has_a_judgement() {
    for (finding, judgements) in reviewed() {
        for judgement in judgements {
            assert_ne!(judgement, PENDING, "{finding}");
        }
    }
}
