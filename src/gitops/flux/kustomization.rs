//! What a Flux Kustomization says: where it builds, what it adds, which variables it takes.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::scan::scan;
use super::source::SourceReference;
use crate::gitops::evaluation::Evaluation;
use crate::gitops::kustomize::{Additions, Session};
use crate::object::Object;
use crate::source::{Cause, Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Value};

/// A Flux Kustomization as it is written or deployed.
pub(super) struct FluxKustomization<'a> {
    /// The object.
    pub(super) object: &'a Object,
}

impl<'a> FluxKustomization<'a> {
    /// A field of the specification.
    pub(super) fn field(&self, keys: &[&str]) -> Option<&'a Value> {
        self.object.value.get("spec")?.at(keys)
    }

    fn text(&self, keys: &[&str]) -> Option<Spanned<Box<str>>> {
        self.field(keys)?.spanned_text()
    }

    fn items(&self, key: &str) -> Vec<Value> {
        self.field(&[key]).map_or(&[][..], Value::items).to_vec()
    }

    /// What the cluster is called that it applies to, if that is another than the one it is in.
    pub(super) fn cluster(&self) -> Option<&'a str> {
        let config = self.field(&["kubeConfig"])?;
        let name = config
            .at(&["secretRef", "name"])
            .or(config.at(&["configMapRef", "name"]));
        let name = name?.as_text()?;
        Some(name.strip_suffix("-kubeconfig").unwrap_or(name))
    }

    /// The path from the root of the source.
    pub(super) fn path(&self) -> &'a str {
        let path = self.field(&["path"]).and_then(Value::as_text);
        path.unwrap_or("./")
    }

    /// Where the path is written, or what stands for it.
    pub(super) fn path_place(&self) -> Place {
        let path = self.field(&["path"]).map(|path| path.place);
        path.unwrap_or(self.object.name.place)
    }

    /// Where it says that it is suspended, if it does.
    pub(super) fn suspended(&self) -> Option<Place> {
        let suspend = self.field(&["suspend"])?;
        (suspend.as_bool() == Some(true)).then_some(suspend.place)
    }

    /// The source.
    pub(super) fn source(&self) -> SourceReference<'a> {
        let text = |key| self.field(&["sourceRef", key]).and_then(Value::as_text);
        SourceReference {
            kind: text("kind").unwrap_or("GitRepository"),
            name: text("name").unwrap_or_default(),
        }
    }

    /// The directory that it builds, or why there is none.
    pub(super) fn directory(&self, evaluation: &Evaluation<'_>) -> Result<Utf8PathBuf, String> {
        let prefix = &evaluation.settings.working_directory;
        let files = evaluation.session.files;
        evaluation
            .flux_sources
            .resolve(&self.source(), self.path(), prefix, files)
    }

    /// What it adds to the kustomization of its directory; where there is none, the manifests are its resources.
    pub(super) fn additions(&self, directory: &Utf8Path, evaluation: &Evaluation<'_>) -> Additions {
        let components = self.field(&["components"]).map_or(&[][..], Value::items);
        let ignores_missing = self.field(&["ignoreMissingComponents"]);
        Additions {
            cause: Some(Cause::Flux),
            resources: resources(directory, evaluation, &BTreeSet::new()),
            namespace: self.text(&["targetNamespace"]),
            name_prefix: self.text(&["namePrefix"]),
            name_suffix: self.text(&["nameSuffix"]),
            components: components.iter().filter_map(Value::spanned_text).collect(),
            ignore_missing_components: ignores_missing.and_then(Value::as_bool) == Some(true),
            patches: self.items("patches"),
            patches_strategic_merge: self.items("patchesStrategicMerge"),
            patches_json6902: self.items("patchesJson6902"),
            images: self.items("images"),
            allow_outside_files: true,
            ..Additions::default()
        }
    }

    /// Sets the common labels and annotations on an object; they win over its own.
    pub(super) fn set_common_metadata(&self, object: &mut Value, session: &mut Session<'_>) {
        for field in ["labels", "annotations"] {
            let common = self.field(&["commonMetadata", field]);
            for entry in common.map_or(&[][..], Value::entries) {
                if let Some(metadata) = child(object, "metadata", entry.key.place)
                    && let Some(target) = child(metadata, field, entry.key.place)
                {
                    set(target, entry, session);
                }
            }
        }
    }
}

/// The resources of a directory as Flux lists them: none where a kustomization says it.
pub(super) fn resources(
    directory: &Utf8Path,
    evaluation: &Evaluation<'_>,
    leave_out: &BTreeSet<Utf8PathBuf>,
) -> Vec<Utf8PathBuf> {
    if evaluation.inventory.is_kustomization(directory) {
        return Vec::new();
    }
    let files = evaluation.session.files;
    scan(directory, evaluation.inventory, files, leave_out)
}

/// The mapping under a key, made if it is not there; none where something else stands.
fn child<'v>(value: &'v mut Value, key: &str, place: Place) -> Option<&'v mut Value> {
    let Node::Mapping(mapping) = &mut value.node else {
        return None;
    };
    let known = mapping
        .entries
        .iter()
        .rposition(|entry| &*entry.key.value == key);
    let index = if let Some(index) = known {
        index
    } else {
        mapping.entries.push(MappingEntry {
            key: Spanned::new(key.into(), place),
            value: Value {
                place,
                node: Node::Mapping(Mapping::default()),
            },
        });
        mapping.entries.len() - 1
    };
    let child = &mut mapping.entries.get_mut(index)?.value;
    if child.is_null() {
        child.node = Node::Mapping(Mapping::default());
    }
    Some(child)
}

/// Sets an entry of a mapping to what the Flux Kustomization says.
fn set(target: &mut Value, entry: &MappingEntry, session: &mut Session<'_>) {
    let Node::Mapping(mapping) = &mut target.node else {
        return;
    };
    let key = &entry.key.value;
    let known = mapping
        .entries
        .iter()
        .rposition(|one| one.key.value == *key);
    let previous = known.and_then(|index| mapping.entries.get(index));
    let previous = previous.map(|one| one.value.place);
    let mut value = entry.value.clone();
    value.place = session.changed(value.place, Cause::Flux, None, previous);
    match known.and_then(|index| mapping.entries.get_mut(index)) {
        Some(one) => one.value = value,
        None => mapping.entries.push(MappingEntry {
            key: entry.key.clone(),
            value,
        }),
    }
}
