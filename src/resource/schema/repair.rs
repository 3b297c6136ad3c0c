//! What to write instead of a key or value, where that can be said.

use super::Schema;
use super::fit::fits_leaf;
use super::text::without_invisible;
use crate::resource::problem::Replacement;
use crate::resource::wording::nearest_value;
use crate::source::Place;
use crate::yaml::{MappingEntry, Node, Scalar, ScalarStyle, Value};

/// What to write instead of a value: the nearest value of an enum, or the same with or without quotes.
pub(super) fn repaired(value: &Value, schema: &Schema) -> Option<Replacement> {
    let scalar = value.as_scalar()?;
    if let (Schema::Enum(names), Some(text)) = (schema, value.as_str()) {
        return replace_text(value, nearest_value(text, names)?);
    }
    let other = match scalar.style {
        ScalarStyle::Plain => ScalarStyle::Quoted,
        ScalarStyle::Quoted => ScalarStyle::Plain,
        ScalarStyle::Block => return None,
    };
    let requoted = Value {
        place: value.place,
        node: Node::Scalar(Scalar {
            text: scalar.text.clone(),
            style: other,
        }),
    };
    let is_repair = !requoted.is_null() && fits_leaf(&requoted, schema);
    is_repair.then(|| {
        replacement(
            value.place,
            &scalar.text,
            other == ScalarStyle::Quoted,
            &scalar.text,
        )
    })?
}

/// A value with another text, in quotes if it is.
pub(super) fn replace_text(value: &Value, text: &str) -> Option<Replacement> {
    let scalar = value.as_scalar()?;
    let is_quoted = match scalar.style {
        ScalarStyle::Plain => false,
        ScalarStyle::Quoted => true,
        ScalarStyle::Block => return None,
    };
    replacement(value.place, &scalar.text, is_quoted, text)
}

/// A key without the characters that cannot be seen.
pub(super) fn visible_key(entry: &MappingEntry) -> Option<Replacement> {
    replace_key(entry, &without_invisible(&entry.key.value))
}

/// A key with another text, in quotes if it is.
pub(super) fn replace_key(entry: &MappingEntry, text: &str) -> Option<Replacement> {
    let key = &entry.key;
    let is_quoted = key.place.span.range().len() != key.value.len();
    replacement(key.place, &key.value, is_quoted, text)
}

/// A replacement of a text of one line that is written as it is, give or take its quotes.
fn replacement(place: Place, written: &str, is_quoted: bool, text: &str) -> Option<Replacement> {
    let length = place.span.range().len();
    let is_as_written = length == written.len() || length == written.len() + 2;
    let is_plain = |c: char| !c.is_control() && !matches!(c, '"' | '\\');
    (is_as_written && !text.is_empty() && text.chars().all(is_plain)).then(|| Replacement {
        place,
        text: if is_quoted {
            format!("\"{text}\"")
        } else {
            text.to_owned()
        },
    })
}
