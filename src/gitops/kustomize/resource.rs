//! The objects of a kustomization while it is built, and how kustomize recognises them.

use super::kubernetes;
use crate::object::Gvk;
use crate::source::Spanned;
use crate::yaml::Value;

/// What kustomize knows an object by: group, version, kind, namespace and name.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::gitops) struct ResourceId {
    /// Group, version and kind.
    pub(in crate::gitops) gvk: Gvk,
    /// The namespace as written; empty where none is.
    pub(in crate::gitops) namespace: Box<str>,
    /// The name.
    pub(in crate::gitops) name: Box<str>,
}

/// An object while it is built.
#[derive(Clone, Debug)]
pub(in crate::gitops) struct Resource {
    /// The tree.
    pub(in crate::gitops) value: Value,
    /// What it was known by before transformers renamed it, the oldest first.
    pub(in crate::gitops) previous_ids: Vec<ResourceId>,
    /// The prefixes that its name was given, the innermost first.
    pub(in crate::gitops) name_prefixes: Vec<Box<str>>,
    /// The suffixes that its name was given, the innermost first.
    pub(in crate::gitops) name_suffixes: Vec<Box<str>>,
    /// Whether a hash of its content is appended to its name in the end.
    pub(in crate::gitops) needs_hash: bool,
    /// What a generator does with an object of the same id.
    pub(in crate::gitops) behavior: Behavior,
    /// Which patches were applied to it, in their order.
    pub(in crate::gitops) patches: Vec<PatchedBy>,
    /// The names of the variables that refer to it.
    pub(in crate::gitops) variables: Vec<Box<str>>,
}

/// A patch that was applied to an object: its position in the list of the build, and that of the object among its targets.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::gitops) struct PatchedBy {
    /// The position of the patch.
    pub(in crate::gitops) patch: usize,
    /// The position of the object among its targets.
    pub(in crate::gitops) target: usize,
}

/// What a generator does with an object that is there already.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::gitops) enum Behavior {
    /// Not said; as `create`.
    #[default]
    Unspecified,
    /// It must not be there.
    Create,
    /// Its data is replaced.
    Replace,
    /// Its data is merged.
    Merge,
}

/// The objects of a kustomization in the order of the output.
#[derive(Clone, Debug, Default)]
pub(in crate::gitops) struct ResourceMap {
    /// The objects.
    pub(in crate::gitops) resources: Vec<Resource>,
}

impl ResourceId {
    /// The namespace that kustomize compares: one that is not written is `default`, and a kind without has its own.
    pub(in crate::gitops) fn effective_namespace(&self) -> &str {
        if self.is_cluster_scoped() {
            NO_NAMESPACE
        } else if self.namespace.is_empty() {
            "default"
        } else {
            &self.namespace
        }
    }

    /// Whether kustomize is certain that the kind has no namespace.
    pub(in crate::gitops) fn is_cluster_scoped(&self) -> bool {
        kubernetes::is_cluster_scoped(&self.gvk.api_version(), &self.gvk.kind)
    }

    /// The id with the namespace that kustomize compares.
    pub(in crate::gitops) fn into_effective(mut self) -> Self {
        self.namespace = self.effective_namespace().into();
        self
    }

    /// The id with the group and version of another.
    fn with_version_of(&self, other: &Self) -> Self {
        Self {
            gvk: Gvk {
                kind: self.gvk.kind.clone(),
                ..other.gvk.clone()
            },
            ..self.clone()
        }
    }

    /// Whether it is the same object to kustomize.
    pub(in crate::gitops) fn is_same(&self, other: &Self) -> bool {
        self.name == other.name
            && self.gvk == other.gvk
            && self.effective_namespace() == other.effective_namespace()
    }
}

impl std::fmt::Display for ResourceId {
    /// `Kind namespace/name`, or `Kind name` without a namespace.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        if self.namespace.is_empty() {
            write!(f, "{} {}", self.gvk.kind, self.name)
        } else {
            write!(f, "{} {}/{}", self.gvk.kind, self.namespace, self.name)
        }
    }
}

/// The namespace of kinds that have none, as kustomize compares it.
const NO_NAMESPACE: &str = "_non_namespaceable_";

impl Resource {
    /// An object as it is written in a file.
    pub(in crate::gitops) fn new(value: Value) -> Self {
        Self {
            value,
            previous_ids: Vec::new(),
            name_prefixes: Vec::new(),
            name_suffixes: Vec::new(),
            needs_hash: false,
            behavior: Behavior::default(),
            patches: Vec::new(),
            variables: Vec::new(),
        }
    }

    /// What it is known by now.
    pub(in crate::gitops) fn id(&self) -> ResourceId {
        let text = |keys: &[&str]| {
            let value = self.value.at(keys).and_then(Value::as_text);
            Box::<str>::from(value.unwrap_or_default())
        };
        ResourceId {
            gvk: Gvk::parse(&text(&["apiVersion"]), &text(&["kind"])),
            namespace: text(&["metadata", "namespace"]),
            name: text(&["metadata", "name"]),
        }
    }

    /// What it was known by where it is written.
    pub(in crate::gitops) fn original_id(&self) -> ResourceId {
        let id = self.id();
        self.previous_ids
            .first()
            .map_or_else(|| id.clone(), |first| first.with_version_of(&id))
    }

    /// What it was known by before, the oldest first, as kustomize remembers it: with the group and version of now.
    pub(in crate::gitops) fn former_ids(&self) -> Vec<ResourceId> {
        if self.previous_ids.is_empty() {
            return Vec::new();
        }
        let id = self.id();
        let previous = self.previous_ids.iter();
        previous.map(|former| former.with_version_of(&id)).collect()
    }

    /// Whether it is, or was before a transformer renamed it, known by an id.
    pub(in crate::gitops) fn was_ever(&self, matches: impl Fn(&ResourceId) -> bool) -> bool {
        self.former_ids().iter().any(&matches) || matches(&self.id())
    }

    /// Remembers what it is known by, before a transformer changes its name, namespace or kind.
    pub(in crate::gitops) fn remember_id(&mut self) {
        let id = self.id();
        if self.previous_ids.last() != Some(&id) {
            self.previous_ids.push(id);
        }
    }

    /// A field of the metadata with its place.
    pub(in crate::gitops) fn metadata(&self, key: &str) -> Option<Spanned<Box<str>>> {
        self.value.at(&["metadata", key])?.spanned_text()
    }
}
