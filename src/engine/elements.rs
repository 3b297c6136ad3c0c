//! Elements: which elements of lists the fields of findings are in, by their names. A rule that says
//! `spec.subsets.trafficPolicy.tls.mode` points at the subset that it means.

use rustc_hash::FxHashMap;

use crate::diagnostic::Diagnostic;
use crate::gitops::Deployment;
use crate::object::ObjectId;
use crate::resource::element_name;
use crate::source::Place;
use crate::yaml::{FieldPath, Node, Value};

/// Gives the fields of findings that lie in lists keys with the names of the elements, as far as the places tell.
pub(super) fn name_elements(diagnostics: &mut [Diagnostic], deployment: &Deployment) {
    let about = diagnostics.iter().filter_map(|one| one.object.clone());
    let mut variants: FxHashMap<ObjectId, Vec<&Value>> = about.map(|id| (id, Vec::new())).collect();
    if variants.is_empty() {
        return;
    }
    for object in deployment.units.iter().flat_map(|unit| &unit.objects) {
        if let Some(variants) = variants.get_mut(&object.id) {
            variants.push(&object.value);
        }
    }
    for diagnostic in diagnostics {
        let (Some(object), Some(field), Some(place)) =
            (&diagnostic.object, &diagnostic.field, diagnostic.place)
        else {
            continue;
        };
        let key = variants
            .get(object)
            .into_iter()
            .flatten()
            .filter(|_| !field.is_exact())
            .find_map(|value| key(value, field.as_str(), place));
        if let Some(key) = key {
            diagnostic.field = Some(FieldPath::with_key(field.as_str(), key));
        }
    }
}

/// The path of a field with the names of the elements that a place is in; none where it is in no list.
fn key(root: &Value, path: &str, place: Place) -> Option<String> {
    let mut key = String::new();
    let mut value = root;
    let mut is_named = false;
    for name in path.split('.') {
        value = value.get(name)?;
        if !key.is_empty() {
            key.push('.');
        }
        key.push_str(name);
        if let Node::Sequence(items) = &value.node {
            value = items
                .iter()
                .find(|item| item.holds(&|one| one.span == place.span))?;
            for part in ["[", element_name(value), "]"] {
                key.push_str(part);
            }
            is_named = true;
        }
    }
    is_named.then_some(key)
}
