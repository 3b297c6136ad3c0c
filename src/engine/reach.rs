//! Reach: the files that kustomizations among the input need and that no named path holds.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use camino::{Utf8Path, Utf8PathBuf};

use crate::gitops::{self, ReferenceKind};
use crate::source::tree::{EntryKind, ReadError, Tree, normalise};
use crate::source::{FileId, FileRole, SourceFile};
use crate::yaml::{self, FileContent, ReadOptions};

/// What was found beyond the input.
#[derive(Debug, Default)]
pub(super) struct Reached {
    /// Files whose documents a kustomization needs; they are read in full.
    pub(super) claimed: BTreeSet<Utf8PathBuf>,
    /// Files that are not text, by path.
    pub(super) binary: BTreeMap<Utf8PathBuf, Vec<u8>>,
    /// Files that could not be read, and why.
    pub(super) unread: Vec<(Utf8PathBuf, ReadError)>,
}

/// How many nodes the aliases of a kustomization may expand to.
const ALIAS_BUDGET: usize = 100_000;

/// Adds to the files of the input those that its kustomizations need, and says which files they need.
///
/// Nothing outside of the Git repository is read: what a manifest names is not what the user named.
pub(super) fn reach(files: &mut Vec<SourceFile>, tree: &dyn Tree, limit: u64) -> Reached {
    let known = files.iter().map(|file| file.path().to_owned()).zip(0..);
    let mut search = Search {
        known: known.collect(),
        pending: VecDeque::new(),
        seen: BTreeSet::new(),
        levels: levels_to_repository(tree),
        reached: Reached::default(),
        tree,
        limit,
    };
    let kustomizations = files.iter().map(SourceFile::path);
    let kustomizations = kustomizations.filter(|path| gitops::is_kustomization_file(path));
    search.pending.extend(kustomizations.map(ToOwned::to_owned));
    while let Some(path) = search.pending.pop_front() {
        if search.seen.insert(path.clone()) {
            search.follow(&path, files);
        }
    }
    search.reached
}

/// How many levels above the working directory the Git repository starts; none if there is no repository, or if the tree
/// has no place on the disk.
fn levels_to_repository(tree: &dyn Tree) -> Option<usize> {
    let depth = tree.location()?.components().count();
    (0..depth).find(|&levels| {
        let up = "../".repeat(levels);
        tree.kind(&normalise(Utf8Path::new(&format!("{up}.git"))))
            .is_ok()
    })
}

/// The working directory seen from the root of its Git repository; empty where there is none.
pub(super) fn working_directory(tree: &dyn Tree) -> Utf8PathBuf {
    let location = tree.location().zip(levels_to_repository(tree));
    let Some((location, levels)) = location else {
        return Utf8PathBuf::new();
    };
    let depth = location.components().count();
    location
        .components()
        .skip(depth.saturating_sub(levels))
        .collect()
}

/// The search through kustomizations.
struct Search<'t> {
    /// The position of every file that was read, by clean path.
    known: BTreeMap<Utf8PathBuf, usize>,
    /// Kustomizations to look at.
    pending: VecDeque<Utf8PathBuf>,
    /// Kustomizations that were looked at.
    seen: BTreeSet<Utf8PathBuf>,
    /// How many levels above the working directory may be read.
    levels: Option<usize>,
    reached: Reached,
    tree: &'t dyn Tree,
    limit: u64,
}

impl Search<'_> {
    /// Reads what one kustomization needs.
    fn follow(&mut self, path: &Utf8Path, files: &mut Vec<SourceFile>) {
        self.reached.claimed.insert(path.to_owned());
        let directory = path.parent().unwrap_or(Utf8Path::new("")).to_owned();
        let content = self.content(path, files);
        for document in &content.documents {
            for reference in gitops::references(&document.root) {
                self.take(&directory, &reference.path, reference.kind, files);
            }
            // An inline transformer names files too.
            for field in ["generators", "transformers"] {
                let items = document.root.get(field).map_or(&[][..], yaml::Value::items);
                let inline = items.iter().filter(|item| item.as_mapping().is_some());
                for item in inline {
                    self.take_plugin(item, &directory, files);
                }
            }
        }
    }

    /// Takes one thing that a kustomization refers to.
    fn take(
        &mut self,
        directory: &Utf8Path,
        reference: &str,
        kind: ReferenceKind,
        files: &mut Vec<SourceFile>,
    ) {
        let path = normalise(&directory.join(reference));
        if !self.may_read(&path, reference) {
            return;
        }
        match self.tree.kind(&path) {
            Ok(EntryKind::File) => {
                if gitops::is_kustomization_file(&path) {
                    self.pending.push_back(path.clone());
                }
                if kind != ReferenceKind::Data {
                    self.reached.claimed.insert(path.clone());
                }
                self.open(&path, files);
                if kind == ReferenceKind::Plugin {
                    let content = self.content(&path, files);
                    for document in &content.documents {
                        self.take_plugin(&document.root, directory, files);
                    }
                }
            }
            Ok(EntryKind::Directory) => self.enter(&path, files),
            // What is missing is for the evaluation to say, with the place that asks for it.
            Ok(EntryKind::Link) | Err(_) => {}
        }
    }

    /// Takes what a generator or transformer needs.
    fn take_plugin(
        &mut self,
        root: &yaml::Value,
        directory: &Utf8Path,
        files: &mut Vec<SourceFile>,
    ) {
        for reference in gitops::plugin_references(root) {
            let kind = match reference.kind {
                // Its own files name no further ones.
                ReferenceKind::Plugin => ReferenceKind::Setting,
                kind => kind,
            };
            self.take(directory, &reference.path, kind, files);
        }
    }

    /// Opens the kustomization of a directory.
    fn enter(&mut self, directory: &Utf8Path, files: &mut Vec<SourceFile>) {
        for name in gitops::FILE_NAMES {
            let path = directory.join(name);
            if self.seen.contains(&path) {
                continue;
            }
            if matches!(self.tree.kind(&path), Ok(EntryKind::File)) {
                self.open(&path, files);
                self.pending.push_back(path);
            }
        }
    }

    /// Reads a file that was not read before.
    fn open(&mut self, path: &Utf8Path, files: &mut Vec<SourceFile>) {
        if self.known.contains_key(path) || self.reached.binary.contains_key(path) {
            return;
        }
        match self.tree.read(path, self.limit) {
            Ok(bytes) => match String::from_utf8(bytes) {
                Ok(text) => {
                    self.known.insert(path.to_owned(), files.len());
                    files.push(SourceFile::new(
                        path.to_owned(),
                        text.into(),
                        FileRole::Input,
                    ));
                }
                Err(error) => {
                    self.reached
                        .binary
                        .insert(path.to_owned(), error.into_bytes());
                }
            },
            Err(error) => self.reached.unread.push((path.to_owned(), error)),
        }
    }

    /// The documents of a file that was read.
    fn content(&self, path: &Utf8Path, files: &[SourceFile]) -> FileContent {
        let options = ReadOptions {
            prefilter: false,
            alias_budget: ALIAS_BUDGET,
        };
        let index = self.known.get(path).copied();
        let file = index.and_then(|index| files.get(index));
        // Places of this reading are not kept, so that any id does.
        file.map_or_else(FileContent::default, |file| {
            yaml::read(FileId::FIRST, file, options)
        })
    }

    /// Whether a path that a manifest names may be read: within the repository, and not absolute in itself.
    fn may_read(&self, path: &Utf8Path, reference: &str) -> bool {
        let is_address = reference.contains("://") || reference.starts_with("git@");
        let ups = path.components().take_while(|one| one.as_str() == "..");
        let is_inside = self.levels.is_none_or(|levels| ups.count() <= levels);
        !reference.is_empty() && !reference.starts_with('/') && !is_address && is_inside
    }
}
