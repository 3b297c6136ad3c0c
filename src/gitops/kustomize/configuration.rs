//! Which fields transformers change: the defaults of kustomize and what `configurations` and `crds` add.

use crate::gitops::Problem;
use crate::yaml::Value;

/// Which fields transformers change.
#[derive(Clone, Debug, Default)]
pub(in crate::gitops) struct Configuration {}

impl Configuration {
    /// What kustomize knows without being told.
    pub(in crate::gitops) fn defaults() -> Self {
        Self::default()
    }

    /// Adds what another configuration has: that of a base, or of a parent.
    pub(in crate::gitops) fn merge(&mut self, other: &Self) {
        let _ = other;
    }

    /// Adds a file of `configurations`, given as the root of its document.
    pub(in crate::gitops) fn add_configuration(
        &mut self,
        root: &Value,
        problems: &mut Vec<Problem>,
    ) {
        let _ = (root, problems);
    }

    /// Adds a file of `crds`, given as the root of its document: definitions of types in the form of `OpenAPI`.
    pub(in crate::gitops) fn add_definitions(&mut self, root: &Value, problems: &mut Vec<Problem>) {
        let _ = (root, problems);
    }
}
