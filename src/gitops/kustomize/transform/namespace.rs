//! `namespace`.

use super::{Pen, note};
use crate::gitops::kustomize::field_spec::{
    FieldSpec, FieldSpecs, Missing, MissingKind, entry_mut, set_entry, string, wanted_scalar,
};
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::{Resource, ResourceMap};
use crate::gitops::kustomize::session::Step;
use crate::object::Gvk;
use crate::source::{Cause, Spanned};
use crate::yaml::{Node, Value};

/// Which subjects of role bindings get the namespace.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::gitops::kustomize) enum Subjects {
    /// Those named `default`.
    #[default]
    Default,
    /// All service accounts.
    ServiceAccounts,
    /// None.
    None,
}

/// How objects are put into a namespace.
pub(in crate::gitops::kustomize) struct Settings<'s> {
    /// The namespace.
    pub(in crate::gitops::kustomize) namespace: &'s Spanned<Box<str>>,
    /// Whether only objects without a namespace are.
    pub(in crate::gitops::kustomize) unset_only: bool,
    /// Which subjects of role bindings are.
    pub(in crate::gitops::kustomize) subjects: Subjects,
    /// Further fields.
    pub(in crate::gitops::kustomize) specs: &'s FieldSpecs,
}

/// Puts every object into a namespace.
pub(in crate::gitops) fn apply(
    namespace: &Spanned<Box<str>>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let configuration = step.configuration;
    let settings = Settings {
        namespace,
        unset_only: false,
        subjects: Subjects::Default,
        specs: &configuration.fields().namespace,
    };
    run(&settings, resources, step);
}

/// Puts objects into a namespace.
pub(in crate::gitops::kustomize) fn run(
    settings: &Settings<'_>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    if settings.namespace.value.is_empty() {
        return;
    }
    let pen = Pen::new(settings.namespace.place, Cause::Namespace, step);
    for resource in &mut resources.resources {
        resource.remember_id();
        let moved = move_one(settings, pen, resource, step);
        note(moved, step);
    }
    refuse_conflicts(settings.namespace, resources, step);
}

/// Puts one object into a namespace.
pub(super) fn move_one(
    settings: &Settings<'_>,
    pen: Pen,
    resource: &mut Resource,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let id = resource.id();
    let is_namespaced = !id.is_cluster_scoped();
    let mut mover = Mover {
        settings,
        pen,
        step,
    };
    mover.object(&mut resource.value, &id.gvk, is_namespaced)
}

/// Refuses a namespace that makes one object of two.
fn refuse_conflicts(
    namespace: &Spanned<Box<str>>,
    resources: &ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let ids: Vec<_> = resources.resources.iter().map(Resource::id).collect();
    let twin = ids.iter().enumerate().find(|(at, id)| {
        let others = ids.iter().take(*at);
        others.into_iter().any(|other| other.is_same(id))
    });
    if let Some((_, id)) = twin {
        step.refuse(
            namespace.place,
            format!(
                "namespace `{}` makes two objects the same: {id}",
                namespace.value
            ),
        );
    }
}

/// What puts one object into a namespace.
struct Mover<'m, 'a, 'f> {
    settings: &'m Settings<'m>,
    pen: Pen,
    step: &'m mut Step<'a, 'f>,
}

impl Mover<'_, '_, '_> {
    /// Changes the fields of an object.
    fn object(
        &mut self,
        object: &mut Value,
        gvk: &Gvk,
        is_namespaced: bool,
    ) -> Result<(), Refusal> {
        let missing = Some(Missing {
            kind: MissingKind::Scalar,
            place: self.pen.added,
        });
        if is_namespaced {
            let spec = FieldSpec::of_all("metadata/namespace", true);
            spec.visit(object, missing, &mut |value, is_new| {
                self.set(value, is_new)
            })?;
        }
        let is_binding = ["RoleBinding", "ClusterRoleBinding"].contains(&&*gvk.kind);
        if is_binding && let Some(entry) = entry_mut(object, "subjects") {
            self.subjects(&mut entry.value)?;
        }
        let is_core = gvk.group.is_empty() && &*gvk.version == "v1";
        let specs = self.settings.specs;
        let specs = specs.0.iter().filter(|spec| {
            let is_binding = ["RoleBinding", "ClusterRoleBinding"].contains(&&*spec.gvk.kind);
            match &*spec.path {
                "metadata/namespace" => false,
                // Of what is called Namespace only Kubernetes' own has its name changed.
                "metadata/name" => is_core,
                "subjects/namespace" => !is_binding,
                _ => true,
            }
        });
        for spec in specs.filter(|spec| spec.applies_to(gvk)) {
            spec.visit(object, missing, &mut |value, is_new| {
                self.set(value, is_new)
            })?;
        }
        Ok(())
    }

    /// Changes the subjects of a role binding.
    fn subjects(&mut self, subjects: &mut Value) -> Result<(), Refusal> {
        let (key, wanted) = match self.settings.subjects {
            Subjects::None => return Ok(()),
            Subjects::Default => ("name", "default"),
            Subjects::ServiceAccounts => ("kind", "ServiceAccount"),
        };
        if subjects.is_null() {
            return Ok(());
        }
        let place = subjects.place;
        let Node::Sequence(subjects) = &mut subjects.node else {
            return Err(Refusal::new(place, "kustomize wants a list of subjects"));
        };
        for subject in subjects {
            if subject.get(key).and_then(Value::as_text) != Some(wanted) {
                continue;
            }
            if let Some(entry) = entry_mut(subject, "namespace") {
                self.set(&mut entry.value, false)?;
            } else {
                let namespace = &self.settings.namespace.value;
                let value = string(namespace, self.pen.added);
                set_entry(
                    subject,
                    Spanned::new("namespace".into(), self.pen.added),
                    value,
                );
            }
        }
        Ok(())
    }

    /// Writes the namespace.
    fn set(&mut self, value: &mut Value, is_new: bool) -> Result<(), Refusal> {
        wanted_scalar(value)?;
        let is_set = value.as_text().is_some_and(|text| !text.is_empty());
        if !(self.settings.unset_only && is_set) {
            let namespace = &self.settings.namespace.value;
            self.pen.string(value, namespace, is_new, self.step);
        }
        Ok(())
    }
}
