//! Strategic merge patches, as kustomize applies them: maps are merged, lists are replaced unless Kubernetes has a key for
//! their elements, null removes, `$patch` says otherwise.

mod list;

use super::kubernetes::Schema;
use super::marks::{Marks, Refusal};
use crate::source::Place;
use crate::yaml::{Mapping, MappingEntry, Node, Removed, Scalar, ScalarStyle, Value};

/// The key that says what is done with a map or list instead of merging it.
const DIRECTIVE: &str = "$patch";

/// What is done with a map or list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Directive {
    Merge,
    Replace,
    Delete,
}

impl Directive {
    /// How the directive to replace is written.
    const REPLACE: &str = "replace";
}

/// What kind of node a value is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Scalar,
    Sequence,
    Mapping,
}

/// Merges a patch into an object; none if that deletes the object.
pub(super) fn merge(
    object: Value,
    patch: Value,
    marks: &mut Marks<'_, '_, '_>,
) -> Result<Option<Value>, Refusal> {
    let is_replacement = directive_entry(&patch)
        .is_some_and(|entry| entry.value.as_text() == Some(Directive::REPLACE));
    if is_replacement {
        // kustomize makes the replacement and then goes on with the object as it was.
        return Ok(Some(object));
    }
    Merger { marks }.walk(Some(object), Some(patch), &Schema::default())
}

/// The walk through an object and a patch side by side.
struct Merger<'m, 'a, 'b, 'f> {
    marks: &'m mut Marks<'a, 'b, 'f>,
}

impl Merger<'_, '_, '_, '_> {
    /// What becomes of a value; none if it is removed.
    fn walk(
        &mut self,
        base: Option<Value>,
        patch: Option<Value>,
        schema: &Schema,
    ) -> Result<Option<Value>, Refusal> {
        let kinds = [kind_of(base.as_ref()), kind_of(patch.as_ref())];
        let Some(kind) = kinds[0].or(kinds[1]) else {
            return Ok(keep_null(base, patch.as_ref()));
        };
        if let (Some(patch), Some(other)) = (&patch, kinds[1])
            && other != kind
        {
            return Err(Refusal::new(
                patch.place,
                format!(
                    "kustomize cannot merge {} into {}",
                    other.as_str(),
                    kind.as_str()
                ),
            ));
        }
        let found;
        let schema = if schema.is_unknown() {
            found = [&base, &patch].into_iter().flatten().find_map(schema_of);
            found.as_ref().unwrap_or(schema)
        } else {
            schema
        };
        match kind {
            Kind::Scalar => Ok(self.walk_scalar(base, patch)),
            Kind::Sequence => self.walk_list(base, patch, schema),
            Kind::Mapping => self.walk_map(base, patch, schema),
        }
    }

    /// What becomes of a scalar.
    fn walk_scalar(&mut self, base: Option<Value>, patch: Option<Value>) -> Option<Value> {
        let Some(mut patch) = patch else {
            return base;
        };
        if patch.is_null() {
            return None;
        }
        let previous = base.as_ref().map(|base| base.place);
        if let Some(base) = base.filter(|base| !base.is_null()) {
            keep_quotes(&base, &mut patch);
            if is_same_scalar(&base, &patch) {
                return Some(base);
            }
        }
        self.marks.mark(&mut patch, previous);
        Some(patch)
    }

    /// What becomes of a map.
    fn walk_map(
        &mut self,
        base: Option<Value>,
        patch: Option<Value>,
        schema: &Schema,
    ) -> Result<Option<Value>, Refusal> {
        let previous = base.as_ref().map(|base| base.place);
        let Some(base) = base.filter(|base| !base.is_null()) else {
            let Some(mut patch) = patch else {
                return Ok(None);
            };
            // Of a map that is added an unknown directive stays in it.
            let directive = take_directive(&mut patch).unwrap_or(Directive::Merge);
            if directive == Directive::Delete {
                return Ok(None);
            }
            return self.settle(patch, previous, schema).map(Some);
        };
        let Some(mut patch) = patch else {
            return self.merge_fields(base, None, schema).map(Some);
        };
        if patch.is_null() {
            return Ok(None);
        }
        let place = directive_entry(&patch).map_or(patch.place, |entry| entry.value.place);
        match take_directive(&mut patch)? {
            Directive::Delete => Ok(None),
            Directive::Replace => {
                let mut replaced = self.settle(patch, previous, schema)?;
                self.marks.bury(base, &mut replaced, place);
                Ok(Some(replaced))
            }
            Directive::Merge => self.merge_fields(base, Some(patch), schema).map(Some),
        }
    }

    /// A map of a patch as it is added: without its nulls, the directives in it obeyed.
    fn settle(
        &mut self,
        patch: Value,
        previous: Option<Place>,
        schema: &Schema,
    ) -> Result<Value, Refusal> {
        let itself = patch.clone();
        let mut settled = self.marks.quietly(|marks| {
            let mut merger = Merger { marks };
            merger.merge_fields(itself, Some(patch), schema)
        })?;
        self.marks.mark(&mut settled, previous);
        Ok(settled)
    }

    /// Merges the fields of two maps; the ones that the patch adds come last, by name.
    fn merge_fields(
        &mut self,
        mut base: Value,
        patch: Option<Value>,
        schema: &Schema,
    ) -> Result<Value, Refusal> {
        let Node::Mapping(mapping) = &mut base.node else {
            return Ok(base);
        };
        let mut patches = match patch.map(|patch| patch.node) {
            Some(Node::Mapping(patch)) => patch.entries,
            Some(Node::Scalar(_) | Node::Sequence(_)) | None => Vec::new(),
        };
        let entries = std::mem::take(&mut mapping.entries);
        for entry in entries {
            let key = &entry.key.value;
            let at = patches.iter().rposition(|patch| patch.key.value == *key);
            let patch = at.map(|at| patches.remove(at).value);
            let below = schema.field(key);
            self.merge_field(mapping, entry, patch, &below)?;
        }
        patches.sort_by(|one, other| one.key.value.cmp(&other.key.value));
        for mut entry in patches {
            let below = schema.field(&entry.key.value);
            if let Some(value) = self.walk(None, Some(entry.value), &below)? {
                self.marks.mark_key(&mut entry.key.place);
                entry.value = value;
                mapping.entries.push(entry);
            }
        }
        Ok(base)
    }

    /// Merges a field that is there, or buries it.
    fn merge_field(
        &mut self,
        mapping: &mut Mapping,
        entry: MappingEntry,
        patch: Option<Value>,
        schema: &Schema,
    ) -> Result<(), Refusal> {
        let removal = patch.as_ref().and_then(removal_place);
        let as_it_was = removal
            .filter(|_| !self.marks.is_quiet())
            .map(|place| (entry.clone(), place));
        let MappingEntry { key, value } = entry;
        if let Some(value) = self.walk(Some(value), patch, schema)? {
            mapping.entries.push(MappingEntry { key, value });
        } else if let Some((entry, place)) = as_it_was {
            let place = self.marks.changed(place, Some(entry.value.place));
            mapping.removed.push(Removed { entry, place });
        }
        Ok(())
    }
}

/// The schema of a value that says of what kind it is.
fn schema_of(value: &Value) -> Option<Schema> {
    let text = |key| value.get(key).and_then(Value::as_text);
    Schema::of_kind(text("apiVersion")?, text("kind")?)
}

/// What becomes of a null: kustomize keeps one that is spelled out and that the patch says nothing about.
fn keep_null(base: Option<Value>, patch: Option<&Value>) -> Option<Value> {
    if patch.is_some() {
        return None;
    }
    base.filter(|base| {
        base.as_scalar()
            .is_some_and(|scalar| !scalar.text.is_empty())
    })
}

/// What kind of node a value is; none for null.
fn kind_of(value: Option<&Value>) -> Option<Kind> {
    let value = value.filter(|value| !value.is_null())?;
    Some(match value.node {
        Node::Scalar(_) => Kind::Scalar,
        Node::Sequence(_) => Kind::Sequence,
        Node::Mapping(_) => Kind::Mapping,
    })
}

/// Keeps quotes where kustomize does: a plain scalar that is written over a quoted one becomes a string.
fn keep_quotes(base: &Value, patch: &mut Value) {
    let is_quoted = base
        .as_scalar()
        .is_some_and(|scalar| scalar.style != ScalarStyle::Plain);
    if let Node::Scalar(scalar) = &mut patch.node
        && is_quoted
        && scalar.style == ScalarStyle::Plain
    {
        scalar.style = ScalarStyle::Quoted;
    }
}

/// Whether two scalars are of the same text and type.
fn is_same_scalar(one: &Value, other: &Value) -> bool {
    one.as_text() == other.as_text() && one.as_str().is_some() == other.as_str().is_some()
}

/// The entry of a map that holds its directive.
fn directive_entry(value: &Value) -> Option<&MappingEntry> {
    value.entry(DIRECTIVE)
}

/// Takes the directive out of a map.
fn take_directive(patch: &mut Value) -> Result<Directive, Refusal> {
    let Some(entry) = directive_entry(patch).filter(|entry| !entry.value.is_null()) else {
        return Ok(Directive::Merge);
    };
    let directive = parse_directive(&entry.value)?;
    if let Node::Mapping(mapping) = &mut patch.node {
        mapping
            .entries
            .retain(|entry| &*entry.key.value != DIRECTIVE);
    }
    Ok(directive)
}

/// What a directive says.
fn parse_directive(value: &Value) -> Result<Directive, Refusal> {
    match value.as_text() {
        Some("merge") => Ok(Directive::Merge),
        Some(Directive::REPLACE) => Ok(Directive::Replace),
        Some("delete") => Ok(Directive::Delete),
        other => Err(Refusal::new(
            value.place,
            format!(
                "kustomize knows no `$patch: {}`; it knows `merge`, `replace` and `delete`",
                other.unwrap_or_default()
            ),
        )),
    }
}

/// Where a patch says that a field is removed, if it may.
fn removal_place(patch: &Value) -> Option<Place> {
    if patch.is_null() {
        return Some(patch.place);
    }
    let own = directive_entry(patch);
    let of_element = || patch.items().iter().find_map(directive_entry);
    own.or_else(of_element).map(|entry| entry.value.place)
}

impl Kind {
    /// What it is, in words.
    fn as_str(self) -> &'static str {
        match self {
            Self::Scalar => "a scalar",
            Self::Sequence => "a list",
            Self::Mapping => "a mapping",
        }
    }
}

/// A plain scalar with a text.
fn plain(text: &str) -> Node {
    Node::Scalar(Scalar {
        text: text.into(),
        style: ScalarStyle::Plain,
    })
}

#[cfg(test)]
mod tests;
