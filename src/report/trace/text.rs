//! A trace for people: one screen, from the outcome through every step to what would change it.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::changes;
use super::others::other_rule;
use super::outcome;
use crate::diagnostic::Fact;
use crate::mesh::ClusterTls;
use crate::mesh::explain::{ExplainedEndpoint, Explanation, Step, StepTitle};
use crate::report::location::{Extent, Location};
use crate::report::text::{counted, inert, one_line, wrap};
use crate::report::{Style, paint};
use crate::source::{Place, Sources};

/// Where the facts start.
const INDENT: usize = 12;
/// Lines are not longer, however wide the terminal is: nobody reads across it.
const MAX_WIDTH: usize = 100;
/// How many rules that are not in force are named.
const OTHERS: usize = 6;
/// How many kinds of endpoints are told apart.
const KINDS: usize = 4;

/// Writes the traces, a blank line between them.
pub(super) fn render(
    traces: &[Explanation],
    sources: &Sources,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    for (position, trace) in traces.iter().enumerate() {
        let mut page = Page {
            sources,
            color: style.color,
            width: style.width.min(MAX_WIDTH),
            text: String::new(),
        };
        if position > 0 {
            page.text.push('\n');
        }
        page.trace(trace);
        out.write_all(inert(&page.text).as_bytes())?;
    }
    Ok(())
}

/// A trace as it is written.
struct Page<'a> {
    sources: &'a Sources,
    color: bool,
    width: usize,
    text: String,
}

impl Page<'_> {
    fn trace(&mut self, trace: &Explanation) {
        self.headline(trace);
        for step in &trace.steps {
            self.step(step, trace);
        }
        if !trace.steps.iter().any(|step| step.title == StepTitle::Rule) {
            self.others(trace);
        }
        self.endpoints(trace);
        self.changes(trace);
    }

    fn headline(&mut self, trace: &Explanation) {
        let verdict = outcome::verdict(trace.verdict);
        let verdict = if trace.partial {
            format!("partly {verdict}")
        } else {
            verdict.to_owned()
        };
        let verdict = if self.color {
            paint::verdict(trace.verdict, &verdict)
        } else {
            verdict
        };
        let pair = format!(
            "{} → {}",
            outcome::client(trace),
            outcome::destination(trace)
        );
        let pair = one_line(&pair).into_owned();
        let pair = if self.color { paint::bold(&pair) } else { pair };
        writeln!(self.text, "{pair}: {verdict}\n").expect("a String takes any text");
        let seen = outcome::seen(trace);
        self.lines(2, &seen.what, None);
        if let Some(quote) = &seen.quote {
            self.lines(6, quote, None);
        }
        for sign in &seen.signs {
            self.lines(2, &format!("- {sign}"), None);
        }
        self.text.push('\n');
    }

    fn step(&mut self, step: &Step, trace: &Explanation) {
        match step.title {
            StepTitle::Mesh => self.section("mesh", &step.facts),
            StepTitle::Client => {
                let proxy = outcome::proxy(trace.proxy);
                let mut facts = step.facts.clone();
                if let Some(first) = facts.first_mut() {
                    first.text = format!("{} {proxy}: {}", trace.client, first.text);
                }
                self.section("client", &facts);
            }
            StepTitle::Service => self.section("service", &step.facts),
            StepTitle::Visibility => self.section("visible", &step.facts),
            StepTitle::Rule => {
                self.section("rule", &step.facts);
                self.others(trace);
            }
            StepTitle::Cluster => {}
        }
    }

    /// The rules that are not in force.
    fn others(&mut self, trace: &Explanation) {
        if trace.others.is_empty() {
            return;
        }
        self.title("not used");
        for (position, other) in trace.others.iter().take(OTHERS).enumerate() {
            let (fact, further) = other_rule(other, trace);
            self.lines(
                if position > 0 { INDENT } else { 0 },
                &fact.text,
                fact.place,
            );
            if let Some(place) = further {
                self.place(place);
            }
        }
        if trace.others.len() > OTHERS {
            let more = trace.others.len() - OTHERS;
            self.lines(INDENT, &format!("and {} more", counted(more, "rule")), None);
        }
        if let Some(without) = &trace.without {
            self.lines(INDENT, &changes::without(without), None);
        }
    }

    /// What is sent and accepted, endpoints alike together.
    fn endpoints(&mut self, trace: &Explanation) {
        let cluster = trace
            .steps
            .iter()
            .find(|step| step.title == StepTitle::Cluster);
        let cluster = cluster.map_or(&[][..], |step| &step.facts);
        let kinds = kinds(&trace.endpoints);
        let several = kinds.len() > 1;
        let summary = outcome::cluster(trace.tls)
            .filter(|_| several || kinds.is_empty() || trace.tls == ClusterTls::NotVisible);
        if let Some(summary) = summary {
            self.title("sends");
            self.lines(0, summary, None);
            self.facts(cluster);
        }
        for (first, count) in kinds.iter().take(KINDS) {
            if several {
                self.text.push('\n');
                self.title("endpoint");
                let more = match count {
                    1 => String::new(),
                    count => format!(" (+{} more)", count - 1),
                };
                let text = format!("{}, port {}{more}", first.label, first.port);
                self.lines(0, &text, None);
            }
            self.title("sent");
            self.lines(0, outcome::sends(first.sends), None);
            if summary.is_none() {
                self.facts(cluster);
            }
            self.facts(&first.sends_facts);
            self.title("accepts");
            self.lines(0, outcome::accepts(first.accepts), None);
            self.facts(&first.accepts_facts);
        }
    }

    /// What would change the outcome.
    fn changes(&mut self, trace: &Explanation) {
        for (position, remedy) in trace.remedies.iter().enumerate() {
            let worded = changes::change(&remedy.change);
            self.title(if position == 0 { "fix" } else { "or" });
            self.lines(0, &worded.instruction, worded.place);
            for line in &worded.lines {
                self.lines(INDENT + 4, line, None);
            }
            self.lines(INDENT, &changes::effect(remedy), None);
        }
    }

    fn section(&mut self, title: &str, facts: &[Fact]) {
        self.title(title);
        for (position, fact) in facts.iter().enumerate() {
            self.lines(
                if position > 0 { INDENT } else { 0 },
                &fact.text,
                fact.place,
            );
        }
    }

    fn facts(&mut self, facts: &[Fact]) {
        for fact in facts {
            self.lines(INDENT, &fact.text, fact.place);
        }
    }

    fn title(&mut self, title: &str) {
        let padded = format!("  {title:0$}", INDENT - 2);
        let padded = if self.color {
            paint::dim(&padded)
        } else {
            padded
        };
        self.text.push_str(&padded);
    }

    /// Text that starts at a column, at the end of the last line where that is 0, with the place behind it.
    fn lines(&mut self, column: usize, text: &str, place: Option<Place>) {
        let margin = if column == 0 { INDENT } else { column };
        let lines = wrap(&one_line(text), self.width.saturating_sub(margin));
        let mut indent = column;
        let mut used = 0;
        for (position, line) in lines.iter().enumerate() {
            if position > 0 {
                self.text.push('\n');
                indent = margin;
            }
            write!(self.text, "{:indent$}{line}", "").expect("a String takes any text");
            used = margin + line.chars().count();
        }
        if let Some(place) = place {
            let place = self.shown(place);
            if used + 2 + place.chars().count() > self.width {
                write!(self.text, "\n{:1$}", "", margin).expect("a String takes any text");
            }
            let place = if self.color {
                paint::dim(&place)
            } else {
                place
            };
            write!(self.text, "  {place}").expect("a String takes any text");
        }
        self.text.push('\n');
    }

    /// A place on a line of its own.
    fn place(&mut self, place: Place) {
        let shown = self.shown(place);
        let shown = if self.color {
            paint::dim(&shown)
        } else {
            shown
        };
        writeln!(self.text, "{:1$}  {shown}", "", INDENT).expect("a String takes any text");
    }

    fn shown(&self, place: Place) -> String {
        let location = Location::of_place(place, None, Extent::FirstLine, self.sources);
        let line = location.region.map_or(1, |region| region.start.line);
        one_line(&format!("{}:{line}", location.path)).into_owned()
    }
}

/// Endpoints of which the first of each kind is shown, the worst first.
fn kinds(endpoints: &[ExplainedEndpoint]) -> Vec<(&ExplainedEndpoint, usize)> {
    let mut kinds: Vec<(&ExplainedEndpoint, usize)> = Vec::new();
    for endpoint in endpoints {
        let is_alike = |(other, _): &&mut (&ExplainedEndpoint, usize)| {
            (other.sends, other.accepts) == (endpoint.sends, endpoint.accepts)
        };
        match kinds.iter_mut().find(is_alike) {
            Some((_, count)) => *count += 1,
            None => kinds.push((endpoint, 1)),
        }
    }
    kinds.sort_by_key(|(endpoint, _)| endpoint.verdict.rank());
    kinds
}
