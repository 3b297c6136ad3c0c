//! Snippets of the manifests with the findings marked, for people at a terminal. Alone names miette.

mod excerpt;

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::error::Error;
use std::fmt::{self, Write as _};
use std::io::{self, Write};
use std::ops::Range;

use miette::{
    GraphicalReportHandler, GraphicalTheme, LabeledSpan, MietteError, MietteSpanContents,
    SourceCode, SourceSpan, SpanContents,
};

use super::details::{Kind, hidden_by, meshes, statement};
use super::location::{Extent, Location, first_line};
use super::summary::summary;
use super::text::{inert, one_line, same_length, wrap};
use super::{Style, caveat, rule_page};
use crate::diagnostic::{Diagnostic, Fact, Label, Severity};
use crate::engine::Report;
use crate::source::{FileId, Place, SourceFile, Sources};
pub use excerpt::excerpt;

/// Below this width wrapped text would be harder to read than long lines.
const MIN_WIDTH: usize = 40;
/// A span over more lines is shown by its first line.
const MAX_LINES: usize = 8;
/// A span with more bytes is shown by its beginning.
const MAX_SPAN: usize = 1000;
/// A snippet with more bytes is cut to its span; manifests can be one line of megabytes.
const MAX_SNIPPET: usize = 4096;
/// What stands before a line of source: its number, a bar, an arrow.
const GUTTER: usize = 10;
/// A label with less room than this is left to the terminal to break.
const MIN_LABEL: usize = 20;
/// What stands before the headline of a label in another file.
const NESTED: usize = 10;
/// How many bytes around the span remain of a snippet that is cut.
const MARGIN: usize = 60;

/// Writes the report.
pub(super) fn render(report: &Report, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let theme = if style.color {
        GraphicalTheme::unicode()
    } else {
        GraphicalTheme::unicode_nocolor()
    };
    let width = style.width.max(MIN_WIDTH);
    let handler = GraphicalReportHandler::new_themed(theme)
        .with_width(width)
        .with_links(style.links)
        .with_urls(style.links)
        .with_link_display_text("(docs)")
        .with_wrap_lines(false)
        .with_show_related_as_nested(true);
    let snippets = Snippets::new(report);
    let footer = Footer {
        sources: &report.sources,
        color: style.color,
        width,
    };
    let mut text = String::new();
    for diagnostic in report.diagnostics.iter().chain(&report.suppressed) {
        text.clear();
        let finding = Finding::new(diagnostic, &snippets, width);
        handler
            .render_report(&mut text, &finding)
            .map_err(io::Error::other)?;
        footer.push(&mut text, diagnostic);
        text.push('\n');
        out.write_all(inert(&text).as_bytes())?;
    }
    if style.summary {
        // Unbroken, as in the other formats: its last line is what scripts look at.
        out.write_all(inert(&summary(report)).as_bytes())?;
    }
    Ok(())
}

/// The files that a report shows, by id.
struct Snippets<'r>(BTreeMap<FileId, Snippet<'r>>);

impl<'r> Snippets<'r> {
    fn new(report: &'r Report) -> Self {
        let mut snippets = BTreeMap::new();
        for diagnostic in report.diagnostics.iter().chain(&report.suppressed) {
            let further = diagnostic.labels.iter().map(|label| label.place);
            for place in diagnostic.place.into_iter().chain(further) {
                let id = place.span.file;
                snippets
                    .entry(id)
                    .or_insert_with(|| Snippet::new(report.sources.file(id)));
            }
        }
        Self(snippets)
    }

    fn of(&self, place: Place) -> &Snippet<'r> {
        self.0
            .get(&place.span.file)
            .expect("`new` walked the places of every diagnostic and label")
    }
}

/// A file as miette sees it; its own `SourceCode` would read the file from the start for every label.
#[derive(Debug)]
struct Snippet<'r> {
    file: &'r SourceFile,
    /// The text without hidden characters, every offset as in the file, and with a final line feed.
    text: Cow<'r, str>,
}

impl<'r> Snippet<'r> {
    fn new(file: &'r SourceFile) -> Self {
        let mut text = same_length(file.text());
        if !text.ends_with('\n') {
            // miette drops a label behind the last character of the data.
            text.to_mut().push('\n');
        }
        Self { file, text }
    }

    /// The bytes of a place that are marked: all, unless that would fill the screen.
    fn marked(&self, place: Place) -> SourceSpan {
        self.marked_bytes(place.span.range())
    }

    /// The same for bytes of the file.
    fn marked_bytes(&self, bytes: Range<usize>) -> SourceSpan {
        let length = self.file.text().len();
        let start = bytes.start.min(length);
        let whole = start..bytes.end.clamp(start, length);
        let lines = self.file.line_index(whole.end) - self.file.line_index(whole.start) + 1;
        let range = if whole.is_empty() || lines > MAX_LINES || whole.len() > MAX_SPAN {
            first_line(whole, self.file)
        } else {
            whole
        };
        let start = self.boundary_before(range.start);
        let end = self.boundary_before(range.end.min(start + MAX_SPAN));
        (start, end.max(start) - start).into()
    }

    /// The text of a label, broken where it would be wider than what is left beside its mark.
    fn label(&self, place: Place, text: &str, width: usize) -> String {
        let marked = first_line(place.span.range(), self.file);
        let (start, end) = (
            self.file.position(marked.start),
            self.file.position(marked.end),
        );
        // It hangs from the middle of the mark.
        let column = start.column + (end.column - start.column) / 2;
        let room = width.saturating_sub(GUTTER + column);
        if room < MIN_LABEL {
            return one_line(text).into_owned();
        }
        wrap(&one_line(text), room).join("\n")
    }

    /// The bytes of the lines from one index to another, line ends included.
    fn lines(&self, first: usize, last: usize) -> Range<usize> {
        let end = if last + 1 < self.file.line_count() {
            self.file.line_range(last + 1).start
        } else {
            self.text.len()
        };
        self.file.line_range(first).start..end
    }

    fn boundary_before(&self, mut offset: usize) -> usize {
        while !self.text.is_char_boundary(offset) {
            offset -= 1;
        }
        offset
    }

    fn contents<'a>(
        &'a self,
        data: Range<usize>,
        line: usize,
        column: usize,
        line_count: usize,
    ) -> Box<dyn SpanContents<'a> + 'a> {
        let bytes = self.text.as_bytes().get(data.clone()).unwrap_or_default();
        let path = one_line(self.file.path().as_str()).into_owned();
        let span = (data.start, data.len()).into();
        Box::new(MietteSpanContents::new_named(
            path, bytes, span, line, column, line_count,
        ))
    }
}

impl SourceCode for Snippet<'_> {
    fn read_span<'a>(
        &'a self,
        span: &SourceSpan,
        before: usize,
        after: usize,
    ) -> Result<Box<dyn SpanContents<'a> + 'a>, MietteError> {
        let (start, end) = (span.offset(), span.offset() + span.len());
        if end > self.text.len() {
            return Err(MietteError::OutOfBounds);
        }
        let last_line = self.file.line_count() - 1;
        let first_hit = self.file.line_index(start).min(last_line);
        let last_hit = self.file.line_index(end.saturating_sub(1).max(start));
        let last_hit = last_hit.min(last_line);
        // miette asks with `before == 0` to learn the position of a label.
        if before == 0 {
            let column = self.file.position(start).column - 1;
            let count = last_hit - first_hit + 1;
            return Ok(self.contents(start..end, first_hit, column, count));
        }
        let first = first_hit.saturating_sub(before);
        let last = (last_hit + after).min(last_line);
        let lines = self.lines(first, last);
        if lines.len() <= MAX_SNIPPET {
            return Ok(self.contents(lines, first, 0, last - first + 1));
        }
        if span.len() > MAX_SPAN {
            // Not one label but several that miette would show together: it shows them apart then.
            return Err(MietteError::OutOfBounds);
        }
        let hit = self.lines(first_hit, last_hit);
        let from = self.boundary_before(start.saturating_sub(MARGIN).max(hit.start));
        let to = self.boundary_before((end + MARGIN).min(hit.end));
        Ok(self.contents(from..to, first_hit, 0, last_hit - first_hit + 1))
    }
}

/// A finding as miette sees it.
#[derive(Debug)]
struct Finding<'r> {
    diagnostic: &'r Diagnostic,
    headline: String,
    snippet: Option<&'r Snippet<'r>>,
    labels: Vec<LabeledSpan>,
    related: Vec<Related<'r>>,
}

impl<'r> Finding<'r> {
    fn new(diagnostic: &'r Diagnostic, snippets: &'r Snippets<'r>, width: usize) -> Self {
        let home = diagnostic.place.map(|place| place.span.file);
        let (near, far): (Vec<&Label>, Vec<&Label>) = diagnostic
            .labels
            .iter()
            .partition(|label| Some(label.place.span.file) == home);
        let primary = diagnostic.place.map(|place| {
            let snippet = snippets.of(place);
            let text = (!diagnostic.label.is_empty())
                .then(|| snippet.label(place, &diagnostic.label, width));
            LabeledSpan::new_primary_with_span(text, snippet.marked(place))
        });
        let near = near.into_iter().map(|label| {
            let snippet = snippets.of(label.place);
            let text = snippet.label(label.place, &label.message, width);
            LabeledSpan::new_with_span(Some(text), snippet.marked(label.place))
        });
        let far = far.into_iter();
        Self {
            diagnostic,
            headline: wrap(&one_line(&diagnostic.message), width - 4).join("\n"),
            snippet: diagnostic.place.map(|place| snippets.of(place)),
            labels: primary.into_iter().chain(near).collect(),
            related: far
                .map(|label| Related::new(label, snippets, width))
                .collect(),
        }
    }
}

impl fmt::Display for Finding<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)
    }
}

impl Error for Finding<'_> {}

impl miette::Diagnostic for Finding<'_> {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        let Diagnostic { severity, rule, .. } = self.diagnostic;
        Some(Box::new(format!("{severity}[{rule}]")))
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(match self.diagnostic.severity {
            Severity::Error => miette::Severity::Error,
            Severity::Warning => miette::Severity::Warning,
            Severity::Note => miette::Severity::Advice,
        })
    }

    fn url<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        Some(Box::new(rule_page(self.diagnostic.rule)))
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.snippet.map(|snippet| snippet as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        Some(Box::new(self.labels.iter().cloned()))
    }

    fn related<'a>(&'a self) -> Option<Box<dyn Iterator<Item = &'a dyn miette::Diagnostic> + 'a>> {
        let related = self.related.iter();
        Some(Box::new(
            related.map(|related| related as &dyn miette::Diagnostic),
        ))
    }
}

/// A label in another file than the finding's, as miette sees it: a finding of its own below the finding.
#[derive(Debug)]
struct Related<'r> {
    headline: String,
    snippet: &'r Snippet<'r>,
    span: SourceSpan,
}

impl<'r> Related<'r> {
    fn new(label: &Label, snippets: &'r Snippets<'r>, width: usize) -> Self {
        let snippet = snippets.of(label.place);
        let headline = wrap(&one_line(&label.message), width - NESTED);
        Self {
            headline: headline.join("\n"),
            snippet,
            span: snippet.marked(label.place),
        }
    }
}

impl fmt::Display for Related<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.headline)
    }
}

impl Error for Related<'_> {}

impl miette::Diagnostic for Related<'_> {
    fn severity(&self) -> Option<miette::Severity> {
        Some(miette::Severity::Advice)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        Some(self.snippet)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        let label = LabeledSpan::new_primary_with_span(None, self.span);
        Some(Box::new(std::iter::once(label)))
    }
}

/// What stands below the snippets of a finding: its evidence, its help, its fix.
struct Footer<'r> {
    sources: &'r Sources,
    color: bool,
    width: usize,
}

impl Footer<'_> {
    fn push(&self, text: &mut String, diagnostic: &Diagnostic) {
        if diagnostic.place.is_none()
            && let Some(path) = &diagnostic.path
        {
            self.item(text, "in", &one_line(path.as_str()));
        }
        if !diagnostic.evidence.is_empty() {
            self.title(text, "why");
            text.push('\n');
        }
        for (index, fact) in diagnostic.evidence.iter().enumerate() {
            let number = format!("    {}. ", index + 1);
            text.push_str(&number);
            self.paragraph(text, number.len(), &self.fact(fact));
        }
        if let Some(meshes) = meshes(diagnostic) {
            self.item(text, Kind::Mesh.title(), &meshes);
        }
        if let Some(caveat) = caveat(diagnostic.certainty) {
            self.item(text, Kind::Note.title(), caveat);
        }
        if let Some(help) = &diagnostic.help {
            self.item(text, Kind::Help.title(), help);
        }
        if let Some(fix) = &diagnostic.fix {
            let title = Kind::of_fix(fix).title();
            self.item(text, title, &fix.title);
        }
        if let Some(suppression) = &diagnostic.suppression {
            let by = hidden_by(suppression, self.sources);
            self.item(text, Kind::SuppressedBy.title(), &by);
        }
    }

    /// A fact with where it stands.
    fn fact(&self, fact: &Fact) -> String {
        let mut line = statement(fact).into_owned();
        if let Some(location) = Location::of_fact(fact, Extent::FirstLine, self.sources) {
            write!(line, " ({})", location.line()).expect("a String takes any text");
        }
        line
    }

    fn item(&self, text: &mut String, title: &str, body: &str) {
        self.title(text, title);
        text.push(' ');
        self.paragraph(text, title.len() + 4, body);
    }

    fn title(&self, text: &mut String, title: &str) {
        let (on, off) = if self.color {
            ("\u{1b}[36m", "\u{1b}[0m")
        } else {
            ("", "")
        };
        write!(text, "  {on}{title}:{off}").expect("a String takes any text");
    }

    /// Pushes text that starts at a column, and as many further lines as it needs at the same column.
    fn paragraph(&self, text: &mut String, column: usize, body: &str) {
        let mut indent = 0;
        for paragraph in body.lines() {
            for line in wrap(&one_line(paragraph), self.width.saturating_sub(column)) {
                writeln!(text, "{:indent$}{line}", "").expect("a String takes any text");
                indent = column;
            }
        }
        if body.is_empty() {
            text.push('\n');
        }
    }
}
