//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

use super::json_patch;
use super::load;
use super::marks::{Marks, Refusal};
use super::merge;
use super::resource::{PatchedBy, Resource, ResourceId, ResourceMap};
use super::session::Step;
use super::target::Target;
use crate::gitops::{AppliedPatch, PatchTarget, Problem};
use crate::source::{Cause, Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, ScalarStyle, Value};

/// What of an object a patch may change besides its fields.
#[derive(Clone, Copy, Debug, Default)]
struct Options {
    allow_name_change: bool,
    allow_kind_change: bool,
}

/// A patch as it is written.
struct Written {
    /// Its documents.
    documents: Vec<Value>,
    /// Where it is called for, if that is elsewhere.
    via: Option<Place>,
}

/// Applies the entries of `patches`, or the configuration of a `PatchTransformer`.
pub(in crate::gitops) fn patches(
    entries: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for entry in entries {
        let mut targets = Vec::new();
        if let Err(refusal) = patch(entry, resources, &mut targets, step) {
            refuse(refusal, step);
        }
        record(entry.place, targets, resources, step);
    }
}

/// Applies the entries of `patchesStrategicMerge`, or `paths` and `patches` of a `PatchStrategicMergeTransformer`: texts that
/// are patches or paths, or patches themselves.
pub(in crate::gitops) fn strategic_merge(
    entries: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for entry in entries {
        let mut targets = Vec::new();
        if let Some(written) = text_or_path(entry, step) {
            let (documents, refusals) = load::objects(written.documents);
            for refusal in refusals {
                refuse(refusal, step);
            }
            for document in documents {
                let by_id = by_id(&document, resources);
                let applied = by_id.and_then(|at| {
                    let id = resources.resources.get(at).map(Resource::id);
                    // kustomize applies it to every object that is known by the same id now.
                    let is_meant = |resource: &Resource| id.as_ref() == Some(&resource.id());
                    let meant = positions(resources, is_meant);
                    let document = set_texts(document);
                    let options = Options::default();
                    merge_into(
                        &document,
                        &meant,
                        options,
                        resources,
                        &mut targets,
                        step,
                        written.via,
                    )
                });
                if let Err(refusal) = applied {
                    refuse(refusal, step);
                }
            }
        }
        record(entry.place, targets, resources, step);
    }
}

/// Applies the entries of `patchesJson6902`, or the configuration of a `PatchJson6902Transformer`, whose text is under
/// `jsonOp`.
pub(in crate::gitops) fn json6902(
    entries: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for entry in entries {
        let mut targets = Vec::new();
        if let Err(refusal) = json_entry(entry, resources, &mut targets, step) {
            refuse(refusal, step);
        }
        record(entry.place, targets, resources, step);
    }
}

/// Applies one entry of `patchesJson6902`.
fn json_entry(
    entry: &Value,
    resources: &mut ResourceMap,
    targets: &mut Vec<Hit>,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let target = entry
        .get("target")
        .ok_or_else(|| Refusal::new(entry.place, "a JSON patch needs a `target`"))?;
    if target.get("name").is_none() {
        return Err(Refusal::new(
            target.place,
            "kustomize wants a `name` in the target of an entry of `patchesJson6902`",
        ));
    }
    let text = entry.get("patch").or_else(|| entry.get("jsonOp"));
    let Some(written) = written(entry, text, step)? else {
        return Ok(());
    };
    let Some(operations) = written.documents.first() else {
        return Err(Refusal::new(entry.place, "the patch is empty"));
    };
    if operations.as_sequence().is_none_or(<[Value]>::is_empty) {
        return Err(Refusal::new(
            operations.place,
            "a JSON patch is a list of operations",
        ));
    }
    let target = Target::read(target)?;
    let meant = positions(resources, |resource| target.matches(resource));
    json_into(
        operations,
        &meant,
        false,
        resources,
        targets,
        step,
        written.via,
    )
}

/// Applies one entry of `patches`.
fn patch(
    entry: &Value,
    resources: &mut ResourceMap,
    targets: &mut Vec<Hit>,
    step: &mut Step<'_, '_>,
) -> Result<(), Refusal> {
    let Some(written) = written(entry, entry.get("patch"), step)? else {
        return Ok(());
    };
    let target = entry.get("target").map(Target::read).transpose()?;
    if let Some(operations) = written.documents.first()
        && operations.as_sequence().is_some()
    {
        let Some(target) = target else {
            return Err(Refusal::new(entry.place, "a JSON patch needs a `target`")
                .with_help("add a `target` that says which objects it is for"));
        };
        let meant = positions(resources, |resource| target.matches(resource));
        return json_into(
            operations,
            &meant,
            true,
            resources,
            targets,
            step,
            written.via,
        );
    }
    let (documents, refusals) = load::objects(written.documents);
    if let Some(refusal) = refusals.into_iter().next() {
        return Err(refusal);
    }
    let flag = |name| entry.at(&["options", name]).and_then(Value::as_bool);
    let options = Options {
        allow_name_change: flag("allowNameChange").unwrap_or_default(),
        allow_kind_change: flag("allowKindChange").unwrap_or_default(),
    };
    if let Some(target) = target {
        let meant = positions(resources, |resource| target.matches(resource));
        return match <[Value; 1]>::try_from(documents) {
            Ok([document]) => {
                let document = set_texts(document);
                merge_into(
                    &document,
                    &meant,
                    options,
                    resources,
                    targets,
                    step,
                    written.via,
                )
            }
            Err(documents) if documents.is_empty() => Ok(()),
            Err(_) => Err(Refusal::new(
                entry.place,
                "kustomize wants one strategic merge patch in an entry with a `target`",
            )),
        };
    }
    let mut result = Ok(());
    for document in documents {
        let applied = by_id(&document, resources).and_then(|at| {
            merge_into(
                &document,
                &[at],
                options,
                resources,
                targets,
                step,
                written.via,
            )
        });
        if let Err(refusal) = applied {
            result = result.and(Err(refusal));
        }
    }
    result
}

/// An object that a patch applies to.
struct Hit {
    /// Its position among the resources; it may be gone.
    position: usize,
    target: PatchTarget,
}

/// The documents of an entry that has its patch as a text or in a file.
fn written(
    entry: &Value,
    text: Option<&Value>,
    step: &mut Step<'_, '_>,
) -> Result<Option<Written>, Refusal> {
    let is_there = |value: &&Value| value.as_text().is_some_and(|text| !text.trim().is_empty());
    let path = entry.get("path").filter(is_there);
    match (text.filter(is_there), path) {
        (Some(_), Some(path)) => Err(Refusal::new(
            path.place,
            "a patch is either in a file or in the kustomization, and this entry has both",
        )),
        (None, None) => Err(Refusal::new(
            entry.place,
            "an entry for a patch needs `patch` or `path`",
        )),
        (Some(text), None) => {
            check_json(text.as_text().unwrap_or_default(), text.place)?;
            Ok(Some(Written {
                documents: load::inline(text, step)?,
                via: None,
            }))
        }
        (None, Some(path)) => {
            let Some(path) = path.spanned_text() else {
                return Ok(None);
            };
            if let Some(text) = load::text(&path, step) {
                check_json(text, path.place)?;
            }
            let documents = load::documents(&path, "the patch", step);
            Ok(documents.map(|documents| Written {
                documents,
                via: Some(entry.place),
            }))
        }
    }
}

/// Refuses a text that starts as a list in JSON and is none: kustomize does not take it for YAML.
fn check_json(text: &str, place: Place) -> Result<(), Refusal> {
    let text = text.trim();
    if text.starts_with('[') && serde_json::from_str::<serde::de::IgnoredAny>(text).is_err() {
        return Err(Refusal::new(
            place,
            "a patch that starts with `[` has to be JSON, and this one is not",
        )
        .with_help("put keys and texts in quotes, or write one operation a line with `-`"));
    }
    Ok(())
}

/// The documents of an entry of `patchesStrategicMerge`.
fn text_or_path(entry: &Value, step: &mut Step<'_, '_>) -> Option<Written> {
    if entry.as_mapping().is_some() {
        return Some(Written {
            documents: vec![entry.clone()],
            via: None,
        });
    }
    let inline = load::inline(entry, step).unwrap_or_default();
    let is_patch = inline
        .iter()
        .any(|document| document.as_mapping().is_some());
    if is_patch || inline.is_empty() {
        return Some(Written {
            documents: inline,
            via: None,
        });
    }
    let documents = load::documents(&entry.spanned_text()?, "the patch", step)?;
    Some(Written {
        documents,
        via: Some(entry.place),
    })
}

/// Applies a strategic merge patch to objects at some positions.
fn merge_into(
    patch: &Value,
    positions: &[usize],
    options: Options,
    resources: &mut ResourceMap,
    targets: &mut Vec<Hit>,
    step: &mut Step<'_, '_>,
    via: Option<Place>,
) -> Result<(), Refusal> {
    let mut gone = Vec::new();
    let mut result = Ok(());
    let mut marks = Marks::new(step, Cause::StrategicMergePatch, via);
    for &position in positions {
        let Some(resource) = resources.resources.get_mut(position) else {
            continue;
        };
        let before = kept(&resource.value);
        match merge_one(patch, options, resource, &mut marks) {
            Ok(is_left) => {
                if !is_left {
                    gone.push(position);
                }
                let after = before
                    .is_some()
                    .then(|| is_left.then(|| resource.value.clone()));
                targets.push(hit(position, before, after.flatten()));
            }
            Err(refusal) => result = result.and(Err(refusal)),
        }
    }
    for position in gone.into_iter().rev() {
        remove(position, resources, targets);
    }
    result
}

/// Applies a strategic merge patch to one object; says whether anything is left of it.
fn merge_one(
    patch: &Value,
    options: Options,
    resource: &mut Resource,
    marks: &mut Marks<'_, '_, '_>,
) -> Result<bool, Refusal> {
    if options.allow_name_change || options.allow_kind_change {
        resource.remember_id();
    }
    let object = resource.value.clone();
    let api_version = object.entry("apiVersion").cloned();
    let kind = object.entry("kind").cloned();
    let metadata = |key: &str| object.get("metadata").and_then(|it| it.entry(key)).cloned();
    let (name, namespace) = (metadata("name"), metadata("namespace"));
    let Some(mut merged) = merge::merge(object, patch.clone(), marks)? else {
        return Ok(false);
    };
    if merged.entries().is_empty() {
        return Ok(false);
    }
    restore(&mut merged, "apiVersion", api_version);
    if !options.allow_kind_change {
        restore(&mut merged, "kind", kind);
    }
    if let Some(metadata) = metadata_mut(&mut merged) {
        if !options.allow_name_change {
            restore(metadata, "name", name);
        }
        restore(metadata, "namespace", namespace);
    }
    resource.value = merged;
    Ok(true)
}

/// Applies a JSON patch to objects at some positions.
fn json_into(
    operations: &Value,
    positions: &[usize],
    remembers: bool,
    resources: &mut ResourceMap,
    targets: &mut Vec<Hit>,
    step: &mut Step<'_, '_>,
    via: Option<Place>,
) -> Result<(), Refusal> {
    let mut marks = Marks::new(step, Cause::JsonPatch, via);
    let mut result = Ok(());
    for &position in positions {
        let Some(resource) = resources.resources.get_mut(position) else {
            continue;
        };
        let before = kept(&resource.value);
        let mut value = resource.value.clone();
        if remembers {
            resource.remember_id();
        }
        // kustomize keeps its notes about an object in annotations, so that a patch can count on them.
        let has_notes = !resource.previous_ids.is_empty();
        if has_notes && let Some(metadata) = metadata_mut(&mut value) {
            let place = metadata.place;
            field_mut(metadata, "annotations", place);
        }
        match json_patch::apply(operations.items(), &mut value, &mut marks) {
            Ok(()) => {
                if has_notes && let Some(metadata) = metadata_mut(&mut value) {
                    drop_empty(metadata, "annotations");
                }
                resource.value = value;
                let after = before.is_some().then(|| resource.value.clone());
                targets.push(hit(position, before, after));
            }
            Err(refusal) => result = result.and(Err(refusal)),
        }
    }
    result
}

/// The positions of the objects that something is meant for.
fn positions(resources: &ResourceMap, is_meant: impl Fn(&Resource) -> bool) -> Vec<usize> {
    let all = resources.resources.iter().enumerate();
    all.filter(|(_, resource)| is_meant(resource))
        .map(|(position, _)| position)
        .collect()
}

/// The position of the one object that is or was known by the id of a patch.
fn by_id(patch: &Value, resources: &ResourceMap) -> Result<usize, Refusal> {
    let id = Resource::new(patch.clone()).id();
    let found = positions(resources, |resource| {
        resource.was_ever(|known| known.is_same(&id))
    });
    let place = patch.get("kind").map_or(patch.place, |kind| kind.place);
    match found.as_slice() {
        [position] => Ok(*position),
        [] => Err(no_match(&id, place, resources)),
        _ => Err(Refusal::new(
            place,
            format!("more than one object is or was known as {id}, which this patch is for"),
        )),
    }
}

/// The refusal of a patch for an object that is not there, with what is nearest to it.
fn no_match(id: &ResourceId, place: Place, resources: &ResourceMap) -> Refusal {
    let refusal = Refusal::new(
        place,
        format!("there is no {id} that this patch could be for"),
    );
    let same_name = resources.resources.iter().map(Resource::id);
    let mut same_name =
        same_name.filter(|known| known.gvk.kind == id.gvk.kind && known.name == id.name);
    match same_name.next() {
        Some(known) if known.gvk != id.gvk => refusal.with_help(format!(
            "write `apiVersion: {}`, as the object does",
            known.gvk.api_version()
        )),
        Some(known) if known.namespace.is_empty() => {
            refusal.with_help("remove the namespace, which the object does not state at this point")
        }
        Some(known) => refusal.with_help(format!(
            "write `namespace: {}`, as the object does",
            known.namespace
        )),
        None => refusal,
    }
}

/// A patch with texts as labels and annotations: kustomize makes texts of them where an entry has a target, so that null
/// removes nothing there.
fn set_texts(mut patch: Value) -> Value {
    let Node::Mapping(root) = &mut patch.node else {
        return patch;
    };
    let metadata = root
        .entries
        .iter_mut()
        .find(|entry| &*entry.key.value == "metadata");
    if let Some(MappingEntry { value, .. }) = metadata
        && let Node::Mapping(metadata) = &mut value.node
    {
        let is_text_map =
            |entry: &MappingEntry| ["labels", "annotations"].contains(&&*entry.key.value);
        metadata
            .entries
            .retain(|entry| !is_text_map(entry) || !entry.value.entries().is_empty());
        for entry in metadata
            .entries
            .iter_mut()
            .filter(|entry| is_text_map(entry))
        {
            if let Node::Mapping(Mapping { entries, .. }) = &mut entry.value.node {
                for entry in entries {
                    set_text(&mut entry.value);
                }
            }
        }
    }
    // Neither does the version of the patch matter there.
    root.entries
        .retain(|entry| &*entry.key.value != "apiVersion");
    patch
}

/// Makes a text of a scalar.
fn set_text(value: &mut Value) {
    if let Node::Scalar(scalar) = &mut value.node
        && scalar.style == ScalarStyle::Plain
    {
        scalar.style = ScalarStyle::Quoted;
    }
}

/// Puts an entry back as it was, or removes what was not there.
fn restore(value: &mut Value, key: &str, entry: Option<MappingEntry>) {
    let Node::Mapping(mapping) = &mut value.node else {
        return;
    };
    let at = mapping
        .entries
        .iter()
        .position(|entry| &*entry.key.value == key);
    match (at, entry) {
        (Some(at), Some(entry)) => {
            if let Some(slot) = mapping.entries.get_mut(at) {
                *slot = entry;
            }
        }
        (Some(at), None) => {
            mapping.entries.remove(at);
        }
        (None, Some(entry)) => {
            mapping
                .removed
                .retain(|removed| &*removed.entry.key.value != key);
            mapping.entries.push(entry);
        }
        (None, None) => {}
    }
}

/// The metadata of an object, made where there is none.
fn metadata_mut(object: &mut Value) -> Option<&mut Value> {
    let place = object.place;
    field_mut(object, "metadata", place)
}

/// A field of a mapping, made where it is not there; none for anything else.
fn field_mut<'v>(value: &'v mut Value, key: &str, place: Place) -> Option<&'v mut Value> {
    let Node::Mapping(mapping) = &mut value.node else {
        return None;
    };
    let is_meant = |entry: &MappingEntry| &*entry.key.value == key;
    if !mapping.entries.iter().any(is_meant) {
        mapping.entries.push(MappingEntry {
            key: Spanned::new(key.into(), place),
            value: Value {
                place,
                node: Node::Mapping(Mapping::default()),
            },
        });
    }
    let mut entries = mapping.entries.iter_mut().rev();
    entries
        .find(|entry| is_meant(entry))
        .map(|entry| &mut entry.value)
}

/// Removes a field with an empty mapping.
fn drop_empty(value: &mut Value, key: &str) {
    if let Node::Mapping(mapping) = &mut value.node {
        mapping.entries.retain(|entry| {
            let inner = entry.value.as_mapping();
            &*entry.key.value != key || inner.is_none_or(|inner| !inner.entries.is_empty())
        });
    }
}

/// The object before a patch, if it is of a kind for which that is kept.
fn kept(value: &Value) -> Option<Value> {
    let api_version = value.get("apiVersion").and_then(Value::as_text)?;
    let group = api_version.split('/').next().unwrap_or_default();
    group.ends_with("istio.io").then(|| value.clone())
}

/// An object that a patch was applied to.
fn hit(position: usize, before: Option<Value>, after: Option<Value>) -> Hit {
    Hit {
        position,
        target: PatchTarget {
            object: None,
            before,
            after,
        },
    }
}

/// Removes an object that a patch deletes.
fn remove(position: usize, resources: &mut ResourceMap, targets: &mut [Hit]) {
    resources.resources.remove(position);
    for hit in targets {
        if hit.position == position {
            hit.position = usize::MAX;
        } else if hit.position > position && hit.position != usize::MAX {
            hit.position -= 1;
        }
    }
}

/// Remembers a patch and the objects that it was applied to.
fn record(place: Place, hits: Vec<Hit>, resources: &mut ResourceMap, step: &mut Step<'_, '_>) {
    let patch = step.patches.len();
    for (target, hit) in hits.iter().enumerate() {
        if let Some(resource) = resources.resources.get_mut(hit.position) {
            resource.patches.push(PatchedBy { patch, target });
        }
    }
    step.patches.push(AppliedPatch {
        place,
        targets: hits.into_iter().map(|hit| hit.target).collect(),
    });
}

/// Notes a refusal; the evaluation goes on.
fn refuse(refusal: Refusal, step: &mut Step<'_, '_>) {
    step.problems.push(Problem::Refused {
        place: refusal.place,
        message: refusal.message,
        help: refusal.help,
    });
}
