//! What any Kubernetes object has: kind, name, namespace, and the tree it was written as.

use std::borrow::Cow;
use std::fmt;
use std::sync::Arc;

use crate::source::{Place, Spanned};
use crate::yaml::Value;

/// Group, version and kind of an object.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Gvk {
    /// The API group; empty for the core group.
    pub group: Box<str>,
    /// The version, such as `v1beta1`.
    pub version: Box<str>,
    /// The kind, such as `DestinationRule`.
    pub kind: Box<str>,
}

impl Gvk {
    /// Splits `apiVersion` and joins the kind.
    pub(crate) fn parse(api_version: &str, kind: &str) -> Self {
        let (group, version) = api_version.rsplit_once('/').unwrap_or(("", api_version));
        Self {
            group: group.into(),
            version: version.into(),
            kind: kind.into(),
        }
    }

    /// Group and version as `apiVersion` writes them.
    pub(crate) fn api_version(&self) -> Cow<'_, str> {
        if self.group.is_empty() {
            Cow::Borrowed(&self.version)
        } else {
            Cow::Owned(format!("{}/{}", self.group, self.version))
        }
    }
}

/// The name of a namespace; copies share the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Namespace(Arc<str>);

impl Namespace {
    /// A namespace of this name.
    pub(crate) fn new(name: impl Into<Arc<str>>) -> Self {
        Self(name.into())
    }

    /// The name.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Namespace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What identifies an object in a cluster: group, kind, namespace and name (not the version).
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ObjectId {
    /// The API group; empty for the core group.
    pub group: Box<str>,
    /// The kind.
    pub kind: Box<str>,
    /// The namespace; none for cluster-scoped objects.
    pub namespace: Option<Namespace>,
    /// The name.
    pub name: Box<str>,
}

impl fmt::Display for ObjectId {
    /// `Kind namespace/name`, or `Kind name` for a cluster-scoped object; the kind alone for one that needs no name.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.name.is_empty() {
            return f.write_str(&self.kind);
        }
        match &self.namespace {
            Some(namespace) => write!(f, "{} {namespace}/{}", self.kind, self.name),
            None => write!(f, "{} {}", self.kind, self.name),
        }
    }
}

/// How the namespace of an object is known.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum NamespaceSource {
    /// `metadata.namespace` says so.
    Stated(Place),
    /// All namespaced objects of the same folder that state one state this one.
    Voted,
    /// Nothing says so; kubectl's default.
    Default,
    /// The kind has no namespace.
    ClusterScoped,
}

/// An object as it will be deployed.
#[derive(Clone, Debug)]
pub struct Object {
    /// Group, version and kind.
    pub gvk: Gvk,
    /// Identity in the cluster.
    pub id: ObjectId,
    /// How the namespace is known.
    pub namespace_source: NamespaceSource,
    /// `metadata.name` and its place; for an object without a name the place of its kind.
    pub name: Spanned<Box<str>>,
    /// The whole tree.
    pub value: Value,
}

/// Kinds without a namespace, among those that the linter reads or that commonly stand beside them.
const CLUSTER_SCOPED: &[&str] = &[
    "APIService",
    "CSIDriver",
    "ClusterIssuer",
    "ClusterPolicy",
    "ClusterRbacConfig",
    "ClusterRole",
    "ClusterRoleBinding",
    "CustomResourceDefinition",
    "GatewayClass",
    "IngressClass",
    "MeshPolicy",
    "MutatingWebhookConfiguration",
    "Namespace",
    "Node",
    "PersistentVolume",
    "PriorityClass",
    "RuntimeClass",
    "StorageClass",
    "ValidatingWebhookConfiguration",
];

/// Whether objects of a kind live in a namespace.
pub(crate) fn is_namespaced(kind: &str) -> bool {
    CLUSTER_SCOPED.binary_search(&kind).is_err()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_list_of_cluster_scoped_kinds_is_sorted() {
        assert!(CLUSTER_SCOPED.is_sorted());
        assert!(!is_namespaced("MeshPolicy"));
        assert!(is_namespaced("Policy"));
    }

    #[test]
    fn a_core_api_version_has_no_group() {
        assert_eq!(&*Gvk::parse("v1", "Service").group, "");
        assert_eq!(
            &*Gvk::parse("networking.istio.io/v1", "Sidecar").group,
            "networking.istio.io"
        );
    }
}
