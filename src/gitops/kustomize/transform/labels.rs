//! `labels` and `commonLabels`.

use super::{Pen, note};
use crate::gitops::kustomize::field_spec::{
    FieldSpec, FieldSpecs, Missing, MissingKind, entry_mut, set_entry, string,
};
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::{Cause, Spanned};
use crate::yaml::{Node, Value};

/// Applies an entry of `labels`.
pub(in crate::gitops) fn apply(
    entry: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let Some(pairs) = entry.get("pairs") else {
        return;
    };
    let is_set = |key: &str| entry.get(key).and_then(Value::as_bool) == Some(true);
    let configuration = step.configuration;
    let fields = configuration.fields();
    let own = entry.get("fields").map_or(&[][..], Value::items);
    let mut specs = FieldSpecs(own.iter().map(FieldSpec::read).collect());
    let mut merged = specs.extend(&fields.labels);
    if is_set("includeSelectors") {
        merged = merged.and(specs.extend(&fields.common_labels));
    } else {
        if is_set("includeTemplates") {
            merged = merged.and(specs.extend(&fields.template_labels));
        }
        merged = merged.and(specs.add(FieldSpec::of_all("metadata/labels", true)));
    }
    if let Err(spec) = merged {
        step.refuse(
            entry.place,
            format!(
                "`create` of the field `{}` contradicts what it is elsewhere",
                spec.path
            ),
        );
    }
    set_all(pairs, &specs, Cause::Labels, resources, step);
}

/// Applies `commonLabels`.
pub(in crate::gitops) fn common(
    labels: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let configuration = step.configuration;
    let specs = &configuration.fields().common_labels;
    set_all(labels, specs, Cause::Labels, resources, step);
}

/// Sets labels or annotations in the mappings that fields hold.
pub(in crate::gitops::kustomize) fn set_all(
    pairs: &Value,
    specs: &FieldSpecs,
    cause: Cause,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let pens: Vec<(Pen, Pen, &str, &str)> = pairs
        .entries()
        .iter()
        .map(|pair| {
            let key = Pen::new(pair.key.place, cause, step);
            let value = Pen::new(pair.value.place, cause, step);
            let text = pair.value.as_text().unwrap_or_default();
            (key, value, &*pair.key.value, text)
        })
        .collect();
    for resource in &mut resources.resources {
        let gvk = resource.id().gvk;
        for &(key_pen, pen, key, text) in &pens {
            let missing = Missing {
                kind: MissingKind::Mapping,
                place: key_pen.added,
            };
            let mut set = |value: &mut Value, _| -> Result<(), Refusal> {
                if value.is_null() {
                    return Ok(());
                }
                if !matches!(value.node, Node::Mapping(_)) {
                    return Err(Refusal::new(
                        value.place,
                        format!("kustomize sets `{key}` here and wants a mapping"),
                    ));
                }
                if let Some(entry) = entry_mut(value, key) {
                    pen.string(&mut entry.value, text, false, step);
                } else {
                    let key = Spanned::new(key.into(), key_pen.added);
                    set_entry(value, key, string(text, pen.added));
                }
                Ok(())
            };
            let labelled = specs.visit(&mut resource.value, &gvk, Some(missing), &mut set);
            note(labelled, step);
        }
    }
}
