use crate::gitops::kustomize::testing::{built, files, objects, outline, problems, spot};

const RULE: &str = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: a, labels: {app: a}}\nspec: {x: 1}\n";

/// What becomes of a rule with some entries of a kustomization.
fn patched(entries: &str) -> String {
    let kustomization = format!("resources: [rule.yaml]\n{entries}");
    let files = files(&[("kustomization.yaml", &kustomization), ("rule.yaml", RULE)]);
    assert_eq!(problems(&files, ""), [""; 0], "{entries}");
    objects(&files, "").replace(
        "apiVersion: networking.istio.io/v1, kind: DestinationRule, ",
        "",
    )
}

#[test]
fn a_patch_with_a_target_keeps_kind_name_and_namespace() {
    let patch = "patches:\n- target: {name: a}\n  patch: '{kind: Any, metadata: {name: b, namespace: c}, spec: {y: 2}}'\n";
    assert_eq!(
        patched(patch),
        "{metadata: {labels: {app: a}, name: a}, spec: {x: 1, y: 2}}"
    );
}

#[test]
fn options_allow_a_new_name() {
    let patch = "patches:\n- target: {name: a}\n  options: {allowNameChange: true}\n  patch: '{kind: Any, metadata: {name: b}}'\n";
    assert_eq!(
        patched(patch),
        "{metadata: {labels: {app: a}, name: b}, spec: {x: 1}}"
    );
}

#[test]
fn null_removes_a_label_only_in_a_patch_without_a_target() {
    let text = "'{apiVersion: networking.istio.io/v1, kind: DestinationRule, metadata: {name: a, labels: {app: null}}}'";
    let without = format!("patches:\n- patch: {text}\n");
    assert_eq!(
        patched(&without),
        "{metadata: {labels: {}, name: a}, spec: {x: 1}}"
    );
    let with = format!("patches:\n- target: {{name: a}}\n  patch: {text}\n");
    assert_eq!(
        patched(&with),
        r#"{metadata: {labels: {app: "null"}, name: a}, spec: {x: 1}}"#
    );
}

#[test]
fn strategic_merge_entries_are_texts_or_paths() {
    let head = "apiVersion: networking.istio.io/v1\n  kind: DestinationRule\n  metadata: {name: a}\n  spec: {y: 2}\n";
    let inline = format!("patchesStrategicMerge:\n- |-\n  {head}");
    assert_eq!(
        patched(&inline),
        "{metadata: {labels: {app: a}, name: a}, spec: {x: 1, y: 2}}"
    );
}

/// What is refused of a merge patch that stands in the kustomization.
fn refused_merge(entry: &str) -> Vec<String> {
    let kustomization = format!("resources: [rule.yaml]\npatchesStrategicMerge:\n- {entry}\n");
    let texts = [
        ("kustomization.yaml", kustomization.as_str()),
        ("rule.yaml", RULE),
        ("empty.yaml", "# nothing\n"),
    ];
    problems(&files(&texts), "")
}

#[test]
fn a_text_that_is_neither_yaml_nor_a_path_was_passed_over_in_silence() {
    assert_eq!(
        refused_merge("'{broken'"),
        ["kustomization.yaml:3: the patch `{broken` does not exist"]
    );
    let found = refused_merge("|-\n  a: [b\n  c: d");
    assert!(
        found
            .iter()
            .all(|problem| problem.contains("this text is no YAML"))
            && found.len() == 1,
        "{found:?}"
    );
}

#[test]
fn merge_patches_that_hold_nothing_are_refused() {
    assert_eq!(
        refused_merge("empty.yaml"),
        ["kustomization.yaml:3: there is no patch in what is named here"]
    );
}

#[test]
fn a_patch_for_an_object_of_another_version_says_which_is_meant() {
    let kustomization = "resources: [rule.yaml]\npatches:\n- patch: |-\n    apiVersion: networking.istio.io/v1beta1\n    kind: DestinationRule\n    metadata: {name: a}\n";
    let files = files(&[("kustomization.yaml", kustomization), ("rule.yaml", RULE)]);
    let built = built(&files, "");
    let helps: Vec<Option<&str>> = built
        .problems
        .iter()
        .map(|problem| problem.help())
        .collect();
    assert_eq!(
        helps,
        [Some(
            "write `apiVersion: networking.istio.io/v1`, as the object does"
        )]
    );
    assert_eq!(
        spot(&files, built.problems[0].place()),
        "kustomization.yaml:5"
    );
}

#[test]
fn patches_are_recorded_with_what_they_change() {
    let kustomization = "resources: [rule.yaml, other.yaml]\npatches:\n- target: {kind: .*}\n  patch: '[{\"op\": \"add\", \"path\": \"/spec\", \"value\": {\"z\": 3}}]'\n- target: {name: nothing}\n  patch: '{kind: Any, metadata: {name: b}}'\n- patch: '{apiVersion: v1, kind: Service, metadata: {name: s}, $patch: delete}'\n";
    let files = files(&[
        ("kustomization.yaml", kustomization),
        ("rule.yaml", RULE),
        (
            "other.yaml",
            "{apiVersion: v1, kind: Service, metadata: {name: s}}\n",
        ),
    ]);
    let built = built(&files, "");
    let lines: Vec<String> = built
        .patches
        .iter()
        .map(|patch| {
            let targets = patch.targets.iter().map(|target| {
                let object = target
                    .object
                    .as_ref()
                    .map_or("gone".into(), ToString::to_string);
                let spec = |value: &Option<crate::yaml::Value>| {
                    value
                        .as_ref()
                        .and_then(|value| value.get("spec"))
                        .map_or("-".into(), outline)
                };
                format!("{object} {} {}", spec(&target.before), spec(&target.after))
            });
            let targets: Vec<String> = targets.collect();
            format!("{}: {}", spot(&files, patch.place), targets.join("; "))
        })
        .collect();
    assert_eq!(
        lines,
        [
            "kustomization.yaml:3: DestinationRule a {x: 1} {z: 3}; gone - -",
            "kustomization.yaml:5: ",
            "kustomization.yaml:7: gone - -",
        ]
    );
}
