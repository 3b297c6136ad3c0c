//! Where in an object a value is.

use crate::source::Place;
use crate::yaml::{MappingEntry, Value};

/// The way from the root of an object to a value, on the stack.
pub(super) struct Trail<'a> {
    /// The way to what holds it.
    pub(super) parent: Option<&'a Trail<'a>>,
    step: Step<'a>,
    /// What stands for the value where it cannot be pointed at itself: its key, or an element of a list.
    pub(super) place: Place,
}

/// A step of the way.
#[derive(Clone, Copy)]
enum Step<'a> {
    Root,
    Key(&'a str),
    Index(usize),
}

impl<'a> Trail<'a> {
    /// The root; `place` is what stands for the object as a whole.
    pub(super) fn root(place: Place) -> Self {
        Self {
            parent: None,
            step: Step::Root,
            place,
        }
    }

    /// The value of an entry.
    pub(super) fn entry(&'a self, entry: &'a MappingEntry) -> Self {
        Self {
            parent: Some(self),
            step: Step::Key(&entry.key.value),
            place: entry.key.place,
        }
    }

    /// An element of a list.
    pub(super) fn element(&'a self, index: usize, value: &Value) -> Self {
        Self {
            parent: Some(self),
            step: Step::Index(index),
            place: value.place,
        }
    }

    /// The path, with or without the indices of lists.
    pub(super) fn path(&self, with_indices: bool) -> String {
        let parent = self
            .parent
            .map_or_else(String::new, |parent| parent.path(with_indices));
        match self.step {
            Step::Key(key) => join(&parent, key),
            Step::Index(index) if with_indices => format!("{parent}[{index}]"),
            Step::Root | Step::Index(_) => parent,
        }
    }

    /// The last key.
    pub(super) fn key(&self) -> &'a str {
        match self.step {
            Step::Root => "",
            Step::Key(key) => key,
            Step::Index(_) => self.parent.map_or("", Trail::key),
        }
    }
}

/// A path and a key below it.
pub(super) fn join(path: &str, key: &str) -> String {
    if path.is_empty() {
        key.to_owned()
    } else {
        format!("{path}.{key}")
    }
}
