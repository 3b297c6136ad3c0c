//! The variables of `postBuild`, and where they are defined.

use std::collections::{BTreeMap, BTreeSet};

use super::expression::Known;
use crate::gitops::evaluation::Evaluation;
use crate::gitops::{Files, Problem};
use crate::object::Namespace;
use crate::source::{FileId, Place, Spanned};
use crate::yaml::Value;

/// The variables of a Flux Kustomization.
#[derive(Debug, Default)]
pub(super) struct Variables {
    /// Those with a value, and the place of the value.
    known: BTreeMap<Box<str>, Spanned<Box<str>>>,
    /// Those that are set by something whose values are not in the repository.
    unknown: BTreeSet<Box<str>>,
    /// What may set any other variable too, and is not in the repository: where it is asked for, and what it is.
    missing: Vec<(Place, String)>,
}

/// What a Flux Kustomization takes variables from.
#[derive(Debug)]
pub(super) struct Request<'a> {
    /// `spec.postBuild`.
    pub(super) post_build: &'a Value,
    /// The namespace of the Kustomization.
    pub(super) namespace: &'a str,
    /// The file it is written in.
    pub(super) file: FileId,
    /// The group it belongs to.
    pub(super) group: usize,
}

impl Variables {
    /// Whether nothing is substituted: Flux does nothing at all without a variable.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.unknown.is_empty() && self.missing.is_empty()
    }

    /// What is known about a variable.
    pub(super) fn get(&self, name: &str) -> Known<'_> {
        match self.known.get(name) {
            Some(value) => Known::Value(&value.value),
            None if !self.missing.is_empty() || self.unknown.contains(name) => Known::Unknown,
            None => Known::Unset,
        }
    }

    /// Where the value of a variable is written.
    pub(super) fn place(&self, name: &str) -> Option<Place> {
        self.known.get(name).map(|value| value.place)
    }

    /// What is missing, as problems of a unit in which expressions stay as they are.
    pub(super) fn problems(&self, matters: bool) -> impl Iterator<Item = Problem> {
        let missing = self.missing.iter();
        missing.map(move |(place, source)| Problem::Variables {
            place: *place,
            source: source.clone(),
            matters,
        })
    }

    /// The variables that a Kustomization asks for.
    pub(super) fn collect(request: &Request<'_>, evaluation: &Evaluation<'_>) -> Self {
        let mut variables = Self::default();
        let sources = request.post_build.get("substituteFrom");
        for source in sources.map_or(&[][..], Value::items) {
            variables.take_source(source, request, evaluation);
        }
        let inline = request.post_build.get("substitute");
        for entry in inline.map_or(&[][..], Value::entries) {
            variables.define(&entry.key.value, &entry.value);
        }
        for (name, value) in evaluation.variables(request.group) {
            if !variables.known.contains_key(name.as_str()) {
                let place = request.post_build.place;
                let value = Spanned::new(value.as_str().into(), place);
                variables.known.insert(name.as_str().into(), value);
            }
        }
        variables
    }

    /// The entries of a mapping as variables.
    #[cfg(test)]
    pub(super) fn of(mapping: &Value) -> Self {
        let mut variables = Self::default();
        for entry in mapping.entries() {
            variables.define(&entry.key.value, &entry.value);
        }
        variables
    }

    /// Takes in one ConfigMap or Secret; what it sets wins over those before it. One that is not in the repository may set
    /// anything, an optional one too: it may be in the cluster.
    fn take_source(&mut self, source: &Value, request: &Request<'_>, evaluation: &Evaluation<'_>) {
        let text = |key| source.get(key).and_then(Value::as_text);
        let (Some(kind), Some(name)) = (text("kind"), text("name")) else {
            return;
        };
        match (find(kind, name, request, evaluation), kind) {
            (Some(object), "ConfigMap") => {
                for entry in object.get("data").map_or(&[][..], Value::entries) {
                    self.define(&entry.key.value, &entry.value);
                }
            }
            (Some(secret), _) => {
                for field in ["data", "stringData"] {
                    for entry in secret.get(field).map_or(&[][..], Value::entries) {
                        self.known.remove(&entry.key.value);
                        self.unknown.insert(entry.key.value.clone());
                    }
                }
            }
            (None, _) => {
                self.known.clear();
                self.missing
                    .push((source.place, format!("{kind} `{name}`")));
            }
        }
    }

    fn define(&mut self, name: &str, value: &Value) {
        let Some(mut value) = value.spanned_text() else {
            return;
        };
        if value.value.contains('\n') {
            // Flux makes one line of a value.
            value.value = value.value.replace('\n', "").into();
        }
        self.unknown.remove(name);
        self.known.insert(name.into(), value);
    }
}

/// A ConfigMap or Secret: as a unit of the same group deploys it, else as it is written nearest to the Kustomization.
fn find(
    kind: &str,
    name: &str,
    request: &Request<'_>,
    evaluation: &Evaluation<'_>,
) -> Option<Value> {
    let units = evaluation.groups.get(request.group)?.units.iter();
    let units = units.filter_map(|&unit| evaluation.units.get(unit));
    let deployed = units.flat_map(|unit| &unit.objects).find(|object| {
        let namespace = object.id.namespace.as_ref().map(Namespace::as_str);
        &*object.id.kind == kind && &*object.id.name == name && namespace == Some(request.namespace)
    });
    if let Some(object) = deployed {
        return Some(object.value.clone());
    }
    written(kind, name, request, evaluation.session.files)
}

/// A ConfigMap or Secret as it is written; of several the one that shares most of the path with the Kustomization.
fn written(kind: &str, name: &str, request: &Request<'_>, files: &Files) -> Option<Value> {
    let near = files.path(request.file);
    let finder = memchr::memmem::Finder::new(name.as_bytes());
    let mut best: Option<(usize, &Value)> = None;
    let mut is_ambiguous = false;
    for (path, file) in files.iter() {
        let text = files.sources().file(file).text();
        if finder.find(text.as_bytes()).is_none() || !text.contains(kind) {
            continue;
        }
        let shared = path.components().zip(near.components());
        let shared = shared.take_while(|(a, b)| a == b).count();
        for document in &files.documents(file).documents {
            let root = &document.root;
            if !is_named(root, kind, name, request.namespace) {
                continue;
            }
            match best {
                Some((most, _)) if most > shared => {}
                Some((most, _)) if most == shared => is_ambiguous = true,
                Some(_) | None => {
                    best = Some((shared, root));
                    is_ambiguous = false;
                }
            }
        }
    }
    best.filter(|_| !is_ambiguous).map(|(_, root)| root.clone())
}

/// Whether a document is an object of this kind and name, and of this namespace if it says one.
fn is_named(root: &Value, kind: &str, name: &str, namespace: &str) -> bool {
    let text = |keys: &[&str]| root.at(keys).and_then(Value::as_text);
    text(&["kind"]) == Some(kind)
        && text(&["metadata", "name"]) == Some(name)
        && text(&["metadata", "namespace"]).is_none_or(|one| one == namespace)
}
