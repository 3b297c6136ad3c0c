//! A config file above the working directory: found up to the root of the Git repository, and what it says is about its
//! folder, wherever in it a run starts.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and Git, and look at files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

#[path = "support/git.rs"]
mod git;
mod support;

use std::fs;
use std::path::Path;

use serde_json::Value;
use tempfile::TempDir;

use git::git;
use support::{Outcome, copy_of, run_with, seed, write};

/// The rule that breaks mutual TLS.
const BREAKER: &str = "apps/circuit-breaker.yaml";

/// The story in a repository, with a config file at its root.
fn repository(config: &str) -> TempDir {
    let copy = copy_of(&seed("istio-1.0"));
    write(copy.path(), "mtls-lint.yaml", config.as_bytes());
    write(copy.path(), "apps/deep/er/keep.txt", b"");
    git(copy.path(), &["init", "--quiet", "--initial-branch=main"]);
    commit(copy.path());
    copy
}

fn commit(folder: &Path) {
    git(folder, &["add", "--all"]);
    git(folder, &["commit", "--quiet", "--message=change"]);
}

fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, arguments, &[])
}

/// The rule and path of every finding.
fn found(outcome: &Outcome) -> Vec<(String, String)> {
    let report = outcome.json();
    let findings = report["findings"].as_array().cloned().unwrap_or_default();
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let each = findings.iter();
    each.map(|finding| (text(&finding["rule"]), text(&finding["location"]["path"])))
        .collect()
}

/// What the story finds, in the file as it is seen from a folder.
fn story(path: &str) -> Vec<(String, String)> {
    vec![("override-drops-mtls".to_owned(), path.to_owned())]
}

/// The findings of a run in a folder of the repository.
fn found_in(repository: &TempDir, folder: &str, arguments: &[&str]) -> Vec<(String, String)> {
    let arguments = [&["--format", "json"], arguments].concat();
    found(&run(&repository.path().join(folder), &arguments))
}

#[test]
fn a_run_finds_the_same_wherever_in_the_repository_it_starts() {
    let repository = repository("fail-on: error\n");
    for (folder, path) in [
        (".", BREAKER),
        ("apps", "circuit-breaker.yaml"),
        ("mesh", "../apps/circuit-breaker.yaml"),
        ("apps/deep/er", "../../circuit-breaker.yaml"),
    ] {
        assert_eq!(found_in(&repository, folder, &[]), story(path), "{folder}");
    }
    let summary = |folder: &str| {
        let outcome = run(&repository.path().join(folder), &["--format", "json"]);
        outcome.json()["summary"].take()
    };
    assert_eq!(summary("apps/deep/er"), summary("."));
}

#[test]
fn globs_of_the_config_file_are_about_its_folder() {
    let entry = "ignore: [{rule: override-drops-mtls, path: apps/**, reason: known}]\n";
    let levels = "overrides: [{paths: [/apps], ignore: [override-drops-mtls]}]\n";
    for config in [entry, levels, "exclude: [apps/circuit-*]\n"] {
        let repository = repository(config);
        for folder in [".", "apps", "mesh"] {
            assert_eq!(found_in(&repository, folder, &[]), [], "{config} {folder}");
            let outcome = run(&repository.path().join(folder), &[]);
            assert_eq!(outcome.stderr, "", "{config} {folder}");
        }
    }
}

#[test]
fn paths_and_assumed_files_of_the_config_file_are_counted_from_its_folder() {
    let repository = repository("paths: [apps]\nassume: [cluster/policy.yaml]\n");
    let policy = repository.path().join("mesh/mesh-policy.yaml");
    let text = fs::read(&policy).expect("it can be read");
    write(repository.path(), "cluster/policy.yaml", &text);
    let files = run(&repository.path().join("mesh"), &["--show-files"]);
    assert!(files.stdout.contains("../apps/circuit-breaker.yaml\n"));
    assert!(!files.stdout.contains("mesh-policy"), "{}", files.stdout);
    assert_eq!(files.status, Some(0), "{}", files.stderr);
}

#[test]
fn paths_and_globs_of_the_command_line_are_about_the_working_directory() {
    let repository = repository("fail-on: error\n");
    let breaker = story("circuit-breaker.yaml");
    for arguments in [
        &["circuit-breaker.yaml", "../mesh", "."][..],
        &["../apps", "../mesh"],
        &["--exclude", "nothing/**"],
    ] {
        assert_eq!(
            found_in(&repository, "apps", arguments),
            breaker,
            "{arguments:?}"
        );
    }
    for arguments in [
        &["../mesh"][..],
        &["--exclude", "./circuit-*"],
        &["--exclude", "circuit-breaker.yaml"],
    ] {
        assert_eq!(
            found_in(&repository, "apps", arguments),
            [],
            "{arguments:?}"
        );
    }
    let missing = run(&repository.path().join("apps"), &["nowhere.yaml"]);
    assert_eq!(missing.status, Some(3));
    assert!(
        missing.stderr.contains("`nowhere.yaml`"),
        "{}",
        missing.stderr
    );
}

#[test]
fn a_named_folder_is_a_part_in_which_no_exception_is_unused() {
    let repository =
        repository("ignore: [{rule: override-drops-mtls, path: mesh, reason: known}]\n");
    let unused = |arguments: &[&str]| {
        let found = found_in(&repository, "mesh", arguments);
        found.iter().any(|(rule, _)| rule == "unused-suppression")
    };
    assert!(unused(&[]));
    assert!(unused(&[".."]));
    assert!(!unused(&["."]));
}

#[test]
fn the_nearest_config_file_counts_and_none_beyond_the_repository() {
    let repository = repository("exclude: [apps]\n");
    write(
        repository.path(),
        "apps/.mtls-lint.yaml",
        b"fail-on: note\n",
    );
    let outcome = run(&repository.path().join("apps/deep"), &["-v"]);
    let named = "config file: ../.mtls-lint.yaml\n";
    assert!(outcome.stderr.starts_with(named), "{}", outcome.stderr);

    let outer = tempfile::tempdir().expect("a folder can be made");
    write(outer.path(), "mtls-lint.yaml", b"exclude: [apps]\n");
    let inner = outer.path().join("inner");
    let seed = seed("istio-1.0");
    for file in support::files(&seed) {
        let bytes = fs::read(seed.join(&file)).expect("it can be read");
        write(&inner, &file, &bytes);
    }
    let outcome = run(&inner, &["-v"]);
    let none = "config file: none\n";
    assert!(
        outcome.stderr.starts_with(none),
        "without Git: {}",
        outcome.stderr
    );
    git(outer.path(), &["init", "--quiet"]);
    git(&inner, &["init", "--quiet"]);
    let outcome = run(&inner, &["-v"]);
    assert!(
        outcome.stderr.starts_with(none),
        "beyond: {}",
        outcome.stderr
    );
}

#[test]
fn an_isolated_run_and_one_with_a_named_config_file_stay_where_they_are() {
    let repository = repository("exclude: [apps]\n");
    for flag in ["--isolated", "--config=../mtls-lint.yaml"] {
        let outcome = run(&repository.path().join("apps"), &["-v", flag]);
        assert!(
            outcome.stderr.contains("read 3 files"),
            "{}",
            outcome.stderr
        );
    }
}

#[test]
fn a_wrong_config_file_is_named_as_it_is_seen_from_here() {
    let repository = repository("exlude: []\n");
    let outcome = run(&repository.path().join("apps/deep"), &[]);
    assert_eq!(outcome.status, Some(2));
    assert!(
        outcome.stderr.contains("`../../mtls-lint.yaml`"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_finding_about_the_config_file_stands_there_and_its_fix_repairs_it() {
    let repository = repository("ignore: [{rule: patch-drops-tls, reason: known}]\n");
    let expected = (
        "unused-suppression".to_owned(),
        "../mtls-lint.yaml".to_owned(),
    );
    assert!(found_in(&repository, "apps", &[]).contains(&expected));
    let outcome = run(&repository.path().join("apps"), &["--fix"]);
    assert_eq!(outcome.status, Some(0), "{}", outcome.stdout);
    let read = |path: &str| fs::read_to_string(repository.path().join(path)).unwrap_or_default();
    assert_eq!(read("mtls-lint.yaml"), "");
    assert!(read(BREAKER).contains("ISTIO_MUTUAL"));
}

#[test]
fn the_baseline_is_beside_the_config_file_and_one_of_the_command_line_is_here() {
    let repository = repository("fail-on: error\n");
    let apps = repository.path().join("apps");
    let written = run(&apps, &["baseline", "write"]);
    let told = "../.mtls-lint-baseline.json: accepts 1 finding";
    assert!(written.stdout.starts_with(told), "{}", written.stdout);
    assert!(repository.path().join(".mtls-lint-baseline.json").exists());
    for folder in [".", "apps", "mesh"] {
        assert_eq!(found_in(&repository, folder, &[]), [], "{folder}");
    }
    let written = run(&apps, &["baseline", "write", "--baseline", "own.json"]);
    assert_eq!(written.status, Some(0), "{}", written.stderr);
    assert!(apps.join("own.json").exists());
    assert_eq!(
        found_in(&repository, "apps", &["--baseline", "own.json"]),
        []
    );
}

#[test]
fn a_comparison_with_a_revision_names_lines_from_here() {
    let repository = repository("fail-on: error\n");
    let policy = repository.path().join("mesh/mesh-policy.yaml");
    let text = fs::read_to_string(&policy).expect("it can be read");
    fs::write(
        &policy,
        text.replace("mtls: {}", "mtls: {mode: PERMISSIVE}"),
    )
    .expect("it can be");
    commit(repository.path());
    fs::write(&policy, text).expect("it can be written");
    commit(repository.path());
    let apps = repository.path().join("apps");
    let outcome = run(&apps, &["--base", "HEAD~1", "--format", "json"]);
    assert_eq!(
        found(&outcome),
        story("circuit-breaker.yaml"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stdout.contains("../mesh/mesh-policy.yaml"));
    fs::remove_file(repository.path().join(BREAKER)).expect("it can be removed");
    let mesh = repository.path().join("mesh");
    let outcome = run(&mesh, &["diff", "--base", "HEAD"]);
    let cause = " ../apps/circuit-breaker.yaml:7 (gone):";
    assert!(outcome.stdout.contains(cause), "{}", outcome.stdout);
}

#[test]
fn a_hook_lints_the_index_of_the_whole_repository() {
    let repository = repository("fail-on: error\n");
    let breaker = repository.path().join(BREAKER);
    let text = fs::read_to_string(&breaker).expect("it can be read");
    fs::write(&breaker, format!("# changed\n{text}")).expect("it can be written");
    git(repository.path(), &["add", "--all"]);
    let outcome = run(&repository.path().join("mesh"), &["--hook"]);
    let line = "../apps/circuit-breaker.yaml:9:3: error";
    assert!(
        outcome.stdout.starts_with(line),
        "{}{}",
        outcome.stdout,
        outcome.stderr
    );
}

#[test]
fn commands_that_show_something_look_at_the_whole_repository_too() {
    let repository = repository("istio-version: '1.0'\n");
    for command in [&["matrix"][..], &["graph"], &["meshes", "--format", "json"]] {
        let here = run(repository.path(), command);
        let there = run(&repository.path().join("apps/deep"), command);
        assert_eq!(there.status, Some(0), "{}", there.stderr);
        let seen = here.stdout.replace("\"apps/", "\"../");
        let seen = seen.replace("\"mesh/", "\"../../mesh/");
        let seen = seen.replace("\"mtls-lint.yaml\"", "\"../../mtls-lint.yaml\"");
        assert_eq!(there.stdout, seen, "{command:?}");
    }
    let shown = run(&repository.path().join("apps"), &["config", "show"]);
    assert!(
        shown
            .stdout
            .starts_with("# config file: ../mtls-lint.yaml\n")
    );
    assert!(
        shown
            .stdout
            .contains("istio-version: \"1.0\"  # ../mtls-lint.yaml:1\n")
    );
}

#[test]
fn a_config_file_to_start_from_is_not_written_below_one_that_counts() {
    let repository = repository("fail-on: error\n");
    let apps = repository.path().join("apps");
    let outcome = run(&apps, &["init"]);
    assert_eq!(outcome.status, Some(2));
    let told = "error: the config file `../mtls-lint.yaml` exists\n";
    assert!(outcome.stderr.starts_with(told), "{}", outcome.stderr);
    assert!(!apps.join("mtls-lint.yaml").exists());
    assert_eq!(run(&apps, &["init", "--force"]).status, Some(0));
    assert!(apps.join("mtls-lint.yaml").exists());
}

#[test]
fn a_path_that_leads_up_is_read_as_if_the_run_had_started_there() {
    let repository = copy_of(Path::new("testdata/projects/argo-app-of-apps"));
    let told = |folder: &str, arguments: &[&str]| {
        let arguments = [&["--format", "json"], arguments].concat();
        let outcome = run(&repository.path().join(folder), &arguments);
        let report = outcome.json();
        let each = report["findings"].as_array().cloned().unwrap_or_default();
        let each = each.iter().map(|finding| {
            let line = &finding["location"]["line"];
            format!("{} {line} {}", finding["severity"], finding["message"])
        });
        each.collect::<Vec<_>>()
    };
    let expected = told(".", &[]);
    assert!(!expected.is_empty());
    for (folder, path) in [
        ("shop", ".."),
        ("shop/catalog", "../.."),
        ("istio/old", "../.."),
    ] {
        assert_eq!(told(folder, &[path]), expected, "{folder}");
        assert_eq!(told(folder, &["--isolated", path]), expected, "{folder}");
    }
}

#[test]
fn a_path_that_leads_up_brings_neither_config_file_nor_baseline_with_it() {
    let folder = copy_of(&seed("istio-1.0"));
    assert_eq!(run(folder.path(), &["baseline", "write"]).status, Some(0));
    write(folder.path(), "mtls-lint.yaml", b"exclude: [apps]\n");
    let mesh = folder.path().join("mesh");
    let outcome = run(&mesh, &["--format", "json", ".."]);
    assert_eq!(found(&outcome), story("../apps/circuit-breaker.yaml"));
    let written = run(&mesh, &["baseline", "write", ".."]);
    assert!(
        written
            .stdout
            .starts_with(".mtls-lint-baseline.json: accepts 1"),
        "{}",
        written.stdout
    );
    assert!(mesh.join(".mtls-lint-baseline.json").exists());
    let outcome = run(&mesh, &["--format", "json", ".."]);
    assert_eq!(found(&outcome), []);
}
