//! `replicas`.

use super::{Pen, note};
use crate::gitops::kustomize::field_spec::{
    FieldSpecs, Missing, MissingKind, scalar, selects, text, wanted_scalar,
};
use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::Cause;
use crate::yaml::{ScalarStyle, Value};

/// Applies `replicas`.
pub(in crate::gitops) fn apply(
    replicas: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let configuration = step.configuration;
    for entry in replicas {
        run(entry, &configuration.fields().replicas, resources, step);
    }
}

/// Sets the number of replicas of the objects of one name.
pub(in crate::gitops::kustomize) fn run(
    entry: &Value,
    specs: &FieldSpecs,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let name = text(entry, "name");
    let count = entry.get("count");
    // A count that is not written is zero.
    let number = count.and_then(Value::as_integer).unwrap_or_default();
    let place = count.map_or(entry.place, |count| count.place);
    let pen = Pen::new(place, Cause::Replicas, step);
    let missing = Missing {
        kind: MissingKind::Scalar,
        place: pen.added,
    };
    let mut is_found = false;
    for spec in &specs.0 {
        for resource in &mut resources.resources {
            if !resource.was_ever(|id| &*id.name == name && selects(&spec.gvk, &id.gvk)) {
                continue;
            }
            is_found = true;
            if !spec.applies_to(&resource.id().gvk) {
                continue;
            }
            let set = spec.visit(&mut resource.value, Some(missing), &mut |value, is_new| {
                wanted_scalar(value)?;
                pen.mark(value, is_new, step);
                value.node = scalar(&number.to_string(), ScalarStyle::Plain);
                Ok(())
            });
            note(set, step);
        }
    }
    if !is_found {
        step.refuse(
            entry.place,
            format!("`replicas` names `{name}`, which is no object with replicas here"),
        );
    }
}
