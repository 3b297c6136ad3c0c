//! Documents of a file: what was parsed, what was skipped, what is broken.

use std::ops::Range;

use super::parser::{self, AliasBudget};
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

impl ReadOptions {
    /// How manifests are read where every document counts.
    pub const ALL_DOCUMENTS: Self = Self {
        prefilter: false,
        alias_budget: 1_000_000,
    };
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

/// The span of bytes of a text that starts at an offset of a file.
fn span(file: FileId, base: usize, range: Range<usize>) -> Span {
    // Larger files are not read; an offset that does not fit is never made.
    let offset = |at: usize| u32::try_from(base + at).unwrap_or(u32::MAX);
    Span::new(file, offset(range.start), offset(range.end))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::testing::{FILE, content, file, outline, slice};

    #[test]
    fn a_broken_document_does_not_hide_its_neighbours() {
        let content = content("a: 1\n---\nb: [\n---\nc: 3\n");
        let roots: Vec<String> = content
            .documents
            .iter()
            .map(|document| outline(&document.root))
            .collect();
        assert_eq!(roots, [r#"{a: "1"}"#, r#"{c: "3"}"#]);
        assert_eq!(content.problems.len(), 1);
        assert_eq!(content.document_count, 3);
    }

    #[test]
    fn indexes_count_skipped_and_broken_documents() {
        let text = "kind: Secret\n---\n# none\n---\nkind: {\n---\nkind: Service\n";
        let options = ReadOptions {
            prefilter: true,
            alias_budget: 0,
        };
        let content = read(FILE, &file(text), options);
        assert_eq!(content.document_count, 3);
        assert_eq!(content.documents.len(), 1);
        assert_eq!(content.documents[0].index, 2);
    }

    #[test]
    fn the_span_of_a_document_leaves_the_marks_out() {
        let text = "\u{feff}%YAML 1.1\n---\na: 1\n...\n---\nb: 2\n";
        let spans: Vec<&str> = content(text)
            .documents
            .iter()
            .map(|document| slice(text, document.span))
            .collect();
        assert_eq!(spans, ["a: 1\n", "b: 2\n"]);
    }

    #[test]
    fn places_are_offsets_in_the_file() {
        let text = "\u{feff}# é\na: 1\n---\nb: ü\n";
        let content = content(text);
        let value = content.documents[1].root.get("b").expect("a key `b`");
        assert_eq!(slice(text, value.place.span), "ü");
    }

    #[test]
    fn templates_are_told_from_broken_documents() {
        let cases = [
            ("a: {{ .Values.a }}\n", Some((ProblemKind::Template, "{{"))),
            (
                "{{- if .Values.a }}\na: 1\n{{- end }}\n",
                Some((ProblemKind::Template, "{{")),
            ),
            (
                "a: 1\n{% if a %}\nb: 2\n",
                Some((ProblemKind::Template, "{%")),
            ),
            (
                "#@ if a:\na: 1\n b: 2\n",
                Some((ProblemKind::Template, "#@")),
            ),
            ("a: \"{{ .Values.a }}\"\n", None),
            ("a: |\n  {{ .Values.a }}\n", None),
            ("a: {b: {c: d}}\n", None),
            ("#@ load(\"a\")\na: 1\n", None),
            ("a: [\n", Some((ProblemKind::Syntax, "["))),
        ];
        for (text, expected) in cases {
            let problems = content(text).problems;
            let found = problems
                .first()
                .map(|problem| (problem.kind, slice(text, problem.span)));
            assert_eq!(found, expected, "{text:?}");
        }
    }

    #[test]
    fn comments_end_before_the_line_end() {
        let text = "# one\r\na: | # two\r\n  # text\r\nb: '# text' # three\r\n";
        let comments: Vec<&str> = content(text).documents[0]
            .comments
            .iter()
            .map(|comment| slice(text, comment.span))
            .collect();
        assert_eq!(comments, ["# one", "# two", "# three"]);
    }

    #[test]
    fn comments_outside_of_documents_go_to_the_next_or_else_the_last() {
        let text = "# licence\n---\na: 1 # one\n---\n# end\n";
        let comments: Vec<&str> = content(text).documents[0]
            .comments
            .iter()
            .map(|comment| slice(text, comment.span))
            .collect();
        assert_eq!(comments, ["# licence", "# one", "# end"]);
    }

    #[test]
    fn documents_before_an_error_are_kept() {
        let content = content("{\"a\": 1}\n{\"b\": 2}\n");
        assert_eq!(content.documents.len(), 1);
        assert_eq!(content.problems.len(), 1);
    }

    #[test]
    fn comments_alone_are_no_document() {
        for text in [
            "",
            "\n",
            "# a\n",
            "---\n",
            "---\n# a\n---\n",
            "%YAML 1.2\n",
            "--- # a",
        ] {
            let content = content(text);
            assert_eq!(content.document_count, 0, "{text:?}");
            assert_eq!(content.problems, [], "{text:?}");
        }
    }
}
