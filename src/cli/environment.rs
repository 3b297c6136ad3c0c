//! What the environment says; nothing else asks it.

use std::env;
use std::io::{self, IsTerminal};
use std::time::SystemTime;

use anstream::{AutoStream, ColorChoice};
use camino::Utf8Path;
use terminal_size::{Width, terminal_size_of};

use super::args::ColorArg;
use crate::report::{Format, Style};
use crate::suppress::Date;

/// The width of output that no terminal limits.
const DEFAULT_WIDTH: usize = 100;

/// The least width that a report can be laid out in.
const MIN_WIDTH: usize = 40;

/// What the environment says.
#[derive(Clone, Copy, Debug)]
#[expect(
    clippy::struct_excessive_bools,
    reason = "they are answers to questions that have nothing to do with each other"
)]
pub(super) struct Environment {
    /// Whether this is a step of a GitHub workflow.
    pub(super) github_actions: bool,
    /// Whether standard output is a terminal.
    pub(super) is_terminal: bool,
    /// Whether standard output is a terminal that understands links, or does not show what it does not understand.
    pub(super) takes_links: bool,
    /// Whether to colour where the user does not say.
    pub(super) color: bool,
    /// The width of the terminal, as far as it is known.
    pub(super) width: usize,
}

impl Environment {
    /// Asks the environment.
    pub(super) fn read() -> Self {
        let stdout = io::stdout();
        let columns = variable("COLUMNS").and_then(|columns| columns.parse().ok());
        let columns = columns.filter(|&columns: &usize| columns > 0);
        let terminal = || terminal_size_of(&stdout).map(|(Width(columns), _)| columns.into());
        Self {
            github_actions: variable("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            is_terminal: stdout.is_terminal(),
            takes_links: stdout.is_terminal() && takes_links(variable("TERM").as_deref()),
            color: wants_color(&stdout),
            width: columns
                .or_else(terminal)
                .map_or(DEFAULT_WIDTH, |columns| columns.max(MIN_WIDTH)),
        }
    }

    /// The format of a user who names none.
    pub(super) fn default_format(self) -> Format {
        if self.github_actions {
            Format::Github
        } else {
            Format::Pretty
        }
    }

    /// How a report on standard output looks. The environment counts unless the user says otherwise.
    pub(super) fn style(self, color: ColorArg) -> Style {
        let color = match color {
            ColorArg::Auto => self.color,
            ColorArg::Always => true,
            ColorArg::Never => false,
        };
        Style {
            color,
            width: self.width,
            links: color && self.takes_links,
            summary: true,
        }
    }
}

/// Whether a terminal of this name does not print the codes of links (OSC 8) as text, as the console of old Linux kernels does.
fn takes_links(terminal: Option<&str>) -> bool {
    !matches!(terminal, Some("dumb" | "linux"))
}

/// Whether a line on standard error that comes and goes is seen by a person, and by nobody else.
pub(super) fn shows_progress() -> bool {
    let is_ci = variable("CI").is_some_and(|value| !matches!(value.as_str(), "" | "false"));
    let is_dumb = variable("TERM").is_some_and(|terminal| terminal == "dumb");
    io::stderr().is_terminal() && !is_ci && !is_dumb
}

/// Whether the environment wants colours: `NO_COLOR` goes before `FORCE_COLOR`, that before `CLICOLOR_FORCE`, `CLICOLOR`
/// and what the terminal can.
fn wants_color(stdout: &io::Stdout) -> bool {
    let is_set = |name| variable(name).is_some_and(|value| !value.is_empty());
    if !is_set("NO_COLOR")
        && let Some(force) = variable("FORCE_COLOR").filter(|value| !value.is_empty())
    {
        return !matches!(force.as_str(), "0" | "false");
    }
    AutoStream::choice(stdout) != ColorChoice::Never
}

/// What pre-commit was told to look at: from which revision, and up to which. It is told so before a push, and by
/// `--from-ref` with `--to-ref`.
pub(super) fn pre_commit_range() -> Option<(String, String)> {
    let revision = |name| variable(name).filter(|revision| !revision.is_empty());
    Some((
        revision("PRE_COMMIT_FROM_REF")?,
        revision("PRE_COMMIT_TO_REF")?,
    ))
}

/// The index that Git makes a commit from, as it tells its hooks.
pub(super) fn git_index_file() -> Option<String> {
    variable("GIT_INDEX_FILE").filter(|path| !path.is_empty())
}

/// Whether a file is the summary of the workflow step, to which every program of the step appends.
pub(super) fn is_step_summary(path: &Utf8Path) -> bool {
    variable("GITHUB_STEP_SUMMARY").is_some_and(|summary| summary == path.as_str())
}

/// The day (in UTC) on which the program runs.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line alone looks at the clock, for exceptions that expire"
)]
pub(super) fn today() -> Date {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH);
    Date::of_unix_time(now.map_or(0, |now| now.as_secs()))
}

/// A variable of the environment.
#[expect(
    clippy::disallowed_methods,
    reason = "the command line alone reads the environment"
)]
fn variable(name: &str) -> Option<String> {
    env::var(name).ok()
}

/// How a report in a file looks.
pub(super) const FILE_STYLE: Style = Style {
    color: false,
    width: DEFAULT_WIDTH,
    links: false,
    summary: true,
};
