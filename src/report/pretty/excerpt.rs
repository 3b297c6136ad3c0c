//! A piece of a text with what is wrong in it marked: for settings that cannot be used.

use std::error::Error;
use std::fmt;
use std::ops::Range;

use camino::Utf8Path;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode};

use super::Snippet;
use crate::report::text::inert;
use crate::source::{FileRole, SourceFile, Sources};

/// What the frame of an excerpt starts with.
const FRAME: char = '╭';

/// The lines of a text around some bytes, with these marked and a word on them.
pub fn excerpt(path: &Utf8Path, text: &str, span: Range<usize>, label: &str) -> String {
    let file = SourceFile::new(path.to_owned(), text.into(), FileRole::Input);
    let sources = Sources::new(vec![file]);
    let Some((_, file)) = sources.iter().next() else {
        return String::new();
    };
    let snippet = Snippet::new(file);
    let marked = snippet.marked_bytes(span);
    let marked = Marked {
        label: LabeledSpan::new_primary_with_span(Some(label.to_owned()), marked),
        snippet,
    };
    let handler = GraphicalReportHandler::new_themed(GraphicalTheme::unicode_nocolor())
        .with_links(false)
        .with_wrap_lines(false);
    let mut shown = String::new();
    if handler.render_report(&mut shown, &marked).is_err() {
        return String::new();
    }
    // What is wrong stands above it already, in the words of the error.
    let frame = shown.find(FRAME).unwrap_or(shown.len());
    let start = shown.get(..frame).and_then(|above| above.rfind('\n'));
    let shown = shown.get(start.map_or(0, |end| end + 1)..);
    inert(shown.unwrap_or_default()).into_owned()
}

/// The text as miette sees it.
#[derive(Debug)]
struct Marked<'r> {
    snippet: Snippet<'r>,
    label: LabeledSpan,
}

impl fmt::Display for Marked<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("here")
    }
}

impl Error for Marked<'_> {}

impl Diagnostic for Marked<'_> {
    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(&self.snippet)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(std::iter::once(self.label.clone())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_bytes_are_marked_in_their_line() {
        let text = "exclude: []\nexlude: []\n";
        let shown = excerpt("c.yaml".into(), text, 12..18, "no such key");
        insta::assert_snapshot!(shown, @r"
          ╭─[c.yaml:2:1]
        1 │ exclude: []
        2 │ exlude: []
          · ───┬──
          ·    ╰── no such key
          ╰────
        ");
    }

    #[test]
    fn bytes_beyond_the_text_do_no_harm() {
        for span in [0..0, 3..900, 900..901] {
            excerpt("c.yaml".into(), "a: ü", span, "here");
        }
        excerpt("c.yaml".into(), "", 0..0, "here");
    }
}
