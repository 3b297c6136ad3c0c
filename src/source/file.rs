//! The files of a run: their text, their lines, their role.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::{FileId, OriginId, Span};

/// What a file is for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FileRole {
    /// Part of the repository that is linted.
    Input,
    /// Given with `--assume`: takes part in the mesh, never gets findings.
    Assumed,
}

/// A line and a column, both from 1; the column counts Unicode code points.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineColumn {
    /// The line, from 1.
    pub line: usize,
    /// The column in code points, from 1.
    pub column: usize,
}

/// One file: its path as shown to people, its text and where its lines start.
#[derive(Clone, Debug)]
pub struct SourceFile {
    path: Utf8PathBuf,
    text: Arc<str>,
    line_starts: Vec<u32>,
    role: FileRole,
}

impl SourceFile {
    /// A file of at most 4 GiB, the limit of a [`Span`].
    pub fn new(path: Utf8PathBuf, text: Arc<str>, role: FileRole) -> Self {
        let starts = memchr::memchr_iter(b'\n', text.as_bytes()).map(|at| offset(at + 1));
        let line_starts = std::iter::once(0).chain(starts).collect();
        Self {
            path,
            text,
            line_starts,
            role,
        }
    }

    /// The path as shown to people: relative to the working directory, with forward slashes.
    pub fn path(&self) -> &Utf8Path {
        &self.path
    }

    /// The whole text.
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The role in the run.
    pub fn role(&self) -> FileRole {
        self.role
    }

    /// The origin of what is written in this file.
    pub(crate) fn origin(&self) -> OriginId {
        match self.role {
            FileRole::Input => OriginId::BASE,
            FileRole::Assumed => OriginId::ASSUMED,
        }
    }

    /// How many lines there are; a final line end does not start another.
    pub fn line_count(&self) -> usize {
        let ends_open = self
            .line_starts
            .last()
            .is_some_and(|&s| s as usize == self.text.len());
        self.line_starts.len() - usize::from(ends_open && self.line_starts.len() > 1)
    }

    /// The index of the line (from 0) that holds a byte offset.
    pub(crate) fn line_index(&self, offset: usize) -> usize {
        self.line_starts
            .partition_point(|&start| start as usize <= offset)
            .saturating_sub(1)
    }

    /// The bytes of a line (index from 0) without its line end; empty beyond the last.
    pub(crate) fn line_range(&self, index: usize) -> std::ops::Range<usize> {
        let Some(&start) = self.line_starts.get(index) else {
            return self.text.len()..self.text.len();
        };
        let start = start as usize;
        let end = self
            .line_starts
            .get(index + 1)
            .map_or(self.text.len(), |&next| next as usize);
        let line = self.text.get(start..end).unwrap_or_default();
        let line = line.strip_suffix('\n').unwrap_or(line);
        let line = line.strip_suffix('\r').unwrap_or(line);
        start..start + line.len()
    }

    /// The text of a line (index from 0) without its line end; empty beyond the last.
    pub(crate) fn line_text(&self, index: usize) -> &str {
        self.text.get(self.line_range(index)).unwrap_or_default()
    }

    /// Line and column of a byte offset.
    pub fn position(&self, offset: usize) -> LineColumn {
        let index = self.line_index(offset);
        let start = self.line_starts.get(index).map_or(0, |&s| s as usize);
        let before = self
            .text
            .get(start..offset.min(self.text.len()))
            .unwrap_or_default();
        LineColumn {
            line: index + 1,
            column: before.chars().count() + 1,
        }
    }
}

/// All files of a run, by [`FileId`].
#[derive(Debug, Default)]
pub struct Sources {
    files: Vec<SourceFile>,
}

impl Sources {
    /// The files in the order of their ids.
    pub fn new(files: Vec<SourceFile>) -> Self {
        Self { files }
    }

    /// The same files and one more, whose id is the next.
    #[must_use]
    pub(crate) fn with(&self, file: SourceFile) -> Self {
        let files = self.files.iter().cloned().chain([file]);
        Self {
            files: files.collect(),
        }
    }

    /// The same files with other paths.
    #[must_use]
    pub(crate) fn with_paths(&self, path: impl Fn(&Utf8Path) -> Utf8PathBuf) -> Self {
        let files = self.files.iter().map(|file| SourceFile {
            path: path(&file.path),
            ..file.clone()
        });
        Self {
            files: files.collect(),
        }
    }

    /// The file with an id of this run.
    ///
    /// # Panics
    ///
    /// With an id of another run that had more files.
    pub fn file(&self, id: FileId) -> &SourceFile {
        self.files
            .get(id.0 as usize)
            .expect("a FileId is only made for a file of the same Sources")
    }

    /// How many files there are.
    pub(crate) fn count(&self) -> usize {
        self.files.len()
    }

    /// All files with their ids.
    pub fn iter(&self) -> impl Iterator<Item = (FileId, &SourceFile)> {
        self.files
            .iter()
            .enumerate()
            .map(|(index, file)| (FileId(offset(index)), file))
    }

    /// The text of a span.
    pub(crate) fn text(&self, span: Span) -> &str {
        self.file(span.file)
            .text()
            .get(span.range())
            .unwrap_or_default()
    }
}

/// A length or index as a span holds it; what is larger was refused when the file was read.
fn offset(value: usize) -> u32 {
    u32::try_from(value).expect("files over the size cap are not read, and the cap is below 4 GiB")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn file(text: &str) -> SourceFile {
        SourceFile::new("a.yaml".into(), text.into(), FileRole::Input)
    }

    #[test]
    fn columns_count_code_points() {
        let position = file("a: é✓x\n").position("a: é✓".len());
        assert_eq!(position, LineColumn { line: 1, column: 6 });
    }

    #[test]
    fn a_line_excludes_its_line_end() {
        let file = file("a: 1\r\nb: 2\n");
        assert_eq!(file.line_range(0), 0..4);
        assert_eq!(file.line_range(1), 6..10);
        assert_eq!(file.line_count(), 2);
    }

    #[test]
    fn an_offset_at_the_end_is_on_the_last_line() {
        assert_eq!(file("a\nb").position(3), LineColumn { line: 2, column: 2 });
    }
}
