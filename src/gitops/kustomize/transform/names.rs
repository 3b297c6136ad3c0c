//! `namePrefix` and `nameSuffix`.

use super::write::string;
use crate::gitops::kustomize::field_spec::{FieldSpec, Made};
use crate::gitops::kustomize::resource::{Resource, ResourceId, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::source::{Cause, Spanned};

/// Which end of a name grows.
#[derive(Clone, Copy)]
enum End {
    Front,
    Back,
}

/// Puts a prefix before names.
pub(in crate::gitops) fn prefix(
    prefix: &Spanned<Box<str>>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let specs = step.configuration.name_prefix.clone();
    extend(prefix, End::Front, &specs, resources, step);
}

/// Puts a suffix behind names.
pub(in crate::gitops) fn suffix(
    suffix: &Spanned<Box<str>>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let specs = step.configuration.name_suffix.clone();
    extend(suffix, End::Back, &specs, resources, step);
}

fn extend(
    addition: &Spanned<Box<str>>,
    end: End,
    specs: &[FieldSpec],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for resource in &mut resources.resources {
        let id = resource.original_id();
        if keeps_its_name(&id) {
            continue;
        }
        for spec in specs.iter().filter(|spec| spec.applies_to(&id)) {
            if spec.is_path("metadata/name") {
                remember(resource, addition, end);
            }
            if !addition.value.is_empty() {
                write(resource, spec, addition, end, step);
            }
        }
    }
}

/// Whether kustomize never renames objects of a kind.
fn keeps_its_name(id: &ResourceId) -> bool {
    match &*id.gvk.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => &*id.gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}

/// Notes what the name is about to be given, by which references are told apart.
fn remember(resource: &mut Resource, addition: &Spanned<Box<str>>, end: End) {
    let list = match end {
        End::Front => &mut resource.name_prefixes,
        End::Back => &mut resource.name_suffixes,
    };
    list.push(addition.value.clone());
    if !addition.value.is_empty() {
        resource.remember_id();
    }
}

fn write(
    resource: &mut Resource,
    spec: &FieldSpec,
    addition: &Spanned<Box<str>>,
    end: End,
    step: &mut Step<'_, '_>,
) {
    let place = addition.place;
    spec.visit(&mut resource.value, Made::Nothing, place, &mut |value| {
        let name = value.as_text().unwrap_or_default();
        let (text, cause) = match end {
            End::Front => (format!("{}{name}", addition.value), Cause::NamePrefix),
            End::Back => (format!("{name}{}", addition.value), Cause::NameSuffix),
        };
        let place = step.changed(addition.place, cause, None, Some(value.place));
        *value = string(text, place);
    });
}
