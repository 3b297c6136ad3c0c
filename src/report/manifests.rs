//! Objects as YAML, each value written the way it was read, with where it came from if that is wanted.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::text::{inert, is_hidden, one_line};
use crate::source::{Origins, Place, Sources};
use crate::yaml::{Mapping, Node, Scalar, ScalarStyle, Sequence, Value};

/// Where values come from, for the comments behind them.
#[derive(Clone, Copy, Debug)]
pub struct OriginComments<'r> {
    /// The files that places point into.
    pub sources: &'r Sources,
    /// How values came to be what they are.
    pub origins: &'r Origins,
}

/// Writes objects as a stream of YAML documents; with `comments`, every value that something changed says what did.
pub fn render_manifests(
    objects: &[Value],
    comments: Option<OriginComments<'_>>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut first = true;
    for object in objects {
        if !first {
            writeln!(out, "---")?;
        }
        first = false;
        let mut writer = Writer {
            comments,
            text: String::new(),
        };
        writer.root(object);
        out.write_all(writer.text.as_bytes())?;
    }
    Ok(())
}

/// How far a level is indented.
const INDENT: usize = 2;

/// Writes one document.
struct Writer<'r> {
    comments: Option<OriginComments<'r>>,
    text: String,
}

impl Writer<'_> {
    /// Writes a whole document.
    fn root(&mut self, value: &Value) {
        match &value.node {
            Node::Mapping(mapping) if !is_empty(mapping) => self.mapping(mapping, 0, false),
            Node::Sequence(items) if !items.is_empty() => self.sequence(items, 0),
            Node::Mapping(_) | Node::Sequence(_) | Node::Scalar(_) => {
                self.inline(value);
                self.text.push('\n');
            }
        }
    }

    /// Writes a mapping with a key on each line; the first line is there already where `is_continued`.
    fn mapping(&mut self, mapping: &Mapping, depth: usize, is_continued: bool) {
        let mut is_continued = is_continued;
        for (index, entry) in mapping.entries.iter().enumerate() {
            let later = mapping.entries.get(index + 1..).unwrap_or_default();
            // Of equal keys the last counts.
            if later.iter().any(|other| other.key.value == entry.key.value) {
                continue;
            }
            if !std::mem::take(&mut is_continued) {
                self.indent(depth);
            }
            self.text.push_str(&key(&entry.key.value));
            self.text.push(':');
            self.value(&entry.value, depth);
        }
        if self.comments.is_some() {
            self.removed(mapping, depth, is_continued);
        }
    }

    /// Says what was removed from a mapping.
    fn removed(&mut self, mapping: &Mapping, depth: usize, is_continued: bool) {
        let mut is_continued = is_continued;
        for removed in &mapping.removed {
            let origin = self.cause(removed.place).unwrap_or_default();
            let was = self.position(removed.entry.value.place);
            if !std::mem::take(&mut is_continued) {
                self.indent(depth);
            }
            let name = one_line(&removed.entry.key.value).into_owned();
            for part in ["# `", &name, "` of ", &was, " removed: ", &origin, "\n"] {
                self.text.push_str(part);
            }
        }
    }

    /// Writes what follows a key.
    fn value(&mut self, value: &Value, depth: usize) {
        match &value.node {
            Node::Mapping(mapping) if !is_empty(mapping) || self.says_removed(mapping) => {
                if is_empty(mapping) {
                    self.text.push_str(" {}");
                }
                self.comment(value.place);
                self.text.push('\n');
                self.mapping(mapping, depth + 1, false);
            }
            Node::Sequence(items) if !items.is_empty() => {
                self.comment(value.place);
                self.text.push('\n');
                self.sequence(items, depth);
            }
            Node::Mapping(_) | Node::Sequence(_) | Node::Scalar(_) => {
                self.text.push(' ');
                self.inline(value);
                self.comment(value.place);
                self.text.push('\n');
                if let Node::Sequence(items) = &value.node {
                    self.removed_items(items, depth);
                }
            }
        }
    }

    /// Writes a sequence with an item on each line.
    fn sequence(&mut self, items: &Sequence, depth: usize) {
        for item in items {
            self.indent(depth);
            self.text.push_str("- ");
            match &item.node {
                Node::Mapping(mapping) if !is_empty(mapping) => {
                    self.mapping(mapping, depth + 1, true);
                }
                // A sequence in a sequence is rare; `- ` alone on its line starts it.
                Node::Sequence(inner) if !inner.is_empty() => {
                    self.text.pop();
                    self.text.push('\n');
                    self.sequence(inner, depth + 1);
                }
                Node::Mapping(_) | Node::Sequence(_) | Node::Scalar(_) => {
                    self.inline(item);
                    self.comment(item.place);
                    self.text.push('\n');
                }
            }
        }
        self.removed_items(items, depth);
    }

    /// Says which elements were removed from a sequence.
    fn removed_items(&mut self, items: &Sequence, depth: usize) {
        if self.comments.is_none() {
            return;
        }
        for removed in &items.removed {
            let origin = self.cause(removed.place).unwrap_or_default();
            let was = self.position(removed.item.place);
            let item = sample(&removed.item);
            self.indent(depth);
            for part in ["# `", &item, "` of ", &was, " removed: ", &origin, "\n"] {
                self.text.push_str(part);
            }
        }
    }

    /// Writes what fits on one line.
    fn inline(&mut self, value: &Value) {
        match &value.node {
            Node::Mapping(_) => self.text.push_str("{}"),
            Node::Sequence(_) => self.text.push_str("[]"),
            Node::Scalar(scalar) => self.text.push_str(&scalar_text(scalar)),
        }
    }

    fn indent(&mut self, depth: usize) {
        self.text
            .extend(std::iter::repeat_n(' ', depth.saturating_mul(INDENT)));
    }

    fn says_removed(&self, mapping: &Mapping) -> bool {
        self.comments.is_some() && !mapping.removed.is_empty()
    }

    /// Says where a changed value comes from.
    fn comment(&mut self, place: Place) {
        if let Some(origin) = self.origin(place) {
            self.text.push_str(" # ");
            self.text.push_str(&origin);
        }
    }

    /// Where a changed value comes from and what it was, in words.
    fn origin(&self, place: Place) -> Option<String> {
        let cause = self.cause(place)?;
        let previous = self.comments?.origins.change(place)?.previous;
        let was = previous.map(|previous| format!("; was {}", self.position(previous)));
        Some(cause + &was.unwrap_or_default())
    }

    /// What changed or removed a value and where, in words.
    fn cause(&self, place: Place) -> Option<String> {
        let change = self.comments?.origins.change(place)?;
        let via = change.via.map(|via| format!(" ({})", self.position(via)));
        Some(format!(
            "{}, by {}{}",
            self.position(place),
            change.cause.as_str(),
            via.unwrap_or_default()
        ))
    }

    /// A place as `file:line`.
    fn position(&self, place: Place) -> String {
        let Some(comments) = self.comments else {
            return String::new();
        };
        let file = comments.sources.file(place.span.file);
        let line = file.position(place.span.range().start).line;
        format!("{}:{line}", inert(&one_line(file.path().as_str())))
    }
}

/// How much of a removed element is shown.
const SAMPLE: usize = 60;

/// The beginning of a value on one line.
fn sample(value: &Value) -> String {
    let mut text = String::new();
    flow(value, &mut text);
    if text.chars().count() <= SAMPLE {
        return text;
    }
    let mut text: String = text.chars().take(SAMPLE).collect();
    text.push('…');
    text
}

/// Writes a value on one line, as far as it is shown.
fn flow(value: &Value, text: &mut String) {
    let parts: Vec<(Option<&str>, &Value)> = match &value.node {
        Node::Scalar(scalar) => {
            text.push_str(&one_line(&scalar.text));
            return;
        }
        Node::Sequence(items) => items.iter().map(|item| (None, item)).collect(),
        Node::Mapping(mapping) => {
            let entries = mapping.entries.iter();
            entries
                .map(|entry| (Some(&*entry.key.value), &entry.value))
                .collect()
        }
    };
    let [open, close] = if value.as_mapping().is_some() {
        ['{', '}']
    } else {
        ['[', ']']
    };
    text.push(open);
    for (index, (key, value)) in parts.into_iter().enumerate() {
        if text.chars().count() > SAMPLE {
            break;
        }
        if index > 0 {
            text.push_str(", ");
        }
        if let Some(key) = key {
            text.push_str(&one_line(key));
            text.push_str(": ");
        }
        flow(value, text);
    }
    text.push(close);
}

/// Whether nothing of a mapping is written.
fn is_empty(mapping: &Mapping) -> bool {
    mapping.entries.is_empty()
}

/// A key as YAML: plain where every reader takes it for the same text.
fn key(text: &str) -> String {
    let is_word = |text: &str| {
        let mut characters = text.chars();
        let first = characters.next();
        first.is_some_and(|first| first.is_ascii_alphabetic())
            && characters.all(|one| one.is_ascii_alphanumeric() || "-_./".contains(one))
    };
    if is_word(text) && !is_ambiguous(text) {
        text.to_owned()
    } else {
        quoted(text)
    }
}

/// Whether a plain text would be read as something else than a string.
fn is_ambiguous(text: &str) -> bool {
    const WORDS: [&str; 10] = [
        "y", "yes", "n", "no", "on", "off", "true", "false", "null", "nan",
    ];
    WORDS.contains(&text.to_ascii_lowercase().as_str())
}

/// A scalar as YAML: what was plain stays plain, since its text decides its type.
fn scalar_text(scalar: &Scalar) -> String {
    match scalar.style {
        ScalarStyle::Plain if scalar.text.is_empty() => "null".to_owned(),
        // Such a text is a string in any case.
        ScalarStyle::Plain if acts(&scalar.text) => quoted(&scalar.text),
        ScalarStyle::Plain => scalar.text.to_string(),
        ScalarStyle::Quoted | ScalarStyle::Block => quoted(&scalar.text),
    }
}

/// A text in double quotes. JSON's escapes are YAML's too; what would act on a terminal or a workflow runner is escaped.
fn quoted(text: &str) -> String {
    let json = serde_json::Value::from(text).to_string();
    if !acts(&json) {
        return json;
    }
    let mut quoted = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if is_escaped(character) || (character == '[' && quoted.ends_with("##")) {
            write!(quoted, "\\U{:08x}", u32::from(character)).expect("a String takes any text");
        } else {
            quoted.push(character);
        }
    }
    quoted
}

/// Whether a text holds what must not stand in it as it is.
fn acts(text: &str) -> bool {
    text.contains(is_escaped) || text.contains("##[")
}

/// Whether a character acts instead of being read, or is none that YAML takes.
fn is_escaped(character: char) -> bool {
    is_hidden(character) || matches!(character, '\u{FFFE}' | '\u{FFFF}')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::{Cause, Change, FileId, FileRole, SourceFile};
    use crate::yaml::{self, MappingEntry, ReadOptions, Removed, RemovedItem};

    /// The roots of a text, and its file.
    fn parsed(text: &str) -> (Vec<Value>, Sources) {
        let file = SourceFile::new("base.yaml".into(), text.into(), FileRole::Input);
        let options = ReadOptions {
            prefilter: false,
            alias_budget: 100,
        };
        let content = yaml::read(FileId::FIRST, &file, options);
        assert_eq!(content.problems, []);
        let roots = content.documents.into_iter().map(|one| one.root);
        (roots.collect(), Sources::new(vec![file]))
    }

    fn written(objects: &[Value], comments: Option<OriginComments<'_>>) -> String {
        let mut out = Vec::new();
        render_manifests(objects, comments, &mut out).expect("memory takes everything");
        String::from_utf8(out).expect("it is text")
    }

    #[test]
    fn objects_are_written_as_they_were_read() {
        let text =
            "a: 1\nb:\n  c:\n  - d: \"1\"\n    e: null\n  - - f\n    - {}\n  g: []\n---\nh: true\n";
        let expected = "a: 1\nb:\n  c:\n  - d: \"1\"\n    e: null\n  -\n    - f\n    - {}\n  g: []\n---\nh: true\n";
        assert_eq!(written(&parsed(text).0, None), expected);
    }

    #[test]
    fn texts_and_keys_keep_their_types() {
        let text =
            "\"yes\": 'on'\n'1': |\n  line\n  é\t\n'a b': ''\nkey: 0777\nother: >-\n  one\n  two\n";
        let expected = "\"yes\": \"on\"\n\"1\": \"line\\né\\t\\n\"\n\"a b\": \"\"\nkey: 0777\nother: \"one two\"\n";
        assert_eq!(written(&parsed(text).0, None), expected);
    }

    #[test]
    fn changed_and_removed_fields_say_where_they_come_from() {
        let (mut roots, sources) = parsed("a: 1\nb: 2\nc:\n  d: 3\n");
        let mut origins = Origins::default();
        let Some(Node::Mapping(root)) = roots.first_mut().map(|root| &mut root.node) else {
            panic!("the root is a mapping");
        };
        let [a, b, c] = root.entries.as_mut_slice() else {
            panic!("it has three keys");
        };
        let changed = |place: Place, origins: &mut Origins, previous| Place {
            origin: origins.add(Change {
                cause: Cause::StrategicMergePatch,
                via: Some(place),
                previous,
            }),
            ..place
        };
        let was = a.value.place;
        a.value.place = changed(b.value.place, &mut origins, Some(was));
        let Node::Mapping(inner) = &mut c.value.node else {
            panic!("`c` is a mapping");
        };
        let entry: MappingEntry = inner.entries.remove(0);
        let place = changed(was, &mut origins, None);
        inner.removed.push(Removed { entry, place });
        let comments = OriginComments {
            sources: &sources,
            origins: &origins,
        };
        assert_eq!(
            written(&roots, Some(comments)),
            "a: 1 # base.yaml:2, by a strategic merge patch (base.yaml:2); was base.yaml:1\n\
             b: 2\n\
             c: {}\n  \
               # `d` of base.yaml:4 removed: base.yaml:1, by a strategic merge patch (base.yaml:1)\n"
        );
    }

    #[test]
    fn removed_elements_of_a_list_say_where_they_come_from() {
        let text = "a:\n- b: 1\n- {port: {number: 8000}, tls: {mode: ISTIO_MUTUAL, sni: a.example.com}}\nc: [d]\n";
        let (mut roots, sources) = parsed(text);
        let mut origins = Origins::default();
        let Some(Node::Mapping(root)) = roots.first_mut().map(|root| &mut root.node) else {
            panic!("the root is a mapping");
        };
        for entry in &mut root.entries {
            let Node::Sequence(items) = &mut entry.value.node else {
                panic!("both are lists");
            };
            let item = items.pop().expect("there is a last element");
            let origin = origins.add(Change {
                cause: Cause::JsonPatch,
                via: None,
                previous: Some(item.place),
            });
            let place = Place {
                origin,
                ..entry.key.place
            };
            items.removed.push(RemovedItem { item, place });
        }
        let comments = OriginComments {
            sources: &sources,
            origins: &origins,
        };
        assert_eq!(
            written(&roots, Some(comments)),
            "a:\n\
             - b: 1\n\
             # `{port: {number: 8000}, tls: {mode: ISTIO_MUTUAL, sni: a.exam…` of base.yaml:3 removed: base.yaml:1, \
             by a JSON patch\n\
             c: []\n\
             # `d` of base.yaml:4 removed: base.yaml:4, by a JSON patch\n"
        );
    }
}
