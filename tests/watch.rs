//! `--watch` as a user meets it: a program that goes on running.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program, and change files"
)]

use std::fs;
use std::io::{BufRead, BufReader, Read, Write};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{self, Receiver};
use std::thread;
use std::time::Duration;

use tempfile::TempDir;

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use support::{copy_of, run, seed, write};

/// How long a line may take to come; much longer than it takes.
const PATIENCE: Duration = Duration::from_secs(60);

/// The file with the rule that the story is about.
const RULE: &str = "apps/circuit-breaker.yaml";

/// A watch over a copy of the story.
struct Watch {
    folder: TempDir,
    child: Child,
    lines: Receiver<String>,
}

impl Watch {
    /// Starts one without a config file.
    fn start(arguments: &[&str]) -> Self {
        Self::with(&[&["--isolated"], arguments].concat())
    }

    /// Starts one.
    fn with(arguments: &[&str]) -> Self {
        Self::over(copy_of(&seed("istio-1.0")), arguments)
    }

    /// Starts one over a folder.
    fn over(folder: TempDir, arguments: &[&str]) -> Self {
        let mut child = Command::new(env!("CARGO_BIN_EXE_mtls-lint"))
            .args(["--watch", "--format=concise"])
            .args(arguments)
            .current_dir(folder.path())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the command can be run");
        let (sender, lines) = mpsc::channel();
        let stdout = child.stdout.take().expect("it is piped");
        let stderr = child.stderr.take().expect("it is piped");
        let streams: [Box<dyn Read + Send>; 2] = [Box::new(stdout), Box::new(stderr)];
        for stream in streams {
            let sender = sender.clone();
            thread::spawn(move || {
                for line in BufReader::new(stream).lines().map_while(Result::ok) {
                    drop(sender.send(line));
                }
            });
        }
        Self {
            folder,
            child,
            lines,
        }
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Waits for a line with some text, and then until the run is over. What was said until then.
    fn wait_for(&self, text: &str) -> String {
        let mut said = String::new();
        let (mut is_said, mut is_over) = (false, false);
        while !(is_said && is_over) {
            let line = self.lines.recv_timeout(PATIENCE);
            let line = line.unwrap_or_else(|_| panic!("`{text}` is not said:\n{said}"));
            is_said |= line.contains(text);
            is_over |= line.contains("watching for changes");
            said += &line;
            said.push('\n');
        }
        said
    }

    /// Presses Ctrl-C; the exit status.
    fn stop(mut self) -> Option<i32> {
        let id = self.child.id().to_string();
        let kill = Command::new("kill").args(["-INT", &id]).status();
        assert!(kill.expect("kill is there").success());
        self.child.wait().expect("it ends").code()
    }
}

/// A watch that fails its test is not left behind.
impl Drop for Watch {
    fn drop(&mut self) {
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

#[test]
fn a_change_is_linted_and_ctrl_c_ends_with_the_last_status() {
    let watch = Watch::start(&[]);
    watch.wait_for("1 error");
    let fixed = fs::read(seed("istio-1.0-fixed").join(RULE)).expect("it can be read");
    write(watch.path(), RULE, &fixed);
    let said = watch.wait_for("no findings");
    assert!(said.contains(&format!("changed: {RULE}")), "{said}");
    assert_eq!(watch.stop(), Some(0));
}

#[test]
fn ctrl_c_after_findings_is_the_status_of_findings() {
    let watch = Watch::start(&[]);
    watch.wait_for("1 error");
    assert_eq!(watch.stop(), Some(1));
}

#[test]
fn a_folder_that_goes_away_and_comes_back_is_linted() {
    let watch = Watch::start(&["apps", "mesh"]);
    watch.wait_for("1 error");
    let (apps, away) = (watch.path().join("apps"), watch.path().join("away"));
    fs::rename(&apps, &away).expect("it can be renamed");
    watch.wait_for("cannot read `apps`");
    fs::rename(&away, &apps).expect("it can be renamed");
    watch.wait_for("1 error");
    fs::remove_dir_all(&apps).expect("it can be removed");
    watch.wait_for("cannot read `apps`");
    assert_eq!(watch.stop(), Some(3));
}

#[test]
fn a_report_that_a_run_writes_does_not_start_another() {
    for is_absolute in [false, true] {
        let folder = copy_of(&seed("istio-1.0"));
        let before = if is_absolute {
            folder.path()
        } else {
            Path::new("")
        };
        let output = format!("json={}", before.join("report.json").display());
        let watch = Watch::over(folder, &["--isolated", "--output", &output]);
        watch.wait_for("1 error");
        let quiet = watch.lines.recv_timeout(Duration::from_secs(2));
        assert!(quiet.is_err(), "{quiet:?}");
        assert_eq!(watch.stop(), Some(1));
    }
}

#[test]
fn a_config_file_that_is_broken_for_a_while_ends_nothing() {
    let watch = Watch::with(&[]);
    watch.wait_for("1 error");
    write(watch.path(), "mtls-lint.yaml", b"exlude: []\n");
    watch.wait_for("unknown key `exlude`");
    write(watch.path(), "mtls-lint.yaml", b"exclude: [apps]\n");
    watch.wait_for("no findings");
    assert_eq!(watch.stop(), Some(0));
}

// Other systems do not say where standard output goes.
#[cfg(target_os = "linux")]
#[test]
fn a_report_that_standard_output_is_sent_to_does_not_start_another() {
    let folder = copy_of(&seed("istio-1.0"));
    let report = fs::File::create(folder.path().join("report.json")).expect("it can be created");
    let mut child = Command::new(env!("CARGO_BIN_EXE_mtls-lint"))
        .args(["--watch", "--isolated", "--format=json"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .stdout(report)
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be run");
    let stderr = child.stderr.take().expect("it is piped");
    thread::sleep(Duration::from_secs(3));
    child.kill().expect("it can be ended");
    child.wait().expect("it ends");
    let said: Vec<String> = BufReader::new(stderr)
        .lines()
        .map_while(Result::ok)
        .collect();
    assert_eq!(said, ["watching for changes; Ctrl-C ends it"]);
}

/// Watches on a terminal, changes a file, presses Ctrl-C, and prints what appeared and the exit status.
const ON_A_TERMINAL: &str = "
import os, pty, sys
pid, terminal = pty.fork()
if pid == 0:
    os.execv(sys.argv[3], sys.argv[3:])
shown = b''
def until(count):
    global shown
    while shown.count(b'watching for changes') < count:
        shown += os.read(terminal, 65536)
until(1)
os.replace(sys.argv[1], sys.argv[2])
until(2)
os.write(terminal, b'\\x03')
_, status = os.waitpid(pid, 0)
sys.stdout.buffer.write(shown)
print('status', os.waitstatus_to_exitcode(status))
";

#[test]
fn a_terminal_is_cleared_and_what_was_scrolled_away_stays() {
    let folder = copy_of(&seed("istio-1.0"));
    let fixed = seed("istio-1.0-fixed").join(RULE);
    let program = env!("CARGO_BIN_EXE_mtls-lint");
    fs::copy(fixed, folder.path().join("new")).expect("it can be copied");
    let output = Command::new("python3")
        .args(["-c", ON_A_TERMINAL, "new", RULE, program])
        .args(["--watch", "--isolated", "--format=concise", "--color=never"])
        .current_dir(folder.path())
        .stdin(Stdio::null())
        .output();
    let Ok(output) = output else {
        writeln!(std::io::stderr(), "skipped: python3 is not installed").expect("it can be said");
        return;
    };
    let shown = String::from_utf8(output.stdout).expect("it is UTF-8");
    let (before, after) = shown
        .split_once("\u{1b}[H\u{1b}[2J")
        .unwrap_or_else(|| panic!("{shown:?}"));
    assert!(before.contains("1 error"), "{shown:?}");
    assert!(
        after.contains("no findings") && after.contains("status 0"),
        "{shown:?}"
    );
    assert!(!shown.contains("\u{1b}[3J"), "{shown:?}");
}

#[test]
fn what_cannot_be_watched_or_is_no_lint_is_refused() {
    let folder = copy_of(&seed("istio-1.0"));
    for flag in ["--hook", "--fix", "--diff", "--show-files", "-"] {
        let outcome = run(folder.path(), &["--watch", flag]);
        assert_eq!(outcome.status, Some(2), "{flag}: {outcome:?}");
    }
}
