//! The nodes of a document in the order of the text, before aliases and merges are resolved.

use std::borrow::Cow;
use std::ops::Range;

use super::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Value};
use crate::source::{Place, Spanned};

/// The deepest tree that is built; above it values are walked and dropped by recursion.
pub(super) const MAX_HEIGHT: usize = 512;

/// The bytes of text that weigh as much as one node, so that aliases of long texts are limited too.
const BYTES_PER_NODE: usize = 64;

/// The nodes of one document; the first is its root.
#[derive(Debug, Default)]
pub(super) struct Tape<'t> {
    nodes: Vec<TapeNode<'t>>,
}

/// A node and the size of what it becomes.
#[derive(Debug)]
pub(super) struct TapeNode<'t> {
    /// The bytes in the parsed text.
    pub(super) range: Range<usize>,
    /// What it is.
    pub(super) kind: TapeKind<'t>,
    /// The index just after its last descendant; `None` while the collection is open.
    next: Option<usize>,
    /// How large it and its descendants are with all aliases expanded.
    weight: usize,
    /// How deep it and its descendants are with all aliases expanded.
    height: usize,
}

/// What a node of a tape is.
#[derive(Debug)]
pub(super) enum TapeKind<'t> {
    /// A scalar; of null the text is empty or `~`.
    Scalar {
        /// The text after unquoting and unfolding.
        text: Cow<'t, str>,
        /// How it is written.
        style: ScalarStyle,
    },
    /// A sequence; its elements follow.
    Sequence,
    /// A mapping; keys and values follow in turn.
    Mapping {
        /// Whether it is written as `{…}`.
        flow: bool,
    },
    /// The same as the node at an index before this one.
    Alias(usize),
}

impl<'t> Tape<'t> {
    /// Adds a node after all others; a collection stays open.
    pub(super) fn push(&mut self, range: Range<usize>, kind: TapeKind<'t>) -> usize {
        let index = self.nodes.len();
        let (next, weight, height) = match &kind {
            TapeKind::Scalar { text, .. } => (Some(index + 1), 1 + text.len() / BYTES_PER_NODE, 1),
            TapeKind::Alias(target) => {
                let target = self.node(*target);
                (Some(index + 1), target.weight, target.height)
            }
            TapeKind::Sequence | TapeKind::Mapping { .. } => (None, 1, 1),
        };
        self.nodes.push(TapeNode {
            range,
            kind,
            next,
            weight,
            height,
        });
        index
    }

    /// Ends an open collection: all nodes after it are its descendants.
    pub(super) fn close(&mut self, index: usize, end: usize) {
        let (mut weight, mut height) = (1_usize, 1_usize);
        for child in self.children(index).map(|child| self.node(child)) {
            weight = weight.saturating_add(child.weight);
            height = height.max(child.height.saturating_add(1));
        }
        let next = self.nodes.len();
        if let Some(node) = self.nodes.get_mut(index) {
            node.next = Some(next);
            node.range.end = end.max(node.range.start);
            node.weight = weight;
            node.height = height;
        }
    }

    /// Whether a collection has been ended; a scalar always has.
    pub(super) fn is_closed(&self, index: usize) -> bool {
        self.node(index).next.is_some()
    }

    /// How large a node and its descendants are with all aliases expanded.
    pub(super) fn weight(&self, index: usize) -> usize {
        self.node(index).weight
    }

    /// How deep a node and its descendants are with all aliases expanded.
    pub(super) fn height(&self, index: usize) -> usize {
        self.node(index).height
    }

    /// The tree of the document, `None` if it has no nodes.
    pub(super) fn into_value(self, locate: &dyn Fn(Range<usize>) -> Place) -> Option<Value> {
        let grower = Grower {
            tape: &self,
            locate,
        };
        (!self.nodes.is_empty()).then(|| grower.value(0))
    }

    /// The node at an index that `push` returned.
    fn node(&self, index: usize) -> &TapeNode<'t> {
        self.nodes
            .get(index)
            .expect("indexes come from push, and nodes are never removed")
    }

    /// The children of a collection.
    fn children(&self, index: usize) -> impl Iterator<Item = usize> {
        let end = self.node(index).next.unwrap_or(self.nodes.len());
        let within = move |at: &usize| *at < end;
        std::iter::successors(Some(index + 1).filter(within), move |&child| {
            self.node(child).next.filter(within)
        })
    }
}

/// Turns a tape into a tree; depth and size were checked while the tape was written.
struct Grower<'a, 't> {
    tape: &'a Tape<'t>,
    locate: &'a dyn Fn(Range<usize>) -> Place,
}

impl Grower<'_, '_> {
    /// The tree of a node.
    fn value(&self, index: usize) -> Value {
        let node = self.tape.node(index);
        let built = match &node.kind {
            // The nodes of an alias keep the places they were written at.
            TapeKind::Alias(target) => return self.value(*target),
            TapeKind::Scalar { text, style } => Node::Scalar(Scalar {
                text: (&**text).into(),
                style: *style,
            }),
            TapeKind::Sequence => {
                let items = self.tape.children(index).map(|child| self.value(child));
                Node::Sequence(items.collect())
            }
            TapeKind::Mapping { flow } => Node::Mapping(Mapping {
                entries: self.entries(index),
                flow: *flow,
            }),
        };
        Value {
            place: (self.locate)(node.range.clone()),
            node: built,
        }
    }

    /// The entries of a mapping, merged ones first, so that its own win a look-up.
    fn entries(&self, index: usize) -> Vec<MappingEntry> {
        let (mut merged, mut own) = (Vec::new(), Vec::new());
        let mut children = self.tape.children(index);
        while let (Some(key), Some(value)) = (children.next(), children.next()) {
            let merge = self.is_merge(key).then(|| self.merge(value)).flatten();
            if let Some(entries) = merge {
                merged.extend(entries);
                continue;
            }
            own.push(MappingEntry {
                key: self.key(key),
                value: self.value(value),
            });
        }
        merged.extend(own);
        merged
    }

    /// The text of a key, empty if it is not a scalar.
    fn key(&self, index: usize) -> Spanned<Box<str>> {
        let text = match &self.tape.node(self.target(index)).kind {
            TapeKind::Scalar { text, .. } => &**text,
            TapeKind::Sequence | TapeKind::Mapping { .. } | TapeKind::Alias(_) => "",
        };
        let place = (self.locate)(self.tape.node(index).range.clone());
        Spanned::new(text.into(), place)
    }

    /// Whether a key is the `<<` of a merge, which is plain.
    fn is_merge(&self, key: usize) -> bool {
        matches!(
            &self.tape.node(key).kind,
            TapeKind::Scalar { text, style: ScalarStyle::Plain } if text == "<<"
        )
    }

    /// The entries that a merge brings: of a mapping, or of a list of mappings where the first wins.
    fn merge(&self, value: usize) -> Option<Vec<MappingEntry>> {
        let value = self.target(value);
        match &self.tape.node(value).kind {
            TapeKind::Mapping { .. } => Some(self.entries(value)),
            TapeKind::Sequence => {
                let sources: Vec<usize> = self.tape.children(value).collect();
                let mut merged = Vec::new();
                for source in sources.into_iter().rev() {
                    let source = self.target(source);
                    let TapeKind::Mapping { .. } = self.tape.node(source).kind else {
                        return None;
                    };
                    merged.extend(self.entries(source));
                }
                Some(merged)
            }
            TapeKind::Scalar { .. } | TapeKind::Alias(_) => None,
        }
    }

    /// The node that an alias stands for; any other node stands for itself.
    fn target(&self, index: usize) -> usize {
        match self.tape.node(index).kind {
            TapeKind::Alias(target) => target,
            TapeKind::Scalar { .. } | TapeKind::Sequence | TapeKind::Mapping { .. } => index,
        }
    }
}
