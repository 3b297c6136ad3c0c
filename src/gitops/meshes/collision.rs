//! Units that define the same objects, which therefore cannot be in one mesh.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use crate::gitops::{MeshScope, Unit};
use crate::object::ObjectId;

/// Units that nothing assigns to a mesh, and the directory that they start from.
#[derive(Debug)]
pub(super) struct Item {
    /// The directory.
    pub(super) directory: Utf8PathBuf,
    /// The units.
    pub(super) units: Vec<usize>,
}

/// What collides.
#[derive(Debug, Default)]
pub(super) struct Collisions {
    /// Pairs of items, by position.
    pub(super) items: BTreeSet<(usize, usize)>,
    /// Items and units of a mesh, by position: item, unit.
    pub(super) assigned: BTreeSet<(usize, usize)>,
    /// Whether so much collides that nothing can be told from it.
    pub(super) is_too_much: bool,
}

impl Collisions {
    /// Whether an item collides with any of others.
    pub(super) fn touches(&self, item: usize, others: &BTreeSet<usize>) -> bool {
        others.iter().any(|&other| {
            let pair = (item.min(other), item.max(other));
            self.items.contains(&pair)
        })
    }
}

/// How many items may define one object.
const DEFINITIONS: usize = 64;

/// Finds what defines the same objects. A Namespace says nothing: manifests commonly bring their own copy along.
pub(super) fn collisions(items: &[Item], meshes: &[MeshScope], units: &[Unit]) -> Collisions {
    let mut collisions = Collisions::default();
    let mut definitions: BTreeMap<&ObjectId, Vec<usize>> = BTreeMap::new();
    for (index, item) in items.iter().enumerate() {
        for id in item.units.iter().flat_map(|&unit| ids(units, unit)) {
            let known = definitions.entry(id).or_default();
            if known.last() != Some(&index) {
                known.push(index);
            }
        }
    }
    for known in definitions.values() {
        if known.len() > DEFINITIONS {
            collisions.is_too_much = true;
            return collisions;
        }
        for (at, &first) in known.iter().enumerate() {
            let later = known.get(at + 1..).unwrap_or_default();
            for &second in later.iter().filter(|&&second| differ(items, first, second)) {
                collisions.items.insert((first, second));
            }
        }
    }
    let assigned: BTreeSet<usize> = meshes
        .iter()
        .flat_map(|mesh| &mesh.units)
        .copied()
        .collect();
    for unit in assigned {
        for id in ids(units, unit) {
            let known = definitions.get(id).map_or(&[][..], Vec::as_slice);
            collisions
                .assigned
                .extend(known.iter().map(|&item| (item, unit)));
        }
    }
    collisions
}

/// Whether two items start from different directories. Inside of one directory the same object twice is an alternative.
fn differ(items: &[Item], first: usize, second: usize) -> bool {
    let directory = |index: usize| items.get(index).map(|item| item.directory.as_path());
    directory(first) != directory(second)
}

/// The objects of a unit.
fn ids(units: &[Unit], unit: usize) -> impl Iterator<Item = &ObjectId> {
    let objects = units.get(unit).map_or(&[][..], |unit| &unit.objects);
    let ids = objects.iter().map(|object| &object.id);
    ids.filter(|id| &*id.kind != "Namespace" && !id.name.is_empty())
}

/// The lowest directory that is above, or is, both of two others.
pub(super) fn common<'p>(first: &'p Utf8Path, second: &Utf8Path) -> &'p Utf8Path {
    first
        .ancestors()
        .find(|one| second.starts_with(one))
        .unwrap_or(Utf8Path::new(""))
}
