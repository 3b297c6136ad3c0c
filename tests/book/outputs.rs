//! What a page shows as output is what the program prints.
//!
//! A fence after `<!-- output: COMMAND -->` holds what the command prints to standard output in the root of the repository;
//! `cargo run --release --` is the program under test. A fence after `<!-- session: FOLDER -->` holds commands after `$ ` and
//! what they print, in a copy of the folder. `<!-- session: FOLDER; COMMAND -->` runs a command there before, unseen.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

use crate::pages::{Page, all, fences, repository};
use crate::support::copy_of;

/// How a reader of the README runs the program.
const CARGO: &str = "cargo run --release --";

/// Where the text of a fence comes from.
enum Origin<'a> {
    Output(&'a str),
    Session { folder: &'a str, before: &'a str },
}

impl<'a> Origin<'a> {
    /// Reads the comment before a fence.
    fn parse(line: &'a str) -> Option<Self> {
        let comment = line.strip_prefix("<!-- ")?.strip_suffix(" -->")?;
        if let Some(command) = comment.strip_prefix("output: ") {
            return Some(Self::Output(command));
        }
        let session = comment.strip_prefix("session: ")?;
        let (folder, before) = session.split_once("; ").unwrap_or((session, ""));
        Some(Self::Session { folder, before })
    }

    /// The text that belongs into the fence, with the commands of the text that is there.
    fn text(&self, body: &str) -> String {
        match *self {
            Self::Output(command) => {
                let home = home();
                let command = command.replace(CARGO, "mtls-lint");
                ended(&shell(&command, &repository(""), &home))
            }
            Self::Session { folder, before } => session(folder, before, body),
        }
    }
}

/// The commands of a session, each followed by what it prints.
fn session(folder: &str, before: &str, body: &str) -> String {
    let (home, copy) = (home(), copy_of(&repository(folder)));
    // What comes before is no part of the story, so it has to work.
    let prepare = format!("{{ {before}\n}} || exit 127");
    if !before.is_empty() {
        shell(&prepare, copy.path(), &home);
    }
    let mut text = String::new();
    for line in body.lines().filter(|line| line.starts_with("$ ")) {
        text.push_str(line);
        text.push('\n');
        let command = format!("exec 2>&1\n{}", line.trim_start_matches("$ "));
        text.push_str(&ended(&shell(&command, copy.path(), &home)));
    }
    text
}

/// A folder of nobody, so that no settings of the user count.
fn home() -> TempDir {
    tempfile::tempdir().expect("a folder can be created")
}

/// What a command prints to standard output. It may fail, as the program does where it finds something, but it has to exist.
fn shell(command: &str, folder: &Path, home: &TempDir) -> String {
    let program = Path::new(env!("CARGO_BIN_EXE_mtls-lint"));
    let programs = program.parent().expect("the program is in a folder");
    let path = std::env::var("PATH").unwrap_or_default();
    let output = Command::new("sh")
        .args(["-c", command])
        .current_dir(folder)
        .env_clear()
        .env("PATH", format!("{}:{path}", programs.display()))
        .env("HOME", home.path())
        .envs(["AUTHOR", "COMMITTER"].map(|role| (format!("GIT_{role}_NAME"), "t")))
        .envs(["AUTHOR", "COMMITTER"].map(|role| (format!("GIT_{role}_EMAIL"), "t@example.com")))
        .output()
        .expect("the shell can be run");
    let code = output.status.code();
    assert!(
        !matches!(code, None | Some(126 | 127)),
        "{command}: {code:?}"
    );
    String::from_utf8(output.stdout).expect("the output is UTF-8")
}

/// The text with one line end after its last line; nothing for nothing.
fn ended(text: &str) -> String {
    match text.trim_end() {
        "" => String::new(),
        text => format!("{text}\n"),
    }
}

/// The page with the outputs of today.
fn refreshed(text: &str) -> String {
    let mut refreshed = String::new();
    let mut lines = text.split_inclusive('\n');
    while let Some(line) = lines.next() {
        refreshed.push_str(line);
        let Some(origin) = Origin::parse(line.trim_end()) else {
            continue;
        };
        let fence = lines.next().unwrap_or_default();
        assert!(fence.starts_with("```"), "no fence after {line}");
        refreshed.push_str(fence);
        let body: String = lines.by_ref().take_while(|&line| line != "```\n").collect();
        refreshed.push_str(&origin.text(&body));
        refreshed.push_str("```\n");
    }
    refreshed
}

#[test]
fn every_output_that_is_shown_is_what_the_program_prints() {
    for page in all() {
        page.is(&refreshed(&page.text));
    }
}

#[test]
fn no_session_is_made_up() {
    for page in all() {
        let lines: Vec<&str> = page.text.lines().collect();
        for (line, language, body) in fences(&page.text) {
            let is_session = language == "console" || body.starts_with("$ ");
            let comment = line.checked_sub(2).and_then(|index| lines.get(index));
            let has_origin = comment.is_some_and(|line| Origin::parse(line).is_some());
            assert!(!is_session || has_origin, "{}:{line}", page.path);
        }
    }
}

/// The rows of the comparison that say what the linter finds in a folder: the folder, and `severity`, `rule` of the finding.
#[test]
fn the_comparison_says_what_is_found_in_its_folders() {
    let page = Page::read("docs/comparison.md");
    let rows = page
        .text
        .lines()
        .filter(|line| line.starts_with("| `testdata/"));
    let mut count = 0;
    for row in rows {
        let cells: Vec<&str> = row.split('|').map(str::trim).collect();
        let [_, folder, found, ..] = cells.as_slice() else {
            panic!("{row}");
        };
        let Some((severity, rest)) = found.split_once(" `") else {
            continue;
        };
        let rule = rest.split('`').next().unwrap_or_default();
        let command = format!("mtls-lint --format concise {}", folder.trim_matches('`'));
        let output = shell(&command, &repository(""), &home());
        assert!(
            output.contains(&format!("{severity}[{rule}]")),
            "{row}\n{output}"
        );
        count += 1;
    }
    assert!(count >= 10, "{count} rows name a rule");
}

#[test]
fn an_output_that_is_stale_is_replaced() {
    let page = "before\n<!-- output: echo new -->\n```text\nold\nolder\n```\nafter\n";
    let expected = "before\n<!-- output: echo new -->\n```text\nnew\n```\nafter\n";
    assert_eq!(refreshed(page), expected);
}

#[test]
fn a_session_keeps_its_commands_and_what_they_leave_behind() {
    let page = "<!-- session: testdata/seed/istio-1.0; echo 1 > a -->\n```console\n$ cat a\nold\n$ rm a\n$ ls\n```\n";
    let expected = "<!-- session: testdata/seed/istio-1.0; echo 1 > a -->\n```console\n$ cat a\n1\n$ rm a\n$ ls\napps\nmesh\n```\n";
    assert_eq!(refreshed(page), expected);
}
