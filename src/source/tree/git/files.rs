//! Files that Git stores, as a tree: what a revision and the index have in common.

use std::collections::BTreeMap;
use std::io;
use std::ops::Bound;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};

use super::command::{Git, GitError};
use super::objects::Objects;
use crate::source::tree::{Entry, EntryKind, ReadError, Tree, WorkTree, normalise};

/// How the mode of a symbolic link starts.
const LINK_MODE: &str = "120000";

/// The mode of a submodule, whose files another repository has.
const SUBMODULE_MODE: &str = "160000";

/// Files by their path in the repository. Paths of the tree are relative to the directory that it is opened from, as
/// those of the files on disk.
pub(super) struct Files {
    /// The absolute path of the directory that paths are relative to.
    location: Utf8PathBuf,
    /// The absolute path of the root of the repository.
    root: Utf8PathBuf,
    /// Files and links by their path in the repository.
    entries: BTreeMap<Utf8PathBuf, Object>,
    /// What cannot be read, by its path in the repository with replacement characters.
    unreadable: Vec<(Utf8PathBuf, Unreadable)>,
    /// What reads their contents.
    objects: Mutex<Objects>,
}

/// A file.
#[derive(Clone, Debug)]
struct Object {
    kind: EntryKind,
    contents: Contents,
}

/// Where the contents of a file are.
#[derive(Clone, Debug)]
enum Contents {
    /// Among the objects of the repository, under this name.
    Stored(String),
    /// In the work tree.
    OnDisk,
}

/// Why a file that is listed cannot be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Unreadable {
    /// No report could name it.
    NotUtf8,
    /// A merge left several versions of it.
    Unmerged,
}

impl Unreadable {
    fn error(self) -> ReadError {
        match self {
            Self::NotUtf8 => ReadError::PathNotUtf8,
            Self::Unmerged => ReadError::Io(io::Error::other(
                "the file has conflicts of a merge to resolve",
            )),
        }
    }
}

impl Files {
    /// No files yet, of the repository that a directory is in.
    pub(super) fn open(directory: &Utf8Path) -> Result<Self, GitError> {
        let git = Git::new(directory);
        let location = git.location()?;
        let root = normalise(&location.join(git.root()?));
        Ok(Self {
            location,
            root,
            entries: BTreeMap::new(),
            unreadable: Vec::new(),
            objects: Mutex::new(git.objects()?),
        })
    }

    /// Adds a file of the repository, whose path is as Git has it.
    pub(super) fn add(&mut self, path: &[u8], mode: &str, id: &str) {
        if mode == SUBMODULE_MODE {
            return;
        }
        let kind = if mode == LINK_MODE {
            EntryKind::Link
        } else {
            EntryKind::File
        };
        let Ok(path) = std::str::from_utf8(path) else {
            let path = String::from_utf8_lossy(path).as_ref().into();
            self.unreadable.push((path, Unreadable::NotUtf8));
            return;
        };
        let contents = Contents::Stored(id.to_owned());
        self.entries.insert(path.into(), Object { kind, contents });
    }

    /// Adds a file that a merge left several versions of; Git lists each of them.
    pub(super) fn add_unmerged(&mut self, path: &[u8]) {
        let path = String::from_utf8_lossy(path).as_ref().into();
        let entry = (path, Unreadable::Unmerged);
        if !self.unreadable.contains(&entry) {
            self.unreadable.push(entry);
        }
    }

    /// The same files and those on disk at some paths of the repository.
    pub(super) fn with_files_on_disk(&self, paths: &[Utf8PathBuf]) -> Result<Self, GitError> {
        let mut files = Self {
            location: self.location.clone(),
            root: self.root.clone(),
            entries: self.entries.clone(),
            unreadable: self.unreadable.clone(),
            objects: Mutex::new(Git::new(&self.location).objects()?),
        };
        let on_disk = |path: &Utf8PathBuf| {
            let object = Object {
                kind: EntryKind::File,
                contents: Contents::OnDisk,
            };
            (path.clone(), object)
        };
        files.entries.extend(paths.iter().map(on_disk));
        Ok(files)
    }

    /// A path of the repository as a path of the tree.
    pub(super) fn in_tree(&self, path: &Utf8Path) -> Utf8PathBuf {
        let absolute = self.root.join(path);
        match absolute.strip_prefix(&self.location) {
            Ok(below) => below.to_owned(),
            Err(_) => absolute,
        }
    }

    /// A path of the tree as a path in the repository; none for what is outside of it.
    fn in_repository(&self, path: &Utf8Path) -> Option<Utf8PathBuf> {
        let absolute = normalise(&self.location.join(path));
        absolute
            .strip_prefix(&self.root)
            .ok()
            .map(Utf8Path::to_owned)
    }

    /// The files below a directory of the repository.
    fn below<'a>(
        &'a self,
        directory: &'a Utf8Path,
    ) -> impl Iterator<Item = (&'a Utf8PathBuf, &'a Object)> {
        self.entries
            .range::<Utf8Path, _>((Bound::Excluded(directory), Bound::Unbounded))
            .take_while(move |(path, _)| path.starts_with(directory))
    }
}

impl Tree for Files {
    fn location(&self) -> Option<Utf8PathBuf> {
        Some(self.location.clone())
    }

    fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError> {
        let path = self.in_repository(path).ok_or(ReadError::Missing)?;
        if let Some(object) = self.entries.get(&path) {
            return Ok(object.kind);
        }
        // What is stored does not hold Git's own directory; that it is there says where the repository starts.
        // The directory that this was opened from is there, whether anything in it is stored or not.
        let is_above = |opened: Utf8PathBuf| opened.starts_with(&path);
        let opened = self.in_repository(Utf8Path::new(""));
        let is_directory = path == ".git" || opened.is_some_and(is_above);
        if is_directory || self.below(&path).next().is_some() {
            return Ok(EntryKind::Directory);
        }
        Err(ReadError::Missing)
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        let path = self.in_repository(path).ok_or(ReadError::Missing)?;
        let object = self.entries.get(&path).ok_or(ReadError::Missing)?;
        let id = match &object.contents {
            Contents::Stored(id) => id,
            Contents::OnDisk => return WorkTree::new(self.root.clone()).read(&path, limit),
        };
        let mut objects = self
            .objects
            .lock()
            .map_err(|_| io::Error::other("a reader of the repository failed"))?;
        objects.read(id, limit)
    }

    fn list(
        &self,
        directory: &Utf8Path,
        descend: &mut dyn FnMut(&Utf8Path) -> bool,
    ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>> {
        let Some(clean) = self.in_repository(directory) else {
            return vec![Err((directory.to_owned(), ReadError::Missing))];
        };
        let mut out = Vec::new();
        let mut entered: BTreeMap<Utf8PathBuf, bool> = BTreeMap::new();
        for (path, object) in self.below(&clean) {
            let below = path.strip_prefix(&clean).unwrap_or(path);
            let mut parent = directory.to_owned();
            let mut is_open = true;
            for name in below.parent().into_iter().flat_map(Utf8Path::components) {
                parent.push(name);
                let enters = entered.entry(parent.clone()).or_insert_with(|| {
                    out.push(Ok(Entry {
                        path: parent.clone(),
                        kind: EntryKind::Directory,
                    }));
                    descend(&parent)
                });
                is_open = *enters;
                if !is_open {
                    break;
                }
            }
            if is_open {
                out.push(Ok(Entry {
                    path: directory.join(below),
                    kind: object.kind,
                }));
            }
        }
        let unreadable = self
            .unreadable
            .iter()
            .filter(|(path, _)| path.starts_with(&clean));
        let shown = |path: &Utf8PathBuf| match path.strip_prefix(&clean) {
            Ok(below) => directory.join(below),
            Err(_) => path.clone(),
        };
        out.extend(unreadable.map(|(path, reason)| Err((shown(path), reason.error()))));
        out
    }
}
