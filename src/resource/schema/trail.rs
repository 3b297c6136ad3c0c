//! Where in an object a value is.

use crate::resource::wording::element_name;
use crate::source::Place;
use crate::yaml::{FieldPath, MappingEntry, Value};

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
    Element(usize, &'a Value),
}

/// What stands for an element of a list in a path.
#[derive(Clone, Copy)]
enum Elements {
    /// `[0]`
    Positions,
    /// `[name]`
    Names,
    /// Nothing.
    Nothing,
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
    pub(super) fn element(&'a self, index: usize, value: &'a Value) -> Self {
        Self {
            parent: Some(self),
            step: Step::Element(index, value),
            place: value.place,
        }
    }

    /// The path.
    pub(super) fn field(&self) -> FieldPath {
        FieldPath::with_key(self.path(Elements::Positions), self.path(Elements::Names))
    }

    /// The path of a field of the value.
    pub(super) fn below(&self, name: &str) -> FieldPath {
        let join = |elements| join(&self.path(elements), name);
        FieldPath::with_key(join(Elements::Positions), join(Elements::Names))
    }

    /// The path without the elements of lists.
    pub(super) fn keys(&self) -> String {
        self.path(Elements::Nothing)
    }

    fn path(&self, elements: Elements) -> String {
        let parent = self
            .parent
            .map_or_else(String::new, |parent| parent.path(elements));
        match (self.step, elements) {
            (Step::Key(key), _) => join(&parent, key),
            (Step::Element(index, _), Elements::Positions) => format!("{parent}[{index}]"),
            (Step::Element(_, value), Elements::Names) => {
                format!("{parent}[{}]", element_name(value))
            }
            (Step::Root, _) | (Step::Element(..), Elements::Nothing) => parent,
        }
    }

    /// The last key.
    pub(super) fn key(&self) -> &'a str {
        match self.step {
            Step::Root => "",
            Step::Key(key) => key,
            Step::Element(..) => self.parent.map_or("", Trail::key),
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
