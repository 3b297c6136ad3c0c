//! What a Git repository stores, a revision or the index, read through the `git` command; the files on disk are not
//! touched.

mod command;
mod files;
mod index;
mod objects;

use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Entry, EntryKind, ReadError, Tree};
use command::Git;
pub use command::GitError;
use files::Files;
pub use index::{GitIndex, IndexFile, changes_between, staged_changes};

/// The files of one revision. Paths are relative to the directory that it is opened from, as those of the files on disk.
pub struct GitRevision {
    /// The commit in full.
    commit: String,
    /// Its files.
    files: Files,
}

impl GitRevision {
    /// Opens a revision, such as `HEAD~1` or `origin/main`, of the repository that a directory is in.
    pub fn open(directory: &Utf8Path, revision: &str) -> Result<Self, GitError> {
        let mut files = Files::open(directory)?;
        let git = Git::new(directory);
        let commit = git.commit(revision)?;
        let text = git.list(&commit)?;
        for ([mode, _, id], path) in listing(&text) {
            files.add(path, mode, id);
        }
        Ok(Self { commit, files })
    }

    /// The commit in full.
    pub fn commit(&self) -> &str {
        &self.commit
    }
}

/// The entries of a listing, `field field field\tpath` with a null byte after each: the fields, and the path as Git has it.
fn listing(text: &[u8]) -> impl Iterator<Item = ([&str; 3], &[u8])> {
    text.split(|&byte| byte == 0).filter_map(|line| {
        let end = line.iter().position(|&byte| byte == b'\t')?;
        let (fields, path) = line.split_at_checked(end)?;
        let mut fields = std::str::from_utf8(fields).ok()?.split(' ');
        let fields = [fields.next()?, fields.next()?, fields.next()?];
        Some((fields, path.strip_prefix(b"\t")?))
    })
}

impl fmt::Debug for GitRevision {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("GitRevision")
            .field("commit", &self.commit)
            .finish_non_exhaustive()
    }
}

impl Tree for GitRevision {
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

#[cfg(test)]
mod tests;
