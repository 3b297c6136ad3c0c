//! The fields of the configurations of plugins that are built in, as kustomize v5.8.1 decodes them.

use crate::gitops::kustomize::shape::{
    FIELD_SPEC, Field, GENERATOR_OPTIONS, IMAGE, METADATA, PATCH, REPLACEMENT, REPLICA, SELECTOR,
    Shape, TEXT_LIST,
};
use Shape::{Boolean, Integer, List, Object, Text, Texts};

/// The metadata of a configuration.
const OWN_METADATA: Field = ("metadata", Object(METADATA));

/// Where a transformer looks.
const FIELD_SPECS: Field = ("fieldSpecs", List(&Object(FIELD_SPEC)));

/// `ConfigMapGenerator`; it has no `env`, which only a kustomization may have.
pub(super) const CONFIG_MAP: &[Field] = &[
    OWN_METADATA,
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", TEXT_LIST),
    ("files", TEXT_LIST),
    ("envs", TEXT_LIST),
    ("options", Object(GENERATOR_OPTIONS)),
];

/// `SecretGenerator`.
pub(super) const SECRET: &[Field] = &[
    OWN_METADATA,
    ("namespace", Text),
    ("name", Text),
    ("behavior", Text),
    ("literals", TEXT_LIST),
    ("files", TEXT_LIST),
    ("envs", TEXT_LIST),
    ("options", Object(GENERATOR_OPTIONS)),
    ("type", Text),
];

/// The fields of a transformer; none for a kind that kustomize does not have.
pub(super) fn of_transformer(kind: &str) -> Option<&'static [Field]> {
    let fields: &'static [Field] = match kind {
        "NamespaceTransformer" => &[
            OWN_METADATA,
            FIELD_SPECS,
            ("unsetOnly", Boolean),
            ("setRoleBindingSubjects", Text),
        ],
        "PrefixTransformer" => &[FIELD_SPECS, ("prefix", Text)],
        "SuffixTransformer" => &[FIELD_SPECS, ("suffix", Text)],
        "PrefixSuffixTransformer" => &[FIELD_SPECS, ("prefix", Text), ("suffix", Text)],
        "LabelTransformer" => &[FIELD_SPECS, ("labels", Texts)],
        "AnnotationsTransformer" => &[FIELD_SPECS, ("annotations", Texts)],
        "ImageTagTransformer" => &[FIELD_SPECS, ("imageTag", Object(IMAGE))],
        "ReplicaCountTransformer" => &[FIELD_SPECS, ("replica", Object(REPLICA))],
        "ReplacementTransformer" => &[("replacements", List(&Object(REPLACEMENT)))],
        "PatchTransformer" => PATCH,
        "PatchStrategicMergeTransformer" => &[("paths", TEXT_LIST), ("patches", Text)],
        "PatchJson6902Transformer" => &[
            ("target", Object(SELECTOR)),
            ("path", Text),
            ("jsonOp", Text),
        ],
        "ValueAddTransformer" => &[
            ("value", Text),
            ("targets", List(&Object(VALUE_TARGET))),
            ("targetFilePath", Text),
        ],
        "HashTransformer" => &[],
        _ => return None,
    };
    Some(fields)
}

/// A target of `ValueAddTransformer`.
const VALUE_TARGET: &[Field] = &[
    ("selector", Object(SELECTOR)),
    ("fieldPath", Text),
    ("filePathPosition", Integer),
];
