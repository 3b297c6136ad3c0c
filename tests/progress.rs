//! A run that takes long says so on a terminal, and nowhere else. The terminal is one of Python's; without Python the tests
//! are skipped.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program, and write files"
)]

use std::fs;
use std::io::Write;
use std::os::unix::fs::PermissionsExt;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use tempfile::TempDir;

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use support::{run_with, write};

/// Runs what its arguments say on a terminal of its own, and prints what appeared there.
const ON_A_TERMINAL: &str = "
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[1], sys.argv[1:])
shown = b''
while True:
    try:
        some = os.read(terminal, 65536)
    except OSError:
        break
    if not some:
        break
    shown += some
os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
";

/// What takes a line away.
const ERASE: &str = "\r\u{1b}[K";

/// A chart that Helm takes three seconds to render.
fn slow() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be created");
    let chart: &[u8] = b"apiVersion: v2\nname: web\nversion: 1.0.0\n";
    write(folder.path(), "chart/Chart.yaml", chart);
    let template: &[u8] = b"kind: DestinationRule\nmetadata: {name: {{ .Release.Name }}}\n";
    write(folder.path(), "chart/templates/rule.yaml", template);
    write(folder.path(), "bin/helm", b"#!/bin/sh\nsleep 3\n");
    let program = folder.path().join("bin/helm");
    let is_program = fs::Permissions::from_mode(0o755);
    fs::set_permissions(program, is_program).expect("it can be run");
    folder
}

/// The folders of programs, with the slow one first.
fn path(folder: &TempDir) -> String {
    format!("{}:/usr/bin:/bin", folder.path().join("bin").display())
}

const ARGUMENTS: [&str; 6] = [
    "--isolated",
    "--color=never",
    "--format=concise",
    "--render=helm",
    "--allow-empty",
    "chart",
];

/// What a terminal shows of a run; none without Python.
fn on_a_terminal(arguments: &[&str], variables: &[(&str, &str)]) -> Option<String> {
    let folder = slow();
    let output = Command::new("python3")
        .args(["-c", ON_A_TERMINAL, env!("CARGO_BIN_EXE_mtls-lint")])
        .args(ARGUMENTS)
        .args(arguments)
        .current_dir(folder.path())
        .env_remove("CI")
        .env("TERM", "xterm")
        .env("PATH", path(&folder))
        .envs(variables.iter().copied())
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        writeln!(std::io::stderr(), "skipped: python3 is not installed").expect("it can be said");
        return None;
    };
    Some(String::from_utf8(output.stdout).expect("it is UTF-8"))
}

#[test]
fn a_long_run_shows_a_line_that_is_gone_at_the_end() {
    let Some(shown) = on_a_terminal(&[], &[]) else {
        return;
    };
    let (during, after) = shown
        .rsplit_once(ERASE)
        .unwrap_or_else(|| panic!("{shown:?}"));
    assert!(
        during.contains("waiting for programs that render"),
        "{shown:?}"
    );
    assert!(!during.contains('\n'), "it is one line: {shown:?}");
    assert!(
        after.contains(" in "),
        "the report comes after it: {shown:?}"
    );
}

#[test]
fn a_long_run_is_silent_in_continuous_integration_and_if_asked_to_be() {
    let of_ci = on_a_terminal(&[], &[("CI", "true")]);
    let of_quiet = on_a_terminal(&["-q"], &[]);
    for shown in [of_ci, of_quiet].into_iter().flatten() {
        assert!(!shown.contains('\u{1b}'), "{shown:?}");
    }
}

#[test]
fn a_long_run_is_silent_in_a_pipe() {
    let folder = slow();
    let start = Instant::now();
    let outcome = run_with(folder.path(), &ARGUMENTS, &[("PATH", &path(&folder))]);
    assert_eq!(outcome.stderr, "");
    assert!(start.elapsed() > Duration::from_secs(2), "it takes long");
}
