//! Rendering by an installed program, where the user asks for it: Helm charts, and kustomizations that cannot be evaluated
//! here. Arguments go to the program as a list and through no shell.

use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use camino::Utf8Path;

/// A program that renders manifests.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Renderer {
    /// `helm template`, for charts in the repository.
    Helm,
    /// `kustomize build`, or `kubectl kustomize`, for kustomizations that need more than the repository.
    Kustomize,
}

/// How long a program may take for one folder.
const TIME_LIMIT: Duration = Duration::from_secs(60);

/// How often a running program is looked at.
const POLL: Duration = Duration::from_millis(10);

/// Why a folder could not be rendered.
#[derive(Debug, thiserror::Error)]
pub(super) enum RenderError {
    /// None of the programs that could do it is there.
    #[error("{programs} is not installed")]
    Missing {
        /// Their names.
        programs: &'static str,
    },
    /// The program could not be started, or its output not be read.
    #[error("`{program}` cannot be run")]
    Run {
        /// Its name.
        program: &'static str,
        /// Why.
        source: io::Error,
    },
    /// The program says that it failed.
    #[error("`{command}` failed: {message}")]
    Failed {
        /// The command as a person would type it.
        command: String,
        /// The first line that it wrote to standard error.
        message: String,
    },
    /// The program took too long and was stopped.
    #[error("`{command}` took more than {} seconds and was stopped", TIME_LIMIT.as_secs())]
    TooSlow {
        /// The command as a person would type it.
        command: String,
    },
}

impl Renderer {
    /// All of them.
    pub const ALL: [Self; 2] = [Self::Helm, Self::Kustomize];

    /// The name, as given to `--render`.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Helm => "helm",
            Self::Kustomize => "kustomize",
        }
    }

    /// The name of the file under which what a folder renders to is shown.
    pub(super) fn shown(self, directory: &Utf8Path) -> String {
        let directory = shown(directory);
        match self {
            Self::Helm => format!("<helm template {directory}>"),
            Self::Kustomize => format!("<kustomize build {directory}>"),
        }
    }

    /// What a folder renders to.
    pub(super) fn render(self, directory: &Utf8Path) -> Result<Vec<u8>, RenderError> {
        let directory = shown(directory);
        let (commands, programs): (&[&[&str]], _) = match self {
            Self::Helm => (&[&["helm", "template", "release"]], "`helm`"),
            Self::Kustomize => (
                &[&["kustomize", "build"], &["kubectl", "kustomize"]],
                "neither `kustomize` nor `kubectl`",
            ),
        };
        for command in commands {
            if let Some(output) = run(command, directory)? {
                return Ok(output);
            }
        }
        Err(RenderError::Missing { programs })
    }
}

/// A folder as a program takes it.
fn shown(directory: &Utf8Path) -> &str {
    match directory.as_str() {
        "" => ".",
        path => path,
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where other programs are run"
)]
/// Runs a command for a folder; `None` if the program is not installed.
fn run(command: &[&'static str], directory: &str) -> Result<Option<Vec<u8>>, RenderError> {
    let Some((&program, arguments)) = command.split_first() else {
        return Ok(None);
    };
    let failed = |source| RenderError::Run { program, source };
    let started = Command::new(program)
        .args(arguments)
        // A folder may be named like a flag.
        .arg("--")
        .arg(directory)
        .stdin(Stdio::null())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let mut child = match started {
        Ok(child) => child,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(failed(error)),
    };
    let line = format!("{} {directory}", command.join(" "));
    // Both pipes are emptied while the program runs, or it would wait for that forever.
    let output = reader(child.stdout.take());
    let messages = reader(child.stderr.take());
    let Some(success) = wait(&mut child).map_err(failed)? else {
        return Err(RenderError::TooSlow { command: line });
    };
    let output = output.join().unwrap_or_default();
    if !success {
        let messages = messages.join().unwrap_or_default();
        let messages = String::from_utf8_lossy(&messages);
        let first = messages.lines().find(|line| !line.trim().is_empty());
        return Err(RenderError::Failed {
            command: line,
            message: first.unwrap_or("it says nothing").trim().to_owned(),
        });
    }
    Ok(Some(output))
}

/// Reads a pipe to its end on a thread of its own.
fn reader(pipe: Option<impl Read + Send + 'static>) -> thread::JoinHandle<Vec<u8>> {
    thread::spawn(move || {
        let mut bytes = Vec::new();
        if let Some(mut pipe) = pipe {
            // What was read before an error is all that there is.
            drop(pipe.read_to_end(&mut bytes));
        }
        bytes
    })
}

/// Waits for a program, and whether it succeeded; one that takes too long is stopped and gives none.
fn wait(child: &mut Child) -> io::Result<Option<bool>> {
    let start = Instant::now();
    loop {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        if start.elapsed() > TIME_LIMIT {
            child.kill()?;
            child.wait()?;
            return Ok(None);
        }
        thread::sleep(POLL);
    }
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_installed_gives_nothing() {
        let found = run(&["mtls-lint-no-such-program", "build"], ".");
        assert!(matches!(found, Ok(None)));
    }

    #[test]
    fn what_a_program_prints_is_the_rendering() {
        let output = run(&["echo", "kind: Service"], "apps").expect("echo runs");
        let output = String::from_utf8(output.expect("echo is there")).expect("it is text");
        assert_eq!(output, "kind: Service -- apps\n");
    }

    #[test]
    fn a_program_that_fails_says_why() {
        let error = run(&["ls"], "no-such-folder").expect_err("there is no such folder");
        let message = error.to_string();
        assert!(
            message.starts_with("`ls no-such-folder` failed: "),
            "{message}"
        );
    }

    #[test]
    fn a_folder_that_is_named_like_a_flag_is_a_folder() {
        let error = run(&["ls"], "--help").expect_err("there is no such folder");
        assert!(matches!(error, RenderError::Failed { .. }));
    }

    #[test]
    fn a_rendering_is_shown_as_the_command_that_makes_it() {
        assert_eq!(Renderer::Kustomize.shown("".into()), "<kustomize build .>");
        assert_eq!(
            Renderer::Helm.shown("charts/web".into()),
            "<helm template charts/web>"
        );
    }
}
