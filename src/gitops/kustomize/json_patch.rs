//! JSON 6902 patches, as the library in kustomize applies them.

use std::mem;

use super::marks::{Marks, Refusal};
use crate::source::{Place, Spanned};
use crate::yaml::{MappingEntry, Node, Removed, RemovedItem, Scalar, ScalarStyle, Value};

/// Applies the operations of a patch in their order.
pub(super) fn apply(
    operations: &[Value],
    object: &mut Value,
    marks: &mut Marks<'_, '_, '_>,
) -> Result<(), Refusal> {
    for operation in operations {
        let mut run = Run { operation, marks };
        run.apply(object)?;
    }
    Ok(())
}

/// One operation at work.
struct Run<'o, 'm, 'a, 'b, 'f> {
    operation: &'o Value,
    marks: &'m mut Marks<'a, 'b, 'f>,
}

/// The last step of a path: what holds the value, and its key there.
struct Slot<'v> {
    parent: &'v mut Value,
    key: String,
}

impl Run<'_, '_, '_, '_, '_> {
    /// Does what the operation says.
    fn apply(&mut self, object: &mut Value) -> Result<(), Refusal> {
        let operation = self.operation.entry("op").map(|entry| &entry.value);
        match operation.and_then(Value::as_str) {
            Some("add") => {
                let value = self.value();
                self.add(object, value)
            }
            Some("remove") => self.remove(object, "path").map(drop),
            Some("replace") => self.replace(object),
            Some("move") => {
                let value = self.remove(object, "from")?;
                self.add(object, self.taken(value))
            }
            Some("copy") => {
                let value = self.get(object, "from")?;
                self.add(object, self.taken(value))
            }
            Some("test") => self.test(object),
            Some(other) => Err(self.refusal(format!("a JSON patch has no operation `{other}`"))),
            None => Err(self.refusal("an operation of a JSON patch needs an `op`")),
        }
    }

    /// The value of the operation; null without one.
    fn value(&self) -> Value {
        self.operation
            .entry("value")
            .map_or_else(|| null(self.operation.place), |entry| entry.value.clone())
    }

    /// A value that is moved or copied: it stands where the operation says so.
    fn taken(&self, mut value: Value) -> Value {
        let from = self.operation.entry("from");
        value.place.span = from
            .map_or(self.operation.place, |from| from.value.place)
            .span;
        value
    }

    /// The pointer under a key of the operation.
    fn pointer(&self, key: &str) -> Result<Spanned<Box<str>>, Refusal> {
        let found = self.operation.entry(key).map(|entry| &entry.value);
        found
            .filter(|value| value.as_str().is_some())
            .and_then(Value::spanned_text)
            .ok_or_else(|| self.refusal(format!("this operation of a JSON patch needs a `{key}`")))
    }

    /// Puts a value at the path.
    fn add(&mut self, object: &mut Value, value: Value) -> Result<(), Refusal> {
        let pointer = self.pointer("path")?;
        let Slot { parent, key } = slot(object, &pointer).ok_or_else(|| missing(&pointer))?;
        match &mut parent.node {
            Node::Mapping(_) => self.put(parent, &key, value, pointer.place),
            Node::Sequence(items) => {
                let at = if key == "-" {
                    items.len()
                } else {
                    index(&key, items.len() + 1).ok_or_else(|| no_index(&pointer))?
                };
                let mut value = value;
                self.marks.mark(&mut value, None);
                // An element that is moved within its list is not gone.
                items.removed.retain(|one| !one.item.is_equal(&value));
                items.insert(at, value);
            }
            Node::Scalar(_) => return Err(missing(&pointer)),
        }
        Ok(())
    }

    /// Puts a value under a key of a map, over what is there.
    fn put(&mut self, parent: &mut Value, key: &str, mut value: Value, path: Place) {
        let Node::Mapping(mapping) = &mut parent.node else {
            return;
        };
        let entries = mapping.entries.iter_mut().rev();
        let found = entries.into_iter().find(|entry| &*entry.key.value == key);
        self.marks
            .mark(&mut value, found.as_ref().map(|entry| entry.value.place));
        if let Some(entry) = found {
            let place = value.place;
            let old = mem::replace(&mut entry.value, value);
            self.marks.bury(old, &mut entry.value, place);
        } else {
            let mut place = path;
            self.marks.mark_key(&mut place);
            mapping.entries.push(MappingEntry {
                key: Spanned::new(key.into(), place),
                value,
            });
        }
    }

    /// Puts a value over the one at the path; a key of a map need not be there.
    fn replace(&mut self, object: &mut Value) -> Result<(), Refusal> {
        let pointer = self.pointer("path")?;
        let mut value = self.value();
        if pointer.value.is_empty() {
            if value.as_scalar().is_some() {
                return Err(self.refusal("an object can only be replaced with an object"));
            }
            self.marks.mark(&mut value, Some(object.place));
            let place = value.place;
            self.marks.bury(mem::replace(object, value), object, place);
            return Ok(());
        }
        let Slot { parent, key } = slot(object, &pointer).ok_or_else(|| missing(&pointer))?;
        match &mut parent.node {
            Node::Mapping(_) => self.put(parent, &key, value, pointer.place),
            Node::Sequence(items) => {
                let length = items.len();
                let old = index(&key, length).and_then(|at| items.get_mut(at));
                let old = old.ok_or_else(|| no_index(&pointer))?;
                self.marks.mark(&mut value, Some(old.place));
                let place = value.place;
                self.marks.bury(mem::replace(old, value), old, place);
            }
            Node::Scalar(_) => return Err(missing(&pointer)),
        }
        Ok(())
    }

    /// Takes out what a key of the operation points to.
    fn remove(&mut self, object: &mut Value, from: &str) -> Result<Value, Refusal> {
        let pointer = self.pointer(from)?;
        let Slot { parent, key } = slot(object, &pointer).ok_or_else(|| missing(&pointer))?;
        match &mut parent.node {
            Node::Mapping(mapping) => {
                let at = mapping
                    .entries
                    .iter()
                    .rposition(|entry| *entry.key.value == *key)
                    .ok_or_else(|| missing(&pointer))?;
                let entry = mapping.entries.remove(at);
                let value = entry.value.clone();
                let place = self.marks.changed(self.operation.place, Some(value.place));
                mapping.removed.push(Removed { entry, place });
                Ok(value)
            }
            Node::Sequence(items) => {
                let at = index(&key, items.len()).filter(|&at| at < items.len());
                let item = items.remove(at.ok_or_else(|| no_index(&pointer))?);
                let place = self.marks.changed(self.operation.place, Some(item.place));
                items.removed.push(RemovedItem {
                    item: item.clone(),
                    place,
                });
                Ok(item)
            }
            Node::Scalar(_) => Err(missing(&pointer)),
        }
    }

    /// A copy of what a key of the operation points to; null for a key of a map that is not there.
    fn get(&self, object: &mut Value, from: &str) -> Result<Value, Refusal> {
        let pointer = self.pointer(from)?;
        let Slot { parent, key } = slot(object, &pointer).ok_or_else(|| missing(&pointer))?;
        match &parent.node {
            Node::Mapping(_) => Ok(parent
                .entry(&key)
                .map_or_else(|| null(pointer.place), |entry| entry.value.clone())),
            Node::Sequence(items) => index(&key, items.len())
                .and_then(|at| items.get(at))
                .cloned()
                .ok_or_else(|| no_index(&pointer)),
            Node::Scalar(_) => Err(missing(&pointer)),
        }
    }

    /// Compares what is at the path with the value.
    fn test(&self, object: &mut Value) -> Result<(), Refusal> {
        let pointer = self.pointer("path")?;
        let found = if pointer.value.is_empty() {
            object.clone()
        } else {
            self.get(object, "path")?
        };
        if found.is_equal(&self.value()) {
            Ok(())
        } else {
            Err(Refusal::new(
                pointer.place,
                format!(
                    "the value at `{}` is not what the patch tests for",
                    pointer.value
                ),
            ))
        }
    }

    /// The refusal of the operation.
    fn refusal(&self, message: impl Into<String>) -> Refusal {
        Refusal::new(self.operation.place, message)
    }
}

/// The slot that a pointer leads to.
fn slot<'v>(object: &'v mut Value, pointer: &Spanned<Box<str>>) -> Option<Slot<'v>> {
    // What stands before the first slash is not looked at.
    let mut steps = pointer.value.split('/').skip(1).map(unescape);
    let mut key = steps.next()?;
    let mut parent = object;
    for next in steps {
        parent = child(parent, &key)?;
        key = next;
    }
    parent.as_scalar().is_none().then_some(Slot { parent, key })
}

/// The value under a key of a map or at an index of a list.
fn child<'v>(parent: &'v mut Value, key: &str) -> Option<&'v mut Value> {
    match &mut parent.node {
        Node::Mapping(mapping) => {
            let mut entries = mapping.entries.iter_mut().rev();
            let entry = entries.find(|entry| &*entry.key.value == key)?;
            Some(&mut entry.value).filter(|value| !value.is_null())
        }
        Node::Sequence(items) => {
            let at = index(key, items.len())?;
            items.get_mut(at)
        }
        Node::Scalar(_) => None,
    }
}

/// A step of a pointer as it is meant.
fn unescape(step: &str) -> String {
    step.replace("~1", "/").replace("~0", "~")
}

/// An index into a list of some length; a negative one counts from its end.
fn index(key: &str, length: usize) -> Option<usize> {
    let at: i64 = key.parse().ok()?;
    let length = i64::try_from(length).ok()?;
    let at = if at < 0 { at + length } else { at };
    usize::try_from(at).ok().filter(|_| at < length)
}

/// The refusal of a path that leads nowhere.
fn missing(pointer: &Spanned<Box<str>>) -> Refusal {
    Refusal::new(
        pointer.place,
        format!("the object has nothing at `{}` to patch", pointer.value),
    )
}

/// The refusal of an index that a list does not have.
fn no_index(pointer: &Spanned<Box<str>>) -> Refusal {
    Refusal::new(
        pointer.place,
        format!("`{}` is no index of that list", pointer.value),
    )
}

/// A null.
fn null(place: Place) -> Value {
    Value {
        place,
        node: Node::Scalar(Scalar {
            text: "null".into(),
            style: ScalarStyle::Plain,
        }),
    }
}

#[cfg(test)]
mod tests;
