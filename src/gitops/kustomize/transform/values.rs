//! `ValueAddTransformer`, which writes one value to fields of objects.

use super::field_path::{self, Leaf, Made, Search};
use super::{Pen, namespace, note};
use crate::gitops::kustomize::field_spec::{FieldSpecs, scalar, split_path, text, wanted_scalar};
use crate::gitops::kustomize::load;
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{Resource, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::gitops::kustomize::target::Target;
use crate::source::{Cause, Spanned};
use crate::yaml::{ScalarStyle, Value};

/// Runs a transformer.
pub(in crate::gitops::kustomize) fn apply(
    root: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let written = root.get("value").and_then(Value::spanned_text);
    let value = match written.filter(|value| !value.value.trim().is_empty()) {
        Some(value) => value.map(|text| Box::from(text.trim())),
        // Without a value it is the name of the directory.
        None => Spanned::new(
            step.directory.file_name().unwrap_or_default().into(),
            root.place,
        ),
    };
    let mut targets = root.get("targets").map_or(&[][..], Value::items).to_vec();
    if let Some(path) = root.get("targetFilePath").and_then(Value::spanned_text) {
        let documents = load::documents(&path, "the list of targets", step);
        let root = documents.and_then(|documents| documents.into_iter().next());
        let more = root.as_ref().and_then(|root| root.get("targets"));
        targets.extend_from_slice(more.map_or(&[][..], Value::items));
    }
    if targets.is_empty() {
        step.refuse(root.place, "this transformer needs a target");
    }
    let pen = Pen::new(value.place, Cause::Replacement, step);
    for target in &targets {
        let written = write(&value, pen, target, resources, step);
        note(written, step);
    }
}

/// Writes the value to the field of a target.
fn write(
    value: &Spanned<Box<str>>,
    pen: Pen,
    target: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let path = text(target, "fieldPath");
    if path.is_empty() {
        return Err(Refusal::new(target.place, "a target needs a `fieldPath`"));
    }
    let selector = target.get("selector").map(Target::read).transpose()?;
    let position = target.get("filePathPosition").and_then(Value::as_integer);
    let position = usize::try_from(position.unwrap_or_default())
        .map_err(|_| Refusal::new(target.place, "`filePathPosition` cannot be below zero"))?;
    let is_selected = |resource: &Resource| {
        selector
            .as_ref()
            .is_none_or(|selector| selector.matches(resource))
    };
    let parts = split_path(path, '/');
    for resource in &mut resources.resources {
        if !is_selected(resource) {
            continue;
        }
        if path == "metadata/namespace" {
            let settings = namespace::Settings {
                namespace: value,
                unset_only: false,
                subjects: namespace::Subjects::Default,
                specs: &FieldSpecs::default(),
            };
            namespace::move_one(&settings, pen, resource, step)?;
            continue;
        }
        let known = field_path::lookup_at(&resource.value, &parts);
        let known = known.map(|known| known.map(|(address, _)| (address, false)));
        let found = if let Some(known) = known.unwrap_or_default() {
            vec![known]
        } else {
            let mut search = Search::new(Some(Made {
                leaf: Leaf::Scalar,
                place: pen.added,
            }));
            let searched = search.go(&mut resource.value, &parts, false);
            searched.map_err(|reason| {
                let id = resource.id();
                Refusal::new(target.place, format!("{id} has no `{path}`: {reason}"))
            })?;
            search.found
        };
        for (address, is_new) in found {
            if let Some(field) = field_path::get_mut(&mut resource.value, &address) {
                wanted_scalar(field)?;
                let old = field.as_text().unwrap_or_default();
                let new = if position > 0 {
                    insert(old, position - 1, &value.value)
                } else {
                    value.value.to_string()
                };
                let style = field
                    .as_scalar()
                    .map_or(ScalarStyle::Plain, |old| old.style);
                pen.mark(field, is_new, step);
                field.node = scalar(&new, style);
                load::quote_words(field);
            }
        }
    }
    Ok(())
}

/// A path with one more part at a position; a path that starts at the root keeps doing so.
fn insert(path: &str, position: usize, part: &str) -> String {
    let (root, rest) = match path.strip_prefix('/') {
        Some(rest) => ("/", rest),
        None => ("", path),
    };
    let mut parts: Vec<&str> = rest.split('/').filter(|part| !part.is_empty()).collect();
    parts.insert(position.min(parts.len()), part);
    format!("{root}{}", parts.join("/"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_part_is_put_into_a_path() {
        for (path, position, expected) in [
            ("", 0, "P"),
            ("/", 0, "/P"),
            ("pie", 0, "P/pie"),
            ("/pie", 0, "/P/pie"),
            ("raw", 1, "raw/P"),
            ("/raw", 9, "/raw/P"),
            ("a/b/c", 2, "a/b/P/c"),
        ] {
            assert_eq!(insert(path, position, "P"), expected, "{path}");
        }
    }
}
