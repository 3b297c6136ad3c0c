//! What could not be read, gathered for the rule that words it and for the summary.

use std::collections::{BTreeMap, BTreeSet};

use camino::{Utf8Path, Utf8PathBuf};

use super::Unread;
use crate::diagnostic::counted;
use crate::gitops::{self, Basis, Deployment, Files, Unit};
use crate::object::ObjectId;
use crate::resource::Resource;
use crate::rule::{Alternative, InputProblem};
use crate::source::{FileId, Place, Sources, Span};
use crate::yaml::ProblemKind;

/// Broken documents one by one; templates of a Helm chart together.
pub(super) fn of_documents(files: &Files) -> Vec<InputProblem> {
    let sources = files.sources();
    let charts: Vec<&Utf8Path> = sources
        .iter()
        .map(|(_, file)| file.path())
        .filter(|path| path.file_name() == Some("Chart.yaml"))
        .filter_map(Utf8Path::parent)
        .collect();
    let mut out = Vec::new();
    let mut templates: BTreeMap<Utf8PathBuf, usize> = BTreeMap::new();
    for (path, id) in files.iter() {
        let content = files.first_documents(id);
        let chart = charts
            .iter()
            .filter(|chart| {
                path.strip_prefix(chart)
                    .is_ok_and(|rest| rest.starts_with("templates"))
            })
            .max_by_key(|chart| chart.as_str().len());
        for problem in &content.problems {
            if let (ProblemKind::Template, Some(chart)) = (problem.kind, chart) {
                *templates.entry((*chart).to_owned()).or_default() += 1;
                continue;
            }
            let place = Place {
                span: problem.span,
                origin: sources.file(id).origin(),
            };
            out.push(InputProblem::Document {
                place,
                kind: problem.kind,
                message: problem.message.clone(),
            });
        }
    }
    out.extend(
        templates
            .into_iter()
            .filter(|(chart, _)| !gitops::is_chart_rendered(chart, files))
            .map(|(path, templates)| InputProblem::Chart {
                path,
                templates,
                failure: None,
            }),
    );
    out
}

/// The files that are no YAML, as problems of documents say.
pub(super) fn broken(problems: &[InputProblem]) -> BTreeSet<FileId> {
    let broken = problems.iter().filter_map(|problem| {
        let InputProblem::Document { place, kind, .. } = problem else {
            return None;
        };
        // A template is a note, and that a tool refuses it is more.
        (*kind != ProblemKind::Template).then_some(place.span.file)
    });
    broken.collect()
}

/// What a unit lacks, without what problems of documents say about `broken` files.
pub(super) fn of_unit(
    unit: &Unit,
    broken: &BTreeSet<FileId>,
) -> impl Iterator<Item = InputProblem> {
    let lacking = unit.problems.iter().filter(|problem| match problem {
        gitops::Problem::Broken { file, .. } => !broken.contains(file),
        problem => problem.is_lack(),
    });
    lacking.cloned().map(InputProblem::Deploy)
}

/// What is not said anywhere about the meshes, and was guessed from the objects; directories with the names of environments
/// or clusters leave no doubt.
pub(super) fn of_deployment(deployment: &Deployment) -> Option<InputProblem> {
    let inferred = deployment
        .meshes
        .iter()
        .filter(|mesh| mesh.basis == Basis::Collision);
    let is_guess = inferred.clone().any(|mesh| mesh.is_guess);
    is_guess.then(|| InputProblem::Meshes {
        names: inferred.map(|mesh| mesh.name.to_string()).collect(),
        directories: deployment.inferred.clone(),
    })
}

/// Objects that the input defines more than once: only one of each takes part.
pub(super) fn of_alternatives(resources: &[Resource]) -> Option<InputProblem> {
    let mut seen: BTreeMap<(&ObjectId, Option<&str>), Vec<Place>> = BTreeMap::new();
    for resource in resources {
        if let Some(meta) = resource.meta().filter(|meta| !meta.place().is_assumed()) {
            let identity = (&meta.id, nameless_revision(resource));
            seen.entry(identity).or_default().push(meta.place());
        }
    }
    let mut alternatives: Vec<Alternative> = seen
        .into_iter()
        .filter(|(_, places)| places.len() > 1)
        .map(|((id, _), mut places)| {
            places.sort_by_key(|place| place.span);
            Alternative {
                object: id.clone(),
                places,
            }
        })
        .collect();
    alternatives.sort_by_key(|alternative| alternative.places.first().map(|place| place.span));
    (!alternatives.is_empty()).then_some(InputProblem::Alternatives(alternatives))
}

/// What tells apart the installations of objects that need no name: the revision that they install.
fn nameless_revision(resource: &Resource) -> Option<&str> {
    match resource {
        Resource::MeshConfig(config) => {
            let meta = config.meta.as_ref()?;
            meta.id
                .name
                .is_empty()
                .then_some(config.revision.as_deref()?)
        }
        _ => None,
    }
}

/// The files that were read and are part of no mesh.
pub(super) fn undeployed(deployment: &Deployment) -> Vec<Unread> {
    let skipped = deployment.skipped.iter();
    skipped
        .map(|skipped| Unread {
            path: skipped.path.clone(),
            line: None,
            reason: skipped.reason.clone(),
        })
        .collect()
}

/// The list of the summary: every input that was not read, by path.
pub(super) fn unread(problems: &[InputProblem], sources: &Sources) -> Vec<Unread> {
    let at = |span: Span| {
        let file = sources.file(span.file);
        (
            file.path().to_owned(),
            Some(file.position(span.start as usize).line),
        )
    };
    // An object that has several problems is absent once.
    let mut absent = BTreeSet::new();
    let mut out: Vec<Unread> = problems
        .iter()
        .filter_map(|problem| {
            let ((path, line), reason) = match problem {
                InputProblem::Unreadable { path, reason } => ((path.clone(), None), reason.clone()),
                InputProblem::NotUtf8 { path, line } => {
                    ((path.clone(), Some(*line)), "not UTF-8".to_owned())
                }
                InputProblem::Chart {
                    path,
                    templates,
                    failure,
                } => {
                    let path = gitops::shown(path).into();
                    let templates = counted(*templates, "template");
                    let reason = failure.as_ref().map(|reason| format!(": {reason}"));
                    let reason = reason.unwrap_or_default();
                    (
                        (path, None),
                        format!("a chart that is not rendered ({templates}){reason}"),
                    )
                }
                InputProblem::Document { place, message, .. } => (at(place.span), message.clone()),
                InputProblem::Deploy(problem) => (at(problem.place().span), problem.message()),
                InputProblem::Object(problem) => {
                    let file = problem.place.span.file;
                    if !problem.effect.is_absence() || !absent.insert((&problem.object, file)) {
                        return None;
                    }
                    (
                        at(problem.place.span),
                        format!("{} counts as absent", problem.object),
                    )
                }
                InputProblem::Alternatives(_) | InputProblem::Meshes { .. } => return None,
            };
            Some(Unread { path, line, reason })
        })
        .collect();
    out.sort();
    out.dedup();
    out
}
