//! The one file that names the parser crate: writes its events to a [`Tape`], with the spans put right.

use std::borrow::Cow;
use std::ops::Range;

use granit_parser::{
    ErrorKind, Event, Marker, Options, Parser, ScalarStyle as Style, ScanError, Span as EventSpan,
    StructureStyle, Tag, options,
};
use rustc_hash::FxHashMap;

use super::collection::{Collection, CollectionKind};
use super::colons::Hidden;
use super::failure::Failure;
use super::tape::{MAX_HEIGHT, Tape, TapeKind};
use super::{ProblemKind, ScalarStyle, layout};

/// What came of one document.
#[derive(Debug, Default)]
pub(super) struct Parsed<'t> {
    /// Its nodes, if it was read to its end.
    pub(super) tape: Option<Tape<'t>>,
    /// The bytes of its comments, in order.
    pub(super) comments: Vec<Range<usize>>,
    /// What stopped the parser, in the document or behind it.
    pub(super) failure: Option<Failure>,
}

/// How many nodes aliases may still expand to.
#[derive(Debug)]
pub(super) struct AliasBudget {
    limit: usize,
    used: usize,
}

impl AliasBudget {
    /// A budget of which nothing is used.
    pub(super) fn new(limit: usize) -> Self {
        Self { limit, used: 0 }
    }
}

/// Parses the text of one document.
pub(super) fn parse<'t>(text: &'t str, budget: &mut AliasBudget) -> Parsed<'t> {
    let mut writer = Writer::new(text, budget);
    let failure = match Hidden::new(text) {
        None => writer.write(text, |text| text),
        Some(hidden) => writer.write(&hidden.text, |text| Cow::Owned(hidden.shown(&text))),
    };
    writer.finish(failure.err())
}

/// The settings of the parser; its limits on nesting stay.
fn parser_options() -> Options {
    options! {
        emit_comments: true,
        // By default long comments above the first child of a mapping are an error.
        max_buffered_comment_events: usize::MAX,
        // What go-yaml does, and so `data` of a ConfigMap is what Kubernetes stores.
        block_scalar_eof_without_line_feed: true,
        // An alias without an anchor is reported here, by its name.
        emit_unresolved_aliases: true,
    }
}

/// Writes the events of one document to a tape.
struct Writer<'t, 'b> {
    text: &'t str,
    budget: &'b mut AliasBudget,
    tape: Tape<'t>,
    comments: Vec<Range<usize>>,
    /// The open collections, the innermost last.
    open: Vec<Collection>,
    /// The nodes of anchors, by the number the parser gives them.
    anchors: FxHashMap<usize, usize>,
    /// The end of the last token that belongs to a node.
    cursor: usize,
    /// How many nodes the aliases of this document expand to.
    expanded: usize,
    /// Whether the document has ended.
    is_complete: bool,
}

impl<'t, 'b> Writer<'t, 'b> {
    fn new(text: &'t str, budget: &'b mut AliasBudget) -> Self {
        Self {
            text,
            budget,
            tape: Tape::default(),
            comments: Vec::new(),
            open: Vec::new(),
            anchors: FxHashMap::default(),
            cursor: 0,
            expanded: 0,
            is_complete: false,
        }
    }

    fn finish(mut self, failure: Option<Failure>) -> Parsed<'t> {
        // The comment behind the header of a block scalar comes after the scalar.
        self.comments.sort_unstable_by_key(|comment| comment.start);
        if self.is_complete {
            self.budget.used += self.expanded;
        }
        Parsed {
            tape: self.is_complete.then_some(self.tape),
            comments: self.comments,
            failure,
        }
    }

    /// Writes what the parser makes of a text of the same length, with its words put right by `shown`.
    fn write<'p>(
        &mut self,
        parsed: &'p str,
        shown: impl Fn(Cow<'p, str>) -> Cow<'t, str>,
    ) -> Result<(), Failure> {
        Parser::new_from_str_with_options(parsed, parser_options()).try_for_each(|next| {
            let (event, span) = next.map_err(|error| failure(self.text, &error))?;
            self.event(event, &span, &shown)
        })
    }

    fn event<'p>(
        &mut self,
        event: Event<'p>,
        span: &EventSpan,
        shown: impl Fn(Cow<'p, str>) -> Cow<'t, str>,
    ) -> Result<(), Failure> {
        let range = self.range(span);
        match event {
            Event::DocumentStart(is_explicit, _) => {
                return self.start_document(is_explicit, &range);
            }
            Event::DocumentEnd => self.is_complete = true,
            Event::Scalar(text, style, anchor, tag) => {
                self.scalar(shown(text), style, anchor, tag.as_deref(), range)?;
            }
            Event::SequenceStart(style, anchor, _) => {
                let kind = match style {
                    StructureStyle::Block => CollectionKind::BlockSequence,
                    StructureStyle::Flow => CollectionKind::FlowSequence,
                };
                self.start_collection(kind, anchor, range)?;
            }
            Event::MappingStart(style, anchor, _) => {
                let kind = match style {
                    StructureStyle::Block => CollectionKind::BlockMapping,
                    StructureStyle::Flow => CollectionKind::FlowMapping,
                };
                self.start_collection(kind, anchor, range)?;
            }
            Event::SequenceEnd | Event::MappingEnd => return self.end_collection(range),
            Event::Alias(anchor) => self.alias(anchor, range)?,
            Event::UnresolvedAlias(name) => {
                let message =
                    format!("not valid YAML: no anchor `&{name}` stands before this alias");
                return Err(Failure::syntax(range, message));
            }
            Event::Comment(..) => self.comment(range),
            // The enum may grow; anchors are only sent on request.
            Event::StreamStart | Event::StreamEnd | Event::Anchor(..) | _ => {}
        }
        Ok(())
    }

    fn start_document(&mut self, is_explicit: bool, range: &Range<usize>) -> Result<(), Failure> {
        if self.is_complete {
            let range = layout::word_at(self.text, range.start);
            let message = "not valid YAML: another document starts here without a `---` line";
            return Err(Failure::syntax(range, message.into()));
        }
        if is_explicit {
            self.cursor = range.end;
        }
        Ok(())
    }

    fn comment(&mut self, range: Range<usize>) {
        let text = self.text.get(range.clone()).unwrap_or_default();
        let length = text.trim_end_matches(['\r', '\n']).len();
        self.comments.push(range.start..range.start + length);
    }

    fn scalar(
        &mut self,
        text: Cow<'t, str>,
        style: Style,
        anchor: usize,
        tag: Option<&Tag>,
        range: Range<usize>,
    ) -> Result<(), Failure> {
        self.start_node(range.start)?;
        let is_tagged = |name| tag.is_some_and(|tag| tag.is_yaml_core_schema_tag(name));
        let is_string = is_tagged("str");
        let is_other = ["int", "float", "bool", "null"].into_iter().any(is_tagged);
        let is_absent = range.is_empty() && style == Style::Plain;
        let range = match style {
            Style::Plain if is_absent => self.absent(range.start, anchor != 0 || tag.is_some()),
            Style::Plain | Style::SingleQuoted | Style::DoubleQuoted => range,
            Style::Literal | Style::Folded => {
                let header = layout::find_indicator(self.text, self.cursor, range.start, b"|>");
                layout::block_scalar(self.text, header.unwrap_or(range.start), range.end)
            }
        };
        let style = match style {
            Style::Plain if is_string => ScalarStyle::Quoted,
            Style::Plain => ScalarStyle::Plain,
            // Quotes do not matter where a tag says what is in them.
            Style::SingleQuoted | Style::DoubleQuoted if is_other => ScalarStyle::Plain,
            Style::SingleQuoted | Style::DoubleQuoted => ScalarStyle::Quoted,
            Style::Literal | Style::Folded => ScalarStyle::Block,
        };
        // The parser gives `~` for a value that is not written.
        let text = if is_absent { Cow::Borrowed("") } else { text };
        self.cursor = self.cursor.max(range.end);
        let node = self.tape.push(range, TapeKind::Scalar { text, style });
        self.anchors.extend((anchor != 0).then_some((anchor, node)));
        Ok(())
    }

    /// The place of a value that is not written.
    fn absent(&self, at: usize, has_properties: bool) -> Range<usize> {
        let at = match self.open.last() {
            _ if has_properties => at,
            Some(parent) if parent.is_value() => layout::after_colon(self.text, at),
            Some(parent) if parent.kind == CollectionKind::BlockSequence => self.cursor,
            Some(_) | None => at,
        };
        at..at
    }

    fn start_collection(
        &mut self,
        kind: CollectionKind,
        anchor: usize,
        range: Range<usize>,
    ) -> Result<(), Failure> {
        self.start_node(range.start)?;
        let is_key = self.open.last().is_some_and(Collection::is_key);
        let (tape_kind, start) = match kind {
            CollectionKind::BlockSequence => {
                let dash = layout::find_indicator(self.text, self.cursor, range.start, b"-");
                (TapeKind::Sequence, dash.unwrap_or(range.start))
            }
            CollectionKind::FlowSequence => (TapeKind::Sequence, range.start),
            CollectionKind::BlockMapping => (TapeKind::Mapping { flow: false }, range.start),
            CollectionKind::FlowMapping => {
                self.check_template(is_key, range.start)?;
                (TapeKind::Mapping { flow: true }, range.start)
            }
        };
        let is_flow = matches!(
            kind,
            CollectionKind::FlowSequence | CollectionKind::FlowMapping
        );
        if is_flow {
            self.cursor = self.cursor.max(range.end);
        }
        let node = self.tape.push(start..start, tape_kind);
        self.anchors.extend((anchor != 0).then_some((anchor, node)));
        self.open.push(Collection {
            node,
            kind,
            children: 0,
        });
        Ok(())
    }

    /// Refuses `{{ x }}` where it happens to be YAML, a mapping as the key of a mapping, which Kubernetes refuses as well.
    fn check_template(&self, is_key: bool, start: usize) -> Result<(), Failure> {
        let mark = start.saturating_sub(1)..start + 1;
        if is_key && self.text.get(mark.clone()) == Some("{{") {
            return Err(Failure::syntax(
                mark,
                "not valid YAML: a mapping as a key".into(),
            ));
        }
        Ok(())
    }

    fn end_collection(&mut self, range: Range<usize>) -> Result<(), Failure> {
        let Some(ended) = self.open.pop() else {
            return Ok(());
        };
        // Only brackets are written; a block ends with its last child, which set the cursor.
        if !range.is_empty() {
            self.cursor = self.cursor.max(range.end);
        }
        self.tape.close(ended.node, self.cursor);
        if self.tape.height(ended.node) > MAX_HEIGHT {
            let range = layout::word_at(self.text, range.start);
            let message = format!("its aliases nest more than {MAX_HEIGHT} levels deep");
            return Err(Failure {
                kind: ProblemKind::AliasBudget,
                range,
                message,
            });
        }
        Ok(())
    }

    fn alias(&mut self, anchor: usize, range: Range<usize>) -> Result<(), Failure> {
        self.start_node(range.start)?;
        let target = self.anchors.get(&anchor).copied();
        let Some(target) = target.filter(|&target| self.tape.is_closed(target)) else {
            let message = "not valid YAML: an alias inside the node it stands for";
            return Err(Failure::syntax(range, message.into()));
        };
        self.expanded = self.expanded.saturating_add(self.tape.weight(target));
        if self.budget.used.saturating_add(self.expanded) > self.budget.limit {
            return Err(Failure {
                kind: ProblemKind::AliasBudget,
                range,
                message: format!("aliases expand to more than {} nodes", self.budget.limit),
            });
        }
        self.cursor = self.cursor.max(range.end);
        self.tape.push(range, TapeKind::Alias(target));
        Ok(())
    }

    /// Counts a node as a child, steps over its dash and refuses a tab before it.
    fn start_node(&mut self, start: usize) -> Result<(), Failure> {
        let parent = self.open.last_mut().map(|parent| {
            parent.children += 1;
            parent.kind
        });
        let mut first = start;
        match parent {
            // Between brackets tabs may be anywhere.
            Some(CollectionKind::FlowSequence | CollectionKind::FlowMapping) => return Ok(()),
            Some(CollectionKind::BlockSequence) => {
                if let Some(dash) = layout::find_indicator(self.text, self.cursor, start, b"-") {
                    self.cursor = dash + 1;
                    first = dash;
                }
            }
            Some(CollectionKind::BlockMapping) | None => {}
        }
        let tab = layout::tab_before(self.text, first);
        tab.map_or(Ok(()), |tab| {
            let message = "not valid YAML: a tab is used as indentation";
            Err(Failure::syntax(tab..tab + 1, message.into()))
        })
    }

    /// The bytes of an event.
    fn range(&self, span: &EventSpan) -> Range<usize> {
        let start = offset(self.text, &span.start);
        start..offset(self.text, &span.end).max(start)
    }
}

/// The byte offset of a marker, on a character boundary.
fn offset(text: &str, marker: &Marker) -> usize {
    layout::boundary(text, marker.byte_offset().unwrap_or(text.len()))
}

/// The parser's error, in words and with something to point at.
fn failure(text: &str, error: &ScanError) -> Failure {
    let range = layout::word_at(text, offset(text, error.marker()));
    Failure::syntax(range, format!("not valid YAML: {}", reason(error.kind())))
}

/// Why the parser stopped; its own words where they are plain enough.
fn reason(kind: &ErrorKind) -> Cow<'static, str> {
    let words = match kind {
        ErrorKind::ExpectedBlockMappingKey => "a key is expected here; is the indentation right?",
        ErrorKind::ExpectedBlockSequenceEntry => {
            "another `-` is expected here; is the indentation right?"
        }
        ErrorKind::MappingValueNotAllowed => {
            "a `:` is not allowed here; is the indentation right, or are quotes missing?"
        }
        ErrorKind::SimpleKeyExpected | ErrorKind::InvalidSimpleKey => "a key without its `:`",
        ErrorKind::UnclosedQuotedScalar => "this quote is never closed",
        ErrorKind::ExpectedDocumentStart => "nothing may follow here but another document",
        ErrorKind::RecursionLimitExceeded => "nested too deeply",
        ErrorKind::TabNotAllowed
        | ErrorKind::TabInBlockIndentation
        | ErrorKind::TabInIndentation
        | ErrorKind::TabInPlainScalar => "a tab is used as indentation",
        _ => return Cow::Owned(cleaned(&kind.to_string())),
    };
    Cow::Borrowed(words)
}

/// The parser's words without their preamble, such as `while scanning a tag, `.
fn cleaned(words: &str) -> String {
    let rest = words
        .strip_prefix("while ")
        .and_then(|rest| rest.split_once(", "))
        .map_or(words, |(_, rest)| rest);
    rest.trim_end_matches('.').to_lowercase()
}

#[cfg(test)]
mod tests {
    use crate::yaml::testing::{content, outline, root, slice};
    use crate::yaml::{Mapping, ProblemKind, Value};

    /// The bytes of the value of `a`.
    fn written(text: &str) -> &str {
        let root = root(text);
        let entry = root.entry("a").expect("the text has a key `a`");
        slice(text, entry.value.place.span)
    }

    #[test]
    fn places_cover_what_is_written() {
        let cases = [
            ("a: b # c\n", "b"),
            ("a: 'b'\n", "'b'"),
            ("a: \"b\n  c\"\n", "\"b\n  c\""),
            ("a: b\n  c\n\nd: e\n", "b\n  c"),
            ("a: !!str b\n", "b"),
            ("a: |\n  b\n  c\n\n\nd: e\n", "|\n  b\n  c"),
            ("a: |\r\n  b\r\n\r\nd: e\r\n", "|\r\n  b"),
            ("a: &x !!str >- # why\n  b\n# c\nd: e\n", ">- # why\n  b"),
            ("a: |\nd: e\n", "|"),
            ("a: |", "|"),
            ("a: # c\n  |+2\n   b\n\n", "|+2\n   b"),
            ("a:\n  b: 1\n  c: 2 # d\n\ne: 3\n", "b: 1\n  c: 2"),
            ("a: &x\n  b: 1\n  c:\n\ne: 3\n", "b: 1\n  c:"),
            ("a:\n- 1\n- 2\n\nd: e\n", "- 1\n- 2"),
            ("a: &x # - c\n  - -1\n  - 2\n", "- -1\n  - 2"),
            ("a:\n- # c - d\n  - 1\n- - 2\n", "- # c - d\n  - 1\n- - 2"),
            ("a:\n- 1\n-\n", "- 1\n-"),
            ("a:\n- b: |\n    c\n\n- d\n", "- b: |\n    c\n\n- d"),
            ("a: [1, {b: c},\n]\n", "[1, {b: c},\n]"),
            ("a: {b: 1\n  }\n", "{b: 1\n  }"),
            ("a: []\n", "[]"),
        ];
        for (text, expected) in cases {
            assert_eq!(written(text), expected, "{text:?}");
        }
    }

    #[test]
    fn items_of_sequences_have_their_own_places() {
        let text = "- - |\n    a\n  - - b\n- |\n  c\n-  # d\n- - e\n-\n- &x\n  - f\n";
        let root = root(text);
        let items: Vec<&str> = root
            .items()
            .iter()
            .map(|item| slice(text, item.place.span))
            .collect();
        let first = "- |\n    a\n  - - b";
        assert_eq!(items, [first, "|\n  c", "", "- e", "", "- f"]);
        let inner: Vec<&str> = root.items()[0]
            .items()
            .iter()
            .map(|item| slice(text, item.place.span))
            .collect();
        assert_eq!(inner, ["|\n    a", "- b"]);
    }

    #[test]
    fn a_value_that_is_not_written_is_null_just_after_its_colon_or_dash() {
        let cases = [
            ("a:\n", 2),
            ("a: # c\nb: 1\n", 2),
            ("\"a\" :\n", 5),
            ("{a: , b: 1}", 3),
            ("{a, b: 1}", 2),
            ("? a\n:\n", 5),
        ];
        for (text, expected) in cases {
            let root = root(text);
            let value = &root.entry("a").expect("a key `a`").value;
            assert!(value.is_null(), "{text:?}");
            let span = value.place.span;
            assert_eq!((span.start, span.end), (expected, expected), "{text:?}");
            assert_eq!(&*value.as_scalar().expect("a scalar").text, "");
        }
    }

    #[test]
    fn keys_cover_their_quotes() {
        let text = "{'a': 1, b: 2, \"c d\" : 3}";
        let keys: Vec<(String, &str)> = root(text)
            .entries()
            .iter()
            .map(|entry| {
                (
                    entry.key.value.to_string(),
                    slice(text, entry.key.place.span),
                )
            })
            .collect();
        let expected = [("a", "'a'"), ("b", "b"), ("c d", "\"c d\"")];
        assert_eq!(keys, expected.map(|(key, token)| (key.to_owned(), token)));
    }

    #[test]
    fn only_braces_make_a_flow_mapping() {
        let cases = [("a: 1", false), ("{a: 1}", true)];
        for (text, expected) in cases {
            let root = root(text);
            assert_eq!(root.as_mapping().map(|m: &Mapping| m.flow), Some(expected));
        }
    }

    #[test]
    fn the_tag_of_strings_makes_a_string() {
        let root = root("- !!str 1\n- !!str\n- ! 1\n- !mine 1\n");
        let strings: Vec<Option<&str>> = root.items().iter().map(Value::as_str).collect();
        assert_eq!(strings, [Some("1"), Some(""), None, None]);
    }

    #[test]
    fn tags_of_numbers_and_booleans_beat_quotes() {
        let root = root("- !!int \"5\"\n- !!bool 'true'\n- !!str 'true'\n");
        let items = root.items();
        assert_eq!(items[0].as_integer(), Some(5));
        assert_eq!(items[1].as_bool(), Some(true));
        assert_eq!(items[2].as_str(), Some("true"));
    }

    #[test]
    fn crlf_gives_the_same_tree() {
        let text = "a:\n- b: |\n    c\n    d\n- >-\n  e\n  f\n- 'g\n\n  h'\nb: {c: d}\n";
        let crlf = text.replace('\n', "\r\n");
        assert_eq!(outline(&root(&crlf)), outline(&root(text)));
    }

    #[test]
    fn the_end_of_the_file_adds_no_line_end_to_a_block() {
        assert_eq!(
            root("a: |\n  b").get("a").and_then(Value::as_str),
            Some("b")
        );
        assert_eq!(
            root("a: |\n  b\n").get("a").and_then(Value::as_str),
            Some("b\n")
        );
    }

    #[test]
    fn syntax_problems_say_what_and_point_at_it() {
        let cases = [
            ("\ta: 1", "\t", "a tab is used as indentation"),
            ("a:\n\tb: 1", "b:", "a tab is used as indentation"),
            (" \t- a", "\t", "a tab is used as indentation"),
            ("\t{a: 1}", "\t", "a tab is used as indentation"),
            (
                "a: 1\n b: 2",
                ":",
                "a `:` is not allowed here; is the indentation right, or are quotes missing?",
            ),
            (
                "a: |\n  b\n c",
                "c",
                "a key is expected here; is the indentation right?",
            ),
            ("a: {\n\n", "{", "unclosed bracket '{'"),
            ("a: \"b\nc", "\"b", "this quote is never closed"),
            ("a: 1\nb\n", "b", "a key without its `:`"),
            ("a: @b", "@b", "unexpected character: `@'"),
            (
                "{\"a\": 1}{\"b\": 2}",
                "{\"b\":",
                "nothing may follow here but another document",
            ),
        ];
        for (text, place, reason) in cases {
            let problems = content(text).problems;
            assert_eq!(problems.len(), 1, "{text:?}");
            assert_eq!(problems[0].kind, ProblemKind::Syntax, "{text:?}");
            assert_eq!(problems[0].message, format!("not valid YAML: {reason}"));
            assert_eq!(slice(text, problems[0].span), place, "{text:?}");
        }
    }

    #[test]
    fn tabs_that_go_yaml_accepts_are_accepted() {
        for text in [
            "{\n\t\"a\": 1\n}",
            "a:\tb\n",
            "a: |\n  b\n  \tc\n",
            "-\ta\n",
        ] {
            assert_eq!(content(text).problems, [], "{text:?}");
        }
    }

    #[test]
    fn deep_nesting_is_a_problem() {
        for text in ["[".repeat(10_000), "- ".repeat(10_000)] {
            let problems = content(&text).problems;
            assert_eq!(problems[0].message, "not valid YAML: nested too deeply");
        }
    }

    #[test]
    fn the_deepest_tree_that_is_accepted_is_walked_safely() {
        let text = format!("{}{}{}", "- ".repeat(250), "[".repeat(250), "]".repeat(250));
        let root = root(&text);
        assert_eq!(root.clone(), root);
    }

    #[test]
    fn many_comments_above_a_child_are_no_problem() {
        let text = format!("a:\n{}  b: 1\n", "  # c\n".repeat(1000));
        let content = content(&text);
        assert_eq!(content.problems, []);
        assert_eq!(content.documents[0].comments.len(), 1000);
    }

    #[test]
    fn long_keys_are_a_problem() {
        let problems = content(&format!("{}: 1\n", "k".repeat(1025))).problems;
        assert_eq!(problems[0].kind, ProblemKind::Syntax);
    }
}
