//! The collections that are open while a document is parsed.

/// A collection whose end is not reached.
pub(super) struct Collection {
    /// Its node on the tape.
    pub(super) node: usize,
    /// How its children are separated.
    pub(super) kind: CollectionKind,
    /// How many children it has so far.
    pub(super) children: usize,
}

/// What decides how the children of a collection are separated.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum CollectionKind {
    /// Dashes.
    BlockSequence,
    /// Lines with keys.
    BlockMapping,
    /// `[…]`
    FlowSequence,
    /// `{…}`, or one pair between `[` and `]`.
    FlowMapping,
}

impl Collection {
    /// Whether the child counted last is the key of a mapping.
    pub(super) fn is_key(&self) -> bool {
        self.is_mapping() && self.children % 2 == 1
    }

    /// Whether the child counted last is the value of a mapping.
    pub(super) fn is_value(&self) -> bool {
        self.is_mapping() && self.children.is_multiple_of(2)
    }

    /// Whether it has keys and values.
    fn is_mapping(&self) -> bool {
        match self.kind {
            CollectionKind::BlockMapping | CollectionKind::FlowMapping => true,
            CollectionKind::BlockSequence | CollectionKind::FlowSequence => false,
        }
    }
}
