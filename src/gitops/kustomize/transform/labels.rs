//! `labels` and `commonLabels`.

use super::write::{set, string};
use crate::gitops::kustomize::configuration::add;
use crate::gitops::kustomize::field_spec::{FieldSpec, Made};
use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::{Cause, Spanned};
use crate::yaml::{MappingEntry, Value};

/// Applies an entry of `labels`.
pub(in crate::gitops) fn apply(
    entry: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let Some(pairs) = entry.get("pairs") else {
        return;
    };
    let says = |key: &str| entry.get(key).and_then(Value::as_bool) == Some(true);
    let fields = entry.get("fields").map_or(&[][..], Value::items);
    let mut specs: Vec<FieldSpec> = fields.iter().filter_map(FieldSpec::read).collect();
    let more = if says("includeSelectors") {
        step.configuration.common_labels.clone()
    } else if says("includeTemplates") {
        step.configuration.template_labels.clone()
    } else {
        vec![FieldSpec::of_all("metadata/labels", true)]
    };
    for spec in more {
        add(&mut specs, spec);
    }
    write(pairs, &specs, Cause::Labels, resources, step);
}

/// Applies `commonLabels`.
pub(in crate::gitops) fn common(
    labels: &Value,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let specs = step.configuration.common_labels.clone();
    write(labels, &specs, Cause::Labels, resources, step);
}

/// Sets every key of a mapping in the mappings that the field specs name.
pub(super) fn write(
    pairs: &Value,
    specs: &[FieldSpec],
    cause: Cause,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let mut entries: Vec<&MappingEntry> = pairs.entries().iter().collect();
    entries.sort_by(|a, b| a.key.value.cmp(&b.key.value));
    for resource in &mut resources.resources {
        let id = resource.id();
        for spec in specs.iter().filter(|spec| spec.applies_to(&id)) {
            spec.visit(
                &mut resource.value,
                Made::Mapping,
                pairs.place,
                &mut |value| {
                    for entry in &entries {
                        let previous = value.get(&entry.key.value).map(|old| old.place);
                        let place = step.changed(entry.value.place, cause, None, previous);
                        let text = entry.value.as_text().unwrap_or_default();
                        let key = Spanned::new(entry.key.value.clone(), place);
                        set(value, key, string(text, place));
                    }
                },
            );
        }
    }
}
