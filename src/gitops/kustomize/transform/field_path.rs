//! Field paths of replacements, such as `spec.containers.[name=web].image` or `spec.hosts.*`.

use regex::Regex;

use super::write::child_mut;
use crate::source::{Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Value};

/// A field path.
#[derive(Clone, Debug)]
pub(super) struct FieldPath {
    parts: Vec<Part>,
}

/// One part of a field path.
#[derive(Clone, Debug)]
enum Part {
    /// A key.
    Key(Box<str>),
    /// An element by its position.
    Index(usize),
    /// The elements with a field of some text, or the scalars of some text.
    Matching { field: Box<str>, text: Box<str> },
    /// Every element.
    Every,
}

/// Why a path leads nowhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Miss {
    /// There is no such field.
    NotFound,
    /// It leads into a text that is YAML or JSON itself.
    IntoText,
}

/// What is made at the end of a path where it is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Leaf {
    /// A scalar.
    Scalar,
    /// A sequence.
    Sequence,
    /// A mapping.
    Mapping,
}

impl FieldPath {
    /// Splits a path at its dots; `\.` is a dot in a key, and so is one between brackets.
    pub(super) fn parse(path: &str) -> Self {
        let mut parts: Vec<Part> = Vec::new();
        let mut pieces = split(path).into_iter();
        while let Some(piece) = pieces.next() {
            if !piece.starts_with('[') || piece.ends_with(']') {
                parts.push(part(&piece));
                continue;
            }
            let mut bracketed = piece;
            for next in pieces.by_ref() {
                bracketed.push('.');
                bracketed.push_str(&next);
                if next.ends_with(']') {
                    break;
                }
            }
            if bracketed.contains('=') {
                parts.push(part(&bracketed));
            } else {
                let key = bracketed.trim_matches(['[', ']']);
                parts.push(Part::Key(key.into()));
            }
        }
        Self { parts }
    }

    /// The value at a path without wildcards.
    pub(super) fn get<'v>(&self, root: &'v Value) -> Option<&'v Value> {
        self.parts.iter().try_fold(root, |value, part| match part {
            Part::Key(key) => value.get(key),
            Part::Index(index) => value.items().get(*index),
            Part::Matching { field, text } => value
                .items()
                .iter()
                .find(|item| texts(item, field) == Some(&**text)),
            Part::Every => None,
        })
    }

    /// Visits every value at the path. What is missing is made as `made` says, with the given place.
    pub(super) fn visit(
        &self,
        root: &mut Value,
        made: Option<Leaf>,
        place: Place,
        visit: &mut dyn FnMut(&mut Value),
    ) -> Result<(), Miss> {
        let mut walk = Walk {
            made,
            place,
            count: 0,
            visit,
        };
        walk.descend(root, &self.parts)?;
        if walk.count == 0 {
            return Err(Miss::NotFound);
        }
        Ok(())
    }
}

/// A walk down a path.
struct Walk<'w> {
    made: Option<Leaf>,
    place: Place,
    count: usize,
    visit: &'w mut dyn FnMut(&mut Value),
}

impl Walk<'_> {
    fn descend(&mut self, value: &mut Value, parts: &[Part]) -> Result<(), Miss> {
        let Some((part, rest)) = parts.split_first() else {
            self.count += 1;
            (self.visit)(value);
            return Ok(());
        };
        match part {
            Part::Key(key) => self.key(value, key, rest),
            Part::Index(index) => {
                let made = self.made.map(|leaf| next_kind(rest, leaf));
                let items = items_mut(value).ok_or(Miss::NotFound)?;
                if let (Some(kind), true) = (made, items.len() == *index) {
                    items.push(empty(kind, self.place));
                }
                let item = items.get_mut(*index).ok_or(Miss::NotFound)?;
                self.descend(item, rest)
            }
            Part::Matching { field, text } => self.matching(value, field, text, rest),
            Part::Every => {
                for item in items_mut(value).ok_or(Miss::NotFound)? {
                    self.descend(item, rest)?;
                }
                Ok(())
            }
        }
    }

    fn key(&mut self, value: &mut Value, key: &str, rest: &[Part]) -> Result<(), Miss> {
        if child_mut(value, key).is_none() {
            let Some(leaf) = self.made else {
                return Ok(());
            };
            let Node::Mapping(mapping) = &mut value.node else {
                return Err(Miss::NotFound);
            };
            mapping.entries.push(MappingEntry {
                key: Spanned::new(key.into(), self.place),
                value: empty(next_kind(rest, leaf), self.place),
            });
        }
        let next = child_mut(value, key).ok_or(Miss::NotFound)?;
        if !rest.is_empty() && next.as_text().is_some() {
            return Err(Miss::IntoText);
        }
        self.descend(next, rest)
    }

    fn matching(
        &mut self,
        value: &mut Value,
        field: &str,
        text: &str,
        rest: &[Part],
    ) -> Result<(), Miss> {
        let pattern = Regex::new(text).map_err(|_| Miss::NotFound)?;
        let place = self.place;
        let items = items_mut(value).ok_or(Miss::NotFound)?;
        let fits = |item: &Value| texts(item, field).is_some_and(|text| pattern.is_match(text));
        if self.made.is_some() && !items.iter().any(fits) {
            items.push(matching_item(field, text, place));
        }
        for item in items.iter_mut().filter(|item| fits(item)) {
            self.descend(item, rest)?;
        }
        Ok(())
    }
}

/// An element that a part of a path is about.
fn matching_item(field: &str, text: &str, place: Place) -> Value {
    let scalar = Value {
        place,
        node: Node::Scalar(Scalar {
            text: text.into(),
            style: ScalarStyle::Plain,
        }),
    };
    if field.is_empty() {
        return scalar;
    }
    let entry = MappingEntry {
        key: Spanned::new(field.into(), place),
        value: scalar,
    };
    Value {
        place,
        node: Node::Mapping(Mapping {
            entries: vec![entry],
            ..Mapping::default()
        }),
    }
}

/// The text of a field of an element, or of the element itself.
fn texts<'v>(item: &'v Value, field: &str) -> Option<&'v str> {
    if field.is_empty() {
        item.as_text()
    } else {
        item.get(field)?.as_text()
    }
}

fn items_mut(value: &mut Value) -> Option<&mut Vec<Value>> {
    match &mut value.node {
        Node::Sequence(items) => Some(items),
        Node::Scalar(_) | Node::Mapping(_) => None,
    }
}

/// What is made for a part of a path, by what follows.
fn next_kind(rest: &[Part], leaf: Leaf) -> Leaf {
    match rest.first() {
        None | Some(Part::Every) => leaf,
        Some(Part::Index(_) | Part::Matching { .. }) => Leaf::Sequence,
        Some(Part::Key(_)) => Leaf::Mapping,
    }
}

fn empty(kind: Leaf, place: Place) -> Value {
    let node = match kind {
        Leaf::Scalar => Node::Scalar(Scalar {
            text: Box::default(),
            style: ScalarStyle::Plain,
        }),
        Leaf::Sequence => Node::Sequence(Vec::new()),
        Leaf::Mapping => Node::Mapping(Mapping::default()),
    };
    Value { place, node }
}

/// Reads one part.
fn part(piece: &str) -> Part {
    let inner = piece
        .strip_prefix('[')
        .and_then(|piece| piece.strip_suffix(']'));
    if let Some((field, text)) = inner.and_then(|inner| inner.split_once('=')) {
        return Part::Matching {
            field: field.into(),
            text: text.into(),
        };
    }
    match piece {
        "*" => Part::Every,
        _ => piece
            .parse()
            .map_or_else(|_| Part::Key(piece.into()), Part::Index),
    }
}

/// Splits at dots that are not escaped.
fn split(path: &str) -> Vec<String> {
    let mut pieces = vec![String::new()];
    let mut characters = path.chars().peekable();
    while let Some(character) = characters.next() {
        let escapes = character == '\\' && characters.peek() == Some(&'.');
        if escapes {
            characters.next();
        }
        match (character, escapes, pieces.last_mut()) {
            ('.', false, _) => pieces.push(String::new()),
            (_, true, Some(piece)) => piece.push('.'),
            (other, false, Some(piece)) => piece.push(other),
            (_, _, None) => {}
        }
    }
    if pieces.first().is_some_and(String::is_empty) {
        pieces.remove(0);
    }
    pieces
}
