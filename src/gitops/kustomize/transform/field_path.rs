//! Field paths with dots, as replacements and variables write them: `spec.ports.[name=http].port`, `spec.hosts.0`.

use regex::Regex;

use crate::gitops::kustomize::field_spec::{empty_mapping, entry_mut, scalar, split_path};
use crate::source::{Place, Spanned};
use crate::yaml::{MappingEntry, Node, ScalarStyle, Sequence, Value};

/// The parts of a path; what stands in brackets is one part, whatever is in it.
pub(super) fn split(path: &str) -> Vec<Box<str>> {
    let mut parts = Vec::new();
    let mut pieces = split_path(path, '.').into_iter();
    while let Some(piece) = pieces.next() {
        if !piece.starts_with('[') || piece.ends_with(']') {
            parts.push(piece);
            continue;
        }
        let mut whole = String::from(piece);
        for piece in pieces.by_ref() {
            whole.push('.');
            whole.push_str(&piece);
            if piece.ends_with(']') {
                break;
            }
        }
        // Brackets around a key with dots only keep it together; those around `key=value` choose an element.
        if whole.contains('=') {
            parts.push(whole.into());
        } else {
            parts.push(whole.trim_matches(['[', ']']).into());
        }
    }
    parts
}

/// What leads on from a value.
enum Part<'p> {
    /// The position of an element.
    Index(usize),
    /// The last element.
    Last,
    /// All elements.
    Every,
    /// The elements with this text under this key, or that are this text.
    Element(&'p str, &'p str),
    /// The name of a field.
    Field(&'p str),
}

/// Reads a part; a reason if it is malformed.
fn read(part: &str) -> Result<Part<'_>, String> {
    if let Ok(index) = part.parse::<i64>() {
        return usize::try_from(index)
            .map(Part::Index)
            .map_err(|_| format!("`{part}` is no position in a list"));
    }
    let bracketed = part
        .strip_prefix('[')
        .and_then(|part| part.strip_suffix(']'));
    match (part, bracketed) {
        ("-", _) => Ok(Part::Last),
        ("*", _) => Ok(Part::Every),
        (_, None) => Ok(Part::Field(part)),
        (_, Some(inner)) => match inner.split_once('=') {
            Some((key, value)) => Ok(Part::Element(key, value)),
            None => Err(format!("`{part}` says no `key=value`")),
        },
    }
}

/// The elements of a list; a reason if it is something else.
fn elements(value: &Value) -> Result<&[Value], String> {
    match &value.node {
        Node::Sequence(items) => Ok(items),
        Node::Scalar(_) | Node::Mapping(_) if value.is_null() => Ok(&[]),
        Node::Scalar(_) | Node::Mapping(_) => {
            Err("it wants an element of what is no list".to_owned())
        }
    }
}

/// The value at the end of a path; none if there is none, a reason if the path does not fit.
pub(super) fn lookup<'v>(value: &'v Value, path: &[Box<str>]) -> Result<Option<&'v Value>, String> {
    Ok(lookup_at(value, path)?.map(|(_, value)| value))
}

/// The value at the end of a path and its address.
pub(super) fn lookup_at<'v>(
    value: &'v Value,
    path: &[Box<str>],
) -> Result<Option<(Address, &'v Value)>, String> {
    let mut value = value;
    let mut address = Address::new();
    let parts = path.iter().map(|part| part.trim());
    for part in parts.filter(|part| !part.is_empty()) {
        let at = match read(part)? {
            Part::Index(index) => {
                elements(value)?;
                Some(index)
            }
            Part::Last => elements(value)?.len().checked_sub(1),
            Part::Every => return Err("a source cannot be every element of a list".to_owned()),
            Part::Element("", text) => elements(value)?
                .iter()
                .position(|item| plain_text(item) == Some(text)),
            Part::Element(key, text) => elements(value)?.iter().position(|item| {
                item.entry(key)
                    .is_some_and(|entry| plain_text(&entry.value) == Some(text))
            }),
            Part::Field(name) => field_position(value, name)?,
        };
        let next = match (at, &value.node) {
            (None, _) | (_, Node::Scalar(_)) => None,
            (Some(at), Node::Sequence(items)) => items.get(at).map(|item| (at, item)),
            (Some(at), Node::Mapping(mapping)) => {
                let entry = mapping.entries.get(at);
                entry.map(|entry| (at, &entry.value))
            }
        };
        let Some((at, next)) = next else {
            return Ok(None);
        };
        address.push(at);
        value = next;
    }
    Ok(Some((address, value)))
}

/// The position of a field in a mapping.
fn field_position(value: &Value, name: &str) -> Result<Option<usize>, String> {
    if value.is_null() {
        return Ok(None);
    }
    let Some(mapping) = value.as_mapping() else {
        return Err(format!("`{name}` is looked for in what is no mapping"));
    };
    let mut entries = mapping.entries.iter();
    Ok(entries.rposition(|entry| &*entry.key.value == name))
}

/// The text of a scalar, null included.
fn plain_text(value: &Value) -> Option<&str> {
    value.as_scalar().map(|scalar| &*scalar.text)
}

/// The positions of entries and elements on the way to a value.
pub(super) type Address = Vec<usize>;

/// What is made where a path leads nowhere.
#[derive(Clone, Copy, Debug)]
pub(super) struct Made {
    /// What stands at the end of the path.
    pub(super) leaf: Leaf,
    /// The place that it gets, and everything made on the way to it.
    pub(super) place: Place,
}

/// What kind of node is made at the end of a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    Scalar,
    Sequence,
    Mapping,
}

impl Leaf {
    /// What is made for a value that is to stand there.
    pub(super) fn of(value: &Value) -> Self {
        match value.node {
            Node::Scalar(_) => Self::Scalar,
            Node::Sequence(_) => Self::Sequence,
            Node::Mapping(_) => Self::Mapping,
        }
    }

    /// An empty one.
    fn node(self) -> Node {
        match self {
            Self::Scalar => scalar("", ScalarStyle::Plain),
            Self::Sequence => Node::Sequence(Sequence::default()),
            Self::Mapping => empty_mapping(),
        }
    }
}

/// The values at the end of a path, which may be several, and whether they were made for this.
pub(super) struct Search {
    /// What is made.
    pub(super) made: Option<Made>,
    /// What was found.
    pub(super) found: Vec<(Address, bool)>,
    at: Address,
}

impl Search {
    /// A search that may make what is missing.
    pub(super) fn new(made: Option<Made>) -> Self {
        Self {
            made,
            found: Vec::new(),
            at: Vec::new(),
        }
    }

    /// Goes on from a value; `is_new` says whether it was made on the way.
    pub(super) fn go(
        &mut self,
        value: &mut Value,
        path: &[Box<str>],
        is_new: bool,
    ) -> Result<(), String> {
        let Some((part, rest)) = path.split_first() else {
            self.found.push((self.at.clone(), is_new));
            return Ok(());
        };
        match read(part) {
            Ok(Part::Index(index)) => self.index(value, index, rest),
            Ok(Part::Element(key, text)) => self.elements(value, key, text, rest),
            Ok(Part::Every) => {
                elements(value)?;
                self.each(value, rest, |_| true)
            }
            Ok(Part::Last | Part::Field(_)) => self.field(value, part, rest),
            Err(_) if !part.starts_with('[') => self.field(value, part, rest),
            Err(reason) => Err(reason),
        }
    }

    /// Goes on with an element at a position; the one behind the last may be made.
    fn index(&mut self, value: &mut Value, index: usize, rest: &[Box<str>]) -> Result<(), String> {
        let count = elements(value)?.len();
        let is_new = index == count;
        if is_new && let Some(made) = self.made {
            let node = kind_before(rest, made.leaf).node();
            append(value, made.place, node);
        }
        let Node::Sequence(items) = &mut value.node else {
            return Err(format!("there is no element {index}"));
        };
        let Some(item) = items.get_mut(index) else {
            return Err(format!("there is no element {index}, only {count} of them"));
        };
        self.at.push(index);
        let result = self.go(item, rest, is_new);
        self.at.pop();
        result
    }

    /// Goes on with the elements that have a text; one may be made.
    fn elements(
        &mut self,
        value: &mut Value,
        key: &str,
        text: &str,
        rest: &[Box<str>],
    ) -> Result<(), String> {
        let pattern = Regex::new(text).map_err(|_| format!("`{text}` is no regular expression"))?;
        let found = self.found.len();
        elements(value)?;
        self.matching(value, key, &pattern, rest)?;
        let Some(made) = self.made.filter(|_| self.found.len() == found) else {
            return Ok(());
        };
        let chosen = Value {
            place: made.place,
            node: scalar(text, ScalarStyle::Plain),
        };
        let node = if key.is_empty() {
            chosen.node
        } else {
            crate::gitops::kustomize::field_spec::mapping(vec![MappingEntry {
                key: Spanned::new(key.into(), made.place),
                value: chosen,
            }])
        };
        append(value, made.place, node);
        self.matching(value, key, &pattern, rest)
    }

    /// Goes on with the elements that match.
    fn matching(
        &mut self,
        value: &mut Value,
        key: &str,
        pattern: &Regex,
        rest: &[Box<str>],
    ) -> Result<(), String> {
        if key.is_empty() {
            // What follows such a part counts for nothing.
            return self.each(value, &[], |item| pattern.is_match(&written(item)));
        }
        self.each(value, rest, |item| {
            item.entry(key)
                .is_some_and(|entry| pattern.is_match(&written(&entry.value)))
        })
    }

    /// Goes on with the elements that are wanted.
    fn each(
        &mut self,
        value: &mut Value,
        rest: &[Box<str>],
        is_wanted: impl Fn(&Value) -> bool,
    ) -> Result<(), String> {
        let Node::Sequence(items) = &mut value.node else {
            return Ok(());
        };
        for (index, item) in items.iter_mut().enumerate() {
            if is_wanted(item) {
                self.at.push(index);
                let result = self.go(item, rest, false);
                self.at.pop();
                result?;
            }
        }
        Ok(())
    }

    /// Goes on with a field, which may be made.
    fn field(&mut self, value: &mut Value, name: &str, rest: &[Box<str>]) -> Result<(), String> {
        if value.is_null() {
            let Some(_) = self.made else {
                return Ok(());
            };
            value.node = empty_mapping();
        }
        if value.as_mapping().is_none() {
            return Err(format!("`{name}` is looked for in what is no mapping"));
        }
        let mut is_new = false;
        if entry_mut(value, name).is_none() {
            let Some(made) = self.made else {
                return Ok(());
            };
            let new = Value {
                place: made.place,
                node: kind_before(rest, made.leaf).node(),
            };
            let key = Spanned::new(name.into(), made.place);
            crate::gitops::kustomize::field_spec::set_entry(value, key, new);
            is_new = true;
        }
        let Node::Mapping(mapping) = &mut value.node else {
            return Ok(());
        };
        let entries = &mut mapping.entries;
        let Some(index) = entries.iter().rposition(|entry| &*entry.key.value == name) else {
            return Ok(());
        };
        let Some(entry) = entries.get_mut(index) else {
            return Ok(());
        };
        let is_text = entry.value.as_text().is_some();
        if is_text && !is_new && !rest.is_empty() {
            return Err(format!("`{name}` is a scalar, with nothing below it"));
        }
        self.at.push(index);
        let result = self.go(&mut entry.value, rest, is_new);
        self.at.pop();
        result
    }
}

/// The kind of node that is made where a path goes on like this.
fn kind_before(rest: &[Box<str>], leaf: Leaf) -> Leaf {
    match rest.first() {
        None => leaf,
        Some(part) if part.is_empty() => leaf,
        Some(part) if part.starts_with('[') && part.ends_with(']') => Leaf::Sequence,
        Some(part) if part.parse::<u32>().is_ok() => Leaf::Sequence,
        Some(_) => Leaf::Mapping,
    }
}

/// Appends an element to a list.
fn append(value: &mut Value, place: Place, node: Node) {
    if value.is_null() {
        value.node = Node::Sequence(Sequence::default());
    }
    if let Node::Sequence(items) = &mut value.node {
        items.push(Value { place, node });
    }
}

/// A value as kustomize would write it, to be matched: strings with their quotes.
fn written(value: &Value) -> String {
    match value.as_scalar() {
        Some(scalar) if scalar.style == ScalarStyle::Quoted => format!("\"{}\"", scalar.text),
        Some(scalar) => scalar.text.trim().to_owned(),
        None => String::new(),
    }
}

/// The value at an address.
pub(super) fn get_mut<'v>(value: &'v mut Value, address: &[usize]) -> Option<&'v mut Value> {
    let mut value = value;
    for &index in address {
        value = match &mut value.node {
            Node::Mapping(mapping) => &mut mapping.entries.get_mut(index)?.value,
            Node::Sequence(items) => items.get_mut(index)?,
            Node::Scalar(_) => return None,
        };
    }
    Some(value)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::root;

    #[test]
    fn brackets_keep_dots_together() {
        for (path, expected) in [
            ("metadata.name", vec!["metadata", "name"]),
            (
                r"metadata.annotations.a\.b/c",
                vec!["metadata", "annotations", "a.b/c"],
            ),
            (
                "metadata.annotations.[a.b/c]",
                vec!["metadata", "annotations", "a.b/c"],
            ),
            ("a.[name=x.y].b", vec!["a", "[name=x.y]", "b"]),
            ("a.[name=x].b", vec!["a", "[name=x]", "b"]),
        ] {
            let parts = split(path);
            assert_eq!(
                parts.iter().map(|part| &**part).collect::<Vec<_>>(),
                expected
            );
        }
    }

    #[test]
    fn a_source_is_one_value() {
        let value = root("{a: [{name: x, v: 1}, {name: xy, v: 2}], b: [p, q], c: text}");
        let text = |path: &str| {
            let found = lookup(&value, &split(path));
            found.map(|found| found.and_then(Value::as_text).map(str::to_owned))
        };
        for (path, expected) in [
            ("a.[name=xy].v", Some("2")),
            ("a.0.v", Some("1")),
            ("a.-.v", Some("2")),
            ("b.[=q]", Some("q")),
            ("b.7", None),
            ("d.e", None),
        ] {
            assert_eq!(text(path).expect(path).as_deref(), expected, "{path}");
        }
        for path in ["b.*", "c.d", "a.[name]", "c.0"] {
            assert!(text(path).is_err(), "{path}");
        }
    }

    fn found(path: &str, object: &str, creates: bool) -> Result<usize, String> {
        let mut value = root(object);
        let made = Made {
            leaf: Leaf::Scalar,
            place: value.place,
        };
        let mut search = Search::new(creates.then_some(made));
        search.go(&mut value, &split(path), false)?;
        for (address, _) in &search.found {
            assert!(get_mut(&mut value, address).is_some(), "{path}");
        }
        Ok(search.found.len())
    }

    #[test]
    fn a_target_may_be_several_values() {
        let object = "{a: [{name: x, v: 1}, {name: xy, v: 2}], b: [p, q], c: text}";
        for (path, creates, expected) in [
            ("a.*.v", false, 2),
            ("a.[name=x].v", false, 2),
            ("a.[name=^x$].v", false, 1),
            ("b.[=q]", false, 1),
            ("b.*", false, 2),
            ("d.e", false, 0),
            ("d.e", true, 1),
            ("a.2.v", true, 1),
            ("a.[name=z].v", true, 1),
            ("d.0.e", true, 1),
        ] {
            assert_eq!(found(path, object, creates), Ok(expected), "{path}");
        }
        for path in ["a.7.v", "c.d", "a.[name=(].v", "c.*"] {
            assert!(found(path, object, false).is_err(), "{path}");
        }
    }
}
