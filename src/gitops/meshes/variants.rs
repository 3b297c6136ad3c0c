//! Variants: directories that stand beside each other and define the same objects, one for each mesh.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::collision::{Collisions, Item, common};
use super::dictionary::is_environment;
use crate::gitops::{DEFAULT_MESH, MeshScope, Unit};

/// How many meshes are believed; more are a collection of examples.
const MOST: usize = 16;

/// The variants of a repository, and which of them every item is of.
#[derive(Debug)]
pub(super) struct Variants {
    /// The directories by path.
    by_path: BTreeMap<Utf8PathBuf, Variant>,
    /// The names of the variants that every item is of.
    signatures: Vec<Signature>,
    /// The signatures of the meshes that no CD tool and no setting names.
    new: Vec<Signature>,
    /// The position of meshes that are there already by the names of variants that belong to them.
    aliases: BTreeMap<Box<str>, BTreeSet<usize>>,
    /// The meshes that hold what an item collides with.
    blocked: BTreeMap<usize, BTreeSet<usize>>,
    /// The directories of the items.
    directories: Vec<Utf8PathBuf>,
}

/// The names of the variants that a directory is in, the outermost first.
type Signature = Vec<Box<str>>;

/// Where an item belongs.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Placement {
    /// In these meshes, by position.
    Meshes(Vec<usize>),
    /// In this mesh, by position, which has its objects from other units.
    Superseded(usize),
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
            by_path: BTreeMap::new(),
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
            .map(|item| variants.signature(&item.directory, meshes))
            .collect();
        variants.new = variants.maximal();
        (variants.new.len() <= MOST && variants.is_consistent(collisions)).then_some(variants)
    }

    /// Takes in the variant that a directory below another one is in; its name.
    fn add(&mut self, above: &Utf8Path, directory: &Utf8Path) -> Box<str> {
        let (path, is_exact) = variant(above, directory);
        let name: Box<str> = path.file_name().unwrap_or(DEFAULT_MESH).into();
        self.by_path.entry(path).or_insert_with(|| Variant {
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
    fn signature(&self, directory: &Utf8Path, meshes: &[MeshScope]) -> Signature {
        let mut names: Signature = Vec::new();
        for one in directory.ancestors() {
            let variant = self.by_path.get(one);
            let variant = variant.filter(|variant| !variant.is_exact || one == directory);
            let name = variant.map(|variant| &*variant.name).or_else(|| {
                let name = one.file_name()?;
                meshes
                    .iter()
                    .any(|mesh| &*mesh.name == name)
                    .then_some(name)
            });
            names.extend(name.map(Box::from));
        }
        names.reverse();
        names
    }

    /// The signatures that no other one contains, and that no mesh which is there already stands for.
    fn maximal(&self) -> Vec<Signature> {
        let open = self.signatures.iter();
        let open = open.filter(|one| !one.is_empty() && self.known(one).is_empty());
        let open: BTreeSet<&Signature> = open.collect();
        let mut largest: Vec<Signature> = Vec::new();
        for &one in &open {
            let is_smaller = open
                .iter()
                .any(|other| other.len() > one.len() && is_part(one, other));
            let is_there = largest
                .iter()
                .any(|other| other.len() == one.len() && is_part(one, other));
            if !is_smaller && !is_there {
                largest.push(one.clone());
            }
        }
        largest
    }

    /// The meshes that are there already and that a signature names.
    fn known(&self, signature: &Signature) -> BTreeSet<usize> {
        let named = signature.iter().filter_map(|name| self.aliases.get(name));
        named.flatten().copied().collect()
    }

    /// Whether no new mesh holds two items that collide.
    fn is_consistent(&self, collisions: &Collisions) -> bool {
        collisions.items.iter().all(|&(first, second)| {
            let in_both = self.new.iter().any(|mesh| {
                [first, second].iter().all(|&item| {
                    let signature = self.signatures.get(item);
                    signature.is_some_and(|signature| is_part(signature, mesh))
                })
            });
            !in_both
        })
    }

    /// The names of the meshes that no CD tool and no setting names, and whether each may as well be an example.
    pub(super) fn new_meshes(&self) -> Vec<(String, bool)> {
        let is_guess = |signature: &Signature| {
            let named = self
                .by_path
                .iter()
                .filter(|(_, variant)| signature.contains(&variant.name));
            !named.map(|(path, _)| path).any(|path| is_environment(path))
        };
        let new = self.new.iter();
        new.map(|signature| (signature.join("/"), is_guess(signature)))
            .collect()
    }

    /// Where an item belongs; the new meshes start at `first_new`.
    pub(super) fn placement(&self, item: usize, mesh_count: usize, first_new: usize) -> Placement {
        let none = Vec::new();
        let signature = self.signatures.get(item).unwrap_or(&none);
        let known = self.known(signature);
        let blocked = self.blocked.get(&item);
        let is_open = |mesh: &usize| blocked.is_none_or(|blocked| !blocked.contains(mesh));
        if let Some(&first) = known.first() {
            let open: Vec<usize> = known.into_iter().filter(is_open).collect();
            return if open.is_empty() {
                Placement::Superseded(first)
            } else {
                Placement::Meshes(open)
            };
        }
        let near = self.near(item);
        let fits = |mesh: &Signature| {
            let is_near = near
                .as_ref()
                .is_none_or(|near| mesh.iter().any(|name| near.contains(name)));
            is_part(signature, mesh) && (is_near || !signature.is_empty())
        };
        let new = self.new.iter().enumerate().filter(|(_, mesh)| fits(mesh));
        let mut found: Vec<usize> = new.map(|(index, _)| first_new + index).collect();
        if signature.is_empty() {
            found.extend((0..first_new).filter(is_open));
        }
        if found.is_empty() {
            // Nothing says where it belongs.
            found.extend((0..mesh_count).filter(is_open));
        }
        Placement::Meshes(found)
    }

    /// The names of the variants below the nearest directory above an item that has any.
    fn near(&self, item: usize) -> Option<BTreeSet<Box<str>>> {
        let directory = self.directories.get(item)?;
        directory.ancestors().find_map(|above| {
            let below = self
                .by_path
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
        let directories = self.by_path.iter().filter(|(_, variant)| is_new(variant));
        directories.map(|(path, _)| path.clone()).collect()
    }
}

/// Whether a signature has no name that another one has not.
fn is_part(one: &Signature, other: &Signature) -> bool {
    one.iter().all(|name| other.contains(name))
}

/// The child of a directory that another one is in, or the directory itself.
fn variant(above: &Utf8Path, directory: &Utf8Path) -> (Utf8PathBuf, bool) {
    let inside = directory.strip_prefix(above).ok();
    match inside.and_then(|inside| inside.components().next()) {
        Some(child) => (above.join(child), false),
        None => (above.to_owned(), true),
    }
}
