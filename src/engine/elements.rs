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
    let units = deployment.units.iter();
    let mut objects: FxHashMap<&ObjectId, Vec<&Value>> = FxHashMap::default();
    for object in units.flat_map(|unit| &unit.objects) {
        objects.entry(&object.id).or_default().push(&object.value);
    }
    for diagnostic in diagnostics {
        let (Some(object), Some(field), Some(place)) =
            (&diagnostic.object, &diagnostic.field, diagnostic.place)
        else {
            continue;
        };
        let variants = objects.get(object).into_iter().flatten();
        let key = variants
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
            value = items.iter().find(|item| holds(item, place))?;
            for part in ["[", element_name(value), "]"] {
                key.push_str(part);
            }
            is_named = true;
        }
    }
    is_named.then_some(key)
}

/// Whether a place is that of a value or of something in it.
fn holds(value: &Value, place: Place) -> bool {
    value.place.span == place.span
        || match &value.node {
            Node::Scalar(_) => false,
            Node::Sequence(items) => items.iter().any(|item| holds(item, place)),
            Node::Mapping(mapping) => mapping
                .entries
                .iter()
                .any(|entry| entry.key.place.span == place.span || holds(&entry.value, place)),
        }
}
