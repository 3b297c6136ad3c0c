//! Edits of exceptions that are written as entries of mappings and elements of lists: they are taken away, or moved.

use crate::diagnostic::Edit;
use crate::source::{FileId, SourceFile, Sources, Span};
use crate::yaml::{self, Mapping, MappingEntry, Node, ReadOptions, Value};

use super::embedded;

/// What files of editors on Windows start with.
const BYTE_ORDER_MARK: char = '\u{feff}';

/// How many columns an entry is indented by where nothing beside it tells.
const INDENT: usize = 2;

/// The keys under which nothing has to be.
const OPTIONAL: [&str; 3] = ["annotations", "labels", "ignore"];

/// The documents of a file, and the YAML that is written in them as text.
pub(super) struct Roots<'s> {
    sources: &'s Sources,
    file: &'s SourceFile,
    documents: Vec<Value>,
}

/// A child of a mapping or list: its position.
type Step<'v> = (&'v Value, usize);

impl<'s> Roots<'s> {
    /// Reads a file.
    pub(super) fn of(id: FileId, sources: &'s Sources) -> Self {
        let file = sources.file(id);
        let mut roots = Vec::new();
        for document in yaml::read(id, file, ReadOptions::ALL_DOCUMENTS).documents {
            embedded::texts(&document.root, &mut |text| {
                // What cannot be read has no exceptions either.
                roots.extend(yaml::parse_embedded_stream(text, sources).unwrap_or_default());
            });
            roots.push(document.root);
        }
        Self {
            sources,
            file,
            documents: roots,
        }
    }

    /// Takes away the entry of a mapping whose key is written at some bytes, and the mapping if nothing else is in it;
    /// none where the mapping around that would be left empty, or where the entry is not written as it is read.
    pub(super) fn without_entry(&self, key: Span) -> Option<Edit> {
        self.without(&self.trail(key)?, false)
    }

    /// Takes away the element of a list that is written at some bytes, and the list if nothing else is in it.
    pub(super) fn without_element(&self, element: Span) -> Option<Edit> {
        self.without(&self.trail(element)?, true)
    }

    /// Moves the entry whose key is written at some bytes to `metadata.annotations` of the document that it is written in,
    /// if that is one of a kind; it only goes away where there is one of that name already.
    pub(super) fn moved(&self, key: Span, kind: &str) -> Option<Vec<Edit>> {
        let trail = self.trail(key)?;
        let (root, _) = *trail.first()?;
        root.get("kind")
            .filter(|written| written.as_text() == Some(kind))?;
        let removal = self.without(&trail, false)?;
        let entry = child_entry(trail.last()?)?;
        let metadata = root.entry("metadata")?;
        let annotations = metadata.value.entry("annotations");
        let there = annotations.and_then(|values| values.value.entry(&entry.key.value));
        if there.is_some() {
            return Some(vec![removal]);
        }
        let text = self.one_line(entry)?;
        let insertion = if let Some(annotations) = annotations {
            let (indent, first) = self.indent(&annotations.value)?;
            self.line_before(first.key.place.span, &[format!("{indent}{text}")])
        } else {
            let (indent, _) = self.indent(&metadata.value)?;
            let last = metadata.value.entries().last()?;
            let step = " ".repeat(INDENT);
            let lines = [
                format!("{indent}annotations:"),
                format!("{indent}{step}{text}"),
            ];
            self.line_after(last, &lines)?
        };
        Some(vec![removal, insertion])
    }

    /// From the root of a document to the entry or element that is written at some bytes.
    fn trail(&self, span: Span) -> Option<Vec<Step<'_>>> {
        self.documents.iter().find_map(|root| {
            let mut trail = Vec::new();
            find(root, span, &mut trail).then_some(trail)
        })
    }

    /// Takes the last step of a trail away. The mapping or list that it leaves empty goes with it, under a name that may be
    /// missing: annotations, labels, and the list of exceptions.
    fn without(&self, trail: &[Step<'_>], may_empty_root: bool) -> Option<Edit> {
        let (last, before) = trail.split_last()?;
        if count(last.0) > 1 {
            return self.without_child(last);
        }
        let parent = before.last()?;
        let name = &*child_entry(parent)?.key.value;
        let is_root = before.len() == 1;
        let is_filled = count(parent.0) > 1 || (is_root && may_empty_root);
        let may_go = is_filled && OPTIONAL.contains(&name);
        may_go.then(|| self.without_child(parent)).flatten()
    }

    /// Takes a child away, with the lines or the comma that are its own.
    fn without_child(&self, (container, index): &Step<'_>) -> Option<Edit> {
        let child = child_span(container, *index)?;
        let range = if self.is_flow(container) {
            let next = child_span(container, index + 1);
            let previous = index.checked_sub(1);
            let previous = previous.and_then(|index| child_span(container, index));
            match (next, previous) {
                (Some(next), _) => Span {
                    end: next.start,
                    ..child
                },
                (None, Some(previous)) => Span {
                    start: previous.end,
                    ..child
                },
                (None, None) => return None,
            }
        } else {
            let dash = if container.as_sequence().is_some() {
                "-"
            } else {
                ""
            };
            self.lines(child, dash)?
        };
        let between = self.sources.text(range);
        let is_whole = range.start <= child.start && range.end >= child.end;
        (is_whole && !(self.is_flow(container) && between.contains('#'))).then(|| Edit {
            span: range,
            text: String::new(),
        })
    }

    /// The lines that a child of a block is written on, if nothing but the dash of an element stands before it.
    fn lines(&self, child: Span, dash: &str) -> Option<Span> {
        let first = self
            .file
            .line_range(self.file.line_index(child.start as usize));
        let before = self.file.text().get(first.start..child.start as usize)?;
        let mark = if before.starts_with(BYTE_ORDER_MARK) {
            BYTE_ORDER_MARK.len_utf8()
        } else {
            0
        };
        if before.get(mark..)?.trim() != dash {
            return None;
        }
        let last = child.end.saturating_sub(1).max(child.start) as usize;
        let end = self.after_line(last);
        Some(Span {
            file: child.file,
            start: offset(first.start + mark)?,
            end: offset(end)?,
        })
    }

    /// The byte behind the line of another, its line end included.
    fn after_line(&self, at: usize) -> usize {
        let index = self.file.line_index(at);
        if index + 1 < self.file.line_count() {
            self.file.line_range(index + 1).start
        } else {
            self.file.text().len()
        }
    }

    fn is_flow(&self, container: &Value) -> bool {
        self.sources
            .text(container.place.span)
            .starts_with(['{', '['])
    }

    /// An entry as it is written, if that is one line without anchors and aliases.
    fn one_line(&self, entry: &MappingEntry) -> Option<String> {
        let span = entry_span(entry)?;
        let text = self.sources.text(span);
        let is_plain = !text.contains(['\n', '&', '*', '|', '>']);
        is_plain.then(|| text.to_owned())
    }

    /// The first entry of a mapping and the blanks before it; none where it is not written as a block.
    fn indent<'v>(&self, mapping: &'v Value) -> Option<(&str, &'v MappingEntry)> {
        let first = mapping.entries().first()?;
        let key = first.key.place.span.start as usize;
        let line = self.file.line_range(self.file.line_index(key));
        let before = self.file.text().get(line.start..key)?;
        let is_block = before.trim().is_empty() && !self.is_flow(mapping);
        is_block.then_some((before, first))
    }

    /// Inserts lines above the one of a key.
    fn line_before(&self, key: Span, lines: &[String]) -> Edit {
        let line = self
            .file
            .line_range(self.file.line_index(key.start as usize));
        let end = self.line_end();
        Edit {
            span: at(key.file, line.start),
            text: lines.join(end) + end,
        }
    }

    /// Inserts lines below the last one of an entry.
    fn line_after(&self, entry: &MappingEntry, lines: &[String]) -> Option<Edit> {
        let span = entry_span(entry)?;
        let behind = self.after_line(span.end.saturating_sub(1).max(span.start) as usize);
        let end = self.line_end();
        let has_end = self.file.text().get(..behind)?.ends_with('\n');
        let text = lines.join(end);
        Some(Edit {
            span: at(span.file, behind),
            text: if has_end {
                text + end
            } else {
                format!("{end}{text}")
            },
        })
    }

    /// The line end of the file.
    fn line_end(&self) -> &'static str {
        if self.file.text().contains("\r\n") {
            "\r\n"
        } else {
            "\n"
        }
    }
}

/// Finds the entry whose key, or the element that, is written at some bytes; whether it is there.
fn find<'v>(value: &'v Value, span: Span, trail: &mut Vec<Step<'v>>) -> bool {
    let mut search = |index: usize, own: Span, below: &'v Value| {
        trail.push((value, index));
        let found = own == span || find(below, span, trail);
        if !found {
            trail.pop();
        }
        found
    };
    match &value.node {
        Node::Scalar(_) => false,
        Node::Sequence(items) => items
            .iter()
            .enumerate()
            .any(|(index, item)| search(index, item.place.span, item)),
        Node::Mapping(Mapping { entries, .. }) => entries
            .iter()
            .enumerate()
            .any(|(index, entry)| search(index, entry.key.place.span, &entry.value)),
    }
}

/// How many children a mapping or list has.
fn count(container: &Value) -> usize {
    container.entries().len() + container.items().len()
}

/// The entry that a step leads to.
fn child_entry<'v>((container, index): &Step<'v>) -> Option<&'v MappingEntry> {
    container.entries().get(*index)
}

/// The bytes of a child.
fn child_span(container: &Value, index: usize) -> Option<Span> {
    match container.entries().get(index) {
        Some(entry) => entry_span(entry),
        None => container.items().get(index).map(|item| item.place.span),
    }
}

/// The bytes of an entry; none where its value is written elsewhere, as an alias is.
fn entry_span(entry: &MappingEntry) -> Option<Span> {
    let (key, value) = (entry.key.place.span, entry.value.place.span);
    if value.start == value.end {
        return Some(key); // where nothing is written, its place may be that of what follows
    }
    let is_here = key.file == value.file && value.start >= key.end;
    is_here.then_some(Span {
        end: value.end,
        ..key
    })
}

/// An empty span.
fn at(file: FileId, byte: usize) -> Span {
    let byte = offset(byte).unwrap_or(u32::MAX);
    Span::new(file, byte, byte)
}

fn offset(byte: usize) -> Option<u32> {
    u32::try_from(byte).ok()
}
