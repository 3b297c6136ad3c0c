//! The objects of a kustomization while it is built, and how kustomize recognises them.

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
    /// Which patches were applied to it, by their position in the list of the build.
    pub(in crate::gitops) patches: Vec<usize>,
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
        self.previous_ids
            .first()
            .cloned()
            .unwrap_or_else(|| self.id())
    }

    /// Whether it is, or was before a transformer renamed it, known by an id.
    pub(in crate::gitops) fn was_ever(&self, matches: impl Fn(&ResourceId) -> bool) -> bool {
        self.previous_ids.iter().any(&matches) || matches(&self.id())
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
