//! Analyse: bytes to meshes with all their decisions.

use std::sync::Arc;

use camino::Utf8PathBuf;
use rayon::prelude::*;

use super::read::{self, Read};
use super::{Error, Request, Summary, problems};
use crate::gitops::{self, Deployment};
use crate::mesh::{IstioVersion, Mesh, Settings};
use crate::object::Namespace;
use crate::resource::{self, Decoded, Resource};
use crate::rule::InputProblem;
use crate::source::Sources;
use crate::source::tree::{ReadError, Tree};

/// Everything that is known about what a request names: the files, the meshes, what could not be read. Immutable.
#[derive(Debug)]
pub struct Analysis {
    /// The files that places point into.
    pub sources: Arc<Sources>,
    /// The meshes.
    pub meshes: Vec<Mesh>,
    /// What could not be read.
    pub problems: Vec<InputProblem>,
    /// What was read.
    pub summary: Summary,
    /// Paths that the user named and that cannot be read.
    pub missing: Vec<(Utf8PathBuf, ReadError)>,
}

/// The name of the only mesh of an input.
const DEFAULT_MESH: &str = "default";

/// Reads and analyses what a request names. What is wrong in manifests is part of the analysis; an error is about the
/// run: a setting that cannot be used, an assumed file that cannot be read.
pub fn analyse(request: &Request, tree: &dyn Tree) -> Result<Analysis, Error> {
    let settings = settings(request)?;
    let Read {
        sources,
        input,
        assumed,
        mut problems,
        mut summary,
        missing,
    } = read::read(request, tree)?;
    problems.extend(problems::of_documents(&input, &sources));

    let root = settings.root_namespace.as_ref().map(Namespace::as_str);
    let deployments = [
        gitops::deploy(input, &sources, root),
        gitops::deploy(assumed, &sources, root),
    ];
    let mut resources = Vec::new();
    for deployment in deployments {
        let (decoded, refused) = decode(deployment, &sources);
        resources.extend(decoded);
        problems.extend(refused);
    }
    summary.resources = resources.len();
    problems.extend(problems::of_alternatives(&resources));
    summary.unread = problems::unread(&problems, &sources);

    let meshes = vec![Mesh::build(DEFAULT_MESH, resources, &settings)];
    summary.meshes = meshes.len();
    Ok(Analysis {
        sources,
        meshes,
        problems,
        summary,
        missing,
    })
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
    })
}

/// Objects to resources, in parallel; what Istio would refuse becomes a problem.
fn decode(deployment: Deployment, sources: &Sources) -> (Vec<Resource>, Vec<InputProblem>) {
    let decoded: Vec<Decoded> = deployment
        .objects
        .par_iter()
        .map(|object| resource::decode(object, sources))
        .collect();
    let mut resources = Vec::new();
    let mut refused: Vec<InputProblem> = deployment
        .problems
        .into_iter()
        .map(InputProblem::Deploy)
        .collect();
    for one in decoded {
        resources.extend(one.resources);
        let problems = one.problems.into_iter().map(Box::new);
        refused.extend(problems.map(InputProblem::Object));
    }
    resources.extend(deployment.values.iter().filter_map(resource::decode_values));
    (resources, refused)
}
