//! The command as a user runs it: arguments, output, exit status.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

mod support;

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use snapbox::{assert_data_eq, file, str};
use tempfile::TempDir;

use support::{Outcome, run_with};

/// Runs the command in a folder with an empty environment.
fn run_in(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, arguments, &[])
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
    for command in [
        "check", "matrix", "trace", "graph", "baseline", "config", "init", "rules", "rule",
    ] {
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
            .contains("expected pretty, concise, json, jsonl, sarif, github, gitlab, junit, checkstyle, rdjson, markdown"),
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
help: paths are looked up from the folder that this runs in; `mtls-lint --help` lists the commands

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
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(3), ""));
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
   ╭─[.github/mtls-lint.yaml:1:1]
 1 │ exlude: []
   · ───┬──
   ·    ╰── no such key
   ╰────
help: `mtls-lint config schema` prints all keys that there are

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
fn two_reports_in_one_file_are_a_usage_error() {
    let outcome = run(&["--output", "json=a", "--output", "sarif=a"]);
    assert_eq!(outcome.status, Some(2));
    assert!(outcome.stderr.contains("more than one report goes to `a`"));
}

#[test]
fn the_summary_of_a_workflow_step_is_appended_to_and_other_files_are_replaced() {
    let folder = folder_with("summary.md", "before\n");
    fs::write(folder.path().join("other.md"), "before\n").expect("the file can be written");
    let arguments = [
        "--allow-empty",
        "--output=markdown=summary.md",
        "--output=concise=other.md",
    ];
    run_with(
        folder.path(),
        &arguments,
        &[("GITHUB_STEP_SUMMARY", "summary.md")],
    );
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is there");
    assert!(read("summary.md").starts_with("before\n## mtls-lint: "));
    assert!(read("other.md").starts_with("nothing was checked"));
}

/// Variables of the environment.
type Variables<'a> = &'a [(&'a str, &'a str)];

/// The folder of the story that the linter exists for.
fn seed() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/seed/istio-1.0")
}

#[test]
fn the_environment_decides_about_colours_unless_a_flag_does() {
    let table: [(&[&str], Variables, bool); 10] = [
        (&[], &[], false),
        (&["--color=always"], &[], true),
        (&["--color=always"], &[("NO_COLOR", "1")], true),
        (&["--color=never"], &[("FORCE_COLOR", "1")], false),
        (&[], &[("FORCE_COLOR", "1")], true),
        (&[], &[("FORCE_COLOR", "0")], false),
        (&[], &[("CLICOLOR_FORCE", "1")], true),
        (&[], &[("FORCE_COLOR", "0"), ("CLICOLOR_FORCE", "1")], false),
        (&[], &[("NO_COLOR", "1"), ("FORCE_COLOR", "1")], false),
        (&[], &[("NO_COLOR", ""), ("FORCE_COLOR", "3")], true),
    ];
    for (flags, variables, expected) in table {
        let arguments = [&["--isolated", "--format", "pretty"], flags].concat();
        let outcome = run_with(&seed(), &arguments, variables);
        let is_coloured = outcome.stdout.contains("\u{1b}[");
        assert_eq!(is_coloured, expected, "{flags:?} {variables:?}");
        assert!(!outcome.stdout.contains("\u{1b}]8"), "a pipe gets no links");
    }
}

#[test]
fn a_report_in_a_file_is_never_coloured() {
    let folder = folder();
    let report = folder.path().join("report.txt");
    let output = format!("--output=pretty={}", report.display());
    run_with(
        &seed(),
        &["--isolated", "--color=always", &output],
        &[("FORCE_COLOR", "1")],
    );
    let text = fs::read_to_string(report).expect("the report is there");
    assert!(!text.contains('\u{1b}'));
}

/// What a terminal of some width gets; none where there is no program that can pretend to be one.
fn on_terminal(columns: usize, variables: Variables<'_>) -> Option<String> {
    let version = Command::new("script").arg("--version").output();
    let is_known =
        version.is_ok_and(|it| String::from_utf8_lossy(&it.stdout).contains("util-linux"));
    if !is_known {
        let skipped = writeln!(
            std::io::stderr(),
            "skipped: util-linux' script is not installed"
        );
        skipped.expect("standard error takes a line");
        return None;
    }
    let program = env!("CARGO_BIN_EXE_mtls-lint");
    let line = format!("stty cols {columns} rows 24; '{program}' --isolated --format pretty");
    let output = Command::new("script")
        .args(["--quiet", "--command", &line, "/dev/null"])
        .current_dir(seed())
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("TERM", "xterm")
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output()
        .expect("the command can be run");
    Some(String::from_utf8(output.stdout).expect("the report is UTF-8"))
}

/// Text without colours and links.
fn plain(text: &str) -> String {
    let mut plain = String::new();
    let mut parts = text.split('\u{1b}');
    plain.push_str(parts.next().unwrap_or_default());
    for part in parts {
        let end = match part.chars().next() {
            Some(']') => None, // up to the next escape, which ends the link
            Some('\\') => Some(1),
            _ => part.find('m').map(|at| at + 1),
        };
        plain.push_str(end.and_then(|end| part.get(end..)).unwrap_or_default());
    }
    plain
}

#[test]
fn a_terminal_gets_colours_and_links_to_the_documentation() {
    let Some(shown) = on_terminal(100, &[]) else {
        return;
    };
    assert!(shown.contains("\u{1b}]8;;https://mtls-lint.dev/rules/override-drops-mtls\u{1b}\\"));
    assert!(shown.contains("\u{1b}[31m"));
    let Some(shown) = on_terminal(100, &[("NO_COLOR", "1")]) else {
        return;
    };
    assert!(!shown.contains('\u{1b}'), "{shown:?}");
}

#[test]
fn text_fits_a_narrow_terminal() {
    let Some(shown) = on_terminal(40, &[]) else {
        return;
    };
    let shown = plain(&shown).replace('\r', "");
    let (findings, _summary) = shown.rsplit_once("\n\n").expect("a blank line before it");
    for line in findings.lines().filter(|line| line.chars().count() > 40) {
        let longest = line.split(' ').map(|word| word.chars().count()).max();
        assert!(longest.is_some_and(|it| it > 24), "could be broken: {line}");
    }
    insta::assert_snapshot!("narrow", shown);
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

#[test]
fn settings_are_shown_with_their_origin() {
    let folder = folder_with("mtls-lint.yaml", "istio-version: 1.20\nselect: [a-b]\n");
    let outcome = run_in(folder.path(), &["config", "show"]);
    assert_eq!(outcome.status, Some(2), "a wrong config file is refused");
    fs::write(
        folder.path().join("mtls-lint.yaml"),
        "istio-version: 1.20\nexclude:\n- vendor/**\n",
    )
    .expect("the file can be written");
    let outcome = run_in(folder.path(), &["config", "show", "--exclude", "tmp/**"]);
    assert_eq!(outcome.status, Some(0));
    assert_data_eq!(
        outcome.stdout,
        str![[r#"
# config file: mtls-lint.yaml
paths: ["."]  # default
exclude:
  - "vendor/**"  # mtls-lint.yaml:3
  - "tmp/**"  # --exclude
assume: []  # default
istio-version: "1.20"  # mtls-lint.yaml:1
auto-mtls: null  # default: as the manifests say
root-namespace: null  # default: as the manifests say
cluster-domain: null  # default: `cluster.local`
system-namespaces: ["istio-system","kube-system","kube-public","kube-node-lease","local-path-storage"]  # default
extend-system-namespaces: []  # default
meshes: []  # default: as `mtls-lint meshes` says
rules: {}  # default
select: []  # default: all rules
ignore: []  # default
overrides: []  # default
baseline: null  # default
fail-on: "warning"  # default

"#]]
    );
}

/// `tests/docs.rs` compares it with the one on disk.
#[test]
fn the_schema_of_the_config_file_is_printed() {
    let outcome = run(&["config", "schema"]);
    let mut schema =
        serde_json::to_string_pretty(&mtls_lint::config::schema()).expect("a schema is valid JSON");
    schema.push('\n');
    assert_eq!(outcome.stdout, schema);
}

#[test]
fn a_starter_fits_the_repository_and_replaces_nothing() {
    let folder = folder();
    for (path, host) in [("prod/rule.yaml", "web"), ("staging/rule.yaml", "web")] {
        let rule = format!(
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: web, namespace: shop}}\nspec: {{host: {host}}}\n"
        );
        let file = folder.path().join(path);
        fs::create_dir_all(file.parent().expect("it is in a folder")).expect("it can be created");
        fs::write(file, rule).expect("the file can be written");
    }
    let outcome = run_in(folder.path(), &["init"]);
    assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
    assert_data_eq!(
        outcome.stdout,
        str![[r"
wrote mtls-lint.yaml; a setting in it counts when the `#` before it is taken away
next: `mtls-lint` lints the repository, `mtls-lint baseline write` accepts what it finds today

"]]
    );
    let path = folder.path().join("mtls-lint.yaml");
    let read = || fs::read_to_string(&path).expect("the file is there");
    assert_data_eq!(read(), file!["snapshots/init.yaml"]);

    fs::write(&path, "# mine\n").expect("the file can be written");
    let outcome = run_in(folder.path(), &["init"]);
    assert_eq!(outcome.status, Some(2));
    assert_data_eq!(
        outcome.stderr,
        str![[r"
error: the config file `mtls-lint.yaml` exists
help: `mtls-lint config show` prints what is in force; `--force` replaces the file

"]]
    );
    assert_eq!(read(), "# mine\n");
    assert_eq!(run_in(folder.path(), &["init", "--force"]).status, Some(0));
    assert_ne!(read(), "# mine\n");
}

#[test]
fn statistics_count_the_findings_of_each_rule() {
    let outcome = run_in(&seed(), &["--isolated", "--statistics"]);
    assert_eq!(outcome.status, Some(1));
    assert_data_eq!(
        outcome.stdout,
        str![[r"
COUNT  RULE                 WORST
    1  override-drops-mtls  error

1 error, 0 warnings, 0 notes in 5 files (7 documents, 7 resources, 1 mesh)

"]]
    );
    let outcome = run_in(&seed(), &["--statistics", "--format", "json"]);
    assert_eq!(outcome.status, Some(2), "they are no format");
}

#[test]
fn statistics_of_no_findings_are_the_summary() {
    let outcome = run(&["--allow-empty", "--statistics"]);
    assert_eq!(outcome.stdout, "nothing was checked: no file was read\n");
}

#[test]
fn each_shell_gets_completions_with_commands_and_flags() {
    for shell in ["bash", "zsh", "fish"] {
        let outcome = run(&["completions", shell]);
        assert_eq!(outcome.status, Some(0), "{shell}");
        for word in ["baseline", "no-baseline", "prune"] {
            assert!(outcome.stdout.contains(word), "{shell}: {word}");
        }
    }
}

#[test]
fn the_completions_are_a_script_that_bash_can_read() {
    let script = run(&["completions", "bash"]).stdout;
    let bash = Command::new("bash").arg("-n").stdin(Stdio::piped()).spawn();
    let Ok(mut bash) = bash else {
        let skipped = writeln!(std::io::stderr(), "skipped: bash is not installed");
        return skipped.expect("standard error takes a line");
    };
    let mut stdin = bash.stdin.take().expect("it is piped");
    stdin.write_all(script.as_bytes()).expect("bash reads");
    drop(stdin);
    assert!(bash.wait().expect("bash ends").success());
}

#[test]
fn each_command_has_a_page_for_man() {
    for (command, title) in [
        (&[][..], ".TH mtls-lint 1"),
        (&["check"], ".TH mtls-lint-check 1"),
        (&["baseline", "write"], ".TH mtls-lint-baseline-write 1"),
    ] {
        let outcome = run(&[&["man"], command].concat());
        assert_eq!(outcome.status, Some(0), "{command:?}");
        let source = concat!("\"mtls-lint ", env!("CARGO_PKG_VERSION"), "\"");
        let expected = format!("{title}  {source} \n");
        assert!(outcome.stdout.contains(&expected), "{}", outcome.stdout);
    }
    let outcome = run(&["man", "baseline", "erase"]);
    assert_eq!(outcome.status, Some(2));
    assert_data_eq!(
        outcome.stderr,
        str![[r"
error: `mtls-lint baseline` has no command `erase`
help: `mtls-lint baseline --help` lists what there is

"]]
    );
}
