//! What the environment says; nothing else asks it.

use std::env;
use std::io::{self, IsTerminal};

use anstream::{AutoStream, ColorChoice};

use super::args::ColorArg;
use crate::report::{Format, Style};

/// The width of output that no terminal limits.
const DEFAULT_WIDTH: usize = 100;

/// The least width that a report can be laid out in.
const MIN_WIDTH: usize = 40;

/// What the environment says.
#[derive(Clone, Copy, Debug)]
pub(super) struct Environment {
    /// Whether this is a step of a GitHub workflow.
    pub(super) github_actions: bool,
    /// Whether standard output is a terminal.
    pub(super) is_terminal: bool,
    /// The width of the terminal, as far as it is known.
    pub(super) width: usize,
}

impl Environment {
    /// Asks the environment.
    #[expect(
        clippy::disallowed_methods,
        reason = "the command line alone reads the environment"
    )]
    pub(super) fn read() -> Self {
        let columns = env::var("COLUMNS").ok();
        let columns = columns.and_then(|columns| columns.parse().ok());
        Self {
            github_actions: env::var_os("GITHUB_ACTIONS").is_some_and(|value| value == "true"),
            is_terminal: io::stdout().is_terminal(),
            width: columns.map_or(DEFAULT_WIDTH, |columns: usize| columns.max(MIN_WIDTH)),
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

    /// How a report on standard output looks. `NO_COLOR` and `CLICOLOR_FORCE` count unless the user says otherwise.
    pub(super) fn style(self, color: ColorArg) -> Style {
        let color = match color {
            ColorArg::Auto => AutoStream::choice(&io::stdout()) != ColorChoice::Never,
            ColorArg::Always => true,
            ColorArg::Never => false,
        };
        Style {
            color,
            width: self.width,
            links: color && self.is_terminal,
        }
    }
}

/// How a report in a file looks.
pub(super) const FILE_STYLE: Style = Style {
    color: false,
    width: DEFAULT_WIDTH,
    links: false,
};
