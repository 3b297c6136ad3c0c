//! Rendering by an installed program, where the user asks for it: Helm charts, and kustomizations that cannot be evaluated
//! here. Arguments go to the program as a list and through no shell.

use std::collections::BTreeSet;
use std::io::{self, Read};
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};

use super::analyse::{Deployed, deployed};
use super::{Error, Rendering, Request, Stage};
use crate::gitops::{self, Deployment, UnitKind};
use crate::rule::InputProblem;
use crate::source::tree::Tree;

/// Renders what cannot be evaluated without a program, where the user asks for it: kustomizations that need more than the
/// repository, and the charts in it.
///
/// # Errors
///
/// A setting that cannot be used, or a program that is not installed. That a program fails for one folder is part of the
/// result.
pub fn render_externally(
    request: &Request,
    tree: &dyn Tree,
    renderers: &[Renderer],
) -> Result<Vec<Rendering>, Error> {
    if renderers.is_empty() {
        return Ok(Vec::new());
    }
    let deployed = deployed(request, tree)?;
    let location = tree.location();
    request.progress.enter(Stage::Render, 0);
    let mut renderings = Vec::new();
    for &renderer in renderers {
        for directory in renderer.folders(&deployed) {
            let output = match renderer.render(&directory, location.as_deref()) {
                Err(error @ RenderError::Missing { .. }) => {
                    let message = format!("`--render {}`: {error}", renderer.as_str());
                    return Err(Error::Setting { message });
                }
                output => output.map_err(|error| error.to_string()),
            };
            renderings.push(Rendering {
                path: directory.join(renderer.output()),
                output,
            });
        }
    }
    Ok(renderings)
}

/// Says where a program was needed that it failed: at what keeps the kustomization from being built here, and at the chart.
pub(super) fn tell_failures(
    renderings: &[Rendering],
    deployment: &mut Deployment,
    problems: &mut Vec<InputProblem>,
) {
    for rendering in renderings {
        let Err(reason) = &rendering.output else {
            continue;
        };
        let directory = rendering.path.parent().unwrap_or(Utf8Path::new(""));
        let mut is_told = false;
        for unit in &mut deployment.units {
            if unit.kind == UnitKind::Kustomization && unit.directory == directory {
                is_told |= gitops::tell_unbuilt(&mut unit.problems, reason);
            }
        }
        for problem in problems.iter_mut() {
            if let InputProblem::Chart { path, failure, .. } = problem
                && path == directory
            {
                *failure = Some(reason.clone());
                is_told = true;
            }
        }
        if !is_told {
            problems.push(InputProblem::Unreadable {
                path: rendering.path.clone(),
                reason: reason.clone(),
            });
        }
    }
}

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
enum RenderError {
    /// None of the programs that could do it is there.
    #[error(
        "{programs} installed; install it, or lint what it prints elsewhere: `… | mtls-lint -`"
    )]
    Missing {
        /// Their names and a verb.
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
        /// What it wrote to standard error, on one line.
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

    /// The name of the file that stands for what it prints.
    fn output(self) -> &'static str {
        match self {
            Self::Helm => gitops::HELM_OUTPUT,
            Self::Kustomize => gitops::KUSTOMIZE_OUTPUT,
        }
    }

    /// The folders that need it, each once.
    fn folders(self, deployed: &Deployed) -> BTreeSet<Utf8PathBuf> {
        match self {
            Self::Helm => {
                let problems = deployed.problems.iter();
                let charts = problems.filter_map(|problem| match problem {
                    InputProblem::Chart { path, .. } => Some(path.clone()),
                    _ => None,
                });
                charts.collect()
            }
            Self::Kustomize => gitops::unbuilt(&deployed.deployment),
        }
    }

    /// What a folder renders to; `location` is the working directory.
    fn render(
        self,
        directory: &Utf8Path,
        location: Option<&Utf8Path>,
    ) -> Result<Vec<u8>, RenderError> {
        let directory = gitops::shown(directory);
        let (commands, programs): (&[&[&str]], _) = match self {
            Self::Helm => (&[&["helm", "template", "release"]], "`helm` is not"),
            Self::Kustomize => (
                &[&["kustomize", "build"], &["kubectl", "kustomize"]],
                "neither `kustomize` nor `kubectl` is",
            ),
        };
        for command in commands {
            if let Some(output) = run(command, directory, location)? {
                return Ok(output);
            }
        }
        Err(RenderError::Missing { programs })
    }
}

#[expect(
    clippy::disallowed_methods,
    reason = "this is where other programs are run"
)]
/// Runs a command for a folder; `None` if the program is not installed.
fn run(
    command: &[&'static str],
    directory: &str,
    location: Option<&Utf8Path>,
) -> Result<Option<Vec<u8>>, RenderError> {
    let Some((&program, arguments)) = command.split_first() else {
        return Ok(None);
    };
    let failed = |source| RenderError::Run { program, source };
    let mut started = Command::new(program);
    if let Some(location) = location.filter(|location| !location.as_str().is_empty()) {
        started.current_dir(location);
    }
    let started = started
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
        return Err(RenderError::Failed {
            command: line,
            message: told(&String::from_utf8_lossy(&messages)),
        });
    }
    Ok(Some(output))
}

/// How much of the message of a program is shown, from its start and from its end: what went wrong last stands there.
const SHOWN: [usize; 2] = [600, 400];

/// The message of a program on one line. What kustomize only warns about is left out where there is more.
fn told(messages: &str) -> String {
    let lines = messages.lines().map(str::trim);
    let lines: Vec<&str> = lines.filter(|line| !line.is_empty()).collect();
    let is_warning = |line: &str| line.starts_with("# Warning:");
    let errors: Vec<&str> = lines
        .iter()
        .copied()
        .filter(|line| !is_warning(line))
        .collect();
    let text = if errors.is_empty() { lines } else { errors }.join(" ");
    if text.is_empty() {
        return "it says nothing".to_owned();
    }
    let [start, end] = SHOWN;
    let left_out = text.chars().count().saturating_sub(start + end);
    if left_out == 0 {
        return text;
    }
    let first: String = text.chars().take(start).collect();
    let last: String = text.chars().skip(start + left_out).collect();
    format!("{} … {}", first.trim_end(), last.trim_start())
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
    let polls = TIME_LIMIT.as_millis() / POLL.as_millis();
    for _ in 0..polls {
        if let Some(status) = child.try_wait()? {
            return Ok(Some(status.success()));
        }
        thread::sleep(POLL);
    }
    child.kill()?;
    child.wait()?;
    Ok(None)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    #[test]
    fn a_program_that_is_not_installed_gives_nothing() {
        let found = run(&["mtls-lint-no-such-program", "build"], ".", None);
        assert!(matches!(found, Ok(None)));
    }

    #[test]
    fn what_a_program_prints_is_the_rendering() {
        let output = run(&["echo", "kind: Service"], "apps", None).expect("echo runs");
        let output = String::from_utf8(output.expect("echo is there")).expect("it is text");
        assert_eq!(output, "kind: Service -- apps\n");
    }

    #[test]
    fn a_program_that_fails_says_why() {
        let error = run(&["ls"], "no-such-folder", None).expect_err("there is no such folder");
        let message = error.to_string();
        assert!(
            message.starts_with("`ls no-such-folder` failed: "),
            "{message}"
        );
    }

    #[test]
    fn a_message_of_several_lines_is_told_as_a_whole() {
        let message =
            "# Warning: 'bases' is deprecated.\nError: accumulating resources:\n\n  no such host\n";
        assert_eq!(told(message), "Error: accumulating resources: no such host");
        assert_eq!(told("# Warning: old\n"), "# Warning: old");
        assert_eq!(told(" \n"), "it says nothing");
    }

    #[test]
    fn a_message_that_is_very_long_keeps_its_start_and_its_end() {
        let message = told(&format!("Error: {}: no such host", "é".repeat(5000)));
        assert!(message.starts_with("Error: éé"), "{message}");
        assert!(message.ends_with("éé: no such host"), "{message}");
        assert_eq!(message.chars().count(), 1003);
    }

    #[test]
    fn a_folder_that_is_named_like_a_flag_is_a_folder() {
        let error = run(&["ls"], "--help", None).expect_err("there is no such folder");
        assert!(matches!(error, RenderError::Failed { .. }));
    }
}
