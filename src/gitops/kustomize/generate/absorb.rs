//! How what a generator makes meets what is there already.

use crate::gitops::kustomize::field_spec::{empty_mapping, entry_mut, set_entry, string};
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{Behavior, Resource, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::source::{Cause, Spanned};
use crate::yaml::{MappingEntry, Node, Value};

/// Adds an object that a generator made, or replaces or merges the one that is there.
pub(in crate::gitops::kustomize) fn absorb(
    made: Resource,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let id = made.id();
    let place = made.value.place;
    let mut found = resources
        .resources
        .iter_mut()
        .filter(|resource| resource.was_ever(|known| known.is_same(&id)));
    let (first, second) = (found.next(), found.next());
    match (first, second, made.behavior) {
        (None, _, Behavior::Replace | Behavior::Merge) => Err(Refusal::new(
            place,
            format!("{id} is not there to be merged or replaced"),
        )),
        (None, _, Behavior::Create | Behavior::Unspecified) => {
            resources.resources.push(made);
            Ok(())
        }
        (Some(_), Some(_), _) => Err(Refusal::new(
            place,
            format!("there are two objects that were {id}, to be merged or replaced"),
        )),
        (Some(_), None, Behavior::Create | Behavior::Unspecified) => {
            Err(Refusal::new(place, format!("{id} is there already"))
                .with_help("write `behavior: merge` or `behavior: replace`"))
        }
        (Some(old), None, Behavior::Replace) => {
            *old = replaced(old, made, step);
            Ok(())
        }
        (Some(old), None, Behavior::Merge) => {
            let mut merged = replaced(old, made, step);
            for field in ["data", "binaryData"] {
                merge_field(&old.value, &mut merged.value, field, step);
            }
            *old = merged;
            Ok(())
        }
    }
}

/// A new object with the identity of the old one, whose labels and annotations it takes over.
fn replaced(old: &Resource, made: Resource, step: &mut Step<'_, '_>) -> Resource {
    let mut new = Resource {
        previous_ids: old.previous_ids.clone(),
        name_prefixes: old.name_prefixes.clone(),
        name_suffixes: old.name_suffixes.clone(),
        needs_hash: old.needs_hash && made.needs_hash,
        behavior: old.behavior,
        patches: old.patches.clone(),
        variables: old.variables.clone(),
        ..made
    };
    let metadata = old.value.get("metadata");
    if let (Some(old), Some(new)) = (metadata, entry_mut(&mut new.value, "metadata")) {
        let new = &mut new.value;
        for field in ["labels", "annotations"] {
            merge_field(old, new, field, step);
        }
        for field in ["name", "namespace"] {
            take_over(old, new, field);
        }
    }
    new
}

/// Gives a mapping the field of an old one, or takes it away if that has none.
fn take_over(old: &Value, new: &mut Value, field: &str) {
    match old.entry(field) {
        Some(entry) => set_entry(new, entry.key.clone(), entry.value.clone()),
        None => {
            if let Node::Mapping(mapping) = &mut new.node {
                mapping.entries.retain(|entry| &*entry.key.value != field);
            }
        }
    }
}

/// Adds the texts that a mapping had under a field and that its successor lacks.
fn merge_field(old: &Value, new: &mut Value, field: &str, step: &mut Step<'_, '_>) {
    let Some(old) = old.get(field) else {
        return;
    };
    if old.entries().is_empty() {
        return;
    }
    if new.get(field).is_none() {
        let empty = Value {
            place: old.place,
            node: empty_mapping(),
        };
        set_entry(new, Spanned::new(field.into(), old.place), empty);
    }
    let Some(entry) = entry_mut(new, field) else {
        return;
    };
    let own = std::mem::replace(&mut entry.value.node, empty_mapping());
    for entry_of_old in old.entries() {
        let text = entry_of_old.value.as_scalar();
        let text = text.map_or("", |scalar| &*scalar.text);
        let value = string(text, entry_of_old.value.place);
        set_entry(&mut entry.value, entry_of_old.key.clone(), value);
    }
    if let Node::Mapping(own) = own {
        for MappingEntry { key, mut value } in own.entries {
            if let Some(known) = entry.value.entry(&key.value) {
                let via = step
                    .session
                    .origins
                    .change(value.place)
                    .and_then(|it| it.via);
                let previous = Some(known.value.place);
                value.place = step.changed(value.place, Cause::Generator, via, previous);
            }
            set_entry(&mut entry.value, key, value);
        }
    }
}
