//! Limits that a value has to keep beside its type: its size, and fields of which one alone may be given.

use super::Schema;
use super::text::is_placeholder;
use crate::diagnostic::counted;
use crate::yaml::{MappingEntry, Value};

/// A limit, as the schemas of `OpenAPI` know it.
pub(super) enum Limit {
    /// The least number of elements, entries or characters (`minItems`, `minProperties`, `minLength`).
    AtLeast(usize),
    /// The largest number of them (`maxItems`, `maxProperties`, `maxLength`).
    AtMost(usize),
    /// Fields of which one at most may be given (`oneOf`).
    OneOf(&'static [&'static str]),
}

/// How a value breaks a limit.
pub(super) struct Excess<'a> {
    /// In words.
    pub(super) message: String,
    /// The entry that is too many, if it is one.
    pub(super) entry: Option<&'a MappingEntry>,
}

/// Whether a value keeps to all limits.
pub(super) fn keeps_to(value: &Value, schema: &Schema, limits: &[Limit]) -> bool {
    limits
        .iter()
        .all(|limit| excess(value, schema, limit).is_none())
}

/// How a value breaks a limit; nothing is said about a value of another type than the schema's, nor about the size of a
/// text that is filled in later.
pub(super) fn excess<'a>(value: &'a Value, schema: &Schema, limit: &Limit) -> Option<Excess<'a>> {
    match limit {
        Limit::AtLeast(least) => {
            let size = Size::of(value, schema)?;
            (size.count < *least).then(|| size.excess(&format!("at least {least} must be given")))
        }
        Limit::AtMost(largest) => {
            let size = Size::of(value, schema)?;
            (size.count > *largest).then(|| size.excess(&format!("at most {largest} are allowed")))
        }
        Limit::OneOf(fields) => too_many(value, fields),
    }
}

/// That several of some fields are given. The last of them in the text is the one too many.
fn too_many<'a>(value: &'a Value, fields: &[&str]) -> Option<Excess<'a>> {
    let mut given: Vec<&MappingEntry> = fields
        .iter()
        .filter_map(|field| last_entry(value, field))
        .collect();
    if given.len() < 2 {
        return None;
    }
    given.sort_by_key(|entry| entry.key.place.span);
    let names: Vec<String> = given
        .iter()
        .map(|entry| format!("`{}`", entry.key.value))
        .collect();
    Some(Excess {
        message: format!("only one of {} may be given", names.join(", ")),
        entry: given.pop(),
    })
}

/// The entry of a field that has a value; of a key that is written twice the last one counts.
fn last_entry<'a>(value: &'a Value, field: &str) -> Option<&'a MappingEntry> {
    let mut entries = value.entries().iter().rev();
    let entry = entries.find(|entry| &*entry.key.value == field)?;
    (!entry.value.is_null()).then_some(entry)
}

/// How much of something a value holds.
struct Size {
    count: usize,
    unit: &'static str,
}

impl Size {
    fn of(value: &Value, schema: &Schema) -> Option<Self> {
        let size = |count, unit| Some(Self { count, unit });
        match schema.inner() {
            Schema::List(_) => size(value.as_sequence()?.len(), "element"),
            Schema::Map(_) => size(value.as_mapping()?.entries.len(), "entry"),
            _ => {
                let text = value.as_str().filter(|text| !is_placeholder(text))?;
                // In characters, as the API server counts, and not in bytes.
                size(text.chars().count(), "character")
            }
        }
    }

    fn excess<'a>(&self, limit: &str) -> Excess<'a> {
        Excess {
            message: format!("has {}, {limit}", counted(self.count, self.unit)),
            entry: None,
        }
    }
}
