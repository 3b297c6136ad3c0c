//! The questions that are asked of the `git` command.

use std::io::{self, ErrorKind};
use std::process::{Command, Output, Stdio};

use camino::{Utf8Path, Utf8PathBuf};

use super::objects::Objects;

/// Why a revision or the index cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum GitError {
    /// The command is not there.
    #[error("`git` is not installed")]
    NotInstalled,
    /// The command cannot be run.
    #[error("`git` cannot be run")]
    Run {
        /// Why.
        source: io::Error,
    },
    /// The directory is in no repository, or in one that `git` does not trust.
    #[error("`{directory}` is in no Git repository that can be read: {message}")]
    NoRepository {
        /// The directory.
        directory: Utf8PathBuf,
        /// What `git` says.
        message: String,
    },
    /// Nothing in the repository has that name.
    #[error("there is no revision `{revision}` in this repository")]
    UnknownRevision {
        /// As the user wrote it.
        revision: String,
    },
    /// The revision is older than what was fetched.
    #[error(
        "there is no revision `{revision}`: the repository is a shallow clone and does not have all commits"
    )]
    Shallow {
        /// As the user wrote it.
        revision: String,
    },
    /// The index that a commit is made from is not there.
    #[error("there is no index `{path}`, which `GIT_INDEX_FILE` names")]
    NoIndex {
        /// As it is named.
        path: Utf8PathBuf,
    },
    /// Anything else that the command refuses.
    #[error("`git {command}` failed: {message}")]
    Failed {
        /// The command.
        command: String,
        /// What it says.
        message: String,
    },
}

impl GitError {
    /// What to do about it, as an instruction.
    pub fn help(&self) -> Option<&'static str> {
        match self {
            Self::NotInstalled => Some("install Git, or lint without `--base` and `--hook`"),
            Self::Shallow { .. } => Some(
                "fetch the commit first: `git fetch --depth=1 origin COMMIT`, or `fetch-depth: 0` in the checkout of a workflow",
            ),
            Self::UnknownRevision { .. } => Some(
                "name a commit, branch or tag that `git rev-parse` knows, such as `origin/main`",
            ),
            Self::NoRepository { message, .. } if message.contains("dubious ownership") => Some(
                "the files belong to somebody else; if you trust them: `git config --global --add safe.directory PATH`",
            ),
            Self::NoRepository { .. } => Some("run it inside of the repository"),
            Self::NoIndex { .. } => Some(
                "run it where the repository of the commit is, or unset the variable to lint what is staged",
            ),
            Self::Run { .. } | Self::Failed { .. } => None,
        }
    }
}

/// The command, run in one directory.
pub(super) struct Git<'d> {
    directory: &'d Utf8Path,
    index: Option<&'d Utf8Path>,
}

impl<'d> Git<'d> {
    /// The command in a directory; the empty path is the working directory.
    pub(super) fn new(directory: &'d Utf8Path) -> Self {
        Self {
            directory,
            index: None,
        }
    }

    /// The same with another index than the environment says.
    pub(super) fn with_index(self, index: Option<&'d Utf8Path>) -> Self {
        Self { index, ..self }
    }

    /// The directory in which Git keeps what it knows about the work tree, its index among it; an absolute path.
    pub(super) fn own_directory(&self) -> Result<Utf8PathBuf, GitError> {
        let output = self.print("rev-parse", &["--absolute-git-dir"])?;
        Ok(String::from_utf8_lossy(&output).trim_end().into())
    }

    /// The root of the repository relative to the directory: empty, or `..` as often as needed.
    pub(super) fn root(&self) -> Result<Utf8PathBuf, GitError> {
        let output = self.run(&["rev-parse", "--show-cdup"])?;
        if !output.status.success() {
            return Err(GitError::NoRepository {
                directory: self.shown(),
                message: message(&output),
            });
        }
        let up = text(&output);
        Ok(up.trim_end_matches('/').into())
    }

    /// The absolute path of the directory.
    pub(super) fn location(&self) -> Result<Utf8PathBuf, GitError> {
        let path = camino::absolute_utf8(self.shown());
        path.map_err(|source| GitError::Run { source })
    }

    /// The commit that a revision names.
    pub(super) fn commit(&self, revision: &str) -> Result<String, GitError> {
        let wanted = format!("{revision}^{{commit}}");
        let arguments = [
            "rev-parse",
            "--verify",
            "--quiet",
            "--end-of-options",
            &wanted,
        ];
        let output = self.run(&arguments)?;
        if output.status.success() {
            return Ok(text(&output));
        }
        let revision = revision.to_owned();
        let shallow = self.run(&["rev-parse", "--is-shallow-repository"])?;
        if text(&shallow) == "true" {
            return Err(GitError::Shallow { revision });
        }
        Err(GitError::UnknownRevision { revision })
    }

    /// The files of a commit: `mode type id\tpath`, each followed by a null byte.
    pub(super) fn list(&self, commit: &str) -> Result<Vec<u8>, GitError> {
        self.print("ls-tree", &["-r", "-z", "--full-tree", commit])
    }

    /// The files of the index: `mode id stage\tpath`, each followed by a null byte.
    pub(super) fn list_index(&self) -> Result<Vec<u8>, GitError> {
        self.print("ls-files", &["--stage", "-z", "--full-name", "--", ":/"])
    }

    /// The files on disk that are neither tracked nor ignored.
    pub(super) fn untracked(&self) -> Result<Vec<Utf8PathBuf>, GitError> {
        let arguments = [
            "--others",
            "--exclude-standard",
            "-z",
            "--full-name",
            "--",
            ":/",
        ];
        Ok(paths(&self.print("ls-files", &arguments)?))
    }

    /// The files that `git diff` names for what is compared.
    pub(super) fn changes(&self, compared: &[&str]) -> Result<Vec<Utf8PathBuf>, GitError> {
        // Outside of a repository `git diff` compares files, and complains about the flags.
        self.root()?;
        let plain = ["--name-only", "-z", "--no-renames", "--no-ext-diff"];
        // What follows the dashes is a path; nothing is, so that no revision is taken for one.
        let arguments = [&plain, compared, &["--"]].concat();
        Ok(paths(&self.print("diff", &arguments)?))
    }

    /// What a command prints that must not fail.
    fn print(&self, command: &str, arguments: &[&str]) -> Result<Vec<u8>, GitError> {
        let output = self.run(&[&[command], arguments].concat())?;
        if !output.status.success() {
            return Err(GitError::Failed {
                command: command.to_owned(),
                message: message(&output),
            });
        }
        Ok(output.stdout)
    }

    /// What reads the contents of files.
    pub(super) fn objects(&self) -> Result<Objects, GitError> {
        let mut command = self.command(&["cat-file", "--batch"]);
        Objects::start(&mut command).map_err(|source| GitError::Run { source })
    }

    fn run(&self, arguments: &[&str]) -> Result<Output, GitError> {
        let output = self.command(arguments).stdin(Stdio::null()).output();
        output.map_err(|source| match source.kind() {
            ErrorKind::NotFound => GitError::NotInstalled,
            _ => GitError::Run { source },
        })
    }

    #[expect(clippy::disallowed_methods, reason = "this is where Git is asked")]
    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new("git");
        // Reading must neither wait for a lock nor ask for a password; messages are for programs.
        command
            .env("GIT_OPTIONAL_LOCKS", "0")
            .env("GIT_TERMINAL_PROMPT", "0")
            .env("LC_ALL", "C")
            .arg("-C")
            .arg(self.shown().as_str())
            .args(["-c", "core.quotePath=false", "--no-replace-objects"])
            .args(arguments);
        if let Some(index) = self.index {
            command.env("GIT_INDEX_FILE", index);
        }
        command
    }

    fn shown(&self) -> Utf8PathBuf {
        match self.directory.as_str() {
            "" => ".".into(),
            _ => self.directory.to_owned(),
        }
    }
}

/// Paths with a null byte after each; what is not UTF-8 gets replacement characters.
fn paths(listing: &[u8]) -> Vec<Utf8PathBuf> {
    listing
        .split(|&byte| byte == 0)
        .filter(|path| !path.is_empty())
        .map(|path| String::from_utf8_lossy(path).as_ref().into())
        .collect()
}

/// What a command printed, on one line.
fn text(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).trim().to_owned()
}

/// The first line of what a command complains about, without the word that git starts it with.
fn message(output: &Output) -> String {
    let text = String::from_utf8_lossy(&output.stderr);
    let line = text.lines().next().unwrap_or_default().trim();
    line.strip_prefix("fatal: ").unwrap_or(line).to_owned()
}
