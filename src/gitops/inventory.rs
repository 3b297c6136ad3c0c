//! What stands in a repository before anything is evaluated: kustomizations and what they name, charts.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{FILE_NAMES, Files, ReferenceKind, plugin_references, references};
use crate::source::FileId;
use crate::source::tree::normalise;
use crate::yaml::Value;

/// The kustomizations and charts of a run.
#[derive(Debug, Default)]
pub(super) struct Inventory {
    /// By directory.
    kustomizations: BTreeMap<Utf8PathBuf, Kustomization>,
    /// By directory.
    charts: BTreeMap<Utf8PathBuf, Chart>,
}

/// A kustomization as far as it says what it needs.
#[derive(Debug)]
struct Kustomization {
    /// Its file; of several the one that is looked for first.
    file: FileId,
    /// Whether it is a `Component`.
    is_component: bool,
    /// The directories with a kustomization that it names.
    directories: BTreeSet<Utf8PathBuf>,
    /// The files that it names, its own among them.
    files: BTreeSet<FileId>,
}

/// A Helm chart.
#[derive(Debug)]
struct Chart {
    /// Whether it is one of Istio's own, or depends on one.
    is_of_istio: bool,
}

/// Everything that a kustomization is made of.
#[derive(Clone, Debug, Default)]
pub(super) struct Closure {
    /// The files.
    pub(super) files: BTreeSet<FileId>,
    /// The directories of the kustomizations, the first one included.
    pub(super) directories: BTreeSet<Utf8PathBuf>,
}

/// The charts that set up the control plane of Istio, whose values hold the mesh config.
const ISTIO_CHARTS: &[&str] = &[
    "istio",
    "istio-control",
    "istio-discovery",
    "istio-remote",
    "istiod",
    "istiod-remote",
];

/// Whether a chart sets up Istio's control plane, by its name.
pub(super) fn is_istio_chart(name: &str) -> bool {
    ISTIO_CHARTS.contains(&name)
}

impl Inventory {
    /// Looks through the files of a run.
    pub(super) fn of(files: &Files) -> Self {
        let mut inventory = Self::default();
        for (path, file) in files.iter() {
            let directory = path.parent().unwrap_or(Utf8Path::new(""));
            match path.file_name() {
                Some(name) if FILE_NAMES.contains(&name) => inventory.add(directory, file, files),
                Some("Chart.yaml") => {
                    let chart = Chart::read(file, files);
                    inventory.charts.insert(directory.to_owned(), chart);
                }
                Some(_) | None => {}
            }
        }
        inventory
    }

    /// Takes in a file that is a kustomization by its name.
    fn add(&mut self, directory: &Utf8Path, file: FileId, files: &Files) {
        let documents = &files.documents(file).documents;
        if documents.is_empty() {
            // What cannot be read names nothing, so that it hides nothing.
            return;
        }
        let mut found = Kustomization {
            file,
            is_component: false,
            directories: BTreeSet::new(),
            files: BTreeSet::from([file]),
        };
        for document in documents {
            let root = &document.root;
            found.is_component |= root.get("kind").and_then(Value::as_text) == Some("Component");
            found.take(directory, root, files);
        }
        let known = self.kustomizations.entry(directory.to_owned());
        known
            .and_modify(|known| known.absorb(&found))
            .or_insert(found);
    }

    /// Whether a directory has a kustomization that could be read.
    pub(super) fn is_kustomization(&self, directory: &Utf8Path) -> bool {
        self.kustomizations.contains_key(directory)
    }

    /// The file of the kustomization of a directory.
    pub(super) fn file(&self, directory: &Utf8Path) -> Option<FileId> {
        self.kustomizations.get(directory).map(|found| found.file)
    }

    /// The directories with a component that no kustomization uses.
    pub(super) fn unused_components(&self) -> Vec<&Utf8Path> {
        let referenced = self.referenced();
        self.kustomizations
            .iter()
            .filter(|(directory, found)| found.is_component && !referenced.contains(directory))
            .map(|(directory, _)| directory.as_path())
            .collect()
    }

    /// The directories whose kustomization nothing builds on, outside files left out: those that stand for themselves. Of
    /// kustomizations that only name each other in a circle the first.
    pub(super) fn roots(&self, files: &Files) -> Vec<&Utf8Path> {
        let referenced = self.referenced();
        let mut roots: Vec<&Utf8Path> = Vec::new();
        let mut seen: BTreeSet<Utf8PathBuf> = BTreeSet::new();
        for (directory, found) in &self.kustomizations {
            if !referenced.contains(directory) {
                seen.extend(self.closure(directory).directories);
                if !found.is_component && !files.is_reached(found.file) {
                    roots.push(directory);
                }
            }
        }
        for (directory, found) in &self.kustomizations {
            if seen.contains(directory) || found.is_component || files.is_reached(found.file) {
                continue;
            }
            seen.extend(self.closure(directory).directories);
            roots.push(directory);
        }
        roots.sort_unstable();
        roots
    }

    /// The directories that some kustomization names.
    fn referenced(&self) -> BTreeSet<&Utf8PathBuf> {
        let all = self.kustomizations.values();
        all.flat_map(|found| &found.directories).collect()
    }

    /// Everything that the kustomization of a directory is made of.
    pub(super) fn closure(&self, directory: &Utf8Path) -> Closure {
        let mut closure = Closure::default();
        let mut pending = vec![directory];
        while let Some(directory) = pending.pop() {
            let Some(found) = self.kustomizations.get(directory) else {
                continue;
            };
            if closure.directories.insert(directory.to_owned()) {
                closure.files.extend(&found.files);
                pending.extend(found.directories.iter().map(Utf8PathBuf::as_path));
            }
        }
        closure
    }

    /// The chart that a file is a template of.
    pub(super) fn chart_of_template<'p>(&'p self, path: &'p Utf8Path) -> Option<&'p Utf8Path> {
        let charts = self.charts_above(path);
        charts
            .filter(|chart| {
                let inside = path.strip_prefix(chart);
                inside.is_ok_and(|inside| {
                    inside.starts_with("templates") || inside.starts_with("crds")
                })
            })
            .last()
    }

    /// Whether the values in a file belong to a chart that has nothing to do with Istio.
    pub(super) fn is_of_foreign_chart(&self, path: &Utf8Path) -> bool {
        let mut charts = self.charts_above(path).peekable();
        charts.peek().is_some()
            && charts.all(|directory| {
                let chart = self.charts.get(directory);
                chart.is_some_and(|chart| !chart.is_of_istio)
            })
    }

    /// Whether a directory holds a chart.
    pub(super) fn is_chart(&self, directory: &Utf8Path) -> bool {
        self.charts.contains_key(directory)
    }

    /// The charts that a file lies in, the innermost first.
    fn charts_above<'p>(&'p self, path: &'p Utf8Path) -> impl Iterator<Item = &'p Utf8Path> {
        path.ancestors()
            .skip(1)
            .filter(|directory| self.charts.contains_key(*directory))
    }
}

impl Kustomization {
    /// Takes in what a document of the kustomization names.
    fn take(&mut self, directory: &Utf8Path, root: &Value, files: &Files) {
        for reference in references(root) {
            self.name(directory, &reference.path, files);
            if reference.kind == ReferenceKind::Plugin {
                let path = normalise(&directory.join(&*reference.path));
                if let Some(file) = files.file(&path) {
                    for document in &files.documents(file).documents {
                        self.take_plugin(directory, &document.root, files);
                    }
                }
            }
        }
        for field in ["generators", "transformers", "validators"] {
            let items = root.get(field).map_or(&[][..], Value::items);
            for item in items.iter().filter(|item| item.as_mapping().is_some()) {
                self.take_plugin(directory, item, files);
            }
        }
    }

    /// Takes in what the configuration of a generator or transformer names.
    fn take_plugin(&mut self, directory: &Utf8Path, root: &Value, files: &Files) {
        for reference in plugin_references(root) {
            self.name(directory, &reference.path, files);
        }
    }

    /// Takes in one file or directory.
    fn name(&mut self, directory: &Utf8Path, path: &str, files: &Files) {
        let path = normalise(&directory.join(path));
        match files.file(&path) {
            Some(file) => {
                self.files.insert(file);
            }
            None => {
                self.directories.insert(path);
            }
        }
    }

    /// Takes in a second file of the same directory; kustomize refuses it, and both are its.
    fn absorb(&mut self, other: &Self) {
        self.files.extend(&other.files);
        self.directories.extend(other.directories.iter().cloned());
    }
}

impl Chart {
    /// Reads the names of a chart and of what it depends on.
    fn read(file: FileId, files: &Files) -> Self {
        let documents = &files.documents(file).documents;
        let names = documents.iter().flat_map(|document| {
            let root = &document.root;
            let dependencies = root.get("dependencies").map_or(&[][..], Value::items);
            std::iter::once(root)
                .chain(dependencies)
                .filter_map(|one| one.get("name")?.as_text())
        });
        Self {
            is_of_istio: names.into_iter().any(is_istio_chart),
        }
    }
}
