//! What kustomize builds from a directory, evaluated here: no subprocess, no network, every value with its origin.

mod reference;
mod resource;
mod session;

pub use reference::{FILE_NAMES, Reference, ReferenceKind, plugin_references, references};
