//! Generators and transformers that have a configuration of their own.

mod fields;

use super::field_spec::{FieldSpec, FieldSpecs, mapping, string, text};
use super::generate::{self, Generator, Kind};
use super::marks::Refusal;
use super::patch;
use super::resource::{Resource, ResourceMap};
use super::session::Step;
use super::shape::{Field, fit_plugin};
use super::transform::{self, images, labels, names, namespace, replacements, replicas};
use crate::source::{Cause, Spanned};
use crate::yaml::{MappingEntry, Value};

/// The API version of what kustomize has built in.
const BUILT_IN: &str = "builtin";

/// Runs the generators that the documents configure.
pub(in crate::gitops) fn generators(
    roots: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for root in roots {
        let made = match text(root, "kind") {
            _ if text(root, "apiVersion") != BUILT_IN => {
                program(root, step);
                continue;
            }
            "ConfigMapGenerator" => generate(Kind::ConfigMap, root, fields::CONFIG_MAP, step),
            "SecretGenerator" => generate(Kind::Secret, root, fields::SECRET, step),
            "IAMPolicyGenerator" => service_account(root, step),
            "HelmChartInflationGenerator" => {
                let name = text(root, "name");
                step.unresolved(
                    root.place,
                    format!("only Helm can render the chart `{name}`"),
                );
                continue;
            }
            kind => Err(unknown(root, kind, "generator")),
        };
        let absorbed = made.and_then(|made| generate::absorb(made, resources, step));
        note(absorbed, step);
    }
}

/// Runs the transformers that the documents configure.
pub(in crate::gitops) fn transformers(
    roots: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for root in roots {
        if text(root, "apiVersion") == BUILT_IN {
            transformer(root, resources, step);
        } else {
            program(root, step);
        }
    }
}

/// Notes a plugin that is a program, which is not run.
fn program(root: &Value, step: &mut Step<'_, '_>) {
    let kind = text(root, "kind");
    let place = root.get("kind").map_or(root.place, |kind| kind.place);
    step.unresolved(
        place,
        format!("{kind} is a program, and no program of a repository is run"),
    );
}

/// The refusal of a kind that kustomize does not have.
fn unknown(root: &Value, kind: &str, what: &str) -> Refusal {
    let place = root.get("kind").map_or(root.place, |kind| kind.place);
    Refusal::new(place, format!("kustomize has no {what} `{kind}` built in"))
}

/// Notes a refusal as a problem.
fn note(result: Result<(), Refusal>, step: &mut Step<'_, '_>) {
    if let Err(refusal) = result {
        step.problems.push(refusal.into_problem());
    }
}

/// Makes what a generator with a document of its own is to make.
fn generate(
    kind: Kind,
    root: &Value,
    fields: &'static [Field],
    step: &mut Step<'_, '_>,
) -> Result<Resource, Refusal> {
    let fitting = fit_plugin(root, fields, false, step.problems);
    generator(kind, fitting.as_ref().unwrap_or(root)).run(step)
}

/// A generator with a document of its own.
fn generator(kind: Kind, root: &Value) -> Generator<'_> {
    let either = |key: &str| {
        let own = root.get(key).filter(|own| own.as_text() != Some(""));
        own.or_else(|| root.at(&["metadata", key]))
            .and_then(Value::spanned_text)
    };
    Generator {
        kind,
        entry: root,
        name: either("name"),
        namespace: either("namespace"),
        options: [root.get("options"), None],
    }
}

/// The service account that `IAMPolicyGenerator` makes for Google's cloud.
fn service_account(root: &Value, step: &mut Step<'_, '_>) -> Result<Resource, Refusal> {
    let cloud = text(root, "cloud");
    if cloud != "gke" {
        let place = root.get("cloud").map_or(root.place, |cloud| cloud.place);
        return Err(Refusal::new(
            place,
            format!("kustomize knows no cloud `{cloud}`; it knows `gke`"),
        ));
    }
    let place = step.changed(root.place, Cause::Generator, None, None);
    let entry = |key: &str, value: Value| MappingEntry {
        key: Spanned::new(key.into(), place),
        value,
    };
    let map = |entries| Value {
        place,
        node: mapping(entries),
    };
    let at = |keys: [&str; 2]| root.at(&keys).and_then(Value::as_text).unwrap_or_default();
    let account = format!(
        "{}@{}.iam.gserviceaccount.com",
        at(["serviceAccount", "name"]),
        at(["serviceAccount", "projectId"]),
    );
    let annotation = entry("iam.gke.io/gcp-service-account", string(&account, place));
    let name = at(["kubernetesService", "name"]);
    let mut metadata = vec![
        entry("annotations", map(vec![annotation])),
        entry("name", string(name, place)),
    ];
    let namespace = at(["kubernetesService", "namespace"]);
    if !namespace.is_empty() {
        metadata.push(entry("namespace", string(namespace, place)));
    }
    Ok(Resource::new(map(vec![
        entry("apiVersion", string("v1", place)),
        entry("kind", string("ServiceAccount", place)),
        entry("metadata", map(metadata)),
    ])))
}

/// Runs one transformer that is built in.
fn transformer(root: &Value, resources: &mut ResourceMap, step: &mut Step<'_, '_>) {
    let kind = text(root, "kind");
    let Some(fields) = fields::of_transformer(kind) else {
        note(Err(unknown(root, kind, "transformer")), step);
        return;
    };
    let fitting = fit_plugin(root, fields, true, step.problems);
    let root = fitting.as_ref().unwrap_or(root);
    let specs = root.get("fieldSpecs").map_or(&[][..], Value::items);
    let specs = FieldSpecs(specs.iter().map(FieldSpec::read).collect());
    match kind {
        "NamespaceTransformer" => move_objects(root, &specs, resources, step),
        kind @ ("PrefixTransformer" | "SuffixTransformer" | "PrefixSuffixTransformer") => {
            rename(root, kind, &specs, resources, step);
        }
        "LabelTransformer" => {
            if let Some(pairs) = root.get("labels") {
                labels::set_all(pairs, &specs, Cause::Labels, resources, step);
            }
        }
        "AnnotationsTransformer" => {
            if let Some(pairs) = root.get("annotations") {
                labels::set_all(pairs, &specs, Cause::Annotations, resources, step);
            }
        }
        "ImageTagTransformer" => {
            if let Some(image) = root.get("imageTag") {
                images::run(image, &specs, resources, step);
            }
        }
        "ReplicaCountTransformer" => {
            let entry = root.get("replica").unwrap_or(root);
            replicas::run(entry, &specs, resources, step);
        }
        "ReplacementTransformer" => {
            let entries = root.get("replacements").map_or(&[][..], Value::items);
            replacements::apply(entries, resources, step);
        }
        "PatchTransformer" => patch::patches(std::slice::from_ref(root), resources, step),
        "PatchStrategicMergeTransformer" => {
            let paths = root.get("paths").map_or(&[][..], Value::items);
            let patches = root
                .get("patches")
                .filter(|text| text.as_text() != Some(""));
            let entries: Vec<Value> = paths.iter().chain(patches).cloned().collect();
            if entries.is_empty() {
                step.refuse(root.place, "this transformer needs `paths` or `patches`");
            }
            patch::strategic_merge(&entries, resources, step);
        }
        "PatchJson6902Transformer" => {
            let entry = json_patch(root);
            patch::json6902(std::slice::from_ref(&entry), resources, step);
        }
        "ValueAddTransformer" => transform::values::apply(root, resources, step),
        _ => transform::append_hashes(resources, step),
    }
}

/// Puts objects into the namespace of a `NamespaceTransformer`.
fn move_objects(
    root: &Value,
    specs: &FieldSpecs,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let subjects = match text(root, "setRoleBindingSubjects") {
        "" | "defaultOnly" => namespace::Subjects::Default,
        "allServiceAccounts" => namespace::Subjects::ServiceAccounts,
        "none" => namespace::Subjects::None,
        other => {
            step.refuse(
                root.place,
                format!("`{other}` says nothing of which subjects of role bindings are moved"),
            );
            return;
        }
    };
    let namespace = root.at(&["metadata", "namespace"]);
    let Some(namespace) = namespace.and_then(Value::spanned_text) else {
        return;
    };
    let unset_only = root.get("unsetOnly").and_then(Value::as_bool) == Some(true);
    let settings = namespace::Settings {
        namespace: &namespace,
        unset_only,
        subjects,
        specs,
    };
    namespace::run(&settings, resources, step);
}

/// Puts the texts of a prefix or suffix transformer before or behind names.
fn rename(
    root: &Value,
    kind: &str,
    specs: &FieldSpecs,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    if root.get("fieldSpecs").is_none() {
        step.refuse(root.place, format!("a {kind} needs `fieldSpecs`"));
        return;
    }
    let ends: &[(names::End, &str)] = match kind {
        "PrefixTransformer" => &[(names::End::Prefix, "prefix")],
        "SuffixTransformer" => &[(names::End::Suffix, "suffix")],
        _ => &[
            (names::End::Prefix, "prefix"),
            (names::End::Suffix, "suffix"),
        ],
    };
    for (end, key) in ends {
        if let Some(text) = root.get(key).and_then(Value::spanned_text) {
            names::run(*end, &text, specs, resources, step);
        }
    }
}

/// The configuration of a `PatchJson6902Transformer` as an entry of `patchesJson6902`.
fn json_patch(root: &Value) -> Value {
    let entries = root.entries().iter().map(|entry| {
        let mut entry = entry.clone();
        if &*entry.key.value == "jsonOp" {
            entry.key.value = "patch".into();
        }
        entry
    });
    Value {
        place: root.place,
        node: mapping(entries.collect()),
    }
}

#[cfg(test)]
mod tests;
