//! `replicas`.

use crate::gitops::kustomize::field_spec::Made;
use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::Cause;
use crate::yaml::{Node, Scalar, ScalarStyle, Value};

/// Applies `replicas`.
pub(in crate::gitops) fn apply(
    replicas: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for entry in replicas {
        let name = entry
            .get("name")
            .and_then(Value::as_text)
            .unwrap_or_default();
        if !scale(name, entry, resources, step) {
            step.refuse(
                entry.place,
                format!("`replicas` names `{name}`, and no object of that name can be scaled"),
            );
        }
    }
}

/// Sets the number of replicas of the objects with a name; whether there is one.
fn scale(name: &str, entry: &Value, resources: &mut ResourceMap, step: &mut Step<'_, '_>) -> bool {
    let count = entry.get("count");
    let text = count.and_then(Value::as_text).unwrap_or("0");
    let written = count.map_or(entry.place, |count| count.place);
    let mut found = false;
    for spec in &step.configuration.replicas.clone() {
        for resource in &mut resources.resources {
            if !resource.was_ever(|id| &*id.name == name && spec.applies_to(id)) {
                continue;
            }
            found = true;
            if !spec.applies_to(&resource.id()) {
                continue;
            }
            spec.visit(&mut resource.value, Made::Scalar, written, &mut |value| {
                let previous = (!value.is_null()).then_some(value.place);
                value.place = step.changed(written, Cause::Replicas, None, previous);
                value.node = Node::Scalar(Scalar {
                    text: text.into(),
                    style: ScalarStyle::Plain,
                });
            });
        }
    }
    found
}
