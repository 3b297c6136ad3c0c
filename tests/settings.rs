//! Settings of the config file as a user meets them: what they change, and what is said about those that are wrong.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]

use tempfile::TempDir;

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use snapbox::{assert_data_eq, str};
use support::{Outcome, copy_of, run_with, seed, write};

/// The story that the linter exists for, with a config file.
fn configured(config: &str) -> TempDir {
    let copy = copy_of(&seed("istio-1.0"));
    write(copy.path(), "mtls-lint.yaml", config.as_bytes());
    copy
}

/// Lints the story with a config file, a line a finding.
fn run(config: &str, arguments: &[&str]) -> Outcome {
    let folder = configured(config);
    let arguments = [&["--format", "concise"], arguments].concat();
    run_with(folder.path(), &arguments, &[])
}

/// How the finding of the story is told: its severity, or nothing.
fn told(outcome: &Outcome) -> Option<&str> {
    let (before, _) = outcome.stdout.split_once("[override-drops-mtls]")?;
    before.rsplit(' ').next()
}

#[test]
fn a_rule_has_the_severity_that_the_config_file_gives() {
    for settings in ["{severity: note}", "note"] {
        let outcome = run(
            &format!("rules: {{override-drops-mtls: {settings}}}\n"),
            &[],
        );
        assert_eq!(told(&outcome), Some("note"));
        assert_eq!(outcome.status, Some(0));
    }
}

#[test]
fn a_rule_that_is_off_finds_nothing() {
    for settings in ["{severity: off}", "off"] {
        let outcome = run(
            &format!("rules: {{override-drops-mtls: {settings}}}\n"),
            &[],
        );
        assert_eq!(told(&outcome), None);
    }
}

#[test]
fn an_override_is_about_its_paths_alone() {
    let note = "rules: {override-drops-mtls: {severity: note}}";
    let table = [
        ("apps/**", note, Some("note")),
        ("mesh/**", note, Some("error")),
        (
            "apps/**",
            "rules: {override-drops-mtls: note}",
            Some("note"),
        ),
        ("apps/**", "ignore: [override-drops-mtls]", None),
        ("mesh", "ignore: [override-drops-mtls]", Some("error")),
        ("apps/**", "select: [unread-input]", None),
        (
            "circuit-*.yaml",
            "rules: {override-drops-mtls: {severity: off}}",
            None,
        ),
    ];
    for (path, setting, expected) in table {
        let outcome = run(
            &format!("overrides: [{{paths: ['{path}'], {setting}}}]\n"),
            &[],
        );
        assert_eq!(told(&outcome), expected, "{path} {setting}");
        assert_eq!(outcome.stderr, "");
    }
}

#[test]
fn of_several_overrides_of_a_path_the_last_counts() {
    let outcome = run(
        "rules: {override-drops-mtls: {severity: error}}\noverrides:\n\
         - {paths: [apps], rules: {override-drops-mtls: {severity: note}}}\n\
         - {paths: [apps/**], rules: {override-drops-mtls: {severity: warning}}}\n",
        &[],
    );
    assert_eq!(told(&outcome), Some("warning"));
}

#[test]
fn the_paths_of_the_config_file_count_where_the_command_line_names_none() {
    let config = "paths: [mesh]\n";
    assert!(run(config, &[]).stdout.contains("in 2 files"));
    assert!(run(config, &["."]).stdout.contains("in 6 files"));
}

#[test]
fn a_namespace_that_is_named_as_one_of_the_system_is_no_target() {
    for key in ["system-namespaces", "extend-system-namespaces"] {
        assert_eq!(told(&run(&format!("{key}: [default]\n"), &[])), None);
        assert_eq!(told(&run(&format!("{key}: [other]\n"), &[])), Some("error"));
    }
}

#[test]
fn full_names_of_hosts_end_in_the_domain_that_is_set() {
    let of_all = "cluster-domain: corp.example\n";
    let of_mesh = "cluster-domain: other.example\n\
                   meshes: [{name: prod, roots: [apps, mesh], cluster-domain: corp.example}]\n";
    for config in [of_all, of_mesh] {
        let outcome = run(config, &[]);
        assert!(
            outcome
                .stdout
                .contains("`httpbin.default.svc.corp.example:8000`"),
            "{}",
            outcome.stdout
        );
    }
}

#[test]
fn a_glob_that_fits_no_path_is_told_with_its_line() {
    let config = "exclude:\n- apps/sleep.yaml\n- vendor/**\noverrides:\n\
                  - {paths: [apps/**], ignore: [unread-input]}\n\
                  - {paths: [old/**], ignore: [unread-input]}\n";
    let outcome = run(config, &[]);
    assert_data_eq!(
        outcome.stderr,
        str![[r"
warning: mtls-lint.yaml:3: the glob `vendor/**` of `exclude` fits no path; correct it or take it out
warning: mtls-lint.yaml:6: the glob `old/**` of `overrides` fits no path; correct it or take it out

"]]
    );
}

#[test]
fn a_run_over_a_part_says_nothing_of_globs_for_the_rest() {
    let outcome = run("exclude: [vendor/**]\n", &["apps"]);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn an_unknown_key_of_an_exception_is_shown_in_its_line() {
    let outcome = run("ignore:\n- rule: unread-input\n  pth: a\n", &[]);
    assert_eq!(outcome.status, Some(2));
    assert_data_eq!(
        outcome.stderr,
        str![[r"
error: unknown key `pth` in `mtls-lint.yaml`; did you mean `path`?
   ╭─[mtls-lint.yaml:3:3]
 2 │ - rule: unread-input
 3 │   pth: a
   ·   ─┬─
   ·    ╰── no such key
   ╰────
help: the keys here are rule, path, kind, namespace, name, mesh, reason, expires, owner

"]]
    );
}
