//! `check --watch`: lints again when something changes, until Ctrl-C.

use std::sync::mpsc::{self, Receiver, RecvTimeoutError, Sender};
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use notify::event::ModifyKind;
use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};

use super::args::CheckArgs;
use super::check;
use super::environment::Environment;
use super::failure::{Exit, Failure};
use super::hook::can_matter;
use super::output::{Target, note, redirected, to_stdout};
use crate::source::tree::{Tree, normalise};

/// How long nothing may change before it is linted again: editors and Git write in several steps.
const QUIET: Duration = Duration::from_millis(200);

/// Clears the screen and leaves what was scrolled away.
const CLEAR: &[u8] = b"\x1b[H\x1b[2J";

/// How many changes are named.
const NAMED: usize = 3;

/// What the watch is told.
enum Message {
    /// Something changed.
    Changed(notify::Result<notify::Event>),
    /// The user wants no more.
    Stop,
}

/// Lints whenever something changes. The exit status is that of the last run.
pub(super) fn run(
    args: &CheckArgs,
    tree: &dyn Tree,
    environment: Environment,
) -> Result<Exit, Failure> {
    check::start_threads(args)?;
    let (sender, messages) = mpsc::channel();
    stop_on_interrupt(sender.clone())?;
    let mut watcher = watcher(sender)?;
    let filter = Filter::new(args, tree);
    watch(&mut watcher, &or_here(args.input.home.root()))?;
    loop {
        // A folder that was away and is back has to be watched again.
        for outside in &filter.outside {
            drop(watch(&mut watcher, outside));
        }
        let exit = check::once(args, tree, environment).unwrap_or_else(|failure| {
            failure.print();
            failure.exit
        });
        if !args.output.is_quiet() {
            note("watching for changes; Ctrl-C ends it");
        }
        let Some(changed) = filter.next(&messages) else {
            return Ok(exit);
        };
        if environment.is_terminal {
            to_stdout(|out| out.write_all(CLEAR))?;
        }
        if !args.output.is_quiet() {
            let changed: Vec<Utf8PathBuf> = changed
                .iter()
                .map(|path| args.input.home.shown(path))
                .collect();
            note(&format!("changed: {}", named(&changed)));
        }
    }
}

/// Sends a message when the user presses Ctrl-C.
fn stop_on_interrupt(sender: Sender<Message>) -> Result<(), Failure> {
    // Where nobody listens any more the program is about to end.
    ctrlc::set_handler(move || drop(sender.send(Message::Stop)))
        .map_err(|error| Failure::usage(format!("cannot wait for Ctrl-C: {error}")))
}

/// What sends a message when a file changes.
fn watcher(sender: Sender<Message>) -> Result<RecommendedWatcher, Failure> {
    notify::recommended_watcher(move |event| drop(sender.send(Message::Changed(event))))
        .map_err(|error| failure(&error))
}

/// Watches a folder with all below it, or a file.
fn watch(watcher: &mut RecommendedWatcher, path: &Utf8Path) -> Result<(), Failure> {
    watcher
        .watch(path.as_std_path(), RecursiveMode::Recursive)
        .map_err(|error| failure(&error))
}

/// A folder, and the working directory for the empty path.
fn or_here(folder: &Utf8Path) -> Utf8PathBuf {
    if folder.as_str().is_empty() {
        ".".into()
    } else {
        folder.to_owned()
    }
}

/// The failure of a system that cannot watch.
fn failure(error: &notify::Error) -> Failure {
    let failure = Failure::input(format!("cannot watch for changes: {error}"));
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => {
            failure.with_help("raise the limit: `sysctl fs.inotify.max_user_watches=524288`")
        }
        _ => failure,
    }
}

/// Which changes are a reason to lint again.
struct Filter {
    /// The working directory, which the paths of changes start with.
    location: Option<Utf8PathBuf>,
    /// What is read beyond the working directory.
    outside: Vec<Utf8PathBuf>,
    /// The files that a run writes.
    outputs: Vec<Utf8PathBuf>,
    /// Files that are read whatever their names.
    named: Vec<Utf8PathBuf>,
}

impl Filter {
    fn new(args: &CheckArgs, tree: &dyn Tree) -> Self {
        let location = tree.location();
        let input = &args.input;
        let assumed = input.mesh.assume.iter().map(Utf8PathBuf::from);
        let further = input.config.iter().cloned().chain(assumed);
        let named = input.paths.iter().cloned().chain(further);
        let named: Vec<Utf8PathBuf> = named.map(|path| input.home.inside(&path)).collect();
        let is_outside = |path: &&Utf8PathBuf| {
            let path = normalise(path);
            path.is_absolute() || path.starts_with("..")
        };
        let outputs = args.output.outputs.iter();
        let outputs = outputs.filter_map(|output| match &output.target {
            Target::File(path) => Some(input.home.inside(path)),
            Target::Stdout => None,
        });
        let outside = named.iter().filter(is_outside);
        let outside = outside.map(|path| input.home.shown(path)).collect();
        let below = |path: &Utf8PathBuf| below(location.as_deref(), path);
        Self {
            outside,
            outputs: outputs
                .chain(redirected())
                .map(|path| below(&path))
                .collect(),
            named: named.iter().map(below).collect(),
            location,
        }
    }

    /// Waits for changes that matter, and until they are over; nothing if the user wants no more.
    fn next(&self, messages: &Receiver<Message>) -> Option<Vec<Utf8PathBuf>> {
        let mut changed: Vec<Utf8PathBuf> = Vec::new();
        loop {
            let message = if changed.is_empty() {
                messages.recv().map_err(|_| RecvTimeoutError::Disconnected)
            } else {
                messages.recv_timeout(QUIET)
            };
            match message {
                Ok(Message::Changed(event)) => changed.extend(self.of(event)),
                Ok(Message::Stop) | Err(RecvTimeoutError::Disconnected) => return None,
                Err(RecvTimeoutError::Timeout) => {
                    changed.sort();
                    changed.dedup();
                    return Some(changed);
                }
            }
        }
    }

    /// What of an event matters.
    fn of(&self, event: notify::Result<notify::Event>) -> Vec<Utf8PathBuf> {
        // That something was missed is as good as a change of everything.
        let Ok(event) = event else {
            return vec![".".into()];
        };
        if event.need_rescan() {
            return vec![".".into()];
        }
        let is_any = match event.kind {
            // Linting reads; that must not lint again.
            EventKind::Access(_) => return Vec::new(),
            // A folder may be gone or here with all that is in it, whatever its name.
            EventKind::Remove(_) | EventKind::Modify(ModifyKind::Name(_)) => true,
            EventKind::Any | EventKind::Create(_) | EventKind::Modify(_) | EventKind::Other => {
                false
            }
        };
        let paths = event
            .paths
            .iter()
            .filter_map(|path| Utf8Path::from_path(path));
        let paths = paths.map(|path| below(self.location.as_deref(), path));
        paths.filter(|path| self.matters(path, is_any)).collect()
    }

    /// Whether a change of a path can change a report.
    fn matters(&self, path: &Utf8Path, is_any: bool) -> bool {
        let is_git = path.components().any(|name| name.as_str() == ".git");
        let has = |paths: &[Utf8PathBuf]| paths.iter().any(|one| one == path);
        if is_git || has(&self.outputs) {
            return false;
        }
        is_any || can_matter(path) || has(&self.named)
    }
}

/// A path as it is shown: relative to the working directory where it is below it.
fn below(location: Option<&Utf8Path>, path: &Utf8Path) -> Utf8PathBuf {
    let path = normalise(path);
    let below = location.and_then(|location| path.strip_prefix(location).ok());
    below.map_or_else(|| path.clone(), Utf8Path::to_owned)
}

/// Changes in words.
fn named(changed: &[Utf8PathBuf]) -> String {
    let names: Vec<&str> = changed
        .iter()
        .take(NAMED)
        .map(|path| path.as_str())
        .collect();
    let names = names.join(", ");
    match changed.len().saturating_sub(NAMED) {
        0 => names,
        more => format!("{names} and {more} more"),
    }
}

#[cfg(test)]
mod tests {
    use clap::Parser;
    use notify::Event;
    use notify::event::{AccessKind, CreateKind, DataChange, RemoveKind};

    use super::*;
    use crate::cli::args::Cli;
    use crate::source::tree::Memory;

    /// What of a change of a path matters.
    fn seen(arguments: &[&str], kind: EventKind, path: &str) -> Vec<Utf8PathBuf> {
        let arguments = ["mtls-lint", "--watch"].iter().chain(arguments);
        let cli = Cli::try_parse_from(arguments).expect("the arguments are valid");
        let filter = Filter::new(&cli.check, &Memory::default());
        filter.of(Ok(Event::new(kind).add_path(path.into())))
    }

    const CHANGE: EventKind = EventKind::Modify(ModifyKind::Data(DataChange::Content));

    #[test]
    fn a_manifest_that_changes_matters() {
        assert_eq!(seen(&[], CHANGE, "./apps/a.yaml"), ["apps/a.yaml"]);
        assert_eq!(seen(&[], CHANGE, "README.md"), [""; 0]);
    }

    #[test]
    fn what_git_and_the_run_itself_write_does_not_matter() {
        assert_eq!(seen(&[], CHANGE, ".git/index"), [""; 0]);
        let output = ["--output", "json=./report.json"];
        assert_eq!(seen(&output, CHANGE, "report.json"), [""; 0]);
    }

    #[test]
    fn reading_is_no_change() {
        let kind = EventKind::Access(AccessKind::Any);
        assert_eq!(seen(&[], kind, "apps/a.yaml"), [""; 0]);
    }

    #[test]
    fn a_folder_that_is_gone_matters_whatever_its_name() {
        let gone = EventKind::Remove(RemoveKind::Any);
        assert_eq!(seen(&[], gone, "apps.d"), ["apps.d"]);
        let made = EventKind::Create(CreateKind::File);
        assert_eq!(seen(&[], made, "a.swp"), [""; 0]);
    }

    #[test]
    fn a_file_that_is_named_matters_whatever_its_name() {
        let config = ["--config=ci/lint.txt", "--assume", "./ci/mesh.md"];
        for path in ["ci/lint.txt", "ci/mesh.md"] {
            assert_eq!(seen(&config, CHANGE, path), [path]);
        }
    }

    #[test]
    fn many_changes_are_counted() {
        let changed: Vec<Utf8PathBuf> = ["a", "b", "c", "d"].map(Utf8PathBuf::from).into();
        assert_eq!(named(&changed), "a, b, c and 1 more");
    }
}
