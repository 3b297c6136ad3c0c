//! Objects as they are written, for edits that need more of them than a rule reads.

use super::RuleContext;
use crate::gitops::Unit;
use crate::object::ObjectId;
use crate::source::Span;
use crate::yaml::Value;

impl<'a> RuleContext<'a> {
    /// The tree of an object that is in the mesh once.
    pub(crate) fn written(&self, id: &ObjectId) -> Option<&'a Value> {
        let objects = self.units().flat_map(|unit| &unit.objects);
        let mut found = objects.filter(|object| object.id == *id);
        let (only, None) = (found.next()?, found.next()) else {
            return None;
        };
        Some(&only.value)
    }

    /// Whether everything that is deployed, in this mesh or another, has both of two objects or none.
    pub(crate) fn are_deployed_together(&self, one: &Value, other: &Value) -> bool {
        let has = |unit: &Unit, root: Span| {
            let mut objects = unit.objects.iter();
            objects.any(|object| object.value.place.span == root)
        };
        let deployment = self.deployment();
        let mut meshes = deployment.meshes.iter();
        meshes.all(|mesh| {
            let units = || {
                mesh.units
                    .iter()
                    .filter_map(|&unit| deployment.units.get(unit))
            };
            let is_in = |root: Span| units().any(|unit| has(unit, root));
            is_in(one.place.span) == is_in(other.place.span)
        })
    }
}
