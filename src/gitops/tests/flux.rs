//! What Kustomizations of Flux lead to, and the values of releases.

use super::*;

#[test]
fn a_flux_kustomization_of_another_repository_is_not_resolved() {
    let kustomization = "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
        metadata: {name: apps, namespace: flux-system}\n\
        spec: {path: ./apps, sourceRef: {kind: GitRepository, name: other}}\n";
    let sources = "apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n\
        metadata: {name: flux-system}\nspec: {url: 'https://git.example/a/b'}\n---\n\
        apiVersion: source.toolkit.fluxcd.io/v1\nkind: GitRepository\n\
        metadata: {name: other}\nspec: {url: 'https://git.example/c/d'}\n";
    let texts = [
        ("apps/web.yaml", SERVICE),
        ("flux/apps.yaml", kustomization),
        ("flux/sources.yaml", sources),
    ];
    let deployment = deploy(files(&texts), &Settings::default());
    let problems = deployment.units.iter().flat_map(|unit| &unit.problems);
    let problems: Vec<String> = problems.map(Problem::message).collect();
    assert_eq!(
        problems,
        ["Kustomization `apps` is not evaluated: GitRepository `other` is another repository"]
    );
}

/// A cluster of Flux whose one Kustomization takes variables, with the manifests that it applies and a ConfigMap.
fn with_variables<'t>(kustomization: &'t str, manifest: &'t str) -> [(&'static str, &'t str); 3] {
    let variables = "apiVersion: v1\nkind: ConfigMap\n\
        metadata: {name: vars, namespace: flux-system}\ndata: {MODE: DISABLE}\n";
    [
        ("clusters/prod/apps.yaml", kustomization),
        ("clusters/prod/vars.yaml", variables),
        ("apps/rule.yaml", manifest),
    ]
}

/// A Kustomization of Flux for `apps`, with its `postBuild`.
fn flux_apps(post_build: &str) -> String {
    format!(
        "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
         metadata: {{name: apps, namespace: flux-system}}\n\
         spec:\n  path: ./apps\n  sourceRef: {{kind: GitRepository, name: flux-system}}\n  \
         postBuild: {post_build}\n"
    )
}

const RULE: &str = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
    metadata: {name: web, namespace: shop}\n\
    spec: {host: web, trafficPolicy: {tls: {mode: '${MODE}'}}}\n";

#[test]
fn a_later_source_that_is_missing_may_override_an_earlier_value() {
    for (source, told) in [
        ("{kind: Secret, name: other}", "Secret `other`"),
        ("{kind: ConfigMap, name: other}", "ConfigMap `other`"),
        (
            "{kind: Secret, name: other, optional: true}",
            "Secret `other`",
        ),
        (
            "{kind: ConfigMap, name: other, optional: true}",
            "ConfigMap `other`",
        ),
    ] {
        let post_build = format!("{{substituteFrom: [{{kind: ConfigMap, name: vars}}, {source}]}}");
        let kustomization = flux_apps(&post_build);
        let (mode, problems) = mode_and_problems(&with_variables(&kustomization, RULE));
        assert_eq!(mode.as_deref(), Some("${MODE}"), "{source}");
        let told = format!("{told} with variables is not in the repository");
        assert_eq!(problems, [told], "{source}");
    }
}

#[test]
fn an_earlier_source_that_is_missing_does_not_override_a_later_value() {
    let post_build =
        "{substituteFrom: [{kind: Secret, name: other}, {kind: ConfigMap, name: vars}]}";
    let kustomization = flux_apps(post_build);
    let (mode, problems) = mode_and_problems(&with_variables(&kustomization, RULE));
    assert_eq!(mode.as_deref(), Some("DISABLE"));
    assert_eq!(problems, [""; 0]);
}

#[test]
fn what_substitute_says_stays_known_whatever_is_missing() {
    let post_build = "{substitute: {MODE: SIMPLE}, substituteFrom: [{kind: Secret, name: other}]}";
    let kustomization = flux_apps(post_build);
    let (mode, problems) = mode_and_problems(&with_variables(&kustomization, RULE));
    assert_eq!(mode.as_deref(), Some("SIMPLE"));
    assert_eq!(problems, [""; 0]);
}

#[test]
fn a_missing_variable_of_an_image_leaves_the_unit_complete() {
    let manifest = "apiVersion: apps/v1\nkind: Deployment\nmetadata: {name: web, namespace: shop}\n\
        spec: {template: {metadata: {labels: {app: web}}, \
        spec: {containers: [{name: web, image: 'web:${TAG}'}]}}}\n";
    let kustomization = flux_apps("{substituteFrom: [{kind: Secret, name: other}]}");
    let texts = with_variables(&kustomization, manifest);
    let deployment = deploy(files(&texts), &Settings::default());
    let unit = &deployment.units[1];
    assert_eq!(unit.problems.len(), 1);
    assert!(unit.is_complete());
    let named = manifest.replace("name: web, namespace", "name: '${APP}', namespace");
    let texts = with_variables(&kustomization, &named);
    let deployment = deploy(files(&texts), &Settings::default());
    assert!(!deployment.units[1].is_complete());
}

#[test]
fn a_value_of_several_lines_becomes_one_line() {
    let post_build = "\n    substitute:\n      MODE: |\n        DISABLE\n";
    let kustomization = flux_apps(post_build);
    let (mode, _) = mode_and_problems(&with_variables(&kustomization, RULE));
    assert_eq!(mode.as_deref(), Some("DISABLE"));
}

/// A `HelmRelease` of istiod, with more of its specification.
fn istiod(more: &str) -> String {
    format!(
        "apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n\
         metadata: {{name: istiod, namespace: istio-system}}\n\
         spec: {{chart: {{spec: {{chart: istiod}}}}, {more}}}\n"
    )
}

/// A ConfigMap with values of istiod.
fn istiod_values(enable: bool) -> String {
    format!(
        "apiVersion: v1\nkind: ConfigMap\n\
         metadata: {{name: istiod, namespace: istio-system}}\n\
         data: {{values.yaml: 'meshConfig: {{enableAutoMtls: {enable}}}'}}\n"
    )
}

#[test]
fn a_release_that_no_kustomization_deploys_still_says_what_the_mesh_config_is() {
    let release = istiod("values: {meshConfig: {enableAutoMtls: false}}");
    let deployment = deploy(files(&[("istiod.yaml", &release)]), &Settings::default());
    assert_eq!(deployment.units[0].values.len(), 1);
}

#[test]
fn the_values_of_a_release_are_those_of_its_own_cluster() {
    let release = istiod("valuesFrom: [{kind: ConfigMap, name: istiod}]");
    let (east, west) = (istiod_values(true), istiod_values(false));
    let cluster = |name: &str| flux_apps("{}").replace("./apps", &format!("./clusters/{name}"));
    let (to_east, to_west) = (cluster("east"), cluster("west"));
    let texts = [
        ("clusters/east/sync.yaml", to_east.as_str()),
        ("clusters/east/istiod.yaml", &release),
        ("clusters/east/values.yaml", &east),
        ("clusters/west/sync.yaml", &to_west),
        ("clusters/west/istiod.yaml", &release),
        ("clusters/west/values.yaml", &west),
    ];
    let deployment = deploy(files(&texts), &Settings::default());
    let values = deployment.units.iter().flat_map(|unit| &unit.values);
    let keys = ["meshConfig", "enableAutoMtls"];
    let values: Vec<Option<bool>> = values
        .map(|value| value.at(&keys).and_then(Value::as_bool))
        .collect();
    assert_eq!(values, [Some(true), Some(false)]);
}

#[test]
fn values_of_a_release_that_are_not_in_the_repository_are_a_problem() {
    let release = istiod("valuesFrom: [{kind: Secret, name: istiod}]");
    let (_, problems) = mode_and_problems(&[("istiod.yaml", &release)]);
    assert_eq!(
        problems,
        [
            "chart `istiod` of HelmRelease `istiod` is not rendered",
            "values of HelmRelease `istiod` from Secret `istiod` are not known"
        ]
    );
}

#[test]
fn the_root_of_an_image_is_not_the_root_of_the_repository() {
    let kustomization = flux_apps("{}").replace("./apps", "./").replace(
        "{kind: GitRepository, name: flux-system}",
        "{kind: OCIRepository, name: podinfo}",
    );
    let (_, problems) = mode_and_problems(&with_variables(&kustomization, RULE));
    assert_eq!(
        problems,
        [
            "Kustomization `apps` is not evaluated: OCIRepository `podinfo` is not known to hold this repository"
        ]
    );
}

/// The problems of what a Kustomization named `apps` of a source leads to, beside a directory that its path is the end of.
fn problems_of_source(kind: &str, path: &str) -> Vec<String> {
    let texts = [
        ("other/apps/web.yaml", SERVICE.to_owned()),
        (
            "flux/apps.yaml",
            format!(
                "apiVersion: kustomize.toolkit.fluxcd.io/v1\nkind: Kustomization\n\
                 metadata: {{name: apps, namespace: flux-system}}\n\
                 spec: {{path: {path}, sourceRef: {{kind: {kind}, name: podinfo}}}}\n---\n\
                 apiVersion: source.toolkit.fluxcd.io/v1\nkind: {kind}\n\
                 metadata: {{name: podinfo}}\nspec: {{url: 'https://git.example/c/d'}}\n"
            ),
        ),
    ];
    let texts = texts.each_ref().map(|(path, text)| (*path, text.as_str()));
    let deployment = deploy(files(&texts), &Settings::default());
    let problems = deployment.units.iter().flat_map(|unit| &unit.problems);
    problems.map(Problem::message).collect()
}

#[test]
fn the_end_of_a_path_does_not_find_what_another_source_holds() {
    for (kind, why) in [
        ("GitRepository", "is another repository"),
        ("OCIRepository", "is not known to hold this repository"),
        ("Bucket", "is not known to hold this repository"),
    ] {
        assert_eq!(
            problems_of_source(kind, "./apps"),
            [format!(
                "Kustomization `apps` is not evaluated: {kind} `podinfo` {why}"
            )]
        );
        assert_eq!(problems_of_source(kind, "./other/apps"), [""; 0], "{kind}");
    }
}

#[test]
fn a_suspended_kustomization_counts_as_applied_and_is_told() {
    let kustomization = flux_apps("{}").replace("  path:", "  suspend: true\n  path:");
    let texts = [
        ("clusters/prod/apps.yaml", kustomization.as_str()),
        ("apps/web.yaml", SERVICE),
    ];
    let deployment = deploy(files(&texts), &Settings::default());
    let unit = deployment
        .units
        .iter()
        .find(|unit| &*unit.name == "flux-system/apps");
    let unit = unit.expect("it is a unit");
    assert_eq!(unit.objects.len(), 1);
    assert!(unit.is_complete());
    let problems = unit.problems.iter().map(Problem::message);
    assert_eq!(
        problems.collect::<Vec<_>>(),
        ["Flux applies no changes while it is suspended; it counts as applied"]
    );
}

#[test]
fn the_chart_of_a_release_is_that_of_its_source_whatever_that_is_called() {
    let release = |chart: &str| {
        format!(
            "apiVersion: source.toolkit.fluxcd.io/v1\nkind: OCIRepository\n\
             metadata: {{name: mesh, namespace: istio-system}}\n\
             spec: {{url: 'oci://registry.example/charts/{chart}'}}\n---\n\
             apiVersion: helm.toolkit.fluxcd.io/v2\nkind: HelmRelease\n\
             metadata: {{name: mesh, namespace: istio-system}}\n\
             spec: {{chartRef: {{kind: OCIRepository, name: mesh}}, \
             values: {{meshConfig: {{enableAutoMtls: false}}}}}}\n"
        )
    };
    for (chart, count) in [("istiod", 1), ("grafana", 0)] {
        let texts = [
            ("mesh/kustomization.yaml", "resources: [release.yaml]\n"),
            ("mesh/release.yaml", &release(chart)),
        ];
        let deployment = deploy(files(&texts), &Settings::default());
        assert_eq!(deployment.units[0].values.len(), count, "{chart}");
    }
}
