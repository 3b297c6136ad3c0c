//! Which files are linted: the paths a user names, walked with gitignore files and exclusions applied.
//!
//! Every byte and every name comes through the [`Tree`], so that an index or a revision of Git is walked like the disk.

mod gitignore;
mod globs;
mod paths;
mod walk;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::source::tree::{EntryKind, ReadError, Tree, normalise};
pub(crate) use globs::Exclude;
use paths::Paths;
use walk::Walk;
pub use walk::{EXCLUDED, IGNORED};

/// What to look for, and where.
#[derive(Clone, Debug)]
pub struct Settings {
    /// Files and directories as the user names them.
    pub paths: Vec<Utf8PathBuf>,
    /// Globs of what is left out, even where a path names it; relative to the root of the tree.
    pub exclude: Vec<String>,
    /// Whether what a `.gitignore` names is left out.
    pub gitignore: bool,
    /// The cap for a `.gitignore` file, as for any other.
    pub max_file_size: u64,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Discovered {
    /// The files to read, clean, by path, each once.
    pub files: Vec<Utf8PathBuf>,
    /// What should have been read or entered and was not, with the reason, by path.
    pub unread: Vec<(Utf8PathBuf, String)>,
    /// Paths named by the user that do not exist or cannot be read, as they were named.
    pub missing: Vec<(Utf8PathBuf, ReadError)>,
    /// What is left out that would be read or entered by its name, and why, by path.
    pub left_out: Vec<(Utf8PathBuf, &'static str)>,
    /// Exclusions that leave nothing out.
    pub unmatched: Vec<String>,
}

/// Settings that cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum Error {
    /// An exclusion is not a glob.
    #[error("`{glob}` is not a glob")]
    Glob {
        /// As the user wrote it.
        glob: String,
        /// What is wrong with it.
        source: globset::Error,
    },
}

/// Finds the files to read in a tree.
pub fn discover(settings: &Settings, tree: &dyn Tree) -> Result<Discovered, Error> {
    let mut search = Search {
        settings,
        tree,
        exclude: Exclude::new(&settings.exclude)?,
        paths: Paths::of(tree),
        found: Found::default(),
    };
    for path in &settings.paths {
        search.take(path);
    }
    Ok(Discovered {
        unmatched: search.exclude.unmatched(),
        ..search.found.finish()
    })
}

/// A path as it is shown everywhere: relative to the root of the tree where it is below it, else as named, but clean.
pub fn clean(path: &Utf8Path, tree: &dyn Tree) -> Utf8PathBuf {
    Paths::of(tree).clean(path)
}

/// What the walks of one search share.
struct Search<'a> {
    settings: &'a Settings,
    tree: &'a dyn Tree,
    exclude: Exclude,
    paths: Paths,
    found: Found,
}

impl Search<'_> {
    /// Takes what stands at a path that the user names: a file whatever its name, and of a directory what looks like
    /// a manifest.
    fn take(&mut self, named: &Utf8Path) {
        let path = self.paths.clean(named);
        if self.exclude.covers(&path) {
            self.found.left_out(path, EXCLUDED);
            return;
        }
        match self.tree.kind(&path) {
            Ok(EntryKind::File) => self.found.file(path),
            Ok(EntryKind::Directory) => Walk::below(self, named, &path),
            Ok(EntryKind::Link) => self.found.unread(path, walk::LINK),
            Err(error) => self.found.missing.push((named.to_owned(), error)),
        }
    }
}

/// What was found so far, each path once.
#[derive(Default)]
struct Found {
    files: BTreeSet<Utf8PathBuf>,
    unread: BTreeSet<(Utf8PathBuf, String)>,
    missing: Vec<(Utf8PathBuf, ReadError)>,
    left_out: BTreeSet<(Utf8PathBuf, &'static str)>,
}

impl Found {
    fn file(&mut self, path: Utf8PathBuf) {
        self.files.insert(path);
    }

    fn unread(&mut self, path: Utf8PathBuf, reason: impl Into<String>) {
        self.unread.insert((path, reason.into()));
    }

    fn left_out(&mut self, path: Utf8PathBuf, reason: &'static str) {
        self.left_out.insert((path, reason));
    }

    fn finish(mut self) -> Discovered {
        // A link that one path leads to may be named by another.
        let is_read = |path: &Utf8PathBuf| {
            let mut from_there = self.files.range(path.clone()..);
            from_there.next().is_some_and(|file| file.starts_with(path))
        };
        self.unread.retain(|(path, _)| !is_read(path));
        // Of a folder that is closed altogether it says nothing more.
        let unread = self.unread.iter().map(|(path, _)| path.clone());
        let missing = self.missing.iter().map(|(path, _)| normalise(path));
        let closed: BTreeSet<Utf8PathBuf> = unread.chain(missing).collect();
        let is_said = |path: &Utf8Path| {
            path.file_name() == Some(".gitignore")
                && path.parent().is_some_and(|folder| closed.contains(folder))
        };
        self.unread.retain(|(path, _)| !is_said(path));
        Discovered {
            files: self.files.into_iter().collect(),
            unread: self.unread.into_iter().collect(),
            missing: self.missing,
            left_out: self.left_out.into_iter().collect(),
            unmatched: Vec::new(),
        }
    }
}

#[cfg(test)]
mod tests;
