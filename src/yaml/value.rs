//! The tree of a parsed document: owned values, a place on every node.

use std::fmt;
use std::ops::{Deref, DerefMut};
use std::slice;

use super::scalar;
use crate::source::{Place, Spanned};

/// A node of a document and where it is written.
#[derive(Clone, Debug, PartialEq)]
pub struct Value {
    /// Where the node is written. A block collection runs from its first key or dash to the end of its last child.
    pub place: Place,
    /// What it is.
    pub node: Node,
}

/// What a node is.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// A scalar, null included.
    Scalar(Scalar),
    /// A sequence.
    Sequence(Sequence),
    /// A mapping.
    Mapping(Mapping),
}

/// How a scalar is written, which decides its type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ScalarStyle {
    /// Without quotes: null, a boolean, a number or a string.
    Plain,
    /// In quotes: always a string.
    Quoted,
    /// A `|` or `>` block: always a string.
    Block,
}

/// A scalar as text and style; its type follows Kubernetes' reading of YAML 1.1 (shared note `yaml.md`).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Scalar {
    /// The text after unquoting and unfolding.
    pub text: Box<str>,
    /// How it is written.
    pub style: ScalarStyle,
}

/// A mapping in the order of the file; duplicate keys are kept, and a look-up takes the last, as Kubernetes does.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Mapping {
    /// The entries in the order of the file, `<<` merges resolved and put before the mapping's own keys.
    pub entries: Vec<MappingEntry>,
    /// Whether it is written as `{…}`.
    pub flow: bool,
    /// What patches removed from it, in their order.
    pub removed: Vec<Removed>,
}

/// A sequence: its elements, and what patches did to them.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Sequence {
    /// The elements.
    pub items: Vec<Value>,
    /// What patches removed from it, in their order.
    pub removed: Vec<RemovedItem>,
}

/// An element that something removed from a sequence before it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct RemovedItem {
    /// The element as it was.
    pub item: Value,
    /// Where the removal is written; its origin leads to what called for it.
    pub place: Place,
}

impl FromIterator<Value> for Sequence {
    fn from_iter<I: IntoIterator<Item = Value>>(items: I) -> Self {
        Self {
            items: items.into_iter().collect(),
            removed: Vec::new(),
        }
    }
}

impl<'a> IntoIterator for &'a Sequence {
    type Item = &'a Value;
    type IntoIter = slice::Iter<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter()
    }
}

impl<'a> IntoIterator for &'a mut Sequence {
    type Item = &'a mut Value;
    type IntoIter = slice::IterMut<'a, Value>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.iter_mut()
    }
}

/// Almost everything looks at the elements alone.
impl Deref for Sequence {
    type Target = Vec<Value>;

    fn deref(&self) -> &Vec<Value> {
        &self.items
    }
}

impl DerefMut for Sequence {
    fn deref_mut(&mut self) -> &mut Vec<Value> {
        &mut self.items
    }
}

/// An entry that something removed from a mapping before it is applied.
#[derive(Clone, Debug, PartialEq)]
pub struct Removed {
    /// The key and its value as they were.
    pub entry: MappingEntry,
    /// Where the removal is written; its origin leads to what called for it.
    pub place: Place,
}

/// A key and its value.
#[derive(Clone, Debug, PartialEq)]
pub struct MappingEntry {
    /// The key; a key that is not a scalar is kept as empty text.
    pub key: Spanned<Box<str>>,
    /// The value; null where nothing is written.
    pub value: Value,
}

impl Value {
    /// The scalar, if it is one.
    pub fn as_scalar(&self) -> Option<&Scalar> {
        match &self.node {
            Node::Scalar(scalar) => Some(scalar),
            Node::Sequence(_) | Node::Mapping(_) => None,
        }
    }

    /// The elements, if it is a sequence.
    pub fn as_sequence(&self) -> Option<&[Value]> {
        match &self.node {
            Node::Sequence(items) => Some(items),
            Node::Scalar(_) | Node::Mapping(_) => None,
        }
    }

    /// The mapping, if it is one.
    pub fn as_mapping(&self) -> Option<&Mapping> {
        match &self.node {
            Node::Mapping(mapping) => Some(mapping),
            Node::Scalar(_) | Node::Sequence(_) => None,
        }
    }

    /// Whether it is null: nothing written, `~` or `null`.
    pub fn is_null(&self) -> bool {
        self.as_scalar().is_some_and(scalar::is_null)
    }

    /// The text of a scalar that is not null, whatever its type; Kubernetes wants strings where this is used.
    pub fn as_text(&self) -> Option<&str> {
        self.as_scalar()
            .filter(|scalar| !scalar::is_null(scalar))
            .map(|scalar| &*scalar.text)
    }

    /// The string, if Kubernetes would read one.
    pub fn as_str(&self) -> Option<&str> {
        self.as_scalar().and_then(scalar::as_str)
    }

    /// The boolean, if Kubernetes would read one (`yes` and `on` count).
    pub fn as_bool(&self) -> Option<bool> {
        self.as_scalar().and_then(scalar::as_bool)
    }

    /// The integer, if Kubernetes would read one (`0777` is octal).
    pub fn as_integer(&self) -> Option<i64> {
        self.as_scalar().and_then(scalar::as_integer)
    }

    /// The value of a key that is present and not null.
    pub fn get(&self, key: &str) -> Option<&Value> {
        self.entry(key)
            .map(|entry| &entry.value)
            .filter(|value| !value.is_null())
    }

    /// The last entry of a key, null values included.
    pub fn entry(&self, key: &str) -> Option<&MappingEntry> {
        self.as_mapping()?
            .entries
            .iter()
            .rev()
            .find(|entry| &*entry.key.value == key)
    }

    /// Whether the place of this, or of a key or value at any depth, is one that is looked for.
    pub fn holds(&self, is_it: &dyn Fn(Place) -> bool) -> bool {
        is_it(self.place)
            || match &self.node {
                Node::Scalar(_) => false,
                Node::Sequence(items) => items.iter().any(|item| item.holds(is_it)),
                Node::Mapping(mapping) => {
                    let mut entries = mapping.entries.iter();
                    entries.any(|entry| is_it(entry.key.place) || entry.value.holds(is_it))
                }
            }
    }

    /// Where a field that is not there was removed last, or the last of all of them.
    pub fn removal(&self, key: Option<&str>) -> Option<Place> {
        let mut removed = self.as_mapping()?.removed.iter().rev();
        let is_it = |removed: &&Removed| {
            let name = &*removed.entry.key.value;
            key.is_none_or(|key| key == name) && self.get(name).is_none()
        };
        removed.find(is_it).map(|removed| removed.place)
    }

    /// The value at the end of a chain of keys.
    pub fn at(&self, keys: &[&str]) -> Option<&Value> {
        keys.iter().try_fold(self, |value, key| value.get(key))
    }

    /// Whether two values are the same in JSON, wherever and however they are written.
    pub fn is_equal(&self, other: &Self) -> bool {
        match (&self.node, &other.node) {
            (Node::Scalar(one), Node::Scalar(two)) => {
                if let (Some(one), Some(two)) = (self.as_integer(), other.as_integer()) {
                    return one == two;
                }
                if let (Some(one), Some(two)) = (self.as_bool(), other.as_bool()) {
                    return one == two;
                }
                (self.is_null() && other.is_null())
                    || (self.is_null() == other.is_null()
                        && self.as_str().is_some() == other.as_str().is_some()
                        && one.text == two.text)
            }
            (Node::Sequence(one), Node::Sequence(two)) => {
                let mut pairs = one.iter().zip(two.iter());
                one.len() == two.len() && pairs.all(|(one, two)| one.is_equal(two))
            }
            (Node::Mapping(one), Node::Mapping(two)) => {
                let is_in_other = |entry: &MappingEntry| {
                    let found = other.entry(&entry.key.value);
                    found.is_some_and(|found| entry.value.is_equal(&found.value))
                };
                one.entries.len() == two.entries.len() && one.entries.iter().all(is_in_other)
            }
            (Node::Scalar(_) | Node::Sequence(_) | Node::Mapping(_), _) => false,
        }
    }

    /// The entries of a mapping, none for anything else.
    pub fn entries(&self) -> &[MappingEntry] {
        self.as_mapping().map_or(&[], |mapping| &mapping.entries)
    }

    /// The elements of a sequence, none for anything else.
    pub fn items(&self) -> &[Value] {
        self.as_sequence().unwrap_or(&[])
    }

    /// The text of a scalar with its place.
    pub fn spanned_text(&self) -> Option<Spanned<Box<str>>> {
        self.as_text()
            .map(|text| Spanned::new(text.into(), self.place))
    }
}

/// The path of a field from the root of an object, such as `spec.trafficPolicy.portLevelSettings[0].tls`.
#[derive(Clone, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldPath {
    text: Box<str>,
    /// The path with names in place of positions, where it was made of them.
    key: Option<Box<str>>,
}

impl FieldPath {
    /// A path as written in documentation, with dots and `[index]`.
    pub(crate) fn new(path: impl Into<Box<str>>) -> Self {
        Self {
            text: path.into(),
            key: None,
        }
    }

    /// The same, with the path in which the elements of lists are called by their names.
    pub(crate) fn with_key(path: impl Into<Box<str>>, key: impl Into<Box<str>>) -> Self {
        Self {
            text: path.into(),
            key: Some(key.into()),
        }
    }

    /// The path as text.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Whether it says of every list which element is meant.
    pub(crate) fn is_exact(&self) -> bool {
        self.key.is_some()
    }

    /// The path as it stays when elements of lists change their places: `spec.subsets[v1].labels`, and `[]` for an element
    /// without a name.
    pub fn key(&self) -> String {
        match &self.key {
            Some(key) => key.to_string(),
            None => without_positions(&self.text),
        }
    }
}

/// A path without the positions of elements.
pub(crate) fn without_positions(path: &str) -> String {
    let mut parts = path.split('[');
    let mut key = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        key.push('[');
        let digits = part.bytes().take_while(u8::is_ascii_digit).count();
        let rest = part.get(digits..).unwrap_or_default();
        key.push_str(if rest.starts_with(']') { rest } else { part });
    }
    key
}

impl fmt::Display for FieldPath {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_path_has_no_positions() {
        let table = [
            ("spec.host", "spec.host"),
            ("spec.subsets[10].name", "spec.subsets[].name"),
            ("a[0][1].b[v1].c[2a]", "a[][].b[v1].c[2a]"),
            ("a[", "a["),
        ];
        for (path, key) in table {
            assert_eq!(FieldPath::new(path).key(), key);
        }
        assert_eq!(FieldPath::with_key("a[0]", "a[x]").key(), "a[x]");
    }
}
