//! How a patch is applied to the objects that it is meant for.

use crate::gitops::kustomize::json_patch;
use crate::gitops::kustomize::marks::{Marks, Refusal};
use crate::gitops::kustomize::merge;
use crate::gitops::kustomize::resource::{PatchedBy, Resource, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::gitops::{AppliedPatch, PatchTarget};
use crate::source::{Cause, Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Value};

/// What of an object a patch may change besides its fields.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Options {
    pub(super) allow_name_change: bool,
    pub(super) allow_kind_change: bool,
}

/// An object that a patch applies to.
pub(super) struct Hit {
    /// Its position among the resources; it may be gone.
    position: usize,
    target: PatchTarget,
}

/// Applies a strategic merge patch to objects at some positions.
pub(super) fn merge_into(
    patch: &Value,
    positions: &[usize],
    options: Options,
    resources: &mut ResourceMap,
    targets: &mut Vec<Hit>,
    step: &mut Step<'_, '_>,
    via: Option<Place>,
) -> Result<(), Refusal> {
    let mut gone = Vec::new();
    let mut result = Ok(());
    let mut marks = Marks::new(step, Cause::StrategicMergePatch, via);
    for &position in positions {
        let Some(resource) = resources.resources.get_mut(position) else {
            continue;
        };
        let before = kept(&resource.value);
        match merge_one(patch, options, resource, &mut marks) {
            Ok(is_left) => {
                if !is_left {
                    gone.push(position);
                }
                let after = before
                    .is_some()
                    .then(|| is_left.then(|| resource.value.clone()));
                targets.push(hit(position, before, after.flatten(), false));
            }
            Err(refusal) => result = result.and(Err(refusal)),
        }
    }
    for position in gone.into_iter().rev() {
        remove(position, resources, targets);
    }
    result
}

/// Applies a strategic merge patch to one object; says whether anything is left of it.
fn merge_one(
    patch: &Value,
    options: Options,
    resource: &mut Resource,
    marks: &mut Marks<'_, '_, '_>,
) -> Result<bool, Refusal> {
    if options.allow_name_change || options.allow_kind_change {
        resource.remember_id();
    }
    let object = resource.value.clone();
    let api_version = object.entry("apiVersion").cloned();
    let kind = object.entry("kind").cloned();
    let metadata = |key: &str| object.get("metadata").and_then(|it| it.entry(key)).cloned();
    let (name, namespace) = (metadata("name"), metadata("namespace"));
    let Some(mut merged) = merge::merge(object, patch.clone(), marks)? else {
        return Ok(false);
    };
    if merged.entries().is_empty() {
        return Ok(false);
    }
    restore(&mut merged, "apiVersion", api_version);
    if !options.allow_kind_change {
        restore(&mut merged, "kind", kind);
    }
    if let Some(metadata) = metadata_mut(&mut merged) {
        if !options.allow_name_change {
            restore(metadata, "name", name);
        }
        restore(metadata, "namespace", namespace);
    }
    resource.value = merged;
    Ok(true)
}

/// Applies a JSON patch to objects at some positions.
pub(super) fn json_into(
    operations: &Value,
    positions: &[usize],
    remembers: bool,
    resources: &mut ResourceMap,
    targets: &mut Vec<Hit>,
    step: &mut Step<'_, '_>,
    via: Option<Place>,
) -> Result<(), Refusal> {
    let mut marks = Marks::new(step, Cause::JsonPatch, via);
    let mut result = Ok(());
    for &position in positions {
        let Some(resource) = resources.resources.get_mut(position) else {
            continue;
        };
        let before = kept(&resource.value);
        let mut value = resource.value.clone();
        if remembers {
            resource.remember_id();
        }
        // kustomize keeps its notes about an object in annotations, so that a patch can count on them.
        let has_notes = !resource.previous_ids.is_empty();
        if has_notes && let Some(metadata) = metadata_mut(&mut value) {
            let place = metadata.place;
            field_mut(metadata, "annotations", place);
        }
        let applied = json_patch::apply(operations.items(), &mut value, &mut marks);
        match applied.and_then(|()| identified(&value, operations)) {
            Ok(()) => {
                if has_notes && let Some(metadata) = metadata_mut(&mut value) {
                    drop_empty(metadata, "annotations");
                }
                resource.value = value;
                let after = before.is_some().then(|| resource.value.clone());
                targets.push(hit(position, before, after, true));
            }
            Err(refusal) => result = result.and(Err(refusal)),
        }
    }
    result
}

/// Refuses an object that a JSON patch leaves without a kind or a name.
fn identified(object: &Value, operations: &Value) -> Result<(), Refusal> {
    for (what, keys) in [("kind", &["kind"][..]), ("name", &["metadata", "name"])] {
        let field = object.at(keys).and_then(Value::as_text);
        if field.is_none_or(str::is_empty) {
            let message = format!("this patch leaves an object without a {what}");
            return Err(Refusal::new(operations.place, message));
        }
    }
    Ok(())
}

/// Puts an entry back as it was, or removes what was not there.
fn restore(value: &mut Value, key: &str, entry: Option<MappingEntry>) {
    let Node::Mapping(mapping) = &mut value.node else {
        return;
    };
    let at = mapping
        .entries
        .iter()
        .position(|entry| &*entry.key.value == key);
    match (at, entry) {
        (Some(at), Some(entry)) => {
            if let Some(slot) = mapping.entries.get_mut(at) {
                *slot = entry;
            }
        }
        (Some(at), None) => {
            mapping.entries.remove(at);
        }
        (None, Some(entry)) => {
            mapping
                .removed
                .retain(|removed| &*removed.entry.key.value != key);
            mapping.entries.push(entry);
        }
        (None, None) => {}
    }
}

/// The metadata of an object, made where there is none.
fn metadata_mut(object: &mut Value) -> Option<&mut Value> {
    let place = object.place;
    field_mut(object, "metadata", place)
}

/// A field of a mapping, made where it is not there; none for anything else.
fn field_mut<'v>(value: &'v mut Value, key: &str, place: Place) -> Option<&'v mut Value> {
    let Node::Mapping(mapping) = &mut value.node else {
        return None;
    };
    let is_meant = |entry: &MappingEntry| &*entry.key.value == key;
    if !mapping.entries.iter().any(is_meant) {
        mapping.entries.push(MappingEntry {
            key: Spanned::new(key.into(), place),
            value: Value {
                place,
                node: Node::Mapping(Mapping::default()),
            },
        });
    }
    let mut entries = mapping.entries.iter_mut().rev();
    entries
        .find(|entry| is_meant(entry))
        .map(|entry| &mut entry.value)
}

/// Removes a field with an empty mapping.
fn drop_empty(value: &mut Value, key: &str) {
    if let Node::Mapping(mapping) = &mut value.node {
        mapping.entries.retain(|entry| {
            let inner = entry.value.as_mapping();
            &*entry.key.value != key || inner.is_none_or(|inner| !inner.entries.is_empty())
        });
    }
}

/// The object before a patch, if it is of a kind for which that is kept.
fn kept(value: &Value) -> Option<Value> {
    let api_version = value.get("apiVersion").and_then(Value::as_text)?;
    let group = api_version.split('/').next().unwrap_or_default();
    group.ends_with("istio.io").then(|| value.clone())
}

/// An object that a patch was applied to.
fn hit(position: usize, before: Option<Value>, after: Option<Value>, by_operations: bool) -> Hit {
    Hit {
        position,
        target: PatchTarget {
            object: None,
            before,
            after,
            by_operations,
        },
    }
}

/// Removes an object that a patch deletes.
fn remove(position: usize, resources: &mut ResourceMap, targets: &mut [Hit]) {
    resources.resources.remove(position);
    for hit in targets {
        if hit.position == position {
            hit.position = usize::MAX;
        } else if hit.position > position && hit.position != usize::MAX {
            hit.position -= 1;
        }
    }
}

/// Remembers a patch and the objects that it was applied to.
pub(super) fn record(
    place: Place,
    hits: Vec<Hit>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let patch = step.patches.len();
    for (target, hit) in hits.iter().enumerate() {
        if let Some(resource) = resources.resources.get_mut(hit.position) {
            resource.patches.push(PatchedBy { patch, target });
        }
    }
    step.patches.push(AppliedPatch {
        place,
        is_of_component: step.is_component,
        targets: hits.into_iter().map(|hit| hit.target).collect(),
    });
}
