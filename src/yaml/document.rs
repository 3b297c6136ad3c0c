//! Documents of a file: what was parsed, what was skipped, what is broken.

use std::ops::Range;

use memchr::memmem;

use super::parser::{self, AliasBudget, Failure};
use super::split::{self, Part};
use super::{Value, prefilter};
use crate::source::{FileId, Place, SourceFile, Span};

/// One parsed document.
#[derive(Debug)]
pub struct Document {
    /// The position among the documents of the file, from 0, skipped ones included.
    pub index: usize,
    /// The bytes of the document, without the `---` line.
    pub span: Span,
    /// Its root. Documents with nothing but comments are not kept.
    pub root: Value,
    /// Its comments in the order of the file; those of parts before it that hold nothing else are among them.
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
pub fn read(id: FileId, file: &SourceFile, options: ReadOptions) -> FileContent {
    let mut reader = Reader {
        id,
        file,
        prefilter: options.prefilter,
        budget: AliasBudget::new(options.alias_budget),
        content: FileContent::default(),
        pending: Vec::new(),
    };
    for part in split::split(file.text()) {
        reader.part(&part);
    }
    reader.finish()
}

/// Reads the parts of a file one after the other.
struct Reader<'f> {
    id: FileId,
    file: &'f SourceFile,
    prefilter: bool,
    budget: AliasBudget,
    content: FileContent,
    /// Comments of parts with nothing else, which go to the next document that is kept.
    pending: Vec<Comment>,
}

impl Reader<'_> {
    fn part(&mut self, part: &Part) {
        let text = self.file.text();
        if !part.has_content {
            let comments = split::comments(text, part).into_iter();
            self.pending.extend(comments.map(|range| Comment {
                span: span(self.id, 0, range),
            }));
            return;
        }
        let index = self.content.document_count;
        self.content.document_count += 1;
        let body = text.get(part.body.clone()).unwrap_or_default();
        if self.prefilter && !prefilter::matters(body) {
            return;
        }
        let source = text.get(part.source.clone()).unwrap_or_default();
        let parsed = parser::parse(source, &mut self.budget);
        let (id, base, origin) = (self.id, part.source.start, self.file.origin());
        let locate = |range| span(id, base, range);
        if let Some(failure) = parsed.failure {
            let problem = failure.into_problem(source, locate);
            self.content.problems.push(problem);
        }
        let place = |range| Place {
            span: locate(range),
            origin,
        };
        let Some(root) = parsed.tape.and_then(|tape| tape.into_value(&place)) else {
            return;
        };
        let mut comments = std::mem::take(&mut self.pending);
        comments.extend(parsed.comments.into_iter().map(|range| Comment {
            span: locate(range),
        }));
        self.content.documents.push(Document {
            index,
            span: span(self.id, 0, part.body.clone()),
            root,
            comments,
        });
    }

    fn finish(mut self) -> FileContent {
        if let Some(last) = self.content.documents.last_mut() {
            last.comments.append(&mut self.pending);
        }
        self.content
    }
}

impl Failure {
    /// The problem to report; in a document with template marks it is that it is a template.
    pub(super) fn into_problem(
        self,
        text: &str,
        locate: impl FnOnce(Range<usize>) -> Span,
    ) -> Problem {
        let is_syntax = self.kind == ProblemKind::Syntax;
        if let Some(mark) = template_mark(text).filter(|_| is_syntax) {
            return Problem {
                kind: ProblemKind::Template,
                span: locate(mark),
                message: "a template; it is rendered before it is applied".into(),
            };
        }
        Problem {
            kind: self.kind,
            span: locate(self.range),
            message: self.message,
        }
    }
}

/// The first mark of Helm, Jinja or ytt.
fn template_mark(text: &str) -> Option<Range<usize>> {
    ["{{", "{%", "#@"]
        .into_iter()
        .filter_map(|mark| memmem::find(text.as_bytes(), mark.as_bytes()))
        .min()
        .map(|start| start..start + 2)
}

/// The span of bytes of a text that starts at an offset of a file.
fn span(file: FileId, base: usize, range: Range<usize>) -> Span {
    // Larger files are not read; an offset that does not fit is never made.
    let offset = |at: usize| u32::try_from(base + at).unwrap_or(u32::MAX);
    Span::new(file, offset(range.start), offset(range.end))
}
