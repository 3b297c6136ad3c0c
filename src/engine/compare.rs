//! Comparing two analyses: did any pair get worse, did certain pairs get better.

use std::collections::BTreeMap;

use super::Analysis;
use crate::diagnostic::PairId;
use crate::mesh::{Decision, Mesh};

/// What identifies a pair of clients and destination in two analyses of almost the same files.
type Key<'a> = (String, &'a str, u16, Option<&'a str>);

/// How good the traffic of a pair is: the rank of its worst endpoint, and the ranks of all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Quality {
    worst: u8,
    endpoints: Vec<(Box<str>, u16, u8)>,
}

/// Whether a change is safe: no pair gets worse, nothing becomes unreadable, and every pair in `own` improves.
pub(super) fn is_improvement(before: &Analysis, after: &Analysis, own: &[PairId]) -> bool {
    if after.summary.unread.len() > before.summary.unread.len()
        || after.summary.resources != before.summary.resources
        || after.meshes.len() != before.meshes.len()
    {
        return false;
    }
    (0u32..)
        .zip(before.meshes.iter().zip(&after.meshes))
        .all(|(index, (old, new))| {
            let pairs: Vec<u32> = own
                .iter()
                .filter(|pair| pair.mesh == index)
                .map(|pair| pair.decision)
                .collect();
            mesh_improves(old, new, &pairs)
        })
}

fn mesh_improves(old: &Mesh, new: &Mesh, own: &[u32]) -> bool {
    let before = qualities(old);
    let after = qualities(new);
    let never_worse = before.len() == after.len()
        && before
            .iter()
            .all(|(key, quality)| after.get(key).is_some_and(|now| !is_worse(quality, now)));
    let improves = |&decision: &u32| {
        let Some(decision) = old.decisions().get(decision as usize) else {
            return false;
        };
        let key = key(old, decision);
        match (before.get(&key), after.get(&key)) {
            (Some(was), Some(now)) => now.worst > was.worst,
            (_, None) | (None, _) => false,
        }
    };
    never_worse && own.iter().all(improves)
}

/// A pair is worse if any of its endpoints is, or has gone.
fn is_worse(was: &Quality, now: &Quality) -> bool {
    let gone_or_worse = was.endpoints.iter().any(|(label, port, rank)| {
        let same = now
            .endpoints
            .iter()
            .find(|(other, number, _)| other == label && number == port);
        same.is_none_or(|(_, _, now)| now < rank)
    });
    now.worst < was.worst || gone_or_worse
}

fn qualities(mesh: &Mesh) -> BTreeMap<Key<'_>, Quality> {
    let decisions = mesh.decisions().iter();
    decisions
        .map(|decision| {
            let endpoints = decision.endpoints.iter();
            let endpoints = endpoints
                .map(|e| (e.label.clone(), e.port, e.verdict.rank()))
                .collect();
            (
                key(mesh, decision),
                Quality {
                    worst: decision.verdict.rank(),
                    endpoints,
                },
            )
        })
        .collect()
}

fn key<'a>(mesh: &Mesh, decision: &'a Decision) -> Key<'a> {
    let destination = &decision.destination;
    let clients = mesh.class_name(&decision.clients);
    (
        clients,
        destination.host.as_str(),
        destination.port,
        destination.subset.as_deref(),
    )
}
