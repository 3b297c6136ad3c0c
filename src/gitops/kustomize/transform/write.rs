//! Writing into trees, for all transformers.

use crate::source::{Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Value};

/// A string.
pub(in crate::gitops::kustomize) fn string(text: impl Into<Box<str>>, place: Place) -> Value {
    Value {
        place,
        node: Node::Scalar(Scalar {
            text: text.into(),
            style: ScalarStyle::Quoted,
        }),
    }
}

/// The value of a key, to change it.
pub(in crate::gitops::kustomize) fn child_mut<'v>(
    value: &'v mut Value,
    key: &str,
) -> Option<&'v mut Value> {
    let Node::Mapping(mapping) = &mut value.node else {
        return None;
    };
    let entry = mapping
        .entries
        .iter_mut()
        .rfind(|entry| &*entry.key.value == key)?;
    Some(&mut entry.value)
}

/// The mapping at a key, made if it is missing or null.
pub(in crate::gitops::kustomize) fn mapping_mut<'v>(
    value: &'v mut Value,
    key: &str,
    place: Place,
) -> Option<&'v mut Value> {
    let is_there = value.get(key).is_some();
    if !is_there {
        let made = Value {
            place,
            node: Node::Mapping(Mapping::default()),
        };
        set(value, Spanned::new(key.into(), place), made);
    }
    child_mut(value, key)
}

/// Sets a key of a mapping, at its place in the order if it is there; a null becomes a mapping with the key.
pub(in crate::gitops::kustomize) fn set(value: &mut Value, key: Spanned<Box<str>>, new: Value) {
    if value.is_null() {
        value.node = Node::Mapping(Mapping::default());
    }
    let Node::Mapping(mapping) = &mut value.node else {
        return;
    };
    let known = mapping
        .entries
        .iter_mut()
        .rfind(|entry| entry.key.value == key.value);
    match known {
        Some(entry) => entry.value = new,
        None => mapping.entries.push(MappingEntry { key, value: new }),
    }
}
