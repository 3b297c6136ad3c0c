//! What the tests share that run the command as a user does.

use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use tempfile::TempDir;

/// The formats of a report.
pub(crate) const FORMATS: [&str; 11] = [
    "pretty",
    "concise",
    "json",
    "jsonl",
    "sarif",
    "github",
    "gitlab",
    "junit",
    "checkstyle",
    "rdjson",
    "markdown",
];

/// What a run printed and returned.
#[derive(Debug, PartialEq)]
pub(crate) struct Outcome {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The exit status.
    pub(crate) status: Option<i32>,
}

impl Outcome {
    /// Standard output as the JSON report.
    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_str(&self.stdout)
            .unwrap_or_else(|error| panic!("no JSON report: {error}\n{}", self.stderr))
    }
}

/// Runs the command in a folder, without configuration and with an empty environment.
pub(crate) fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, &[&["--isolated"], arguments].concat(), &[])
}

/// Runs the command in a folder with nothing but these variables.
pub(crate) fn run_with(folder: &Path, arguments: &[&str], variables: &[(&str, &str)]) -> Outcome {
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

/// The folder of one form of the story that the linter exists for.
pub(crate) fn seed(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("testdata/seed")
        .join(name)
}

/// A copy of a folder that a test may change.
pub(crate) fn copy_of(folder: &Path) -> TempDir {
    let copy = tempfile::tempdir().expect("a folder can be created");
    for path in files(folder) {
        let bytes = fs::read(folder.join(&path)).expect("the file can be read");
        write(copy.path(), &path, &bytes);
    }
    copy
}

/// Writes a file, and the folders it is in.
pub(crate) fn write(folder: &Path, path: impl AsRef<Path>, bytes: &[u8]) {
    let file = folder.join(path);
    fs::create_dir_all(file.parent().expect("the file is in a folder"))
        .expect("the folder can be created");
    fs::write(file, bytes).expect("the file can be written");
}

/// The paths of the files below a folder, relative to it, in order.
pub(crate) fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).expect("the folder can be listed") {
            let path = entry.expect("the entry can be read").path();
            if path.is_dir() {
                pending.push(path);
            } else {
                let below = path.strip_prefix(folder);
                found.push(below.expect("the file is below the folder").to_owned());
            }
        }
    }
    found.sort();
    found
}
