//! What keeps something from being deployed as it is written.

use crate::source::{FileId, Place};

/// Why something is not deployed, or not as it is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Problem {
    /// There is a kind and no `metadata.name`.
    Unnamed {
        /// Where the kind is written.
        place: Place,
        /// The kind.
        kind: Box<str>,
    },
    /// There are a kind and metadata and no `apiVersion`.
    Unversioned {
        /// Where the kind is written.
        place: Place,
        /// The kind.
        kind: Box<str>,
    },
    /// Something that a tool refuses, so that it would deploy nothing of the unit; the linter goes on without it.
    Refused {
        /// Where it is written.
        place: Place,
        /// What is wrong, as a headline.
        message: String,
        /// What to do, as an instruction.
        help: Option<String>,
    },
    /// A file that a tool refuses because it is no YAML; what is wrong in it is a problem of the file too.
    Broken {
        /// Where the file is asked for.
        place: Place,
        /// The file.
        file: FileId,
        /// Its path as it is asked for.
        path: String,
    },
    /// Something that is outside of the repository, or that only another program can evaluate.
    Unresolved {
        /// Where it is asked for.
        place: Place,
        /// What is missing, as a headline.
        message: String,
        /// What to do, as an instruction.
        help: Option<String>,
    },
    /// Variables that Flux fills in and that come from something outside of the repository, which left expressions unfilled.
    Variables {
        /// Where they are asked for.
        place: Place,
        /// The ConfigMap or Secret.
        source: String,
        /// Whether they may decide anything about mutual TLS.
        matters: bool,
    },
    /// Something that the user may want to know, and that decides nothing about mutual TLS.
    Remark {
        /// Where it is written.
        place: Place,
        /// What there is to know, as a headline.
        message: String,
    },
    /// A Helm chart that a CD tool renders: what it deploys is not known, and what else there is does not depend on it.
    Chart {
        /// Where it is asked for.
        place: Place,
        /// The chart, in words.
        chart: String,
    },
}

impl Problem {
    /// Where it is.
    pub fn place(&self) -> Place {
        match self {
            Self::Unnamed { place, .. }
            | Self::Unversioned { place, .. }
            | Self::Refused { place, .. }
            | Self::Broken { place, .. }
            | Self::Unresolved { place, .. }
            | Self::Variables { place, .. }
            | Self::Remark { place, .. }
            | Self::Chart { place, .. } => *place,
        }
    }

    /// What is wrong, in words.
    pub fn message(&self) -> String {
        match self {
            Self::Unnamed { kind, .. } => format!("a {kind} without `metadata.name`"),
            Self::Unversioned { kind, .. } => format!("a {kind} without `apiVersion`"),
            Self::Refused { message, .. }
            | Self::Unresolved { message, .. }
            | Self::Remark { message, .. } => message.clone(),
            Self::Broken { path, .. } => format!("`{path}` cannot be read as YAML"),
            Self::Variables { source, .. } => {
                format!("{source} with variables is not in the repository")
            }
            Self::Chart { chart, .. } => format!("{chart} is not rendered"),
        }
    }

    /// Whether something is lacking in what was read.
    pub fn is_lack(&self) -> bool {
        !matches!(self, Self::Remark { .. })
    }

    /// What to do about it, if there is more to say than what is wrong.
    pub fn help(&self) -> Option<&str> {
        match self {
            Self::Refused { help, .. } | Self::Unresolved { help, .. } => help.as_deref(),
            Self::Variables { .. } => Some("set them for this mesh with `vars` in the config file"),
            Self::Unnamed { .. }
            | Self::Unversioned { .. }
            | Self::Broken { .. }
            | Self::Remark { .. }
            | Self::Chart { .. } => None,
        }
    }
}
