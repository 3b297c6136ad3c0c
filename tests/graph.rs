//! `graph` as a user runs it: the story that the linter exists for in every format, drawings that their programs take, and
//! the page in a browser.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]

#[path = "../benches/support/mod.rs"]
mod generator;
mod support;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use generator::Repository;
use insta::assert_snapshot;
use serde_json::Value;
use support::{Outcome, run, seed, write};
use tempfile::TempDir;

/// A repository of five namespaces that one screen shows.
const SMALL: Repository = Repository {
    namespaces: 5,
    services: 30,
    workloads: 40,
    rules: 20,
    sidecars: 1,
    bystanders: 0,
    seed: 3,
};

/// A repository of which nobody wants to see everything at once.
const LARGE: Repository = Repository {
    namespaces: 20,
    services: 300,
    workloads: 400,
    rules: 320,
    sidecars: 3,
    bystanders: 0,
    seed: 3,
};

/// A mesh with every verdict.
fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/graph/shop")
}

/// A repository on disk.
fn folder_of(repository: &Repository) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be created");
    for (path, text) in repository.files() {
        write(folder.path(), path, text.as_bytes());
    }
    folder
}

/// Runs `graph` in a folder; it succeeds.
fn graph(folder: &Path, arguments: &[&str]) -> Outcome {
    let outcome = run_graph(folder, arguments);
    assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
    outcome
}

fn run_graph(folder: &Path, arguments: &[&str]) -> Outcome {
    run_command(folder, &[&["graph"], arguments].concat())
}

/// Runs a command; `--isolated` stands behind its name, where commands take it.
fn run_command(folder: &Path, arguments: &[&str]) -> Outcome {
    let output = Command::new(env!("CARGO_BIN_EXE_mtls-lint"))
        .args(arguments)
        .arg("--isolated")
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

/// Writes the pages that the browser looks at.
fn write_pages(pages: &Path) {
    fs::create_dir_all(pages).expect("the folder can be created");
    let (small, large) = (folder_of(&SMALL), folder_of(&LARGE));
    for (name, folder) in [
        ("seed", seed("istio-1.0").as_path()),
        ("shop", shop().as_path()),
        ("small", small.path()),
        ("large", large.path()),
    ] {
        let page = graph(folder, &["--format", "html"]).stdout;
        fs::write(pages.join(format!("{name}.html")), page).expect("the page can be written");
    }
}

#[test]
fn the_page_works_in_a_browser() {
    let pages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("graph");
    write_pages(&pages);
}
