//! What is packaged and how it is run by others: hooks, action, packages. What needs their tools is tried by `just integration`.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and read the files of the repository"
)]

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// The version of the package.
const VERSION: &str = env!("CARGO_PKG_VERSION");

/// The action and the workflows.
const WITH_STEPS: [&str; 4] = [
    "action.yml",
    ".github/workflows/ci.yml",
    ".github/workflows/mtls-lint.yml",
    ".github/workflows/release.yml",
];

/// A file of the repository.
fn text(path: &str) -> String {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

fn yaml(path: &str) -> Value {
    serde_yaml::from_str(&text(path)).unwrap_or_else(|error| panic!("{path}: {error}"))
}

/// The versions that follow a text in a file.
fn versions_after(path: &str, before: &str) -> Vec<String> {
    let text = text(path);
    let is_version = |c: char| c.is_ascii_alphanumeric() || c == '.' || c == '+';
    text.match_indices(before)
        .map(|(start, _)| {
            let rest = text.get(start + before.len()..).unwrap_or_default();
            rest.chars().take_while(|&c| is_version(c)).collect()
        })
        .collect()
}

/// Everywhere the version is written. A release changes them all; a hook or an image of an older version is of no use.
#[test]
fn the_version_is_the_same_everywhere_it_is_written() {
    let tag = format!("v{VERSION}");
    let table = [
        ("Cargo.lock", "name = \"mtls-lint\"\nversion = \"", VERSION),
        ("setup.py", "mtls-lint==", VERSION),
        ("Dockerfile", "org.opencontainers.image.version=\"", VERSION),
        ("action/install.sh", "own_version=", VERSION),
        (
            ".pre-commit-hooks.yaml",
            "ghcr.io/mtls-lint/mtls-lint:",
            VERSION,
        ),
        ("docs/pre-commit.md", "rev: ", &tag),
        ("docs/pre-commit.md", "mtls-lint==", VERSION),
        ("docs/github-action.md", "uses: mtls-lint/mtls-lint@", &tag),
        ("docs/other-ci.md", "ghcr.io/mtls-lint/mtls-lint:", VERSION),
        ("README.md", "rev: ", &tag),
        ("README.md", "uses: mtls-lint/mtls-lint@", &tag),
    ];
    for (path, before, version) in table {
        let found = versions_after(path, before);
        assert!(!found.is_empty(), "{path} has no `{before}`");
        assert!(
            found.iter().all(|it| it == version),
            "{path}: {before}{found:?}"
        );
    }
}

/// maturin takes the version from Cargo.toml, and the script that fills the templates does too.
#[test]
fn packages_that_follow_the_version_do_not_write_one() {
    assert!(text("pypi/pyproject.toml").contains("dynamic = [\"version\"]"));
    for path in ["mtls-lint.rb", "krew.yaml"].map(|name| format!("scripts/channels/{name}")) {
        let text = text(&path);
        assert!(text.contains("v@VERSION@"), "{path}");
        assert!(!text.contains(VERSION), "{path}");
    }
}

/// What is built, what the action downloads and what other channels point at.
#[test]
fn archives_have_the_same_names_everywhere() {
    let workflow = yaml(".github/workflows/release.yml");
    let matrix = &workflow["jobs"]["build"]["strategy"]["matrix"]["include"];
    let built: BTreeSet<&str> = matrix
        .as_array()
        .expect("it is a list")
        .iter()
        .filter_map(|it| it["target"].as_str())
        .collect();
    let installer = text("action/install.sh");
    let downloaded: BTreeSet<&str> = installer
        .lines()
        .filter_map(|line| line.trim().strip_suffix(" ;;")?.split_once(") echo "))
        .map(|(_, target)| target)
        .filter(|target| *target != "unknown")
        .collect();
    assert_eq!(downloaded, built);
    assert!(installer.contains("mtls-lint-$(target).tar.gz"));
    let krew = text("scripts/channels/krew.yaml");
    let brew = text("scripts/channels/mtls-lint.rb");
    for target in built {
        let archive = format!("/v@VERSION@/mtls-lint-{target}.tar.gz");
        assert!(krew.contains(&archive), "{target}");
        assert_eq!(brew.contains(&archive), !target.contains("windows"));
    }
    let cargo = text("Cargo.toml");
    assert!(cargo.contains("/releases/download/v{ version }/{ name }-{ target }.tar.gz"));
}

/// Checksums of archives that never were, as `sha256sum` prints them: of each target a different one.
fn made_up_checksums() -> Vec<(&'static str, String)> {
    let targets = [
        "x86_64-unknown-linux-gnu",
        "aarch64-unknown-linux-gnu",
        "x86_64-apple-darwin",
        "aarch64-apple-darwin",
        "x86_64-pc-windows-msvc",
    ];
    let numbered = targets.into_iter().zip(1..);
    numbered
        .map(|(target, number): (_, u32)| (target, format!("{number:064x}")))
        .collect()
}

/// What `scripts/channels.py` makes of checksums, in a folder; nothing where there is no Python.
fn channels(sums: &[(&str, String)]) -> Option<(TempDir, Output)> {
    let folder = TempDir::new().expect("a folder can be made");
    let line = |(target, sum): &(&str, String)| format!("{sum}  mtls-lint-{target}.tar.gz\n");
    let lines: String = sums.iter().map(line).collect();
    let input = folder.path().join("sha256sums.txt");
    fs::write(&input, lines).expect("it can be written");
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("scripts/channels.py");
    let output = Command::new("python3")
        .args([&script, &input])
        .arg(folder.path())
        .output();
    if let Ok(output) = output {
        return Some((folder, output));
    }
    let _ = writeln!(std::io::stderr(), "skipped: python3 is not installed");
    None
}

#[test]
fn other_channels_point_at_the_archives_with_their_checksums() {
    let sums = made_up_checksums();
    let Some((folder, output)) = channels(&sums) else {
        return;
    };
    assert!(output.status.success(), "{output:?}");
    let read = |name: &str| fs::read_to_string(folder.path().join(name)).expect("it is written");

    let krew: Value = serde_yaml::from_str(&read("krew.yaml")).expect("it is YAML");
    assert_eq!(krew["spec"]["version"], format!("v{VERSION}"));
    let platforms = krew["spec"]["platforms"].as_array().expect("it is a list");
    assert_eq!(platforms.len(), sums.len());
    let formula = read("mtls-lint.rb");
    let action = read("checksums.txt");
    for (platform, (target, sum)) in platforms.iter().zip(&sums) {
        let archive = format!("mtls-lint-{target}.tar.gz");
        let uri = format!(
            "https://github.com/mtls-lint/mtls-lint/releases/download/v{VERSION}/{archive}"
        );
        assert_eq!(platform["uri"], uri);
        assert_eq!(platform["sha256"], *sum);
        let in_formula = format!("url \"{uri}\"\n      sha256 \"{sum}\"\n");
        assert_eq!(formula.contains(&in_formula), !target.contains("windows"));
        assert!(action.contains(&format!("\n{sum}  {archive}\n")));
    }
    assert!(!formula.contains('@'), "{formula}");
}

#[test]
fn a_release_without_one_of_the_archives_has_no_channels() {
    let sums = made_up_checksums();
    let Some((_folder, output)) = channels(&sums[1..]) else {
        return;
    };
    let error = String::from_utf8_lossy(&output.stderr);
    assert_eq!(output.status.code(), Some(1));
    assert_eq!(
        error,
        "no checksum of the archive for x86_64-unknown-linux-gnu\n"
    );
}

#[test]
fn every_hook_runs_on_every_commit_and_reads_the_index() {
    let hooks = yaml(".pre-commit-hooks.yaml");
    let hooks = hooks.as_array().expect("it is a list");
    let ids: Vec<&str> = hooks
        .iter()
        .filter_map(|hook| hook["id"].as_str())
        .collect();
    let expected = [
        "mtls-lint",
        "mtls-lint-src",
        "mtls-lint-system",
        "mtls-lint-docker",
    ];
    assert_eq!(ids, expected);
    for hook in hooks {
        let id = &hook["id"];
        assert_eq!(hook["always_run"], Value::Bool(true), "{id}");
        assert_eq!(hook["pass_filenames"], Value::Bool(false), "{id}");
        let entry = hook["entry"].as_str().expect("it is text");
        assert!(entry.ends_with(" check --hook"), "{id}: {entry}");
    }
}

/// An expression in a script is replaced before the shell reads it: what it holds would be run.
#[test]
fn inputs_reach_the_shell_by_the_environment_alone() {
    for path in WITH_STEPS {
        let mut is_script = false;
        for line in text(path).lines() {
            let key = line.trim_start().trim_start_matches("- ");
            is_script = key.starts_with("run:") || (is_script && !key.contains(": "));
            assert!(!is_script || !line.contains("${{"), "{path}: {line}");
        }
    }
}

#[test]
fn every_input_and_output_of_the_action_is_documented_and_used() {
    let action = yaml("action.yml");
    let docs = text("docs/github-action.md");
    for kind in ["inputs", "outputs"] {
        for name in action[kind].as_object().expect("it is a map").keys() {
            assert!(
                docs.contains(&format!("| `{name}` |")),
                "docs lack {kind} `{name}`"
            );
        }
    }
    let source = text("action.yml");
    for name in action["inputs"].as_object().expect("it is a map").keys() {
        let is_used = source.contains(&format!("inputs.{name}"));
        assert!(is_used, "the input `{name}` has no effect");
    }
}

#[test]
fn actions_of_others_are_pinned_by_their_commit() {
    for path in WITH_STEPS {
        let text = text(path);
        let used = text.lines().filter_map(|line| line.split_once("uses: "));
        for (_, used) in used.filter(|(_, used)| !used.starts_with("./")) {
            let commit = used.split_once('@').map_or("", |(_, commit)| commit);
            let commit = commit.split(' ').next().unwrap_or_default();
            let is_full = commit.len() == 40 && commit.bytes().all(|it| it.is_ascii_hexdigit());
            assert!(is_full, "{path}: {used}");
        }
    }
}

/// What a stranger copies from these pages must be accepted.
#[test]
fn every_flag_in_the_pages_about_ci_exists() {
    let help = |command: &str| {
        let output = Command::new(env!("CARGO_BIN_EXE_mtls-lint"))
            .args([command, "--help"])
            .output();
        String::from_utf8(output.expect("it can be run").stdout).expect("it is text")
    };
    let known = help("check") + &help("diff");
    for page in ["docs/pre-commit.md", "docs/other-ci.md"] {
        let text = text(page);
        let commands = text.lines().filter_map(|line| {
            let (_, command) = line.split_once("mtls-lint ")?;
            command.split('|').next()
        });
        let words = commands.flat_map(|command| command.split([' ', '`', '\'', '\\']));
        for flag in words.filter(|word| word.starts_with("--")) {
            let name = flag.split('=').next().unwrap_or_default();
            assert!(
                known.contains(&format!("{name} ")) || known.contains(&format!("{name}\n")),
                "{page}: {flag}"
            );
        }
    }
}

#[test]
fn containers_do_not_run_as_root() {
    let file = text("Dockerfile");
    let users: Vec<&str> = file
        .lines()
        .filter(|line| line.starts_with("USER "))
        .collect();
    assert_eq!(users, ["USER 65532:65532"; 2]);
}
