//! What the tests of the kinds share: YAML text in, resources and problems out.

use super::decode::{decoded, join, read};
use super::{Decoded, Problem, Resource, decode, decode_values};
use crate::object::{Gvk, Namespace, NamespaceSource, Object, ObjectId, is_namespaced};
use crate::source::{FileId, FileRole, Place, SourceFile, Sources, Spanned};
use crate::yaml::{self, Document, ReadOptions, Value};

/// The documents of a text, with the sources that hold it.
fn documents(text: &str) -> (Sources, Vec<Document>) {
    let file = SourceFile::new("test.yaml".into(), text.into(), FileRole::Input);
    let options = ReadOptions {
        prefilter: false,
        alias_budget: 1000,
    };
    let content = yaml::read(FileId(0), &file, options);
    assert_eq!(content.problems, [], "{text}");
    (Sources::new(vec![file]), content.documents)
}

/// The object that a document is, in the namespace `default` where it states none.
fn object(root: Value) -> Object {
    let api_version = root.get("apiVersion").and_then(Value::as_text);
    let kind = root.get("kind").and_then(Value::spanned_text);
    let kind = kind.expect("every object of a test has a kind");
    let gvk = Gvk::parse(api_version.unwrap_or_default(), &kind.value);
    let name = root
        .at(&["metadata", "name"])
        .and_then(Value::spanned_text)
        .unwrap_or_else(|| Spanned::new("".into(), kind.place));
    let stated = root
        .at(&["metadata", "namespace"])
        .and_then(Value::spanned_text);
    let (namespace, namespace_source) = match stated {
        _ if !is_namespaced(&gvk.kind) => (None, NamespaceSource::ClusterScoped),
        Some(text) => (
            Some(Namespace::new(text.value)),
            NamespaceSource::Stated(text.place),
        ),
        None => (Some(Namespace::new("default")), NamespaceSource::Default),
    };
    let id = ObjectId {
        group: gvk.group.clone(),
        kind: gvk.kind.clone(),
        namespace,
        name: name.value.clone(),
    };
    Object {
        gvk,
        id,
        namespace_source,
        name,
        value: root,
    }
}

/// What every document of a text decodes to, without the schema's problems: the tests of a kind are about what it reads.
pub(super) fn decode_all(text: &str) -> Vec<Decoded> {
    let (sources, documents) = documents(text);
    let roots = documents.into_iter().map(|document| document.root);
    roots
        .map(|root| {
            let object = object(root);
            let (resource, faults) = read(&object, &sources);
            decoded(resource, join(Vec::new(), faults, &object))
        })
        .collect()
}

/// What every document of a text decodes to, the schema's problems included.
pub(super) fn decode_strictly(text: &str) -> Vec<Decoded> {
    let (sources, documents) = documents(text);
    let roots = documents.into_iter().map(|document| document.root);
    roots.map(|root| decode(&object(root), &sources)).collect()
}

/// The only resource of a text without problems; none for a kind that is not read.
pub(super) fn resource(text: &str) -> Option<Resource> {
    let mut all = decode_all(text);
    assert_eq!(all.len(), 1, "one document: {text}");
    let decoded = all.pop().expect("there is one document");
    assert_eq!(decoded.problems, [], "{text}");
    decoded.resources.into_iter().next()
}

/// The problems of a text as `field: message`; an object with problems has no resource.
pub(super) fn problems(text: &str) -> Vec<String> {
    let all = decode_all(text).into_iter();
    all.flat_map(|decoded| {
        assert_eq!(
            decoded.resources.is_empty(),
            !decoded.problems.is_empty(),
            "a resource or problems: {text}"
        );
        decoded.problems
    })
    .map(|Problem { field, message, .. }| format!("{field}: {message}"))
    .collect()
}

/// The texts that the problems of a text point at.
pub(super) fn problem_texts(text: &str) -> Vec<&str> {
    let all = decode_all(text).into_iter();
    all.flat_map(|decoded| decoded.problems)
        .map(|problem| at(text, problem.place))
        .collect()
}

/// What the first document of a text decodes to as Helm values.
pub(super) fn values(text: &str) -> Option<Resource> {
    let (_, documents) = documents(text);
    decode_values(&documents.first()?.root)
}

/// The text at a place.
pub(super) fn at(text: &str, place: Place) -> &str {
    text.get(place.span.range())
        .expect("places lie on character boundaries of the text")
}

/// An object of a kind with a `spec`, given as the lines below it without their indent.
pub(super) fn with_spec(api_version: &str, kind: &str, spec: &str) -> String {
    let spec = spec.replace('\n', "\n  ");
    format!(
        "apiVersion: {api_version}\nkind: {kind}\nmetadata: {{name: test, namespace: apps}}\nspec:\n  {spec}\n"
    )
}

/// The resource of a variant, or a panic that says what it is instead.
macro_rules! expect_resource {
    ($variant:ident, $text:expr) => {
        match $crate::resource::testing::resource($text) {
            Some($crate::resource::Resource::$variant(resource)) => resource,
            other => panic!("expected {}, found {other:?}", stringify!($variant)),
        }
    };
}
pub(super) use expect_resource;
