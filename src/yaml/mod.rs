//! YAML: documents split and prefiltered, parsed into owned trees in which every node has its place.

mod collection;
mod colons;
mod document;
mod embedded;
mod failure;
mod layout;
mod parser;
mod prefilter;
#[cfg(test)]
mod properties;
mod scalar;
mod split;
mod tape;
#[cfg(test)]
pub(crate) mod testing;
mod value;

pub use document::{Comment, Document, FileContent, Problem, ProblemKind, ReadOptions, read};
pub use embedded::{embedded_comments, parse_embedded, parse_embedded_stream};
pub use value::{
    FieldPath, Mapping, MappingEntry, Node, Removed, RemovedItem, Scalar, ScalarStyle, Sequence,
    Value,
};
