//! Plain manifests: every document is deployed as it stands.

use super::{Problem, namespace};
use crate::object::{Gvk, Namespace, NamespaceSource, Object, ObjectId, is_namespaced};
use crate::source::{FileId, Place, Sources, Spanned};
use crate::yaml::{FileContent, Node, Value};

/// Kinds that cannot do without a name and whose loss changes what the linter says. Others without a name are no objects
/// (`Kustomization`, the configuration of some tool) or of no interest.
const NAMED_KINDS: &[&str] = &[
    "AuthorizationPolicy",
    "ConfigMap",
    "CronJob",
    "DaemonSet",
    "Deployment",
    "DestinationRule",
    "Job",
    "MeshPolicy",
    "Namespace",
    "PeerAuthentication",
    "Pod",
    "Policy",
    "ReplicaSet",
    "ReplicationController",
    "Rollout",
    "Service",
    "ServiceEntry",
    "Sidecar",
    "StatefulSet",
    "VirtualService",
    "WorkloadEntry",
    "WorkloadGroup",
];

/// The group whose `Policy` is one about mutual TLS.
const POLICY_GROUP: &str = "authentication.istio.io/";

/// The kind that `istioctl` reads from a file, where it needs no name.
const NAMELESS_KIND: &str = "IstioOperator";

/// What plain manifests deploy.
#[derive(Debug, Default)]
pub struct Manifests {
    /// The objects, in the order of files and documents.
    pub objects: Vec<Object>,
    /// The roots of documents that are a mapping and no object: Helm values may be among them.
    pub values: Vec<Value>,
    /// What cannot be deployed, in the order of files and documents.
    pub problems: Vec<Problem>,
}

/// Deploys the documents of files: lists are unpacked, and objects without a namespace get one.
pub fn deploy(
    files: Vec<(FileId, FileContent)>,
    sources: &Sources,
    root_namespace: Option<&str>,
) -> Manifests {
    let mut manifests = Manifests::default();
    for (_, content) in files {
        for document in content.documents {
            manifests.take(document.root);
        }
    }
    namespace::settle(&mut manifests.objects, sources, root_namespace);
    manifests
}

impl Manifests {
    /// Takes in the root of a document, sorted into objects, values and neither. The namespace of objects without one is
    /// settled when all are known.
    pub(super) fn take(&mut self, root: Value) {
        take_document(root, self);
    }
}

/// Group, version and kind of an object, and where the kind is written.
#[derive(Clone)]
struct Type {
    api_version: Box<str>,
    kind: Spanned<Box<str>>,
}

/// Sorts a document into objects, values and neither.
fn take_document(root: Value, manifests: &mut Manifests) {
    let Some(kind) = kind_of(&root) else {
        if root.as_mapping().is_some() {
            manifests.values.push(root);
        }
        return;
    };
    if text(root.get("apiVersion")).is_none() {
        if root.get("metadata").is_some() && needs_name("", &kind.value) {
            manifests.problems.push(Problem::Unversioned {
                place: kind.place,
                kind: kind.value,
            });
        } else {
            // A top-level `kind` is a setting of some Helm charts.
            manifests.values.push(root);
        }
        return;
    }
    unpack(root, manifests);
}

/// Deploys an object, or the items of a list in their order.
fn unpack(root: Value, manifests: &mut Manifests) {
    // A stack and no recursion: lists may nest as deep as the parser lets them.
    let mut pending = vec![(root, None)];
    while let Some((value, inherited)) = pending.pop() {
        let Some(own) = type_of(&value, inherited) else {
            continue;
        };
        if is_list(&value, &own) {
            let item = item_type(&own);
            let items = into_items(value).into_iter().rev();
            pending.extend(items.map(|value| (value, item.clone())));
        } else {
            take_object(value, own, manifests);
        }
    }
}

/// What a value says it is, completed by the typed list it is in.
fn type_of(value: &Value, inherited: Option<Type>) -> Option<Type> {
    value.as_mapping()?;
    let api_version = text(value.get("apiVersion")).map(Box::from);
    let kind = kind_of(value);
    match inherited {
        Some(inherited) => Some(Type {
            api_version: api_version.unwrap_or(inherited.api_version),
            kind: kind.unwrap_or(Spanned::new(inherited.kind.value, value.place)),
        }),
        None => Some(Type {
            api_version: api_version?,
            kind: kind?,
        }),
    }
}

/// Whether an object is a list of objects: `List`, or a kind that ends so and has items.
fn is_list(value: &Value, own: &Type) -> bool {
    &*own.kind.value == "List"
        || (own.kind.value.ends_with("List")
            && value
                .get("items")
                .is_some_and(|items| items.as_sequence().is_some()))
}

/// What the items of a list are if they do not say; none for items of `List`, which have to.
fn item_type(list: &Type) -> Option<Type> {
    let kind = list.kind.value.strip_suffix("List")?;
    (!kind.is_empty()).then(|| Type {
        api_version: list.api_version.clone(),
        kind: Spanned::new(kind.into(), list.kind.place),
    })
}

/// The items of a list, without a copy.
fn into_items(list: Value) -> Vec<Value> {
    let Node::Mapping(mapping) = list.node else {
        return Vec::new();
    };
    let items = mapping
        .entries
        .into_iter()
        .rev()
        .find(|entry| &*entry.key.value == "items");
    match items.map(|entry| entry.value.node) {
        Some(Node::Sequence(items)) => items.items,
        Some(Node::Scalar(_) | Node::Mapping(_)) | None => Vec::new(),
    }
}

/// Deploys one object; its namespace is settled when all are known.
fn take_object(value: Value, own: Type, manifests: &mut Manifests) {
    let Type { api_version, kind } = own;
    let Some(name) = name_of(&value, &kind) else {
        if needs_name(&api_version, &kind.value) {
            manifests.problems.push(Problem::Unnamed {
                place: kind.place,
                kind: kind.value,
            });
        }
        return;
    };
    let gvk = Gvk::parse(&api_version, &kind.value);
    let (namespace, namespace_source) = stated_namespace(&value, &kind.value);
    let id = ObjectId {
        group: gvk.group.clone(),
        kind: gvk.kind.clone(),
        namespace,
        name: name.value.clone(),
    };
    manifests.objects.push(Object {
        gvk,
        id,
        namespace_source,
        name,
        value,
    });
}

/// The name of an object, or what the API server makes one of; empty for the kind that needs none.
fn name_of(value: &Value, kind: &Spanned<Box<str>>) -> Option<Spanned<Box<str>>> {
    metadata(value, "name")
        .or_else(|| metadata(value, "generateName"))
        .map(|(name, place)| Spanned::new(name.into(), place))
        .or_else(|| {
            (&*kind.value == NAMELESS_KIND).then(|| Spanned::new(Box::default(), kind.place))
        })
}

/// The namespace that an object states. `Default` without a namespace is one that is still to be settled.
fn stated_namespace(value: &Value, kind: &str) -> (Option<Namespace>, NamespaceSource) {
    if !is_namespaced(kind) {
        return (None, NamespaceSource::ClusterScoped);
    }
    match metadata(value, "namespace") {
        Some((name, place)) => (Some(Namespace::new(name)), NamespaceSource::Stated(place)),
        None => (None, NamespaceSource::Default),
    }
}

/// A text of the metadata that is not empty, and its place.
fn metadata<'a>(value: &'a Value, key: &str) -> Option<(&'a str, Place)> {
    let field = value.at(&["metadata", key])?;
    text(Some(field)).map(|text| (text, field.place))
}

/// The kind of a mapping, if it has one.
fn kind_of(value: &Value) -> Option<Spanned<Box<str>>> {
    let kind = value.get("kind")?;
    text(Some(kind)).map(|text| Spanned::new(text.into(), kind.place))
}

/// A text that is not empty.
fn text(value: Option<&Value>) -> Option<&str> {
    value?.as_text().filter(|text| !text.is_empty())
}

/// Whether an object without a name is worth a word.
fn needs_name(api_version: &str, kind: &str) -> bool {
    // The audit policy of an API server is a file without metadata.
    let is_foreign_policy = kind == "Policy" && !api_version.starts_with(POLICY_GROUP);
    !is_foreign_policy && NAMED_KINDS.binary_search(&kind).is_ok()
}

#[cfg(test)]
mod tests;
