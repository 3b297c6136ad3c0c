//! Trees: where the bytes of manifests come from. Nothing else opens a manifest.

mod git;
mod memory;
mod overlay;
mod path;
mod work;

use camino::{Utf8Path, Utf8PathBuf};

pub use git::{GitError, GitIndex, GitRevision, IndexFile, changes_between, staged_changes};
pub use memory::Memory;
pub use overlay::Overlay;
pub use path::{normalise, seen_from};
pub use work::WorkTree;

/// What stands at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum EntryKind {
    /// A regular file.
    File,
    /// A directory.
    Directory,
    /// A symbolic link; links are not followed, so that no manifest is read twice.
    Link,
}

/// One entry below a directory.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// The path, starting with the directory that was listed.
    pub path: Utf8PathBuf,
    /// What stands there.
    pub kind: EntryKind,
}

/// Why a path could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// Nothing stands there.
    #[error("there is no such file or directory")]
    Missing,
    /// The file is larger than the cap.
    #[error("the file has {size} bytes, more than the {limit} that are read (`--max-file-size`)")]
    TooLarge {
        /// The size in bytes.
        size: u64,
        /// The cap in bytes.
        limit: u64,
    },
    /// The path is not UTF-8, so that no report could name it.
    #[error("the path is not UTF-8")]
    PathNotUtf8,
    /// The system refused.
    #[error("{0}")]
    Io(#[from] std::io::Error),
}

impl ReadError {
    /// Refuses a size over the cap.
    fn check_size(size: u64, limit: u64) -> Result<(), Self> {
        if size > limit {
            return Err(Self::TooLarge { size, limit });
        }
        Ok(())
    }
}

/// A directory tree that can be listed and read. Paths are relative to the tree's root (which is the empty path), or
/// absolute where it has such.
pub trait Tree: Sync {
    /// The absolute path of the root, where the tree takes absolute paths and has one; the names of the directories
    /// above the root are known from nowhere else.
    fn location(&self) -> Option<Utf8PathBuf> {
        None
    }

    /// What stands at a path, links followed (a path that a user names).
    fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError>;

    /// The bytes of a file of at most `limit` bytes.
    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, ReadError>;

    /// Everything below a directory, parents before children, by name; `descend` is asked once for every directory
    /// below it and prunes where it says no. An entry that cannot be listed is an error with its path.
    fn list(
        &self,
        directory: &Utf8Path,
        descend: &mut dyn FnMut(&Utf8Path) -> bool,
    ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>>;
}
