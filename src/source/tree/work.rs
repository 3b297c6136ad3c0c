//! The files on disk.

use std::ffi::OsStr;
use std::fs::{self, FileType, Metadata};
use std::io::{self, Read};
use std::path::Path;

use camino::{Utf8Path, Utf8PathBuf};
use walkdir::{DirEntry, WalkDir};

use super::{Entry, EntryKind, ReadError, Tree, normalise};

/// The files on disk, below the working directory; an absolute path is taken as it is.
#[derive(Clone, Debug)]
pub struct WorkTree {
    root: Utf8PathBuf,
}

impl WorkTree {
    /// The tree below a directory; the empty path and `.` are the working directory of the process.
    pub fn new(root: Utf8PathBuf) -> Self {
        let root = if root.as_str().is_empty() {
            ".".into()
        } else {
            root
        };
        Self { root }
    }

    /// Where a path of the tree is on disk.
    fn on_disk(&self, path: &Utf8Path) -> Utf8PathBuf {
        if path.as_str().is_empty() {
            self.root.clone()
        } else {
            self.root.join(path)
        }
    }
}

impl Tree for WorkTree {
    fn location(&self) -> Option<Utf8PathBuf> {
        let root = camino::absolute_utf8(&self.root).ok()?;
        Some(normalise(&root))
    }

    fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError> {
        let metadata = stat(&self.on_disk(path))?;
        entry_kind(metadata.file_type()).ok_or_else(|| not_a_file("neither a file nor a directory"))
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        let path = self.on_disk(path);
        let metadata = stat(&path)?;
        // To open a pipe can wait for ever, and to read a device never ends.
        if !metadata.is_file() {
            return Err(not_a_file("not a regular file"));
        }
        ReadError::check_size(metadata.len(), limit)?;
        read_up_to(&path, limit)
    }

    fn list(
        &self,
        directory: &Utf8Path,
        descend: &mut dyn FnMut(&Utf8Path) -> bool,
    ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>> {
        let start = self.on_disk(directory);
        let listed = |path: &Path| below_listed(directory, &start, path);
        let mut entries = Vec::new();
        let mut walk = WalkDir::new(&start)
            .min_depth(1)
            .sort_by_file_name()
            .into_iter();
        while let Some(found) = walk.next() {
            match found.map(|entry| read_entry(&entry, &listed)) {
                Ok(Ok(entry)) => {
                    if entry.kind == EntryKind::Directory && !descend(&entry.path) {
                        walk.skip_current_dir();
                    }
                    entries.push(Ok(entry));
                }
                Ok(Err(Unlisted::Special)) => {}
                Ok(Err(Unlisted::NotUtf8 { path, is_directory })) => {
                    if is_directory {
                        walk.skip_current_dir();
                    }
                    entries.push(Err((path, ReadError::PathNotUtf8)));
                }
                Err(error) => {
                    let path = error.path().map_or(directory.to_owned(), listed);
                    entries.push(Err((path, error.into())));
                }
            }
        }
        entries
    }
}

impl From<walkdir::Error> for ReadError {
    fn from(error: walkdir::Error) -> Self {
        // A loop comes of following links, which the walk does not do.
        error.into_io_error().map_or_else(
            || Self::Io(io::Error::other("a loop of symbolic links")),
            read_error,
        )
    }
}

/// Why an entry of a directory is not listed as such.
enum Unlisted {
    /// A pipe, a socket or a device: never a manifest.
    Special,
    /// A name that no report could give.
    NotUtf8 {
        /// The path with replacement characters.
        path: Utf8PathBuf,
        /// Whether it is a directory.
        is_directory: bool,
    },
}

/// What walkdir found, as an entry of the tree.
fn read_entry(entry: &DirEntry, listed: &dyn Fn(&Path) -> Utf8PathBuf) -> Result<Entry, Unlisted> {
    let kind = entry_kind(entry.file_type()).ok_or(Unlisted::Special)?;
    let path = listed(entry.path());
    if is_utf8(entry.file_name()) {
        Ok(Entry { path, kind })
    } else {
        Err(Unlisted::NotUtf8 {
            path,
            is_directory: kind == EntryKind::Directory,
        })
    }
}

fn is_utf8(name: &OsStr) -> bool {
    name.to_str().is_some()
}

/// What a type of file is to the tree; none for pipes, sockets and devices.
fn entry_kind(file_type: FileType) -> Option<EntryKind> {
    if file_type.is_file() {
        Some(EntryKind::File)
    } else if file_type.is_dir() {
        Some(EntryKind::Directory)
    } else if file_type.is_symlink() {
        Some(EntryKind::Link)
    } else {
        None
    }
}

/// A path on disk, as it reads below the directory as it was named; lossy where it is not UTF-8.
fn below_listed(directory: &Utf8Path, start: &Utf8Path, path: &Path) -> Utf8PathBuf {
    let rest = path.strip_prefix(start).unwrap_or(path).to_string_lossy();
    if rest.is_empty() {
        directory.to_owned()
    } else {
        directory.join(&*rest)
    }
}

/// What stands at a path on disk, links followed.
fn stat(path: &Utf8Path) -> Result<Metadata, ReadError> {
    fs::metadata(path).map_err(read_error)
}

/// Reads a file of at most `limit` bytes, whatever its size was said to be.
fn read_up_to(path: &Utf8Path, limit: u64) -> Result<Vec<u8>, ReadError> {
    let file = fs::File::open(path).map_err(read_error)?;
    let mut bytes = Vec::new();
    // The file may grow while it is read, and files of /proc say that they are empty.
    file.take(limit.saturating_add(1)).read_to_end(&mut bytes)?;
    ReadError::check_size(bytes.len() as u64, limit)?;
    Ok(bytes)
}

fn read_error(error: io::Error) -> ReadError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => ReadError::Missing,
        _ => ReadError::Io(error),
    }
}

fn not_a_file(message: &'static str) -> ReadError {
    ReadError::Io(io::Error::new(io::ErrorKind::InvalidInput, message))
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    /// A tree on disk that goes away with the returned directory.
    fn tree(files: &[(&str, &str)]) -> (TempDir, WorkTree) {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        for (path, text) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (directory, WorkTree::new(root))
    }

    fn list(tree: &WorkTree, directory: &str) -> Vec<(String, EntryKind)> {
        tree.list(directory.into(), &mut |_| true)
            .into_iter()
            .map(Result::unwrap)
            .map(|entry| (entry.path.into_string(), entry.kind))
            .collect()
    }

    #[test]
    fn a_listing_goes_by_name_with_parents_first() {
        let (_directory, tree) = tree(&[("b/y", ""), ("b/a/x", ""), ("a", ""), ("b-c/z", "")]);
        let paths: Vec<String> = list(&tree, "").into_iter().map(|(path, _)| path).collect();
        assert_eq!(paths, ["a", "b", "b/a", "b/a/x", "b/y", "b-c", "b-c/z"]);
    }

    #[test]
    fn a_listing_starts_with_the_directory_as_named() {
        let (_directory, tree) = tree(&[("b/y", "")]);
        let file = EntryKind::File;
        assert_eq!(list(&tree, "./b"), [("./b/y".to_owned(), file)]);
        let absolute = tree.location().unwrap().join("b");
        let path = absolute.join("y").into_string();
        assert_eq!(list(&tree, absolute.as_str()), [(path, file)]);
    }

    #[test]
    fn descend_is_asked_once_for_every_directory_and_no_file() {
        let (_directory, tree) = tree(&[("b/y", ""), ("b/a/x", ""), ("c/d/z", ""), ("e", "")]);
        let mut asked = Vec::new();
        let entries = tree.list("".into(), &mut |path| {
            asked.push(path.to_string());
            path != "c"
        });
        assert_eq!(asked, ["b", "b/a", "c"]);
        assert!(entries.iter().flatten().any(|entry| entry.path == "c"));
        assert!(!entries.iter().flatten().any(|entry| entry.path == "c/d"));
    }

    #[test]
    fn a_missing_directory_is_an_error_with_its_path() {
        let (_directory, tree) = tree(&[]);
        let entries = tree.list("none".into(), &mut |_| true);
        assert!(matches!(&entries[..], [Err((path, ReadError::Missing))] if path == "none"));
    }

    #[test]
    fn kinds_are_those_on_disk() {
        let (_directory, tree) = tree(&[("b/y", "")]);
        assert_eq!(tree.kind("".into()).unwrap(), EntryKind::Directory);
        assert_eq!(tree.kind("b".into()).unwrap(), EntryKind::Directory);
        assert_eq!(tree.kind("b/y".into()).unwrap(), EntryKind::File);
        assert!(matches!(tree.kind("c".into()), Err(ReadError::Missing)));
        assert!(matches!(tree.kind("b/y/z".into()), Err(ReadError::Missing)));
    }

    #[test]
    fn a_file_over_the_cap_is_not_read() {
        let (_directory, tree) = tree(&[("a", "four")]);
        assert_eq!(tree.read("a".into(), 4).unwrap(), b"four");
        let error = tree.read("a".into(), 3).unwrap_err();
        assert!(matches!(error, ReadError::TooLarge { size: 4, limit: 3 }));
    }

    #[test]
    fn a_file_that_grew_past_the_cap_is_not_read() {
        let (_directory, tree) = tree(&[("a", "four")]);
        let error = read_up_to(&tree.on_disk("a".into()), 2).unwrap_err();
        assert!(matches!(error, ReadError::TooLarge { size: 3, limit: 2 }));
    }

    #[test]
    fn a_directory_is_not_read() {
        let (_directory, tree) = tree(&[("b/y", "")]);
        let error = tree.read("b".into(), 9).unwrap_err();
        assert_eq!(error.to_string(), "not a regular file");
    }

    #[test]
    fn the_location_is_absolute_and_clean() {
        let (_directory, tree) = tree(&[("b/y", "")]);
        let root = tree.location().unwrap();
        let dotted = WorkTree::new(root.join("b/../b/."));
        assert_eq!(dotted.location().unwrap(), root.join("b"));
        assert!(WorkTree::new("".into()).location().unwrap().is_absolute());
    }

    #[cfg(unix)]
    mod unix {
        use std::os::unix::ffi::OsStrExt;
        use std::os::unix::fs::symlink;
        use std::os::unix::net::UnixListener;

        use super::*;

        #[test]
        fn a_link_is_listed_and_not_followed() {
            let (directory, tree) = tree(&[("b/y", "")]);
            symlink(directory.path().join("b"), directory.path().join("c")).unwrap();
            let link = ("c".to_owned(), EntryKind::Link);
            assert_eq!(list(&tree, "").last(), Some(&link));
        }

        #[test]
        fn the_kind_of_a_link_is_that_of_its_target() {
            let (directory, tree) = tree(&[("b/y", "")]);
            symlink("b", directory.path().join("c")).unwrap();
            symlink("nowhere", directory.path().join("d")).unwrap();
            assert_eq!(tree.kind("c".into()).unwrap(), EntryKind::Directory);
            assert!(matches!(tree.kind("d".into()), Err(ReadError::Missing)));
        }

        #[test]
        fn a_name_that_is_not_utf8_is_an_error_with_a_lossy_path() {
            let (directory, tree) = tree(&[("b/y", "")]);
            let name = OsStr::from_bytes(b"caf\xe9");
            fs::create_dir(directory.path().join("b").join(name)).unwrap();
            let below = directory.path().join("b").join(name).join("x.yaml");
            fs::write(below, "").unwrap();
            let entries = tree.list("b".into(), &mut |_| true);
            assert!(
                matches!(&entries[..], [Err((path, ReadError::PathNotUtf8)), Ok(y)]
                    if path == "b/caf\u{fffd}" && y.path == "b/y")
            );
        }

        #[test]
        fn a_socket_is_neither_listed_nor_read() {
            let (directory, tree) = tree(&[]);
            let _socket = UnixListener::bind(directory.path().join("s.yaml")).unwrap();
            assert_eq!(list(&tree, ""), []);
            assert!(matches!(tree.kind("s.yaml".into()), Err(ReadError::Io(_))));
            assert!(matches!(
                tree.read("s.yaml".into(), 9),
                Err(ReadError::Io(_))
            ));
        }
    }
}
