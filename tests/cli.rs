//! The command as a user runs it: arguments, output, exit status.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use snapbox::{assert_data_eq, file, str};
use tempfile::TempDir;

/// What a run printed and returned.
struct Outcome {
    stdout: String,
    stderr: String,
    status: Option<i32>,
}

/// Runs the command in a folder with an empty environment.
fn run_in(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, arguments, &[])
}

/// Runs the command in a folder with nothing but these variables.
fn run_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_mtls-lint"))
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the command can be run");
    Outcome {
        stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
        stderr: String::from_utf8(output.stderr).expect("standard error is UTF-8"),
        status: output.status.code(),
    }
}

/// An empty folder.
fn folder() -> TempDir {
    tempfile::tempdir().expect("a folder can be created")
}

/// A folder with one file.
fn folder_with(path: &str, text: &str) -> TempDir {
    let folder = folder();
    let file = folder.path().join(path);
    fs::create_dir_all(file.parent().expect("the file is in the folder"))
        .expect("a folder can be created");
    fs::write(file, text).expect("the file can be written");
    folder
}

/// Runs the command in an empty folder.
fn run(arguments: &[&str]) -> Outcome {
    run_in(folder().path(), arguments)
}

#[test]
fn help_lists_commands_and_flags() {
    let outcome = run(&["--help"]);
    assert_eq!(outcome.status, Some(0));
    assert_data_eq!(outcome.stdout, file!["snapshots/help.txt"]);
}

#[test]
fn short_help_fits_a_screen_of_lines() {
    let outcome = run(&["-h"]);
    assert_eq!(outcome.status, Some(0));
    assert_data_eq!(outcome.stdout, file!["snapshots/help-short.txt"]);
}

#[test]
fn each_command_has_help() {
    for command in ["check", "matrix", "trace", "graph", "rules", "rule"] {
        let outcome = run(&[command, "--help"]);
        assert_eq!(outcome.status, Some(0), "{command}");
        assert!(outcome.stdout.contains("Usage: mtls-lint"), "{command}");
    }
}

#[test]
fn the_version_is_printed() {
    let outcome = run(&["--version"]);
    assert_data_eq!(outcome.stdout, str![["mtls-lint [..]\n"]]);
}

#[test]
fn an_unknown_flag_is_a_usage_error() {
    let outcome = run(&["--isolate"]);
    assert_eq!(outcome.status, Some(2));
    assert_eq!(outcome.stdout, "");
    assert!(
        outcome.stderr.contains("'--isolated'"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn an_unknown_format_is_a_usage_error_that_lists_the_formats() {
    let outcome = run(&["--format", "xml"]);
    assert_eq!(outcome.status, Some(2));
    assert!(
        outcome
            .stderr
            .contains("expected pretty, concise, json, github, sarif"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn rules_are_listed_as_a_table() {
    let outcome = run(&["rules"]);
    assert_eq!(outcome.status, Some(0));
    assert_data_eq!(
        outcome.stdout,
        str![[r"
...
unread-input[..]warning  hygiene      an input could not be read, so findings may be missing
...
"]]
    );
}

#[test]
fn rules_are_listed_as_json() {
    let outcome = run(&["rules", "--format", "json"]);
    let list: serde_json::Value = serde_json::from_str(&outcome.stdout).expect("the list is JSON");
    assert_eq!(list["schema"], "mtls-lint/rules/1");
    let rules = list["rules"].as_array().expect("the list has rules");
    let rule = rules.iter().find(|rule| rule["name"] == "unread-input");
    assert_eq!(rule.expect("the rule is listed")["severity"], "warning");
}

#[test]
fn the_documentation_of_a_rule_is_its_page() {
    let outcome = run(&["rule", "unread-input"]);
    assert_eq!(outcome.status, Some(0));
    let page = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/rules/unread-input.md");
    let page = fs::read_to_string(page).expect("the page exists");
    assert_eq!(outcome.stdout, page);
}

#[test]
fn an_unknown_rule_is_a_usage_error_with_the_nearest_name() {
    for arguments in [
        ["rule", "unread-inputs"],
        ["--select", "unread-inputs"],
        ["--ignore", "unread-inputs"],
    ] {
        let outcome = run(&arguments);
        assert_eq!(outcome.status, Some(2));
        assert_data_eq!(
            outcome.stderr,
            str![[r"
error: unknown rule `unread-inputs`; did you mean `unread-input`?
help: `mtls-lint rules` lists the rules

"]]
        );
    }
}

#[test]
fn a_missing_path_is_an_input_error() {
    let outcome = run(&["nowhere"]);
    assert_eq!(outcome.status, Some(3));
    assert_data_eq!(
        outcome.stderr,
        str![[r"
error: cannot read `nowhere`: there is no such file or directory

"]]
    );
}

#[test]
fn a_usage_error_comes_before_a_missing_path() {
    let outcome = run(&["nowhere", "--select", "no-such-rule"]);
    assert_eq!(outcome.status, Some(2));
}

#[test]
fn nothing_to_check_is_an_input_error_unless_allowed() {
    let folder = folder();
    let outcome = run_in(folder.path(), &[]);
    assert_eq!(outcome.status, Some(3));
    assert!(outcome.stderr.contains("nothing to check in `.`"));
    let outcome = run_in(folder.path(), &["--allow-empty"]);
    assert_eq!((outcome.status, outcome.stderr.as_str()), (Some(0), ""));
}

#[test]
fn an_unknown_key_in_the_config_file_is_a_usage_error_with_the_nearest() {
    let folder = folder_with(".github/mtls-lint.yaml", "exlude: []\n");
    let outcome = run_in(folder.path(), &["--allow-empty"]);
    assert_eq!(outcome.status, Some(2));
    assert_data_eq!(
        outcome.stderr,
        str![[r"
error: unknown key `exlude` in `.github/mtls-lint.yaml`; did you mean `exclude`?

"]]
    );
}

#[test]
fn an_isolated_run_reads_no_config_file() {
    let folder = folder_with("mtls-lint.yaml", "exlude: []\n");
    let outcome = run_in(folder.path(), &["--allow-empty", "--isolated"]);
    assert_eq!(outcome.status, Some(0));
}

#[test]
fn a_config_file_can_be_named_by_flag_and_by_environment() {
    let folder = folder_with("settings.yaml", "exlude: []\n");
    let outcome = run_in(folder.path(), &["--config", "settings.yaml"]);
    assert_eq!(outcome.status, Some(2));
    let variables = [("MTLS_LINT_CONFIG", "settings.yaml")];
    let outcome = run_with(folder.path(), &["--allow-empty"], &variables);
    assert_eq!(outcome.status, Some(2));
    assert!(outcome.stderr.contains("`exlude` in `settings.yaml`"));
}

#[test]
fn two_reports_on_standard_output_are_a_usage_error() {
    let outcome = run(&["--output", "json=-", "--output", "sarif=-"]);
    assert_eq!(outcome.status, Some(2));
    assert!(outcome.stderr.contains("more than one report"));
}

#[test]
fn a_report_can_go_to_a_file() {
    let folder = folder();
    let arguments = ["--allow-empty", "-q", "--output", "json=report.json"];
    let outcome = run_in(folder.path(), &arguments);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(0), ""));
    assert!(folder.path().join("report.json").exists());
}

#[test]
fn a_report_that_cannot_be_written_is_a_usage_error() {
    let outcome = run(&[
        "--allow-empty",
        "--output",
        "json=no/such/folder/report.json",
    ]);
    assert_eq!(outcome.status, Some(2));
    assert!(
        outcome
            .stderr
            .contains("cannot write `no/such/folder/report.json`")
    );
}

#[test]
fn a_verbose_run_says_what_was_read() {
    let outcome = run(&["--allow-empty", "-v"]);
    assert!(
        outcome.stderr.contains("read 0 files"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_reader_that_closes_the_pipe_is_no_failure() {
    let mut child = Command::new(env!("CARGO_BIN_EXE_mtls-lint"))
        .args(["rule", "unread-input"])
        .env_clear()
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be run");
    drop(child.stdout.take());
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(0));
    assert!(output.stderr.is_empty());
}
