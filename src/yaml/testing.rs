//! What the tests of this module share.

use super::{FileContent, Node, ReadOptions, Value, read};
use crate::source::{FileId, FileRole, SourceFile, Sources, Span};

/// The only file of a test.
pub(crate) const FILE: FileId = FileId(0);

/// A file of the input with a text.
pub(crate) fn file(text: &str) -> SourceFile {
    SourceFile::new("test.yaml".into(), text.into(), FileRole::Input)
}

/// The files of a run with one file.
pub(crate) fn sources(text: &str) -> Sources {
    Sources::new(vec![file(text)])
}

/// What a text holds, read without the prefilter.
pub(crate) fn content(text: &str) -> FileContent {
    let options = ReadOptions {
        prefilter: false,
        alias_budget: 1000,
    };
    read(FILE, &file(text), options)
}

/// The root of the only document of a text.
pub(crate) fn root(text: &str) -> Value {
    let mut content = content(text);
    assert_eq!(content.problems, [], "{text:?}");
    assert_eq!(content.documents.len(), 1, "{text:?}");
    content.documents.remove(0).root
}

/// The bytes of a span.
pub(crate) fn slice(text: &str, span: Span) -> &str {
    &text[span.range()]
}

/// A tree without its places, as JSON with every scalar in its text.
pub(crate) fn outline(value: &Value) -> String {
    match &value.node {
        Node::Scalar(_) if value.is_null() => "null".into(),
        Node::Scalar(scalar) => format!("{:?}", scalar.text),
        Node::Sequence(items) => {
            let items: Vec<String> = items.iter().map(outline).collect();
            format!("[{}]", items.join(", "))
        }
        Node::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            let entries: Vec<String> = entries
                .map(|entry| format!("{}: {}", entry.key.value, outline(&entry.value)))
                .collect();
            format!("{{{}}}", entries.join(", "))
        }
    }
}
