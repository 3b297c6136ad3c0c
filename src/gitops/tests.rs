//! What small repositories deploy, and which meshes they are taken for.

mod argo;
mod argo_sources;
mod flux;

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
