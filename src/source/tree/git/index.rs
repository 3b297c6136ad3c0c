//! The index of a Git repository: what the next commit holds. The files on disk may differ.

use std::fmt;
use std::fs;

use camino::{Utf8Path, Utf8PathBuf};

use super::command::{Git, GitError};
use super::files::Files;
use super::listing;
use crate::source::tree::{Entry, EntryKind, ReadError, Tree};

/// The files of the index with the contents that were staged. Paths are relative to the directory that it is opened from,
/// as those of the files on disk. `GIT_INDEX_FILE` and `GIT_DIR` count, as they do for every command of Git.
pub struct GitIndex {
    /// The directory that it is opened from.
    directory: Utf8PathBuf,
    /// Which index it is.
    file: IndexFile,
    /// What was staged.
    files: Files,
    /// Files that are announced (`git add --intent-to-add`) and that no commit has yet.
    announced: Vec<Utf8PathBuf>,
}

/// How the name of an empty file starts, by SHA-1 and by SHA-256; that of an announced one is the same.
const EMPTY: [&str; 2] = ["e69de29bb2d1d643", "473a0f4c3be8a936"];

/// Which index is meant: the one that Git takes by itself, or a file.
#[derive(Clone, Debug, Default)]
pub struct IndexFile(Option<Utf8PathBuf>);

impl IndexFile {
    /// The index that Git names to a hook by `GIT_INDEX_FILE`. A container sees the repository at another path: then the file of
    /// that name is meant which is where Git keeps the index here. One that is nowhere is an error, since Git would take it for
    /// an empty one; only the repository's own may be missing, before anything was added.
    pub fn named(directory: &Utf8Path, name: &Utf8Path) -> Result<Self, GitError> {
        if is_file(&directory.join(name)) {
            return Ok(Self::default());
        }
        let own = Git::new(directory).own_directory()?;
        let here = name.file_name().map(|name| own.join(name));
        match here {
            Some(here) if is_file(&here) => Ok(Self(Some(here))),
            _ if name.file_name() == Some(OWN_INDEX) => Ok(Self::default()),
            _ => Err(GitError::NoIndex {
                path: name.to_owned(),
            }),
        }
    }
}

/// How the file of a repository's own index is called.
const OWN_INDEX: &str = "index";

impl GitIndex {
    /// Opens the index of the repository that a directory is in.
    pub fn open(directory: &Utf8Path, index: &IndexFile) -> Result<Self, GitError> {
        let mut files = Files::open(directory)?;
        let git = Git::new(directory).with_index(index.0.as_deref());
        let text = git.list_index()?;
        let is_empty = |id: &str| EMPTY.iter().any(|empty| id.starts_with(empty));
        // The question looks at the files on disk, so it is asked only where the answer can matter.
        let announced = if listing(&text).any(|([_, id, _], _)| is_empty(id)) {
            git.changes(&["--diff-filter=A"])?
        } else {
            Vec::new()
        };
        let is_announced = |path: &[u8]| announced.iter().any(|it| it.as_str().as_bytes() == path);
        for ([mode, id, stage], path) in listing(&text) {
            if is_empty(id) && is_announced(path) {
                continue;
            }
            if stage == "0" {
                files.add(path, mode, id);
            } else {
                files.add_unmerged(path);
            }
        }
        Ok(Self {
            directory: directory.to_owned(),
            file: index.clone(),
            files,
            announced,
        })
    }

    /// The files on disk that are neither tracked nor ignored, as paths of the repository, and those that are announced; no
    /// links, and no repositories inside of this one.
    pub fn untracked(&self) -> Result<Vec<Utf8PathBuf>, GitError> {
        let git = Git::new(&self.directory).with_index(self.file.0.as_deref());
        let mut paths = git.untracked()?;
        paths.extend(self.announced.iter().cloned());
        paths.retain(|path| is_file(&self.directory.join(self.in_tree(path))));
        Ok(paths)
    }

    /// What the index would be if some untracked files (paths of the repository) were added too.
    pub fn with_untracked(&self, paths: &[Utf8PathBuf]) -> Result<Self, GitError> {
        Ok(Self {
            directory: self.directory.clone(),
            file: self.file.clone(),
            files: self.files.with_files_on_disk(paths)?,
            announced: Vec::new(),
        })
    }

    /// A path of the repository as a path of the tree.
    pub fn in_tree(&self, path: &Utf8Path) -> Utf8PathBuf {
        self.files.in_tree(path)
    }
}

/// Whether a regular file stands at a path.
#[expect(
    clippy::disallowed_methods,
    reason = "untracked files and the index are on disk alone"
)]
fn is_file(path: &Utf8Path) -> bool {
    fs::symlink_metadata(path).is_ok_and(|metadata| metadata.is_file())
}

/// The paths of the repository that the next commit adds, changes or deletes. A rename is both of its paths.
pub fn staged_changes(
    directory: &Utf8Path,
    index: &IndexFile,
) -> Result<Vec<Utf8PathBuf>, GitError> {
    let git = Git::new(directory).with_index(index.0.as_deref());
    git.changes(&["--cached"])
}

/// The paths of the repository that differ between two revisions. A rename is both of its paths.
pub fn changes_between(
    directory: &Utf8Path,
    from: &str,
    to: &str,
) -> Result<Vec<Utf8PathBuf>, GitError> {
    let git = Git::new(directory);
    let (from, to) = (git.commit(from)?, git.commit(to)?);
    git.changes(&[&from, &to])
}

impl fmt::Debug for GitIndex {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitIndex")
            .field("directory", &self.directory)
            .finish_non_exhaustive()
    }
}

impl Tree for GitIndex {
    fn location(&self) -> Option<Utf8PathBuf> {
        self.files.location()
    }

    fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError> {
        self.files.kind(path)
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        self.files.read(path, limit)
    }

    fn list(
        &self,
        directory: &Utf8Path,
        descend: &mut dyn FnMut(&Utf8Path) -> bool,
    ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>> {
        self.files.list(directory, descend)
    }
}
