//! A trace for people: one screen, from the outcome through every step to what would change it.

use std::io::{self, Write};

use super::changes;
use super::others::other_rule;
use super::outcome;
use super::page::Page;
use crate::diagnostic::{Fact, counted};
use crate::mesh::explain::{ExplainedEndpoint, Explanation, StepTitle};
use crate::mesh::{ClusterTls, Sends, Verdict, client_name};
use crate::report::text::inert;
use crate::report::{Style, paint};
use crate::source::Sources;

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
        if position > 0 {
            writeln!(out)?;
        }
        let mut page = Page::new(sources, style);
        headline(&mut page, trace);
        for title in [StepTitle::Mesh, StepTitle::Client, StepTitle::Service] {
            step(&mut page, title, trace);
        }
        step(&mut page, StepTitle::Visibility, trace);
        step(&mut page, StepTitle::Rule, trace);
        others(&mut page, trace);
        endpoints(&mut page, trace);
        remedies(&mut page, trace);
        out.write_all(inert(&page.into_text()).as_bytes())?;
    }
    Ok(())
}

/// The outcome, and what the caller sees.
fn headline(page: &mut Page<'_>, trace: &Explanation) {
    let verdict = outcome::verdict(trace.verdict);
    let verdict = if trace.partial {
        format!("partly {verdict}")
    } else {
        verdict.to_owned()
    };
    let pair = format!(
        "{} → {}",
        client_name(&trace.client),
        outcome::destination(&trace.destination)
    );
    page.headline(&pair, &verdict, |text| paint::verdict(trace.verdict, text));
    let seen = outcome::seen(trace);
    let what = match seen.status {
        Some(status) if trace.partial => {
            format!("{}; where it fails, the caller gets {status}", seen.what)
        }
        Some(status) => format!("{}; the caller gets {status}", seen.what),
        None => seen.what,
    };
    let what = match &seen.quote {
        Some(_) => format!("{what}:"),
        None => what,
    };
    page.paragraph(2, &what);
    if let Some(quote) = &seen.quote {
        page.paragraph(4, quote);
    }
    for sign in &seen.signs {
        page.paragraph(2, &format!("- {sign}"));
    }
    page.blank();
}

/// One step with its facts.
fn step(page: &mut Page<'_>, title: StepTitle, trace: &Explanation) {
    let Some(step) = trace.steps.iter().find(|step| step.title == title) else {
        return;
    };
    let name = match title {
        StepTitle::Mesh => "mesh",
        StepTitle::Client => "client",
        StepTitle::Service => "service",
        StepTitle::Visibility => "not seen",
        StepTitle::Rule => "rule",
        StepTitle::Cluster => "sends",
    };
    let mut facts = step.facts.clone();
    if let Some(first) = facts.first_mut().filter(|_| title == StepTitle::Client) {
        let object = trace.client.to_string();
        // What a fact says of the client itself follows as `it`.
        let reason = match first.text.strip_prefix(&object) {
            Some(rest) => format!("it{rest}"),
            None => first.text.clone(),
        };
        first.text = format!("{object} {}: {reason}", outcome::proxy(trace.proxy));
    }
    page.section(name);
    page.facts(&facts);
}

/// The rules that are not in force.
fn others(page: &mut Page<'_>, trace: &Explanation) {
    if trace.others.is_empty() {
        return;
    }
    page.section("not used");
    for other in trace.others.iter().take(OTHERS) {
        let worded = other_rule(other, trace);
        page.fact(&worded.fact);
        if let Some(cause) = &worded.cause {
            page.reference(&cause.object.to_string(), cause.place);
        }
    }
    if trace.others.len() > OTHERS {
        page.line(&format!(
            "and {}",
            counted(trace.others.len() - OTHERS, "other rule")
        ));
    }
    if let Some(without) = &trace.without {
        page.line(&changes::without(without));
    }
}

/// What is sent and accepted, endpoints alike together.
fn endpoints(page: &mut Page<'_>, trace: &Explanation) {
    let cluster = trace
        .steps
        .iter()
        .find(|step| step.title == StepTitle::Cluster);
    let cluster = cluster.map_or(&[][..], |step| &step.facts);
    let kinds = kinds(&trace.endpoints);
    if kinds.len() != 1 {
        page.section("sends");
        page.line(outcome::cluster(trace.tls));
        page.facts(cluster);
    }
    for (first, count) in kinds.iter().take(KINDS) {
        if kinds.len() > 1 {
            let more = match count {
                1 => String::new(),
                count => format!(" (+{} more)", count - 1),
            };
            page.blank();
            page.section("endpoint");
            page.line(&format!("{}, port {}{more}", first.label, first.port));
        }
        endpoint(
            page,
            first,
            trace,
            if kinds.len() == 1 { cluster } else { &[] },
        );
    }
    if kinds.len() > 1 {
        page.blank();
    }
}

fn endpoint(
    page: &mut Page<'_>,
    endpoint: &ExplainedEndpoint,
    trace: &Explanation,
    cluster: &[Fact],
) {
    page.section("sends");
    let sends = if trace.tls == ClusterTls::NotVisible {
        outcome::cluster(trace.tls)
    } else {
        outcome::sends(endpoint.sends)
    };
    page.line(sends);
    // Auto mTLS looks at the policies of the endpoint, which follow with what it accepts.
    let follows =
        |fact: &Fact| endpoint.sends == Sends::Mtls && endpoint.accepts_facts.contains(fact);
    for fact in cluster.iter().filter(|fact| !follows(fact)) {
        page.fact(fact);
    }
    let own = endpoint.sends_facts.iter();
    for fact in own.filter(|fact| !cluster.contains(fact) && !follows(fact)) {
        page.fact(fact);
    }
    page.section("accepts");
    page.line(outcome::accepts(endpoint.accepts));
    page.facts(&endpoint.accepts_facts);
}

/// What would change the outcome.
fn remedies(page: &mut Page<'_>, trace: &Explanation) {
    for (position, remedy) in trace.remedies.iter().enumerate() {
        let worded = changes::change(&remedy.change);
        let is_fix = remedy.verdict == Verdict::Encrypted && !remedy.is_harmful();
        page.section(match (position, is_fix) {
            (0, true) => "fix",
            (0, false) => "change",
            (_, true | false) => "or",
        });
        page.placed(&worded.instruction, worded.place);
        for line in &worded.lines {
            page.code(line);
        }
        page.line(&changes::effect(remedy));
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
