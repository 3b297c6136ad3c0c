//! How a run ends, and how it says that it could not be done.

use std::error::Error as StdError;
use std::io::{self, Write};
use std::process::ExitCode;

use super::output::harmless;
use crate::baseline::BaselineError;
use crate::config::{ConfigError, Spot};
use crate::engine;
use crate::report::excerpt;
use crate::rules::UnknownRule;
use crate::source::tree::GitError;

/// The exit status (design, section 5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Nothing that makes the run fail.
    Success,
    /// Findings at or above `--fail-on`.
    Findings,
    /// Wrong usage or a wrong config file.
    Usage,
    /// A named path is missing or unreadable, or nothing was checked.
    Input,
}

impl Exit {
    /// The status as the system sees it.
    pub(super) fn code(self) -> ExitCode {
        ExitCode::from(match self {
            Self::Success => 0,
            Self::Findings => 1,
            Self::Usage => 2,
            Self::Input => 3,
        })
    }
}

/// Why a run could not be done, in words for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Failure {
    /// The exit status.
    pub(super) exit: Exit,
    /// What went wrong.
    pub(super) message: String,
    /// The text that is wrong, as lines to look at.
    pub(super) excerpt: Option<String>,
    /// What to do about it.
    pub(super) help: Option<String>,
}

impl Failure {
    /// A failure that is the user's to correct on the command line or in the config file.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Usage,
            message: message.into(),
            excerpt: None,
            help: None,
        }
    }

    /// A failure to read what should be checked.
    pub(super) fn input(message: impl Into<String>) -> Self {
        Self {
            exit: Exit::Input,
            ..Self::usage(message)
        }
    }

    /// The same failure with something to do about it.
    pub(super) fn with_help(self, help: impl Into<String>) -> Self {
        Self {
            help: Some(help.into()),
            ..self
        }
    }

    /// The same failure of a run that had nothing to look at, for a command that takes that if it is told so.
    pub(super) fn or_allowed(self) -> Self {
        let allow = "or pass `--allow-empty`";
        let help = match &self.help {
            Some(help) => format!("{help}, {allow}"),
            None => allow.to_owned(),
        };
        self.with_help(help)
    }

    /// Writes the failure to standard error. That this fails is nothing a program could tell anybody.
    pub(super) fn print(&self) {
        let mut lines = format!("error: {}\n", harmless(&self.message));
        if let Some(excerpt) = &self.excerpt {
            lines.push_str(excerpt);
        }
        if let Some(help) = &self.help {
            lines.push_str("help: ");
            lines.push_str(&harmless(help));
            lines.push('\n');
        }
        drop(io::stderr().lock().write_all(lines.as_bytes()));
    }
}

impl From<ConfigError> for Failure {
    fn from(error: ConfigError) -> Self {
        let (error, spot) = error.parts();
        let (help, label) = match &error {
            ConfigError::UnknownRule { .. } => (Some(LIST_RULES.to_owned()), "no rule"),
            ConfigError::UnknownKey { known, .. } if known.is_empty() => {
                (Some("there are no keys here".to_owned()), "no such key")
            }
            ConfigError::UnknownKey { known, .. } if known.len() <= LISTED_KEYS => {
                let help = format!("the keys here are {}", known.join(", "));
                (Some(help), "no such key")
            }
            ConfigError::UnknownKey { .. } => {
                let help = "`mtls-lint config schema` prints all keys that there are";
                (Some(help.to_owned()), "no such key")
            }
            ConfigError::Glob { .. } | ConfigError::PathGlob { .. } => {
                (Some(GLOBS.to_owned()), "not a glob")
            }
            ConfigError::Read { .. } => {
                let help =
                    "name a file that can be read; `mtls-lint init` writes one to start from";
                (Some(help.to_owned()), "here")
            }
            ConfigError::NotUtf8 { .. } => (Some("save the file as UTF-8".to_owned()), "here"),
            ConfigError::Invalid { .. } => {
                let help = "`mtls-lint config schema` prints what each key may hold";
                (Some(help.to_owned()), "here")
            }
            ConfigError::Options { rule, .. } => {
                let help = format!("`mtls-lint rule {rule}` says which settings it has");
                (Some(help), "here")
            }
            ConfigError::Several { .. } => {
                (Some("`--config FILE` uses one of them".to_owned()), "here")
            }
            ConfigError::At { .. } => (None, "here"),
        };
        let excerpt = spot.map(|Spot { path, text, span }| {
            excerpt(&path, &text, span.0 as usize..span.1 as usize, label)
        });
        let mut message = chain(&error);
        if excerpt.is_some() {
            message.truncate(without_position(&message).len());
        }
        Self {
            excerpt,
            help,
            ..Self::usage(message)
        }
    }
}

/// A message without the line and column at its end: the excerpt below it shows them.
fn without_position(message: &str) -> &str {
    let is_position = |text: &str| {
        let numbers = text.split(" column ");
        numbers
            .into_iter()
            .all(|it| !it.is_empty() && it.bytes().all(|byte| byte.is_ascii_digit()))
    };
    match message.rsplit_once(" at line ") {
        Some((start, position)) if is_position(position) => start,
        _ => message,
    }
}

impl From<BaselineError> for Failure {
    fn from(error: BaselineError) -> Self {
        let help = match &error {
            BaselineError::Missing { .. } => Some("`mtls-lint baseline write` makes one"),
            BaselineError::Exists { .. } => Some(
                "`mtls-lint baseline update` accepts what is new; `--force` writes it from scratch",
            ),
            BaselineError::Newer { .. } => Some("use the version of mtls-lint that wrote it"),
            BaselineError::Invalid { .. } => Some(
                "resolve conflicts of a merge in it, or write it from scratch with `mtls-lint baseline write --force`",
            ),
            BaselineError::Foreign { .. }
            | BaselineError::Read { .. }
            | BaselineError::Write { .. } => Some("`--baseline FILE` names another file"),
        };
        Self {
            help: help.map(str::to_owned),
            ..Self::usage(chain(&error))
        }
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        let (exit, help) = match &error {
            engine::Error::Path { .. } => (
                Exit::Input,
                Some("`--assume`, or `assume` in the config file, names it; correct it there"),
            ),
            engine::Error::Write { .. } => (
                Exit::Usage,
                Some("make the file writable; `--diff` prints the repairs instead"),
            ),
            engine::Error::Setting { .. } => (Exit::Usage, None),
        };
        Self {
            exit,
            help: help.map(str::to_owned),
            ..Self::usage(chain(&error))
        }
    }
}

impl From<GitError> for Failure {
    fn from(error: GitError) -> Self {
        Self {
            help: error.help().map(str::to_owned),
            ..Self::usage(chain(&error))
        }
    }
}

impl From<UnknownRule> for Failure {
    fn from(error: UnknownRule) -> Self {
        Self::usage(error.to_string()).with_help(LIST_RULES)
    }
}

/// What a glob is.
const GLOBS: &str = "a glob is a path in which `*` stands for a part of a name, `**` for folders, and `[…]` for one of some characters";

/// How many keys an error lists.
const LISTED_KEYS: usize = 12;

/// What to do about a rule that does not exist.
const LIST_RULES: &str = "`mtls-lint rules` lists the rules";

/// An error and its causes on one line.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        let text = error.to_string();
        // Some errors say what their cause says.
        if !message.ends_with(&text) {
            message.push_str(": ");
            message.push_str(&text);
        }
        cause = error.source();
    }
    message
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tree::ReadError;

    #[test]
    fn a_missing_path_is_an_input_failure_with_its_cause() {
        let failure = Failure::from(engine::Error::Path {
            path: "apps".into(),
            source: ReadError::Missing,
        });
        assert_eq!(failure.exit, Exit::Input);
        assert_eq!(
            failure.message,
            "cannot read `apps`: there is no such file or directory"
        );
    }

    #[test]
    fn a_position_at_the_end_is_taken_off() {
        for (message, expected) in [
            ("no bool at line 1 column 12", "no bool"),
            ("no bool at line 1 column x", "no bool at line 1 column x"),
            (
                "odd at line 2 column 1, in a list",
                "odd at line 2 column 1, in a list",
            ),
            ("odd", "odd"),
        ] {
            assert_eq!(without_position(message), expected);
        }
    }

    #[test]
    fn a_config_error_is_a_usage_failure() {
        let failure = Failure::from(ConfigError::NotUtf8 { path: "a".into() });
        assert_eq!(failure.exit, Exit::Usage);
    }
}
