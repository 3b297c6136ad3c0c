//! Which units form one mesh: by the config file, by the cluster that a CD tool applies them to, by the objects that they
//! both define.

mod collision;
mod dictionary;
mod variants;

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::argo::{self, OWN_CLUSTER};
use super::evaluation::Group;
use super::{Basis, DEFAULT_MESH, MeshScope, Settings, Unit, UnitKind};
use collision::{Item, collisions};
use variants::{Placement, Variants};

/// The meshes, and what the user may want to know about how they were found.
#[derive(Debug)]
pub(super) struct Formed {
    /// The meshes; at least one.
    pub(super) meshes: Vec<MeshScope>,
    /// Where variants were told apart by the objects that they define, the directories of the variants.
    pub(super) inferred: Vec<Utf8PathBuf>,
    /// Units that are in no mesh, and why.
    pub(super) superseded: BTreeMap<usize, String>,
}

/// Puts units into meshes.
pub(super) fn form(units: &[Unit], groups: Vec<Group>, settings: &Settings) -> Formed {
    let mut meshes: Vec<MeshScope> = settings
        .meshes
        .iter()
        .map(|mesh| MeshScope {
            root_namespace: mesh.root_namespace.clone(),
            cluster_domain: mesh.cluster_domain.clone(),
            ..scope(&mesh.name, Basis::Configured)
        })
        .collect();
    let mut left: Vec<Group> = Vec::new();
    let own_cluster = own_cluster(&groups, units);
    for mut group in groups {
        group
            .units
            .retain(|&unit| !configure(unit, &group.directory, units, settings, &mut meshes));
        if group.units.is_empty() {
            continue;
        }
        let own_cluster = own_cluster.filter(|_| group.is_own_cluster());
        match group.name.as_deref().or(own_cluster) {
            Some(name) => {
                let known = meshes.iter().position(|mesh| &*mesh.name == name);
                let index = known.unwrap_or_else(|| {
                    meshes.push(scope(name, Basis::Cd));
                    meshes.len() - 1
                });
                if let Some(mesh) = meshes.get_mut(index) {
                    let is_undeclared = |unit: &&usize| {
                        own_cluster.is_some() && is_applied_by_hand(units.get(**unit))
                    };
                    mesh.joined.extend(group.units.iter().filter(is_undeclared));
                    mesh.units.extend(group.units);
                }
            }
            None => left.push(group),
        }
    }
    let mut superseded = BTreeMap::new();
    let inferred = assign(units, left, &mut meshes, &mut superseded);
    meshes.retain(|mesh| !mesh.units.is_empty());
    if meshes.is_empty() {
        meshes.push(scope(DEFAULT_MESH, Basis::Single));
    }
    for mesh in &mut meshes {
        mesh.units.sort_unstable();
        mesh.units.dedup();
    }
    Formed {
        meshes,
        inferred,
        superseded,
    }
}

/// Whether no CD resource deploys a unit.
fn is_applied_by_hand(unit: Option<&Unit>) -> bool {
    unit.is_some_and(|unit| matches!(unit.kind, UnitKind::Plain | UnitKind::Kustomization))
}

/// The name of the mesh of the cluster that Argo CD runs in, where it deploys to others too. Without others nothing says
/// that there is more than one mesh, and where its units define the same objects there are several Argo CDs.
fn own_cluster(groups: &[Group], units: &[Unit]) -> Option<&'static str> {
    let own: Vec<Item> = groups
        .iter()
        .filter(|group| group.is_own_cluster())
        .map(|group| Item {
            directory: group.directory.clone(),
            units: group.units.clone(),
        })
        .collect();
    let collisions = collisions(&own, &[], units);
    let is_one = collisions.items.is_empty() && !collisions.is_too_much;
    (is_one && groups.iter().any(Group::is_destination)).then_some(OWN_CLUSTER)
}

/// A mesh without units.
fn scope(name: &str, basis: Basis) -> MeshScope {
    MeshScope {
        name: name.into(),
        units: Vec::new(),
        basis,
        joined: BTreeSet::new(),
        is_guess: false,
        root_namespace: None,
        cluster_domain: None,
    }
}

/// Puts a unit into the meshes of the config file that it is of; whether there are any.
fn configure(
    unit: usize,
    start: &Utf8Path,
    units: &[Unit],
    settings: &Settings,
    meshes: &mut [MeshScope],
) -> bool {
    let mut is_configured = false;
    let Some(found) = units.get(unit) else {
        return false;
    };
    for (configured, mesh) in settings.meshes.iter().zip(meshes) {
        let starts_there = !start.as_str().is_empty() && configured.holds(start);
        if starts_there || configured.holds(&found.directory) || configured.names(&found.name) {
            mesh.units.push(unit);
            is_configured = true;
        }
    }
    is_configured
}

/// Puts what nothing assigns into meshes; the directories that tell the variants apart.
fn assign(
    units: &[Unit],
    left: Vec<Group>,
    meshes: &mut Vec<MeshScope>,
    superseded: &mut BTreeMap<usize, String>,
) -> Vec<Utf8PathBuf> {
    let items: Vec<Item> = left
        .into_iter()
        .map(|group| Item {
            directory: group.directory,
            units: group.units,
        })
        .collect();
    let collisions = collisions(&items, meshes, units);
    let variants = Variants::of(&items, &collisions, meshes, units);
    let Some(variants) = variants else {
        // Too many variants, or none that fit together: the whole is one mesh, with alternatives.
        join_all(items, meshes);
        return Vec::new();
    };
    let names = variants.new_meshes();
    let first_new = meshes.len();
    let is_single = meshes.is_empty() && names.is_empty();
    if is_single {
        meshes.push(scope(DEFAULT_MESH, Basis::Single));
    }
    meshes.extend(names.iter().map(|(name, is_guess)| MeshScope {
        is_guess: *is_guess,
        ..scope(name, Basis::Collision)
    }));
    let leads_elsewhere = leads_elsewhere(meshes, units);
    let mut members: Vec<BTreeSet<usize>> = vec![BTreeSet::new(); meshes.len()];
    for (index, item) in items.iter().enumerate() {
        match variants.placement(index, meshes.len(), first_new) {
            Placement::Meshes(found) => {
                let is_free = |mesh: &usize| {
                    let members = members.get(*mesh);
                    let touches = |members| collisions.touches(index, members);
                    *mesh >= first_new
                        || (!members.is_some_and(touches)
                            && (leads_elsewhere != Some(*mesh) || found.len() == 1))
                };
                let free: Vec<usize> = found.iter().copied().filter(is_free).collect();
                if let (true, Some(&mesh)) = (free.is_empty(), found.first()) {
                    supersede(item, meshes.get(mesh), superseded);
                }
                for mesh in free {
                    if let (Some(scope), Some(members)) =
                        (meshes.get_mut(mesh), members.get_mut(mesh))
                    {
                        scope.join(&item.units);
                        members.insert(index);
                    }
                }
            }
            Placement::Superseded(mesh) => supersede(item, meshes.get(mesh), superseded),
        }
    }
    variants.directories()
}

/// The mesh of the cluster that Argo CD runs in, if that deploys nothing there but what leads to other clusters: it is not
/// one that files without a mesh may be part of.
fn leads_elsewhere(meshes: &[MeshScope], units: &[Unit]) -> Option<usize> {
    let own = meshes
        .iter()
        .position(|mesh| mesh.basis == Basis::Cd && &*mesh.name == OWN_CLUSTER)?;
    let members = meshes.get(own)?.units.iter();
    let mut objects = members
        .filter_map(|&unit| units.get(unit))
        .flat_map(|unit| &unit.objects);
    let leads =
        objects.all(|object| &*object.gvk.group == argo::GROUP || &*object.gvk.kind == "Namespace");
    (leads && meshes.len() > 1).then_some(own)
}

/// Puts everything into every mesh.
fn join_all(items: Vec<Item>, meshes: &mut Vec<MeshScope>) {
    if meshes.is_empty() {
        meshes.push(scope(DEFAULT_MESH, Basis::Single));
    }
    for item in items {
        for mesh in &mut *meshes {
            mesh.join(&item.units);
        }
    }
}

/// Leaves units out of all meshes: the one that they would be in has their objects from elsewhere.
fn supersede(item: &Item, mesh: Option<&MeshScope>, superseded: &mut BTreeMap<usize, String>) {
    let name = mesh.map_or(DEFAULT_MESH, |mesh| &mesh.name);
    for &unit in &item.units {
        let reason =
            format!("no CD tool applies it, and mesh `{name}` has its objects from elsewhere");
        superseded.insert(unit, reason);
    }
}

impl MeshScope {
    /// Takes in units that nothing declares to be in it.
    fn join(&mut self, units: &[usize]) {
        self.units.extend(units);
        if self.basis > Basis::Collision {
            self.joined.extend(units);
        }
    }
}
