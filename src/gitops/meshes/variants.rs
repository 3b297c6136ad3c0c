//! Variants: directories that stand beside each other and define the same objects, one for each mesh.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::collision::{Collisions, Item, common};
use crate::gitops::{DEFAULT_MESH, MeshScope, Unit};

/// How many meshes are believed; more are a collection of examples.
const MOST: usize = 16;

/// The variants of a repository, and which of them every item is of.
#[derive(Debug)]
pub(super) struct Variants {
    /// The directories by path.
    variants: BTreeMap<Utf8PathBuf, Variant>,
    /// The names of the variants that every item is of.
    signatures: Vec<BTreeSet<Box<str>>>,
    /// The signatures of the meshes that no CD tool and no setting names.
    new: Vec<BTreeSet<Box<str>>>,
    /// The position of meshes that are there already by the names of variants that belong to them.
    aliases: BTreeMap<Box<str>, BTreeSet<usize>>,
    /// The meshes that hold what an item collides with.
    blocked: BTreeMap<usize, BTreeSet<usize>>,
    /// The directories of the items.
    directories: Vec<Utf8PathBuf>,
}

/// A directory that is a variant.
#[derive(Debug)]
struct Variant {
    name: Box<str>,
    /// Whether it is only what stands in the directory itself, beside variants below it.
    is_exact: bool,
}

impl Variants {
    /// Finds the variants; none if they make no small and consistent set.
    pub(super) fn of(
        items: &[Item],
        collisions: &Collisions,
        meshes: &[MeshScope],
        units: &[Unit],
    ) -> Option<Self> {
        if collisions.is_too_much {
            return None;
        }
        let mut variants = Self {
            variants: BTreeMap::new(),
            signatures: Vec::new(),
            new: Vec::new(),
            aliases: BTreeMap::new(),
            blocked: BTreeMap::new(),
            directories: items.iter().map(|item| item.directory.clone()).collect(),
        };
        for (index, mesh) in meshes.iter().enumerate() {
            variants
                .aliases
                .entry(mesh.name.clone())
                .or_default()
                .insert(index);
        }
        for &(first, second) in &collisions.items {
            let (first, second) = (items.get(first)?, items.get(second)?);
            let above = common(&first.directory, &second.directory);
            variants.add(above, &first.directory);
            variants.add(above, &second.directory);
        }
        for &(item, unit) in &collisions.assigned {
            variants.add_assigned(item, &items.get(item)?.directory, unit, meshes, units);
        }
        variants.signatures = items
            .iter()
            .map(|item| variants.signature(&item.directory))
            .collect();
        variants.new = variants.maximal();
        (variants.new.len() <= MOST && variants.is_consistent(collisions)).then_some(variants)
    }

    /// Takes in the variant that a directory below another one is in; its name.
    fn add(&mut self, above: &Utf8Path, directory: &Utf8Path) -> Box<str> {
        let (path, is_exact) = variant(above, directory);
        let name: Box<str> = path.file_name().unwrap_or(DEFAULT_MESH).into();
        self.variants.entry(path).or_insert_with(|| Variant {
            name: name.clone(),
            is_exact,
        });
        name
    }

    /// Takes in an item that defines what a unit of a mesh defines.
    fn add_assigned(
        &mut self,
        item: usize,
        directory: &Utf8Path,
        unit: usize,
        meshes: &[MeshScope],
        units: &[Unit],
    ) {
        let Some(unit_directory) = units.get(unit).map(|unit| &unit.directory) else {
            return;
        };
        let holders = meshes.iter().enumerate();
        let holders = holders.filter(|(_, mesh)| mesh.units.contains(&unit));
        let holders: BTreeSet<usize> = holders.map(|(index, _)| index).collect();
        self.blocked.entry(item).or_default().extend(&holders);
        let above = common(directory, unit_directory);
        self.add(above, directory);
        let (other, _) = variant(above, unit_directory);
        if let Some(name) = other.file_name() {
            self.aliases.entry(name.into()).or_default().extend(holders);
        }
    }

    /// The names of the variants that a directory is in; those of meshes that are there count wherever they stand.
    fn signature(&self, directory: &Utf8Path) -> BTreeSet<Box<str>> {
        let mut names = BTreeSet::new();
        for one in directory.ancestors() {
            if let Some(variant) = self.variants.get(one)
                && (!variant.is_exact || one == directory)
            {
                names.insert(variant.name.clone());
            }
            let name = one
                .file_name()
                .filter(|name| self.aliases.contains_key(*name));
            names.extend(name.map(Box::from));
        }
        names
    }

    /// The signatures that no other one contains, and that no mesh which is there already stands for.
    fn maximal(&self) -> Vec<BTreeSet<Box<str>>> {
        let is_known =
            |index: usize, signature: &BTreeSet<Box<str>>| !self.known(index, signature).is_empty();
        let open = self.signatures.iter().enumerate();
        let open = open.filter(|(index, one)| !one.is_empty() && !is_known(*index, one));
        let open: BTreeSet<&BTreeSet<Box<str>>> = open.map(|(_, one)| one).collect();
        let is_largest = |one: &&&BTreeSet<Box<str>>| {
            open.iter()
                .all(|other| *other == **one || !one.is_subset(other))
        };
        open.iter()
            .filter(is_largest)
            .map(|one| (*one).clone())
            .collect()
    }

    /// The meshes that are there already and that an item is of by its signature.
    fn known(&self, item: usize, signature: &BTreeSet<Box<str>>) -> BTreeSet<usize> {
        let blocked = self.blocked.get(&item);
        let named = signature
            .iter()
            .filter_map(|name| self.aliases.get(name))
            .flatten();
        named
            .filter(|mesh| blocked.is_none_or(|blocked| !blocked.contains(mesh)))
            .copied()
            .collect()
    }

    /// Whether no new mesh holds two items that collide.
    fn is_consistent(&self, collisions: &Collisions) -> bool {
        collisions.items.iter().all(|&(first, second)| {
            let in_both = self.new.iter().any(|mesh| {
                [first, second].iter().all(|&item| {
                    let signature = self.signatures.get(item);
                    signature.is_some_and(|signature| signature.is_subset(mesh))
                })
            });
            !in_both
        })
    }

    /// The names of the meshes that no CD tool and no setting names.
    pub(super) fn new_meshes(&self) -> Vec<String> {
        let name = |signature: &BTreeSet<Box<str>>| {
            let names: Vec<&str> = signature.iter().map(|name| &**name).collect();
            names.join("/")
        };
        self.new.iter().map(name).collect()
    }

    /// The meshes of an item, by position; the new ones start at `first_new`.
    pub(super) fn meshes_of(
        &self,
        item: usize,
        meshes: &[MeshScope],
        first_new: usize,
    ) -> Vec<usize> {
        let none = BTreeSet::new();
        let signature = self.signatures.get(item).unwrap_or(&none);
        let known = self.known(item, signature);
        if !known.is_empty() {
            return known.into_iter().collect();
        }
        let near = self.near(item);
        let new = self.new.iter().enumerate().filter(|(_, mesh)| {
            signature.is_subset(mesh)
                && near
                    .as_ref()
                    .is_none_or(|near| !near.is_disjoint(mesh) || !signature.is_empty())
        });
        let mut found: Vec<usize> = new.map(|(index, _)| first_new + index).collect();
        if signature.is_empty() {
            found.extend(0..first_new.min(meshes.len()));
        }
        if found.is_empty() {
            // Nothing says where it belongs.
            return (0..meshes.len()).collect();
        }
        found
    }

    /// The names of the variants below the nearest directory above an item that has any.
    fn near(&self, item: usize) -> Option<BTreeSet<Box<str>>> {
        let directory = self.directories.get(item)?;
        directory.ancestors().find_map(|above| {
            let below = self
                .variants
                .iter()
                .filter(|(path, _)| path.starts_with(above));
            let names: BTreeSet<Box<str>> =
                below.map(|(_, variant)| variant.name.clone()).collect();
            (!names.is_empty()).then_some(names)
        })
    }

    /// The directories of the variants that make new meshes.
    pub(super) fn directories(&self) -> Vec<Utf8PathBuf> {
        let is_new = |variant: &Variant| self.new.iter().any(|mesh| mesh.contains(&variant.name));
        let directories = self.variants.iter().filter(|(_, variant)| is_new(variant));
        directories.map(|(path, _)| path.clone()).collect()
    }
}

/// The child of a directory that another one is in, or the directory itself.
fn variant(above: &Utf8Path, directory: &Utf8Path) -> (Utf8PathBuf, bool) {
    let inside = directory.strip_prefix(above).ok();
    match inside.and_then(|inside| inside.components().next()) {
        Some(child) => (above.join(child), false),
        None => (above.to_owned(), true),
    }
}
