use super::*;
use crate::yaml::testing::{FILE, content, sources};

/// What is left of a text without the document at a position.
fn without(text: &str, document: usize) -> Option<String> {
    without_all(text, &[document])
}

/// The same without several documents.
fn without_all(text: &str, documents: &[usize]) -> Option<String> {
    let content = content(text);
    let roots = documents
        .iter()
        .map(|&document| content.documents[document].root.place.span);
    let edits = remove_documents(&sources(text), &roots.collect::<Vec<Span>>())?;
    let mut left = text.to_owned();
    for edit in edits.iter().rev() {
        assert_eq!((edit.span.file, edit.text.as_str()), (FILE, ""));
        left.replace_range(edit.span.range(), "");
    }
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
            "an indented comment below",
            "a: 1\n---\nb:\n  c: 2\n  # d: 3\n\n---\nc: 3\n",
            1,
            "a: 1\n---\nc: 3\n",
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
        ("an end of its own", "a: 1\n---\nb: 2\n...\n", 1),
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
    assert_eq!(remove_documents(&sources(list), &[element.span]), None);
}

#[test]
fn documents_beside_each_other_do_not_take_from_those_that_stay() {
    let text = "a: 1\n---\nb: 2\n# kept\n---\nc: 3\n---\nd: 4\n";
    let table: [(&[usize], &str); 5] = [
        (&[0, 1], "# kept\n---\nc: 3\n---\nd: 4\n"),
        (&[1, 0], "# kept\n---\nc: 3\n---\nd: 4\n"),
        (&[0, 2], "b: 2\n# kept\n---\nd: 4\n"),
        (&[1, 2], "a: 1\n# kept\n---\nd: 4\n"),
        (&[0, 1, 2, 3], "# kept\n"),
    ];
    for (documents, expected) in table {
        assert_eq!(
            without_all(text, documents).as_deref(),
            Some(expected),
            "{documents:?}"
        );
    }
}
