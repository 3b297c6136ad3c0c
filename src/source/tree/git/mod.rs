//! A revision of a Git repository, read through the `git` command; the files on disk are not touched.

mod command;
mod objects;

use std::collections::BTreeMap;
use std::fmt;
use std::ops::Bound;
use std::sync::Mutex;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Entry, EntryKind, ReadError, Tree, normalise};
use command::Git;
pub use command::GitError;
use objects::Objects;

/// The files of one revision. Paths are relative to the directory that it is opened from, as those of the files on disk.
pub struct GitRevision {
    /// The commit in full.
    commit: String,
    /// The absolute path of the directory that paths are relative to.
    location: Utf8PathBuf,
    /// The absolute path of the root of the repository.
    root: Utf8PathBuf,
    /// Files and links by their path in the repository.
    entries: BTreeMap<Utf8PathBuf, Object>,
    /// Files whose names are not UTF-8, by their path in the repository with replacement characters.
    unnamed: Vec<Utf8PathBuf>,
    /// What reads their contents.
    objects: Mutex<Objects>,
}

/// A file of the revision.
#[derive(Clone, Debug)]
struct Object {
    id: String,
    size: u64,
    kind: EntryKind,
}

/// How the mode of a symbolic link starts.
const LINK_MODE: &str = "120000";

impl GitRevision {
    /// Opens a revision, such as `HEAD~1` or `origin/main`, of the repository that a directory is in.
    pub fn open(directory: &Utf8Path, revision: &str) -> Result<Self, GitError> {
        let git = Git::new(directory);
        let location = git.location()?;
        let root = normalise(&location.join(git.root()?));
        let commit = git.commit(revision)?;
        let listing = git.list(&commit)?;
        let mut entries = BTreeMap::new();
        let mut unnamed = Vec::new();
        for line in listing
            .split(|&byte| byte == 0)
            .filter(|line| !line.is_empty())
        {
            match parse_entry(line) {
                Some((path, object)) => {
                    entries.insert(path.to_owned(), object);
                }
                None => unnamed.extend(unnamed_file(line)),
            }
        }
        let objects = Mutex::new(git.objects()?);
        Ok(Self {
            commit,
            location,
            root,
            entries,
            unnamed,
            objects,
        })
    }

    /// The commit in full.
    pub fn commit(&self) -> &str {
        &self.commit
    }

    /// A path of the tree as a path in the repository; none for what is outside of it.
    fn in_repository(&self, path: &Utf8Path) -> Option<Utf8PathBuf> {
        let absolute = normalise(&self.location.join(path));
        absolute
            .strip_prefix(&self.root)
            .ok()
            .map(Utf8Path::to_owned)
    }

    /// The files below a directory of the repository.
    fn below<'a>(
        &'a self,
        directory: &'a Utf8Path,
    ) -> impl Iterator<Item = (&'a Utf8PathBuf, &'a Object)> {
        self.entries
            .range::<Utf8Path, _>((Bound::Excluded(directory), Bound::Unbounded))
            .take_while(move |(path, _)| path.starts_with(directory))
    }
}

/// Splits `mode type id size\tpath`; none for what is no file (a submodule) or has a name that is not UTF-8.
fn parse_entry(line: &[u8]) -> Option<(&Utf8Path, Object)> {
    let line = std::str::from_utf8(line).ok()?;
    let (fields, path) = line.split_once('\t')?;
    let mut fields = fields.split_ascii_whitespace();
    let (mode, kind, id, size) = (
        fields.next()?,
        fields.next()?,
        fields.next()?,
        fields.next()?,
    );
    if kind != "blob" {
        return None;
    }
    let kind = if mode == LINK_MODE {
        EntryKind::Link
    } else {
        EntryKind::File
    };
    let object = Object {
        id: id.to_owned(),
        size: size.parse().ok()?,
        kind,
    };
    Some((Utf8Path::new(path), object))
}

/// The path of a file whose name is not UTF-8, with replacement characters.
fn unnamed_file(line: &[u8]) -> Option<Utf8PathBuf> {
    if std::str::from_utf8(line).is_ok() {
        return None;
    }
    let text = String::from_utf8_lossy(line);
    let (_, path) = text.split_once('\t')?;
    Some(path.into())
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
        Some(self.location.clone())
    }

    fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError> {
        let path = self.in_repository(path).ok_or(ReadError::Missing)?;
        if let Some(object) = self.entries.get(&path) {
            return Ok(object.kind);
        }
        // A revision does not hold Git's own directory; that it is there says where the repository starts.
        let is_directory = path == ".git" || path.as_str().is_empty();
        if is_directory || self.below(&path).next().is_some() {
            return Ok(EntryKind::Directory);
        }
        Err(ReadError::Missing)
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        let path = self.in_repository(path).ok_or(ReadError::Missing)?;
        let object = self.entries.get(&path).ok_or(ReadError::Missing)?;
        ReadError::check_size(object.size, limit)?;
        let mut objects = self
            .objects
            .lock()
            .map_err(|_| std::io::Error::other("a reader of the repository failed"))?;
        Ok(objects.read(&object.id)?)
    }

    fn list(
        &self,
        directory: &Utf8Path,
        descend: &mut dyn FnMut(&Utf8Path) -> bool,
    ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>> {
        let Some(clean) = self.in_repository(directory) else {
            return vec![Err((directory.to_owned(), ReadError::Missing))];
        };
        let mut out = Vec::new();
        let mut entered: BTreeMap<Utf8PathBuf, bool> = BTreeMap::new();
        for (path, object) in self.below(&clean) {
            let below = path.strip_prefix(&clean).unwrap_or(path);
            let mut parent = directory.to_owned();
            let mut is_open = true;
            for name in below.parent().into_iter().flat_map(Utf8Path::components) {
                parent.push(name);
                let enters = entered.entry(parent.clone()).or_insert_with(|| {
                    out.push(Ok(Entry {
                        path: parent.clone(),
                        kind: EntryKind::Directory,
                    }));
                    descend(&parent)
                });
                is_open = *enters;
                if !is_open {
                    break;
                }
            }
            if is_open {
                out.push(Ok(Entry {
                    path: directory.join(below),
                    kind: object.kind,
                }));
            }
        }
        let unnamed = self.unnamed.iter().filter(|path| path.starts_with(&clean));
        let shown = |path: &Utf8PathBuf| match path.strip_prefix(&clean) {
            Ok(below) => directory.join(below),
            Err(_) => path.clone(),
        };
        out.extend(unnamed.map(|path| Err((shown(path), ReadError::PathNotUtf8))));
        out
    }
}

#[cfg(test)]
mod tests;
