//! What an installed program rendered, where the user asked for it: read as a file of the directory that it renders.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use super::kustomize::{Built, Resource, ResourceMap};
use super::{Deployment, Files, Problem, UnitKind};

/// The name of the file that stands for what `kustomize build` prints for its directory.
pub const KUSTOMIZE_OUTPUT: &str = "<kustomize build>";

/// The name of the file that stands for what `helm template` prints for the chart that it is in.
pub const HELM_OUTPUT: &str = "<helm template>";

/// Whether a file is what a program rendered, and nothing that can be edited.
pub fn is_rendered(path: &Utf8Path) -> bool {
    matches!(path.file_name(), Some(KUSTOMIZE_OUTPUT | HELM_OUTPUT))
}

/// What kustomize itself printed for a directory, if it was asked.
pub(super) fn built(directory: &Utf8Path, files: &Files) -> Option<Built> {
    let file = files.file(&directory.join(KUSTOMIZE_OUTPUT))?;
    let documents = files.documents(file).documents.iter();
    let resources = documents.map(|document| Resource::new(document.root.clone()));
    Some(Built {
        resources: ResourceMap {
            resources: resources.collect(),
        },
        problems: Vec::new(),
        patches: Vec::new(),
        files: BTreeSet::from([file]),
    })
}

/// Whether `helm template` was asked about a chart.
pub fn is_chart_rendered(chart: &Utf8Path, files: &Files) -> bool {
    files.file(&chart.join(HELM_OUTPUT)).is_some()
}

/// Says that kustomize itself failed, behind the first of the problems that keep a kustomization from being built here.
/// Whether there is any.
pub fn tell_unbuilt(problems: &mut [Problem], reason: &str) -> bool {
    let mut messages = problems.iter_mut().filter_map(|problem| match problem {
        Problem::Refused { message, .. } | Problem::Unresolved { message, .. } => Some(message),
        Problem::Unnamed { .. }
        | Problem::Unversioned { .. }
        | Problem::Variables { .. }
        | Problem::Broken { .. }
        | Problem::Remark { .. }
        | Problem::Chart { .. } => None,
    });
    let Some(message) = messages.next() else {
        return false;
    };
    message.push_str(", and ");
    message.push_str(reason);
    true
}

/// The directories of kustomizations that only kustomize itself can build, because they need more than the repository.
pub fn unbuilt(deployment: &Deployment) -> BTreeSet<Utf8PathBuf> {
    let units = deployment.units.iter();
    let kustomizations = units.filter(|unit| unit.kind == UnitKind::Kustomization);
    kustomizations
        .filter(|unit| !unit.is_complete())
        .map(|unit| unit.directory.clone())
        .collect()
}
