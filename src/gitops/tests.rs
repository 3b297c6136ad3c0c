//! What small repositories deploy, and which meshes they are taken for.

use super::testing::files;
use super::*;

/// The meshes of a repository: `name: unit unit`.
fn meshes_with(texts: &[(&str, &str)], settings: &Settings) -> Vec<String> {
    let deployment = deploy(files(texts), settings);
    let line = |mesh: &MeshScope| {
        let units = mesh.units.iter().map(|&unit| &*deployment.units[unit].name);
        let units: Vec<&str> = units.collect();
        format!("{}: {}", mesh.name, units.join(" "))
    };
    deployment.meshes.iter().map(line).collect()
}

fn meshes(texts: &[(&str, &str)]) -> Vec<String> {
    meshes_with(texts, &Settings::default())
}

/// Why files are in no unit, by path.
fn skipped(texts: &[(&str, &str)]) -> Vec<(String, String)> {
    let deployment = deploy(files(texts), &Settings::default());
    let skipped = deployment.skipped.into_iter();
    skipped
        .map(|one| (one.path.to_string(), one.reason))
        .collect()
}

const SERVICE: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: shop}\n";
const OTHER: &str = "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\n";
const NAMESPACE: &str = "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n";

/// An Application of a path, with more of its source and its destination.
fn application(name: &str, path: &str, source: &str, destination: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata: {{name: {name}, namespace: argocd}}\n\
         spec:\n  source: {{repoURL: 'https://git.example/a/b', path: {path}{source}}}\n  \
         destination: {{{destination}}}\n"
    )
}

#[test]
fn directories_that_define_different_objects_are_one_mesh() {
    let found = meshes(&[("a/web.yaml", SERVICE), ("b/cart.yaml", OTHER)]);
    assert_eq!(found, ["default: a b"]);
}

#[test]
fn a_namespace_in_two_directories_tells_no_meshes_apart() {
    let found = meshes(&[("a/shop.yaml", NAMESPACE), ("b/shop.yaml", NAMESPACE)]);
    assert_eq!(found, ["default: a b"]);
}

#[test]
fn directories_that_define_the_same_object_are_a_mesh_each() {
    let found = meshes(&[
        ("apps/prod/web.yaml", SERVICE),
        ("apps/staging/web.yaml", SERVICE),
        ("infra/cart.yaml", OTHER),
    ]);
    assert_eq!(
        found,
        ["prod: apps/prod infra", "staging: apps/staging infra"]
    );
}

#[test]
fn variants_of_equal_names_belong_together() {
    let found = meshes(&[
        ("apps/prod/web.yaml", SERVICE),
        ("apps/staging/web.yaml", SERVICE),
        ("infra/prod/cart.yaml", OTHER),
        ("infra/staging/cart.yaml", OTHER),
    ]);
    assert_eq!(
        found,
        [
            "prod: apps/prod infra/prod",
            "staging: apps/staging infra/staging"
        ]
    );
}

#[test]
fn the_same_object_twice_in_a_directory_is_an_alternative() {
    let found = meshes(&[("a/one.yaml", SERVICE), ("a/two.yaml", SERVICE)]);
    assert_eq!(found, ["default: a"]);
}

#[test]
fn more_variants_than_anybody_has_meshes_are_alternatives() {
    let paths: Vec<String> = (0..20)
        .map(|index| format!("chapter-{index}/web.yaml"))
        .collect();
    let texts: Vec<(&str, &str)> = paths.iter().map(|path| (path.as_str(), SERVICE)).collect();
    assert_eq!(meshes(&texts).len(), 1);
}

#[test]
fn the_config_file_wins_over_what_files_look_like() {
    let mesh = |name: &str, root: &str| ConfiguredMesh {
        name: name.into(),
        roots: vec![root.to_owned()],
        shared: vec!["infra".to_owned()],
        ..ConfiguredMesh::default()
    };
    let settings = Settings {
        meshes: vec![mesh("eu", "apps/p*"), mesh("test", "apps/staging")],
        ..Settings::default()
    };
    let texts = [
        ("apps/prod/web.yaml", SERVICE),
        ("apps/staging/web.yaml", SERVICE),
        ("infra/cart.yaml", OTHER),
    ];
    assert_eq!(
        meshes_with(&texts, &settings),
        ["eu: apps/prod infra", "test: apps/staging infra"]
    );
}

#[test]
fn an_application_does_not_look_into_sub_directories_unless_it_says_so() {
    let flat = application("web", "web", "", "");
    let deep = application("web", "web", ", directory: {recurse: true}", "");
    let texts = |application| [("app.yaml", application), ("web/old/web.yaml", SERVICE)];
    let reason =
        "below the directory of Application `argocd/web`, which does not look into sub-directories";
    assert_eq!(
        skipped(&texts(flat.as_str())),
        [("web/old/web.yaml".to_owned(), reason.to_owned())]
    );
    assert_eq!(skipped(&texts(deep.as_str())), []);
}

#[test]
fn the_namespace_of_a_destination_is_that_of_objects_without_one() {
    let application = application("web", "web", "", "namespace: shop");
    let service = "apiVersion: v1\nkind: Service\nmetadata: {name: web}\n---\n\
                   apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: other}\n";
    let texts = [
        ("app.yaml", application.as_str()),
        ("web/web.yaml", service),
    ];
    let deployment = deploy(files(&texts), &Settings::default());
    let ids = deployment.units[0]
        .objects
        .iter()
        .map(|object| object.id.to_string());
    assert_eq!(
        ids.collect::<Vec<_>>(),
        ["Service shop/web", "Service other/cart"]
    );
}

#[test]
fn applications_are_in_the_mesh_of_their_cluster() {
    let prod = application("web-prod", "prod", "", "name: prod");
    let staging = application("web-staging", "staging", "", "name: staging");
    let found = meshes(&[
        ("apps/prod.yaml", &prod),
        ("apps/staging.yaml", &staging),
        ("prod/web.yaml", SERVICE),
        ("staging/web.yaml", SERVICE),
    ]);
    assert_eq!(
        found,
        [
            "prod: argocd/web-prod apps",
            "staging: argocd/web-staging apps"
        ]
    );
}

#[test]
fn an_application_for_the_cluster_of_argo_cd_is_not_joined_to_a_remote_one() {
    let remote = application("web", "web", "", "name: c1");
    for own in [
        "server: 'https://kubernetes.default.svc'",
        "server: 'https://kubernetes.default.svc/'",
        "name: in-cluster",
        "name: '', server: 'https://kubernetes.default.svc'",
    ] {
        let own = application("cart", "cart", "", own);
        let found = meshes(&[
            ("argo/cart.yaml", &own),
            ("argo/web.yaml", &remote),
            ("cart/cart.yaml", OTHER),
            ("web/web.yaml", SERVICE),
        ]);
        assert_eq!(
            found,
            ["in-cluster: argocd/cart argo", "c1: argocd/web"],
            "{own}"
        );
    }
}

#[test]
fn the_own_cluster_by_name_and_by_address_is_one_mesh() {
    let texts = [
        (
            "one/app.yaml",
            application("a", "a", "", "name: in-cluster"),
        ),
        (
            "two/app.yaml",
            application("b", "b", "", "server: 'https://kubernetes.default.svc'"),
        ),
        ("two/far.yaml", application("c", "c", "", "name: far")),
        ("a/web.yaml", SERVICE.to_owned()),
        ("b/cart.yaml", OTHER.to_owned()),
        ("c/web.yaml", SERVICE.to_owned()),
    ];
    let texts = texts.each_ref().map(|(path, text)| (*path, &**text));
    assert_eq!(
        meshes(&texts),
        ["in-cluster: argocd/a argocd/b one two", "far: argocd/c"]
    );
}

#[test]
fn a_root_that_only_leads_to_remote_clusters_takes_no_shared_files() {
    let texts = [
        (
            "root.yaml",
            application(
                "root",
                "apps",
                "",
                "server: 'https://kubernetes.default.svc'",
            ),
        ),
        ("apps/c1.yaml", application("one", "one", "", "name: c1")),
        ("apps/c2.yaml", application("two", "two", "", "name: c2")),
        ("one/web.yaml", SERVICE.to_owned()),
        ("two/web.yaml", SERVICE.to_owned()),
        ("extra/cart.yaml", OTHER.to_owned()),
    ];
    let texts = texts.each_ref().map(|(path, text)| (*path, &**text));
    assert_eq!(
        meshes(&texts),
        [
            "in-cluster: argocd/root .",
            "c1: argocd/one extra",
            "c2: argocd/two extra"
        ]
    );
}

#[test]
fn several_argo_cds_that_define_the_same_are_not_one_cluster() {
    let texts = [
        ("prod/app.yaml", application("p", "prod/web", "", "")),
        ("test/app.yaml", application("t", "test/web", "", "")),
        ("far.yaml", application("far", "far", "", "name: far")),
        ("prod/web/web.yaml", SERVICE.to_owned()),
        ("test/web/web.yaml", SERVICE.to_owned()),
        ("far/cart.yaml", OTHER.to_owned()),
    ];
    let texts = texts.each_ref().map(|(path, text)| (*path, &**text));
    let found = meshes(&texts);
    assert!(
        found.iter().all(|mesh| !mesh.starts_with("in-cluster")),
        "{found:?}"
    );
}

#[test]
fn clusters_with_equal_parameters_and_other_addresses_are_not_one_mesh() {
    let set = "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n\
        metadata: {name: web, namespace: argocd}\nspec:\n  generators:\n  - list:\n      elements:\n      \
        - {env: prod, url: 'https://eu.example', path: eu}\n      \
        - {env: prod, url: 'https://us.example', path: us}\n  template:\n    \
        metadata: {name: 'web-{{path}}'}\n    spec:\n      \
        source: {repoURL: 'https://git.example/a/b', path: '{{path}}'}\n      \
        destination: {server: '{{url}}'}\n";
    let found = meshes(&[
        ("argo/set.yaml", set),
        ("eu/web.yaml", SERVICE),
        ("us/web.yaml", SERVICE),
    ]);
    assert_eq!(
        found,
        ["prod: argocd/web-eu argo", "us.example: argocd/web-us argo"]
    );
}

#[test]
fn an_application_of_another_repository_is_not_resolved() {
    let own = application("web", "web", "", "");
    let other = application("api", "api", "", "").replace("a/b", "c/d");
    let texts = [
        ("own.yaml", own.as_str()),
        ("other.yaml", &other),
        ("web/web.yaml", SERVICE),
    ];
    let deployment = deploy(files(&texts), &Settings::default());
    let problems = deployment.units.iter().flat_map(|unit| &unit.problems);
    let problems: Vec<String> = problems.map(Problem::message).collect();
    assert_eq!(
        problems,
        ["Application `api` is not evaluated: `https://git.example/c/d` is another repository"]
    );
}

#[test]
fn applications_that_lead_to_each_other_end() {
    let one = application("one", "a", "", "");
    let two = application("two", "b", "", "");
    let found = meshes(&[("a/two.yaml", &two), ("b/one.yaml", &one)]);
    assert_eq!(found, ["default: argocd/two argocd/one"]);
}

#[test]
fn templates_of_a_chart_are_no_manifests() {
    let texts = [
        ("web/Chart.yaml", "name: web\n"),
        ("web/templates/service.yaml", SERVICE),
    ];
    let reasons = skipped(&texts);
    assert_eq!(
        reasons[1].1,
        "a template of chart `web`, which is not rendered"
    );
}

#[test]
fn values_of_a_chart_that_is_not_of_istio_say_nothing_about_the_mesh() {
    let values = "global: {mtls: {enabled: true}}\n";
    let count = |chart: &str| {
        let texts = [("web/Chart.yaml", chart), ("web/values.yaml", values)];
        let units = deploy(files(&texts), &Settings::default()).units;
        units.iter().map(|unit| unit.values.len()).sum::<usize>()
    };
    assert_eq!(count("name: web\n"), 0);
    assert_eq!(count("name: istiod\n"), 1);
    assert_eq!(count("name: mesh\ndependencies:\n- name: istiod\n"), 1);
}

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

/// The mode of the rule as it is deployed, and what is not resolved.
fn mode_and_problems(texts: &[(&str, &str)]) -> (Option<String>, Vec<String>) {
    let deployment = deploy(files(texts), &Settings::default());
    let objects = deployment.units.iter().flat_map(|unit| &unit.objects);
    let mode = objects
        .filter(|object| &*object.id.kind == "DestinationRule")
        .find_map(|object| {
            let keys = ["spec", "trafficPolicy", "tls", "mode"];
            Some(object.value.at(&keys)?.as_text()?.to_owned())
        });
    let problems = deployment.units.iter().flat_map(|unit| &unit.problems);
    (mode, problems.map(Problem::message).collect())
}

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
