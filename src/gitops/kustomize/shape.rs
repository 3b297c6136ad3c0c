//! The fields of a kustomization and what they hold, as kustomize v5.8.1 decodes them.

use crate::gitops::Problem;
use crate::source::{Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Value};

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
const TEXT_LIST: Shape = List(&Text);

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
const METADATA: &[Field] = &[
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
const FIELD_SPEC: &[Field] = &[
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
const SELECTOR: &[Field] = &[
    ("group", Text),
    ("version", Text),
    ("kind", Text),
    ("name", Text),
    ("namespace", Text),
    ("annotationSelector", Text),
    ("labelSelector", Text),
];

/// An entry of `images`.
const IMAGE: &[Field] = &[
    ("name", Text),
    ("newName", Text),
    ("tagSuffix", Text),
    ("newTag", Text),
    ("digest", Text),
];

/// An entry of `replicas`.
const REPLICA: &[Field] = &[("name", Text), ("count", Integer)];

/// An entry of `replacements`.
const REPLACEMENT: &[Field] = &[
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
const GENERATOR_OPTIONS: &[Field] = &[
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
    fit_shape(value, Object(fields), "the kustomization", problems)
}

/// What of a value fits its shape; none if it is null or something else.
fn fit_shape(
    value: &Value,
    shape: Shape,
    name: &str,
    problems: &mut Vec<Problem>,
) -> Option<Value> {
    if value.is_null() {
        return None;
    }
    let fitting = match shape {
        Any => Some(value.clone()),
        Text => value.as_str().map(|_| value.clone()),
        Boolean => value.as_bool().map(|_| value.clone()),
        Integer => value.as_integer().map(|_| value.clone()),
        Texts => value
            .as_mapping()
            .map(|mapping| fit_texts(value.place, mapping, problems)),
        List(element) => value.as_sequence().map(|items| {
            let items = items
                .iter()
                .filter_map(|item| fit_shape(item, *element, name, problems));
            let items = items.collect();
            Value {
                place: value.place,
                node: Node::Sequence(items),
            }
        }),
        Object(fields) => value
            .as_mapping()
            .map(|mapping| fit_object(value.place, mapping, fields, name, problems)),
    };
    if fitting.is_none() {
        problems.push(Problem::Refused {
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

/// What of a mapping from strings to strings is one.
fn fit_texts(place: Place, mapping: &Mapping, problems: &mut Vec<Problem>) -> Value {
    let entries = mapping.entries.iter().filter_map(|entry| {
        let name = format!("`{}`", entry.key.value);
        // Null is the empty string here.
        let value = if entry.value.is_null() {
            entry.value.clone()
        } else {
            fit_shape(&entry.value, Text, &name, problems)?
        };
        Some(MappingEntry {
            key: entry.key.clone(),
            value,
        })
    });
    with_entries(place, entries.collect(), mapping)
}

/// What of a mapping its fields allow.
fn fit_object(
    place: Place,
    mapping: &Mapping,
    fields: &'static [Field],
    name: &str,
    problems: &mut Vec<Problem>,
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
            problems.push(unknown_field(key, fields, name));
            continue;
        };
        if let Some(value) = fit_shape(&entry.value, shape, &format!("`{field}`"), problems) {
            let key = Spanned::new(field.into(), key.place);
            entries.push(MappingEntry { key, value });
        }
    }
    with_entries(place, entries, mapping)
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
