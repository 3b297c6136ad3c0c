//! Objects as trees, for edits that need more of them than a rule reads.

use super::RuleContext;
use crate::gitops::{MeshScope, Unit};
use crate::object::{Namespace, Object, ObjectId};
use crate::source::{Cause, Place, Span};
use crate::yaml::Value;

impl<'a> RuleContext<'a> {
    /// The tree of an object that is in the mesh once.
    pub(crate) fn tree_of(&self, id: &ObjectId) -> Option<&'a Value> {
        let objects = self.units().flat_map(|unit| &unit.objects);
        let mut found = objects.filter(|object| object.id == *id);
        let (only, None) = (found.next()?, found.next()) else {
            return None;
        };
        Some(&only.value)
    }

    /// Whether the texts of two objects can become one: wherever the one is deployed, in this mesh or another, the other is too,
    /// in the same namespace, and no patch changes either. A base may be used several times, and what is moved from one text to
    /// another must not reach or leave another object.
    pub(crate) fn are_deployed_alike(&self, one: &Value, other: &Value) -> bool {
        let mut meshes = self.deployment().meshes.iter();
        meshes.all(|mesh| {
            let one = self.namespaces_of(mesh, one.place.span);
            one.is_some() && one == self.namespaces_of(mesh, other.place.span)
        })
    }

    /// The namespaces to which a text is deployed in a mesh, sorted, each as often as it is; none where something changes it.
    fn namespaces_of(&self, mesh: &MeshScope, root: Span) -> Option<Vec<Option<&'a str>>> {
        let units = mesh.units.iter();
        let units = units.filter_map(|&unit| self.deployment().units.get(unit));
        let mut namespaces = Vec::new();
        for unit in units {
            let copies = unit.objects.iter();
            for copy in copies.filter(|object| object.value.place.span == root) {
                if is_patched(unit, &copy.id) || !self.is_as_written(copy) {
                    return None;
                }
                namespaces.push(copy.id.namespace.as_ref().map(Namespace::as_str));
            }
        }
        namespaces.sort_unstable();
        Some(namespaces)
    }

    /// Whether an object is deployed as it is written, but for what is the same for all objects of a kustomization.
    fn is_as_written(&self, object: &Object) -> bool {
        let is_changed = |place: Place| {
            let change = self.origins().change(place);
            change.is_some_and(|change| !is_for_all(change.cause))
        };
        !object.value.holds(&is_changed)
    }
}

/// Whether something changes all objects alike.
fn is_for_all(cause: Cause) -> bool {
    matches!(
        cause,
        Cause::Namespace
            | Cause::NamePrefix
            | Cause::NameSuffix
            | Cause::Reference
            | Cause::Labels
            | Cause::Annotations
    )
}

/// Whether any patch of a unit is for an object.
fn is_patched(unit: &Unit, id: &ObjectId) -> bool {
    let mut targets = unit.patches.iter().flat_map(|patch| &patch.targets);
    targets.any(|target| target.object.as_ref() == Some(id))
}
