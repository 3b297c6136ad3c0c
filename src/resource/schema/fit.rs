//! Whether a value fits a schema, and what is wrong with one that does not.

use super::Schema;
use super::limit::keeps_to;
use super::text::{is_duration, is_placeholder, is_visible};
use crate::resource::problem::ProblemKind;
use crate::resource::wording::{describe, not_one_of, quote};
use crate::yaml::Value;

/// Whether a value fits a schema, all that is below it included.
pub(super) fn fits(value: &Value, schema: &Schema) -> bool {
    match schema {
        Schema::List(items) => value
            .as_sequence()
            .is_some_and(|list| list.iter().all(|item| fits(item, items))),
        Schema::Map(values) => value.as_mapping().is_some_and(|mapping| {
            mapping.entries.iter().all(|entry| {
                is_visible(&entry.key.value)
                    && !is_placeholder(&entry.key.value)
                    && (entry.value.is_null() || fits(&entry.value, values))
            })
        }),
        Schema::Object(fields) => value.as_mapping().is_some_and(|mapping| {
            mapping.entries.iter().all(|entry| {
                let key = &*entry.key.value;
                let index = fields.binary_search_by(|field| field.name.cmp(key));
                let field = index.ok().and_then(|index| fields.get(index));
                field
                    .is_some_and(|field| entry.value.is_null() || fits(&entry.value, &field.schema))
            })
        }),
        Schema::Limited(inner, limits) => fits(value, inner) && keeps_to(value, inner, limits),
        Schema::Any
        | Schema::Boolean
        | Schema::Integer(..)
        | Schema::Number(..)
        | Schema::Text
        | Schema::Name
        | Schema::LooseName
        | Schema::Duration
        | Schema::Enum(_) => fits_leaf(value, schema),
    }
}

/// Whether a value fits a schema without children; nothing fits one with children here.
pub(super) fn fits_leaf(value: &Value, schema: &Schema) -> bool {
    match schema {
        Schema::Any => true,
        Schema::Boolean => value.as_bool().is_some(),
        Schema::Integer(low, high) => value
            .as_integer()
            .is_some_and(|number| (low..=high).contains(&&number)),
        Schema::Number(low, high) => {
            describe(value) == "a number"
                && number(value).is_none_or(|number| (low..=high).contains(&&number))
        }
        Schema::Text => value.as_str().is_some(),
        Schema::Name => value.as_str().is_some_and(is_visible),
        Schema::LooseName => value.as_text().is_some_and(is_visible),
        Schema::Duration => value.as_str().is_some_and(is_duration),
        Schema::Enum(names) => value.as_str().is_some_and(|text| names.contains(&text)),
        Schema::Limited(inner, limits) => fits_leaf(value, inner) && keeps_to(value, inner, limits),
        Schema::List(_) | Schema::Map(_) | Schema::Object(_) => false,
    }
}

/// Whether a schema is of texts in which every character should be seen.
pub(super) fn is_text(schema: &Schema) -> bool {
    match schema {
        Schema::Name | Schema::LooseName | Schema::Duration | Schema::Enum(_) => true,
        Schema::Limited(inner, _) => is_text(inner),
        Schema::Any
        | Schema::Boolean
        | Schema::Integer(..)
        | Schema::Number(..)
        | Schema::Text
        | Schema::List(_)
        | Schema::Map(_)
        | Schema::Object(_) => false,
    }
}

/// A number with a fraction or without; none for one in a base that Rust does not read.
fn number(value: &Value) -> Option<f64> {
    value.as_text()?.parse().ok()
}

/// What is wrong with a value that does not fit.
pub(super) fn wrong(value: &Value, schema: &Schema) -> (ProblemKind, String) {
    out_of_range(value, schema)
        .map(|message| (ProblemKind::OutOfRange, message))
        .or_else(|| wrong_text(value, schema).map(|message| (ProblemKind::WrongValue, message)))
        .unwrap_or_else(|| {
            let message = format!("must be {}, not {}", expected(schema), describe(value));
            (ProblemKind::WrongType, message)
        })
}

/// That a number is too small or too large.
fn out_of_range(value: &Value, schema: &Schema) -> Option<String> {
    let limits = if let Schema::Integer(low, high) = schema
        && value.as_integer().is_some()
    {
        if *high == i64::MAX {
            format!("less than {low}")
        } else {
            format!("not between {low} and {high}")
        }
    } else if let Schema::Number(low, high) = schema
        && describe(value) == "a number"
    {
        if high.is_finite() {
            format!("not between {low} and {high}")
        } else {
            format!("less than {low}")
        }
    } else {
        return None;
    };
    Some(format!("{} is {limits}", quote(value.as_text()?)))
}

/// That a text is not of the form that it must have.
fn wrong_text(value: &Value, schema: &Schema) -> Option<String> {
    let text = value.as_str()?;
    if let Schema::Enum(names) = schema {
        return Some(not_one_of(text, "a value of this field", names));
    }
    matches!(schema, Schema::Duration)
        .then(|| format!("{} is not a duration such as `10s` or `1m30s`", quote(text)))
}

/// The type that a schema wants, in words.
fn expected(schema: &Schema) -> &'static str {
    match schema {
        Schema::Any => "anything",
        Schema::Boolean => "`true` or `false`",
        Schema::Integer(..) => "a whole number",
        Schema::Number(..) => "a number",
        Schema::Text | Schema::Name | Schema::LooseName | Schema::Enum(_) => "text",
        Schema::Duration => "a duration such as `10s`",
        Schema::List(_) => "a list",
        Schema::Map(_) | Schema::Object(_) => "a mapping",
        Schema::Limited(inner, _) => expected(inner),
    }
}
