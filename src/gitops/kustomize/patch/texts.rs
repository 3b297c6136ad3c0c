//! Labels and annotations as texts, which kustomize makes of them at times.

use crate::yaml::{Node, ScalarStyle, Value};

/// A patch with texts as labels and annotations: kustomize makes texts of them where an entry has a target, so that null
/// removes nothing there.
pub(super) fn set_texts(mut patch: Value) -> Value {
    for key in ["labels", "annotations"] {
        set_texts_of(&mut patch, key);
    }
    // Neither does the version of the patch matter there.
    if let Node::Mapping(root) = &mut patch.node {
        root.entries
            .retain(|entry| &*entry.key.value != "apiVersion");
    }
    patch
}

/// Makes texts of the annotations of an object, and removes them if there are none, as kustomize does in the end.
pub(in crate::gitops::kustomize) fn tidy_annotations(object: &mut Value) {
    set_texts_of(object, "annotations");
}

/// Makes texts of the values of a mapping in the metadata, or removes it if it is empty.
fn set_texts_of(object: &mut Value, key: &str) {
    let Node::Mapping(root) = &mut object.node else {
        return;
    };
    let mut entries = root.entries.iter_mut();
    let metadata = entries.find(|entry| &*entry.key.value == "metadata");
    let Some(Node::Mapping(metadata)) = metadata.map(|entry| &mut entry.value.node) else {
        return;
    };
    metadata.entries.retain(|entry| {
        let is_map_or_null = entry.value.as_mapping().is_some() || entry.value.is_null();
        &*entry.key.value != key || !is_map_or_null || !entry.value.entries().is_empty()
    });
    for entry in &mut metadata.entries {
        if &*entry.key.value == key
            && let Node::Mapping(texts) = &mut entry.value.node
        {
            for entry in &mut texts.entries {
                set_text(&mut entry.value);
            }
        }
    }
}

/// Makes a text of a scalar.
fn set_text(value: &mut Value) {
    if let Node::Scalar(scalar) = &mut value.node
        && scalar.style == ScalarStyle::Plain
    {
        scalar.style = ScalarStyle::Quoted;
    }
}
