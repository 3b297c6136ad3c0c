//! `vars`.

use super::expand::expand;
use super::{field_path, note};
use crate::gitops::kustomize::field_spec::{read_kind, string, text};
use crate::gitops::kustomize::load;
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{ResourceId, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::object::Gvk;
use crate::source::Cause;
use crate::yaml::{Node, Scalar, ScalarStyle, Value};

/// Notes which objects the variables of a kustomization refer to; called after its transformers, before its parent's.
pub(in crate::gitops) fn claim(
    vars: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for var in vars {
        let wanted = target(var);
        let mut found: Vec<_> = resources
            .resources
            .iter_mut()
            .filter(|resource| {
                resource.was_ever(|id| {
                    id.gvk == wanted.gvk
                        && id.name == wanted.name
                        && (wanted.namespace.is_empty()
                            || id.effective_namespace() == &*wanted.namespace)
                })
            })
            .collect();
        match found.as_mut_slice() {
            [] => {}
            [one] => one.variables.push(text(var, "name").into()),
            [..] => step.refuse(
                var.place,
                format!(
                    "variable `{}` may refer to any of {} objects",
                    text(var, "name"),
                    found.len()
                ),
            ),
        }
    }
}

/// What a variable refers to.
fn target(var: &Value) -> ResourceId {
    let Some(reference) = var.get("objref") else {
        return ResourceId {
            gvk: crate::gitops::kustomize::field_spec::any_kind(),
            namespace: Box::default(),
            name: Box::default(),
        };
    };
    let kind = read_kind(reference);
    let gvk = match text(reference, "apiVersion") {
        "" => kind,
        api_version => {
            let parsed = Gvk::parse(api_version, &kind.kind);
            let group = Some(parsed.group).filter(|group| !group.is_empty());
            Gvk {
                group: group.unwrap_or(kind.group),
                ..parsed
            }
        }
    };
    ResourceId {
        gvk,
        namespace: text(reference, "namespace").into(),
        name: text(reference, "name").into(),
    }
}

/// A variable with its value.
struct Variable {
    name: Box<str>,
    value: Value,
}

/// Writes the values of variables where they are named, in the fields that may name them.
pub(super) fn fill_in(resources: &mut ResourceMap, vars: &[Value], step: &mut Step<'_, '_>) {
    let mut variables: Vec<Variable> = Vec::new();
    for (at, var) in vars.iter().enumerate() {
        let name = text(var, "name");
        let mut earlier = vars.iter().take(at);
        if earlier.any(|earlier| text(earlier, "name") == name) {
            step.refuse(var.place, format!("variable `{name}` is defined twice"));
            continue;
        }
        match value(var, name, resources) {
            Ok(value) => variables.push(Variable {
                name: name.into(),
                value,
            }),
            Err(refusal) => note(Err(refusal), step),
        }
    }
    if variables.is_empty() {
        return;
    }
    let configuration = step.configuration;
    for resource in &mut resources.resources {
        let gvk = resource.id().gvk;
        for spec in &configuration.fields().var_reference.0 {
            if !spec.applies_to(&gvk) {
                continue;
            }
            let filled = spec.visit(&mut resource.value, None, &mut |value, _| {
                fill(value, &variables, step)
            });
            note(filled, step);
        }
    }
}

/// The value of a variable.
fn value(var: &Value, name: &str, resources: &ResourceMap) -> Result<Value, Refusal> {
    let mut all = resources.resources.iter();
    let claimed = all.find(|resource| resource.variables.iter().any(|var| **var == *name));
    let Some(resource) = claimed else {
        return Err(Refusal::new(
            var.place,
            format!("variable `{name}` refers to an object that is not here"),
        ));
    };
    let field = var.at(&["fieldref", "fieldPath"]);
    let path = field.and_then(Value::as_text).unwrap_or("metadata.name");
    let place = field.map_or(var.place, |field| field.place);
    let parts: Vec<Box<str>> = field_path::split(path)
        .into_iter()
        .flat_map(split_index)
        .collect();
    let found = field_path::lookup(&resource.value, &parts);
    found.ok().flatten().cloned().ok_or_else(|| {
        Refusal::new(
            place,
            format!(
                "{} has no `{path}`, which variable `{name}` refers to",
                resource.id()
            ),
        )
    })
}

/// `ports[0]` as the two parts that it is.
fn split_index(part: Box<str>) -> Vec<Box<str>> {
    let index = part
        .strip_suffix(']')
        .and_then(|part| part.rsplit_once('['))
        .filter(|(_, index)| !index.is_empty() && index.bytes().all(|byte| byte.is_ascii_digit()));
    match index {
        Some(("", index)) => vec![index.into()],
        Some((name, index)) => vec![name.into(), index.into()],
        None => vec![part],
    }
}

/// Writes the values of variables into a field: a text, the texts of a list, or those of a mapping.
fn fill(field: &mut Value, variables: &[Variable], step: &mut Step<'_, '_>) -> Result<(), Refusal> {
    if field.is_null() {
        return Ok(());
    }
    match &mut field.node {
        Node::Scalar(_) => fill_text(field, variables, step),
        Node::Sequence(items) => {
            for item in items {
                if item.as_str().is_none() {
                    return Err(Refusal::new(
                        item.place,
                        "kustomize looks for variables here and wants a string",
                    ));
                }
                fill_text(item, variables, step);
            }
            return Ok(());
        }
        Node::Mapping(mapping) => {
            for entry in &mut mapping.entries {
                fill_text(&mut entry.value, variables, step);
            }
        }
    }
    Ok(())
}

/// Writes the values of variables into a text.
fn fill_text(text: &mut Value, variables: &[Variable], step: &mut Step<'_, '_>) {
    let Some(old) = text.as_str().filter(|old| old.contains('$')) else {
        return;
    };
    let named = |name: &str| variables.iter().find(|one| *one.name == *name);
    let scalar = |name: &str| named(name)?.value.as_scalar().map(|scalar| &*scalar.text);
    let (new, whole) = expand(old, scalar);
    if new == *old {
        return;
    }
    let whole = whole.as_deref().and_then(named);
    let used = whole.or_else(|| {
        let mut all = variables.iter();
        all.find(|one| old.contains(&format!("$({})", one.name)))
    });
    let previous = text.place;
    let written = used.map_or(previous, |one| one.value.place);
    text.place = step.changed(written, Cause::Variable, Some(previous), Some(previous));
    text.node = match whole.map(|one| &one.value.node) {
        // The variable keeps its type if it is all there is.
        Some(Node::Scalar(Scalar {
            text,
            style: ScalarStyle::Plain,
        })) => crate::gitops::kustomize::field_spec::scalar(text, ScalarStyle::Plain),
        Some(_) | None => string(&new, text.place).node,
    };
    load::quote_words(text);
}
