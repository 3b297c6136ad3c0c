//! The namespace of objects that state none: the objects beside them vote.

use std::collections::BTreeMap;

use camino::Utf8Path;

use crate::object::{Namespace, NamespaceSource, Object};
use crate::source::{FileRole, Sources, Spanned};

/// Namespaces that say nothing about where their neighbours in a folder go.
const SYSTEM: &[&str] = &[
    "istio-system",
    "kube-node-lease",
    "kube-public",
    "kube-system",
];

/// The namespace that kubectl takes where nothing says another.
const DEFAULT: &str = "default";

/// The folder of an object; those of the input and of `--assume` have nothing to do with each other.
type Folder<'s> = (bool, &'s Utf8Path);

/// What the objects of a folder state.
enum Vote {
    /// All that state a namespace state this one.
    Unanimous(Namespace),
    /// They differ.
    Split,
}

/// Gives a namespace to the namespaced objects that have none: the one that all others of the same folder state, else
/// `default`. System namespaces and the mesh's root namespace have no vote.
pub(super) fn settle(objects: &mut [Object], sources: &Sources, root_namespace: Option<&str>) {
    let votes = count(objects, sources, root_namespace);
    for object in objects {
        // A cluster-scoped object has none and needs none.
        if object.id.namespace.is_some() || object.namespace_source != NamespaceSource::Default {
            continue;
        }
        let namespace = match votes.get(&folder(object, sources)) {
            Some(Vote::Unanimous(namespace)) => {
                object.namespace_source = NamespaceSource::Voted;
                namespace.clone()
            }
            Some(Vote::Split) | None => Namespace::new(DEFAULT),
        };
        object.id.namespace = Some(namespace);
    }
}

/// Gives a namespace to the namespaced objects of one unit that have none: the one that the CD tool names for them, else
/// the one that all others of the unit state, else `default`.
pub(super) fn settle_unit(
    objects: &mut [Object],
    default: Option<&Spanned<Box<str>>>,
    root_namespace: Option<&str>,
) {
    let stated = objects.iter().filter_map(|object| {
        let namespace = object.id.namespace.as_ref()?;
        let name = namespace.as_str();
        let has_vote = !SYSTEM.contains(&name) && root_namespace != Some(name);
        has_vote.then(|| namespace.clone())
    });
    let mut stated: Vec<Namespace> = stated.collect();
    stated.sort_unstable();
    stated.dedup();
    let voted = match stated.as_slice() {
        [namespace] => Some(namespace),
        _ => None,
    };
    for object in objects {
        if object.id.namespace.is_some() || object.namespace_source != NamespaceSource::Default {
            continue;
        }
        object.id.namespace = Some(if let Some(default) = default {
            object.namespace_source = NamespaceSource::Stated(default.place);
            Namespace::new(&*default.value)
        } else if let Some(namespace) = voted {
            object.namespace_source = NamespaceSource::Voted;
            namespace.clone()
        } else {
            Namespace::new(DEFAULT)
        });
    }
}

/// Counts the votes of every folder.
fn count<'s>(
    objects: &[Object],
    sources: &'s Sources,
    root_namespace: Option<&str>,
) -> BTreeMap<Folder<'s>, Vote> {
    let mut votes = BTreeMap::new();
    for object in objects {
        let Some(stated) = &object.id.namespace else {
            continue;
        };
        let name = stated.as_str();
        if SYSTEM.contains(&name) || root_namespace == Some(name) {
            continue;
        }
        let vote = votes
            .entry(folder(object, sources))
            .or_insert_with(|| Vote::Unanimous(stated.clone()));
        if matches!(vote, Vote::Unanimous(namespace) if namespace != stated) {
            *vote = Vote::Split;
        }
    }
    votes
}

/// The folder an object is written in.
fn folder<'s>(object: &Object, sources: &'s Sources) -> Folder<'s> {
    let file = sources.file(object.value.place.span.file);
    let folder = file.path().parent().unwrap_or(file.path());
    (file.role() == FileRole::Assumed, folder)
}
