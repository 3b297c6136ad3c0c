//! Argo CD: Applications, what makes several of them, and what each deploys.

mod application;
mod application_set;
mod directory;
mod generators;
mod selector;
mod template;

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::evaluation::{Evaluation, name_of};
use super::repository;
use super::{Unit, UnitKind};
use crate::object::Object;
use crate::source::FileId;
use crate::yaml::Value;

use application::Application;
use generators::Notes;

/// The group of the kinds that this module is about.
pub(super) const GROUP: &str = "argoproj.io";

/// An Application, and what its cluster is called where something other than its destination says so.
pub(super) struct Declared {
    object: Object,
    cluster: Option<String>,
    /// The clusters that it stands for, in words, where only Argo CD knows them.
    clusters: Option<String>,
    /// The `ApplicationSet` that makes it.
    set: Option<Box<str>>,
}

/// The addresses of this repository: those of Applications with a path that exists here, or the only one there is.
pub(super) fn own_addresses(
    evaluation: &Evaluation<'_>,
    declared: &[(FileId, Object)],
) -> BTreeSet<String> {
    let mut own = BTreeSet::new();
    let mut all = BTreeSet::new();
    for (_, object) in declared {
        for one in applications(evaluation, object).0 {
            for source in sources(&one.object) {
                let text = |key| source.get(key).and_then(Value::as_text);
                let (Some(url), None) = (text("repoURL"), text("chart")) else {
                    continue;
                };
                let address = repository::address(url);
                let path = text("path").unwrap_or_default();
                let prefix = &evaluation.settings.working_directory;
                let says_something = !crate::source::tree::normalise(path.into())
                    .as_str()
                    .is_empty();
                let files = evaluation.session.files;
                if says_something && repository::exact(path, prefix, files).is_some() {
                    own.insert(address.clone());
                }
                all.insert(address);
            }
        }
    }
    if own.is_empty() && all.len() == 1 {
        return all;
    }
    own
}

/// The sources of an Application.
fn sources(object: &Object) -> Vec<&Value> {
    let several = object
        .value
        .at(&["spec", "sources"])
        .map_or(&[][..], Value::items);
    if several.is_empty() {
        // What is hydrated is what the dry source makes, pushed to a branch of its own.
        let one = object.value.at(&["spec", "source"]);
        let one = one.or_else(|| object.value.at(&["spec", "sourceHydrator", "drySource"]));
        return one.into_iter().collect();
    }
    several.iter().collect()
}

/// The directories that a CD resource deploys, as far as its text says them.
pub(super) fn targets(evaluation: &Evaluation<'_>, object: &Object) -> Vec<Utf8PathBuf> {
    let applications = applications(evaluation, object).0;
    let targets = applications.iter().flat_map(|one| {
        let sources = sources(&one.object).into_iter();
        sources.filter_map(|source| application::directory_of(source, evaluation).ok()?)
    });
    targets.collect()
}

/// The Applications that a CD resource is or makes.
fn applications(evaluation: &Evaluation<'_>, object: &Object) -> (Vec<Declared>, Notes) {
    match (&*object.gvk.group, &*object.gvk.kind) {
        (GROUP, "Application") => {
            let declared = Declared {
                object: object.clone(),
                cluster: None,
                clusters: None,
                set: None,
            };
            (vec![declared], Notes::default())
        }
        (GROUP, "ApplicationSet") => application_set::expand(object, evaluation),
        _ => (Vec::new(), Notes::default()),
    }
}

/// Builds what an Application or the Applications of an `ApplicationSet` deploy.
pub(super) fn follow(evaluation: &mut Evaluation<'_>, object: &Object, home: usize) {
    let (applications, Notes { problems, excluded }) = applications(evaluation, object);
    for directory in &excluded {
        for (_, file) in evaluation.session.files.below(directory) {
            let reason = format!("excluded by ApplicationSet `{}`", object.id.name);
            evaluation.left_out.entry(file).or_insert(reason);
        }
    }
    if !problems.is_empty() {
        let name = name_of(object);
        let mut unit = Unit::new(name, UnitKind::ArgoApplication, Utf8Path::new(""));
        unit.place = Some(object.name.place);
        unit.problems = problems;
        evaluation.add(unit, home);
    }
    for declared in applications {
        let group = group(evaluation, &declared, home);
        // One that deploys itself is found again in what it deploys.
        let is_new_there = declared.set.is_some() || group != home;
        if is_new_there && !evaluation.mark_followed(&declared.object, group) {
            continue;
        }
        Application {
            declared: &declared,
        }
        .deploy(evaluation, group);
    }
}

/// The name of the cluster that Argo CD itself runs in.
pub(super) const OWN_CLUSTER: &str = "in-cluster";

/// The addresses of the cluster that Argo CD itself runs in; none is that cluster too.
const OWN_ADDRESSES: &[&str] = &[
    "",
    "https://kubernetes.default.svc",
    "https://kubernetes.default.svc:443",
    "https://kubernetes.default.svc.cluster.local",
];

/// The group of the cluster that an Application is deployed to: that of the Application itself unless it says another.
fn group(evaluation: &mut Evaluation<'_>, declared: &Declared, home: usize) -> usize {
    let destination = declared.object.value.at(&["spec", "destination"]);
    let text = |key| destination.and_then(|one| one.get(key)?.as_text());
    let name = text("name").filter(|name| !name.is_empty());
    let (cluster, is_name) = match (name, text("server")) {
        (Some(name), _) => (name, true),
        (None, server) => (server.unwrap_or_default().trim_end_matches('/'), false),
    };
    let is_own = if is_name {
        cluster == OWN_CLUSTER
    } else {
        OWN_ADDRESSES.contains(&cluster)
    };
    if is_own {
        evaluation.mark_own_cluster(home);
        return home;
    }
    if cluster.contains("{{") {
        let set = declared.set.as_deref().unwrap_or(&declared.object.id.name);
        // What other sets deploy to the same clusters is in the same meshes.
        let named = declared.clusters.clone();
        let name = named.unwrap_or_else(|| format!("{set} (all clusters)"));
        return evaluation.cluster_group(&name, &name);
    }
    let name = match (&declared.cluster, is_name) {
        (_, true) => cluster,
        (Some(name), false) => name,
        (None, false) => host(cluster),
    };
    let name = name.to_owned();
    evaluation.cluster_group(cluster, &name)
}

/// The host of an address.
fn host(server: &str) -> &str {
    let rest = server.split_once("://").map_or(server, |(_, rest)| rest);
    rest.split(['/', ':']).next().unwrap_or(rest)
}
