//! Exceptions in annotations: `mtls-lint.dev/ignore-RULE: reason` on the object as it is deployed.

use crate::gitops::{Deployment, Unit};
use crate::object::{Object, ObjectId};
use crate::source::{Place, Sources};
use crate::yaml::{MappingEntry, Node, Value};

/// What the key of every exception starts with; the name of the rule follows.
pub(super) const PREFIX: &str = "mtls-lint.dev/ignore-";

/// An exception on an object of a unit.
#[derive(Debug)]
pub(super) struct Annotation<'d> {
    /// The position of the unit in the deployment.
    pub(super) unit: usize,
    /// The object.
    pub(super) object: &'d ObjectId,
    /// The key.
    pub(super) place: Place,
    /// The key as written.
    pub(super) key: &'d str,
    /// What the key says behind the prefix.
    pub(super) rule: &'d str,
    /// Why.
    pub(super) reason: Option<&'d str>,
    /// Whether it stands where it counts.
    pub(super) counts: bool,
}

/// All annotations of what is deployed that are meant for the linter.
pub(super) fn collect<'d>(deployment: &'d Deployment, sources: &Sources) -> Vec<Annotation<'d>> {
    let finder = memchr::memmem::Finder::new(PREFIX);
    let mut texts = sources.iter().map(|(_, file)| file.text());
    if !texts.any(|text| finder.find(text.as_bytes()).is_some()) {
        return Vec::new();
    }
    let mut found = Vec::new();
    let is_deployed = |unit: usize| {
        let mut meshes = deployment.meshes.iter();
        meshes.any(|mesh| mesh.units.contains(&unit))
    };
    for (index, unit) in deployment.units.iter().enumerate() {
        if is_deployed(index) {
            of_unit(index, unit, &mut found);
        }
    }
    found
}

/// Adds the annotations of a unit.
fn of_unit<'d>(index: usize, unit: &'d Unit, found: &mut Vec<Annotation<'d>>) {
    for object in &unit.objects {
        let annotations = object.value.at(&["metadata", "annotations"]);
        for entry in annotations.map_or(&[][..], Value::entries) {
            found.extend(read(index, object, entry, true));
        }
        if hands_on(&object.gvk.kind) {
            continue;
        }
        let mut elsewhere = Vec::new();
        walk(&object.value, &mut elsewhere);
        // The walk finds those that count, too.
        let counting = annotations.map(|annotations| annotations.place);
        let is_counting = |place: Place| counting.is_some() && is_entry_of(annotations, place);
        let elsewhere = elsewhere
            .into_iter()
            .filter(|entry| !is_counting(entry.key.place));
        found.extend(elsewhere.filter_map(|entry| read(index, object, entry, false)));
    }
}

/// Whether a place is that of a key of a mapping.
fn is_entry_of(mapping: Option<&Value>, place: Place) -> bool {
    let entries = mapping.map_or(&[][..], Value::entries);
    entries.iter().any(|entry| entry.key.place == place)
}

/// Kinds whose fields may hold annotations for other objects.
fn hands_on(kind: &str) -> bool {
    matches!(
        kind,
        "Kustomization" | "Component" | "Application" | "ApplicationSet" | "HelmRelease"
    )
}

/// Every entry at any depth whose key is an exception.
fn walk<'v>(value: &'v Value, found: &mut Vec<&'v MappingEntry>) {
    match &value.node {
        Node::Scalar(_) => {}
        Node::Sequence(items) => {
            for item in items {
                walk(item, found);
            }
        }
        Node::Mapping(mapping) => {
            for entry in &mapping.entries {
                if entry.key.value.starts_with(PREFIX) {
                    found.push(entry);
                }
                walk(&entry.value, found);
            }
        }
    }
}

/// Reads an entry, if it is an exception.
fn read<'d>(
    unit: usize,
    object: &'d Object,
    entry: &'d MappingEntry,
    counts: bool,
) -> Option<Annotation<'d>> {
    let key = &*entry.key.value;
    let reason = entry.value.as_text().map(str::trim);
    Some(Annotation {
        unit,
        object: &object.id,
        place: entry.key.place,
        key,
        rule: key.strip_prefix(PREFIX)?,
        reason: reason.filter(|reason| !reason.is_empty()),
        counts,
    })
}
