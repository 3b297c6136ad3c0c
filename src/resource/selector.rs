//! Label selectors by equality: `matchLabels` and the selectors of Services.

use super::Labels;
use crate::source::Place;

/// Labels that a pod must carry; without labels it selects everything (each use says what that means).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Selector {
    /// The labels and their values.
    pub labels: Labels,
    /// The place of the map.
    pub place: Place,
}

impl Selector {
    /// Whether all its labels are among `labels` with equal values (`pkg/config/labels:Instance.SubsetOf`).
    pub fn selects(&self, labels: &Labels) -> bool {
        self.labels
            .iter()
            .all(|(key, value)| labels.get(key) == Some(&*value.value))
    }

    /// Whether it has no labels.
    pub fn is_empty(&self) -> bool {
        self.labels.is_empty()
    }

    /// Whether two selectors demand the same labels.
    pub fn same_as(&self, other: &Self) -> bool {
        self.selects(&other.labels) && other.selects(&self.labels)
    }
}
