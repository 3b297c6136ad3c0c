//! Exclusions: globs over clean paths.

use std::sync::atomic::{AtomicBool, Ordering};

use camino::Utf8Path;
use globset::{Glob, GlobBuilder, GlobSet, GlobSetBuilder};

use super::Error;

/// What the user leaves out, or is silent about. A glob with a slash is about the path from the root of the tree, one without about any
/// name in the path; either way what it matches is left out with all below it.
#[derive(Debug)]
pub(crate) struct Exclude {
    set: GlobSet,
    globs: Vec<Used>,
}

/// A glob, and whether it has matched something.
#[derive(Debug)]
struct Used {
    glob: String,
    is_used: AtomicBool,
}

impl Exclude {
    /// Compiles the globs.
    pub(crate) fn new(globs: &[String]) -> Result<Self, Error> {
        let mut set = GlobSetBuilder::new();
        for glob in globs {
            set.add(compile(glob).map_err(|source| error(glob, source))?);
        }
        let set = set
            .build()
            .map_err(|source| error(&globs.join(", "), source))?;
        let globs = globs.iter().map(|glob| Used {
            glob: glob.clone(),
            is_used: AtomicBool::new(false),
        });
        let globs = globs.collect();
        Ok(Self { set, globs })
    }

    /// Whether a clean path or a directory above it is left out.
    pub(crate) fn covers(&self, path: &Utf8Path) -> bool {
        if self.set.is_empty() {
            return false;
        }
        // As in the globs, a slash at the start says no more than that the path is counted from the root.
        let path = Utf8Path::new(path.as_str().trim_start_matches('/'));
        path.ancestors()
            .filter(|ancestor| !ancestor.as_str().is_empty())
            .any(|ancestor| self.is_match(ancestor))
    }

    /// The globs that have covered nothing so far.
    pub(crate) fn unmatched(&self) -> Vec<String> {
        let unused = self.globs.iter();
        unused
            .filter(|one| !one.is_used.load(Ordering::Relaxed))
            .map(|one| one.glob.clone())
            .collect()
    }

    fn is_match(&self, path: &Utf8Path) -> bool {
        // Most paths match nothing, and asking which globs match takes longer than whether one does.
        let is_match = self.set.is_match(path);
        if is_match {
            for used in self.set.matches(path) {
                if let Some(one) = self.globs.get(used) {
                    one.is_used.store(true, Ordering::Relaxed);
                }
            }
        }
        is_match
    }
}

fn error(glob: &str, source: globset::Error) -> Error {
    Error::Glob {
        glob: glob.to_owned(),
        source,
    }
}

/// Compiles one glob as written by the user.
fn compile(glob: &str) -> Result<Glob, globset::Error> {
    let glob = glob.trim_start_matches("./").trim_end_matches('/');
    let glob = match glob.strip_prefix('/') {
        Some(rooted) => rooted.to_owned(),
        // The empty glob stays one that matches nothing.
        None if glob.contains('/') || glob.is_empty() => glob.to_owned(),
        None => format!("**/{glob}"),
    };
    GlobBuilder::new(&glob)
        .literal_separator(true)
        .backslash_escape(true)
        .build()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_glob_covers_what_it_names_and_all_below() {
        let table = [
            ("apps/x.yaml", "apps/x.yaml", true),
            ("./apps/x.yaml", "apps/x.yaml", true),
            ("x.yaml", "apps/x.yaml", true),
            ("*.gen.yaml", "apps/deep/x.gen.yaml", true),
            ("apps/*.yaml", "apps/deep/x.yaml", false),
            ("apps/**/*.yaml", "apps/deep/x.yaml", true),
            ("**/deep/*", "apps/deep/x.yaml", true),
            ("apps", "other/apps/x.yaml", true),
            ("apps/", "apps/deep/x.yaml", true),
            ("/apps", "apps/x.yaml", true),
            ("/apps", "other/apps/x.yaml", false),
            ("/srv/apps", "/srv/apps/x.yaml", true),
            ("apps/deep", "apps/deep/er/x.yaml", true),
            ("apps/**", "apps/x.yaml", true),
            ("apps/**", "other/x.yaml", false),
            ("app", "apps/x.yaml", false),
            ("{a,b}/x.yaml", "b/x.yaml", true),
            ("", "apps/x.yaml", false),
        ];
        for (glob, path, covered) in table {
            let exclude = Exclude::new(&[glob.to_owned()]).unwrap();
            assert_eq!(exclude.covers(path.into()), covered, "{glob} {path}");
        }
    }

    #[test]
    fn a_broken_glob_is_named_as_written() {
        let error = Exclude::new(&["ok".to_owned(), "./a[".to_owned()]).err();
        assert!(matches!(error, Some(Error::Glob { glob, .. }) if glob == "./a["));
    }
}
