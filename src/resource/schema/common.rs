//! The fields that every object has.

use super::Schema::{Any, LooseName, Map, Name, Object, Text};
use super::{Field, field};

/// `apiVersion`.
pub(super) const API_VERSION: Field = field("apiVersion", false, Any);

/// `kind`.
pub(super) const KIND: Field = field("kind", false, Any);

/// `metadata`.
pub(super) const METADATA: Field = field("metadata", false, Object(OBJECT_META));

/// `status`, which Istio writes.
pub(super) const STATUS: Field = field("status", false, Any);

/// The fields of `ObjectMeta`; `clusterName` and `initializers` are gone from today's.
const OBJECT_META: &[Field] = &[
    field("annotations", false, Map(&Text)),
    field("clusterName", false, Any),
    field("creationTimestamp", false, Any),
    field("deletionGracePeriodSeconds", false, Any),
    field("deletionTimestamp", false, Any),
    field("finalizers", false, Any),
    field("generateName", false, LooseName),
    field("generation", false, Any),
    field("initializers", false, Any),
    field("labels", false, Map(&Name)),
    field("managedFields", false, Any),
    field("name", false, LooseName),
    field("namespace", false, LooseName),
    field("ownerReferences", false, Any),
    field("resourceVersion", false, Any),
    field("selfLink", false, Any),
    field("uid", false, Any),
];
