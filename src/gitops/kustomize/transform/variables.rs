//! `vars`.

use std::cell::Cell;

use super::expand::expand;
use super::filling::Filling;
use super::{field_path, note};
use crate::gitops::kustomize::field_spec::{read_kind, string, text};
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{ResourceId, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::gitops::kustomize::write::is_date;
use crate::object::Gvk;
use crate::source::Cause;
use crate::yaml::{Node, Value};

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

/// A variable with what it stands for.
struct Variable {
    name: Box<str>,
    filling: Filling,
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
        match filling(var, name, resources) {
            Ok(filling) => variables.push(Variable {
                name: name.into(),
                filling,
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

/// What a variable stands for.
fn filling(var: &Value, name: &str, resources: &ResourceMap) -> Result<Filling, Refusal> {
    let mut all = resources.resources.iter();
    let claimed = all.find(|resource| resource.variables.iter().any(|var| **var == *name));
    let Some(resource) = claimed else {
        return Err(Refusal::new(
            var.place,
            format!("variable `{name}` refers to an object that is not here"),
        ));
    };
    let field = var.at(&["fieldref", "fieldPath"]);
    let path = field
        .and_then(Value::as_text)
        .filter(|path| !path.is_empty());
    let path = path.unwrap_or("metadata.name");
    let place = field.map_or(var.place, |field| field.place);
    let parts: Vec<Box<str>> = field_path::split(path)
        .into_iter()
        .flat_map(split_index)
        .collect();
    let found = field_path::lookup(&resource.value, &parts);
    let id = resource.id();
    let Some(found) = found.ok().flatten() else {
        let message = format!("{id} has no `{path}`, which variable `{name}` refers to");
        return Err(Refusal::new(place, message));
    };
    Filling::new(found).ok_or_else(|| {
        let message = format!(
            "`{path}` of {id}, which variable `{name}` refers to, is no number that kustomize reads"
        );
        Refusal::new(place, message).with_help("write it in decimal digits, or in quotes")
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
                if item.as_str().is_none() || item.as_scalar().is_some_and(is_date) {
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
    let used: Cell<Option<&Filling>> = Cell::new(None);
    let filling = |name: &str| {
        let known = variables.iter().find(|one| *one.name == *name)?;
        let text = known.filling.within.as_deref()?;
        used.set(used.get().or(Some(&known.filling)));
        Some(text)
    };
    let (new, whole) = expand(old, filling);
    if new == *old {
        return;
    }
    let previous = text.place;
    if let Some(used) = used.get() {
        text.place = step.changed(used.place, Cause::Variable, Some(previous), Some(previous));
    }
    text.node = match used.get().filter(|_| whole.is_some()) {
        // The variable keeps its type if it is all there is.
        Some(used) => used.alone.clone(),
        None => string(&new, text.place).node,
    };
}

#[cfg(test)]
mod tests {
    use camino::Utf8Path;

    use crate::gitops::Files;
    use crate::gitops::kustomize::testing::{files, problems, spot};
    use crate::gitops::kustomize::{Additions, Session, build};
    use crate::source::Cause;

    const VAR: &str = "  - name: HOST\n    objref: {apiVersion: x.io/v1, kind: A, name: a}\n";

    /// An object that holds a text in which variables are filled in.
    fn repository(text: &str, vars: &str) -> Files {
        let kustomization = format!("resources: [a.yaml]\nconfigurations: [c.yaml]\nvars:\n{vars}");
        let object =
            format!("apiVersion: x.io/v1\nkind: A\nmetadata:\n  name: a\nspec:\n  text: {text}\n");
        files(&[
            ("kustomization.yaml", &kustomization),
            ("c.yaml", "varReference: [{path: spec/text}]\n"),
            ("a.yaml", &object),
        ])
    }

    /// Where the text stands in the end, and where what it changed stood.
    fn places(text: &str) -> (String, Option<String>) {
        let files = repository(text, VAR);
        let mut session = Session::new(&files);
        let built = build(Utf8Path::new(""), &Additions::default(), &mut session);
        assert_eq!(built.problems, []);
        let object = &built.resources.resources[0].value;
        let place = object.at(&["spec", "text"]).expect("it is there").place;
        let change = session.origins.change(place);
        let before = change.map(|change| {
            assert_eq!(change.cause, Cause::Variable);
            assert_eq!(change.via, change.previous);
            spot(&files, change.previous.expect("it changed a text"))
        });
        (spot(&files, place), before)
    }

    #[test]
    fn a_text_stands_where_its_variable_is_written() {
        let changed = ("a.yaml:4".to_owned(), Some("a.yaml:6".to_owned()));
        assert_eq!(places("$(HOST)"), changed);
        assert_eq!(places("http://$(HOST)/"), changed);
    }

    #[test]
    fn an_escaped_variable_does_not_move_a_text() {
        assert_eq!(places("$$(HOST)"), ("a.yaml:6".to_owned(), None));
    }

    #[test]
    fn variables_that_kustomize_cannot_fill_in_are_refused() {
        let target = "objref: {apiVersion: x.io/v1, kind: A, name: a}";
        let field = |path: &str| {
            format!("  - name: HOST\n    {target}\n    fieldref: {{fieldPath: {path}}}\n")
        };
        for (vars, expected) in [
            (
                "  - {name: HOST, objref: {kind: A, name: a}}\n".to_owned(),
                "kustomization.yaml:4: variable `HOST` refers to an object that is not here",
            ),
            (
                field("spec.port"),
                "kustomization.yaml:6: A a has no `spec.port`, which variable `HOST` refers to",
            ),
            (
                format!("{VAR}{VAR}"),
                "kustomization.yaml:6: variable `HOST` is defined twice",
            ),
        ] {
            assert_eq!(problems(&repository("x", &vars), ""), [expected]);
        }
        assert_eq!(
            problems(&repository("0x10", &field("spec.text")), ""),
            [
                "kustomization.yaml:6: `spec.text` of A a, which variable `HOST` refers to, is no number that \
                 kustomize reads"
            ]
        );
    }
}
