//! Comparing two analyses: did any pair get worse, did certain pairs get better.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use rustc_hash::FxHashSet;

use super::Analysis;
use crate::diagnostic::PairId;
use crate::mesh::{Decision, Mesh};

/// What identifies a pair of clients and destination in two analyses of almost the same files.
type Key<'a> = (String, &'a str, u16, Option<&'a str>);

/// How good the traffic of a pair is: the rank of its worst endpoint, and the ranks of all.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Quality {
    worst: u8,
    endpoints: Vec<(Arc<str>, u16, u8)>,
}

/// Whether a change leaves every object readable.
pub(super) fn is_as_readable(before: &Analysis, after: &Analysis) -> bool {
    after.summary.unread.len() <= before.summary.unread.len()
        && after.summary.resources == before.summary.resources
        && after.meshes.len() == before.meshes.len()
}

/// Whether a change that leaves every object readable is safe: no pair gets worse, and every pair in `own` improves.
pub(super) fn is_improvement(before: &Analysis, after: &Analysis, own: &[PairId]) -> bool {
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

/// The pairs that a change improves.
pub(super) fn improved(before: &Analysis, after: &Analysis) -> FxHashSet<PairId> {
    let meshes = (0u32..).zip(before.meshes.iter().zip(&after.meshes));
    meshes
        .flat_map(|(mesh, (old, new))| {
            let change = Change::of(old, new);
            let decisions = (0u32..).zip(old.decisions());
            decisions
                .filter(|(_, decision)| change.improves(old, decision))
                .map(|(decision, _)| PairId { mesh, decision })
                .collect::<Vec<_>>()
        })
        .collect()
}

/// The pairs of a mesh before and after a change.
struct Change<'a> {
    regrouped: BTreeSet<&'a str>,
    before: BTreeMap<Key<'a>, Quality>,
    after: BTreeMap<Key<'a>, Quality>,
}

impl<'a> Change<'a> {
    fn of(old: &'a Mesh, new: &'a Mesh) -> Self {
        let regrouped = regrouped_hosts(old, new);
        Self {
            before: qualities(old, &regrouped),
            after: qualities(new, &regrouped),
            regrouped,
        }
    }

    fn is_never_worse(&self) -> bool {
        let mut before = self.before.iter();
        before.all(|(key, was)| self.after.get(key).is_some_and(|now| !is_worse(was, now)))
    }

    /// Whether there are no pairs that were not there before. A subset that no rule defined had no cluster: a pair of it
    /// that is new was refused.
    fn adds_nothing(&self) -> bool {
        let is_known = |(clients, host, port, _): &Key<'_>| {
            self.before
                .contains_key(&(clients.clone(), *host, *port, None))
        };
        let mut after = self.after.keys();
        after.all(|key| self.before.contains_key(key) || (key.3.is_some() && is_known(key)))
    }

    /// Whether a decision of the mesh before the change gets better at its worst endpoint, for all its clients.
    fn improves(&self, old: &Mesh, decision: &Decision) -> bool {
        let mut keys = keys(old, decision, &self.regrouped).into_iter();
        keys.all(|key| match (self.before.get(&key), self.after.get(&key)) {
            (Some(was), Some(now)) => now.worst > was.worst,
            (_, None) | (None, _) => false,
        })
    }
}

fn mesh_improves(old: &Mesh, new: &Mesh, own: &[u32]) -> bool {
    let change = Change::of(old, new);
    let improves = |&decision: &u32| {
        let decision = old.decisions().get(decision as usize);
        decision.is_some_and(|decision| change.improves(old, decision))
    };
    change.is_never_worse() && change.adds_nothing() && own.iter().all(improves)
}

/// The hosts whose clients fall into other classes than before, since other rules are about them. There the members are
/// compared one by one.
fn regrouped_hosts<'a>(old: &'a Mesh, new: &'a Mesh) -> BTreeSet<&'a str> {
    let (before, after) = (classes(old), classes(new));
    let hosts = before.keys().chain(after.keys()).copied();
    hosts
        .filter(|host| before.get(host) != after.get(host))
        .collect()
}

/// The classes of clients of every host.
fn classes(mesh: &Mesh) -> BTreeMap<&str, BTreeSet<String>> {
    let mut classes: BTreeMap<&str, BTreeSet<String>> = BTreeMap::new();
    for decision in mesh.decisions() {
        classes
            .entry(decision.destination.host.as_str())
            .or_default()
            .insert(mesh.class_name(&decision.clients));
    }
    classes
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

fn qualities<'a>(mesh: &'a Mesh, regrouped: &BTreeSet<&str>) -> BTreeMap<Key<'a>, Quality> {
    let mut qualities = BTreeMap::new();
    for decision in mesh.decisions() {
        let endpoints = decision.endpoints.iter();
        let endpoints = endpoints.map(|e| (e.label.clone(), e.port, e.verdict.rank()));
        let quality = Quality {
            worst: decision.verdict.rank(),
            endpoints: endpoints.collect(),
        };
        let keys = keys(mesh, decision, regrouped).into_iter();
        qualities.extend(keys.map(|key| (key, quality.clone())));
    }
    qualities
}

/// What identifies the clients and the destination of a decision; every group of clients by itself where the classes of
/// the host are others in the other analysis.
fn keys<'a>(mesh: &Mesh, decision: &'a Decision, regrouped: &BTreeSet<&str>) -> Vec<Key<'a>> {
    let destination = &decision.destination;
    let host = destination.host.as_str();
    let clients = if regrouped.contains(host) {
        mesh.group_names(&decision.clients)
    } else {
        vec![mesh.class_name(&decision.clients)]
    };
    let key = |clients| {
        (
            clients,
            host,
            destination.port,
            destination.subset.as_deref(),
        )
    };
    clients.into_iter().map(key).collect()
}
