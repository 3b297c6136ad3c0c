//! Exceptions as a user meets them: what the run prints, counts and returns.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use support::{Outcome, copy_of, seed, write};

/// The file with the rule that the story is about.
const RULE: &str = "apps/circuit-breaker.yaml";

/// Runs the command in a folder, with the config file that is there.
fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_mtls-lint"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .stdin(Stdio::null())
        .output()
        .expect("the command can be run");
    Outcome {
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        status: output.status.code(),
    }
}

/// The story, with a comment above the line of its finding.
fn commented(comment: &str) -> TempDir {
    let copy = copy_of(&seed("istio-1.0"));
    let file = copy.path().join(RULE);
    let text = fs::read_to_string(&file).expect("the file can be read");
    let with = text.replace(
        "  trafficPolicy:",
        &format!("  {comment}\n  trafficPolicy:"),
    );
    assert_ne!(text, with);
    write(copy.path(), RULE, with.as_bytes());
    copy
}

/// The story, with a config file.
fn configured(config: &str) -> TempDir {
    let copy = copy_of(&seed("istio-1.0"));
    write(copy.path(), "mtls-lint.yaml", config.as_bytes());
    copy
}

const COMMENT: &str = "# mtls-lint: ignore[override-drops-mtls] httpbin moves in May";

#[test]
fn a_hidden_finding_is_counted_and_does_not_fail_the_run() {
    let folder = commented(COMMENT);
    let outcome = run(folder.path(), &["--format=concise"]);
    assert_eq!(
        outcome.stdout,
        "no findings in 5 files (7 documents, 7 resources, 1 mesh), 1 suppressed\n"
    );
    assert_eq!(outcome.status, Some(0));
}

#[test]
fn hidden_findings_are_shown_to_who_asks_and_do_not_fail_the_run() {
    let folder = commented(COMMENT);
    let outcome = run(folder.path(), &["--format=concise", "--show-suppressed"]);
    let first = outcome.stdout.lines().next().unwrap_or_default();
    let end = "(suppressed by comment in apps/circuit-breaker.yaml:8: httpbin moves in May)";
    assert!(
        first.starts_with("apps/circuit-breaker.yaml:9:3: error"),
        "{first}"
    );
    assert!(first.ends_with(end), "{first}");
    assert_eq!(outcome.status, Some(0));
}

#[test]
fn the_json_report_counts_what_is_hidden_and_holds_it_on_demand() {
    let folder = commented(COMMENT);
    let report = run(folder.path(), &["--format=json"]).json();
    assert_eq!(report["summary"]["suppressed"], 1);
    assert_eq!(report["suppressed"], serde_json::Value::Null);
    let report = run(folder.path(), &["--format=json", "--show-suppressed"]).json();
    let suppression = &report["suppressed"][0]["suppression"];
    assert_eq!(suppression["reason"], "httpbin moves in May");
    assert_eq!(report["findings"].as_array().map(Vec::len), Some(0));
}

#[test]
fn an_entry_of_the_config_file_counts_to_its_last_day() {
    let entry = |day: &str| {
        format!(
            "ignore:\n- rule: override-drops-mtls\n  path: apps/**\n  namespace: default\n  \
             reason: httpbin moves\n  expires: {day}\n  owner: team-shop\n"
        )
    };
    let folder = configured(&entry("9999-12-31"));
    assert_eq!(run(folder.path(), &[]).status, Some(0));
    let folder = configured(&entry("2020-01-01"));
    let outcome = run(folder.path(), &["--format=concise"]);
    assert_eq!(outcome.status, Some(1));
    let rules = [
        "error[override-drops-mtls]",
        "mtls-lint.yaml:2:3: warning[expired-suppression]",
    ];
    for rule in rules {
        assert!(outcome.stdout.contains(rule), "{}", outcome.stdout);
    }
}

#[test]
fn a_wrong_entry_of_the_config_file_ends_the_run() {
    let folder = configured("ignore:\n- rule: override-drop-mtls\n");
    let outcome = run(folder.path(), &[]);
    assert_eq!(outcome.status, Some(2));
    let hint = "did you mean `override-drops-mtls`?";
    assert!(outcome.stderr.contains(hint), "{}", outcome.stderr);
}

#[test]
fn a_fix_removes_the_comment_that_nothing_needs() {
    let folder = commented("# mtls-lint: ignore[mtls-to-external-host] not here");
    let before = fs::read_to_string(seed("istio-1.0").join(RULE)).expect("the file can be read");
    let outcome = run(
        folder.path(),
        &["--fix", "--select=unused-suppression,mtls-to-external-host"],
    );
    assert_eq!(outcome.status, Some(0), "{}", outcome.stdout);
    let after = fs::read_to_string(folder.path().join(RULE)).expect("the file can be read");
    assert_eq!(after, before);
}

#[test]
fn a_run_over_a_part_calls_no_exception_unused() {
    let folder = commented("# mtls-lint: ignore[mtls-to-external-host] not here");
    let select = "--select=unused-suppression,mtls-to-external-host";
    assert_eq!(run(folder.path(), &["apps", select]).status, Some(0));
    assert_eq!(run(folder.path(), &[select]).status, Some(1));
}

#[test]
fn a_baseline_does_not_accept_what_an_exception_hides() {
    let folder = commented(COMMENT);
    let outcome = run(folder.path(), &["baseline", "write"]);
    assert!(
        outcome.stdout.contains("accepts 0 findings"),
        "{}",
        outcome.stdout
    );
}
