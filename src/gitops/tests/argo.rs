//! What Applications and `ApplicationSets` of Argo CD lead to.

use super::*;

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

/// An `ApplicationSet` with its generators, for a path and a cluster.
fn application_set(generators: &str, path: &str, cluster: &str) -> String {
    format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: ApplicationSet\n\
         metadata: {{name: set, namespace: argocd}}\nspec:\n  generators:\n{generators}  template:\n    \
         metadata: {{name: 'app-{cluster}'}}\n    spec:\n      \
         source: {{repoURL: 'https://git.example/a/b', path: '{path}'}}\n      \
         destination: {{name: '{cluster}'}}\n"
    )
}

/// The meshes of a set and of two directories that it may deploy, without what nothing deploys.
fn meshes_of_set(set: &str, others: &[(&str, &str)]) -> Vec<String> {
    let mut texts = vec![
        ("argo/set.yaml", set),
        ("apps/a/web.yaml", SERVICE),
        ("apps/b/cart.yaml", OTHER),
    ];
    texts.extend(others);
    let deployment = deploy(files(&texts), &Settings::default());
    let line = |mesh: &MeshScope| {
        let declared = mesh.units.iter().filter(|unit| !mesh.joined.contains(unit));
        let units = declared.map(|&unit| &deployment.units[unit]);
        let units = units.map(|unit| format!("{} {}", unit.name, unit.directory));
        let units: Vec<String> = units.collect();
        format!("{}: {}", mesh.name, units.join(", "))
    };
    deployment.meshes.iter().map(line).collect()
}

#[test]
fn the_selector_of_a_generator_leaves_out_what_it_does_not_match() {
    for selector in [
        "{matchLabels: {env: prod}}",
        "{matchExpressions: [{key: env, operator: In, values: [prod]}]}",
        "{matchExpressions: [{key: env, operator: NotIn, values: [dev]}]}",
        "{matchExpressions: [{key: old, operator: DoesNotExist}]}",
    ] {
        let generators = format!(
            "  - list: {{elements: [{{cluster: c1, env: prod}}, {{cluster: c2, env: dev, old: 'yes'}}]}}\n    \
             selector: {selector}\n"
        );
        let set = application_set(&generators, "apps/a", "{{cluster}}");
        let found = meshes_of_set(&set, &[]);
        assert_eq!(found, ["c1: argocd/app-c1 apps/a"], "{selector}");
    }
}

#[test]
fn the_template_of_a_generator_wins_over_that_of_the_set() {
    let generators = "  - list:\n      elements: [{cluster: c1}]\n      template:\n        \
                      metadata: {}\n        spec: {source: {path: apps/b, repoURL: ''}}\n";
    let set = application_set(generators, "apps/a", "{{cluster}}");
    assert_eq!(meshes_of_set(&set, &[]), ["c1: argocd/app-c1 apps/b"]);
}

#[test]
fn a_list_in_a_file_makes_an_application_for_every_element() {
    let generators =
        "  - git: {repoURL: 'https://git.example/a/b', files: [{path: 'clusters/*.yaml'}]}\n";
    let set = application_set(generators, "apps/{{dir}}", "{{cluster}}");
    let list = "- {cluster: c1, dir: a}\n- {cluster: c2, dir: b}\n";
    let found = meshes_of_set(&set, &[("clusters/all.yaml", list)]);
    assert_eq!(
        found,
        ["c1: argocd/app-c1 apps/a", "c2: argocd/app-c2 apps/b"]
    );
}

#[test]
fn elements_written_as_a_text_are_elements() {
    let generators = "  - list: {elementsYaml: '[{cluster: c1, dir: a}, {cluster: c2, dir: b}]'}\n";
    let set = application_set(generators, "apps/{{dir}}", "{{cluster}}");
    assert_eq!(
        meshes_of_set(&set, &[]),
        ["c1: argocd/app-c1 apps/a", "c2: argocd/app-c2 apps/b"]
    );
}

#[test]
fn elements_that_only_the_cluster_knows_are_not_resolved() {
    let generators = "  - list: {elementsYaml: '{{ .all | toJson }}'}\n";
    let set = application_set(generators, "apps/{{dir}}", "{{cluster}}");
    let (_, problems) = mode_and_problems(&[("argo/set.yaml", &set)]);
    assert_eq!(
        problems,
        ["what the generator `list` makes is not in the repository"]
    );
}

#[test]
fn a_generator_over_another_repository_is_not_resolved() {
    for (url, expected) in [
        (
            "https://git.example/other/clusters",
            vec!["what the generator `git` makes is not in the repository"],
        ),
        // Argo CD makes nothing of what is not in this repository either.
        ("https://git.example/a/b", vec![]),
    ] {
        let generators =
            format!("  - git: {{repoURL: '{url}', files: [{{path: 'clusters/*.yaml'}}]}}\n");
        let set = application_set(&generators, "apps/{{dir}}", "{{cluster}}");
        let web = application("web", "apps/a", "", "name: c1");
        let (_, problems) = mode_and_problems(&[
            ("argo/set.yaml", &set),
            ("argo/web.yaml", &web),
            ("apps/a/web.yaml", SERVICE),
        ]);
        assert_eq!(problems, expected, "{url}");
    }
}

#[test]
fn the_parameters_of_a_path_have_the_prefix_that_is_asked_for() {
    let generators = "  - git: {repoURL: 'https://git.example/a/b', pathParamPrefix: my, \
                      directories: [{path: 'apps/*'}]}\n";
    let set = application_set(generators, "{{my.path}}", "{{my.path.basename}}");
    assert_eq!(
        meshes_of_set(&set, &[]),
        ["a: argocd/app-a apps/a", "b: argocd/app-b apps/b"]
    );
}

#[test]
fn an_application_that_deploys_itself_is_evaluated_once() {
    let root = application("root", ".", ", directory: {recurse: true}", "name: c1");
    let found = meshes(&[("root.yaml", &root), ("apps/web.yaml", SERVICE)]);
    assert_eq!(found, ["c1: argocd/root"]);
}

#[test]
fn a_kustomization_in_a_directory_of_plain_manifests_is_not_built_beside_it() {
    let root = application("web", "web", ", directory: {recurse: false}", "name: c1");
    let found = meshes(&[
        ("argo/web.yaml", &root),
        ("web/kustomization.yaml", "resources: [web.yaml]\n"),
        ("web/web.yaml", SERVICE),
    ]);
    assert_eq!(found, ["c1: argocd/web argo"]);
}

/// The values of an Application of the chart of istiod, by what its `helm` says.
fn auto_mtls_of(helm: &str) -> Option<bool> {
    let application = format!(
        "apiVersion: argoproj.io/v1alpha1\nkind: Application\n\
         metadata: {{name: istiod, namespace: argocd}}\nspec:\n  \
         source: {{repoURL: 'https://charts.example', chart: istiod, helm: {helm}}}\n  \
         destination: {{name: c1}}\n"
    );
    let deployment = deploy(files(&[("app.yaml", &application)]), &Settings::default());
    let mut values = deployment.units.iter().flat_map(|unit| &unit.values);
    let keys = ["meshConfig", "enableAutoMtls"];
    values.find_map(|value| value.at(&keys)?.as_bool())
}

#[test]
fn a_parameter_of_a_chart_wins_over_its_values() {
    let helm = "{parameters: [{name: meshConfig.enableAutoMtls, value: 'false'}], \
                valuesObject: {meshConfig: {enableAutoMtls: true}}}";
    assert_eq!(auto_mtls_of(helm), Some(false));
}

#[test]
fn values_as_an_object_take_the_place_of_those_as_a_text() {
    let helm = "{values: 'meshConfig: {enableAutoMtls: false}', valuesObject: {pilot: {}}}";
    assert_eq!(auto_mtls_of(helm), None);
}

#[test]
fn a_values_file_of_the_control_plane_that_is_not_here_is_a_problem() {
    let application = |more: &str| {
        format!(
            "apiVersion: argoproj.io/v1alpha1\nkind: Application\n\
             metadata: {{name: istiod, namespace: argocd}}\nspec:\n  \
             source: {{repoURL: 'https://charts.example', chart: istiod, \
             helm: {{valueFiles: ['$values/istiod.yaml']{more}}}}}\n  \
             destination: {{name: c1}}\n"
        )
    };
    let problems = |application: &str| mode_and_problems(&[("app.yaml", application)]).1;
    let chart = "chart `istiod` of Application `istiod` is not rendered";
    let values = "values of Application `istiod` from `$values/istiod.yaml` are not known";
    assert_eq!(problems(&application("")), [chart, values]);
    assert_eq!(
        problems(&application(", ignoreMissingValueFiles: true")),
        [chart]
    );
}
