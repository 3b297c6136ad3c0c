//! Why a config file cannot be used.

use camino::Utf8PathBuf;

use crate::rule::did_you_mean;
use crate::rules::UnknownRule;
use crate::source::tree::ReadError;
use crate::suppress::InvalidGlob;

/// Where a config file is wrong.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Spot {
    /// The file.
    pub path: Utf8PathBuf,
    /// Its text.
    pub text: String,
    /// The bytes that are wrong.
    pub span: (u32, u32),
}

/// Why a config file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum ConfigError {
    /// It cannot be read.
    #[error("cannot read `{path}`")]
    Read {
        /// The file.
        path: Utf8PathBuf,
        /// Why.
        source: ReadError,
    },
    /// Its bytes are not text.
    #[error("`{path}` is not UTF-8")]
    NotUtf8 {
        /// The file.
        path: Utf8PathBuf,
    },
    /// There is more than one.
    #[error("both `{first}` and `{second}` exist; keep one")]
    Several {
        /// The file that is looked for first.
        first: Utf8PathBuf,
        /// Another one.
        second: Utf8PathBuf,
    },
    /// It is not YAML, or a value has the wrong type.
    #[error("`{path}` is not a valid config file")]
    Invalid {
        /// The file.
        path: Utf8PathBuf,
        /// What is wrong and where.
        source: serde_yaml::Error,
    },
    /// It has a key that does not exist.
    #[error("unknown key `{key}` in `{path}`{}", did_you_mean(suggestion.as_deref()))]
    UnknownKey {
        /// The file.
        path: Utf8PathBuf,
        /// The key.
        key: String,
        /// The nearest key that exists.
        suggestion: Option<String>,
        /// All keys that exist there.
        known: Vec<String>,
    },
    /// It names a rule that does not exist.
    #[error("`{path}` cannot be used")]
    UnknownRule {
        /// The file.
        path: Utf8PathBuf,
        /// The name and the nearest one.
        source: UnknownRule,
    },
    /// An exception has a glob that is none.
    #[error("`{path}` cannot be used")]
    Glob {
        /// The file.
        path: Utf8PathBuf,
        /// The glob.
        source: InvalidGlob,
    },
    /// The settings of a rule are not valid.
    #[error("the settings of rule `{rule}` in `{path}` are not valid")]
    Options {
        /// The file.
        path: Utf8PathBuf,
        /// The rule.
        rule: &'static str,
        /// What is wrong.
        source: serde_json::Error,
    },
    /// A glob is none.
    #[error("`{path}` cannot be used")]
    PathGlob {
        /// The file.
        path: Utf8PathBuf,
        /// The glob.
        source: crate::discover::Error,
    },
    /// One of the others, and where it is.
    #[error("{error}")]
    At {
        /// What is wrong.
        error: Box<ConfigError>,
        /// Where.
        spot: Box<Spot>,
    },
}

impl ConfigError {
    /// What is wrong, and where, if that is known.
    pub fn parts(self) -> (Self, Option<Spot>) {
        match self {
            Self::At { error, spot } => (*error, Some(*spot)),
            other => (other, None),
        }
    }
}
