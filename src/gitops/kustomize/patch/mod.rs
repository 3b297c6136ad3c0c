//! `patches`, `patchesStrategicMerge` and `patchesJson6902`.

mod apply;
mod texts;

use super::load;
use super::marks::Refusal;
use super::resource::{Resource, ResourceId, ResourceMap};
use super::session::Step;
use super::target::Target;
use crate::gitops::Problem;
use crate::source::Place;
use crate::yaml::Value;
use apply::{Hit, Options, json_into, merge_into, record};
use texts::set_texts;

pub(super) use texts::tidy_annotations;

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
        let is_patch = patch(entry, resources, &mut targets, step).unwrap_or_else(|refusal| {
            refuse(refusal, step);
            true
        });
        if is_patch {
            record(entry.place, targets, resources, step);
        }
    }
}

/// Applies the entries of `patchesStrategicMerge`, or `paths` and `patches` of a `PatchStrategicMergeTransformer`: texts that
/// are patches or paths, or patches themselves.
pub(in crate::gitops) fn strategic_merge(
    entries: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let mut is_empty = true;
    for entry in entries {
        let mut targets = Vec::new();
        if let Some(written) = text_or_path(entry, step) {
            let (documents, refusals) = load::objects(written.documents);
            is_empty &= documents.is_empty() && refusals.is_empty();
            for refusal in refusals {
                refuse(refusal, step);
            }
            for document in documents {
                let by_id = by_id(&document, resources, step);
                let applied = by_id.and_then(|at| {
                    let Some(at) = at else {
                        return Ok(());
                    };
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
        } else {
            is_empty = false;
        }
        record(entry.place, targets, resources, step);
    }
    if let Some(first) = entries.first().filter(|_| is_empty) {
        step.refuse(first.place, "there is no patch in what is named here");
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

/// Applies one entry of `patches`; whether there is a patch in it.
fn patch(
    entry: &Value,
    resources: &mut ResourceMap,
    targets: &mut Vec<Hit>,
    step: &mut Step<'_, '_>,
) -> Result<bool, Refusal> {
    let Some(written) = written(entry, entry.get("patch"), step)? else {
        return Ok(false);
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
        json_into(
            operations,
            &meant,
            true,
            resources,
            targets,
            step,
            written.via,
        )?;
        return Ok(true);
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
                .map(|()| true)
            }
            Err(documents) if documents.is_empty() => Ok(false),
            Err(_) => Err(Refusal::new(
                entry.place,
                "kustomize wants one strategic merge patch in an entry with a `target`",
            )),
        };
    }
    let mut result = Ok(true);
    for document in documents {
        let applied = by_id(&document, resources, step).and_then(|at| {
            merge_into(
                &document,
                at.as_slice(),
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
    let is_mapping = |value: &Value| value.as_mapping().is_some();
    if is_mapping(entry) {
        return Some(Written {
            documents: vec![entry.clone()],
            via: None,
        });
    }
    let text = entry.spanned_text()?;
    match load::inline(entry, step) {
        Ok(documents) if documents.is_empty() || documents.iter().any(is_mapping) => {
            return Some(Written {
                documents,
                via: None,
            });
        }
        Err(refusal) if text.value.contains('\n') => {
            refuse(refusal, step);
            return None;
        }
        Ok(_) | Err(_) => {}
    }
    let documents = load::documents(&text, "the patch", step)?;
    Some(Written {
        documents,
        via: Some(entry.place),
    })
}

/// The positions of the objects that something is meant for.
fn positions(resources: &ResourceMap, is_meant: impl Fn(&Resource) -> bool) -> Vec<usize> {
    let all = resources.resources.iter().enumerate();
    all.filter(|(_, resource)| is_meant(resource))
        .map(|(position, _)| position)
        .collect()
}

/// The position of the one object that is or was known by the id of a patch; `None` if it may be in a part that could not be
/// evaluated.
fn by_id(
    patch: &Value,
    resources: &ResourceMap,
    step: &Step<'_, '_>,
) -> Result<Option<usize>, Refusal> {
    let id = Resource::new(patch.clone()).id();
    let found = positions(resources, |resource| {
        resource.was_ever(|known| known.is_same(&id))
    });
    let place = patch.get("kind").map_or(patch.place, |kind| kind.place);
    match found.as_slice() {
        [position] => Ok(Some(*position)),
        [] if step.problems.iter().any(is_unresolved) => Ok(None),
        [] => Err(no_match(&id, place, resources)),
        _ => Err(Refusal::new(
            place,
            format!("more than one object is or was known as {id}, which this patch is for"),
        )),
    }
}

/// Whether a part of what is built could not be evaluated.
fn is_unresolved(problem: &Problem) -> bool {
    matches!(problem, Problem::Unresolved { .. })
}

/// The refusal of a patch for an object that is not there, with what is nearest to it.
fn no_match(id: &ResourceId, place: Place, resources: &ResourceMap) -> Refusal {
    let refusal = Refusal::new(
        place,
        format!(
            "there is no {id} of `{}` that this patch could be for",
            id.gvk.api_version()
        ),
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

/// Notes a refusal; the evaluation goes on.
fn refuse(refusal: Refusal, step: &mut Step<'_, '_>) {
    step.problems.push(refusal.into_problem());
}

#[cfg(test)]
mod tests;
