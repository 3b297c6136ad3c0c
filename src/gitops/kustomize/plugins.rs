//! Generators and transformers that have a configuration of their own.

use super::configuration::Configuration;
use super::field_spec::FieldSpec;
use super::generate::{Generated, generate};
use super::resource::ResourceMap;
use super::session::Step;
use super::transform::namespace::{Settings, Subjects};
use super::{patch, transform};
use crate::yaml::{Mapping, MappingEntry, Node, Value};

/// Runs the generators that the documents configure.
pub(in crate::gitops) fn generators(
    roots: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for root in roots {
        let root = &flat(root);
        match kind(root) {
            Some("ConfigMapGenerator") => {
                generate(Generated::ConfigMap, root, None, resources, step);
            }
            Some("SecretGenerator") => generate(Generated::Secret, root, None, resources, step),
            Some("HelmChartInflationGenerator") => {
                step.unresolved(root.place, "only Helm can render this chart");
            }
            _ => unknown(root, "generator", step),
        }
    }
}

/// Runs the transformers that the documents configure.
pub(in crate::gitops) fn transformers(
    roots: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for root in roots {
        let Some(kind) = kind(root) else {
            unknown(root, "transformer", step);
            continue;
        };
        let configuration = configuration(kind, root, step.configuration);
        let mut own = Step {
            session: step.session,
            problems: step.problems,
            patches: step.patches,
            used: step.used,
            directory: step.directory,
            configuration: &configuration,
            allow_outside_files: step.allow_outside_files,
            cause: step.cause,
        };
        transformer(kind, root, resources, &mut own);
    }
}

/// The kind of a configuration that kustomize knows itself.
fn kind(root: &Value) -> Option<&str> {
    let is_function = root
        .at(&["metadata", "annotations"])
        .is_some_and(|marks| marks.entry("config.kubernetes.io/function").is_some());
    let is_builtin = root.get("apiVersion").and_then(Value::as_text) == Some("builtin");
    root.get("kind")
        .and_then(Value::as_text)
        .filter(|_| is_builtin && !is_function)
}

/// A generator's configuration in the form of an entry of the kustomization: its name and namespace are in the metadata.
fn flat(root: &Value) -> Value {
    let mut entries: Vec<MappingEntry> = root.entries().to_vec();
    let metadata = root.get("metadata").map_or(&[][..], Value::entries);
    for entry in metadata {
        if matches!(&*entry.key.value, "name" | "namespace") {
            entries.push(entry.clone());
        }
    }
    Value {
        place: root.place,
        node: Node::Mapping(Mapping {
            entries,
            ..Mapping::default()
        }),
    }
}

/// Notes a program that is not run; what should be built in and is not, kustomize refuses.
fn unknown(root: &Value, what: &str, step: &mut Step<'_, '_>) {
    let text = |keys: &[&str]| root.at(keys).and_then(Value::as_text).unwrap_or_default();
    let (kind, name) = (text(&["kind"]), text(&["metadata", "name"]));
    if text(&["apiVersion"]) == "builtin" {
        step.refuse(root.place, format!("kustomize has no {what} {kind}"));
        return;
    }
    step.unresolved(
        root.place,
        format!("the {what} {kind} `{name}` is a program, which is not run"),
    );
}

/// The fields that a transformer is for: its own, or those of the kustomization.
fn configuration(kind: &str, root: &Value, of_kustomization: &Configuration) -> Configuration {
    let mut configuration = of_kustomization.clone();
    let specs = root.get("fieldSpecs").or(root.get("fieldspecs"));
    let specs: Vec<FieldSpec> = specs
        .map_or(&[][..], Value::items)
        .iter()
        .filter_map(FieldSpec::read)
        .collect();
    // Without field specs of its own a transformer changes nothing but what it always does.
    match kind {
        "PrefixTransformer" => configuration.name_prefix = specs,
        "SuffixTransformer" => configuration.name_suffix = specs,
        "PrefixSuffixTransformer" => {
            configuration.name_prefix.clone_from(&specs);
            configuration.name_suffix = specs;
        }
        "NamespaceTransformer" => configuration.namespace = specs,
        "LabelTransformer" => configuration.common_labels = specs,
        "AnnotationsTransformer" => configuration.common_annotations = specs,
        "ImageTagTransformer" => configuration.images = specs,
        "ReplicaCountTransformer" => configuration.replicas = specs,
        _ => {}
    }
    configuration
}

/// Runs one transformer.
fn transformer(kind: &str, root: &Value, resources: &mut ResourceMap, step: &mut Step<'_, '_>) {
    let text = |key: &str| root.get(key).and_then(Value::spanned_text);
    match kind {
        "PrefixTransformer" | "PrefixSuffixTransformer" | "SuffixTransformer" => {
            if let Some(prefix) = text("prefix") {
                transform::names::prefix(&prefix, resources, step);
            }
            if let Some(suffix) = text("suffix") {
                transform::names::suffix(&suffix, resources, step);
            }
        }
        "NamespaceTransformer" => namespace(root, resources, step),
        "LabelTransformer" => {
            if let Some(labels) = root.get("labels") {
                transform::labels::common(labels, resources, step);
            }
        }
        "AnnotationsTransformer" => {
            if let Some(annotations) = root.get("annotations") {
                transform::annotations::apply(annotations, resources, step);
            }
        }
        "ImageTagTransformer" => {
            let image = root.get("imageTag").into_iter().cloned();
            transform::images::apply(&image.collect::<Vec<_>>(), resources, step);
        }
        "ReplicaCountTransformer" => {
            let replica = root.get("replica").into_iter().cloned();
            transform::replicas::apply(&replica.collect::<Vec<_>>(), resources, step);
        }
        "ReplacementTransformer" => {
            let entries = root.get("replacements").map_or(&[][..], Value::items);
            transform::replacements::apply(entries, resources, step);
        }
        "PatchTransformer" => patch::patches(std::slice::from_ref(root), resources, step),
        "PatchJson6902Transformer" => {
            let entry = with_patch_key(root);
            patch::json6902(std::slice::from_ref(&entry), resources, step);
        }
        "PatchStrategicMergeTransformer" => strategic_merge(root, resources, step),
        _ => unknown(root, "transformer", step),
    }
}

fn namespace(root: &Value, resources: &mut ResourceMap, step: &mut Step<'_, '_>) {
    let metadata = root.at(&["metadata", "namespace"]);
    let Some(namespace) = metadata.and_then(Value::spanned_text) else {
        return;
    };
    let subjects = root.get("setRoleBindingSubjects").and_then(Value::as_text);
    let settings = Settings {
        subjects: match subjects {
            Some("allServiceAccounts") => Subjects::ServiceAccounts,
            Some("none") => Subjects::None,
            Some(_) | None => Subjects::Default,
        },
        unset_only: root.get("unsetOnly").and_then(Value::as_bool) == Some(true),
    };
    transform::namespace::apply_with(&namespace, settings, resources, step);
}

/// `jsonOp` is what the entry of a kustomization calls `patch`.
fn with_patch_key(root: &Value) -> Value {
    let mut root = root.clone();
    if let Node::Mapping(mapping) = &mut root.node {
        for entry in &mut mapping.entries {
            if &*entry.key.value == "jsonOp" {
                entry.key.value = "patch".into();
            }
        }
    }
    root
}

/// `paths` name files, and `patches` is a text with documents.
fn strategic_merge(root: &Value, resources: &mut ResourceMap, step: &mut Step<'_, '_>) {
    let paths = root.get("paths").map_or(&[][..], Value::items);
    let inline = root.get("patches").into_iter();
    let entries: Vec<Value> = paths.iter().chain(inline).cloned().collect();
    patch::strategic_merge(&entries, resources, step);
}
