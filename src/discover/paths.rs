//! The two forms of a path: as shown to people, and as it stands among its parents.

use camino::{Utf8Path, Utf8PathBuf};

use crate::source::tree::{Tree, normalise};

/// How the paths of a tree are written.
pub(super) struct Paths {
    location: Option<Utf8PathBuf>,
}

impl Paths {
    pub(super) fn of(tree: &dyn Tree) -> Self {
        Self {
            location: tree.location(),
        }
    }

    /// A path as it is shown: relative to the root of the tree where it is below it, else as named, but clean.
    pub(super) fn clean(&self, path: &Utf8Path) -> Utf8PathBuf {
        let location = self.location.as_deref();
        let position = self.position(path);
        match location.and_then(|location| position.strip_prefix(location).ok()) {
            Some(below) => below.to_owned(),
            None => normalise(path),
        }
    }

    /// A path with all of its parents: absolute, where the tree says where its root is.
    pub(super) fn position(&self, path: &Utf8Path) -> Utf8PathBuf {
        match &self.location {
            Some(location) => normalise(&location.join(path)),
            None => normalise(path),
        }
    }
}
