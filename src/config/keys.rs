//! Keys that a config file cannot have, wherever they are written.

use serde_json::Value as Json;

use super::schema::schema;
use crate::rule::nearest;
use crate::yaml::Value;

/// A key that does not exist where it is written.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct UnknownKey {
    /// The key.
    pub(super) key: String,
    /// The nearest that exists there.
    pub(super) suggestion: Option<String>,
    /// All that exist there.
    pub(super) known: Vec<String>,
    /// The bytes of the key.
    pub(super) span: (u32, u32),
}

/// The key under which the names of rules are keys. A name that no rule has is told with all other such names.
const RULES: &str = "rules";

/// The first key that does not exist. The schema says which do, so that the two cannot disagree.
pub(super) fn unknown(root: &Value) -> Option<UnknownKey> {
    let schema = schema().to_value();
    unknown_in(root, &schema, &schema)
}

/// The first key below a value that its schema does not have.
fn unknown_in(value: &Value, schema: &Json, root: &Json) -> Option<UnknownKey> {
    // What has the wrong type is told when it is read.
    let schema = shape(schema, value, root)?;
    if let Some(items) = schema.get("items") {
        let mut elements = value.items().iter();
        return elements.find_map(|element| unknown_in(element, items, root));
    }
    let properties = schema.get("properties").and_then(Json::as_object);
    let others = schema.get("additionalProperties");
    value.entries().iter().find_map(|entry| {
        let key = &*entry.key.value;
        if let Some(property) = properties.and_then(|properties| properties.get(key)) {
            if key == RULES {
                return unknown_setting(&entry.value, property, root);
            }
            return unknown_in(&entry.value, property, root);
        }
        match others {
            Some(Json::Bool(false)) => {
                let known: Vec<String> = properties
                    .into_iter()
                    .flat_map(|properties| properties.keys().cloned())
                    .collect();
                let suggestion = nearest(key, known.iter().map(String::as_str));
                let span = entry.key.place.span;
                Some(UnknownKey {
                    key: key.to_owned(),
                    suggestion: suggestion.map(str::to_owned),
                    known,
                    span: (span.start, span.end),
                })
            }
            Some(others) => unknown_in(&entry.value, others, root),
            None => None,
        }
    })
}

/// The first key among the settings of rules that their rule does not have.
fn unknown_setting(rules: &Value, schema: &Json, root: &Json) -> Option<UnknownKey> {
    rules.entries().iter().find_map(|entry| {
        let of_rule = schema.get("properties")?.get(&*entry.key.value)?;
        unknown_in(&entry.value, of_rule, root)
    })
}

/// The part of a schema that is about values of this shape: references followed, alternatives chosen.
fn shape<'s>(schema: &'s Json, value: &Value, root: &'s Json) -> Option<&'s Json> {
    if let Some(reference) = schema.get("$ref").and_then(Json::as_str) {
        let target = root.pointer(reference.trim_start_matches('#'))?;
        return shape(target, value, root);
    }
    for alternatives in ["anyOf", "allOf"] {
        let of_both = schema.get(alternatives).and_then(Json::as_array);
        let mut alternatives = of_both.into_iter().flatten();
        if let Some(found) = alternatives.find_map(|one| shape(one, value, root)) {
            return Some(found);
        }
    }
    let key = if value.as_mapping().is_some() {
        ["properties", "additionalProperties"]
    } else {
        ["items", "items"]
    };
    let fits = key.iter().any(|key| schema.get(key).is_some());
    fits.then_some(schema)
}
