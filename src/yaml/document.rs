//! Documents of a file: what was parsed, what was skipped, what is broken.

use super::Value;
use crate::source::{FileId, SourceFile, Span};

/// One parsed document.
#[derive(Debug)]
pub struct Document {
    /// The position among the documents of the file, from 0, skipped ones included.
    pub index: usize,
    /// The bytes of the document, without the `---` line.
    pub span: Span,
    /// Its root. Documents with nothing but comments are not kept.
    pub root: Value,
    /// Its comments in the order of the file.
    pub comments: Vec<Comment>,
}

/// A comment, from `#` to the end of the line.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Comment {
    /// The bytes, `#` included, line end excluded.
    pub span: Span,
}

/// What a file holds.
#[derive(Debug, Default)]
pub struct FileContent {
    /// The parsed documents.
    pub documents: Vec<Document>,
    /// How many documents there are, those skipped by the prefilter and broken ones included.
    pub document_count: usize,
    /// What could not be parsed.
    pub problems: Vec<Problem>,
}

/// A document that could not be parsed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// Where the parser stopped; for a template the first template mark.
    pub span: Span,
    /// What is wrong, in words.
    pub message: String,
}

/// Why a document could not be parsed.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// It is not YAML.
    Syntax,
    /// It is a template that something renders before it is applied.
    Template,
    /// Its aliases expand to more nodes than the budget allows.
    AliasBudget,
}

/// How a file is read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// Whether documents that cannot matter are skipped without parsing.
    pub prefilter: bool,
    /// How many nodes the aliases of one file may expand to.
    pub alias_budget: usize,
}

/// Splits, prefilters and parses a file.
pub fn read(_id: FileId, _file: &SourceFile, _options: ReadOptions) -> FileContent {
    FileContent::default()
}
