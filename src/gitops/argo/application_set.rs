//! The Applications that an `ApplicationSet` makes.

use std::borrow::Cow;

use super::generators::Notes;
use super::template::Parameters;
use super::{Declared, generators};
use crate::gitops::Problem;
use crate::gitops::evaluation::Evaluation;
use crate::gitops::plain::Manifests;
use crate::object::Object;
use crate::source::{Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Value};

/// The parameters that commonly name a cluster, the most telling first.
const CLUSTER_NAMES: &[&str] = &["cluster", "name", "env", "environment", "cluster.name"];

/// Makes the Applications, with what cannot be known and what is left out.
pub(super) fn expand(object: &Object, evaluation: &Evaluation<'_>) -> (Vec<Declared>, Notes) {
    let spec = object.value.get("spec");
    let field = |key: &str| spec.and_then(|spec| spec.get(key));
    let mut notes = Notes::default();
    let list = field("generators").map_or(&[][..], Value::items);
    let parameters = generators::generate(list, evaluation, &mut notes);
    if let Some(patch) = field("templatePatch") {
        notes.problems.push(Problem::Unresolved {
            place: patch.place,
            message: format!(
                "`templatePatch` of ApplicationSet `{}` is not evaluated",
                object.id.name
            ),
            help: Some("render its Applications and lint the result".to_owned()),
        });
    }
    let Some(template) = field("template") else {
        return (Vec::new(), notes);
    };
    let made = parameters.iter().filter_map(|(parameters, own)| {
        let template = match own {
            Some(own) => Cow::Owned(overlaid(template, own)),
            None => Cow::Borrowed(template),
        };
        let application = application(object, &template, parameters)?;
        let cluster = CLUSTER_NAMES
            .iter()
            .find_map(|&name| parameters.values.get(name));
        Some(Declared {
            object: application,
            cluster: cluster.cloned(),
            clusters: parameters.clusters.clone(),
            set: Some(object.id.name.clone()),
        })
    });
    (made.collect(), notes)
}

/// A template with what a generator says about it: what it leaves empty is that of the set.
fn overlaid(template: &Value, own: &Value) -> Value {
    let mut out = template.clone();
    overlay(&mut out, own);
    out
}

fn overlay(base: &mut Value, own: &Value) {
    match (&mut base.node, &own.node) {
        (Node::Mapping(mapping), Node::Mapping(over)) => {
            for one in &over.entries {
                let entries = &mut mapping.entries;
                match entries
                    .iter_mut()
                    .find(|known| known.key.value == one.key.value)
                {
                    Some(known) => overlay(&mut known.value, &one.value),
                    None => entries.push(one.clone()),
                }
            }
        }
        _ if is_empty(own) => {}
        _ => *base = own.clone(),
    }
}

/// Whether a value says nothing in a template.
fn is_empty(value: &Value) -> bool {
    match &value.node {
        Node::Scalar(scalar) => value.is_null() || scalar.text.is_empty(),
        Node::Sequence(items) => items.is_empty(),
        Node::Mapping(mapping) => mapping.entries.is_empty(),
    }
}

/// One Application: the template filled with parameters.
fn application(set: &Object, template: &Value, parameters: &Parameters) -> Option<Object> {
    let place = template.place;
    let mut root = parameters.fill_tree(template);
    let Node::Mapping(mapping) = &mut root.node else {
        return None;
    };
    mapping
        .entries
        .push(entry("apiVersion", "argoproj.io/v1alpha1", place));
    mapping.entries.push(entry("kind", "Application", place));
    let metadata = mapping
        .entries
        .iter_mut()
        .find(|one| &*one.key.value == "metadata");
    if let (Some(metadata), Some(namespace)) = (metadata, &set.id.namespace)
        && let Node::Mapping(Mapping { entries, .. }) = &mut metadata.value.node
    {
        entries.push(entry("namespace", namespace.as_str(), place));
    }
    let mut manifests = Manifests::default();
    manifests.take(root);
    manifests.objects.pop()
}

/// A key with a text.
fn entry(key: &str, text: &str, place: Place) -> MappingEntry {
    MappingEntry {
        key: Spanned::new(key.into(), place),
        value: Value {
            place,
            node: Node::Scalar(Scalar {
                text: text.into(),
                style: ScalarStyle::Quoted,
            }),
        },
    }
}
