//! Deploying documents built by hand.

use super::*;
use crate::source::{FileRole, OriginId, SourceFile, Span};
use crate::yaml::{Document, Mapping, MappingEntry, Scalar, ScalarStyle};

/// A tree of test data: a scalar, a sequence or a mapping.
enum Tree {
    Text(&'static str),
    Items(Vec<Tree>),
    Fields(Vec<(&'static str, Tree)>),
}
use Tree::{Fields, Items, Text};

/// The tree as a value of a file; every node has another place.
fn value(tree: Tree, file: FileId, next: &mut u32) -> Value {
    *next += 1;
    let place = Place {
        span: Span::new(file, *next, *next),
        origin: OriginId::BASE,
    };
    let node = match tree {
        Text(text) => Node::Scalar(Scalar {
            text: text.into(),
            style: ScalarStyle::Plain,
        }),
        Items(items) => Node::Sequence(
            items
                .into_iter()
                .map(|item| value(item, file, next))
                .collect(),
        ),
        Fields(fields) => {
            let entries = fields
                .into_iter()
                .map(|(key, field)| MappingEntry {
                    key: Spanned::new(key.into(), place),
                    value: value(field, file, next),
                })
                .collect();
            Node::Mapping(Mapping {
                entries,
                flow: false,
                removed: Vec::new(),
            })
        }
    };
    Value { place, node }
}

/// An object with the given metadata.
fn object(
    api_version: &'static str,
    kind: &'static str,
    metadata: &[(&'static str, &'static str)],
) -> Tree {
    let metadata = metadata.iter().map(|&(key, text)| (key, Text(text)));
    Fields(vec![
        ("apiVersion", Text(api_version)),
        ("kind", Text(kind)),
        ("metadata", Fields(metadata.collect())),
    ])
}

/// A Service of a name, in a namespace unless that is empty.
fn service(name: &'static str, namespace: &'static str) -> Tree {
    object("v1", "Service", &[("name", name), ("namespace", namespace)])
}

/// Deploys files of one document each.
fn deploy_roles(files: Vec<(&str, FileRole, Tree)>, root_namespace: Option<&str>) -> Manifests {
    let mut sources = Vec::new();
    let mut contents = Vec::new();
    for (index, (path, role, tree)) in files.into_iter().enumerate() {
        let id = FileId(u32::try_from(index).unwrap());
        let root = value(tree, id, &mut 0);
        sources.push(SourceFile::new(path.into(), "".into(), role));
        let documents = vec![Document {
            index: 0,
            span: Span::new(id, 0, 0),
            root,
            comments: Vec::new(),
        }];
        contents.push((
            id,
            FileContent {
                documents,
                document_count: 1,
                problems: Vec::new(),
            },
        ));
    }
    deploy(contents, &Sources::new(sources), root_namespace)
}

fn deploy_files(files: Vec<(&str, Tree)>) -> Manifests {
    let files = files.into_iter();
    deploy_roles(
        files
            .map(|(path, tree)| (path, FileRole::Input, tree))
            .collect(),
        None,
    )
}

fn deploy_one(tree: Tree) -> Manifests {
    deploy_files(vec![("a.yaml", tree)])
}

fn ids(manifests: &Manifests) -> Vec<String> {
    let objects = manifests.objects.iter();
    objects.map(|object| object.id.to_string()).collect()
}

/// The id and the source of the namespace of the last object.
fn last(manifests: &Manifests) -> (String, NamespaceSource) {
    let object = manifests.objects.last().unwrap();
    (object.id.to_string(), object.namespace_source)
}

#[test]
fn a_document_becomes_an_object() {
    let manifests = deploy_one(object(
        "networking.istio.io/v1",
        "DestinationRule",
        &[("name", "web"), ("namespace", "shop")],
    ));
    let object = &manifests.objects[0];
    let metadata = object.value.get("metadata").unwrap();
    assert_eq!(&*object.gvk.group, "networking.istio.io");
    assert_eq!(object.id.to_string(), "DestinationRule shop/web");
    assert_eq!(object.name.place, metadata.get("name").unwrap().place);
    let place = metadata.get("namespace").unwrap().place;
    assert_eq!(object.namespace_source, NamespaceSource::Stated(place));
}

#[test]
fn the_kinds_that_need_a_name_are_sorted() {
    assert!(NAMED_KINDS.is_sorted());
}

#[test]
fn a_mapping_without_a_kind_may_be_values() {
    let manifests = deploy_one(Fields(vec![("global", Text("x"))]));
    assert_eq!(manifests.values.len(), 1);
    assert!(manifests.objects.is_empty());
}

#[test]
fn a_kind_alone_is_a_setting_of_some_chart() {
    let manifests = deploy_one(Fields(vec![("kind", Text("Manifests"))]));
    assert_eq!(manifests.values.len(), 1);
    assert!(manifests.problems.is_empty());
}

#[test]
fn a_sequence_or_a_scalar_is_nothing() {
    for tree in [Items(vec![service("a", "b")]), Text("words")] {
        let manifests = deploy_one(tree);
        assert!(manifests.objects.is_empty());
        assert!(manifests.values.is_empty());
        assert!(manifests.problems.is_empty());
    }
}

#[test]
fn an_object_of_interest_without_a_name_is_a_problem() {
    let manifests = deploy_one(object("v1", "Service", &[("namespace", "shop")]));
    assert!(manifests.objects.is_empty());
    assert!(
        matches!(&manifests.problems[..], [Problem::Unnamed { kind, .. }] if &**kind == "Service")
    );
}

#[test]
fn a_kustomization_without_a_name_is_no_object_and_no_problem() {
    let manifests = deploy_one(object(
        "kustomize.config.k8s.io/v1beta1",
        "Kustomization",
        &[],
    ));
    assert!(manifests.objects.is_empty());
    assert!(manifests.problems.is_empty());
}

#[test]
fn a_policy_needs_a_name_if_it_is_one_of_istio() {
    let table = [
        ("authentication.istio.io/v1alpha1", 1),
        ("audit.k8s.io/v1", 0),
    ];
    for (api_version, problems) in table {
        let manifests = deploy_one(object(api_version, "Policy", &[]));
        assert_eq!(manifests.problems.len(), problems, "{api_version}");
    }
}

#[test]
fn an_operator_needs_no_name() {
    let manifests = deploy_one(object("install.istio.io/v1alpha1", "IstioOperator", &[]));
    let object = &manifests.objects[0];
    assert_eq!(&*object.name.value, "");
    assert_eq!(object.name.place, object.value.get("kind").unwrap().place);
}

#[test]
fn a_generated_name_stands_in_for_a_name() {
    let manifests = deploy_one(object("batch/v1", "Job", &[("generateName", "load-")]));
    assert_eq!(ids(&manifests), ["Job default/load-"]);
    assert!(manifests.problems.is_empty());
}

#[test]
fn an_object_without_an_api_version_is_a_problem() {
    let manifests = deploy_one(Fields(vec![
        ("kind", Text("Service")),
        ("metadata", Fields(vec![("name", Text("web"))])),
    ]));
    assert!(manifests.objects.is_empty());
    assert!(
        matches!(&manifests.problems[..], [Problem::Unversioned { kind, .. }] if &**kind == "Service")
    );
}

#[test]
fn lists_are_unpacked_in_order_and_in_each_other() {
    let inner = Fields(vec![
        ("apiVersion", Text("v1")),
        ("kind", Text("List")),
        ("items", Items(vec![service("b", "n"), service("c", "n")])),
    ]);
    let manifests = deploy_one(Fields(vec![
        ("apiVersion", Text("v1")),
        ("kind", Text("List")),
        (
            "items",
            Items(vec![service("a", "n"), inner, Text("x"), service("d", "n")]),
        ),
    ]));
    assert_eq!(
        ids(&manifests),
        ["Service n/a", "Service n/b", "Service n/c", "Service n/d"]
    );
}

#[test]
fn items_of_a_typed_list_take_their_type_from_it() {
    let bare = Fields(vec![(
        "metadata",
        Fields(vec![("name", Text("web")), ("namespace", Text("shop"))]),
    )]);
    let manifests = deploy_one(Fields(vec![
        ("apiVersion", Text("networking.istio.io/v1beta1")),
        ("kind", Text("DestinationRuleList")),
        ("items", Items(vec![bare, service("a", "n")])),
    ]));
    assert_eq!(ids(&manifests), ["DestinationRule shop/web", "Service n/a"]);
    assert_eq!(&*manifests.objects[0].gvk.version, "v1beta1");
}

#[test]
fn a_kind_that_ends_like_a_list_and_has_no_items_is_an_object() {
    let manifests = deploy_one(object("example.org/v1", "AllowList", &[("name", "a")]));
    assert_eq!(ids(&manifests), ["AllowList default/a"]);
}

#[test]
fn an_empty_list_deploys_nothing() {
    let manifests = deploy_one(object("v1", "List", &[]));
    assert!(manifests.objects.is_empty());
    assert!(manifests.problems.is_empty());
}

#[test]
fn a_cluster_scoped_object_has_no_namespace() {
    let manifests = deploy_one(object(
        "v1",
        "Namespace",
        &[("name", "shop"), ("namespace", "x")],
    ));
    assert_eq!(
        last(&manifests),
        ("Namespace shop".to_owned(), NamespaceSource::ClusterScoped)
    );
}

#[test]
fn an_object_without_a_namespace_goes_where_the_others_of_its_folder_go() {
    let manifests = deploy_files(vec![
        ("apps/a.yaml", service("a", "shop")),
        ("apps/deep/b.yaml", service("b", "other")),
        ("apps/c.yaml", service("c", "")),
    ]);
    assert_eq!(
        last(&manifests),
        ("Service shop/c".to_owned(), NamespaceSource::Voted)
    );
}

#[test]
fn a_split_vote_gives_the_default_namespace() {
    let manifests = deploy_files(vec![
        ("apps/a.yaml", service("a", "shop")),
        ("apps/b.yaml", service("b", "other")),
        ("apps/d.yaml", service("d", "shop")),
        ("apps/c.yaml", service("c", "")),
    ]);
    assert_eq!(
        last(&manifests),
        ("Service default/c".to_owned(), NamespaceSource::Default)
    );
}

#[test]
fn system_namespaces_and_the_root_namespace_have_no_vote() {
    for system in ["istio-system", "kube-system", "kube-public", "mesh-root"] {
        let files = vec![
            ("a.yaml", FileRole::Input, service("a", system)),
            ("b.yaml", FileRole::Input, service("b", "shop")),
            ("c.yaml", FileRole::Input, service("c", "")),
        ];
        let manifests = deploy_roles(files, Some("mesh-root"));
        assert_eq!(last(&manifests).0, "Service shop/c", "{system}");
    }
}

#[test]
fn cluster_scoped_objects_have_no_vote() {
    let role = object(
        "rbac.authorization.k8s.io/v1",
        "ClusterRole",
        &[("name", "r"), ("namespace", "shop")],
    );
    let manifests = deploy_files(vec![("a.yaml", role), ("b.yaml", service("b", ""))]);
    assert_eq!(last(&manifests).0, "Service default/b");
}

#[test]
fn assumed_objects_have_no_vote_on_the_input() {
    let files = vec![
        ("a.yaml", FileRole::Assumed, service("a", "shop")),
        ("b.yaml", FileRole::Input, service("b", "")),
    ];
    let manifests = deploy_roles(files, None);
    assert_eq!(last(&manifests).0, "Service default/b");
}
