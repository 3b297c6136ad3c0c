//! `namePrefix` and `nameSuffix`.

use super::{Pen, note};
use crate::gitops::kustomize::field_spec::{
    FieldSpecs, Missing, MissingKind, overwrite, wanted_scalar,
};
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{Resource, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::object::Gvk;
use crate::source::{Cause, Spanned};
use crate::yaml::Value;

/// Where a text is put.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gitops::kustomize) enum End {
    /// Before a name.
    Prefix,
    /// Behind a name.
    Suffix,
}

/// Puts a prefix before names.
pub(in crate::gitops) fn prefix(
    prefix: &Spanned<Box<str>>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let configuration = step.configuration;
    let specs = &configuration.fields().name_prefix;
    run(End::Prefix, prefix, specs, resources, step);
}

/// Puts a suffix behind names.
pub(in crate::gitops) fn suffix(
    suffix: &Spanned<Box<str>>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let configuration = step.configuration;
    let specs = &configuration.fields().name_suffix;
    run(End::Suffix, suffix, specs, resources, step);
}

/// Puts a text before or behind names.
pub(in crate::gitops::kustomize) fn run(
    end: End,
    text: &Spanned<Box<str>>,
    specs: &FieldSpecs,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    if text.value.is_empty() {
        return;
    }
    let cause = match end {
        End::Prefix => Cause::NamePrefix,
        End::Suffix => Cause::NameSuffix,
    };
    let pen = Pen::new(text.place, cause, step);
    for resource in &mut resources.resources {
        let original = resource.original_id().gvk;
        if keeps_its_name(&original) {
            continue;
        }
        for spec in specs.0.iter().filter(|spec| spec.applies_to(&original)) {
            if &*spec.path == "metadata/name" {
                remember(end, &text.value, resource);
            }
            if !spec.applies_to(&resource.id().gvk) {
                continue;
            }
            let missing = Missing {
                kind: MissingKind::Scalar,
                place: pen.added,
            };
            let mut set = |value: &mut Value, is_new: bool| -> Result<(), Refusal> {
                wanted_scalar(value)?;
                let name = value.as_text().unwrap_or_default();
                let name = match end {
                    End::Prefix => format!("{}{name}", text.value),
                    End::Suffix => format!("{name}{}", text.value),
                };
                pen.mark(value, is_new, step);
                overwrite(value, &name);
                Ok(())
            };
            let renamed = spec.visit(&mut resource.value, Some(missing), &mut set);
            note(renamed, step);
        }
    }
}

/// Remembers how an object was called, and what its name was given.
fn remember(end: End, text: &str, resource: &mut Resource) {
    resource.remember_id();
    let given = match end {
        End::Prefix => &mut resource.name_prefixes,
        End::Suffix => &mut resource.name_suffixes,
    };
    given.push(text.into());
}

/// Whether a kind is never given a prefix or suffix.
fn keeps_its_name(gvk: &Gvk) -> bool {
    match &*gvk.kind {
        "CustomResourceDefinition" | "Namespace" => true,
        "APIService" => &*gvk.group == "apiregistration.k8s.io",
        _ => false,
    }
}
