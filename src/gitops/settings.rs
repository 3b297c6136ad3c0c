//! What the user settles about what gets deployed.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher};

use crate::source::tree::normalise;

/// What the user settles about what gets deployed.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// The root namespace of the mesh, where it is known.
    pub root_namespace: Option<Box<str>>,
    /// The working directory seen from the root of the repository.
    pub working_directory: Utf8PathBuf,
    /// The meshes that the config file names.
    pub meshes: Vec<ConfiguredMesh>,
}

/// A mesh that the config file names.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct ConfiguredMesh {
    /// The name.
    pub name: Box<str>,
    /// Directories, names of units, or globs: what is of this mesh alone.
    pub roots: Vec<String>,
    /// The same, for what this mesh shares with others.
    pub shared: Vec<String>,
    /// The root namespace.
    pub root_namespace: Option<Box<str>>,
    /// The domain of Kubernetes services.
    pub cluster_domain: Option<Box<str>>,
    /// Values for variables of Flux that nothing in the repository defines.
    pub vars: BTreeMap<String, String>,
}

impl ConfiguredMesh {
    /// Whether what is at a directory is of this mesh.
    pub(super) fn holds(&self, directory: &Utf8Path) -> bool {
        self.roots
            .iter()
            .chain(&self.shared)
            .any(|root| covers(root, directory))
    }

    /// Whether a unit called so is of this mesh.
    pub(super) fn names(&self, unit: &str) -> bool {
        self.roots
            .iter()
            .chain(&self.shared)
            .any(|root| root == unit)
    }
}

/// Whether a directory or glob covers a path: the path itself or a directory above it.
fn covers(root: &str, path: &Utf8Path) -> bool {
    let directory = normalise(Utf8Path::new(root));
    if directory.as_str().is_empty() || path.starts_with(&directory) {
        return true;
    }
    let Some(glob) = compile(root) else {
        return false;
    };
    path.ancestors().any(|one| glob.is_match(one))
}

/// A glob whose stars do not go over slashes.
fn compile(glob: &str) -> Option<GlobMatcher> {
    let glob = glob.trim_start_matches("./").trim_end_matches('/');
    let glob = GlobBuilder::new(glob).literal_separator(true).build();
    glob.ok().map(|glob| glob.compile_matcher())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_root_covers_what_is_below_it() {
        let table = [
            ("clusters/prod", "clusters/prod", true),
            ("clusters/prod/", "clusters/prod/infra", true),
            ("clusters/prod", "clusters/prod-eu", false),
            ("apps/*/prod", "apps/web/prod/extra", true),
            ("apps/*/prod", "apps/web/staging", false),
            (".", "anything", true),
        ];
        for (root, path, expected) in table {
            assert_eq!(covers(root, path.into()), expected, "{root} {path}");
        }
    }
}
