//! Generators and transformers that have a configuration of their own.

use super::resource::ResourceMap;
use super::session::Step;
use crate::yaml::Value;

/// Runs the generators that the documents configure.
pub(in crate::gitops) fn generators(
    roots: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (roots, resources, step);
}

/// Runs the transformers that the documents configure.
pub(in crate::gitops) fn transformers(
    roots: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (roots, resources, step);
}
