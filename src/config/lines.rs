//! On which lines a config file says what.

use crate::source::{FileRole, SourceFile, Sources};
use crate::yaml::{self, Node, ReadOptions, Value};

/// A step from a value to one in it.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step<'a> {
    /// To the value of a key.
    Key(&'a str),
    /// To an element.
    Item(usize),
}

/// A config file as lines: where each key, each element of a list and each entry of a mapping is written.
#[derive(Debug)]
pub struct Lines {
    sources: Sources,
    root: Option<Value>,
}

impl Lines {
    /// Reads the text of a config file.
    pub(super) fn of(text: &str) -> Self {
        let file = SourceFile::new("config".into(), text.into(), FileRole::Input);
        let sources = Sources::new(vec![file]);
        let options = ReadOptions {
            prefilter: false,
            alias_budget: 0,
        };
        let root = sources.iter().next().and_then(|(id, file)| {
            let documents = yaml::read(id, file, options).documents;
            documents.into_iter().next().map(|document| document.root)
        });
        Self { sources, root }
    }

    /// The document, if there is one.
    pub(super) fn root(&self) -> Option<&Value> {
        self.root.as_ref()
    }

    /// The bytes of what stands at the end of a chain of keys and indices, or of the last of them that is written.
    pub(super) fn span(&self, steps: &[Step<'_>]) -> Option<(u32, u32)> {
        let mut value = self.root.as_ref()?;
        let mut span = None;
        for step in steps {
            let (place, below) = match *step {
                Step::Key(key) => match value.entry(key) {
                    Some(entry) => (entry.key.place, &entry.value),
                    None => break,
                },
                Step::Item(index) => match value.items().get(index) {
                    Some(item) => (item.place, item),
                    None => break,
                },
            };
            span = Some((place.span.start, place.span.end));
            value = below;
        }
        // The value itself is nearer than its key, if it is one line.
        match (&value.node, span) {
            (Node::Scalar(_), Some(_)) if !value.is_null() => {
                Some((value.place.span.start, value.place.span.end))
            }
            (_, span) => span,
        }
    }

    /// The line of a key.
    pub fn key(&self, key: &str) -> Option<usize> {
        let entry = self.root.as_ref()?.entry(key)?;
        Some(self.line(entry.key.place.span.start))
    }

    /// The line of an element of the list under a key.
    pub fn item(&self, key: &str, index: usize) -> Option<usize> {
        let item = self.root.as_ref()?.get(key)?.items().get(index)?;
        Some(self.line(item.place.span.start))
    }

    /// The line of an entry of the mapping under a key.
    pub fn member(&self, key: &str, name: &str) -> Option<usize> {
        let entry = self.root.as_ref()?.get(key)?.entry(name)?;
        Some(self.line(entry.key.place.span.start))
    }

    /// The bytes of every element of the list under a key.
    pub(super) fn spans(&self, key: &str) -> Vec<(u32, u32)> {
        let list = self.root.as_ref().and_then(|root| root.get(key));
        let items = list.map_or(&[][..], Value::items).iter();
        items
            .map(|item| (item.place.span.start, item.place.span.end))
            .collect()
    }

    fn line(&self, offset: u32) -> usize {
        let mut files = self.sources.iter();
        files
            .next()
            .map_or(1, |(_, file)| file.position(offset as usize).line)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_elements_and_entries_have_their_lines() {
        let lines = Lines::of("# first\nexclude:\n- a\n- b\nrules:\n  unread-input: {}\n");
        assert_eq!(lines.key("exclude"), Some(2));
        assert_eq!(lines.item("exclude", 1), Some(4));
        assert_eq!(lines.member("rules", "unread-input"), Some(6));
        assert_eq!(lines.key("ignore"), None);
    }

    #[test]
    fn a_file_in_one_line_has_one() {
        let lines = Lines::of("{exclude: [a, b]}");
        assert_eq!(lines.item("exclude", 1), Some(1));
    }
}
