//! `exportTo`: to which namespaces an object is visible.

use crate::source::{Place, Spanned};

/// The values of an `exportTo` list as written. An absent list is `None` where this type is used; an empty list counts
/// as absent too (semantics 4.3).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportTo {
    /// The values in the order of the file: namespace names, `.`, `*`, `~`.
    pub values: Vec<Spanned<Box<str>>>,
    /// The place of the list.
    pub place: Place,
}

impl ExportTo {
    /// Whether a value is in the list.
    pub fn contains(&self, value: &str) -> bool {
        self.values.iter().any(|v| &*v.value == value)
    }
}
