//! A kustomization as its file says it, deprecated forms brought to their successors.

use super::shape::{self, KUSTOMIZATION};
use crate::gitops::Problem;
use crate::source::{Place, Spanned};
use crate::yaml::Value;

/// A text with its place.
type Text = Spanned<Box<str>>;

/// What a file says it is.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) enum FileKind {
    /// `Kustomization`: something that can be built.
    #[default]
    Kustomization,
    /// `Component`: changes what includes it.
    Component,
}

/// A kustomization as its file says it. Every value has the type that kustomize wants, and names of fields are spelled as
/// kustomize does; what did not fit is not in it.
#[derive(Clone, Debug, Default)]
pub(super) struct Kustomization {
    /// What it is.
    pub(super) kind: FileKind,
    /// `namePrefix`.
    pub(super) name_prefix: Option<Text>,
    /// `nameSuffix`.
    pub(super) name_suffix: Option<Text>,
    /// `namespace`.
    pub(super) namespace: Option<Text>,
    /// `commonLabels`, a mapping.
    pub(super) common_labels: Option<Value>,
    /// `labels`, each with `pairs`.
    pub(super) labels: Vec<Value>,
    /// `commonAnnotations`, a mapping.
    pub(super) common_annotations: Option<Value>,
    /// `patchesStrategicMerge`: paths, or patches themselves.
    pub(super) patches_strategic_merge: Vec<Value>,
    /// `patchesJson6902`.
    pub(super) patches_json6902: Vec<Value>,
    /// `patches`.
    pub(super) patches: Vec<Value>,
    /// `images`, then `imageTags`.
    pub(super) images: Vec<Value>,
    /// `replacements`.
    pub(super) replacements: Vec<Value>,
    /// `replicas`.
    pub(super) replicas: Vec<Value>,
    /// `vars`.
    pub(super) vars: Vec<Value>,
    /// `resources`, then `bases`.
    pub(super) resources: Vec<Text>,
    /// `components`.
    pub(super) components: Vec<Text>,
    /// `crds`.
    pub(super) crds: Vec<Text>,
    /// `configMapGenerator`; `env` stands beside `envs` and comes after it.
    pub(super) config_map_generator: Vec<Value>,
    /// `secretGenerator`; `env` stands beside `envs` and comes after it.
    pub(super) secret_generator: Vec<Value>,
    /// `generatorOptions`, a mapping.
    pub(super) generator_options: Option<Value>,
    /// `helmCharts`, then `helmChartInflationGenerator`.
    pub(super) helm_charts: Vec<Value>,
    /// `configurations`.
    pub(super) configurations: Vec<Text>,
    /// `generators`: paths, or objects as text.
    pub(super) generators: Vec<Value>,
    /// `transformers`: paths, or objects as text.
    pub(super) transformers: Vec<Value>,
    /// `validators`: paths, or objects as text.
    pub(super) validators: Vec<Value>,
    /// `sortOptions`, a mapping.
    pub(super) sort_options: Option<Value>,
    /// `openapi`, a mapping.
    pub(super) openapi: Option<Value>,
    /// `buildMetadata`: what kustomize says about itself in the objects.
    pub(super) build_metadata: Vec<Text>,
}

/// The API version of a `Kustomization`.
const KUSTOMIZATION_VERSION: &str = "kustomize.config.k8s.io/v1beta1";

/// The API version of a `Component`.
const COMPONENT_VERSION: &str = "kustomize.config.k8s.io/v1alpha1";

impl Kustomization {
    /// Reads the root of a file; what kustomize would refuse becomes problems and counts as not there.
    pub(super) fn read(root: &Value, problems: &mut Vec<Problem>) -> Self {
        let Some(root) = shape::fit(root, KUSTOMIZATION, problems) else {
            return Self::default();
        };
        let is_empty = root
            .entries()
            .iter()
            .all(|entry| ["apiVersion", "kind"].contains(&&*entry.key.value));
        if is_empty {
            problems.push(empty_file(root.place));
        }
        let kind = file_kind(&root, problems);
        Self {
            kind,
            ..Self::fields(&root)
        }
    }

    /// The fields of a root that fits.
    fn fields(root: &Value) -> Self {
        let text = |key| root.get(key).and_then(text_that_is_not_empty);
        let list = |key| root.get(key).map_or(&[][..], Value::items).to_vec();
        let texts = |key| texts(root, key);
        let joined = |key, deprecated| {
            let mut all = list(key);
            all.extend(list(deprecated));
            all
        };
        Self {
            name_prefix: text("namePrefix"),
            name_suffix: text("nameSuffix"),
            namespace: text("namespace"),
            common_labels: root.get("commonLabels").cloned(),
            labels: list("labels"),
            common_annotations: root.get("commonAnnotations").cloned(),
            patches_strategic_merge: list("patchesStrategicMerge"),
            patches_json6902: list("patchesJson6902"),
            patches: list("patches"),
            images: joined("images", "imageTags"),
            replacements: list("replacements"),
            replicas: list("replicas"),
            vars: list("vars"),
            resources: texts("resources")
                .into_iter()
                .chain(texts("bases"))
                .collect(),
            components: texts("components"),
            crds: texts("crds"),
            config_map_generator: list("configMapGenerator"),
            secret_generator: list("secretGenerator"),
            generator_options: root.get("generatorOptions").cloned(),
            helm_charts: joined("helmCharts", "helmChartInflationGenerator"),
            configurations: texts("configurations"),
            generators: list("generators"),
            transformers: list("transformers"),
            validators: list("validators"),
            sort_options: root.get("sortOptions").cloned(),
            openapi: root.get("openapi").cloned(),
            build_metadata: texts("buildMetadata"),
            kind: FileKind::default(),
        }
    }
}

/// The refusal of a file with nothing in it.
pub(super) fn empty_file(place: Place) -> Problem {
    Problem::Refused {
        place,
        message: "the kustomization is empty, and kustomize refuses that".into(),
        help: Some("write `resources: []`, or remove the file".into()),
    }
}

/// The texts of a list with their places.
fn texts(root: &Value, key: &str) -> Vec<Text> {
    let items = root.get(key).map_or(&[][..], Value::items);
    items.iter().filter_map(Value::spanned_text).collect()
}

/// A text with its place; none if nothing is in it, which is the same to kustomize.
fn text_that_is_not_empty(value: &Value) -> Option<Text> {
    value.spanned_text().filter(|text| !text.value.is_empty())
}

/// What a file says it is, by its kind and a version that has to go with it.
fn file_kind(root: &Value, problems: &mut Vec<Problem>) -> FileKind {
    let stated = root.get("kind").and_then(text_that_is_not_empty);
    let (kind, name, version) = match stated.as_ref().map(|kind| &*kind.value) {
        Some("Component") => (FileKind::Component, "Component", COMPONENT_VERSION),
        Some("Kustomization") | None => (
            FileKind::Kustomization,
            "Kustomization",
            KUSTOMIZATION_VERSION,
        ),
        Some(other) => {
            if let Some(kind) = &stated {
                problems.push(Problem::Refused {
                    place: kind.place,
                    message: format!("kustomize knows no kind `{other}` of file"),
                    help: Some("write `Kustomization` or `Component`".into()),
                });
            }
            return FileKind::Kustomization;
        }
    };
    let stated = root.get("apiVersion").and_then(text_that_is_not_empty);
    if let Some(stated) = stated
        && &*stated.value != version
    {
        problems.push(Problem::Refused {
            place: stated.place,
            message: format!("kustomize wants another `apiVersion` for a {name}"),
            help: Some(format!("write `{version}`")),
        });
    }
    kind
}
