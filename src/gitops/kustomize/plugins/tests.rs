//! What plugins do with their configurations. The expected values are what kustomize v5.8.1 prints.

use crate::gitops::Files;
use crate::gitops::kustomize::testing::{files, objects, problems};

const MAP: &str = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: m}\ndata: {k: old}\n";

/// A repository with one object and a plugin in `plugin.yaml`.
fn repository(field: &str, configuration: &str) -> Files {
    let kustomization = format!("resources: [map.yaml]\n{field}: [plugin.yaml]\n");
    files(&[
        ("kustomization.yaml", &kustomization),
        ("map.yaml", MAP),
        ("plugin.yaml", configuration),
        ("e.env", "A=1\n"),
        ("empty.yaml", "# nothing\n"),
    ])
}

/// A repository with a transformer that is built in.
fn transformer(kind: &str, fields: &str) -> Files {
    let text = format!("apiVersion: builtin\nkind: {kind}\nmetadata: {{name: t}}\n{fields}\n");
    repository("transformers", &text)
}

/// A repository with a generator that is built in.
fn generator(kind: &str, fields: &str) -> Files {
    let text = format!("apiVersion: builtin\nkind: {kind}\nmetadata: {{name: g}}\n{fields}\n");
    repository("generators", &text)
}

const NAME: &str = "fieldSpecs: [{path: metadata/name}]";

#[test]
fn a_transformer_reads_a_number_as_a_string() {
    let files = transformer("PrefixTransformer", &format!("prefix: 12\n{NAME}"));
    assert_eq!(
        objects(&files, ""),
        "{apiVersion: v1, data: {k: old}, kind: ConfigMap, metadata: {name: \"12m\"}}"
    );
}

#[test]
fn a_generator_refuses_a_number_for_a_string() {
    let files = generator("ConfigMapGenerator", "options: {labels: {a: 1}}");
    assert_eq!(
        problems(&files, ""),
        ["plugin.yaml:4: a string is wanted under `a`"]
    );
}

#[test]
fn fields_that_nobody_knows_are_passed_over() {
    let fields = format!("prefix: p-\nother: 1\n{NAME}");
    let files = transformer("PrefixTransformer", &fields);
    assert_eq!(problems(&files, ""), Vec::<String>::new());
}

#[test]
fn a_generator_with_its_own_document_has_no_env() {
    let fields = "env: e.env\nliterals: [b=c]\noptions: {disableNameSuffixHash: true}";
    let files = generator("ConfigMapGenerator", fields);
    assert_eq!(
        objects(&files, ""),
        "{apiVersion: v1, data: {b: c}, kind: ConfigMap, metadata: {name: g}}\n\
         {apiVersion: v1, data: {k: old}, kind: ConfigMap, metadata: {name: m}}"
    );
}

#[test]
fn a_generator_is_named_by_its_metadata() {
    let fields = "type: x/y\nliterals: [b=c]\noptions: {disableNameSuffixHash: true}";
    let files = generator("SecretGenerator", fields);
    let found = objects(&files, "");
    assert_eq!(
        found.lines().last(),
        Some("{apiVersion: v1, data: {b: Yw==}, kind: Secret, metadata: {name: g}, type: x/y}")
    );
}

#[test]
fn prefixes_are_refused_without_fields_to_put_them_in() {
    let files = transformer("PrefixTransformer", "prefix: p-");
    assert_eq!(
        problems(&files, ""),
        ["plugin.yaml:1: a PrefixTransformer needs `fieldSpecs`"]
    );
}

#[test]
fn a_number_of_replicas_is_no_string() {
    let fields = "replica: {name: m, count: '4'}\nfieldSpecs: [{path: data/k, kind: ConfigMap}]";
    let files = transformer("ReplicaCountTransformer", fields);
    assert_eq!(
        problems(&files, ""),
        ["plugin.yaml:4: a whole number is wanted under `count`"]
    );
}

#[test]
fn merge_patches_are_refused_where_there_are_none() {
    for fields in ["", "patches: ''"] {
        let files = transformer("PatchStrategicMergeTransformer", fields);
        assert_eq!(
            problems(&files, ""),
            ["plugin.yaml:1: this transformer needs `paths` or `patches`"],
            "{fields}"
        );
    }
}

#[test]
fn a_file_without_a_merge_patch_is_refused() {
    let files = transformer("PatchStrategicMergeTransformer", "paths: [empty.yaml]");
    assert_eq!(
        problems(&files, ""),
        ["plugin.yaml:4: there is no patch in what is named here"]
    );
}

#[test]
fn a_json_patch_stands_under_json_op() {
    let fields = |key: &str| {
        let operation = "[{\"op\": \"add\", \"path\": \"/data/z\", \"value\": \"a\"}]";
        format!("target: {{kind: ConfigMap, name: m}}\n{key}: '{operation}'")
    };
    let written = |key: &str| {
        let files = transformer("PatchJson6902Transformer", &fields(key));
        objects(&files, "").contains("z: a")
    };
    assert!(written("jsonOp"));
    assert!(!written("patch"));
}

#[test]
fn one_transformer_twice_is_refused() {
    let one = format!(
        "apiVersion: builtin\nkind: PrefixTransformer\nmetadata: {{name: t}}\nprefix: p-\n{NAME}\n"
    );
    let files = repository("transformers", &format!("{one}---\n{one}"));
    assert_eq!(
        problems(&files, ""),
        ["plugin.yaml:9: PrefixTransformer t is in this kustomization twice"]
    );
}

#[test]
fn programs_are_not_run() {
    let program = "apiVersion: x.io/v1\nkind: Sed\nmetadata: {name: s}\n";
    for field in ["generators", "transformers"] {
        assert_eq!(
            problems(&repository(field, program), ""),
            ["unresolved plugin.yaml:2: Sed is a program, and no program of a repository is run"],
            "{field}"
        );
    }
}

#[test]
fn charts_are_left_to_helm() {
    let files = generator("HelmChartInflationGenerator", "name: reviews");
    assert_eq!(
        problems(&files, ""),
        ["unresolved plugin.yaml:1: only Helm can render the chart `reviews`"]
    );
}

#[test]
fn a_transformer_is_no_generator() {
    let files = generator("PrefixTransformer", NAME);
    assert_eq!(
        problems(&files, ""),
        ["plugin.yaml:2: kustomize has no generator `PrefixTransformer` built in"]
    );
}

#[test]
fn a_service_account_is_made_for_gke() {
    let fields = "cloud: gke\nkubernetesService: {namespace: n, name: k}\nserviceAccount: {name: s, projectId: p}";
    let files = generator("IAMPolicyGenerator", fields);
    assert_eq!(
        objects(&files, "").lines().next(),
        Some(
            "{apiVersion: v1, kind: ServiceAccount, metadata: {annotations: \
             {iam.gke.io/gcp-service-account: s@p.iam.gserviceaccount.com}, name: k, namespace: n}}"
        )
    );
}
