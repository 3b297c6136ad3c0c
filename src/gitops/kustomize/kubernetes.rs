//! What kustomize knows of Kubernetes' own kinds: which lists are merged by which keys, and which kinds have no namespace.

use std::sync::OnceLock;

use rustc_hash::{FxHashMap, FxHashSet};

/// The table, which a script writes from the `OpenAPI` document inside kustomize.
const TABLE: &str = include_str!("kubernetes.txt");

/// The key of a list of scalars.
pub(super) const SCALARS: &str = "";

/// The table, split into its parts.
#[derive(Default)]
struct Table {
    /// The kinds without a namespace, as `apiVersion kind`.
    cluster: FxHashSet<(&'static str, &'static str)>,
    /// The types of kinds, by API version and kind.
    kinds: FxHashMap<(&'static str, &'static str), &'static str>,
    /// What is below the fields of types.
    fields: FxHashMap<(&'static str, &'static str), Schema>,
}

/// What is known about a value.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Schema {
    /// The type of the value, or of its elements if it is a list.
    type_name: Option<&'static str>,
    /// The keys by which a list is merged; none for a list that is replaced.
    pub(super) keys: Option<Vec<&'static str>>,
}

impl Schema {
    /// The schema of an object, if its kind is one of Kubernetes'.
    pub(super) fn of_kind(api_version: &str, kind: &str) -> Option<Self> {
        let type_name = table().kinds.get(&(api_version, kind)).copied()?;
        Some(Self {
            type_name: Some(type_name),
            keys: None,
        })
    }

    /// The schema of a field.
    pub(super) fn field(&self, name: &str) -> Self {
        self.type_name
            .and_then(|type_name| table().fields.get(&(type_name, name)))
            .cloned()
            .unwrap_or_default()
    }

    /// The schema of the elements of a list.
    pub(super) fn elements(&self) -> Self {
        Self {
            type_name: self.type_name,
            keys: None,
        }
    }

    /// Whether nothing is known.
    pub(super) fn is_unknown(&self) -> bool {
        self.type_name.is_none() && self.keys.is_none()
    }
}

/// Whether kustomize is certain that objects of a kind have no namespace.
pub(super) fn is_cluster_scoped(api_version: &str, kind: &str) -> bool {
    table().cluster.contains(&(api_version, kind))
}

/// The table.
fn table() -> &'static Table {
    static TABLE_PARTS: OnceLock<Table> = OnceLock::new();
    TABLE_PARTS.get_or_init(|| {
        let mut parts = Table::default();
        for line in TABLE.lines() {
            let words: Vec<&'static str> = line.split(' ').collect();
            match words.as_slice() {
                ["cluster", api_version, kind] => {
                    parts.cluster.insert((api_version, kind));
                }
                ["kind", api_version, kind, type_name] => {
                    parts.kinds.insert((api_version, kind), type_name);
                }
                ["field", type_name, field, keys, below] => {
                    let schema = Schema {
                        type_name: Some(*below).filter(|below| *below != "-"),
                        keys: split_keys(keys),
                    };
                    parts.fields.insert((type_name, field), schema);
                }
                _ => {}
            }
        }
        parts
    })
}

/// The keys of a list as the table writes them.
fn split_keys(keys: &'static str) -> Option<Vec<&'static str>> {
    match keys {
        "-" => None,
        "*" => Some(vec![SCALARS]),
        keys => Some(keys.split(',').collect()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_of_a_service_are_merged_by_port_and_protocol() {
        let service = Schema::of_kind("v1", "Service").expect("a kind of Kubernetes");
        let ports = service.field("spec").field("ports");
        assert_eq!(ports.keys, Some(vec!["port", "protocol"]));
    }

    #[test]
    fn environments_of_containers_are_merged_by_name() {
        let keys = |path: &[&str]| {
            let kind = Schema::of_kind("apps/v1", "Deployment").expect("a kind of Kubernetes");
            path.iter()
                .fold(kind, |schema, name| match *name {
                    "[]" => schema.elements(),
                    name => schema.field(name),
                })
                .keys
        };
        let containers = ["spec", "template", "spec", "containers", "[]"];
        assert_eq!(
            keys(&[&containers[..], &["env"]].concat()),
            Some(vec!["name"])
        );
        assert_eq!(keys(&[&containers[..], &["args"]].concat()), None);
        assert_eq!(keys(&["metadata", "finalizers"]), Some(vec![SCALARS]));
    }

    #[test]
    fn kinds_of_istio_have_no_schema() {
        assert_eq!(
            Schema::of_kind("networking.istio.io/v1", "DestinationRule"),
            None
        );
    }

    #[test]
    fn namespaces_have_no_namespace() {
        assert!(is_cluster_scoped("v1", "Namespace"));
        assert!(!is_cluster_scoped("v1", "Service"));
        assert!(!is_cluster_scoped("example.com/v1", "Anything"));
    }
}
