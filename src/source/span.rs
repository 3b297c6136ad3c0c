//! Spans and places: how every value remembers where it was written.

use super::OriginId;

/// A file of a run, an index into [`Sources`](super::Sources).
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FileId(pub(crate) u32);

impl FileId {
    /// The first file of a run.
    pub(crate) const FIRST: Self = Self(0);

    /// The file at a position among those of a run.
    ///
    /// # Panics
    ///
    /// Beyond four billion files, which no run has.
    pub(crate) fn new(index: usize) -> Self {
        Self(u32::try_from(index).expect("the files of a run fit into memory"))
    }

    /// The position among the files of the run.
    pub(crate) fn index(self) -> usize {
        self.0 as usize
    }
}

/// A range of bytes in one file; `end` is exclusive. An empty span is a position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// The file the bytes are in.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset just after the last byte.
    pub end: u32,
}

impl Span {
    /// A span over `start..end` of a file.
    pub(crate) const fn new(file: FileId, start: u32, end: u32) -> Self {
        Self { file, start, end }
    }

    /// Whether another span is within this one.
    pub(crate) fn contains(self, other: Self) -> bool {
        self.file == other.file && self.start <= other.start && other.end <= self.end
    }

    /// The byte range, for slicing the file's text.
    pub(crate) fn range(self) -> std::ops::Range<usize> {
        self.start as usize..self.end as usize
    }
}

/// Where a value was written, and how it came to be deployed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Place {
    /// The bytes.
    pub span: Span,
    /// How they came to be deployed.
    pub origin: OriginId,
}

impl Place {
    /// Whether the value was given with `--assume`.
    pub fn is_assumed(self) -> bool {
        self.origin == OriginId::ASSUMED
    }
}

/// A value and the place it was written at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Spanned<T> {
    /// The value.
    pub value: T,
    /// Where it was written.
    pub place: Place,
}

impl<T> Spanned<T> {
    /// Joins a value and its place.
    pub(crate) const fn new(value: T, place: Place) -> Self {
        Self { value, place }
    }

    /// The same place with another value.
    pub(crate) fn map<U>(self, f: impl FnOnce(T) -> U) -> Spanned<U> {
        Spanned::new(f(self.value), self.place)
    }
}
