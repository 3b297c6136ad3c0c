use super::*;
use crate::yaml::testing::{FILE, content, sources};

/// What is left of a text without the document at a position.
fn without(text: &str, document: usize) -> Option<String> {
    let content = content(text);
    let root = content.documents[document].root.place.span;
    let edit = remove_document(&sources(text), root)?;
    assert_eq!((edit.span.file, edit.text.as_str()), (FILE, ""));
    let mut left = text.to_owned();
    left.replace_range(edit.span.range(), "");
    Some(left)
}

#[test]
fn a_document_goes_with_its_separator_and_comments() {
    let table = [
        ("the last one", "a: 1\n---\nb: 2\n", 1, "a: 1\n"),
        ("without a line end", "a: 1\n---\nb: 2", 1, "a: 1\n"),
        (
            "one between others",
            "a: 1\n---\nb: 2\n---\nc: 3\n",
            1,
            "a: 1\n---\nc: 3\n",
        ),
        ("the first one", "a: 1\n---\nb: 2\n", 0, "b: 2\n"),
        (
            "the first one below `---`",
            "---\na: 1\n---\nb: 2\n",
            0,
            "---\nb: 2\n",
        ),
        ("the only one", "a: 1\n", 0, ""),
        ("the only one below `---`", "---\na: 1\n", 0, ""),
        ("CRLF", "a: 1\r\n---\r\nb: 2\r\n", 1, "a: 1\r\n"),
        ("braces", "a: 1\n---\n{b: {c: 2}}\n", 1, "a: 1\n"),
        (
            "a block of text",
            "a: 1\n---\nb: |\n  2\n---\nc: 3\n",
            1,
            "a: 1\n---\nc: 3\n",
        ),
        (
            "comments of its own",
            "a: 1\n---\n# b\n\n# two\nb: 2 # b\n",
            1,
            "a: 1\n",
        ),
        (
            "a comment on the separator",
            "a: 1\n--- # b\nb: 2\n",
            1,
            "a: 1\n",
        ),
        (
            "empty lines below",
            "a: 1\n---\nb: 2\n\n\n---\nc: 3\n",
            1,
            "a: 1\n---\nc: 3\n",
        ),
        (
            "a comment below",
            "a: 1\n---\nb: 2\n# end\n---\nc: 3\n",
            1,
            "a: 1\n# end\n---\nc: 3\n",
        ),
        (
            "a comment of the file",
            "# file\n\n# a\na: 1\n---\nb: 2\n",
            0,
            "# file\n\n---\nb: 2\n",
        ),
        (
            "an end of the one before",
            "a: 1\n...\n# b\nb: 2\n",
            1,
            "a: 1\n...\n",
        ),
        (
            "an end of its own",
            "a: 1\n---\nb: 2\n...\n",
            1,
            "a: 1\n...\n",
        ),
    ];
    for (what, text, document, expected) in table {
        assert_eq!(without(text, document).as_deref(), Some(expected), "{what}");
        assert_eq!(
            content(expected).documents.len() + 1,
            content(text).documents.len(),
            "{what}"
        );
    }
}

#[test]
fn what_is_not_a_whole_document_stays() {
    let table = [
        (
            "a root on the line of its separator",
            "a: 1\n--- {b: 2}\n",
            1,
        ),
        ("the document of a directive", "%YAML 1.1\n---\na: 1\n", 0),
    ];
    for (what, text, document) in table {
        assert_eq!(without(text, document), None, "{what}");
    }
    let list = "items:\n- a: 1\n";
    let element = content(list).documents[0]
        .root
        .at(&["items"])
        .map(|items| items.items()[0].place);
    let element = element.expect("there is an element");
    assert_eq!(remove_document(&sources(list), element.span), None);
}
