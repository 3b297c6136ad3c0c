//! What must hold for any text and for any tree.

use proptest::prelude::*;

use super::testing::{FILE, content, file, slice, sources};
use super::{Node, ReadOptions, Value, parse_embedded_stream, read};
use crate::source::Span;

/// A tree and how it is written.
#[derive(Clone, Debug)]
enum Model {
    Null,
    Word(String),
    Single(String),
    Double(String),
    Literal(Vec<String>),
    Sequence {
        items: Vec<Model>,
        is_indented: bool,
    },
    Mapping(Vec<(String, Model)>),
    FlowSequence(Vec<Model>),
    FlowMapping(Vec<(String, Model)>),
}

/// The text of a model, with the tokens and comments that were written.
#[derive(Default)]
struct Written {
    text: String,
    scalars: Vec<String>,
    comments: usize,
}

impl Written {
    fn scalar(&mut self, token: &str) {
        self.text += token;
        self.scalars.push(token.into());
    }

    /// Writes a value after `:` or `-`, at an indentation that its own lines must have.
    fn value(&mut self, model: &Model, indentation: usize, is_item: bool) {
        let spaces = " ".repeat(indentation);
        match model {
            Model::Null => {
                self.scalars.push(String::new());
                self.text += " # nothing\n";
                self.comments += 1;
            }
            Model::Literal(lines) => {
                let lines: Vec<String> = lines.iter().map(|l| format!("{spaces}{l}")).collect();
                self.text.push(' ');
                self.scalar(&format!("|\n{}", lines.join("\n")));
                self.text += "\n\n";
            }
            Model::Sequence { items, is_indented } if !items.is_empty() => {
                let indentation =
                    indentation.saturating_sub(2 * usize::from(!is_indented && !is_item));
                self.start_lines(is_item);
                for (index, item) in items.iter().enumerate() {
                    self.indent(indentation, is_item && index == 0);
                    self.text.push('-');
                    self.value(item, indentation + 2, true);
                }
            }
            Model::Mapping(entries) if !entries.is_empty() => {
                self.start_lines(is_item);
                for (index, (key, value)) in entries.iter().enumerate() {
                    self.indent(indentation, is_item && index == 0);
                    self.text.extend([key, ":"]);
                    self.value(value, indentation + 2, false);
                }
            }
            Model::Word(_)
            | Model::Single(_)
            | Model::Double(_)
            | Model::Sequence { .. }
            | Model::Mapping(_)
            | Model::FlowSequence(_)
            | Model::FlowMapping(_) => {
                self.text.push(' ');
                self.flow(model);
                self.text.push('\n');
            }
        }
    }

    fn start_lines(&mut self, is_item: bool) {
        self.text += if is_item { " " } else { " # é\n\n" };
        self.comments += usize::from(!is_item);
    }

    fn indent(&mut self, indentation: usize, is_on_line: bool) {
        if !is_on_line {
            self.text += &" ".repeat(indentation);
        }
    }

    /// Writes a value on one line.
    fn flow(&mut self, model: &Model) {
        match model {
            Model::Null => self.scalar("~"),
            Model::Word(text) => self.scalar(text),
            Model::Single(text) => self.scalar(&format!("'{}'", text.replace('\'', "''"))),
            Model::Double(text) => self.scalar(&quoted(text)),
            Model::Literal(lines) => self.scalar(&quoted(&(lines.join("\n") + "\n"))),
            Model::Sequence { items, .. } | Model::FlowSequence(items) => {
                self.text.push('[');
                for item in items {
                    self.flow(item);
                    self.text += ", ";
                }
                self.text.push(']');
            }
            Model::Mapping(entries) | Model::FlowMapping(entries) => {
                self.text.push('{');
                for (key, value) in entries {
                    self.text.extend(["\"", key, "\": "]);
                    self.flow(value);
                    self.text += ", ";
                }
                self.text.push('}');
            }
        }
    }
}

/// A JSON string, which is a double-quoted scalar.
fn quoted(text: &str) -> String {
    serde_json::to_string(text).expect("a string is JSON")
}

/// Whether a tree is what a model says, in every text.
fn agrees(model: &Model, value: &Value) -> bool {
    let holds = |text: &str| {
        value
            .as_scalar()
            .is_some_and(|scalar| *scalar.text == *text)
    };
    match model {
        Model::Null => value.is_null(),
        Model::Word(text) | Model::Single(text) | Model::Double(text) => holds(text),
        Model::Literal(lines) => holds(&(lines.join("\n") + "\n")),
        Model::Sequence { items, .. } | Model::FlowSequence(items) => {
            let values = value.as_sequence();
            values.is_some_and(|values| {
                items.len() == values.len()
                    && items
                        .iter()
                        .zip(values)
                        .all(|(item, value)| agrees(item, value))
            })
        }
        Model::Mapping(entries) | Model::FlowMapping(entries) => {
            let mapping = value.as_mapping();
            mapping.is_some_and(|mapping| {
                let pairs = entries.iter().zip(&mapping.entries);
                entries.len() == mapping.entries.len()
                    && pairs.into_iter().all(|((key, model), entry)| {
                        *key == *entry.key.value && agrees(model, &entry.value)
                    })
            })
        }
    }
}

/// The spans of all scalars, in order.
fn scalar_spans(value: &Value, found: &mut Vec<Span>) {
    match &value.node {
        Node::Scalar(_) => found.push(value.place.span),
        Node::Sequence(items) => items.iter().for_each(|item| scalar_spans(item, found)),
        Node::Mapping(mapping) => mapping
            .entries
            .iter()
            .for_each(|entry| scalar_spans(&entry.value, found)),
    }
}

/// The spans of all nodes and keys.
fn spans(value: &Value, found: &mut Vec<Span>) {
    found.push(value.place.span);
    value.items().iter().for_each(|item| spans(item, found));
    for entry in value.entries() {
        found.push(entry.key.place.span);
        spans(&entry.value, found);
    }
}

/// All scalars of a tree.
fn scalars<'v>(value: &'v Value, found: &mut Vec<&'v Value>) {
    found.extend(value.as_scalar().map(|_| value));
    value.items().iter().for_each(|item| scalars(item, found));
    value
        .entries()
        .iter()
        .for_each(|entry| scalars(&entry.value, found));
}

/// Every span that reading a text gives, those of YAML in its scalars included.
fn all_spans(text: &str) -> Vec<Span> {
    let content = content(text);
    let mut found: Vec<Span> = content
        .problems
        .iter()
        .map(|problem| problem.span)
        .collect();
    let sources = sources(text);
    for document in &content.documents {
        found.push(document.span);
        found.extend(document.comments.iter().map(|comment| comment.span));
        spans(&document.root, &mut found);
        let mut texts = Vec::new();
        scalars(&document.root, &mut texts);
        for scalar in texts {
            match parse_embedded_stream(scalar, &sources) {
                Ok(roots) => roots.iter().for_each(|root| spans(root, &mut found)),
                Err(problem) => found.push(problem.span),
            }
        }
    }
    found
}

fn word() -> impl Strategy<Value = String> + Clone {
    "[a-z]{2,6}( [a-z]{2,4})?".prop_filter("no word of YAML", |word| {
        !matches!(
            &**word,
            "null" | "on" | "off" | "yes" | "no" | "true" | "false"
        )
    })
}

fn model() -> impl Strategy<Value = Model> {
    let leaf = prop_oneof![
        Just(Model::Null),
        word().prop_map(Model::Word),
        "[ -~éß✓]{0,12}".prop_map(Model::Single),
        "[ -~\n\té✓\u{1f4a5}]{0,12}".prop_map(Model::Double),
        prop::collection::vec("[!-~é][ -~✓]{0,8}", 1..4).prop_map(Model::Literal),
    ];
    leaf.prop_recursive(5, 48, 4, |inner| {
        let items = prop::collection::vec(inner.clone(), 0..4);
        let entries = prop::collection::vec((word(), inner), 0..4);
        prop_oneof![
            (items.clone(), any::<bool>())
                .prop_map(|(items, is_indented)| Model::Sequence { items, is_indented }),
            entries.clone().prop_map(Model::Mapping),
            items.prop_map(Model::FlowSequence),
            entries.prop_map(Model::FlowMapping),
        ]
    })
}

/// Texts that are nearly YAML.
fn soup() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "a",
        "bc",
        "é",
        "✓",
        "\u{feff}",
        " ",
        "  ",
        "    ",
        "\n",
        "\n",
        "\r\n",
        "\t",
        "-",
        "- ",
        "? ",
        ": ",
        ":",
        ", ",
        "[",
        "]",
        "{",
        "}",
        "{{",
        "|",
        "|2-",
        ">",
        ">+",
        "\"",
        "'",
        "#",
        " # c",
        "&x",
        "*x",
        "<<: ",
        "!!str ",
        "!t ",
        "---",
        "\n---\n",
        "\n...\n",
        "%YAML 1.2\n",
        "~",
        "1",
        "\\",
        "\u{85}",
        "\u{2028}",
        "\0",
        "\r",
        "a: |\n  b: 1\n",
        "a: &x\n  b: 1\n",
    ]);
    prop::collection::vec(pieces, 0..40).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn spans_of_any_text_are_in_the_file_and_between_characters(text in prop_oneof![soup(), any::<String>()]) {
        for span in all_spans(&text) {
            prop_assert!(span.start <= span.end && text.get(span.range()).is_some(), "{span:?}");
        }
    }

    #[test]
    fn problems_and_comments_stay_on_their_line(text in soup()) {
        let content = content(&text);
        let comments = content.documents.iter().flat_map(|document| &document.comments);
        let spans = content.problems.iter().map(|problem| problem.span);
        for span in spans.chain(comments.map(|comment| comment.span)) {
            prop_assert!(!slice(&text, span).contains('\n'), "{:?}", slice(&text, span));
        }
    }

    #[test]
    fn the_prefilter_changes_nothing_but_what_is_skipped(text in soup()) {
        let options = ReadOptions { prefilter: true, alias_budget: 1000 };
        let filtered = read(FILE, &file(&text), options);
        let all = content(&text);
        prop_assert_eq!(filtered.document_count, all.document_count);
        prop_assert!(filtered.documents.len() <= all.documents.len());
        prop_assert!(filtered.problems.iter().all(|problem| all.problems.contains(problem)));
    }

    #[test]
    fn trees_come_back_as_they_were_written(model in model(), has_crlf in any::<bool>()) {
        let mut written = Written { text: "root:".into(), ..Written::default() };
        written.value(&model, 2, false);
        let line_end = if has_crlf { "\r\n" } else { "\n" };
        let text = written.text.replace('\n', line_end);
        let content = content(&text);
        prop_assert_eq!(&content.problems, &[]);
        let document = &content.documents[0];
        let root = &document.root.entries()[0].value;
        prop_assert!(agrees(&model, root), "{}", text);
        prop_assert_eq!(document.comments.len(), written.comments);
        let mut found = Vec::new();
        scalar_spans(root, &mut found);
        let found: Vec<&str> = found.into_iter().map(|span| slice(&text, span)).collect();
        let expected: Vec<String> = written.scalars.iter().map(|token| token.replace('\n', line_end)).collect();
        prop_assert_eq!(found, expected);
    }
}
