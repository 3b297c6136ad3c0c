//! What patches did to DestinationRules, as rules look at it.

use crate::object::ObjectId;
use crate::resource::DestinationRule;
use crate::source::Place;
use crate::yaml::{Node, Removed, Value};

/// A DestinationRule before and after one patch.
#[derive(Clone, Debug)]
pub struct PatchedRule {
    /// The rule as it is deployed.
    pub object: ObjectId,
    /// Where the patch is called for.
    pub patch: Place,
    /// Whether a component calls for it.
    pub is_of_component: bool,
    /// Whether it is a list of JSON 6902 operations.
    pub by_operations: bool,
    /// The rule before the patch.
    pub before: DestinationRule,
    /// The rule after it.
    pub after: DestinationRule,
    /// The tree before the patch.
    pub before_value: Value,
    /// The tree after it.
    pub after_value: Value,
}

impl PatchedRule {
    /// Where the patch does away with what stood at a place before: the removal of it or of something around it, the list
    /// that replaces the one it was in, the value that overwrites it. `None` if it is still there.
    pub fn loss(&self, place: Place) -> Option<Place> {
        loss(&self.before_value, &self.after_value, place)
    }
}

/// Goes down both trees towards the place, to where they differ.
fn loss(before: &Value, after: &Value, place: Place) -> Option<Place> {
    match (&before.node, &after.node) {
        (Node::Mapping(old), Node::Mapping(new)) => {
            let entry = old
                .entries
                .iter()
                .find(|entry| entry.key.place == place || entry.value.holds(&|one| one == place))?;
            let key = &entry.key.value;
            // What is removed and then added again is removed first.
            let is_it = |removed: &&Removed| removed.entry.value.place == entry.value.place;
            if let Some(removed) = new.removed.iter().rev().find(is_it) {
                return Some(removed.place);
            }
            if let Some(kept) = new
                .entries
                .iter()
                .rev()
                .find(|other| other.key.value == *key)
            {
                return loss(&entry.value, &kept.value, place);
            }
            let mut removed = new.removed.iter().rev();
            let removed = removed.find(|removed| removed.entry.key.value == *key);
            Some(removed.map_or(after.place, |removed| removed.place))
        }
        (Node::Sequence(old), Node::Sequence(new)) => {
            // What an anchor names is in several elements.
            let mut holders = old.iter().enumerate();
            holders.find_map(|(at, item)| {
                if !item.holds(&|one| one == place) {
                    return None;
                }
                if let Some(kept) = new.iter().find(|kept| kept.place == item.place) {
                    return loss(item, kept, place);
                }
                let mut removed = new.removed.iter().rev();
                if let Some(removed) = removed.find(|removed| removed.item.place == item.place) {
                    return Some(removed.place);
                }
                if before.place != after.place {
                    return Some(after.place);
                }
                // An element that is written over another stands where that stood.
                new.get(at).map(|item| item.place)
            })
        }
        _ if before.place == after.place => None,
        _ => Some(after.place),
    }
}
