//! The `.gitignore` files around and below a directory that is walked.

use std::collections::BTreeMap;

use camino::{Utf8Path, Utf8PathBuf};
use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};

use crate::source::tree::{ReadError, Tree};

/// The name of the file that lists what Git ignores.
const GITIGNORE: &str = ".gitignore";

/// The `.gitignore` files that count in a walk, by the position of their directory.
#[derive(Default)]
pub(super) struct Ignores {
    levels: BTreeMap<Utf8PathBuf, Gitignore>,
}

impl Ignores {
    /// Reads the `.gitignore` of a directory, if there is one; an error means that there is and it cannot be read.
    pub(super) fn add(
        &mut self,
        position: &Utf8Path,
        tree: &dyn Tree,
        limit: u64,
    ) -> Result<(), (Utf8PathBuf, ReadError)> {
        let path = position.join(GITIGNORE);
        match tree.read(&path, limit) {
            Ok(bytes) => {
                if let Some(matcher) = matcher(&bytes) {
                    self.levels.insert(position.to_owned(), matcher);
                }
                Ok(())
            }
            Err(ReadError::Missing) => Ok(()),
            Err(
                error @ (ReadError::TooLarge { .. } | ReadError::PathNotUtf8 | ReadError::Io(_)),
            ) => Err((path, error)),
        }
    }

    /// Whether Git ignores what stands at a position. The `.gitignore` nearest to it that has a say decides.
    pub(super) fn ignores(&self, position: &Utf8Path, is_directory: bool) -> bool {
        if self.levels.is_empty() {
            return false;
        }
        for directory in position.ancestors().skip(1) {
            let Some(matcher) = self.levels.get(directory) else {
                continue;
            };
            let path = position.strip_prefix(directory).unwrap_or(position);
            match matcher.matched(path, is_directory) {
                Match::Ignore(_) => return true,
                Match::Whitelist(_) => return false,
                Match::None => {}
            }
        }
        false
    }
}

/// The directories whose `.gitignore` counts for all that is below a position: those up to the one that holds `.git`,
/// outermost first; outside of a repository the position alone.
pub(super) fn levels_above<'a>(position: &'a Utf8Path, tree: &dyn Tree) -> Vec<&'a Utf8Path> {
    let mut levels = Vec::new();
    for directory in position.ancestors() {
        levels.push(directory);
        if tree.kind(&directory.join(".git")).is_ok() {
            levels.reverse();
            return levels;
        }
        if directory.ends_with("..") {
            break; // what is above `..` is not the `` that `ancestors` would go on with
        }
    }
    vec![position]
}

/// The matcher of one file; none if it has no pattern. Lines that are not patterns are skipped, as Git does.
fn matcher(bytes: &[u8]) -> Option<Gitignore> {
    let text = String::from_utf8_lossy(bytes);
    // The empty root keeps paths as they come: relative to the directory of the file.
    let mut builder = GitignoreBuilder::new("");
    for line in text.trim_start_matches('\u{feff}').lines() {
        let _: Result<_, ignore::Error> = builder.add_line(None, line);
    }
    builder.build().ok().filter(|matcher| !matcher.is_empty())
}
