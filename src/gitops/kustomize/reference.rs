//! Which other files a kustomization needs, found without evaluating it.

use camino::Utf8Path;

use crate::yaml::Value;

/// The names of a kustomization's file in the order in which kustomize looks for them; two in one directory are an error.
pub const FILE_NAMES: [&str; 3] = ["kustomization.yaml", "kustomization.yml", "Kustomization"];

/// Whether a file is a kustomization by its name.
pub fn is_kustomization_file(path: &Utf8Path) -> bool {
    path.file_name()
        .is_some_and(|name| FILE_NAMES.contains(&name))
}

/// Something that a kustomization needs, as it is written: relative to the directory of the kustomization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reference {
    /// The path, or the address of something elsewhere.
    pub path: Box<str>,
    /// What it is for.
    pub kind: ReferenceKind,
}

/// What a file or directory is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ReferenceKind {
    /// Manifests or another kustomization.
    Resource,
    /// Settings of the kustomization itself: a patch, a configuration, a replacement.
    Setting,
    /// Generators or transformers, which may need further files: [`plugin_references`].
    Plugin,
    /// Contents of a generated object, in any format.
    Data,
}

/// The fields that list resources or settings as texts.
const LISTS: &[(&str, ReferenceKind)] = &[
    ("resources", ReferenceKind::Resource),
    ("bases", ReferenceKind::Resource),
    ("components", ReferenceKind::Resource),
    ("crds", ReferenceKind::Setting),
    ("configurations", ReferenceKind::Setting),
    ("patchesStrategicMerge", ReferenceKind::Setting),
    ("generators", ReferenceKind::Plugin),
    ("transformers", ReferenceKind::Plugin),
    ("validators", ReferenceKind::Plugin),
];

/// The fields that list mappings with a `path`.
const ENTRIES: &[&str] = &["patches", "patchesJson6902", "replacements"];

/// The generators whose entries take in files.
const GENERATORS: &[&str] = &["configMapGenerator", "secretGenerator"];

/// What a kustomization needs, in the order of its fields.
pub fn references(root: &Value) -> Vec<Reference> {
    let mut out = Vec::new();
    for &(field, kind) in LISTS {
        let items = root.get(field).map_or(&[][..], Value::items);
        out.extend(items.iter().filter_map(|item| reference(item, kind)));
    }
    for field in ENTRIES {
        let items = root.get(field).map_or(&[][..], Value::items);
        let paths = items.iter().filter_map(|item| item.get("path"));
        out.extend(paths.filter_map(|path| reference(path, ReferenceKind::Setting)));
    }
    for field in GENERATORS {
        let items = root.get(field).map_or(&[][..], Value::items);
        for item in items {
            generator(item, &mut out);
        }
    }
    if let Some(path) = root.at(&["openapi", "path"]) {
        out.extend(reference(path, ReferenceKind::Data));
    }
    out
}

/// What the configuration of a built-in generator or transformer needs, relative to the kustomization that names it.
pub fn plugin_references(root: &Value) -> Vec<Reference> {
    let mut out = Vec::new();
    for field in ["path", "targetFilePath"] {
        let path = root.get(field);
        out.extend(path.and_then(|path| reference(path, ReferenceKind::Setting)));
    }
    let paths = root.get("paths").map_or(&[][..], Value::items);
    out.extend(
        paths
            .iter()
            .filter_map(|path| reference(path, ReferenceKind::Setting)),
    );
    for field in ENTRIES {
        let items = root.get(field).map_or(&[][..], Value::items);
        let paths = items.iter().filter_map(|item| item.get("path"));
        out.extend(paths.filter_map(|path| reference(path, ReferenceKind::Setting)));
    }
    generator(root, &mut out);
    out
}

/// The files that an entry of a generator takes in.
fn generator(entry: &Value, out: &mut Vec<Reference>) {
    let files = entry.get("files").map_or(&[][..], Value::items);
    for file in files.iter().filter_map(Value::as_text) {
        // `key=path`, or a path whose last part is the key.
        let path = file.split_once('=').map_or(file, |(_, path)| path);
        out.push(Reference {
            path: path.into(),
            kind: ReferenceKind::Data,
        });
    }
    let envs = entry.get("envs").map_or(&[][..], Value::items);
    let envs = envs.iter().chain(entry.get("env"));
    out.extend(envs.filter_map(|env| reference(env, ReferenceKind::Data)));
}

/// A text as a reference; a text of several lines is the thing itself.
fn reference(value: &Value, kind: ReferenceKind) -> Option<Reference> {
    let path = value.as_text().filter(|text| !text.contains('\n'))?;
    Some(Reference {
        path: path.into(),
        kind,
    })
}
