//! `namespace`.

use super::write::{child_mut, mapping_mut, set, string};
use crate::gitops::kustomize::field_spec::Made;
use crate::gitops::kustomize::resource::{Resource, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::source::{Cause, Place, Spanned};
use crate::yaml::{Node, Value};

/// How the namespaces of the subjects of role bindings follow.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::gitops) enum Subjects {
    /// Those of the service account `default`.
    #[default]
    Default,
    /// Those of all service accounts.
    ServiceAccounts,
    /// None.
    None,
}

/// What a namespace transformer is told beyond the namespace.
#[derive(Clone, Copy, Debug, Default)]
pub(in crate::gitops) struct Settings {
    /// Which subjects of role bindings follow.
    pub(in crate::gitops) subjects: Subjects,
    /// Whether objects that state a namespace keep it.
    pub(in crate::gitops) unset_only: bool,
}

/// Puts every object into a namespace.
pub(in crate::gitops) fn apply(
    namespace: &Spanned<Box<str>>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    apply_with(namespace, Settings::default(), resources, step);
}

/// The same with the settings of a transformer of its own.
pub(in crate::gitops) fn apply_with(
    namespace: &Spanned<Box<str>>,
    settings: Settings,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    if namespace.value.is_empty() {
        return;
    }
    for resource in &mut resources.resources {
        resource.remember_id();
        move_to(namespace, settings, resource, step);
    }
    refuse_conflicts(namespace.place, resources, step);
}

/// Refuses objects that the namespace makes the same.
fn refuse_conflicts(place: Place, resources: &ResourceMap, step: &mut Step<'_, '_>) {
    let ids: Vec<_> = resources.resources.iter().map(Resource::id).collect();
    for (index, id) in ids.iter().enumerate() {
        let others = ids.get(..index).unwrap_or_default();
        if others.iter().any(|other| other.is_same(id)) {
            step.refuse(
                place,
                format!("two objects become {id} when their namespace is set"),
            );
        }
    }
}

fn move_to(
    namespace: &Spanned<Box<str>>,
    settings: Settings,
    resource: &mut Resource,
    step: &mut Step<'_, '_>,
) {
    let id = resource.id();
    let api_version = id.gvk.api_version();
    if !id.is_cluster_scoped() {
        set_namespace(&mut resource.value, namespace, settings, step);
    }
    let is_binding = matches!(&*id.gvk.kind, "RoleBinding" | "ClusterRoleBinding");
    if is_binding {
        follow_subjects(&mut resource.value, namespace, settings, step);
    }
    for spec in &step.configuration.namespace.clone() {
        let skipped = spec.is_path("metadata/namespace")
            || (spec.is_path("metadata/name") && &*api_version != "v1")
            || (is_binding && spec.is_path("subjects/namespace"));
        if skipped || !spec.applies_to(&id) {
            continue;
        }
        spec.visit(
            &mut resource.value,
            Made::Scalar,
            namespace.place,
            &mut |value| write(value, namespace, settings, step),
        );
    }
}

/// Sets `metadata.namespace`.
fn set_namespace(
    value: &mut Value,
    namespace: &Spanned<Box<str>>,
    settings: Settings,
    step: &mut Step<'_, '_>,
) {
    let Some(metadata) = mapping_mut(value, "metadata", namespace.place) else {
        return;
    };
    match child_mut(metadata, "namespace") {
        Some(old) if !old.is_null() => write(old, namespace, settings, step),
        Some(_) | None => {
            let place = step.changed(namespace.place, Cause::Namespace, None, None);
            let key = Spanned::new("namespace".into(), place);
            set(metadata, key, string(namespace.value.clone(), place));
        }
    }
}

/// Overwrites a namespace, unless one that is stated is to be kept.
fn write(
    value: &mut Value,
    namespace: &Spanned<Box<str>>,
    settings: Settings,
    step: &mut Step<'_, '_>,
) {
    let text = value.as_text().unwrap_or_default();
    if settings.unset_only && !text.is_empty() {
        return;
    }
    let previous = (!value.is_null()).then_some(value.place);
    let place = step.changed(namespace.place, Cause::Namespace, None, previous);
    *value = string(namespace.value.clone(), place);
}

/// Sets the namespace of the subjects of a role binding that follow.
fn follow_subjects(
    value: &mut Value,
    namespace: &Spanned<Box<str>>,
    settings: Settings,
    step: &mut Step<'_, '_>,
) {
    let Some(subjects) = child_mut(value, "subjects") else {
        return;
    };
    let Node::Sequence(subjects) = &mut subjects.node else {
        return;
    };
    for subject in subjects {
        let is = |key: &str, text: &str| subject.get(key).and_then(Value::as_text) == Some(text);
        let follows = match settings.subjects {
            Subjects::Default => is("name", "default"),
            Subjects::ServiceAccounts => is("kind", "ServiceAccount"),
            Subjects::None => false,
        };
        if !follows {
            continue;
        }
        match child_mut(subject, "namespace") {
            Some(old) => write(old, namespace, settings, step),
            None => {
                let place = step.changed(namespace.place, Cause::Namespace, None, None);
                let key = Spanned::new("namespace".into(), place);
                set(subject, key, string(namespace.value.clone(), place));
            }
        }
    }
}
