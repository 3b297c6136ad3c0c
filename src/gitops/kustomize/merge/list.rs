//! Lists in strategic merge patches.
//!
//! The elements of some lists of Kubernetes' own kinds have keys. What kustomize does with them is followed step by step,
//! oddities included: elements of the patch come first, and one whose key is missing can swallow others.

use super::{Directive, Merger, directive_entry, parse_directive, plain};
use crate::gitops::kustomize::kubernetes::{SCALARS, Schema};
use crate::gitops::kustomize::marks::Refusal;
use crate::source::{Place, Spanned};
use crate::yaml::{MappingEntry, Node, RemovedItem, Sequence, Value};

/// The values of the keys of an element; empty where one has none.
type KeyValues = Vec<Box<str>>;

impl Merger<'_, '_, '_, '_> {
    /// What becomes of a list.
    pub(super) fn walk_list(
        &mut self,
        base: Option<Value>,
        patch: Option<Value>,
        schema: &Schema,
    ) -> Result<Option<Value>, Refusal> {
        let previous = base.as_ref().map(|base| base.place);
        let Some(keys) = schema.keys.as_deref() else {
            let Some(mut patch) = patch else {
                return Ok(base);
            };
            if patch.is_null() {
                return Ok(None);
            }
            self.marks.mark(&mut patch, previous);
            self.bury_items(base, &mut patch);
            return Ok(Some(patch));
        };
        let Some(base) = base.filter(|base| !base.is_null()) else {
            let Some(patch) = patch else {
                return Ok(None);
            };
            return self.settle_list(patch, previous, keys, schema).map(Some);
        };
        let Some(mut patch) = patch else {
            return self.merge_elements(base, None, keys, schema).map(Some);
        };
        if patch.is_null() {
            return Ok(None);
        }
        match take_directive(&mut patch)? {
            Directive::Delete => Ok(None),
            Directive::Replace => {
                let mut replaced = self.settle_list(patch, previous, keys, schema)?;
                self.bury_items(Some(base), &mut replaced);
                Ok(Some(replaced))
            }
            Directive::Merge => self
                .merge_elements(base, Some(patch), keys, schema)
                .map(Some),
        }
    }

    /// Remembers what a list had that its replacement lacks.
    fn bury_items(&mut self, base: Option<Value>, replaced: &mut Value) {
        let place = replaced.place;
        if let Some(base) = base {
            self.marks.bury(base, replaced, place);
        }
    }

    /// A list of a patch as it is added: merged with itself.
    fn settle_list(
        &mut self,
        patch: Value,
        previous: Option<Place>,
        keys: &[&str],
        schema: &Schema,
    ) -> Result<Value, Refusal> {
        let itself = patch.clone();
        let mut settled = self.marks.quietly(|marks| {
            let mut merger = Merger { marks };
            merger.merge_elements(itself, Some(patch), keys, schema)
        })?;
        self.marks.mark(&mut settled, previous);
        Ok(settled)
    }

    /// Merges the elements of lists by their keys.
    fn merge_elements(
        &mut self,
        mut list: Value,
        patch: Option<Value>,
        keys: &[&str],
        schema: &Schema,
    ) -> Result<Value, Refusal> {
        let mut patch = patch.map_or_else(Vec::new, into_items);
        let Node::Sequence(base) = &mut list.node else {
            return Ok(list);
        };
        let mut removed = std::mem::take(&mut base.removed);
        let mut base = std::mem::take(&mut base.items);
        let mut all = all_key_values(&patch, &base, keys);
        if keys.len() > 1 {
            complete(&mut all);
        }
        let elements = schema.elements();
        let mut merged = Vec::new();
        let mut valid_keys = Vec::new();
        for values in &all {
            let (keys, values) = valid(&all, values, keys);
            if let Some(element) = self.merge_element(
                &mut base,
                &mut patch,
                &keys,
                &values,
                &elements,
                &mut removed,
            )? {
                set(&mut merged, &keys, &values, Some(&element));
            }
            valid_keys = keys;
        }
        if !all.is_empty() {
            base = append(merged, base, &valid_keys);
        }
        list.node = Node::Sequence(Sequence {
            items: base,
            removed,
        });
        Ok(list)
    }

    /// Merges the first elements with some keys; none if nothing is left of them, which then leaves the base too.
    fn merge_element(
        &mut self,
        base: &mut Vec<Value>,
        patch: &mut [Value],
        keys: &[&str],
        values: &[Box<str>],
        schema: &Schema,
        removed: &mut Vec<RemovedItem>,
    ) -> Result<Option<Value>, Refusal> {
        // An element is looked for by those keys that it has.
        let alone = [values.to_vec()];
        let (own_keys, own_values) = valid(&alone, values, keys);
        let find = |list: &[Value]| {
            list.iter()
                .position(|element| is_match(element, &own_keys, &own_values))
        };
        let at = find(base);
        let own = at.and_then(|at| base.get(at)).cloned();
        let found = find(patch).and_then(|at| patch.get_mut(at));
        let change = found.as_deref().cloned();
        let is_replaced = change.as_ref().is_some_and(|change| {
            directive_entry(change)
                .is_some_and(|entry| entry.value.as_text() == Some(Directive::REPLACE))
        });
        // A directive is obeyed once, even if the element is found by other keys again.
        if let Some(found) = found {
            super::take_directive(found)?;
        }
        let removal = change.as_ref().and_then(super::removal_place);
        let as_it_was = own.clone().zip(removal).filter(|_| !self.marks.is_quiet());
        let mut element = self.walk(own, change, schema)?;
        let is_gone = element.as_ref().is_none_or(is_empty);
        if is_gone {
            if let Some((item, place)) = as_it_was {
                let place = self.marks.changed(place, Some(item.place));
                removed.push(RemovedItem { item, place });
            }
            set(base, keys, values, None);
            return Ok(None);
        }
        if let Some(element) = &mut element {
            add_keys(element, keys, values);
            // kustomize changes the element of the base in place, other than one that is replaced, unless a patch is
            // merged with itself.
            if let Some(own) = at.and_then(|at| base.get_mut(at))
                && (!is_replaced || self.marks.is_quiet())
            {
                own.clone_from(element);
            }
        }
        Ok(element)
    }
}

/// The elements of a list.
fn into_items(list: Value) -> Vec<Value> {
    match list.node {
        Node::Sequence(items) => items.items,
        Node::Scalar(_) | Node::Mapping(_) => Vec::new(),
    }
}

/// Takes the directive out of a list: an element with nothing else in it.
fn take_directive(list: &mut Value) -> Result<Directive, Refusal> {
    let first = list
        .items()
        .iter()
        .find_map(|element| Some((element.entries().len(), directive_entry(element)?)));
    let Some((1, entry)) = first else {
        return Ok(Directive::Merge);
    };
    let directive = parse_directive(&entry.value)?;
    let text = Box::from(entry.value.as_text().unwrap_or_default());
    if let Node::Sequence(items) = &mut list.node {
        set(items, &[super::DIRECTIVE], &[text], None);
    }
    Ok(directive)
}

/// The values of the keys of all elements, those of the patch first, each once.
fn all_key_values(patch: &[Value], base: &[Value], keys: &[&str]) -> Vec<KeyValues> {
    let mut all: Vec<KeyValues> = Vec::new();
    for element in patch.iter().chain(base) {
        let values: KeyValues = keys.iter().map(|key| key_value(element, key)).collect();
        if !all.contains(&values) {
            all.push(values);
        }
    }
    all
}

/// The value of a key of an element; empty if it has none.
fn key_value(element: &Value, key: &str) -> Box<str> {
    let value = if key == SCALARS {
        element.as_text()
    } else {
        element.get(key).and_then(Value::as_text)
    };
    value.unwrap_or_default().into()
}

/// Completes the values of elements that are the same as far as both have keys.
fn complete(all: &mut [KeyValues]) {
    for one in 0..all.len() {
        for other in 0..all.len() {
            let pair = all.get(one).zip(all.get(other));
            let Some(values) = pair.and_then(|(one, other)| joined(one, other)) else {
                continue;
            };
            if let Some(slot) = all.get_mut(one) {
                slot.clone_from(&values);
            }
            if let Some(slot) = all.get_mut(other) {
                *slot = values;
            }
        }
    }
}

/// The values of two elements joined, if they share one and contradict in none.
fn joined(one: &[Box<str>], other: &[Box<str>]) -> Option<KeyValues> {
    let mut is_shared = false;
    let mut values = Vec::with_capacity(one.len());
    for (one, other) in one.iter().zip(other) {
        if one == other {
            is_shared = true;
        } else if !one.is_empty() && !other.is_empty() {
            return None;
        }
        values.push(if one.is_empty() { other } else { one }.clone());
    }
    is_shared.then_some(values)
}

/// The keys that any element has, with the values of one.
fn valid<'k>(
    all: &[KeyValues],
    values: &[Box<str>],
    keys: &[&'k str],
) -> (Vec<&'k str>, KeyValues) {
    let is_used = |at: usize| {
        all.iter()
            .any(|values| values.get(at).is_some_and(|value| !value.is_empty()))
    };
    let used: Vec<usize> = (0..keys.len()).filter(|&at| is_used(at)).collect();
    if used.is_empty() {
        return (keys.to_vec(), values.to_vec());
    }
    let keys = used.iter().filter_map(|&at| keys.get(at)).copied();
    let values = used.iter().filter_map(|&at| values.get(at)).cloned();
    (keys.collect(), values.collect())
}

/// Whether an element has these values; an empty one stands for any.
fn is_match(element: &Value, keys: &[&str], values: &[Box<str>]) -> bool {
    let mut is_found = true;
    for (at, key) in keys.iter().enumerate() {
        // kustomize takes a key without a value for found if the key before it was.
        if let Some(value) = values.get(at) {
            is_found = has_key(element, key, value);
        } else if at == 0 {
            is_found = false;
        }
        if !is_found {
            return false;
        }
    }
    is_found
}

/// Whether an element has a key with a value, or with any value if that is empty.
fn has_key(element: &Value, key: &str, value: &str) -> bool {
    if key == SCALARS {
        return element.as_text().unwrap_or_default() == value;
    }
    element.entries().iter().any(|entry| {
        let text = entry.value.as_scalar().map_or("", |scalar| &*scalar.text);
        &*entry.key.value == key && (value.is_empty() || text == value)
    })
}

/// Replaces the elements with these keys, or adds one; without an element removes them.
fn set(list: &mut Vec<Value>, keys: &[&str], values: &[Box<str>], element: Option<&Value>) {
    let is_of_maps = keys.first().is_some_and(|key| *key != SCALARS)
        && values.first().is_some_and(|value| !value.is_empty());
    let mut is_set = false;
    let before = std::mem::take(list);
    for old in before {
        if is_empty(&old) {
            continue;
        }
        if is_of_maps && old.as_mapping().is_none() {
            list.push(old);
        } else if is_match(&old, keys, values) {
            is_set = true;
            list.extend(element.cloned());
        } else if !values.is_empty() {
            list.push(old);
        }
    }
    if let Some(element) = element
        && !is_set
    {
        list.push(element.clone());
    }
}

/// Adds the elements of the base behind those that are merged; those that are among them stay where they are.
fn append(mut merged: Vec<Value>, base: Vec<Value>, keys: &[&str]) -> Vec<Value> {
    for element in base {
        if keys.first() == Some(&SCALARS) {
            let value = key_value(&element, SCALARS);
            set(&mut merged, &[SCALARS], &[value], Some(&element));
            continue;
        }
        let mut values = Vec::new();
        for key in keys {
            match element.entry(key).map(|entry| &entry.value) {
                Some(value) => {
                    let text = value.as_scalar().map_or("", |scalar| &*scalar.text);
                    values.push(Box::from(text));
                }
                None => merged.push(element.clone()),
            }
        }
        if keys.len() > 1 {
            set(&mut merged, keys, &values, None);
        }
        set(&mut merged, keys, &values, Some(&element));
    }
    merged
}

/// Whether nothing is in a value.
fn is_empty(value: &Value) -> bool {
    value.is_null()
        || value
            .as_mapping()
            .is_some_and(|mapping| mapping.entries.is_empty())
}

/// Adds keys to an element that it was found by and does not have.
fn add_keys(element: &mut Value, keys: &[&str], values: &[Box<str>]) {
    let place = element.place;
    let Node::Mapping(mapping) = &mut element.node else {
        return;
    };
    for (key, value) in keys.iter().zip(values) {
        let is_there = mapping
            .entries
            .iter()
            .any(|entry| &*entry.key.value == *key);
        if !is_there && !value.is_empty() {
            mapping.entries.push(MappingEntry {
                key: Spanned::new((*key).into(), place),
                value: Value {
                    place,
                    node: plain(value),
                },
            });
        }
    }
}
