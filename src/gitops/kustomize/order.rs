//! The order of the output.

use super::resource::{Resource, ResourceId, ResourceMap};
use crate::gitops::Problem;
use crate::object::Gvk;
use crate::yaml::Value;

/// The kinds that come first, unless a kustomization says otherwise.
const FIRST: &[&str] = &[
    "Namespace",
    "ResourceQuota",
    "StorageClass",
    "CustomResourceDefinition",
    "ServiceAccount",
    "PodSecurityPolicy",
    "Role",
    "ClusterRole",
    "RoleBinding",
    "ClusterRoleBinding",
    "ConfigMap",
    "Secret",
    "Endpoints",
    "Service",
    "LimitRange",
    "PriorityClass",
    "PersistentVolume",
    "PersistentVolumeClaim",
    "Deployment",
    "StatefulSet",
    "CronJob",
    "PodDisruptionBudget",
];

/// The kinds that come last, unless a kustomization says otherwise.
const LAST: &[&str] = &[
    "MutatingWebhookConfiguration",
    "ValidatingWebhookConfiguration",
];

/// Sorts objects as `sortOptions` of the outermost kustomization says: by kind where it says nothing.
pub(super) fn sort(
    options: Option<&Value>,
    resources: &mut ResourceMap,
    problems: &mut Vec<Problem>,
) {
    let custom = options.and_then(|options| options.get("legacySortOptions"));
    if let Some(options) = options {
        match options.get("order").and_then(Value::as_text) {
            Some("legacy") => {}
            Some("fifo") => return,
            Some(_) | None => {
                problems.push(Problem::Refused {
                    place: options.place,
                    message: "`sortOptions` needs an `order`".into(),
                    help: Some("write `order: legacy` or `order: fifo`".into()),
                });
                return;
            }
        }
    }
    let named = |key| {
        let items = custom.and_then(|custom| custom.get(key));
        items.map_or(&[][..], Value::items)
    };
    let (first, last): (Vec<&str>, Vec<&str>) = if custom.is_some() {
        let texts = |key| named(key).iter().filter_map(Value::as_text).collect();
        (texts("orderFirst"), texts("orderLast"))
    } else {
        (FIRST.to_vec(), LAST.to_vec())
    };
    resources.resources.sort_by_cached_key(|resource| {
        let id = Resource::id(resource);
        let rank = rank(&id.gvk.kind, &first, &last);
        (rank, type_text(&id.gvk), id_text(&id))
    });
}

/// What sorts group, version and kind in the order that counts where a kustomization says nothing.
pub(super) fn of_type(gvk: &Gvk) -> (Rank, String) {
    (rank(&gvk.kind, FIRST, LAST), type_text(gvk))
}

/// Before the kinds that no list names, among them or behind them, and the position in the list.
type Rank = (u8, usize);

/// The rank of a kind by the kinds that come first and last.
fn rank(kind: &str, first: &[&str], last: &[&str]) -> Rank {
    let at = |list: &[&str]| list.iter().rposition(|other| *other == kind);
    match (at(last), at(first)) {
        (Some(at), _) => (2, at),
        (None, Some(at)) => (0, at),
        (None, None) => (1, 0),
    }
}

/// Group, version and kind as kustomize compares them.
fn type_text(gvk: &Gvk) -> String {
    let or = |text: &str, other: &'static str| {
        if text.is_empty() {
            other.to_owned()
        } else {
            text.to_owned()
        }
    };
    let (group, version) = (or(&gvk.group, "~G"), or(&gvk.version, "~V"));
    format!("{group}_{version}_{}", or(&gvk.kind, "~K"))
}

/// Namespace and name as kustomize compares them.
fn id_text(id: &ResourceId) -> String {
    let namespace = if id.namespace.is_empty() {
        "~X"
    } else {
        &id.namespace
    };
    format!("{namespace}|{}", id.name)
}
