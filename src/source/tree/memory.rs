//! A tree in memory, for tests and standard input.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::{Entry, EntryKind, ReadError, Tree, normalise};

/// Files in memory. Their directories exist because they do.
#[derive(Clone, Debug, Default)]
pub struct Memory {
    // Paths order by component, so the files below a directory are neighbours.
    files: BTreeMap<Utf8PathBuf, Vec<u8>>,
}

impl Memory {
    /// A tree of files; of two with the same path the last one counts.
    pub fn new<P: AsRef<Utf8Path>, B: Into<Vec<u8>>>(
        files: impl IntoIterator<Item = (P, B)>,
    ) -> Self {
        let files = files
            .into_iter()
            .map(|(path, bytes)| (normalise(path.as_ref()), bytes.into()))
            .collect();
        Self { files }
    }

    /// The paths of the files below a clean directory.
    fn below<'a>(&'a self, directory: &'a Utf8Path) -> impl Iterator<Item = &'a Utf8Path> {
        self.files
            .range(directory.to_owned()..)
            .map(|(path, _)| path.as_path())
            .take_while(move |path| path.starts_with(directory))
            .filter(move |path| is_below(path, directory))
    }
}

/// Whether a path leads down from a directory; what is written with `..` or from `/` is not below the root.
fn is_below(path: &Utf8Path, directory: &Utf8Path) -> bool {
    path.strip_prefix(directory).is_ok_and(|rest| {
        !rest.as_str().is_empty() && !rest.is_absolute() && !rest.starts_with("..")
    })
}

impl Tree for Memory {
    fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError> {
        let path = normalise(path);
        if self.files.contains_key(&path) {
            Ok(EntryKind::File)
        } else if path.as_str().is_empty() || self.below(&path).next().is_some() {
            Ok(EntryKind::Directory)
        } else {
            Err(ReadError::Missing)
        }
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        let bytes = self.files.get(&normalise(path)).ok_or(ReadError::Missing)?;
        ReadError::check_size(bytes.len() as u64, limit)?;
        Ok(bytes.clone())
    }

    fn list(
        &self,
        directory: &Utf8Path,
        descend: &mut dyn FnMut(&Utf8Path) -> bool,
    ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>> {
        let root = normalise(directory);
        if let Err(error) = self.kind(&root) {
            return vec![Err((directory.to_owned(), error))];
        }
        let mut entries = Vec::new();
        let mut entered = BTreeSet::new();
        let mut pruned: Option<&Utf8Path> = None;
        'files: for file in self.below(&root) {
            if pruned.is_some_and(|pruned| file.starts_with(pruned)) {
                continue;
            }
            for parent in directories_between(&root, file) {
                if !entered.insert(parent) {
                    continue;
                }
                let path = below_listed(directory, &root, parent);
                let enters = descend(&path);
                entries.push(Ok(Entry {
                    path,
                    kind: EntryKind::Directory,
                }));
                if !enters {
                    pruned = Some(parent);
                    continue 'files;
                }
            }
            entries.push(Ok(Entry {
                path: below_listed(directory, &root, file),
                kind: EntryKind::File,
            }));
        }
        entries
    }
}

/// The directories from just below `root` down to the one that holds `file`.
fn directories_between<'a>(root: &Utf8Path, file: &'a Utf8Path) -> Vec<&'a Utf8Path> {
    let mut parents: Vec<&Utf8Path> = file
        .ancestors()
        .skip(1)
        .take_while(|parent| *parent != root)
        .collect();
    parents.reverse();
    parents
}

/// A clean path below a clean root, as it reads below the directory as it was named.
fn below_listed(directory: &Utf8Path, root: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    directory.join(path.strip_prefix(root).unwrap_or(path))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tree() -> Memory {
        Memory::new([
            ("./b/y.yaml", "yy"),
            ("b/a/x.yaml", "x"),
            ("a.yaml", ""),
            ("b-c/z.yaml", ""),
            ("../outside.yaml", ""),
            ("/absolute.yaml", ""),
        ])
    }

    fn list(directory: &str, descend: impl Fn(&Utf8Path) -> bool) -> Vec<String> {
        tree()
            .list(directory.into(), &mut |path| descend(path))
            .into_iter()
            .map(|entry| entry.unwrap().path.into_string())
            .collect()
    }

    #[test]
    fn a_listing_goes_by_name_with_parents_first() {
        assert_eq!(
            list("", |_| true),
            [
                "a.yaml",
                "b",
                "b/a",
                "b/a/x.yaml",
                "b/y.yaml",
                "b-c",
                "b-c/z.yaml"
            ]
        );
    }

    #[test]
    fn a_listing_starts_with_the_directory_as_named() {
        assert_eq!(list("./b/a", |_| true), ["./b/a/x.yaml"]);
    }

    #[test]
    fn a_pruned_directory_is_listed_and_not_entered() {
        assert_eq!(
            list("", |path| path != "b"),
            ["a.yaml", "b", "b-c", "b-c/z.yaml"]
        );
    }

    #[test]
    fn directories_exist_because_of_their_files() {
        assert_eq!(tree().kind("b/a".into()).unwrap(), EntryKind::Directory);
        assert_eq!(tree().kind("./b/y.yaml".into()).unwrap(), EntryKind::File);
        assert_eq!(tree().kind("..".into()).unwrap(), EntryKind::Directory);
        assert!(matches!(tree().kind("c".into()), Err(ReadError::Missing)));
    }

    #[test]
    fn a_missing_directory_is_an_error_with_its_path() {
        let entries = tree().list("./c".into(), &mut |_| true);
        assert!(matches!(&entries[..], [Err((path, ReadError::Missing))] if path == "./c"));
    }

    #[test]
    fn a_file_over_the_cap_is_not_read() {
        assert_eq!(tree().read("b/y.yaml".into(), 2).unwrap(), b"yy");
        let error = tree().read("b/y.yaml".into(), 1).unwrap_err();
        assert!(matches!(error, ReadError::TooLarge { size: 2, limit: 1 }));
    }
}
