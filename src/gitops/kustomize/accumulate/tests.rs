use crate::gitops::kustomize::testing::{built, files, objects, problems};
use crate::gitops::kustomize::{Additions, Session, build};

const SERVICE: &str = "{apiVersion: v1, kind: Service, metadata: {name: a}}\n";
const OTHER: &str = "{apiVersion: v1, kind: Service, metadata: {name: b}}\n";
const PATCH: &str =
    "- target: {kind: Service}\n  patch: |-\n    - {op: add, path: /spec, value: {x: 1}}\n";

#[test]
fn files_directories_and_bases_come_together() {
    let files = files(&[
        ("kustomization.yaml", "resources: [a.yaml]\nbases: [base]\n"),
        ("a.yaml", SERVICE),
        ("base/kustomization.yml", "resources: [b.json]\n"),
        (
            "base/b.json",
            r#"{"apiVersion": "v1", "kind": "Service", "metadata": {"name": "b"}}"#,
        ),
        (
            "unused.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: c}}\n",
        ),
    ]);
    assert_eq!(
        objects(&files, ""),
        "{apiVersion: v1, kind: Service, metadata: {name: a}}\n\
         {apiVersion: v1, kind: Service, metadata: {name: b}}"
    );
    let used = built(&files, "").files;
    assert_eq!(used.len(), 4);
}

#[test]
fn lists_are_unpacked_behind_the_other_documents_of_a_file() {
    let list = "{apiVersion: v1, kind: List, items: [{apiVersion: v1, kind: Pod, metadata: {name: c}}]}\n---\n";
    let files = files(&[
        (
            "kustomization.yaml",
            "resources: [a.yaml]\nsortOptions: {order: fifo}\n",
        ),
        (
            "a.yaml",
            &format!("{list}{SERVICE}---\n# nothing\n---\n{OTHER}"),
        ),
    ]);
    let built = built(&files, "");
    let names: Vec<String> = built
        .resources
        .resources
        .iter()
        .map(|it| it.id().to_string())
        .collect();
    assert_eq!(names, ["Service a", "Service b", "Pod c"]);
}

#[test]
fn a_component_changes_what_its_parent_has() {
    let files = files(&[
        (
            "kustomization.yaml",
            "resources: [a.yaml]\ncomponents: [component]\n",
        ),
        ("a.yaml", SERVICE),
        (
            "component/kustomization.yaml",
            &format!("kind: Component\nresources: [b.yaml]\npatches:\n{PATCH}"),
        ),
        ("component/b.yaml", OTHER),
    ]);
    assert_eq!(
        objects(&files, ""),
        "{apiVersion: v1, kind: Service, metadata: {name: a}, spec: {x: 1}}\n\
         {apiVersion: v1, kind: Service, metadata: {name: b}, spec: {x: 1}}"
    );
}

#[test]
fn a_base_of_two_parents_is_evaluated_once_and_does_not_change() {
    let files = files(&[
        (
            "one/kustomization.yaml",
            &format!("resources: [../base]\npatches:\n{PATCH}"),
        ),
        ("two/kustomization.yaml", "resources: [../base]\n"),
        ("base/kustomization.yaml", "resources: [a.yaml]\n"),
        ("base/a.yaml", SERVICE),
    ]);
    let mut session = Session::new(&files);
    let one = build("one".into(), &Additions::default(), &mut session);
    let two = build("two".into(), &Additions::default(), &mut session);
    assert_eq!(session.bases.len(), 1);
    assert!(one.resources.resources[0].value.get("spec").is_some());
    assert!(two.resources.resources[0].value.get("spec").is_none());
}

#[test]
fn what_kustomize_refuses_is_said_at_its_place() {
    let outside = "kustomize refuses `../outside.yaml`, which is outside of the directory of the kustomization";
    let cases = [
        ("resources: [nothing.yaml]", "`nothing.yaml` does not exist"),
        ("resources: [empty]", "`empty` has no kustomization"),
        (
            "resources: [..]",
            "`..` holds the kustomization that names it, so that it would include itself",
        ),
        ("resources: [../outside.yaml]", outside),
        (
            "resources: [component]",
            "`component` is a Component, which is no resource",
        ),
        ("components: [base]", "`base` is no Component"),
        ("components: [a.yaml]", "component `a.yaml` is a file"),
        (
            "resources: [broken.yaml]",
            "`broken.yaml` cannot be read as YAML",
        ),
        (
            "resource: [a.yaml]",
            "kustomize knows no field `resource` in the kustomization, and builds nothing",
        ),
        ("namePrefix: 1", "a string is wanted under `namePrefix`"),
        ("resources: a.yaml", "a list is wanted under `resources`"),
        (
            "kind: Base\nresources: []",
            "kustomize knows no kind `Base` of file",
        ),
        (
            "apiVersion: v1\nresources: []",
            "kustomize wants another `apiVersion` for a Kustomization",
        ),
        (
            "kind: Kustomization",
            "the kustomization is empty, and kustomize refuses that",
        ),
        (
            "patches: [{path: a.yaml, patch: x}]",
            "a patch is either in a file or in the kustomization, and this entry has both",
        ),
        (
            "patches: [{target: {kind: A}}]",
            "an entry for a patch needs `patch` or `path`",
        ),
        (
            "patches: [{patch: '[{op: add}]', target: {kind: A}}]",
            "a patch that starts with `[` has to be JSON, and this one is not",
        ),
        (
            "patches: [{patch: '- {op: add}'}]",
            "a JSON patch needs a `target`",
        ),
    ];
    for (text, message) in cases {
        let files = files(&[
            ("root/kustomization.yaml", text),
            ("root/a.yaml", SERVICE),
            ("root/empty/a.yaml", SERVICE),
            ("root/broken.yaml", "a: [\n"),
            ("root/base/kustomization.yaml", "resources: []\n"),
            ("root/component/kustomization.yaml", "kind: Component\n"),
            ("outside.yaml", SERVICE),
            ("kustomization.yaml", "resources: [root]\n"),
        ]);
        let found = problems(&files, "root");
        let found: Vec<&str> = found
            .iter()
            .filter_map(|line| line.strip_prefix("root/kustomization.yaml:"))
            .filter_map(|line| line.split_once(": ").map(|(_, message)| message))
            .collect();
        assert!(found.contains(&message), "{text}: {found:?}");
    }
}

#[test]
fn an_object_that_is_there_twice_is_refused_and_the_first_stays() {
    let files = files(&[
        ("kustomization.yaml", "resources: [a.yaml, b.yaml]\n"),
        ("a.yaml", SERVICE),
        (
            "b.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: a, namespace: default}}\n",
        ),
    ]);
    assert_eq!(
        problems(&files, ""),
        ["b.yaml:1: Service default/a is in this kustomization twice"]
    );
    assert_eq!(
        objects(&files, ""),
        "{apiVersion: v1, kind: Service, metadata: {name: a}}"
    );
}

#[test]
fn two_kustomizations_in_one_directory_are_refused() {
    let files = files(&[
        ("kustomization.yaml", "resources: [a.yaml]\n"),
        ("Kustomization", "resources: []\n"),
        ("a.yaml", SERVICE),
    ]);
    assert_eq!(
        problems(&files, ""),
        ["Kustomization:1: there is more than one kustomization in this directory"]
    );
}

#[test]
fn what_is_elsewhere_is_unresolved() {
    let base = "https://example.com/org/repo//base?ref=v1";
    let files = files(&[("kustomization.yaml", &format!("resources: ['{base}']\n"))]);
    assert_eq!(
        problems(&files, ""),
        [format!(
            "unresolved kustomization.yaml:1: `{base}` is not in this repository"
        )]
    );
}

#[test]
fn a_cd_tool_may_allow_files_outside_and_make_a_kustomization_up() {
    let files = files(&[
        ("apps/a.yaml", SERVICE),
        (
            "apps/base/kustomization.yaml",
            "resources: [../../b.yaml]\n",
        ),
        ("b.yaml", OTHER),
    ]);
    let additions = Additions {
        resources: vec!["a.yaml".into(), "base".into()],
        allow_outside_files: true,
        ..Additions::default()
    };
    let mut session = Session::new(&files);
    let built = build("apps".into(), &additions, &mut session);
    assert_eq!(built.problems, []);
    assert_eq!(built.resources.resources.len(), 2);
}

#[test]
fn objects_come_out_in_the_order_of_kinds_unless_told_otherwise() {
    let all = "{apiVersion: v1, kind: Service, metadata: {name: b}}\n---\n{apiVersion: v1, kind: Service, metadata: {name: a}}\n---\n\
        {apiVersion: v1, kind: Namespace, metadata: {name: z}}\n---\n{apiVersion: x.io/v1, kind: Thing, metadata: {name: t}}\n";
    let order = |options: &str| {
        let kustomization = format!("resources: [a.yaml]\n{options}");
        let files = files(&[("kustomization.yaml", &kustomization), ("a.yaml", all)]);
        let built = built(&files, "");
        let names = built
            .resources
            .resources
            .iter()
            .map(|resource| resource.id().name);
        names.map(String::from).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(order(""), "z a b t");
    assert_eq!(order("sortOptions: {order: fifo}\n"), "b a z t");
    assert_eq!(
        order(
            "sortOptions: {order: legacy, legacySortOptions: {orderFirst: [Thing], orderLast: [Namespace]}}\n"
        ),
        "t a b z"
    );
}
