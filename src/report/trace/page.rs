//! The page a trace is written on: titles at the left, text beside them, places behind the text.

use crate::diagnostic::Fact;
use crate::report::location::{Extent, Location};
use crate::report::text::{one_line, wrap};
use crate::report::{Style, paint};
use crate::source::{Place, Sources};

/// Where the text of a section starts.
const MARGIN: usize = 12;
/// Lines are not longer, however wide the terminal is: nobody reads across it.
const MAX_WIDTH: usize = 100;

/// A page as it is written.
pub(super) struct Page<'a> {
    sources: &'a Sources,
    color: bool,
    width: usize,
    text: String,
    /// The title that stands before the next line of text.
    title: Option<&'static str>,
}

impl<'a> Page<'a> {
    /// An empty page.
    pub(super) fn new(sources: &'a Sources, style: Style) -> Self {
        Self {
            sources,
            color: style.color,
            width: style.width.min(MAX_WIDTH),
            text: String::new(),
            title: None,
        }
    }

    /// The page as text.
    pub(super) fn into_text(self) -> String {
        self.text
    }

    /// What the page is about, and its outcome in its colour.
    pub(super) fn headline(
        &mut self,
        subject: &str,
        outcome: &str,
        paint: impl FnOnce(&str) -> String,
    ) {
        let subject = self.painted(&one_line(subject), paint::bold);
        let outcome = self.painted(outcome, paint);
        for part in [&subject, ": ", &outcome, "\n\n"] {
            self.text.push_str(part);
        }
    }

    /// Wrapped text at an indentation.
    pub(super) fn paragraph(&mut self, indent: usize, text: &str) {
        for line in wrap(&one_line(text), self.width.saturating_sub(indent)) {
            self.push(indent, &line);
            self.blank();
        }
    }

    /// Begins a section: the title stands before its first line.
    pub(super) fn section(&mut self, title: &'static str) {
        self.title = Some(title);
    }

    /// A fact with where it stands.
    pub(super) fn fact(&mut self, fact: &Fact) {
        self.placed(&fact.text, fact.place);
    }

    /// Several facts.
    pub(super) fn facts(&mut self, facts: &[Fact]) {
        for fact in facts {
            self.fact(fact);
        }
    }

    /// Text of a section.
    pub(super) fn line(&mut self, text: &str) {
        self.placed(text, None);
    }

    /// Text of a section with where it stands: behind it, or on a line of its own where that does not fit.
    pub(super) fn placed(&mut self, text: &str, place: Option<Place>) {
        let lines = wrap(&one_line(text), self.width.saturating_sub(MARGIN));
        let last = lines.last().map_or(0, |line| line.chars().count());
        for (position, line) in lines.iter().enumerate() {
            if position > 0 {
                self.blank();
            }
            self.begin();
            self.text.push_str(line);
        }
        if let Some(place) = place {
            let shown = self.shown(place);
            if MARGIN + last + 2 + shown.chars().count() > self.width {
                self.blank();
                self.begin();
            }
            let shown = self.painted(&shown, paint::dim);
            self.text.push_str("  ");
            self.text.push_str(&shown);
        }
        self.blank();
    }

    /// Where another object stands that the text before has named.
    pub(super) fn reference(&mut self, object: &str, place: Place) {
        let shown = format!("{}: {}", one_line(object), self.shown(place));
        let shown = self.painted(&shown, paint::dim);
        self.begin();
        self.text.push_str("  ");
        self.text.push_str(&shown);
        self.blank();
    }

    /// A line to write into a manifest.
    pub(super) fn code(&mut self, line: &str) {
        self.push(MARGIN + 4, &one_line(line));
        self.blank();
    }

    /// Ends a line.
    pub(super) fn blank(&mut self) {
        self.text.push('\n');
    }

    /// The title, where one is due, and the margin.
    fn begin(&mut self) {
        let title = self.title.take().unwrap_or_default();
        let padded = format!("  {title:0$}", MARGIN - 2);
        let padded = if title.is_empty() {
            padded
        } else {
            self.painted(&padded, paint::dim)
        };
        self.text.push_str(&padded);
    }

    fn push(&mut self, indent: usize, text: &str) {
        self.text.push_str(&" ".repeat(indent));
        self.text.push_str(text);
    }

    fn painted(&self, text: &str, paint: impl FnOnce(&str) -> String) -> String {
        if self.color {
            paint(text)
        } else {
            text.to_owned()
        }
    }

    fn shown(&self, place: Place) -> String {
        let location = Location::of_place(place, None, Extent::FirstLine, self.sources);
        let line = location.region.map_or(1, |region| region.start.line);
        one_line(&format!("{}:{line}", location.path)).into_owned()
    }
}
