//! Small repositories as people write them, below `testdata/projects`: which meshes they are taken for, and what is found in
//! them.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

mod support;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use mtls_lint::engine::{Analysis, Request, analyse};
use mtls_lint::source::FileRole;
use mtls_lint::source::tree::WorkTree;

use support::run_with;

/// A path of the project.
fn project(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// What a command prints in a repository.
fn printed(repository: &str, arguments: &[&str]) -> String {
    let folder = project("testdata/projects").join(repository);
    let outcome = run_with(&folder, arguments, &[]);
    outcome.stdout + &outcome.stderr
}

/// Compares the meshes and findings of a repository with what was reviewed.
fn review(repository: &str) {
    let meshes = printed(repository, &["meshes", "--verbose"]);
    let findings = printed(repository, &["check", "--format", "concise"]);
    let mut settings = insta::Settings::clone_current();
    settings.set_snapshot_path(project("testdata/projects"));
    settings.set_prepend_module_to_snapshot(false);
    settings.set_omit_expression(true);
    settings.bind(|| {
        insta::assert_snapshot!(repository, format!("{meshes}\n--- findings\n{findings}"));
    });
}

#[test]
fn plain_manifests_are_one_mesh() {
    review("plain");
}

#[test]
fn manifests_rendered_for_every_environment_are_a_mesh_each() {
    review("rendered");
}

#[test]
fn applications_lead_to_what_argo_cd_deploys() {
    review("argo-app-of-apps");
}

#[test]
fn the_applications_of_a_set_are_in_the_mesh_of_their_cluster() {
    review("argo-application-set");
}

#[test]

fn overlays_of_one_base_are_a_mesh_each() {
    review("kustomize-overlays");
}

#[test]

fn the_kustomizations_of_a_cluster_are_its_mesh() {
    review("flux-monorepo");
}

#[test]
fn the_cluster_of_argo_cd_is_a_mesh_beside_remote_ones_and_leftovers_are_no_errors() {
    review("argo-hub");
}

#[test]
fn a_variable_that_a_missing_secret_may_set_is_unknown_and_an_inline_one_is_not() {
    review("flux-variables");
}

#[test]
fn a_mesh_is_looked_at_alone() {
    let staging = printed(
        "rendered",
        &["check", "--format", "concise", "--mesh", "staging"],
    );
    assert!(staging.contains("no findings in 5 files"), "{staging}");
    let prod = printed(
        "rendered",
        &["check", "--format", "concise", "--mesh", "prod"],
    );
    assert!(prod.contains("override-drops-mtls"), "{prod}");
}

#[test]
fn an_unknown_mesh_is_refused_with_the_nearest() {
    let told = printed("rendered", &["matrix", "--mesh", "stagin"]);
    assert_eq!(
        told,
        "error: unknown mesh `stagin`; did you mean `staging`?; the meshes are: prod, staging\n"
    );
}

#[test]
fn the_meshes_in_json_say_what_the_text_says() {
    let json: serde_json::Value =
        serde_json::from_str(&printed("rendered", &["meshes", "--format", "json"]))
            .expect("it is JSON");
    assert_eq!(json["schema"], "mtls-lint/meshes/1");
    assert_eq!(json["meshes"][1]["name"], "staging");
    assert_eq!(json["meshes"][1]["basis"], "collision");
    assert_eq!(
        json["meshes"][1]["units"][1]["files"][0],
        "staging/istio.yaml"
    );
}

/// The repositories below a folder; none where there is no such folder.
fn repositories(folder: &str) -> Vec<PathBuf> {
    let Ok(entries) = fs::read_dir(project(folder)) else {
        writeln!(std::io::stderr(), "skipped: no repositories in {folder}")
            .expect("standard error can be written to");
        return Vec::new();
    };
    let paths = entries.map(|entry| entry.expect("the folder can be listed").path());
    let mut paths: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    paths.sort();
    paths
}

/// The files that are part of neither a unit in a mesh nor of what is said to be in none.
fn lost(analysis: &Analysis) -> Vec<String> {
    let deployment = &analysis.deployment;
    let members = deployment.meshes.iter().flat_map(|mesh| &mesh.units);
    let units = members.filter_map(|&unit| deployment.units.get(unit));
    let used: BTreeSet<_> = units.flat_map(|unit| &unit.files).collect();
    let skipped: BTreeSet<&str> = deployment
        .skipped
        .iter()
        .map(|one| one.path.as_str())
        .collect();
    let input = analysis
        .sources
        .iter()
        .filter(|(_, file)| file.role() == FileRole::Input);
    input
        .filter(|(id, file)| !used.contains(id) && !skipped.contains(file.path().as_str()))
        .map(|(_, file)| file.path().to_string())
        .collect()
}

#[test]
fn every_file_is_part_of_a_unit_or_said_to_be_in_none() {
    for folder in ["testdata/projects", "testdata/seed", "../shared/corpus"] {
        for path in repositories(folder) {
            let path = Utf8PathBuf::try_from(path).expect("the path is UTF-8");
            let request = Request {
                paths: vec![".".into()],
                ..Request::default()
            };
            let analysis = analyse(&request, &WorkTree::new(path.clone()));
            let analysis = analysis.expect("the repository can be analysed");
            assert_eq!(lost(&analysis), Vec::<String>::new(), "{path}");
        }
    }
}
