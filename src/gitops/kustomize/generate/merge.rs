//! What becomes of a generated object where one of the same id is there already.

use crate::gitops::kustomize::resource::{Behavior, Resource, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::gitops::kustomize::transform::write::{mapping_mut, set};
use crate::source::{Place, Spanned};
use crate::yaml::{MappingEntry, Value};

/// Adds a generated object, or puts it in the place of the one that it replaces or is merged into.
pub(super) fn take(
    mut new: Resource,
    place: Place,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let id = new.id();
    let mut found = resources
        .resources
        .iter_mut()
        .filter(|resource| resource.was_ever(|known| known.is_same(&id)));
    let (first, second) = (found.next(), found.next());
    let Some(old) = first else {
        if matches!(new.behavior, Behavior::Merge | Behavior::Replace) {
            step.refuse(
                place,
                format!("there is no {id} to merge with or to replace"),
            );
            return;
        }
        resources.resources.push(new);
        return;
    };
    if second.is_some() {
        step.refuse(place, format!("there is more than one {id} to merge with"));
        return;
    }
    match new.behavior {
        Behavior::Replace => take_over(&mut new, old, place),
        Behavior::Merge => {
            take_over(&mut new, old, place);
            for key in ["data", "binaryData"] {
                underlay(&mut new.value, &old.value, &[key], place);
            }
        }
        Behavior::Unspecified | Behavior::Create => {
            step.problems.push(crate::gitops::Problem::Refused {
                place,
                message: format!("there is a {id} already"),
                help: Some("say `behavior: merge` or `behavior: replace`".into()),
            });
            return;
        }
    }
    *old = new;
}

/// Gives the new object the name and the marks of the old one, and what it was known by.
fn take_over(new: &mut Resource, old: &Resource, place: Place) {
    underlay(&mut new.value, &old.value, &["metadata", "labels"], place);
    underlay(
        &mut new.value,
        &old.value,
        &["metadata", "annotations"],
        place,
    );
    if let Some(metadata) = mapping_mut(&mut new.value, "metadata", place) {
        for key in ["name", "namespace"] {
            if let Some(value) = old.value.at(&["metadata", key]) {
                let key = Spanned::new(key.into(), value.place);
                set(metadata, key, value.clone());
            }
        }
    }
    new.previous_ids.clone_from(&old.previous_ids);
    new.name_prefixes.clone_from(&old.name_prefixes);
    new.name_suffixes.clone_from(&old.name_suffixes);
    new.patches.clone_from(&old.patches);
    new.needs_hash &= old.needs_hash;
}

/// Adds the keys of a mapping of the old object that the new one does not have.
fn underlay(new: &mut Value, old: &Value, keys: &[&str], place: Place) {
    let entries: &[MappingEntry] = old.at(keys).map_or(&[], Value::entries);
    if entries.is_empty() {
        return;
    }
    let target = keys
        .iter()
        .try_fold(new, |value, key| mapping_mut(value, key, place));
    let Some(target) = target else {
        return;
    };
    for entry in entries {
        if target.entry(&entry.key.value).is_none() {
            set(target, entry.key.clone(), entry.value.clone());
        }
    }
}
