//! The commands whose answers are compared: ours, or what stands in for it, and the real kustomize.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use walkdir::WalkDir;

/// The version whose answers count.
const VERSION: &str = "v5.8.1";

/// The names that a kustomization file may have.
const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Nothing is fetched: a remote base fails at once and in the same way everywhere.
const OFFLINE: [(&str, &str); 4] = [
    ("HTTP_PROXY", "http://127.0.0.1:9"),
    ("HTTPS_PROXY", "http://127.0.0.1:9"),
    ("GIT_ALLOW_PROTOCOL", "file"),
    ("GIT_TERMINAL_PROMPT", "0"),
];

/// What a command printed and returned.
pub(crate) struct Answer {
    /// Standard output.
    pub(crate) stdout: String,
    /// Standard error.
    pub(crate) stderr: String,
    /// The exit status.
    pub(crate) status: Option<i32>,
}

impl Answer {
    /// Whether the command did what it was asked.
    pub(crate) fn succeeded(&self) -> bool {
        self.status == Some(0)
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            stdout: String::from_utf8(output.stdout).expect("standard output is UTF-8"),
            stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
            status: output.status.code(),
        }
    }
}

/// The command that renders a kustomization.
pub(crate) struct Renderer {
    /// The program and its first arguments, if `MTLS_LINT_RENDER` names others.
    replacement: Option<Vec<String>>,
}

impl Renderer {
    /// Ours, or what `MTLS_LINT_RENDER` names.
    pub(crate) fn from_environment() -> Self {
        let words = std::env::var("MTLS_LINT_RENDER").ok();
        let replacement = words.map(|words| words.split_whitespace().map(str::to_owned).collect());
        Self { replacement }
    }

    /// Whether it is another command than ours.
    pub(crate) fn is_replaced(&self) -> bool {
        self.replacement.is_some()
    }

    /// Renders a folder, named from the folder the command runs in.
    pub(crate) fn run(&self, working: &Path, folder: &str) -> Answer {
        let mut command = if let Some([program, arguments @ ..]) = self.replacement.as_deref() {
            let mut command = offline(program);
            command.args(arguments);
            command
        } else {
            let mut command = Command::new(env!("CARGO_BIN_EXE_mtls-lint"));
            command.env_clear().args(["render", "--isolated"]);
            command
        };
        let command = command.arg(folder).current_dir(working);
        let output = command.stdin(Stdio::null()).output();
        output.expect("the renderer can be run").into()
    }
}

/// A command that reaches no network.
fn offline(program: &str) -> Command {
    let mut command = Command::new(program);
    command.envs(OFFLINE);
    command
}

/// Where the answers of the real kustomize come from.
pub(crate) enum Kustomize {
    /// From the program.
    Program(String),
    /// From a folder that `scripts/kustomize-golden.sh --tree` wrote.
    Built(PathBuf),
}

/// The real kustomize, if there is one of the right version.
pub(crate) fn kustomize() -> Option<Kustomize> {
    if let Some(folder) = std::env::var_os("KUSTOMIZE_BUILT") {
        return Some(Kustomize::Built(folder.into()));
    }
    let program = std::env::var("KUSTOMIZE").unwrap_or_else(|_| "kustomize".to_owned());
    let output = Command::new(&program).arg("version").output().ok()?;
    let version = String::from_utf8_lossy(&output.stdout);
    (version.trim() == VERSION).then_some(Kustomize::Program(program))
}

impl Kustomize {
    /// What it builds from a folder below another; `None` if it refuses.
    pub(crate) fn build(&self, base: &Path, folder: &str) -> Option<String> {
        match self {
            Self::Program(program) => {
                let mut command = offline(program);
                let command = command.arg("build").arg(folder).current_dir(base);
                let output = command.output().expect("kustomize can be run");
                let answer = Answer::from(output);
                answer.succeeded().then_some(answer.stdout)
            }
            Self::Built(built) => {
                let folder = built.join(folder);
                let output = fs::read_to_string(folder.join("expected.yaml")).ok();
                let is_refused = folder.join("expected-error.txt").exists();
                assert!(
                    output.is_some() || is_refused,
                    "{} was not built",
                    folder.display()
                );
                output
            }
        }
    }
}

/// The folders below another that hold a kustomization file, in order.
pub(crate) fn kustomizations(base: &Path) -> BTreeSet<String> {
    WalkDir::new(base)
        .into_iter()
        .map(|entry| entry.expect("the folder can be walked"))
        .filter(|entry| FILE_NAMES.iter().any(|name| entry.file_name() == *name))
        .map(|entry| {
            let folder = entry.path().parent().expect("a file is in a folder");
            let below = folder.strip_prefix(base).expect("the walk stays below");
            let below = below.to_str().expect("the path is UTF-8");
            if below.is_empty() { "." } else { below }.to_owned()
        })
        .collect()
}
