//! What the sources of an Application say beside a path: charts with their values, kustomize's settings, hydrated manifests.

use super::*;

/// The deployment of an Application `web`, by what its `spec` says beside its destination.
fn deployment_of(spec: &str, others: &[(&str, &str)]) -> Deployment {
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: web, namespace: argocd}}\n\
         spec:\n  destination: {{name: c1, namespace: shop}}\n{spec}"
    );
    let mut texts = vec![("app.yaml", application.as_str())];
    texts.extend(others);
    deploy(files(&texts), &Settings::default())
}

/// The messages of all problems.
fn problems(deployment: &Deployment) -> Vec<String> {
    let problems = deployment.units.iter().flat_map(|unit| &unit.problems);
    problems.map(Problem::message).collect()
}

const WEB: &str =
    "apiVersion: v1\nkind: Service\nmetadata: {name: web}\nspec: {selector: {app: web}}\n";

#[test]
fn hydrated_manifests_are_those_of_the_dry_source() {
    let spec = "  sourceHydrator:\n    drySource: {repoURL: 'https://git.example/a/b', path: web}\n    \
                syncSource: {targetBranch: env/prod, path: web}\n";
    let deployment = deployment_of(spec, &[("web/web.yaml", WEB)]);
    let ids = deployment.units[0].objects.iter();
    let ids: Vec<String> = ids.map(|object| object.id.to_string()).collect();
    assert_eq!(ids, ["Service shop/web"]);
}

#[test]
fn an_application_without_a_source_is_not_passed_over() {
    assert_eq!(
        problems(&deployment_of("", &[])),
        ["Application `web` is not evaluated: it has no `source`"]
    );
}

#[test]
fn what_jsonnet_makes_is_not_passed_over() {
    let spec = "  source: {repoURL: 'https://git.example/a/b', path: web, \
                directory: {jsonnet: {tlas: [{name: a, value: b}]}}}\n";
    assert_eq!(
        problems(&deployment_of(spec, &[("web/web.yaml", WEB)])),
        ["what Jsonnet makes in Application `argocd/web` is not known"]
    );
}

/// The labels that an Application with settings for kustomize gives to a Service, and its selector.
fn labels_and_selector(settings: &str) -> [Vec<String>; 2] {
    let spec = format!(
        "  source: {{repoURL: 'https://git.example/a/b', path: web, kustomize: {{{settings}}}}}\n"
    );
    let texts = [
        ("web/kustomization.yaml", "resources: [web.yaml]\n"),
        ("web/web.yaml", WEB),
    ];
    let deployment = deployment_of(&spec, &texts);
    let service = &deployment.units[0].objects[0].value;
    [&["metadata", "labels"], &["spec", "selector"]].map(|keys| {
        let entries = service.at(keys).map_or(&[][..], Value::entries).iter();
        entries.map(|entry| entry.key.value.to_string()).collect()
    })
}

#[test]
fn common_labels_of_an_application_stay_away_from_selectors_if_it_says_so() {
    let labels = "commonLabels: {team: a}";
    assert_eq!(
        labels_and_selector(labels),
        [vec!["team"], vec!["app", "team"]]
    );
    assert_eq!(
        labels_and_selector(&format!("{labels}, labelWithoutSelector: true")),
        [vec!["team"], vec!["app"]]
    );
}

#[test]
fn a_chart_has_its_own_values_below_those_that_its_application_names_and_no_others() {
    let spec = "  source: {repoURL: 'https://git.example/a/b', path: mesh, helm: {valueFiles: [prod.yaml]}}\n";
    let mode = |mode: &str| format!("istiod: {{meshConfig: {{enableAutoMtls: {mode}}}}}\n");
    let (own, other) = (
        "istiod: {meshConfig: {enableAutoMtls: false, rootNamespace: mesh}}\n",
        mode("false"),
    );
    let texts = [
        (
            "mesh/Chart.yaml",
            "name: mesh\ndependencies: [{name: istiod}]\n",
        ),
        ("mesh/dev.yaml", &other),
        ("mesh/prod.yaml", &mode("true")),
        ("mesh/values.yaml", own),
    ];
    let deployment = deployment_of(spec, &texts);
    let values: Vec<&Value> = deployment
        .units
        .iter()
        .flat_map(|unit| &unit.values)
        .collect();
    let [values] = values.as_slice() else {
        panic!("there are {} sets of values", values.len());
    };
    let config = |key| values.at(&["istiod", "meshConfig", key]);
    assert_eq!(
        config("enableAutoMtls").and_then(Value::as_bool),
        Some(true)
    );
    assert_eq!(
        config("rootNamespace").and_then(Value::as_text),
        Some("mesh")
    );
}

/// An `ApplicationSet` over the clusters of Argo CD, for a path.
fn set_over_clusters(name: &str, clusters: &str, path: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\nmetadata: {{name: {name}, namespace: argocd}}\n\
         spec:\n  generators: [{{clusters: {clusters}}}]\n  template:\n    \
         metadata: {{name: '{name}-{{{{name}}}}'}}\n    \
         spec: {{source: {{repoURL: 'https://git.example/a/b', path: {path}}}, \
         destination: {{server: '{{{{server}}}}'}}}}\n"
    )
}

#[test]
fn sets_over_the_same_clusters_are_in_one_mesh() {
    let one = set_over_clusters("one", "{selector: {matchLabels: {env: prod}}}", "web");
    let found = |clusters: &str| {
        let two = set_over_clusters("two", clusters, "cart");
        meshes(&[
            ("argo/one.yaml", &one),
            ("argo/two.yaml", &two),
            ("cart/cart.yaml", OTHER),
            ("web/web.yaml", SERVICE),
        ])
    };
    assert_eq!(
        found("{selector: {matchLabels: {env: prod}}, values: {a: b}}"),
        ["clusters with env=prod: argocd/one-{{name}} argocd/two-{{name}} argo"]
    );
    assert_eq!(
        found("{}"),
        [
            "clusters with env=prod: argocd/one-{{name}} argo",
            "all clusters: argocd/two-{{name}} argo"
        ]
    );
}

#[test]
fn a_set_finds_the_directory_that_the_linter_runs_in() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n\
        metadata: {name: apps, namespace: argocd}\nspec:\n  \
        generators: [{git: {repoURL: 'https://git.example/a/b', directories: [{path: apps/*}]}}]\n  template:\n    \
        metadata: {name: '{{path.basename}}'}\n    \
        spec: {source: {repoURL: 'https://git.example/a/b', path: '{{path}}'}, destination: {name: c1}}\n";
    let settings = Settings {
        working_directory: "apps/web".into(),
        ..Settings::default()
    };
    let found = meshes_with(&[("set.yaml", set), ("web.yaml", SERVICE)], &settings);
    assert_eq!(found, ["c1: argocd/web"]);
}
