//! Helm: charts are not rendered; the values of Istio's own are facts about the mesh.

use super::inventory::is_istio_chart;
use super::{Files, Problem, Unit};
use crate::object::{Namespace, Object};
use crate::source::Spanned;
use crate::yaml::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Value, parse_embedded};

/// The group of the kind `HelmRelease` of Flux.
const GROUP: &str = "helm.toolkit.fluxcd.io";

/// What to do about values that are not known.
pub(super) const SAY_VALUES: &str =
    "say what they set with `--auto-mtls`, `--root-namespace` or `--assume`";

/// Notes the charts that the releases among the objects of a unit install, and takes the values of Istio's own.
pub(super) fn take_releases(unit: &mut Unit, others: &[&Unit], files: &Files) {
    let mut charts = Vec::new();
    let mut values = Vec::new();
    for object in &unit.objects {
        if &*object.gvk.group != GROUP || &*object.gvk.kind != "HelmRelease" {
            continue;
        }
        let chart = object.value.at(&["spec", "chart", "spec", "chart"]);
        let chart = chart.or(object.value.at(&["spec", "chartRef", "name"]));
        let name = chart.and_then(Value::as_text).unwrap_or_default();
        charts.push(Problem::Chart {
            place: chart.map_or(object.name.place, |chart| chart.place),
            chart: format!("chart `{name}` of HelmRelease `{}`", object.id.name),
        });
        let known = Known {
            objects: &unit.objects,
            others,
            files,
        };
        let name = known.chart(object).unwrap_or(name);
        if is_istio_chart(name.rsplit('/').next().unwrap_or(name)) {
            values.extend(merged(known.layers(object, &mut charts)));
        }
    }
    unit.problems.extend(charts);
    unit.values.extend(values);
}

/// What the values of a release may come from.
struct Known<'k> {
    /// The objects of the unit that it is in.
    objects: &'k [Object],
    /// The other units of the same cluster.
    others: &'k [&'k Unit],
    files: &'k Files,
}

impl Known<'_> {
    /// The values of a release, the weakest first; what cannot be known of them is a problem.
    fn layers(&self, release: &Object, problems: &mut Vec<Problem>) -> Vec<Value> {
        let mut layers = Vec::new();
        let from = release.value.at(&["spec", "valuesFrom"]);
        for source in from.map_or(&[][..], Value::items) {
            match self.values_from(source, release) {
                Some(text) => layers.extend(parsed(text, self.files)),
                None => problems.push(not_known(source, release)),
            }
        }
        layers.extend(release.value.at(&["spec", "values"]).cloned());
        layers
    }

    /// The text of the values that a release takes from a ConfigMap; none for what is not in the repository, and for a
    /// single value.
    fn values_from(&self, source: &Value, release: &Object) -> Option<&Value> {
        let text = |key| source.get(key).and_then(Value::as_text);
        if text("kind") != Some("ConfigMap") || text("targetPath").is_some() {
            return None;
        }
        let namespace = release.id.namespace.as_ref().map(Namespace::as_str);
        let found = self.object("ConfigMap", text("name").unwrap_or_default(), namespace)?;
        let key = text("valuesKey").unwrap_or("values.yaml");
        found.value.at(&["data", key])
    }

    /// The chart that the source of a release holds, where the release does not say it itself.
    fn chart(&self, release: &Object) -> Option<&str> {
        let reference = release.value.at(&["spec", "chartRef"])?;
        let text = |key| reference.get(key).and_then(Value::as_text);
        let own = release.id.namespace.as_ref().map(Namespace::as_str);
        let found = self.object(text("kind")?, text("name")?, text("namespace").or(own))?;
        let field = |key| found.value.at(&["spec", key]).and_then(Value::as_text);
        field("chart").or_else(|| field("url"))
    }

    /// An object of the cluster.
    fn object(&self, kind: &str, name: &str, namespace: Option<&str>) -> Option<&Object> {
        let others = self.others.iter().flat_map(|unit| &unit.objects);
        let mut objects = self.objects.iter().chain(others);
        objects.find(|object| {
            &*object.id.kind == kind
                && &*object.id.name == name
                && object.id.namespace.as_ref().map(Namespace::as_str) == namespace
        })
    }
}

/// Values of a release that are not known.
fn not_known(source: &Value, release: &Object) -> Problem {
    let text = |key| source.get(key).and_then(Value::as_text);
    Problem::Unresolved {
        place: source.place,
        message: format!(
            "values of HelmRelease `{}` from {} `{}` are not known",
            release.id.name,
            text("kind").unwrap_or("ConfigMap"),
            text("name").unwrap_or_default()
        ),
        help: Some(SAY_VALUES.to_owned()),
    }
}

/// Values that are written as a text.
pub(super) fn parsed(text: &Value, files: &Files) -> Option<Value> {
    // Broken values are Helm's to refuse.
    parse_embedded(text, files.sources()).ok().flatten()
}

/// What `name` and `value` set, as `helm --set` does; none for a name with an index or an escape.
pub(super) fn parameter(parameter: &Value) -> Option<Value> {
    let name = parameter.get("name")?;
    let value = parameter.get("value")?;
    let text = value.as_text()?;
    let is_text = parameter.get("forceString").and_then(Value::as_bool) == Some(true);
    let keys = name.as_text().filter(|name| !name.contains(['[', '\\']))?;
    let leaf = Value {
        place: value.place,
        node: Node::Scalar(Scalar {
            text: text.into(),
            style: if is_text {
                ScalarStyle::Quoted
            } else {
                ScalarStyle::Plain
            },
        }),
    };
    let nested = keys.rsplit('.').fold(leaf, |inner, key| Value {
        place: parameter.place,
        node: Node::Mapping(Mapping {
            entries: vec![MappingEntry {
                key: Spanned::new(key.into(), name.place),
                value: inner,
            }],
            ..Mapping::default()
        }),
    });
    Some(nested)
}

/// Layers of values as Helm merges them: mappings key by key, anything else as a whole, the later layer first.
pub(super) fn merged(layers: Vec<Value>) -> Option<Value> {
    let mappings = layers
        .into_iter()
        .filter(|layer| layer.as_mapping().is_some());
    mappings.reduce(|mut base, over| {
        merge(&mut base, over);
        base
    })
}

fn merge(base: &mut Value, over: Value) {
    match (&mut base.node, over.node) {
        (Node::Mapping(base), Node::Mapping(over)) => {
            for entry in over.entries {
                merge_entry(base, entry);
            }
        }
        (_, node) => {
            *base = Value {
                place: over.place,
                node,
            };
        }
    }
}

fn merge_entry(base: &mut Mapping, entry: MappingEntry) {
    let known = base
        .entries
        .iter_mut()
        .rev()
        .find(|one| one.key.value == entry.key.value);
    match known {
        Some(known) => merge(&mut known.value, entry.value),
        None => base.entries.push(entry),
    }
}

/// Whether a document without a kind may be values of Istio's charts, at the top or one level down.
pub(super) fn may_be_of_istio(root: &Value) -> bool {
    let says = |value: &Value| value.get("meshConfig").is_some() || value.get("global").is_some();
    says(root) || root.entries().iter().any(|entry| says(&entry.value))
}
