//! Flux: clusters, the Kustomizations that they lead to, and what those make of the manifests.

mod expression;
mod kustomization;
mod scan;
mod source;
mod substitute;
mod variables;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::evaluation::{Evaluation, Plan, name_of, shown};
use super::kustomize::{Additions, Built};
use super::{Problem, Unit, UnitKind};
use crate::object::{Namespace, Object};
use crate::source::{Cause, FileId};

use kustomization::FluxKustomization;
pub(super) use source::FluxSources;
use substitute::{Left, substitute};
use variables::{Request, Variables};

/// The group of the kind that this module is about.
pub(super) const GROUP: &str = "kustomize.toolkit.fluxcd.io";

/// The directory that `flux bootstrap` writes into the directory of a cluster, and the files in it.
const SYSTEM: &str = "flux-system";
const BOOTSTRAP_FILES: &[&str] = &["gotk-sync.yaml", "gotk-components.yaml"];

/// The directory whose sub-directories are clusters.
const CLUSTERS: &str = "clusters";

/// Evaluates the clusters, and everything that they lead to.
pub(super) fn clusters(evaluation: &mut Evaluation<'_>, declared: &[(FileId, Object)]) {
    let mut directories = bootstrapped(evaluation, declared);
    for (file, object) in declared {
        if !is_kustomization(object) {
            continue;
        }
        let path = evaluation.session.files.path(*file);
        let below = |one: &&Utf8Path| one.parent().and_then(Utf8Path::file_name) == Some(CLUSTERS);
        if let Some(cluster) = path.ancestors().skip(1).filter(below).last()
            && !directories
                .iter()
                .any(|known| known.starts_with(cluster) || cluster.starts_with(known))
        {
            directories.insert(cluster.to_owned());
        }
    }
    let names = names(&directories);
    for (directory, name) in directories.iter().zip(names) {
        cluster(evaluation, directory, name, declared);
    }
}

/// The directories that `flux bootstrap` set up.
fn bootstrapped(
    evaluation: &Evaluation<'_>,
    declared: &[(FileId, Object)],
) -> BTreeSet<Utf8PathBuf> {
    let mut directories = BTreeSet::new();
    for (path, file) in evaluation.session.files.iter() {
        let is_bootstrap = path
            .file_name()
            .is_some_and(|name| BOOTSTRAP_FILES.contains(&name));
        let Some(system) = path.parent().filter(|_| is_bootstrap) else {
            continue;
        };
        if system.file_name() != Some(SYSTEM) {
            continue;
        }
        let own = declared
            .iter()
            .find(|(other, object)| *other == file && is_kustomization(object));
        let directory =
            own.and_then(|(_, object)| FluxKustomization { object }.directory(evaluation).ok());
        if path.file_name() == Some("gotk-sync.yaml") || directory.is_some() {
            directories.insert(directory.unwrap_or_else(|| parent(system)));
        }
    }
    directories
}

/// The directory above another.
fn parent(directory: &Utf8Path) -> Utf8PathBuf {
    directory.parent().unwrap_or(Utf8Path::new("")).to_owned()
}

/// A name for every cluster: the last part of its path, and as much more as tells it from the others.
fn names(directories: &BTreeSet<Utf8PathBuf>) -> Vec<Box<str>> {
    let last = |directory: &Utf8PathBuf| {
        directory
            .file_name()
            .unwrap_or(super::DEFAULT_MESH)
            .to_owned()
    };
    let all: Vec<String> = directories.iter().map(last).collect();
    let names = directories.iter().zip(&all).map(|(directory, name)| {
        let is_unique = all.iter().filter(|other| *other == name).count() == 1;
        if is_unique {
            name.as_str().into()
        } else {
            shown(directory).into()
        }
    });
    names.collect()
}

/// Evaluates one cluster: by the Kustomization that applies its directory if the directory has one, else as Flux would
/// without.
fn cluster(
    evaluation: &mut Evaluation<'_>,
    directory: &Utf8Path,
    name: Box<str>,
    declared: &[(FileId, Object)],
) {
    let group = evaluation.add_group(Some(name), directory);
    let own = declared.iter().find(|(file, object)| {
        evaluation.session.files.path(*file).starts_with(directory)
            && target(evaluation, object).as_deref() == Some(directory)
    });
    if let Some((_, object)) = own {
        evaluation.follow(object, group);
    } else {
        // What other Kustomizations apply is not the cluster's own.
        let targets = declared
            .iter()
            .filter_map(|(_, object)| target(evaluation, object));
        let targets: BTreeSet<Utf8PathBuf> = targets.filter(|one| one != directory).collect();
        let additions = Additions {
            cause: Some(Cause::Flux),
            resources: kustomization::resources(directory, evaluation, &targets),
            allow_outside_files: true,
            ..Additions::default()
        };
        let unit = evaluation.build(&Plan {
            name: shown(directory).into(),
            kind: UnitKind::FluxKustomization,
            directory,
            additions: &additions,
            default_namespace: None,
        });
        evaluation.add(unit, group);
    }
    evaluation.drain();
}

/// Whether an object is a Flux Kustomization.
fn is_kustomization(object: &Object) -> bool {
    &*object.gvk.group == GROUP && &*object.gvk.kind == "Kustomization"
}

/// The directory that a Flux Kustomization builds, as far as its text says it.
pub(super) fn target(evaluation: &Evaluation<'_>, object: &Object) -> Option<Utf8PathBuf> {
    if !is_kustomization(object) {
        return None;
    }
    FluxKustomization { object }.directory(evaluation).ok()
}

/// Builds what a Flux Kustomization applies.
pub(super) fn follow(evaluation: &mut Evaluation<'_>, object: &Object, home: usize) {
    if !is_kustomization(object) {
        return;
    }
    let declared = FluxKustomization { object };
    // With a kubeconfig it applies to another cluster than the one it is in.
    let group = match declared.cluster() {
        Some(cluster) => evaluation.cluster_group(cluster, cluster),
        None => home,
    };
    let name = name_of(object);
    let directory = match declared.directory(evaluation) {
        Ok(directory) => directory,
        Err(message) => {
            not_evaluated(&declared, name, &message, evaluation, group);
            return;
        }
    };
    let additions = declared.additions(&directory, evaluation);
    let plan = Plan {
        name,
        kind: UnitKind::FluxKustomization,
        directory: &directory,
        additions: &additions,
        default_namespace: None,
    };
    let mut built = evaluation.evaluate(&plan);
    finish(&declared, &mut built, evaluation, home);
    let mut unit = evaluation.unit(&plan, built);
    unit.place = Some(object.name.place);
    evaluation.add(unit, group);
}

/// Adds a unit for a Kustomization whose directory is not known.
fn not_evaluated(
    declared: &FluxKustomization<'_>,
    name: Box<str>,
    why: &str,
    evaluation: &mut Evaluation<'_>,
    group: usize,
) {
    let object = declared.object;
    let directory = Utf8Path::new(declared.path());
    let mut unit = Unit::new(name, UnitKind::FluxKustomization, directory);
    unit.place = Some(object.name.place);
    let problem = Problem::Unresolved {
        place: declared.path_place(),
        message: format!("Kustomization `{}` is not evaluated: {why}", object.id.name),
        help: Some("lint the repository from its root, or render this part".to_owned()),
    };
    evaluation.fail(unit, problem, group);
}

/// Does what Flux does after the build: fills variables in and sets common metadata.
fn finish(
    declared: &FluxKustomization<'_>,
    built: &mut Built,
    evaluation: &mut Evaluation<'_>,
    home: usize,
) {
    let object = declared.object;
    let variables = declared.field(&["postBuild"]).map(|post_build| {
        let namespace = object.id.namespace.as_ref();
        let request = Request {
            post_build,
            namespace: namespace.map_or(SYSTEM, Namespace::as_str),
            file: object.name.place.span.file,
            group: home,
        };
        Variables::collect(&request, evaluation)
    });
    let session = &mut evaluation.session;
    let variables = variables.filter(|variables| !variables.is_empty());
    let mut left = Left::Nothing;
    for resource in &mut built.resources.resources {
        if let Some(variables) = &variables {
            let value = &mut resource.value;
            left = left.max(substitute(value, variables, session, &mut built.problems));
        }
        declared.set_common_metadata(&mut resource.value, session);
    }
    if let Some(variables) = variables.filter(|_| left > Left::Nothing) {
        let missing = variables.problems(left == Left::Decisive);
        built.problems.extend(missing);
    }
    // What was applied before stays in the cluster.
    let suspended = declared.suspended().map(|place| Problem::Remark {
        place,
        message: "Flux applies no changes while it is suspended; it counts as applied".to_owned(),
    });
    built.problems.extend(suspended);
}
