//! Analyse: bytes to meshes with all their decisions.

use std::sync::Arc;

use camino::Utf8PathBuf;
use rayon::prelude::*;

use super::read::{self, Read};
use super::render_external::tell_failures;
use super::{Error, Request, Stage, Summary, patched, problems, reach};
use crate::gitops::{self, Deployment, Manifests, MeshScope};
use crate::mesh::{IstioVersion, Mesh, Settings};
use crate::object::{Namespace, Object};
use crate::resource::{self, Decoded, Resource};
use crate::rule::{InputProblem, PatchedRule, did_you_mean, nearest};
use crate::source::Sources;
use crate::source::tree::{ReadError, Tree};
use crate::yaml::Value;

/// Everything that is known about what a request names: the files, the meshes, what could not be read. Immutable.
#[derive(Debug)]
pub struct Analysis {
    /// The files that places point into.
    pub sources: Arc<Sources>,
    /// What gets deployed, and how it came to be what it is.
    pub deployment: Deployment,
    /// The meshes, in the order of the deployment.
    pub meshes: Vec<Mesh>,
    /// What patches did to the DestinationRules of each mesh.
    pub patched: Vec<Vec<PatchedRule>>,
    /// What could not be read.
    pub problems: Vec<InputProblem>,
    /// What was read.
    pub summary: Summary,
    /// Paths that the user named and that cannot be read.
    pub missing: Vec<(Utf8PathBuf, ReadError)>,
}

/// What the files of a request deploy, before anything is made of it.
#[derive(Debug)]
pub(super) struct Deployed {
    /// What the user settles about the mesh.
    settings: Settings,
    /// The files that places point into.
    sources: Arc<Sources>,
    /// What gets deployed.
    pub(super) deployment: Deployment,
    /// What is in the cluster and not in the repository.
    assumed: Manifests,
    /// What could not be read.
    pub(super) problems: Vec<InputProblem>,
    /// What was read.
    summary: Summary,
    /// Paths that the user named and that cannot be read.
    missing: Vec<(Utf8PathBuf, ReadError)>,
}

/// Reads what a request names, and works out what it deploys.
pub(super) fn deployed(request: &Request, tree: &dyn Tree) -> Result<Deployed, Error> {
    let settings = settings(request)?;
    let Read {
        sources,
        input,
        assumed,
        mut problems,
        summary,
        missing,
    } = read::read(request, tree)?;
    request.progress.enter(Stage::Deploy, 0);
    problems.extend(problems::of_documents(&input));
    let root = settings.root_namespace.as_ref().map(Namespace::as_str);
    let assumed = gitops::deploy_plain(assumed, &sources, root);
    let mut deployment = gitops::deploy(input, &deployment_settings(request, tree));
    tell_failures(&request.rendered, &mut deployment, &mut problems);
    select(&mut deployment, request)?;
    if request.mesh.is_none() {
        problems.extend(problems::of_deployment(&deployment));
    }
    Ok(Deployed {
        settings,
        sources,
        deployment,
        assumed,
        problems,
        summary,
        missing,
    })
}

/// Reads and analyses what a request names. What is wrong in manifests is part of the analysis; an error is about the
/// run: a setting that cannot be used, an assumed file that cannot be read.
pub fn analyse(request: &Request, tree: &dyn Tree) -> Result<Analysis, Error> {
    let Deployed {
        settings,
        sources,
        deployment,
        assumed,
        mut problems,
        mut summary,
        missing,
    } = deployed(request, tree)?;
    let broken = problems::broken(&problems);
    let mut units: Vec<Vec<Resource>> = deployment
        .units
        .iter()
        .enumerate()
        .map(|(index, unit)| {
            if !deployment
                .meshes
                .iter()
                .any(|mesh| mesh.units.contains(&index))
            {
                return Vec::new();
            }
            problems.extend(problems::of_unit(unit, &broken));
            decode(&unit.objects, &unit.values, &sources, &mut problems)
        })
        .collect();
    let assumed = decode(&assumed.objects, &assumed.values, &sources, &mut problems);
    summary.resources = units.iter().map(Vec::len).sum::<usize>() + assumed.len();

    let mut meshes = Vec::with_capacity(deployment.meshes.len());
    request
        .progress
        .enter(Stage::Decide, deployment.meshes.len());
    for (index, scope) in deployment.meshes.iter().enumerate() {
        let later = deployment.meshes.get(index + 1..).unwrap_or_default();
        let mut resources = gather(&scope.units, later, &mut units);
        resources.extend(assumed.iter().cloned());
        problems.extend(problems::of_alternatives(&resources));
        let root = scope.root_namespace.as_deref().map(Namespace::new);
        let domain = scope.cluster_domain.clone();
        let settings = Settings {
            root_namespace: root.or_else(|| settings.root_namespace.clone()),
            cluster_domain: domain.or_else(|| settings.cluster_domain.clone()),
            ..settings.clone()
        };
        meshes.push(Mesh::build(&*scope.name, resources, &settings));
        request.progress.step();
    }
    let patched = patched::of_meshes(&deployment, &sources);
    summary.unread = problems::unread(&problems, &sources);
    summary.meshes = meshes.len();
    summary.undeployed = problems::undeployed(&deployment);
    Ok(Analysis {
        sources,
        deployment,
        meshes,
        patched,
        problems,
        summary,
        missing,
    })
}

/// What the user settles about what gets deployed.
pub(super) fn deployment_settings(request: &Request, tree: &dyn Tree) -> gitops::Settings {
    gitops::Settings {
        root_namespace: request.root_namespace.as_deref().map(Box::from),
        working_directory: reach::working_directory(tree),
        meshes: request.meshes.clone(),
    }
}

/// Leaves the one mesh that the user asks for, if any.
fn select(deployment: &mut Deployment, request: &Request) -> Result<(), Error> {
    let Some(wanted) = request.mesh.as_deref() else {
        return Ok(());
    };
    let names: Vec<&str> = deployment.meshes.iter().map(|mesh| &*mesh.name).collect();
    if !names.contains(&wanted) {
        let hint = did_you_mean(nearest(wanted, names.iter().copied()));
        return Err(Error::Setting {
            message: format!(
                "unknown mesh `{wanted}`{hint}; the meshes are: {}",
                names.join(", ")
            ),
        });
    }
    deployment.meshes.retain(|mesh| &*mesh.name == wanted);
    Ok(())
}

/// What the user settles about the mesh.
fn settings(request: &Request) -> Result<Settings, Error> {
    let istio_version = match &request.istio_version {
        None => None,
        Some(text) => Some(IstioVersion::parse(text).ok_or_else(|| Error::Setting {
            message: format!("`{text}` is not a version of Istio; write `1.31` or `1.4.10`"),
        })?),
    };
    Ok(Settings {
        istio_version,
        auto_mtls: request.auto_mtls,
        root_namespace: request.root_namespace.as_deref().map(Namespace::new),
        cluster_domain: request.cluster_domain.as_deref().map(Box::from),
        system_namespaces: request.system_namespaces.clone(),
    })
}

/// The resources of the units of a mesh; those that no later mesh needs are moved.
fn gather(members: &[usize], later: &[MeshScope], units: &mut [Vec<Resource>]) -> Vec<Resource> {
    let mut resources = Vec::new();
    for &member in members {
        let Some(unit) = units.get_mut(member) else {
            continue;
        };
        if later.iter().any(|scope| scope.units.contains(&member)) {
            resources.extend(unit.iter().cloned());
        } else {
            resources.append(unit);
        }
    }
    resources
}

/// Objects to resources, in parallel; what Istio would refuse becomes a problem.
fn decode(
    objects: &[Object],
    values: &[Value],
    sources: &Sources,
    problems: &mut Vec<InputProblem>,
) -> Vec<Resource> {
    let decoded: Vec<Decoded> = objects
        .par_iter()
        .map(|object| resource::decode(object, sources))
        .collect();
    let mut resources = Vec::new();
    for one in decoded {
        resources.extend(one.resources);
        let refused = one.problems.into_iter().map(Box::new);
        problems.extend(refused.map(InputProblem::Object));
    }
    resources.extend(values.iter().filter_map(resource::decode_values));
    resources
}
