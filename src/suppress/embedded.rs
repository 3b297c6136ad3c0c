//! YAML that is written as text in a manifest and takes part in what is deployed: patches and mesh configs.

use crate::yaml::{Node, Value};

/// The keys under which it is written.
const KEYS: [&str; 3] = ["patch", "patchesStrategicMerge", "mesh"];

/// Visits the texts below a value, in order.
pub(super) fn texts(value: &Value, visit: &mut dyn FnMut(&Value)) {
    match &value.node {
        Node::Scalar(_) => {}
        Node::Sequence(items) => {
            for item in items {
                texts(item, visit);
            }
        }
        Node::Mapping(mapping) => {
            for entry in &mapping.entries {
                if !KEYS.contains(&&*entry.key.value) {
                    texts(&entry.value, visit);
                    continue;
                }
                let written = entry.value.items().iter().chain([&entry.value]);
                for text in written.filter(|text| text.as_scalar().is_some()) {
                    visit(text);
                }
            }
        }
    }
}
