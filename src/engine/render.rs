//! Render: the objects that a kustomization or a unit deploys, as trees.

use std::sync::Arc;

use camino::{Utf8Path, Utf8PathBuf};

use super::read::{self, Read};
use super::render_external::tell_failures;
use super::{Error, Request, Summary, problems};
use crate::discover::clean;
use crate::gitops::{self, Deployment};
use crate::source::tree::{ReadError, Tree};
use crate::source::{Origins, Sources};
use crate::yaml::Value;

/// What a path deploys.
#[derive(Debug)]
pub struct Rendered {
    /// The files that places point into.
    pub sources: Arc<Sources>,
    /// How values came to be what they are.
    pub origins: Origins,
    /// The units, each with what it deploys.
    pub units: Vec<RenderedUnit>,
    /// Whether kustomizations were built, which may deploy nothing.
    pub is_built: bool,
    /// How much was read, and what could not be.
    pub summary: Summary,
    /// Paths that the user named and that cannot be read.
    pub missing: Vec<(Utf8PathBuf, ReadError)>,
}

/// What one unit deploys.
#[derive(Debug)]
pub struct RenderedUnit {
    /// What people call it.
    pub name: Box<str>,
    /// The objects, in the order in which they are applied.
    pub objects: Vec<Value>,
    /// What the tool would refuse, and what only something else can evaluate.
    pub problems: Vec<gitops::Problem>,
}

/// Renders a path: the kustomization there, or where is none all units of the files below it.
pub fn render(request: &Request, tree: &dyn Tree) -> Result<Rendered, Error> {
    let request = Request {
        check_all: true,
        ..request.clone()
    };
    let Read {
        sources,
        input,
        mut problems,
        mut summary,
        missing,
        ..
    } = read::read(&request, tree)?;
    let directories: Vec<Utf8PathBuf> =
        request.paths.iter().map(|path| clean(path, tree)).collect();
    let is_root = |directory: &Utf8PathBuf| gitops::is_kustomization(directory, &input);
    let is_built = !directories.is_empty() && directories.iter().all(is_root);
    let (units, origins) = if is_built {
        let directories: Vec<&Utf8Path> = directories.iter().map(Utf8PathBuf::as_path).collect();
        let (built, origins) = gitops::build_kustomizations(&directories, &input);
        let units = directories.iter().zip(built).map(|(directory, built)| {
            let (objects, mut problems) = built;
            let output = directory.join(gitops::KUSTOMIZE_OUTPUT);
            let failures = request.rendered.iter().filter(|one| one.path == output);
            for reason in failures.filter_map(|one| one.output.as_ref().err()) {
                gitops::tell_unbuilt(&mut problems, reason);
            }
            RenderedUnit {
                name: gitops::shown(directory).into(),
                objects,
                problems,
            }
        });
        (units.collect(), origins)
    } else {
        problems.extend(problems::of_documents(&input));
        let settings = super::analyse::deployment_settings(&request, tree);
        let mut deployment = gitops::deploy(input, &settings);
        tell_failures(&request.rendered, &mut deployment, &mut problems);
        // A kustomization that is built by itself says which of its files it cannot do without.
        summary.unread = problems::unread(&problems, &sources);
        let Deployment { units, origins, .. } = deployment;
        let units = units.into_iter().map(|unit| RenderedUnit {
            name: unit.name,
            objects: unit
                .objects
                .into_iter()
                .map(|object| object.value)
                .collect(),
            problems: unit.problems,
        });
        (units.collect(), origins)
    };
    Ok(Rendered {
        sources,
        origins,
        units,
        is_built,
        summary,
        missing,
    })
}
