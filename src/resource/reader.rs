//! Reading fields: a cursor that knows its path, and the faults found on the way.
//!
//! Istio's own kinds are read strictly, as the API server checks them against their schemas. Kubernetes' kinds are read
//! loosely (the `loose_…` methods): whether they are valid is for other tools to say.

use rustc_hash::FxHashSet;

use super::problem::Effect;
use super::wording::{describe, element_name, not_one_of};
use super::{ExportTo, Labels, Selector};
use crate::source::{Place, Sources, Spanned};
use crate::yaml::{FieldPath, Mapping, Node, Value};

/// How many faults of one object are kept; the rest would say nothing new.
const MAX_FAULTS: usize = 20;

/// What decoding an object needs and finds.
#[derive(Debug, Default)]
pub(super) struct Context<'a> {
    /// The texts of the run; none where nothing can be embedded.
    pub(super) sources: Option<&'a Sources>,
    faults: Vec<Fault>,
}

/// Something wrong with a field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Fault {
    /// The field.
    pub(super) field: FieldPath,
    /// Where it is written; none where nothing but the object's name could be pointed at.
    pub(super) place: Option<Place>,
    /// What is wrong, without the field.
    pub(super) message: String,
    /// What comes of it.
    pub(super) effect: Effect,
}

impl<'a> Context<'a> {
    /// A context without faults.
    pub(super) fn new(sources: &'a Sources) -> Self {
        Self::resume(sources, Vec::new())
    }

    /// A context with the faults that were found so far.
    pub(super) fn resume(sources: &'a Sources, faults: Vec<Fault>) -> Self {
        Self {
            sources: Some(sources),
            faults,
        }
    }

    /// Notes a fault of a field, at the field's value or at what is written nearest to it. What a mapping lacks because
    /// something removed it is a fault of that.
    pub(super) fn fault(&mut self, field: &Field<'_>, message: impl Into<String>) {
        let place = field.removal().or_else(|| field.nearest_place());
        self.fault_at(field, place, message);
    }

    /// Notes a fault of a field at a place of its own.
    pub(super) fn fault_at(
        &mut self,
        field: &Field<'_>,
        place: Option<Place>,
        message: impl Into<String>,
    ) {
        self.push(field, place, message.into(), Effect::Refused);
    }

    /// Notes that a field has no effect, at its value; the object counts without it.
    pub(super) fn no_effect(&mut self, field: &Field<'_>, message: impl Into<String>) {
        self.push(
            field,
            field.nearest_place(),
            message.into(),
            Effect::Dropped,
        );
    }

    fn push(&mut self, field: &Field<'_>, place: Option<Place>, message: String, effect: Effect) {
        let fault = Fault {
            field: FieldPath::with_key(field.path(), field.key_path()),
            place,
            message,
            effect,
        };
        // Reading two fields of something that is no mapping finds the same fault twice.
        if self.faults.len() < MAX_FAULTS && !self.faults.contains(&fault) {
            self.faults.push(fault);
        }
    }

    /// The faults in the order in which they were found.
    pub(super) fn into_faults(self) -> Vec<Fault> {
        self.faults
    }
}

/// A field that may be absent: its value, its key and the way to it. Null is absent, as in protobuf.
#[derive(Clone, Copy, Debug)]
pub(super) struct Field<'a> {
    value: Option<&'a Value>,
    key: Option<Place>,
    parent: Option<&'a Field<'a>>,
    step: Step<'a>,
}

/// How a field is reached from its parent.
#[derive(Clone, Copy, Debug)]
enum Step<'a> {
    /// It is the document, or the document embedded in the parent.
    Root,
    /// By a key.
    Key(&'a str),
    /// By a position in a list.
    Index(usize),
}

impl<'a> Field<'a> {
    /// The root of a document.
    pub(super) fn root(value: &'a Value) -> Self {
        Self {
            value: Some(value),
            key: None,
            parent: None,
            step: Step::Root,
        }
    }

    /// The root of the document that a field holds as text; none for an empty text.
    pub(super) fn embedded(parent: &'a Field<'a>, value: Option<&'a Value>) -> Self {
        Self {
            value,
            key: parent.key,
            parent: Some(parent),
            step: Step::Root,
        }
    }

    /// The field below a key.
    pub(super) fn child<'s>(&'s self, key: &'s str) -> Field<'s> {
        let entry = self.value.and_then(|value| value.entry(key));
        Field {
            value: entry
                .map(|entry| &entry.value)
                .filter(|value| !value.is_null()),
            key: entry.map(|entry| entry.key.place),
            parent: Some(self),
            step: Step::Key(key),
        }
    }

    /// The value, unless it is absent or null.
    pub(super) fn value(&self) -> Option<&'a Value> {
        self.value
    }

    /// Whether it has a value.
    pub(super) fn is_present(&self) -> bool {
        self.value.is_some()
    }

    /// Whether its key is written, with or without a value.
    pub(super) fn is_written(&self) -> bool {
        self.key.is_some()
    }

    /// The place of the key, also where the value is null.
    pub(super) fn key_place(&self) -> Option<Place> {
        self.key
    }

    /// The place of the value.
    pub(super) fn value_place(&self) -> Option<Place> {
        self.value.map(|value| value.place)
    }

    /// The mapping, with a fault for anything else that is written.
    pub(super) fn mapping(&self, cx: &mut Context<'_>) -> Option<&'a Mapping> {
        self.typed("a mapping", Value::as_mapping, cx)
    }

    /// The elements of a list, with a fault for anything else that is written.
    pub(super) fn items<'s>(
        &'s self,
        cx: &mut Context<'_>,
    ) -> impl Iterator<Item = Field<'s>> + use<'s, 'a> {
        let items = self.typed("a list", Value::as_sequence, cx);
        items
            .unwrap_or_default()
            .iter()
            .enumerate()
            .map(move |(index, value)| Field {
                value: Some(value),
                key: None,
                parent: Some(self),
                step: Step::Index(index),
            })
    }

    /// What `read` makes of the elements of a list.
    pub(super) fn each<T>(
        &self,
        read: impl Fn(&Field<'_>, &mut Context<'_>) -> Option<T>,
        cx: &mut Context<'_>,
    ) -> Vec<T> {
        let items = self.items(cx);
        items.filter_map(|item| read(&item, cx)).collect()
    }

    /// The entries of a mapping in the order of the file, the last of each key, with a fault for anything else.
    pub(super) fn entries<'s>(
        &'s self,
        cx: &mut Context<'_>,
    ) -> Vec<(&'s Spanned<Box<str>>, Field<'s>)> {
        let entries = self
            .mapping(cx)
            .map_or(&[][..], |mapping| &mapping.entries[..]);
        let mut seen = FxHashSet::default();
        let mut last: Vec<_> = entries
            .iter()
            .rev()
            .filter(|entry| seen.insert(&entry.key.value))
            .map(|entry| {
                let field = Field {
                    value: Some(&entry.value).filter(|value| !value.is_null()),
                    key: Some(entry.key.place),
                    parent: Some(self),
                    step: Step::Key(&entry.key.value),
                };
                (&entry.key, field)
            })
            .collect();
        last.reverse();
        last
    }

    /// A string; an empty one is absent, as in protobuf.
    pub(super) fn text(&self, cx: &mut Context<'_>) -> Option<Spanned<Box<str>>> {
        self.any_text(cx).filter(|text| !text.value.is_empty())
    }

    /// A list of strings.
    pub(super) fn texts(&self, cx: &mut Context<'_>) -> Vec<Spanned<Box<str>>> {
        let items = self.items(cx);
        items.filter_map(|item| item.any_text(cx)).collect()
    }

    /// A boolean.
    pub(super) fn boolean(&self, cx: &mut Context<'_>) -> Option<Spanned<bool>> {
        let value = self.typed("`true` or `false`", Value::as_bool, cx)?;
        Some(Spanned::new(value, self.value_place()?))
    }

    /// A port number from 1 to 65535.
    pub(super) fn port(&self, cx: &mut Context<'_>) -> Option<Spanned<u16>> {
        let number = self.typed("a port number (1 to 65535)", Value::as_integer, cx)?;
        match u16::try_from(number) {
            Ok(port) if port != 0 => Some(Spanned::new(port, self.value_place()?)),
            Ok(_) | Err(_) => {
                cx.fault(
                    self,
                    format!("`{number}` is not a port number (1 to 65535)"),
                );
                None
            }
        }
    }

    /// A port number, where zero is the same as none.
    pub(super) fn port_or_zero(&self, cx: &mut Context<'_>) -> Option<u16> {
        if self.value.and_then(Value::as_integer) == Some(0) {
            return None;
        }
        self.port(cx).map(|port| port.value)
    }

    /// A value of an enum; `what` names the enum with its article, such as "a TLS mode".
    pub(super) fn choice<T: Copy>(
        &self,
        what: &str,
        values: &[(&str, T)],
        cx: &mut Context<'_>,
    ) -> Option<Spanned<T>> {
        let text = self.any_text(cx)?;
        let found = values.iter().find(|(name, _)| **name == *text.value);
        if let Some(&(_, value)) = found {
            return Some(Spanned::new(value, text.place));
        }
        let names: Vec<_> = values.iter().map(|&(name, _)| name).collect();
        cx.fault(self, not_one_of(&text.value, what, &names));
        None
    }

    /// A map of strings.
    pub(super) fn labels(&self, cx: &mut Context<'_>) -> Labels {
        let entries = self.entries(cx);
        let labels = entries.iter().filter_map(|(key, field)| {
            let value = match field.value {
                Some(_) => field.any_text(cx)?,
                None => Spanned::new("".into(), key.place),
            };
            Some((key.value.clone(), value))
        });
        Labels::new(labels.collect())
    }

    /// A map of labels to select by; none where there are no labels.
    pub(super) fn selector(&self, cx: &mut Context<'_>) -> Option<Selector> {
        let labels = self.labels(cx);
        let place = self.value_place()?;
        (!labels.is_empty()).then_some(Selector { labels, place })
    }

    /// A list of namespaces to export to; an empty one is absent.
    pub(super) fn export_to(&self, cx: &mut Context<'_>) -> Option<ExportTo> {
        let values = self.texts(cx);
        let place = self.value_place()?;
        (!values.is_empty()).then_some(ExportTo { values, place })
    }

    /// The text of any scalar.
    pub(super) fn loose_text(&self) -> Option<Spanned<Box<str>>> {
        self.value.and_then(Value::spanned_text)
    }

    /// A port number, in quotes or not; none for anything else.
    pub(super) fn loose_port(&self) -> Option<Spanned<u16>> {
        let value = self.value?;
        let number = match value.as_integer() {
            Some(number) => u16::try_from(number).ok(),
            None => value.as_text().and_then(|text| text.parse().ok()),
        };
        let port = number.filter(|&port| port != 0)?;
        Some(Spanned::new(port, value.place))
    }

    /// The scalars of a mapping as text.
    pub(super) fn loose_labels(&self) -> Labels {
        let entries = self.value.map_or(&[][..], Value::entries);
        let labels = entries.iter().filter_map(|entry| {
            let text = match &entry.value.node {
                Node::Scalar(_) => entry.value.as_text().unwrap_or_default(),
                Node::Sequence(_) | Node::Mapping(_) => return None,
            };
            let value = Spanned::new(text.into(), entry.value.place);
            Some((entry.key.value.clone(), value))
        });
        Labels::new(labels.collect())
    }

    /// A string, empty or not.
    fn any_text(&self, cx: &mut Context<'_>) -> Option<Spanned<Box<str>>> {
        let text = self.typed("text", Value::as_str, cx)?;
        Some(Spanned::new(text.into(), self.value_place()?))
    }

    /// The value as `read` takes it, with a fault where it is of another type or where its parent cannot have fields.
    fn typed<T>(
        &self,
        expected: &str,
        read: impl FnOnce(&'a Value) -> Option<T>,
        cx: &mut Context<'_>,
    ) -> Option<T> {
        let Some(value) = self.value else {
            self.check_parents(cx);
            return None;
        };
        let result = read(value);
        if result.is_none() {
            let found = describe(value);
            // A number or boolean where text is wanted only lacks quotes.
            let remedy = if expected == "text" && value.as_scalar().is_some() && !value.is_null() {
                "; put it in quotes"
            } else {
                ""
            };
            cx.fault(self, format!("must be {expected}, not {found}{remedy}"));
        }
        result
    }

    /// Notes a fault if the nearest parent with a value is something that cannot have fields.
    fn check_parents(&self, cx: &mut Context<'_>) {
        let mut field = self;
        while let Some(parent) = field.parent {
            if let Some(value) = parent.value {
                // An element of a list exists, and an embedded document is its own parent.
                if matches!(field.step, Step::Key(_)) && value.as_mapping().is_none() {
                    cx.fault(
                        parent,
                        format!("must be a mapping, not {}", describe(value)),
                    );
                }
                return;
            }
            field = parent;
        }
    }

    /// Where something was removed that the value lacks, or the value itself, or the nearest parent that is not there.
    fn removal(&self) -> Option<Place> {
        if let Some(value) = self.value {
            return value.removal(None);
        }
        let parent = self.parent?;
        match (parent.value, self.step) {
            (Some(value), Step::Key(key)) => value.removal(Some(key)),
            (Some(_), Step::Root | Step::Index(_)) => None,
            (None, _) => parent.removal(),
        }
    }

    /// Where the value is written, else its key, else the key of the nearest parent that is written.
    fn nearest_place(&self) -> Option<Place> {
        let own = self.value_place().filter(|_| self.parent.is_some());
        own.or_else(|| self.nearest_key())
    }

    /// The place of the nearest key on the way to the root; an element of a list counts with its value.
    fn nearest_key(&self) -> Option<Place> {
        let element = match self.step {
            Step::Index(_) => self.value_place(),
            Step::Root | Step::Key(_) => None,
        };
        self.key
            .or(element)
            .or_else(|| self.parent.and_then(Field::nearest_key))
    }

    /// The path from the root of the object.
    fn path(&self) -> String {
        self.joined(|_, index| index.to_string())
    }

    /// The same with the names of elements in place of their positions.
    fn key_path(&self) -> String {
        self.joined(|value, _| value.map_or_else(String::new, |value| element_name(value).into()))
    }

    fn joined(&self, element: fn(Option<&Value>, usize) -> String) -> String {
        let parent = self.parent.map(|parent| parent.joined(element));
        let parent = parent.unwrap_or_default();
        match self.step {
            Step::Root => parent,
            Step::Key(key) if parent.is_empty() => key.to_owned(),
            Step::Key(key) => format!("{parent}.{key}"),
            Step::Index(index) => format!("{parent}[{}]", element(self.value, index)),
        }
    }
}
