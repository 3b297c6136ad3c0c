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
                removed: Vec::new(),
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

#[cfg(test)]
mod tests {
    use crate::yaml::testing::{FILE, content, file, outline, root, slice};
    use crate::yaml::{ProblemKind, ReadOptions, Value, read};

    #[test]
    fn aliases_and_merges_are_resolved() {
        let cases = [
            ("a: &x {b: 1}\nc: *x", r#"{a: {b: "1"}, c: {b: "1"}}"#),
            ("- &x 1\n- &x 2\n- *x", r#"["1", "2", "2"]"#),
            ("- &x k\n- *x : 1", r#"["k", {k: "1"}]"#),
            ("x: &x\ny: *x", "{x: null, y: null}"),
            (
                "a: &a {k: 1}\nb:\n  k: 2\n  <<: *a",
                r#"{a: {k: "1"}, b: {k: "1", k: "2"}}"#,
            ),
            (
                "a: &a {k: 1}\nb: &b {k: 2, l: 2}\nc: {<<: [*a, *b]}",
                r#"{a: {k: "1"}, b: {k: "2", l: "2"}, c: {k: "2", l: "2", k: "1"}}"#,
            ),
            (
                "a: &a {k: 1}\nb: &b {<<: *a}\nc: {<<: *b}",
                r#"{a: {k: "1"}, b: {k: "1"}, c: {k: "1"}}"#,
            ),
            (r#"{"<<": {a: 1}}"#, r#"{<<: {a: "1"}}"#),
            ("<<: 1", r#"{<<: "1"}"#),
            ("<<: [{a: 1}, 2]", r#"{<<: [{a: "1"}, "2"]}"#),
            ("{a: 1, a: 2}", r#"{a: "1", a: "2"}"#),
            ("{[a, b]: 1, {c: d}: 2}", r#"{: "1", : "2"}"#),
        ];
        for (text, expected) in cases {
            assert_eq!(outline(&root(text)), expected, "{text:?}");
        }
    }

    #[test]
    fn a_look_up_finds_own_keys_before_merged_ones_and_the_first_merge_before_the_second() {
        let text = "a: &a {k: 1}\nb: &b {k: 2, l: 2}\nc: {l: 3, <<: [*a, *b]}";
        let root = root(text);
        let value = |key| root.at(&["c", key]).and_then(Value::as_integer);
        assert_eq!((value("k"), value("l")), (Some(1), Some(3)));
    }

    #[test]
    fn nodes_of_an_alias_keep_the_place_of_the_anchor() {
        let text = "a: &x {b: 1}\nc: *x";
        let root = root(text);
        assert_eq!(root.at(&["a"]), root.at(&["c"]));
        let span = root.at(&["c"]).map(|value| value.place.span);
        assert_eq!(span.map(|span| slice(text, span)), Some("{b: 1}"));
    }

    #[test]
    fn bad_aliases_are_problems_of_their_document_only() {
        let cases = [
            ("a: *x\n", "*x"),
            ("a: &x [*x]\n", "*x"),
            ("a: &x {b: {c: *x}}\n", "*x"),
        ];
        for (text, place) in cases {
            let text = format!("{text}---\nfine: 1\n");
            let content = content(&text);
            assert_eq!(content.documents.len(), 1, "{text:?}");
            assert_eq!(content.problems.len(), 1, "{text:?}");
            assert_eq!(content.problems[0].kind, ProblemKind::Syntax);
            assert_eq!(slice(&text, content.problems[0].span), place, "{text:?}");
        }
    }

    #[test]
    fn a_bomb_of_aliases_is_a_problem() {
        let levels = (1..64).map(|level| {
            let below = level - 1;
            format!("a{level}: &a{level} [*a{below}, *a{below}]\n")
        });
        let text = format!("a0: &a0 [x, x, x]\n{}", levels.collect::<String>());
        let content = content(&text);
        assert_eq!(content.documents.len(), 0);
        assert_eq!(content.problems[0].kind, ProblemKind::AliasBudget);
    }

    #[test]
    fn aliases_of_long_texts_cost_more() {
        let text = format!("a: &a {}\nb: [*a, *a]\n", "x".repeat(64_000));
        assert_eq!(content(&text).problems[0].kind, ProblemKind::AliasBudget);
    }

    #[test]
    fn the_budget_is_one_of_the_file() {
        let document = format!("a: &a [{}]\nb: *a\n", "x, ".repeat(600));
        let content = content(&format!("{document}---\n{document}---\nc: 1\n"));
        let kept: Vec<usize> = content.documents.iter().map(|doc| doc.index).collect();
        assert_eq!(kept, [0, 2]);
        assert_eq!(content.problems[0].kind, ProblemKind::AliasBudget);
    }

    #[test]
    fn a_chain_of_aliases_in_keys_cannot_nest_without_bound() {
        let levels = (1..900).map(|level| format!("? &a{level} [*a{}]\n: 1\n", level - 1));
        let text = format!("? &a0 [x]\n: 1\n{}", levels.collect::<String>());
        let options = ReadOptions {
            prefilter: false,
            alias_budget: usize::MAX,
        };
        let content = read(FILE, &file(&text), options);
        assert_eq!(content.problems[0].kind, ProblemKind::AliasBudget);
    }
}
