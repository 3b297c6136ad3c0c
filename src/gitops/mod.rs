//! What gets deployed: documents to objects.
//!
//! `plain` takes manifests as they stand. Whatever evaluates overlays stands beside it and returns the same
//! [`Deployment`].

mod namespace;
mod plain;

use crate::object::Object;
use crate::source::Place;
use crate::yaml::Value;

pub use plain::deploy;

/// What a set of files deploys.
#[derive(Debug, Default)]
pub struct Deployment {
    /// The objects, in the order of files and documents.
    pub objects: Vec<Object>,
    /// The roots of documents that are a mapping and no object: Helm values may be among them.
    pub values: Vec<Value>,
    /// What cannot be deployed, in the order of files and documents.
    pub problems: Vec<Problem>,
}

/// Something that looks like an object and that no API server would take.
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
}

impl Problem {
    /// Where it is.
    pub fn place(&self) -> Place {
        match self {
            Self::Unnamed { place, .. } | Self::Unversioned { place, .. } => *place,
        }
    }

    /// What is wrong, in words.
    pub fn message(&self) -> String {
        match self {
            Self::Unnamed { kind, .. } => format!("a {kind} without `metadata.name`"),
            Self::Unversioned { kind, .. } => format!("a {kind} without `apiVersion`"),
        }
    }
}
