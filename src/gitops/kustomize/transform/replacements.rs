//! `replacements`.

use super::field_path::{self, Leaf, Made, Search};
use super::{note, structured};
use crate::gitops::kustomize::field_spec::{read_kind, scalar, selects, string, text};
use crate::gitops::kustomize::load;
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{Resource, ResourceId, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::gitops::kustomize::target::Target;
use crate::object::Gvk;
use crate::source::{Cause, Place};
use crate::yaml::{Node, ScalarStyle, Value};

/// Applies `replacements`.
pub(in crate::gitops) fn apply(
    replacements: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for entry in replacements {
        for replacement in written(entry, step) {
            let replaced = replace(&replacement, resources, step);
            note(replaced, step);
        }
    }
}

/// The replacements that an entry stands for: itself, or those in the file that it names.
fn written(entry: &Value, step: &mut Step<'_, '_>) -> Vec<Value> {
    let path = entry
        .get("path")
        .and_then(Value::spanned_text)
        .filter(|path| !path.value.is_empty());
    let Some(path) = path else {
        return vec![entry.clone()];
    };
    if entry.get("source").is_some() || entry.get("targets").is_some() {
        step.refuse(
            path.place,
            "a replacement is either in a file or in the kustomization, and this entry has both",
        );
        return Vec::new();
    }
    let documents = load::documents(&path, "the replacement", step).unwrap_or_default();
    match documents.into_iter().next() {
        Some(root) if root.as_mapping().is_some() => vec![root],
        Some(Value {
            node: Node::Sequence(items),
            ..
        }) => items.items,
        Some(_) | None => {
            step.refuse(
                path.place,
                "kustomize wants a replacement or a list of them in this file",
            );
            Vec::new()
        }
    }
}

/// Applies one replacement.
fn replace(
    replacement: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let value = match (replacement.get("source"), replacement.get("sourceValue")) {
        (Some(_), Some(value)) => {
            return Err(Refusal::new(
                value.place,
                "a replacement has either a `source` or a `sourceValue`, and this one has both",
            ));
        }
        (Some(source), None) => source_value(source, resources)?,
        (None, Some(value)) => value.clone(),
        (None, None) => {
            return Err(Refusal::new(
                replacement.place,
                "a replacement needs a `source`",
            ));
        }
    };
    let Some(targets) = replacement.get("targets") else {
        return Err(Refusal::new(
            replacement.place,
            "a replacement needs `targets`",
        ));
    };
    targets
        .items()
        .iter()
        .try_for_each(|target| write(&value, target, resources, step))
}

/// The value that a source refers to.
fn source_value(source: &Value, resources: &ResourceMap) -> Result<Value, Refusal> {
    let resource = source_object(source, resources)?;
    let path = source.get("fieldPath").and_then(Value::as_text);
    let path = path.filter(|path| !path.is_empty()).unwrap_or(DEFAULT_PATH);
    let place = source
        .get("fieldPath")
        .map_or(source.place, |path| path.place);
    let found = field_path::lookup(&resource.value, &field_path::split(path))
        .map_err(|reason| Refusal::new(place, format!("`{path}` leads nowhere: {reason}")))?;
    let Some(found) = found.filter(|found| !is_empty(found)) else {
        return Err(Refusal::new(
            place,
            format!("{} has no `{path}`, which is the source", resource.id()),
        ));
    };
    let Some(options) = source.get("options") else {
        return Ok(found.clone());
    };
    let delimiter = text(options, "delimiter");
    if delimiter.is_empty() {
        return Ok(found.clone());
    }
    let Some(whole) = found.as_scalar() else {
        return Err(Refusal::new(
            options.place,
            "only a scalar can be taken apart by a `delimiter`",
        ));
    };
    let index = index(options);
    let parts: Vec<&str> = whole.text.split(delimiter).collect();
    let part = usize::try_from(index).ok().and_then(|at| parts.get(at));
    let Some(part) = part else {
        return Err(Refusal::new(
            options.place,
            format!("`{}` has no part {index}", whole.text),
        ));
    };
    Ok(Value {
        place: found.place,
        node: scalar(part, whole.style),
    })
}

/// The field of a source or target that names none.
const DEFAULT_PATH: &str = "metadata.name";

/// Whether a value counts as missing.
fn is_empty(value: &Value) -> bool {
    match &value.node {
        Node::Scalar(_) => value.is_null(),
        Node::Sequence(items) => items.is_empty(),
        Node::Mapping(mapping) => mapping.entries.is_empty(),
    }
}

/// The one object that a source selects.
fn source_object<'r>(source: &Value, resources: &'r ResourceMap) -> Result<&'r Resource, Refusal> {
    let (gvk, name, namespace) = (
        read_kind(source),
        text(source, "name"),
        text(source, "namespace"),
    );
    let or_default = |namespace: &str| {
        let is_default = namespace.is_empty();
        if is_default { "default" } else { namespace }.to_owned()
    };
    let is_selected = |gvk_of: &Gvk, name_of: &str, namespace_of: &str| {
        (name.is_empty() || name == name_of)
            && (namespace.is_empty() || or_default(namespace) == or_default(namespace_of))
            && selects(&gvk, gvk_of)
    };
    let mut found = resources.resources.iter().filter(|resource| {
        ids(resource)
            .iter()
            .any(|(id, namespace)| is_selected(&id.gvk, &id.name, namespace))
    });
    match (found.next(), found.next()) {
        (Some(one), None) => Ok(one),
        (None, _) => Err(Refusal::new(
            source.place,
            format!(
                "the source of this replacement, {} `{name}`, is not in the kustomization",
                gvk.kind
            ),
        )),
        (Some(one), Some(other)) => Err(Refusal::new(
            source.place,
            format!(
                "the source of this replacement may be {} or {}",
                one.id(),
                other.id()
            ),
        )),
    }
}

/// The present id of an object and its former ones, each with the namespace that selectors see.
fn ids(resource: &Resource) -> Vec<(ResourceId, Box<str>)> {
    let id = resource.id();
    let namespace = id.namespace.clone();
    let former = resource.former_ids().into_iter().map(|id| {
        let namespace = id.effective_namespace().into();
        (id, namespace)
    });
    std::iter::once((id, namespace)).chain(former).collect()
}

/// The `index` of options; the first part if there is none.
fn index(options: &Value) -> i64 {
    options
        .get("index")
        .and_then(Value::as_integer)
        .unwrap_or_default()
}

/// Writes a value to the fields of the objects that a target selects.
fn write(
    value: &Value,
    target: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let Some(select) = target.get("select") else {
        return Err(Refusal::new(
            target.place,
            "a target needs a `select` that says which objects it is about",
        ));
    };
    let select = Target::read(select)?;
    let rejects = target.get("reject").map_or(&[][..], Value::items);
    let rejects: Vec<(Target, bool, bool)> = rejects
        .iter()
        .map(|reject| {
            let has = |keys: &[&str]| keys.iter().any(|key| !text(reject, key).is_empty());
            let by_id = has(&["group", "version", "kind", "name", "namespace"]);
            let by_labels = has(&["labelSelector", "annotationSelector"]);
            Target::read(reject).map(|target| (target, by_id, by_labels))
        })
        .collect::<Result<_, _>>()?;
    for resource in &mut resources.resources {
        let is_rejected = |(reject, by_id, by_labels): &(Target, bool, bool)| {
            *by_labels && reject.fits_labels(resource)
                || *by_id
                    && ids(resource)
                        .iter()
                        .any(|(id, namespace)| reject.fits_id(id, namespace))
        };
        if !select.fits_labels(resource) || rejects.iter().any(is_rejected) {
            continue;
        }
        let is_selected = ids(resource)
            .iter()
            .any(|(id, namespace)| select.fits_id(id, namespace));
        if is_selected {
            write_into(value, target, resource, step)?;
        }
    }
    Ok(())
}

/// Writes a value to the fields of one object.
fn write_into(
    value: &Value,
    target: &Value,
    resource: &mut Resource,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let paths = target.get("fieldPaths").map_or(&[][..], Value::items);
    let mut paths: Vec<(&str, Place)> = paths
        .iter()
        .map(|path| (path.as_text().unwrap_or_default(), path.place))
        .collect();
    if paths.is_empty() {
        paths.push((DEFAULT_PATH, target.place));
    }
    let options = target.get("options");
    let creates = options.is_some_and(|options| {
        let create = options.get("create").and_then(Value::as_bool);
        create == Some(true)
    });
    for (path, place) in paths {
        let parts = field_path::split(path);
        let added = step.changed(value.place, Cause::Replacement, Some(place), None);
        // What leads to the value is written in the path.
        let made = creates.then(|| Made {
            leaf: Leaf::of(value),
            place: step.changed(place, Cause::Replacement, None, None),
        });
        if let Some(field) = structured::field(&resource.value, &parts) {
            let (address, rest) = field;
            let inner = field_path::get_mut(&mut resource.value, &address);
            let written =
                inner.map(|inner| structured::write(inner, rest, value, creates, place, step));
            if written == Some(true) {
                continue;
            }
        }
        let mut search = Search::new(made);
        let searched = search.go(&mut resource.value, &parts, false);
        let reason = match searched {
            Ok(()) if search.found.is_empty() => String::new(),
            Ok(()) => {
                for (address, is_new) in search.found {
                    if let Some(field) = field_path::get_mut(&mut resource.value, &address) {
                        let pen = Writer {
                            value,
                            options,
                            place,
                            added,
                        };
                        pen.set(field, is_new, step)?;
                    }
                }
                continue;
            }
            Err(reason) => format!(": {reason}"),
        };
        return Err(Refusal::new(
            place,
            format!("{} has no field `{path}`{reason}", resource.id()),
        ));
    }
    Ok(())
}

/// What writes the value of a replacement.
struct Writer<'w> {
    value: &'w Value,
    options: Option<&'w Value>,
    /// Where the field is named.
    place: Place,
    /// The place of what is made.
    added: Place,
}

impl Writer<'_> {
    /// Writes to a field.
    fn set(&self, field: &mut Value, is_new: bool, step: &mut Step<'_, '_>) -> Result<(), Refusal> {
        let mut new = self.value.clone();
        if let Some(options) = self.options
            && let delimiter = text(options, "delimiter")
            && !delimiter.is_empty()
        {
            let Some(old) = field.as_scalar() else {
                return Err(Refusal::new(
                    options.place,
                    "only a scalar can be taken apart by a `delimiter`",
                ));
            };
            let part = self.value.as_scalar().map_or("", |scalar| &*scalar.text);
            let joined = join(&old.text, delimiter, index(options), part);
            new.node = scalar(&joined, ScalarStyle::Plain);
        }
        let place = if is_new {
            self.added
        } else {
            let (written, via) = (self.value.place, Some(self.place));
            step.changed(written, Cause::Replacement, via, Some(field.place))
        };
        if field.as_scalar().is_some() {
            let text = new.as_scalar().map_or("", |scalar| &*scalar.text);
            field.node = retyped(field, text, is_new).ok_or_else(|| {
                Refusal::new(
                    self.place,
                    format!("kustomize cannot write `{text}` over a value of another type"),
                )
            })?;
        } else {
            if let Node::Scalar(scalar) = &new.node
                && self.value.as_str().is_some()
            {
                new.node = string(&scalar.text, place).node;
            }
            *field = new;
        }
        field.place = place;
        Ok(())
    }
}

/// A text with one of its parts replaced; one before the first or behind the last is added.
fn join(old: &str, delimiter: &str, index: i64, part: &str) -> String {
    let mut parts: Vec<&str> = old.split(delimiter).collect();
    match usize::try_from(index) {
        Err(_) => parts.insert(0, part),
        Ok(index) => match parts.get_mut(index) {
            Some(old) => *old = part,
            None => parts.push(part),
        },
    }
    parts.join(delimiter)
}

/// A text as the type of the scalar that it is written over; none if it is none of that type.
pub(super) fn retyped(old: &Value, text: &str, is_new: bool) -> Option<Node> {
    let mut plain = Value {
        place: old.place,
        node: scalar(text, ScalarStyle::Plain),
    };
    load::quote_words(&mut plain);
    let quoted = || Some(scalar(text, ScalarStyle::Quoted));
    if text.is_empty() {
        return if is_new || old.is_null() || old.as_str().is_some() {
            quoted()
        } else {
            None
        };
    }
    // Of what is made nothing says what type it is, so that its text decides.
    if is_new && plain.as_str().is_none() {
        return Some(plain.node);
    }
    if is_new || old.as_str().is_some() {
        return Some(string(text, old.place).node);
    }
    let is_float =
        |value: &Value| value.as_str().is_none() && value.as_bool().is_none() && !value.is_null();
    let fits = if old.is_null() {
        plain.is_null()
    } else if old.as_bool().is_some() {
        plain.as_bool().is_some()
    } else if old.as_integer().is_some() {
        plain.as_integer().is_some()
    } else {
        is_float(&plain)
    };
    fits.then_some(plain.node)
}
