//! The files of a run as evaluators look at them: by path, their documents parsed when they are asked for.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Bound;
use std::sync::{Arc, OnceLock};

use camino::{Utf8Path, Utf8PathBuf};

use crate::source::tree::normalise;
use crate::source::{FileId, FileRole, Sources};
use crate::yaml::{self, FileContent, ReadOptions, Value};

/// The files of a run by path. What is read in full for an evaluator stays here; what plain manifests are made of is
/// taken out without a copy.
#[derive(Debug)]
pub struct Files {
    sources: Arc<Sources>,
    by_path: BTreeMap<Utf8PathBuf, FileId>,
    /// By [`FileId`].
    contents: Vec<Content>,
    /// Files that are not text, by path: of interest to generators alone.
    binary: BTreeMap<Utf8PathBuf, Vec<u8>>,
    /// Files outside of what the user named, which something in it refers to.
    reached: BTreeSet<FileId>,
    /// The directories that the files lie in, listed when somebody asks.
    directories: OnceLock<BTreeSet<Utf8PathBuf>>,
}

/// The documents of one file.
#[derive(Debug, Default)]
struct Content {
    /// Those that the first reading kept.
    first: FileContent,
    /// Whether the first reading left documents out that matter to no mesh.
    is_filtered: bool,
    /// All of them, read when an evaluator asks.
    full: OnceLock<FileContent>,
}

/// The documents of a file after the first reading.
#[derive(Debug)]
pub struct Parsed {
    /// The file.
    pub file: FileId,
    /// Its documents.
    pub content: FileContent,
    /// Whether documents that matter to no mesh were left out.
    pub is_filtered: bool,
}

impl Files {
    /// The files of a run after the first reading.
    pub fn new(sources: Arc<Sources>, parsed: Vec<Parsed>) -> Self {
        let by_path = sources
            .iter()
            .filter(|(_, file)| file.role() == FileRole::Input)
            .map(|(id, file)| (normalise(file.path()), id))
            .collect();
        let mut contents: Vec<Content> = sources.iter().map(|_| Content::default()).collect();
        for one in parsed {
            if let Some(content) = contents.get_mut(one.file.index()) {
                content.first = one.content;
                content.is_filtered = one.is_filtered;
            }
        }
        Self {
            sources,
            by_path,
            contents,
            binary: BTreeMap::new(),
            reached: BTreeSet::new(),
            directories: OnceLock::new(),
        }
    }

    /// Adds what was read beyond the paths that the user named: files that are not text, and which files those are.
    #[must_use]
    pub fn with_reached(
        mut self,
        reached: BTreeSet<FileId>,
        binary: BTreeMap<Utf8PathBuf, Vec<u8>>,
    ) -> Self {
        self.reached = reached;
        self.binary = binary;
        self
    }

    /// The texts.
    pub fn sources(&self) -> &Arc<Sources> {
        &self.sources
    }

    /// The file at a clean path.
    pub fn file(&self, path: &Utf8Path) -> Option<FileId> {
        self.by_path.get(path).copied()
    }

    /// The path of a file, clean.
    pub fn path(&self, file: FileId) -> &Utf8Path {
        self.sources.file(file).path()
    }

    /// The bytes of a file at a clean path, text or not.
    pub fn bytes(&self, path: &Utf8Path) -> Option<&[u8]> {
        match self.file(path) {
            Some(file) => Some(self.sources.file(file).text().as_bytes()),
            None => self.binary.get(path).map(Vec::as_slice),
        }
    }

    /// Whether a file that was read lies below a clean path.
    pub fn is_directory(&self, path: &Utf8Path) -> bool {
        self.below(path).next().is_some()
    }

    /// The files below a directory at any depth, by path; the empty path is the working directory and everything in it.
    pub fn below<'f>(
        &'f self,
        directory: &'f Utf8Path,
    ) -> impl Iterator<Item = (&'f Utf8Path, FileId)> + 'f {
        let is_working_directory = directory.as_str().is_empty();
        self.by_path
            .range::<Utf8Path, _>((Bound::Excluded(directory), Bound::Unbounded))
            .take_while(move |(path, _)| is_working_directory || path.starts_with(directory))
            .filter(|(path, _)| !path.starts_with("..") || directory.starts_with(".."))
            .map(|(path, id)| (path.as_path(), *id))
    }

    /// The root of the first document of a file.
    pub fn first_root(&self, file: FileId) -> Option<&Value> {
        let documents = &self.documents(file).documents;
        documents.first().map(|document| &document.root)
    }

    /// The directories that the files lie in, at any depth, without the working directory.
    pub fn directories(&self) -> &BTreeSet<Utf8PathBuf> {
        self.directories.get_or_init(|| {
            let mut directories = BTreeSet::new();
            for path in self.by_path.keys() {
                for directory in path.ancestors().skip(1) {
                    // The directories above one that is known are known too.
                    if directory.as_str().is_empty() || !directories.insert(directory.to_owned()) {
                        break;
                    }
                }
            }
            directories
        })
    }

    /// All files by path.
    pub fn iter(&self) -> impl Iterator<Item = (&Utf8Path, FileId)> {
        self.by_path.iter().map(|(path, id)| (path.as_path(), *id))
    }

    /// Whether a file lies outside of what the user named and was read because something in it refers to it.
    pub fn is_reached(&self, file: FileId) -> bool {
        self.reached.contains(&file)
    }

    /// The documents that the first reading kept: all that may matter to a mesh, CD resources among them.
    pub fn first_documents(&self, file: FileId) -> &FileContent {
        static NONE: FileContent = FileContent {
            documents: Vec::new(),
            document_count: 0,
            problems: Vec::new(),
        };
        self.contents
            .get(file.index())
            .map_or(&NONE, |content| &content.first)
    }

    /// All documents of a file.
    pub fn documents(&self, file: FileId) -> &FileContent {
        match self.contents.get(file.index()) {
            Some(content) if content.is_filtered => content.full.get_or_init(|| {
                let source = self.sources.file(file);
                yaml::read(file, source, ReadOptions::ALL_DOCUMENTS)
            }),
            Some(_) | None => self.first_documents(file),
        }
    }

    /// Takes the documents out that the first reading kept, for files that no evaluator needs again.
    pub fn take_first(&mut self, file: FileId) -> FileContent {
        self.contents
            .get_mut(file.index())
            .map(|content| std::mem::take(&mut content.first))
            .unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::testing::files;

    fn names<'f>(found: impl Iterator<Item = (&'f Utf8Path, FileId)>) -> Vec<&'f str> {
        found.map(|(path, _)| path.as_str()).collect()
    }

    #[test]
    fn a_directory_holds_what_is_below_it_and_not_its_neighbours() {
        let files = files(&[
            ("a/b.yaml", ""),
            ("a/c/d.yaml", ""),
            ("a-b/e.yaml", ""),
            ("../f", ""),
        ]);
        assert_eq!(names(files.below("a".into())), ["a/b.yaml", "a/c/d.yaml"]);
        assert_eq!(names(files.below("a/c".into())), ["a/c/d.yaml"]);
        assert_eq!(names(files.below("".into())).len(), 3);
        assert_eq!(names(files.below("..".into())), ["../f"]);
        assert!(!files.is_directory("a/b.yaml".into()));
    }

    #[test]
    fn directories_are_listed_once_at_every_depth() {
        let files = files(&[("a/b/c.yaml", ""), ("a/b/d.yaml", ""), ("e.yaml", "")]);
        let directories = files.directories().iter().map(|one| one.as_str());
        assert_eq!(directories.collect::<Vec<_>>(), ["a", "a/b"]);
    }

    #[test]
    fn an_evaluator_sees_documents_that_the_first_reading_left_out() {
        let files = files(&[("a.yaml", "kind: Secret\n---\nkind: Service\n")]);
        let file = files.file("a.yaml".into()).expect("it was read");
        assert_eq!(files.first_documents(file).documents.len(), 1);
        assert_eq!(files.documents(file).documents.len(), 2);
    }
}
