//! Field specs: which fields of which kinds a transformer changes, and the walk to them.

use super::marks::Refusal;
use crate::object::Gvk;
use crate::source::{Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Sequence, Value};

/// A field of objects of some kinds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct FieldSpec {
    /// The kinds; an empty part stands for all.
    pub(super) gvk: Gvk,
    /// The names of the fields on the way, with slashes; lists are gone through without being named.
    pub(super) path: Box<str>,
    /// Whether it is made where it is missing.
    pub(super) create: bool,
}

/// Field specs, each at most once.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct FieldSpecs(pub(super) Vec<FieldSpec>);

/// What stands for a field that is made.
#[derive(Clone, Copy, Debug)]
pub(super) struct Missing {
    /// What it is.
    pub(super) kind: MissingKind,
    /// The place that it gets, and everything made on the way to it.
    pub(super) place: Place,
}

/// What kind of node a field is that is made.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum MissingKind {
    /// A scalar, null before it is set.
    Scalar,
    /// An empty mapping.
    Mapping,
}

/// What is done at a field: the value, and whether it was made for this.
pub(super) type Setter<'s> = dyn FnMut(&mut Value, bool) -> Result<(), Refusal> + 's;

impl FieldSpec {
    /// A field of all kinds.
    pub(super) fn of_all(path: &str, create: bool) -> Self {
        Self {
            gvk: any_kind(),
            path: path.into(),
            create,
        }
    }

    /// Reads a field spec of a configuration.
    pub(super) fn read(value: &Value) -> Self {
        let is_true = |value: &Value| value.as_bool() == Some(true);
        Self {
            gvk: read_kind(value),
            path: text(value, "path").into(),
            create: value.get("create").is_some_and(is_true),
        }
    }

    /// Whether it is a field of a kind.
    pub(super) fn applies_to(&self, gvk: &Gvk) -> bool {
        selects(&self.gvk, gvk)
    }

    /// Does something at the field of an object of a kind that it applies to. A field that is missing is made if the spec
    /// and the caller say so, else it is passed over.
    pub(super) fn visit(
        &self,
        object: &mut Value,
        missing: Option<Missing>,
        set: &mut Setter<'_>,
    ) -> Result<(), Refusal> {
        let path = split_path(&self.path, '/');
        let missing = missing.filter(|_| self.create);
        Walk { missing, set }.go(object, &path, false)
    }
}

impl FieldSpecs {
    /// Adds a field spec, unless it is there; says whether it contradicts one that is.
    pub(super) fn add(&mut self, spec: FieldSpec) -> Result<(), FieldSpec> {
        // One that is there for a kind also stands for one that is for all kinds, as odd as that is.
        let same = |known: &&FieldSpec| selects(&spec.gvk, &known.gvk) && known.path == spec.path;
        match self.0.iter().find(same) {
            Some(known) if known.create != spec.create => Err(spec),
            Some(_) => Ok(()),
            None => {
                self.0.push(spec);
                Ok(())
            }
        }
    }

    /// Adds field specs; those that contradict are left out, and the first of them is returned.
    pub(super) fn extend(&mut self, other: &Self) -> Result<(), FieldSpec> {
        let added = other.0.iter().map(|spec| self.add(spec.clone()));
        added.fold(Ok(()), Result::and)
    }

    /// Does something at each field of an object.
    pub(super) fn visit(
        &self,
        object: &mut Value,
        gvk: &Gvk,
        missing: Option<Missing>,
        set: &mut Setter<'_>,
    ) -> Result<(), Refusal> {
        self.0
            .iter()
            .filter(|spec| spec.applies_to(gvk))
            .try_for_each(|spec| spec.visit(object, missing, set))
    }
}

/// All kinds.
pub(super) fn any_kind() -> Gvk {
    Gvk {
        group: Box::default(),
        version: Box::default(),
        kind: Box::default(),
    }
}

/// Reads group, version and kind of a configuration.
pub(super) fn read_kind(value: &Value) -> Gvk {
    Gvk {
        group: text(value, "group").into(),
        version: text(value, "version").into(),
        kind: text(value, "kind").into(),
    }
}

/// Whether a selector of kinds, in which an empty part stands for all, selects a kind.
pub(super) fn selects(selector: &Gvk, gvk: &Gvk) -> bool {
    let fits = |wanted: &str, text: &str| wanted.is_empty() || wanted == text;
    fits(&selector.kind, &gvk.kind)
        && fits(&selector.group, &gvk.group)
        && fits(&selector.version, &gvk.version)
}

/// The text of a field; empty if there is none.
pub(super) fn text<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_text).unwrap_or_default()
}

/// Splits a path at a delimiter that a backslash escapes; one at the start counts for nothing.
pub(super) fn split_path(path: &str, delimiter: char) -> Vec<Box<str>> {
    let path = path.strip_prefix(delimiter).unwrap_or(path);
    let mut parts: Vec<String> = Vec::new();
    for part in path.split(delimiter) {
        match parts.last_mut() {
            Some(last) if last.ends_with('\\') => {
                last.pop();
                last.push(delimiter);
                last.push_str(part);
            }
            Some(_) | None => parts.push(part.to_owned()),
        }
    }
    parts.into_iter().map(String::into_boxed_str).collect()
}

/// The walk to a field.
struct Walk<'w, 's> {
    missing: Option<Missing>,
    set: &'w mut Setter<'s>,
}

impl Walk<'_, '_> {
    /// Goes on from a value; `is_new` says whether it was made on the way.
    fn go(&mut self, value: &mut Value, path: &[Box<str>], is_new: bool) -> Result<(), Refusal> {
        let Some((name, rest)) = path.split_first() else {
            return (self.set)(value, is_new);
        };
        if value.is_null() {
            return Ok(());
        }
        match &mut value.node {
            Node::Sequence(items) => items
                .iter_mut()
                .try_for_each(|item| self.go(item, path, is_new)),
            Node::Mapping(mapping) => self.enter(mapping, value.place, name, rest),
            Node::Scalar(_) => Err(Refusal::new(
                value.place,
                format!("kustomize looks for `{name}` here and wants a mapping or a list"),
            )),
        }
    }

    /// Goes on with a field of a mapping.
    fn enter(
        &mut self,
        mapping: &mut Mapping,
        place: Place,
        name: &str,
        rest: &[Box<str>],
    ) -> Result<(), Refusal> {
        let (name, is_list) = match name.strip_suffix("[]") {
            Some(name) => (name, true),
            None => (name, false),
        };
        if name.is_empty() {
            return Err(Refusal::new(
                place,
                "kustomize cannot set a field without a name",
            ));
        }
        let made = self.missing.filter(|_| !is_list).map(|missing| Missing {
            kind: if rest.is_empty() {
                missing.kind
            } else {
                MissingKind::Mapping
            },
            ..missing
        });
        let known = mapping
            .entries
            .iter_mut()
            .rfind(|entry| &*entry.key.value == name);
        if let Some(entry) = known {
            let value = &mut entry.value;
            if value.is_null() && made.is_some_and(|made| made.kind == MissingKind::Mapping) {
                value.node = empty_mapping();
            } else if value.is_null() && is_list {
                // The name of a list makes an empty one out of null.
                value.node = Node::Sequence(Sequence::default());
            }
            return self.go(value, rest, false);
        }
        let Some(made) = made else {
            return Ok(());
        };
        let mut value = Value {
            place: made.place,
            node: match made.kind {
                MissingKind::Scalar => scalar("", ScalarStyle::Plain),
                MissingKind::Mapping => empty_mapping(),
            },
        };
        self.go(&mut value, rest, true)?;
        mapping.entries.push(MappingEntry {
            key: Spanned::new(name.into(), made.place),
            value,
        });
        Ok(())
    }
}

/// A scalar.
pub(super) fn scalar(text: &str, style: ScalarStyle) -> Node {
    Node::Scalar(Scalar {
        text: text.into(),
        style,
    })
}

/// A scalar that is a string, whatever its text looks like.
pub(super) fn string(text: &str, place: Place) -> Value {
    let plain = Value {
        place,
        node: scalar(text, ScalarStyle::Plain),
    };
    // What starts with a digit may be a date, which kustomize writes in its own way if it has no quotes.
    let may_be_date = text.starts_with(|c: char| c.is_ascii_digit());
    if plain.as_str().is_some() && may_be_plain(text) && !may_be_date {
        return plain;
    }
    Value {
        place,
        node: scalar(text, ScalarStyle::Quoted),
    }
}

/// Whether a text can be written without quotes.
fn may_be_plain(text: &str) -> bool {
    let starts_well = |c: char| c.is_alphanumeric() || "/._$(+-".contains(c);
    text.starts_with(starts_well)
        && !text.starts_with("- ")
        && !text.starts_with("---")
        && !text.ends_with(|c: char| c == ':' || c.is_whitespace())
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.contains(char::is_control)
}

/// A mapping without entries.
pub(super) fn empty_mapping() -> Node {
    Node::Mapping(Mapping::default())
}

/// A mapping with entries.
pub(super) fn mapping(entries: Vec<MappingEntry>) -> Node {
    Node::Mapping(Mapping {
        entries,
        ..Mapping::default()
    })
}

/// The last entry of a key, to be changed.
pub(super) fn entry_mut<'v>(value: &'v mut Value, key: &str) -> Option<&'v mut MappingEntry> {
    match &mut value.node {
        Node::Mapping(mapping) => mapping
            .entries
            .iter_mut()
            .rfind(|entry| &*entry.key.value == key),
        Node::Scalar(_) | Node::Sequence(_) => None,
    }
}

/// Sets an entry of a mapping; of anything else nothing becomes of it.
pub(super) fn set_entry(value: &mut Value, key: Spanned<Box<str>>, new: Value) {
    if let Some(entry) = entry_mut(value, &key.value) {
        entry.value = new;
    } else if let Node::Mapping(mapping) = &mut value.node {
        mapping.entries.push(MappingEntry { key, value: new });
    }
}

/// Writes a text over a scalar that keeps its quotes.
pub(super) fn overwrite(value: &mut Value, text: &str) {
    if let Node::Scalar(scalar) = &mut value.node {
        scalar.text = text.into();
        if scalar.style == ScalarStyle::Plain && !may_be_plain(text) {
            scalar.style = ScalarStyle::Quoted;
        }
    }
}

/// Refuses a value where a scalar is wanted.
pub(super) fn wanted_scalar(value: &Value) -> Result<(), Refusal> {
    if value.as_scalar().is_some() {
        return Ok(());
    }
    Err(Refusal::new(
        value.place,
        "kustomize sets a scalar here and finds a mapping or a list",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::root;

    fn visited(spec: &str, object: &str) -> Result<Vec<String>, Refusal> {
        let mut object = root(object);
        let spec = FieldSpec::read(&root(spec));
        let missing = Missing {
            kind: MissingKind::Scalar,
            place: object.place,
        };
        let mut found = Vec::new();
        spec.visit(&mut object, Some(missing), &mut |value, is_new| {
            found.push(if is_new {
                "new".to_owned()
            } else {
                value.as_text().unwrap_or("null").to_owned()
            });
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn lists_are_gone_through_without_being_named() {
        let object = "spec: {containers: [{image: a}, {image: b}, {name: c}]}";
        let cases = [
            ("{path: spec/containers/image}", vec!["a", "b"]),
            ("{path: 'spec/containers[]/image'}", vec!["a", "b"]),
            (
                "{path: 'spec/containers[]/image', create: true}",
                vec!["a", "b", "new"],
            ),
        ];
        for (spec, expected) in cases {
            assert_eq!(visited(spec, object).expect("it works"), expected, "{spec}");
        }
    }

    #[test]
    fn a_field_is_made_only_where_the_spec_says_so() {
        for (spec, expected) in [
            ("{path: a/b/c}", vec![]),
            ("{path: a/b/c, create: true}", vec!["new"]),
            ("{path: 'a[]/b', create: true}", vec![]),
            ("{path: d, create: true}", vec!["null"]),
            ("{path: d/e}", vec![]),
            ("{path: d/e, create: true}", vec!["new"]),
        ] {
            assert_eq!(visited(spec, "d:").expect("it works"), expected, "{spec}");
        }
    }

    #[test]
    fn a_scalar_on_the_way_is_refused() {
        assert!(visited("{path: a/b}", "a: text").is_err());
    }

    #[test]
    fn a_backslash_keeps_a_slash_in_a_name() {
        let path = r"metadata/annotations/example.com\/class";
        assert_eq!(
            split_path(path, '/').as_slice(),
            ["metadata", "annotations", "example.com/class"].map(Box::from)
        );
        assert_eq!(
            split_path("/a/b", '/').as_slice(),
            ["a", "b"].map(Box::from)
        );
    }
}
