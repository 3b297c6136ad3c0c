//! The pairs whose verdict changed since a revision: as text, as JSON, as Markdown.

mod json;
mod markdown;
mod text;

use std::io::{self, Write};

use super::Style;
use crate::engine::PairChange;
use crate::mesh::Verdict;

/// How the changes are written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TrafficFormat {
    /// For people.
    Text,
    /// The stable interface `mtls-lint/diff/1`.
    Json,
    /// For a comment on a pull request.
    Markdown,
}

/// Writes the changes since a revision, which people call `base`.
pub fn render_changes(
    changes: &[PairChange],
    base: &str,
    format: TrafficFormat,
    style: Style,
    out: &mut dyn Write,
) -> io::Result<()> {
    match format {
        TrafficFormat::Text => text::render(changes, base, style, out),
        TrafficFormat::Json => json::render(changes, base, out),
        TrafficFormat::Markdown => markdown::render(changes, base, out),
    }
}

/// How many clients a change names.
const CLIENTS: usize = 3;

/// The word for a verdict, or for none.
fn word(verdict: Option<Verdict>, none: &'static str) -> &'static str {
    verdict.map_or(none, Verdict::as_str)
}

/// `host:port`, with the subset if there is one.
fn destination(change: &PairChange) -> String {
    let destination = &change.destination;
    match &destination.subset {
        Some(subset) => format!("{}:{}/{subset}", destination.host, destination.port),
        None => format!("{}:{}", destination.host, destination.port),
    }
}

/// The first clients, and how many more there are.
fn clients(change: &PairChange) -> String {
    let named: Vec<&str> = change
        .clients
        .iter()
        .take(CLIENTS)
        .map(String::as_str)
        .collect();
    let more = change.clients.len().saturating_sub(CLIENTS);
    if more == 0 {
        named.join(", ")
    } else {
        format!("{} and {more} more", named.join(", "))
    }
}

/// The rules in force before and now, where they differ.
fn rules(change: &PairChange) -> Option<String> {
    let named = |rules: &[String]| {
        if rules.is_empty() {
            "no rule".to_owned()
        } else {
            rules.join(" + ")
        }
    };
    let (before, after) = (named(&change.rules_before), named(&change.rules_after));
    (before != after).then(|| format!("{before} → {after}"))
}

/// Whether traffic got worse.
fn is_worse(change: &PairChange) -> bool {
    match (change.before, change.after) {
        (Some(before), Some(after)) => after.rank() < before.rank(),
        (None, Some(_)) => true,
        (_, None) => false,
    }
}

/// How many changes are for the worse and for the better, in words.
fn summary(changes: &[PairChange], base: &str) -> String {
    let pairs = |worse: bool| -> usize {
        let some = changes.iter().filter(|change| is_worse(change) == worse);
        some.map(|change| change.clients.len()).sum()
    };
    let (worse, better) = (pairs(true), pairs(false));
    if worse + better == 0 {
        return format!("no pair of client and destination has another verdict than at {base}");
    }
    let noun = |count: usize| if count == 1 { "pair" } else { "pairs" };
    format!(
        "{worse} {} worse, {better} better than at {base}",
        noun(worse)
    )
}

#[cfg(test)]
mod tests;
