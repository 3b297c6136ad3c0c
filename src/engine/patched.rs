//! Patched: what patches did to DestinationRules, decoded for the rules.

use crate::gitops::{AppliedPatch, Deployment, PatchTarget};
use crate::object::{Gvk, NamespaceSource, Object, ObjectId};
use crate::resource::{self, DestinationRule, Resource};
use crate::rule::PatchedRule;
use crate::source::{Sources, Spanned};
use crate::yaml::Value;

/// What patches did to the DestinationRules of each mesh, in the order in which they were applied.
pub(super) fn of_meshes(deployment: &Deployment, sources: &Sources) -> Vec<Vec<PatchedRule>> {
    let units: Vec<Vec<PatchedRule>> = deployment
        .units
        .iter()
        .map(|unit| {
            let patches = unit.patches.iter();
            patches
                .flat_map(|patch| patch.targets.iter().map(move |target| (patch, target)))
                .filter_map(|(patch, target)| patched(patch, target, sources))
                .collect()
        })
        .collect();
    deployment
        .meshes
        .iter()
        .map(|scope| {
            let members = scope.units.iter().filter_map(|&unit| units.get(unit));
            members.flatten().cloned().collect()
        })
        .collect()
}

/// One patch of one DestinationRule that is deployed.
fn patched(patch: &AppliedPatch, target: &PatchTarget, sources: &Sources) -> Option<PatchedRule> {
    let object = target.object.as_ref()?;
    if &*object.kind != "DestinationRule" {
        return None;
    }
    let (before_value, after_value) = (target.before.as_ref()?, target.after.as_ref()?);
    Some(PatchedRule {
        object: object.clone(),
        patch: patch.place,
        is_of_component: patch.is_of_component,
        by_operations: target.by_operations,
        before: decode(before_value, object, sources)?,
        after: decode(after_value, object, sources)?,
        before_value: before_value.clone(),
        after_value: after_value.clone(),
    })
}

/// A tree as a DestinationRule with the identity that it is deployed with.
fn decode(value: &Value, id: &ObjectId, sources: &Sources) -> Option<DestinationRule> {
    let text = |key: &str| value.get(key).and_then(Value::as_text).unwrap_or_default();
    let gvk = Gvk::parse(text("apiVersion"), text("kind"));
    let name = value.at(&["metadata", "name"]);
    let object = Object {
        gvk,
        id: id.clone(),
        namespace_source: NamespaceSource::Default,
        name: Spanned::new(id.name.clone(), name.map_or(value.place, |name| name.place)),
        value: value.clone(),
    };
    let mut resources = resource::decode(&object, sources).resources.into_iter();
    resources.find_map(|resource| match resource {
        Resource::DestinationRule(rule) => Some(*rule),
        _ => None,
    })
}
