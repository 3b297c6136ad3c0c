//! The evaluation of what a repository deploys: units one after the other, and what CD resources in them call for.

use std::collections::{BTreeMap, BTreeSet, VecDeque};

use camino::{Utf8Path, Utf8PathBuf};

use super::flux::FluxSources;
use super::inventory::{Closure, Inventory};
use super::kustomize::{self, Additions, Built, Session};
use super::plain::Manifests;
use super::{
    Files, Problem, Settings, Unit, UnitKind, argo, flux, helm, namespace, rendered, repository,
};
use crate::object::Object;
use crate::source::tree::normalise;
use crate::source::{FileId, Origins, Spanned};
use crate::yaml::Value;

/// Units that go together whatever mesh they are in: what one cluster root leads to.
#[derive(Debug)]
pub(super) struct Group {
    /// What they are called, where something names the cluster.
    pub(super) name: Option<Box<str>>,
    /// The cluster as CD resources that apply to another cluster than their own name it.
    destination: Option<Box<str>>,
    /// Whether Applications of it are for the cluster of Argo CD itself, which nothing else names.
    is_own_cluster: bool,
    /// The directory that it starts from.
    pub(super) directory: Utf8PathBuf,
    /// The units by their position.
    pub(super) units: Vec<usize>,
}

impl Group {
    /// A group of one unit.
    pub(super) fn of(directory: &Utf8Path, unit: usize) -> Self {
        Self {
            name: None,
            destination: None,
            is_own_cluster: false,
            directory: directory.to_owned(),
            units: vec![unit],
        }
    }

    /// Whether it starts from the plain manifests of a directory.
    pub(super) fn is_home(&self, directory: &Utf8Path) -> bool {
        self.name.is_none() && self.directory == directory
    }

    /// Whether a CD resource of another cluster says that this is one.
    pub(super) fn is_destination(&self) -> bool {
        self.destination.is_some()
    }

    /// Whether it holds what Argo CD deploys to the cluster that it runs in, and nothing names that cluster.
    pub(super) fn is_own_cluster(&self) -> bool {
        self.name.is_none() && self.is_own_cluster
    }
}

/// The evaluation while it runs.
#[derive(Debug)]
pub(super) struct Evaluation<'f> {
    /// The files, and the origins that are made.
    pub(super) session: Session<'f>,
    /// What stands in the repository.
    pub(super) inventory: &'f Inventory,
    /// What the user settles.
    pub(super) settings: &'f Settings,
    /// The units so far.
    pub(super) units: Vec<Unit>,
    /// The groups so far.
    pub(super) groups: Vec<Group>,
    /// The directories of kustomizations that some unit is made of.
    pub(super) built: BTreeSet<Utf8PathBuf>,
    /// The files that the settings of a CD resource leave out, and why.
    pub(super) left_out: BTreeMap<FileId, String>,
    /// The sources that Flux knows.
    pub(super) flux_sources: FluxSources,
    /// The addresses under which Argo CD knows this repository.
    argo_own: BTreeSet<String>,
    /// The CD resources that were followed, by group, kind, namespace and name.
    followed: BTreeSet<(usize, String)>,
    /// Units whose objects were not looked through for CD resources, with their groups.
    pending: VecDeque<(usize, usize)>,
}

/// What the evaluation ends with.
pub(super) struct Evaluated {
    pub(super) units: Vec<Unit>,
    pub(super) groups: Vec<Group>,
    pub(super) origins: Origins,
    pub(super) left_out: BTreeMap<FileId, String>,
}

/// A unit that is to be built.
pub(super) struct Plan<'a> {
    /// What it is called.
    pub(super) name: Box<str>,
    /// What it is.
    pub(super) kind: UnitKind,
    /// The directory.
    pub(super) directory: &'a Utf8Path,
    /// What is added to its kustomization.
    pub(super) additions: &'a Additions,
    /// The namespace of objects without one.
    pub(super) default_namespace: Option<&'a Spanned<Box<str>>>,
}

impl<'f> Evaluation<'f> {
    /// An evaluation that has not started.
    pub(super) fn new(files: &'f Files, inventory: &'f Inventory, settings: &'f Settings) -> Self {
        Self {
            session: Session::new(files),
            inventory,
            settings,
            units: Vec::new(),
            groups: Vec::new(),
            built: BTreeSet::new(),
            left_out: BTreeMap::new(),
            flux_sources: FluxSources::default(),
            argo_own: BTreeSet::new(),
            followed: BTreeSet::new(),
            pending: VecDeque::new(),
        }
    }

    /// Whether Argo CD knows this repository under an address.
    pub(super) fn is_own_for_argo(&self, url: &str) -> bool {
        self.argo_own.contains(&repository::address(url))
    }

    /// Evaluates everything that somebody or something declares: clusters of CD tools, then kustomizations that stand for
    /// themselves. What is left are plain manifests.
    pub(super) fn run(mut self) -> Evaluated {
        let declared = self.declared();
        if !declared.is_empty() {
            self.flux_sources = FluxSources::of(self.session.files);
            self.argo_own = argo::own_addresses(&self, &declared);
            flux::clusters(&mut self, &declared);
            self.homes(&declared);
        }
        for directory in self.inventory.roots(self.session.files) {
            let file = self.inventory.file(directory);
            let is_left_out = file.is_some_and(|file| self.left_out.contains_key(&file));
            if !self.built.contains(directory) && !is_left_out {
                self.root(directory);
                self.drain();
            }
        }
        Evaluated {
            units: self.units,
            groups: self.groups,
            origins: self.session.origins,
            left_out: self.left_out,
        }
    }

    /// The CD resources as they are written, by file.
    fn declared(&self) -> Vec<(FileId, Object)> {
        let files = self.session.files;
        let mut declared = Vec::new();
        for (path, file) in files.iter() {
            let documents = &files.first_documents(file).documents;
            let roots = documents.iter().map(|document| &document.root);
            let roots: Vec<_> = roots.filter(|root| is_cd_resource(root)).collect();
            if roots.is_empty() || self.inventory.chart_of_template(path).is_some() {
                continue;
            }
            let mut manifests = Manifests::default();
            for root in roots {
                manifests.take(root.clone());
            }
            let objects = manifests.objects.into_iter();
            declared.extend(objects.map(|object| (file, object)));
        }
        declared
    }

    /// Evaluates the kustomizations and files that hold CD resources which no cluster leads to.
    fn homes(&mut self, declared: &[(FileId, Object)]) {
        let targets = self.targets(declared);
        let is_below = |path: &Utf8Path| path.ancestors().any(|one| targets.contains(one));
        // What another CD resource applies comes after it, so that it is found in its result.
        for comes_later in [false, true] {
            for directory in self.inventory.roots(self.session.files) {
                let is_targeted = targets.contains(directory);
                if is_below(directory) != comes_later
                    || self.built.contains(directory)
                    || is_targeted
                {
                    continue;
                }
                let closure = self.inventory.closure(directory);
                if declared
                    .iter()
                    .any(|(file, _)| closure.files.contains(file))
                {
                    self.root(directory);
                    self.drain();
                }
            }
            for (file, object) in declared {
                let path = self.session.files.path(*file);
                let directory = path.parent().unwrap_or(Utf8Path::new(""));
                if is_below(directory) != comes_later || self.is_part(*file) {
                    continue;
                }
                let group = self.group_at(directory);
                self.follow(object, group);
                self.drain();
            }
        }
    }

    /// The directories that CD resources apply which are not in them.
    fn targets(&self, declared: &[(FileId, Object)]) -> BTreeSet<Utf8PathBuf> {
        let mut targets = BTreeSet::new();
        for (file, object) in declared {
            let path = self.session.files.path(*file);
            let mut found = argo::targets(self, object);
            found.extend(flux::target(self, object));
            targets.extend(found.into_iter().filter(|target| !path.starts_with(target)));
        }
        targets
    }

    /// Whether a file is part of a unit.
    pub(super) fn is_part(&self, file: FileId) -> bool {
        self.left_out.contains_key(&file) || self.units.iter().any(|one| one.files.contains(&file))
    }

    /// The group without a name that starts at a directory.
    fn group_at(&mut self, directory: &Utf8Path) -> usize {
        let known = self
            .groups
            .iter()
            .position(|group| group.is_home(directory));
        known.unwrap_or_else(|| self.add_group(None, directory))
    }

    /// Adds a group.
    pub(super) fn add_group(&mut self, name: Option<Box<str>>, directory: &Utf8Path) -> usize {
        self.groups.push(Group {
            name,
            destination: None,
            is_own_cluster: false,
            directory: directory.to_owned(),
            units: Vec::new(),
        });
        self.groups.len() - 1
    }

    /// Notes that a group is of the cluster of Argo CD itself.
    pub(super) fn mark_own_cluster(&mut self, group: usize) {
        if let Some(group) = self.groups.get_mut(group) {
            group.is_own_cluster = true;
        }
    }

    /// The group of a cluster that CD resources name: by the same destination, else by the name that both give it.
    pub(super) fn cluster_group(&mut self, destination: &str, name: &str) -> usize {
        let is_destination = |group: &Group| group.destination.as_deref() == Some(destination);
        if let Some(known) = self.groups.iter().position(is_destination) {
            return known;
        }
        let is_address = |text: &str| text.contains("://");
        // Two addresses are two clusters, even if a parameter called `name` is the same for both.
        let is_other = |group: &Group| {
            is_address(destination) && group.destination.as_deref().is_some_and(is_address)
        };
        let named = |group: &Group| group.name.as_deref() == Some(name);
        let known = self.groups.iter().position(named);
        let is_taken = known
            .and_then(|known| self.groups.get(known))
            .is_some_and(is_other);
        if let (Some(known), false) = (known, is_taken) {
            return known;
        }
        let address = destination.split_once("://").map(|(_, rest)| rest);
        let name = address.filter(|_| is_taken).unwrap_or(name);
        let group = self.add_group(Some(name.into()), Utf8Path::new(""));
        if let Some(group) = self.groups.get_mut(group) {
            group.destination = Some(destination.into());
        }
        group
    }

    /// The variables that the config file sets for the mesh of a group.
    pub(super) fn variables(&self, group: usize) -> impl Iterator<Item = (&String, &String)> {
        let directory = self
            .groups
            .get(group)
            .map(|group| group.directory.as_path());
        let meshes = self.settings.meshes.iter();
        let meshes = meshes.filter(move |mesh| directory.is_some_and(|one| mesh.holds(one)));
        meshes.flat_map(|mesh| &mesh.vars)
    }

    /// Builds a kustomization that stands for itself, as a group of its own.
    fn root(&mut self, directory: &Utf8Path) {
        let group = self.add_group(None, directory);
        let mut unit = self.build(&Plan {
            name: shown(directory).into(),
            kind: UnitKind::Kustomization,
            directory,
            additions: &Additions::default(),
            default_namespace: None,
        });
        let file = self.inventory.file(directory);
        let documents = file.map(|file| &self.session.files.documents(file).documents);
        unit.place = documents.and_then(|documents| Some(documents.first()?.root.place));
        self.add(unit, group);
    }

    /// Takes in a unit that was built.
    pub(super) fn add(&mut self, mut unit: Unit, group: usize) {
        let members = self.groups.get(group).map_or(&[][..], |group| &group.units);
        let others = members.iter().filter_map(|&unit| self.units.get(unit));
        let others: Vec<&Unit> = others.collect();
        helm::take_releases(&mut unit, &others, self.session.files);
        let index = self.units.len();
        self.units.push(unit);
        if let Some(group) = self.groups.get_mut(group) {
            group.units.push(index);
        }
        self.pending.push_back((index, group));
    }

    /// Builds a unit, without taking it in.
    pub(super) fn build(&mut self, plan: &Plan<'_>) -> Unit {
        let built = self.evaluate(plan);
        self.unit(plan, built)
    }

    /// Builds what a plan says.
    pub(super) fn evaluate(&mut self, plan: &Plan<'_>) -> Built {
        // What a CD tool adds is not in what kustomize printed.
        if plan.additions.cause.is_none()
            && let Some(built) = rendered::built(plan.directory, self.session.files)
        {
            return built;
        }
        kustomize::build(plan.directory, plan.additions, &mut self.session)
    }

    /// Everything that a plan is made of.
    fn closure(&self, plan: &Plan<'_>) -> Closure {
        let mut closure = self.inventory.closure(plan.directory);
        let components = plan.additions.components.iter();
        let components = components.map(|component| Utf8Path::new(&*component.value));
        let added = plan.additions.resources.iter().map(Utf8PathBuf::as_path);
        for path in added.chain(components) {
            let path = normalise(&plan.directory.join(path));
            if let Some(file) = self.session.files.file(&path) {
                closure.files.insert(file);
            } else {
                let inner = self.inventory.closure(&path);
                closure.files.extend(inner.files);
                closure.directories.extend(inner.directories);
            }
        }
        closure
    }

    /// A unit of what a kustomization builds.
    pub(super) fn unit(&mut self, plan: &Plan<'_>, built: Built) -> Unit {
        let closure = self.closure(plan);
        let Built {
            resources,
            problems,
            mut patches,
            files,
        } = built;
        let mut manifests = Manifests::default();
        let mut patched = Vec::new();
        for resource in resources.resources {
            let first = manifests.objects.len();
            manifests.take(resource.value);
            if !resource.patches.is_empty() && manifests.objects.len() > first {
                patched.push((first, resource.patches));
            }
        }
        let root = self.settings.root_namespace.as_deref();
        namespace::settle_unit(&mut manifests.objects, plan.default_namespace, root);
        for (index, by) in patched {
            let Some(object) = manifests.objects.get(index) else {
                continue;
            };
            for patched in by {
                let patch = patches.get_mut(patched.patch);
                if let Some(target) = patch.and_then(|patch| patch.targets.get_mut(patched.target))
                {
                    target.object = Some(object.id.clone());
                }
            }
        }
        let mut unit = Unit::new(&*plan.name, plan.kind, plan.directory);
        unit.objects = manifests.objects;
        unit.values = manifests.values;
        unit.problems = problems;
        unit.problems.extend(manifests.problems);
        unit.patches = patches;
        unit.files = files;
        unit.files.extend(closure.files);
        self.built.extend(closure.directories);
        unit
    }

    /// Follows the CD resources among the objects of units, those of units that come along the way included.
    pub(super) fn drain(&mut self) {
        while let Some((unit, group)) = self.pending.pop_front() {
            let objects = self.units.get(unit).map_or(&[][..], |unit| &unit.objects);
            let found = objects
                .iter()
                .filter(|one| is_cd_kind(&one.gvk.group, &one.gvk.kind));
            let found: Vec<Object> = found.cloned().collect();
            for object in &found {
                self.follow(object, group);
            }
        }
    }

    /// Follows a CD resource once in a group.
    pub(super) fn follow(&mut self, object: &Object, group: usize) {
        if !self.mark_followed(object, group) {
            return;
        }
        match &*object.gvk.group {
            flux::GROUP => flux::follow(self, object, group),
            argo::GROUP => argo::follow(self, object, group),
            _ => {}
        }
    }

    /// Notes that a CD resource is followed; whether it was not before.
    pub(super) fn mark_followed(&mut self, object: &Object, group: usize) -> bool {
        self.followed.insert((group, object.id.to_string()))
    }

    /// Adds a unit with nothing but a problem.
    pub(super) fn fail(&mut self, mut unit: Unit, problem: Problem, group: usize) {
        unit.problems.push(problem);
        self.add(unit, group);
    }
}

/// Whether a document is a CD resource that leads to others.
fn is_cd_resource(root: &Value) -> bool {
    let text = |key| root.get(key).and_then(Value::as_text);
    let (Some(api_version), Some(kind)) = (text("apiVersion"), text("kind")) else {
        return false;
    };
    let group = api_version.rsplit_once('/').map_or("", |(group, _)| group);
    is_cd_kind(group, kind)
}

/// Whether objects of a kind lead to others.
pub(super) fn is_cd_kind(group: &str, kind: &str) -> bool {
    matches!(
        (group, kind),
        (flux::GROUP, "Kustomization") | (argo::GROUP, "Application" | "ApplicationSet")
    )
}

/// What people call a CD resource.
pub(super) fn name_of(object: &Object) -> Box<str> {
    match &object.id.namespace {
        Some(namespace) => format!("{namespace}/{}", object.id.name).into(),
        None => object.id.name.clone(),
    }
}

/// A directory as people write it.
pub fn shown(directory: &Utf8Path) -> &str {
    match directory.as_str() {
        "" => ".",
        path => path,
    }
}
