//! The walk below one directory that the user names.

use camino::{Utf8Path, Utf8PathBuf};

use super::gitignore::{Ignores, levels_above};
use super::{Found, Search};
use crate::source::tree::{Entry, EntryKind, ReadError};

/// Why something is not read that the user leaves out.
pub const EXCLUDED: &str = "`exclude` names it";

/// Why something is not read that Git ignores.
pub const IGNORED: &str = "a `.gitignore` names it";

/// Why something hidden is not read.
const HIDDEN: &str = "it is hidden; name it to read it";

/// Why a link that looks like a manifest is not read.
pub(super) const LINK: &str = "a symbolic link; it is not followed";

/// Why what stands behind a link to a directory is not read.
const DIRECTORY_LINK: &str = "a symbolic link to a folder; it is not followed";

/// The directory in which Git keeps its own files.
const GIT: &str = ".git";

/// The walk below one directory. Each has its own view of `.gitignore` files, so that the order of the paths that a
/// user names does not matter.
pub(super) struct Walk<'s, 'a> {
    search: &'s mut Search<'a>,
    ignores: Option<Ignores>,
}

impl<'s, 'a> Walk<'s, 'a> {
    /// Takes every manifest below a directory, given as it was named and clean.
    pub(super) fn below(search: &'s mut Search<'a>, named: &Utf8Path, directory: &Utf8Path) {
        if directory.components().any(|name| name.as_str() == GIT) {
            return;
        }
        let ignores = search.settings.gitignore.then(Ignores::default);
        let mut walk = Self { search, ignores };
        let position = walk.search.paths.position(directory);
        for level in levels_above(&position, walk.search.tree) {
            walk.read_gitignore(level);
        }
        let tree = walk.search.tree;
        let entries = tree.list(directory, &mut |path| {
            let path = walk.search.paths.clean(path);
            walk.enter(&path)
        });
        for entry in entries {
            match entry {
                Ok(entry) => walk.take(&entry),
                Err((path, error)) => {
                    let path = walk.search.paths.clean(&path);
                    walk.fail(path, named, directory, error);
                }
            }
        }
    }

    /// Decides whether to go into a directory, and if so reads its `.gitignore`.
    fn enter(&mut self, directory: &Utf8Path) -> bool {
        let enters = self.admits(directory, true);
        if enters {
            let position = self.search.paths.position(directory);
            self.read_gitignore(&position);
        }
        enters
    }

    /// Takes one entry, if it is a manifest by its name, or a link that hides a directory.
    fn take(&mut self, entry: &Entry) {
        let path = self.search.paths.clean(&entry.path);
        if entry.kind == EntryKind::Link && self.leads_to_directory(&path) {
            if self.admits(&path, true) {
                self.found().unread(path, DIRECTORY_LINK);
            }
            return;
        }
        if !is_manifest_name(&path) || !self.admits(&path, false) {
            return;
        }
        match entry.kind {
            EntryKind::File => self.found().file(path),
            EntryKind::Link => self.found().unread(path, LINK),
            EntryKind::Directory => {}
        }
    }

    /// Whether a directory stands at the end of a link.
    fn leads_to_directory(&self, link: &Utf8Path) -> bool {
        matches!(self.search.tree.kind(link), Ok(EntryKind::Directory))
    }

    /// Remembers what could not be listed: the directory that the user named, or something below it.
    fn fail(
        &mut self,
        path: Utf8PathBuf,
        named: &Utf8Path,
        directory: &Utf8Path,
        error: ReadError,
    ) {
        if path == directory {
            self.found().missing.push((named.to_owned(), error));
        } else if self.admits(&path, false) {
            self.found().unread(path, error.to_string());
        }
    }

    /// Whether a path found below the directory counts: not hidden, not ignored by Git, not excluded. The directories
    /// above it were asked about before.
    fn admits(&mut self, path: &Utf8Path, is_directory: bool) -> bool {
        let Some(reason) = self.obstacle(path, is_directory) else {
            return true;
        };
        if path.file_name() != Some(GIT) {
            self.found().left_out(path.to_owned(), reason);
        }
        false
    }

    /// Why a path does not count, if it does not.
    fn obstacle(&self, path: &Utf8Path, is_directory: bool) -> Option<&'static str> {
        // Asked first, so that a glob for what is hidden anyway counts as used.
        if self.search.exclude.covers(path) {
            return Some(EXCLUDED);
        }
        if path.file_name().is_some_and(|name| name.starts_with('.')) {
            return Some(HIDDEN);
        }
        let ignores = self.ignores.as_ref()?;
        let position = self.search.paths.position(path);
        ignores.ignores(&position, is_directory).then_some(IGNORED)
    }

    /// Reads the `.gitignore` of a directory, given by its position.
    fn read_gitignore(&mut self, position: &Utf8Path) {
        let Some(ignores) = &mut self.ignores else {
            return;
        };
        let limit = self.search.settings.max_file_size;
        if let Err((path, error)) = ignores.add(position, self.search.tree, limit) {
            let path = self.search.paths.clean(&path);
            self.found().unread(path, error.to_string());
        }
    }

    fn found(&mut self) -> &mut Found {
        &mut self.search.found
    }
}

/// Whether a file is a manifest by its name: YAML, JSON, or kustomize's file without an ending.
fn is_manifest_name(path: &Utf8Path) -> bool {
    matches!(path.extension(), Some("yaml" | "yml" | "json"))
        || path.file_name() == Some("Kustomization")
}
