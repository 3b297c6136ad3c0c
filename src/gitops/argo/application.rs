//! What one Application of Argo CD deploys.

use camino::{Utf8Path, Utf8PathBuf};

use super::{Declared, directory, sources};
use crate::gitops::evaluation::{Evaluation, Plan, name_of};
use crate::gitops::inventory::is_istio_chart;
use crate::gitops::kustomize::Additions;
use crate::gitops::{Problem, Unit, UnitKind, helm, repository};
use crate::object::Object;
use crate::source::tree::normalise;
use crate::source::{Cause, Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Value};

/// An Application.
pub(super) struct Application<'a> {
    pub(super) declared: &'a Declared,
}

/// What makes manifests of a source.
enum Tool {
    Helm,
    Kustomize,
    Directory,
    Plugin,
}

/// The directory of a source in this repository; none for a chart or a source that only lends its files, an error that says
/// why for one that is not here.
pub(super) fn directory_of(
    source: &Value,
    evaluation: &Evaluation<'_>,
) -> Result<Option<Utf8PathBuf>, String> {
    let text = |key| source.get(key).and_then(Value::as_text);
    if text("chart").is_some() || (text("ref").is_some() && text("path").is_none()) {
        return Ok(None);
    }
    let path = text("path").unwrap_or_default();
    let url = text("repoURL").unwrap_or_default();
    if path.contains("{{") || url.contains("{{") {
        return Err(format!(
            "`{path}` is known only when the ApplicationSet is expanded"
        ));
    }
    let prefix = &evaluation.settings.working_directory;
    let files = evaluation.session.files;
    let is_own = evaluation.is_own_for_argo(url);
    let is_root = normalise(Utf8Path::new(path)).as_str().is_empty();
    if !is_own && (is_root || repository::exact(path, prefix, files).is_none()) {
        return Err(format!("`{url}` is another repository"));
    }
    repository::directory(path, prefix, files)
        .map(Some)
        .ok_or_else(|| format!("there is no directory `{path}` among the files that were read"))
}

impl Application<'_> {
    /// Builds the sources, each as a unit of a group.
    pub(super) fn deploy(&self, evaluation: &mut Evaluation<'_>, group: usize) {
        let object = &self.declared.object;
        let sources = sources(object);
        let name = name_of(object);
        if sources.is_empty() {
            let mut unit = Unit::new(name, UnitKind::ArgoApplication, Utf8Path::new(""));
            unit.place = Some(object.name.place);
            let problem = not_evaluated(object, object.name.place, "it has no `source`");
            evaluation.fail(unit, problem, group);
            return;
        }
        for source in &sources {
            let path = source
                .get("path")
                .or(source.get("chart"))
                .and_then(Value::as_text);
            let name = match (sources.len(), path) {
                (1, _) | (_, None) => name.clone(),
                (_, Some(path)) => format!("{name}:{path}").into(),
            };
            self.deploy_source(source, name, evaluation, group);
        }
    }

    fn deploy_source(
        &self,
        source: &Value,
        name: Box<str>,
        evaluation: &mut Evaluation<'_>,
        group: usize,
    ) {
        let object = &self.declared.object;
        let place = source.get("path").map_or(source.place, |path| path.place);
        let directory = directory_of(source, evaluation);
        let shown = source
            .get("path")
            .and_then(Value::as_text)
            .unwrap_or_default();
        let mut unit = Unit::new(&*name, UnitKind::ArgoApplication, Utf8Path::new(shown));
        unit.place = Some(object.name.place);
        let directory = match directory {
            Ok(Some(directory)) => directory,
            Ok(None) if source.get("chart").is_none() => return,
            Ok(None) => {
                self.chart(source, None, unit, evaluation, group);
                return;
            }
            Err(message) => {
                evaluation.fail(unit, not_evaluated(object, place, &message), group);
                return;
            }
        };
        unit.directory.clone_from(&directory);
        let namespace = object.value.at(&["spec", "destination", "namespace"]);
        let namespace = namespace.and_then(Value::spanned_text);
        let namespace = namespace.as_ref();
        match tool(source, &directory, evaluation) {
            Tool::Helm => self.chart(source, Some(&directory), unit, evaluation, group),
            Tool::Plugin => {
                let why = "a plugin makes its manifests";
                evaluation.fail(unit, not_evaluated(object, place, why), group);
            }
            Tool::Kustomize => {
                let mut built = evaluation.build(&Plan {
                    name,
                    kind: UnitKind::ArgoApplication,
                    directory: &directory,
                    additions: &additions(source),
                    default_namespace: namespace,
                });
                built.place = unit.place;
                evaluation.add(built, group);
            }
            Tool::Directory => {
                directory::deploy(&mut unit, source.get("directory"), namespace, evaluation);
                evaluation.add(unit, group);
            }
        }
    }

    /// A chart is not rendered; the values of Istio's own are facts about the mesh.
    fn chart(
        &self,
        source: &Value,
        directory: Option<&Utf8Path>,
        mut unit: Unit,
        evaluation: &mut Evaluation<'_>,
        group: usize,
    ) {
        let chart = source.get("chart").or(source.get("path"));
        let text = chart.and_then(Value::as_text).unwrap_or_default();
        unit.problems.push(Problem::Chart {
            place: chart.map_or(source.place, |chart| chart.place),
            chart: format!(
                "chart `{text}` of Application `{}`",
                self.declared.object.id.name
            ),
        });
        let name = text.rsplit('/').next().unwrap_or(text);
        let is_of_istio = is_istio_chart(name)
            || directory.is_some_and(|one| {
                !evaluation
                    .inventory
                    .is_of_foreign_chart(&one.join("values.yaml"))
            });
        if is_of_istio {
            let settings = source.get("helm");
            let layers = self.values(settings, directory, evaluation, &mut unit);
            unit.values.extend(helm::merged(layers));
        }
        if let Some(directory) = directory {
            leave_out_values(directory, &unit, evaluation);
        }
        evaluation.add(unit, group);
    }

    /// The values that an Application gives to a chart, the weakest first.
    fn values(
        &self,
        settings: Option<&Value>,
        directory: Option<&Utf8Path>,
        evaluation: &Evaluation<'_>,
        unit: &mut Unit,
    ) -> Vec<Value> {
        let files = evaluation.session.files;
        let prefix = &evaluation.settings.working_directory;
        let field = |key: &str| settings.and_then(|settings| settings.get(key));
        let ignores_missing = field("ignoreMissingValueFiles").and_then(Value::as_bool);
        let ignores_missing = ignores_missing == Some(true);
        let own = directory.and_then(|directory| files.file(&directory.join("values.yaml")));
        unit.files.extend(own);
        let mut layers = Vec::from_iter(own.and_then(|file| files.first_root(file).cloned()));
        for path in field("valueFiles").map_or(&[][..], Value::items) {
            let text = path.as_text().unwrap_or_default();
            let path_place = path.place;
            // `$name/path` is a path from the root of the source that is called so.
            let path = match text.strip_prefix('$').and_then(|rest| rest.split_once('/')) {
                Some((_, rest)) => repository::from_root(prefix, rest),
                None => normalise(&directory.unwrap_or(Utf8Path::new("")).join(text)),
            };
            if let Some(file) = files.file(&path) {
                layers.extend(files.first_root(file).cloned());
                unit.files.insert(file);
            } else if !ignores_missing {
                unit.problems.push(Problem::Unresolved {
                    place: path_place,
                    message: format!(
                        "values of Application `{}` from `{text}` are not known",
                        self.declared.object.id.name
                    ),
                    help: Some(helm::SAY_VALUES.to_owned()),
                });
            }
        }
        // The object takes the place of the text.
        layers.extend(match field("valuesObject") {
            Some(object) => Some(object.clone()),
            None => field("values").and_then(|text| helm::parsed(text, files)),
        });
        let parameters = field("parameters").map_or(&[][..], Value::items);
        layers.extend(parameters.iter().filter_map(helm::parameter));
        layers
    }
}

/// Leaves out the values beside a chart that its Application does not name: they are those of other clusters.
fn leave_out_values(directory: &Utf8Path, unit: &Unit, evaluation: &mut Evaluation<'_>) {
    for (path, file) in evaluation.session.files.below(directory) {
        let is_beside = path.parent() == Some(directory);
        let is_yaml = matches!(path.extension(), Some("yaml" | "yml"));
        let is_chart = path.file_name() == Some("Chart.yaml");
        if is_beside && is_yaml && !is_chart && !unit.files.contains(&file) {
            let reason = format!(
                "beside the chart of Application `{}`, which does not name it",
                unit.name
            );
            evaluation.left_out.entry(file).or_insert(reason);
        }
    }
}

/// An Application that is not evaluated, and why.
fn not_evaluated(object: &Object, place: Place, why: &str) -> Problem {
    Problem::Unresolved {
        place,
        message: format!("Application `{}` is not evaluated: {why}", object.id.name),
        help: Some("render it and lint the result: `… | mtls-lint -`".to_owned()),
    }
}

/// What makes manifests of a source: what it says, else what stands in its directory.
fn tool(source: &Value, directory: &Utf8Path, evaluation: &Evaluation<'_>) -> Tool {
    let says = |key: &str| source.get(key).is_some();
    let inventory = evaluation.inventory;
    if says("plugin") {
        Tool::Plugin
    } else if says("helm")
        || (inventory.is_chart(directory) && !says("kustomize") && !says("directory"))
    {
        Tool::Helm
    } else if says("kustomize") || (inventory.is_kustomization(directory) && !says("directory")) {
        Tool::Kustomize
    } else {
        Tool::Directory
    }
}

/// What an Application adds to a kustomization.
fn additions(source: &Value) -> Additions {
    let settings = source.get("kustomize");
    let field = |key: &str| settings.and_then(|settings| settings.get(key));
    let text = |key: &str| -> Option<Spanned<Box<str>>> { field(key)?.spanned_text() };
    let items = |key: &str| field(key).map_or(&[][..], Value::items);
    let is_set = |key: &str| field(key).and_then(Value::as_bool) == Some(true);
    let common = field("commonLabels");
    let (labels, common) = if is_set("labelWithoutSelector") {
        let templates = field("labelIncludeTemplates");
        (
            common.map(|pairs| without_selectors(pairs, templates)),
            None,
        )
    } else {
        (None, common)
    };
    Additions {
        cause: Some(Cause::ArgoCd),
        namespace: text("namespace"),
        name_prefix: text("namePrefix"),
        name_suffix: text("nameSuffix"),
        labels: labels.into_iter().collect(),
        common_labels: common.cloned(),
        common_annotations: field("commonAnnotations").cloned(),
        components: items("components")
            .iter()
            .filter_map(Value::spanned_text)
            .collect(),
        ignore_missing_components: is_set("ignoreMissingComponents"),
        patches: items("patches").to_vec(),
        replicas: items("replicas").to_vec(),
        ..Additions::default()
    }
}

/// The entry of `labels` for common labels that stay away from selectors.
fn without_selectors(pairs: &Value, templates: Option<&Value>) -> Value {
    let entry = |key: &str, value: &Value| MappingEntry {
        key: Spanned::new(key.into(), value.place),
        value: value.clone(),
    };
    let templates = templates.map(|value| entry("includeTemplates", value));
    Value {
        place: pairs.place,
        node: Node::Mapping(Mapping {
            entries: [entry("pairs", pairs)]
                .into_iter()
                .chain(templates)
                .collect(),
            ..Mapping::default()
        }),
    }
}
