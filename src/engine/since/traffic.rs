//! Which pairs of client and destination are decided otherwise than in the base.

use std::collections::{BTreeMap, BTreeSet};

use super::lines::ChangedLines;
use super::{Base, base_request};
use crate::diagnostic::Fact;
use crate::engine::{Analysis, Error, Request, analyse};
use crate::mesh::{Decision, Destination, Mesh, Verdict};
use crate::source::tree::Tree;

/// Clients whose traffic to a destination changed in the same way.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PairChange {
    /// The mesh.
    pub mesh: String,
    /// The destination.
    pub destination: Destination,
    /// The clients, as `Kind/namespace/name`, sorted.
    pub clients: Vec<String>,
    /// The verdict in the base; none for a pair that is new.
    pub before: Option<Verdict>,
    /// The verdict now; none for a pair that is gone.
    pub after: Option<Verdict>,
    /// The rules in force in the base.
    pub rules_before: Vec<String>,
    /// The rules in force now.
    pub rules_after: Vec<String>,
    /// What brought it: facts on lines that are new, as `path:line`.
    pub causes: Vec<Cause>,
}

/// A changed line that a decision rests on.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Cause {
    /// The file.
    pub path: String,
    /// The line, from 1.
    pub line: usize,
    /// Whether the line is gone, and was in the base.
    pub is_gone: bool,
    /// What it says.
    pub text: String,
}

/// What is known about one client and destination.
struct Answer<'a> {
    verdict: Verdict,
    rules: Vec<String>,
    decision: &'a Decision,
}

/// Clients and what they get.
type Answers<'a> = BTreeMap<String, Answer<'a>>;

/// How many changed lines a change names.
const CAUSES: usize = 3;

/// The pairs whose verdict is another than in the base: what got worse first, then what got better.
pub fn changes_since(
    request: &Request,
    tree: &dyn Tree,
    base: Base<'_>,
) -> Result<Vec<PairChange>, Error> {
    let now = analyse(request, tree)?;
    let before = analyse(&base_request(request), base.tree)?;
    let lines = ChangedLines::between(&before.sources, &now.sources);
    let mut names: BTreeSet<&str> = now.meshes.iter().map(Mesh::name).collect();
    names.extend(before.meshes.iter().map(Mesh::name));
    let mut changes = Vec::new();
    for name in names {
        let find =
            |analysis: &'_ Analysis| analysis.meshes.iter().position(|mesh| mesh.name() == name);
        let old = find(&before).and_then(|index| before.meshes.get(index));
        let new = find(&now).and_then(|index| now.meshes.get(index));
        let comparison = Comparison {
            name,
            sides: [(old, &before), (new, &now)],
            lines: &lines,
        };
        comparison.collect(&mut changes);
    }
    changes.sort_by(|a, b| order(a).cmp(&order(b)));
    Ok(changes)
}

/// Worse first, by how bad it is now; then by destination.
fn order(change: &PairChange) -> (bool, u8, &str, &Destination, &[String]) {
    let rank = |verdict: Option<Verdict>| verdict.map_or(u8::MAX, Verdict::rank);
    let got_worse = match (change.before, change.after) {
        (Some(before), Some(after)) => after.rank() < before.rank(),
        (None, Some(after)) => after.rank() < Verdict::Encrypted.rank(),
        (_, None) => false,
    };
    (
        !got_worse,
        rank(change.after),
        &change.mesh,
        &change.destination,
        &change.clients,
    )
}

/// Two states of one mesh.
struct Comparison<'a> {
    name: &'a str,
    /// Before and now.
    sides: [(Option<&'a Mesh>, &'a Analysis); 2],
    lines: &'a ChangedLines<'a>,
}

impl<'a> Comparison<'a> {
    /// Adds what changed.
    fn collect(&self, changes: &mut Vec<PairChange>) {
        let [before, after] = self.sides.map(|(mesh, _)| by_destination(mesh));
        let destinations: BTreeSet<&Destination> =
            before.keys().chain(after.keys()).copied().collect();
        let [old, new] = self.sides.map(|(mesh, _)| mesh);
        for destination in destinations {
            let same =
                signature(old, before.get(destination)) == signature(new, after.get(destination));
            if same {
                continue;
            }
            let of = |side: &BTreeMap<&Destination, Vec<&'a Decision>>, index: usize| {
                let decisions = side.get(destination).map_or(&[][..], Vec::as_slice);
                let mesh = self.sides.get(index).and_then(|(mesh, _)| *mesh);
                answers(mesh, decisions)
            };
            self.compare(destination, &of(&before, 0), &of(&after, 1), changes);
        }
    }

    /// Adds what changed about one destination, equal changes together.
    fn compare(
        &self,
        destination: &Destination,
        before: &Answers<'a>,
        after: &Answers<'a>,
        changes: &mut Vec<PairChange>,
    ) {
        let clients: BTreeSet<&String> = before.keys().chain(after.keys()).collect();
        let mut grouped: BTreeMap<(Option<u8>, Option<u8>), PairChange> = BTreeMap::new();
        for client in clients {
            let (was, is) = (before.get(client), after.get(client));
            let (old, new) = (was.map(|was| was.verdict), is.map(|is| is.verdict));
            // A pair that is new or gone with its workload or service is no change of policy, unless it is refused.
            let matters = match (old, new) {
                (Some(old), Some(new)) => old != new,
                (None, Some(new)) => matches!(new, Verdict::Refused | Verdict::Plaintext),
                (_, None) => false,
            };
            if !matters {
                continue;
            }
            let key = (old.map(Verdict::rank), new.map(Verdict::rank));
            grouped
                .entry(key)
                .or_insert_with(|| PairChange {
                    mesh: self.name.to_owned(),
                    destination: destination.clone(),
                    clients: Vec::new(),
                    before: old,
                    after: new,
                    rules_before: was.map(|was| was.rules.clone()).unwrap_or_default(),
                    rules_after: is.map(|is| is.rules.clone()).unwrap_or_default(),
                    causes: self.causes(was, is),
                })
                .clients
                .push(client.clone());
        }
        changes.extend(grouped.into_values());
    }

    /// The changed lines that the two answers rest on.
    fn causes(&self, was: Option<&Answer<'_>>, is: Option<&Answer<'_>>) -> Vec<Cause> {
        let [(old_mesh, before), (new_mesh, now)] = self.sides;
        let new = is.and_then(|is| Some(new_mesh?.evidence(is.decision)));
        let new = new.into_iter().flatten().filter_map(|fact| {
            let place = fact.place?;
            let changed = !place.is_assumed() && self.lines.is_new(place, &now.sources);
            changed.then(|| cause(&fact, now, false)).flatten()
        });
        let old = was.and_then(|was| Some(old_mesh?.evidence(was.decision)));
        let old = old.into_iter().flatten().filter_map(|fact| {
            let place = fact.place?;
            let gone = !place.is_assumed() && self.lines.is_gone(place, &before.sources);
            gone.then(|| cause(&fact, before, true)).flatten()
        });
        let mut seen = BTreeSet::new();
        new.chain(old)
            .filter(|cause| seen.insert((cause.path.clone(), cause.line)))
            .take(CAUSES)
            .collect()
    }
}

fn cause(fact: &Fact, analysis: &Analysis, is_gone: bool) -> Option<Cause> {
    let span = fact.place?.span;
    let file = analysis.sources.file(span.file);
    Some(Cause {
        path: file.path().to_string(),
        line: file.position(span.range().start).line,
        is_gone,
        text: fact.text.clone(),
    })
}

/// The decisions of a mesh by destination.
fn by_destination(mesh: Option<&Mesh>) -> BTreeMap<&Destination, Vec<&Decision>> {
    let mut out: BTreeMap<&Destination, Vec<&Decision>> = BTreeMap::new();
    for decision in mesh.into_iter().flat_map(Mesh::decisions) {
        out.entry(&decision.destination).or_default().push(decision);
    }
    out
}

/// What tells whether the decisions about a destination are the same: who the clients are, and what they get.
fn signature(mesh: Option<&Mesh>, decisions: Option<&Vec<&Decision>>) -> Vec<(String, u8)> {
    let decisions = decisions.into_iter().flatten();
    let mut signature: Vec<(String, u8)> = decisions
        .filter_map(|decision| Some((mesh?.class_name(&decision.clients), decision.verdict.rank())))
        .collect();
    signature.sort();
    signature
}

/// What every client gets from the decisions about one destination.
fn answers<'a>(mesh: Option<&Mesh>, decisions: &[&'a Decision]) -> Answers<'a> {
    let Some(mesh) = mesh else {
        return Answers::new();
    };
    let mut out = Answers::new();
    for &decision in decisions {
        let rules = mesh.rule_names(decision);
        for client in mesh.sample_clients(decision, usize::MAX) {
            let answer = Answer {
                verdict: decision.verdict,
                rules: rules.clone(),
                decision,
            };
            out.insert(client, answer);
        }
    }
    out
}
