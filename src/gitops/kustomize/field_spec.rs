//! Field specs: which field of which kinds a transformer changes.

use super::resource::ResourceId;
use crate::source::{Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Value};

/// A field of some kinds, as kustomize's configuration names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldSpec {
    /// The group; empty for any.
    pub(super) group: Box<str>,
    /// The version; empty for any.
    pub(super) version: Box<str>,
    /// The kind; empty for any.
    pub(super) kind: Box<str>,
    /// The keys on the way; one that ends with `[]` holds a sequence and is never made.
    pub(super) path: Vec<Box<str>>,
    /// Whether what is missing on the way is made.
    pub(super) create: bool,
}

/// What a field that is made starts as.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Made {
    /// Nothing is made, whatever the field spec says.
    Nothing,
    /// A null.
    Scalar,
    /// A mapping without keys.
    Mapping,
}

impl FieldSpec {
    /// A field of all kinds, by its path with slashes.
    pub(super) fn of_all(path: &str, create: bool) -> Self {
        Self {
            group: Box::default(),
            version: Box::default(),
            kind: Box::default(),
            path: split(path),
            create,
        }
    }

    /// Reads an entry of a configuration: `group`, `version`, `kind`, `path`, `create`.
    pub(super) fn read(entry: &Value) -> Option<Self> {
        let text = |key: &str| {
            let value = entry.get(key).and_then(Value::as_text);
            Box::<str>::from(value.unwrap_or_default())
        };
        Some(Self {
            group: text("group"),
            version: text("version"),
            kind: text("kind"),
            path: split(entry.get("path")?.as_text()?),
            create: entry.get("create").and_then(Value::as_bool) == Some(true),
        })
    }

    /// Whether an object is of the kinds.
    pub(super) fn applies_to(&self, id: &ResourceId) -> bool {
        selects(&self.group, &self.version, &self.kind, id)
    }

    /// Whether it is about the same field of the same kinds, made or not.
    pub(super) fn is_same_field(&self, other: &Self) -> bool {
        self.path == other.path
            && self.group == other.group
            && self.version == other.version
            && self.kind == other.kind
    }

    /// Whether it is a certain field, by its path with slashes.
    pub(super) fn is_path(&self, path: &str) -> bool {
        self.path == split(path)
    }

    /// Visits every value at the path, through the items of all sequences on the way. What is missing is made where the
    /// field spec says so, and has the given place.
    pub(super) fn visit(
        &self,
        root: &mut Value,
        made: Made,
        place: Place,
        visit: &mut dyn FnMut(&mut Value),
    ) {
        let made = if self.create { made } else { Made::Nothing };
        descend(root, &self.path, made, place, visit);
    }
}

/// Whether an object is of some group, version and kind, each empty for any.
pub(super) fn selects(group: &str, version: &str, kind: &str, id: &ResourceId) -> bool {
    let fits = |wanted: &str, is: &str| wanted.is_empty() || wanted == is;
    fits(group, &id.gvk.group) && fits(version, &id.gvk.version) && fits(kind, &id.gvk.kind)
}

/// Goes one key down the path.
fn descend(
    value: &mut Value,
    path: &[Box<str>],
    made: Made,
    place: Place,
    visit: &mut dyn FnMut(&mut Value),
) {
    let Some((key, rest)) = path.split_first() else {
        visit(value);
        return;
    };
    match &mut value.node {
        Node::Sequence(items) => {
            for item in items {
                descend(item, path, made, place, visit);
            }
        }
        Node::Mapping(mapping) => {
            let (key, is_sequence) = match key.strip_suffix("[]") {
                Some(key) => (key, true),
                None => (&**key, false),
            };
            let made_here = match (is_sequence, made, rest.is_empty()) {
                (true, _, _) | (_, Made::Nothing, _) => None,
                (false, made, true) => Some(made),
                (false, _, false) => Some(Made::Mapping),
            };
            if let Some(next) = child(mapping, key, made_here, place) {
                descend(next, rest, made, place, visit);
            }
        }
        Node::Scalar(_) => {}
    }
}

/// The value of a key, made if it is missing or null and that is wanted.
fn child<'v>(
    mapping: &'v mut Mapping,
    key: &str,
    made: Option<Made>,
    place: Place,
) -> Option<&'v mut Value> {
    let position = mapping
        .entries
        .iter()
        .rposition(|entry| &*entry.key.value == key);
    let position = match (position, made) {
        (Some(position), _) => position,
        (None, None | Some(Made::Nothing)) => return None,
        (None, Some(_)) => {
            mapping.entries.push(MappingEntry {
                key: Spanned::new(key.into(), place),
                value: null(place),
            });
            mapping.entries.len() - 1
        }
    };
    let value = &mut mapping.entries.get_mut(position)?.value;
    if value.is_null() {
        match made {
            Some(Made::Mapping) => value.node = Node::Mapping(Mapping::default()),
            Some(Made::Scalar) => {}
            Some(Made::Nothing) | None => return None,
        }
    }
    Some(value)
}

/// A null.
fn null(place: Place) -> Value {
    Value {
        place,
        node: Node::Scalar(Scalar {
            text: Box::default(),
            style: ScalarStyle::Plain,
        }),
    }
}

/// A path with slashes as its keys; `\/` is a slash in a key.
fn split(path: &str) -> Vec<Box<str>> {
    let mut keys = Vec::new();
    let mut key = String::new();
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        match character {
            '\\' if characters.peek() == Some(&'/') => {
                key.push('/');
                characters.next();
            }
            '/' => keys.push(std::mem::take(&mut key).into()),
            other => key.push(other),
        }
    }
    keys.push(key.into());
    // A path may start with a slash.
    if keys
        .first()
        .is_some_and(|first: &Box<str>| first.is_empty())
    {
        keys.remove(0);
    }
    keys
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::testing::{content, outline};

    fn root(text: &str) -> Value {
        content(text).documents.remove(0).root
    }

    /// The tree after every value at a path became `x`.
    fn visited(text: &str, path: &str, create: bool, made: Made) -> String {
        let mut root = root(text);
        let place = root.place;
        let spec = FieldSpec::of_all(path, create);
        spec.visit(&mut root, made, place, &mut |value| {
            value.node = Node::Scalar(Scalar {
                text: "x".into(),
                style: ScalarStyle::Plain,
            });
        });
        outline(&root)
    }

    #[test]
    fn values_are_found_through_sequences() {
        let text = "spec: {containers: [{image: a}, {image: b}, {name: c}]}\n";
        let expected = r#"{spec: {containers: [{image: "x"}, {image: "x"}, {name: "c"}]}}"#;
        for path in ["spec/containers[]/image", "spec/containers/image"] {
            assert_eq!(visited(text, path, false, Made::Scalar), expected);
        }
    }

    #[test]
    fn what_is_missing_is_made_where_the_spec_says_so() {
        let text = "a: {}\n";
        let made = visited(text, "a/b/c", true, Made::Scalar);
        assert_eq!(made, r#"{a: {b: {c: "x"}}}"#);
        assert_eq!(visited(text, "a/b/c", false, Made::Scalar), "{a: {}}");
        assert_eq!(visited(text, "a/b/c", true, Made::Nothing), "{a: {}}");
    }

    #[test]
    fn a_sequence_is_never_made() {
        assert_eq!(visited("a: {}\n", "a/b[]/c", true, Made::Scalar), "{a: {}}");
    }

    #[test]
    fn a_slash_in_a_key_is_escaped() {
        assert_eq!(*split(r"a/b\/c/d"), ["a".into(), "b/c".into(), "d".into()]);
        assert_eq!(*split("/a"), ["a".into()]);
    }
}
