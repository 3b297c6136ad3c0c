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
            ConfigError::Glob { .. } | ConfigError::PathGlob { .. } => (None, "not a glob"),
            ConfigError::Read { .. }
            | ConfigError::NotUtf8 { .. }
            | ConfigError::Several { .. }
            | ConfigError::Invalid { .. }
            | ConfigError::Options { .. }
            | ConfigError::At { .. } => (None, "here"),
        };
        let excerpt = spot.map(|Spot { path, text, span }| {
            excerpt(&path, &text, span.0 as usize..span.1 as usize, label)
        });
        Self {
            excerpt,
            help,
            ..Self::usage(chain(&error))
        }
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
            | BaselineError::Write { .. } => None,
        };
        Self {
            help: help.map(str::to_owned),
            ..Self::usage(chain(&error))
        }
    }
}

impl From<engine::Error> for Failure {
    fn from(error: engine::Error) -> Self {
        let exit = match &error {
            engine::Error::Path { .. } => Exit::Input,
            engine::Error::Write { .. } | engine::Error::Setting { .. } => Exit::Usage,
        };
        Self {
            exit,
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

/// How many keys an error lists.
const LISTED_KEYS: usize = 12;

/// What to do about a rule that does not exist.
const LIST_RULES: &str = "`mtls-lint rules` lists the rules";

/// An error and its causes on one line.
pub(super) fn chain(error: &dyn StdError) -> String {
    let mut message = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        message.push_str(": ");
        message.push_str(&error.to_string());
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
    fn a_config_error_is_a_usage_failure() {
        let failure = Failure::from(ConfigError::NotUtf8 { path: "a".into() });
        assert_eq!(failure.exit, Exit::Usage);
    }
}
