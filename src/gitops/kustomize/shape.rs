//! The fields of a kustomization and what they hold, as kustomize v5.8.1 decodes them.

use crate::gitops::Problem;
use crate::source::{Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Value};

/// What a field holds.
#[derive(Clone, Copy, Debug)]
pub(super) enum Shape {
    /// A string.
    Text,
    /// `true` or `false`.
    Boolean,
    /// A whole number.
    Integer,
    /// Anything.
    Any,
    /// A mapping from strings to strings.
    Texts,
    /// A list.
    List(&'static Shape),
    /// A mapping with these fields.
    Object(&'static [Field]),
}

/// A name and what is under it.
pub(super) type Field = (&'static str, Shape);

use Shape::{Any, Boolean, Integer, List, Object, Text, Texts};

/// A list of strings.
pub(super) const TEXT_LIST: Shape = List(&Text);

/// The fields of a file.
pub(super) const KUSTOMIZATION: &[Field] = &[
    ("apiVersion", Text),
    ("kind", Text),
    ("metadata", Object(METADATA)),
    ("openapi", Texts),
    ("namePrefix", Text),
    ("nameSuffix", Text),
    ("namespace", Text),
    ("commonLabels", Texts),
    ("labels", List(&Object(LABEL))),
    ("commonAnnotations", Texts),
    ("patchesStrategicMerge", TEXT_LIST),
    ("patchesJson6902", List(&Object(PATCH))),
    ("patches", List(&Object(PATCH))),
    ("images", List(&Object(IMAGE))),
    ("imageTags", List(&Object(IMAGE))),
    ("replacements", List(&Object(REPLACEMENT))),
    ("replicas", List(&Object(REPLICA))),
    ("vars", List(&Object(VAR))),
    ("sortOptions", Object(SORT_OPTIONS)),
    ("resources", TEXT_LIST),
    ("components", TEXT_LIST),
    ("crds", TEXT_LIST),
    ("bases", TEXT_LIST),
    ("configMapGenerator", List(&Object(CONFIG_MAP))),
    ("secretGenerator", List(&Object(SECRET))),
    ("helmGlobals", Object(HELM_GLOBALS)),
    ("helmCharts", List(&Any)),
    ("helmChartInflationGenerator", List(&Any)),
    ("generatorOptions", Object(GENERATOR_OPTIONS)),
    ("configurations", TEXT_LIST),
    ("generators", TEXT_LIST),
    ("transformers", TEXT_LIST),
    ("validators", TEXT_LIST),
    ("buildMetadata", TEXT_LIST),
];

/// `metadata`.
pub(super) const METADATA: &[Field] = &[
    ("name", Text),
    ("namespace", Text),
    ("labels", Texts),
    ("annotations", Texts),
];

/// An entry of `labels`.
const LABEL: &[Field] = &[
    ("pairs", Texts),
    ("includeSelectors", Boolean),
    ("includeTemplates", Boolean),
    ("fields", List(&Object(FIELD_SPEC))),
];

/// Where a transformer looks.
pub(super) const FIELD_SPEC: &[Field] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("path", Text),
    ("create", Boolean),
];

/// An entry of `patches` and `patchesJson6902`.
pub(super) const PATCH: &[Field] = &[
    ("path", Text),
    ("patch", Text),
    ("target", Object(SELECTOR)),
    (
        "options",
        Object(&[("allowNameChange", Boolean), ("allowKindChange", Boolean)]),
    ),
];

/// What a patch or replacement applies to.
pub(super) const SELECTOR: &[Field] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("annotationSelector", Text),
    ("labelSelector", Text),
];

/// An entry of `images`.
pub(super) const IMAGE: &[Field] = &[
    ("name", Text),
    ("newName", Text),
    ("tagSuffix", Text),
    ("newTag", Text),
    ("digest", Text),
];

/// An entry of `replicas`.
pub(super) const REPLICA: &[Field] = &[("name", Text), ("count", Integer)];

/// An entry of `replacements`.
pub(super) const REPLACEMENT: &[Field] = &[
    (
        "source",
        Object(&[
            ("group", Text),
            ("version", Text),
            ("kind", Text),
            ("name", Text),
            ("namespace", Text),
            ("fieldPath", Text),
            ("options", Object(FIELD_OPTIONS)),
        ]),
    ),
    (
        "targets",
        List(&Object(&[
            ("select", Object(SELECTOR)),
            ("reject", List(&Object(SELECTOR))),
            ("fieldPaths", TEXT_LIST),
            ("options", Object(FIELD_OPTIONS)),
        ])),
    ),
    ("sourceValue", Text),
    ("path", Text),
];

/// `options` of a replacement.
const FIELD_OPTIONS: &[Field] = &[
    ("delimiter", Text),
    ("index", Integer),
    ("encoding", Text),
    ("create", Boolean),
];

/// An entry of `vars`.
const VAR: &[Field] = &[
    ("name", Text),
    (
        "objref",
        Object(&[
            ("apiVersion", Text),
            ("group", Text),
            ("version", Text),
            ("kind", Text),
            ("name", Text),
            ("namespace", Text),
        ]),
    ),
    ("fieldref", Object(&[("fieldPath", Text)])),
];

/// `sortOptions`.
const SORT_OPTIONS: &[Field] = &[
    ("order", Text),
    (
        "legacySortOptions",
        Object(&[("orderFirst", TEXT_LIST), ("orderLast", TEXT_LIST)]),
    ),
];

/// An entry of `configMapGenerator`.
const CONFIG_MAP: &[Field] = &[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", TEXT_LIST),
    ("files", TEXT_LIST),
    ("envs", TEXT_LIST),
    ("env", Text),
    ("options", Object(GENERATOR_OPTIONS)),
];

/// An entry of `secretGenerator`.
const SECRET: &[Field] = &[
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", TEXT_LIST),
    ("files", TEXT_LIST),
    ("envs", TEXT_LIST),
    ("env", Text),
    ("options", Object(GENERATOR_OPTIONS)),
    ("type", Text),
];

/// `generatorOptions`, and `options` of a generator.
pub(super) const GENERATOR_OPTIONS: &[Field] = &[
    ("labels", Texts),
    ("annotations", Texts),
    ("disableNameSuffixHash", Boolean),
    ("immutable", Boolean),
];

/// `helmGlobals`.
const HELM_GLOBALS: &[Field] = &[("chartHome", Text), ("configHome", Text)];

/// What of a mapping fits its fields, with their names as kustomize spells them; the rest becomes problems.
///
/// Names match in any case, as in Go's JSON, and null is as good as nothing.
pub(super) fn fit(
    value: &Value,
    fields: &'static [Field],
    problems: &mut Vec<Problem>,
) -> Option<Value> {
    let mut fitting = Fitting {
        is_open: false,
        takes_scalars: false,
        problems,
    };
    fitting.shape(value, Object(fields), "the kustomization")
}

/// What of the configuration of a plugin fits its fields; it may have others, which mean nothing.
///
/// Where the plugin is a transformer, any scalar is a string that kustomize has a field of its own for.
pub(super) fn fit_plugin(
    value: &Value,
    fields: &'static [Field],
    is_transformer: bool,
    problems: &mut Vec<Problem>,
) -> Option<Value> {
    let mut fitting = Fitting {
        is_open: true,
        takes_scalars: is_transformer,
        problems,
    };
    fitting.shape(value, Object(fields), "this configuration")
}

/// How values are made to fit.
struct Fitting<'p> {
    /// Whether fields that nobody knows are passed over.
    is_open: bool,
    /// Whether any scalar is as good as a string.
    takes_scalars: bool,
    /// What does not fit.
    problems: &'p mut Vec<Problem>,
}

impl Fitting<'_> {
    /// What of a value fits its shape; none if it is null or something else.
    fn shape(&mut self, value: &Value, shape: Shape, name: &str) -> Option<Value> {
        if value.is_null() {
            return None;
        }
        let fitting = match shape {
            Any => Some(value.clone()),
            Text => self.text(value),
            Boolean => value.as_bool().map(|_| value.clone()),
            Integer => value.as_integer().map(|_| value.clone()),
            Texts => value
                .as_mapping()
                .map(|mapping| self.texts(value.place, mapping)),
            List(element) => value.as_sequence().map(|items| {
                let items = items.iter().filter_map(|item| {
                    let empty = item.is_null().then(|| empty(item.place, *element));
                    empty.flatten().or_else(|| self.shape(item, *element, name))
                });
                let items = items.collect();
                Value {
                    place: value.place,
                    node: Node::Sequence(items),
                }
            }),
            Object(fields) => value
                .as_mapping()
                .map(|mapping| self.object(value.place, mapping, fields, name)),
        };
        if fitting.is_none() {
            self.problems.push(Problem::Refused {
                place: value.place,
                message: format!("{} is wanted under {name}", shape.wanted()),
                help: matches!(shape, Text)
                    .then(|| value.as_text())
                    .flatten()
                    .map(|text| format!("write `\"{text}\"`")),
            });
        }
        fitting
    }

    /// A string.
    fn text(&self, value: &Value) -> Option<Value> {
        let mut text = value.clone();
        if let Node::Scalar(scalar) = &mut text.node
            && self.takes_scalars
        {
            scalar.style = ScalarStyle::Quoted;
        }
        text.as_str().is_some().then_some(text)
    }

    /// What of a mapping from strings to strings is one.
    fn texts(&mut self, place: Place, mapping: &Mapping) -> Value {
        let entries = mapping.entries.iter().filter_map(|entry| {
            let name = format!("`{}`", entry.key.value);
            // Null is the empty string here.
            let value = if entry.value.is_null() {
                entry.value.clone()
            } else {
                self.shape(&entry.value, Text, &name)?
            };
            Some(MappingEntry {
                key: entry.key.clone(),
                value,
            })
        });
        with_entries(place, entries.collect(), mapping)
    }

    /// What of a mapping its fields allow.
    fn object(
        &mut self,
        place: Place,
        mapping: &Mapping,
        fields: &'static [Field],
        name: &str,
    ) -> Value {
        let mut entries = Vec::with_capacity(mapping.entries.len());
        for entry in &mapping.entries {
            let key = &entry.key;
            let exact = fields.iter().find(|(field, _)| *field == &*key.value);
            let similar = || {
                fields
                    .iter()
                    .find(|(field, _)| field.eq_ignore_ascii_case(&key.value))
            };
            let Some(&(field, shape)) = exact.or_else(similar) else {
                if !self.is_open {
                    self.problems.push(unknown_field(key, fields, name));
                }
                continue;
            };
            if let Some(value) = self.shape(&entry.value, shape, &format!("`{field}`")) {
                let key = Spanned::new(field.into(), key.place);
                entries.push(MappingEntry { key, value });
            }
        }
        with_entries(place, entries, mapping)
    }
}

/// What null is as an element of a list: Go makes a string or a structure with nothing in it.
fn empty(place: Place, element: Shape) -> Option<Value> {
    let node = match element {
        Text => Node::Scalar(Scalar {
            text: Box::default(),
            style: ScalarStyle::Quoted,
        }),
        Object(_) => Node::Mapping(Mapping::default()),
        Boolean | Integer | Any | Texts | List(_) => return None,
    };
    Some(Value { place, node })
}

/// A mapping with other entries.
fn with_entries(place: Place, entries: Vec<MappingEntry>, mapping: &Mapping) -> Value {
    Value {
        place,
        node: Node::Mapping(Mapping {
            entries,
            flow: mapping.flow,
            removed: Vec::new(),
        }),
    }
}

/// The refusal of a field that does not exist.
fn unknown_field(key: &Spanned<Box<str>>, fields: &[Field], name: &str) -> Problem {
    let limit = (key.value.chars().count() / 3).max(1);
    let nearest = fields
        .iter()
        .map(|&(field, _)| (strsim::damerau_levenshtein(&key.value, field), field))
        .filter(|&(distance, _)| distance <= limit)
        .min_by_key(|&(distance, _)| distance);
    Problem::Refused {
        place: key.place,
        message: format!(
            "kustomize knows no field `{}` in {name}, and builds nothing",
            key.value
        ),
        help: Some(nearest.map_or_else(
            || format!("remove `{}`", key.value),
            |(_, field)| format!("write `{field}`"),
        )),
    }
}

impl Shape {
    /// What is wanted, in words.
    fn wanted(self) -> &'static str {
        match self {
            Text => "a string",
            Boolean => "`true` or `false`",
            Integer => "a whole number",
            Any => "a value",
            Texts => "a mapping from strings to strings",
            List(_) => "a list",
            Object(_) => "a mapping",
        }
    }
}
