//! Objects as trees, for edits that need more of them than a rule reads.

use super::RuleContext;
use crate::gitops::MeshScope;
use crate::object::{Namespace, ObjectId};
use crate::source::Span;
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

    /// Whether the texts of two objects are deployed to the same namespaces of every mesh: a base may be used several times,
    /// and what is moved from one text to another must not reach or leave another object.
    pub(crate) fn are_deployed_alike(&self, one: &Value, other: &Value) -> bool {
        let mut meshes = self.deployment().meshes.iter();
        meshes.all(|mesh| {
            self.namespaces_of(mesh, one.place.span) == self.namespaces_of(mesh, other.place.span)
        })
    }

    /// The namespaces to which a text is deployed in a mesh, sorted; each as often as it is.
    fn namespaces_of(&self, mesh: &MeshScope, root: Span) -> Vec<Option<&'a str>> {
        let units = &self.deployment().units;
        let units = mesh.units.iter().filter_map(|&unit| units.get(unit));
        let objects = units.flat_map(|unit| &unit.objects);
        let mut namespaces: Vec<Option<&str>> = objects
            .filter(|object| object.value.place.span == root)
            .map(|object| object.id.namespace.as_ref().map(Namespace::as_str))
            .collect();
        namespaces.sort_unstable();
        namespaces
    }
}
