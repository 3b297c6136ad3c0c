//! Only what is new, as a user runs it: `--base` and `diff` in real repositories.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and Git, and write files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

#[path = "support/git.rs"]
mod git;
#[path = "support/manifests.rs"]
mod manifests;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use tempfile::TempDir;

use git::git;
use manifests::SECOND_BREAKER;
use support::{Outcome, copy_of, run, run_with, seed};

/// The rule that breaks mutual TLS.
const BREAKER: &str = "apps/circuit-breaker.yaml";

/// A repository whose second commit adds the rule that breaks mutual TLS.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let folder = copy_of(&seed("istio-1.0"));
        let rule = fs::read(folder.path().join(BREAKER)).expect("the rule is there");
        fs::remove_file(folder.path().join(BREAKER)).expect("it can be removed");
        let repository = Self { folder };
        git(
            repository.path(),
            &["init", "--quiet", "--initial-branch=main"],
        );
        repository.commit();
        support::write(repository.path(), BREAKER, &rule);
        repository.commit();
        repository
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn commit(&self) {
        git(self.path(), &["add", "--all"]);
        git(self.path(), &["commit", "--quiet", "--message=change"]);
    }
}

/// A clone of a repository.
fn cloned(repository: &Repository, arguments: &[&str]) -> (TempDir, PathBuf) {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let target = folder.path().join("clone");
    let url = format!("file://{}", repository.path().display());
    let target_text = target.to_str().expect("the path is UTF-8");
    let arguments = [&["clone", "--quiet"], arguments, &[&url, target_text]].concat();
    git(folder.path(), &arguments);
    (folder, target)
}

/// The rule and path of every finding.
fn found(outcome: &Outcome) -> Vec<(String, String)> {
    let report = outcome.json();
    let findings = report["findings"].as_array().expect("there is a list");
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    findings
        .iter()
        .map(|finding| (text(&finding["rule"]), text(&finding["location"]["path"])))
        .collect()
}

fn check(folder: &Path, base: &str) -> Outcome {
    run(folder, &["--base", base, "--format", "json"])
}

/// What `diff` prints about the second commit.
fn diff(folder: &Path, format: &str) -> Outcome {
    let arguments = ["diff", "--isolated", "--base", "HEAD~1", "--format", format];
    run_with(folder, &arguments, &[])
}

/// What the second commit brings.
fn assert_brings_the_story(outcome: &Outcome) {
    let expected = ("override-drops-mtls".to_owned(), BREAKER.to_owned());
    assert_eq!(found(outcome), [expected], "{}", outcome.stderr);
    assert_eq!(outcome.status, Some(1));
}

#[test]
fn a_commit_that_breaks_mutual_tls_has_one_finding() {
    let repository = Repository::new();
    assert_brings_the_story(&check(repository.path(), "HEAD~1"));
}

#[test]
fn nothing_is_new_since_the_commit_itself() {
    let repository = Repository::new();
    let outcome = check(repository.path(), "HEAD");
    assert_eq!(found(&outcome), []);
    assert_eq!(outcome.status, Some(0));
}

#[test]
fn the_files_on_disk_stay_as_they_are() {
    let repository = Repository::new();
    check(repository.path(), "HEAD~1");
    let status = git(repository.path(), &["status", "--porcelain"]);
    assert_eq!(status, "");
}

#[test]
fn a_dirty_tree_is_compared_as_it_is_on_disk() {
    let repository = Repository::new();
    fs::remove_file(repository.path().join(BREAKER)).expect("it can be removed");
    assert_eq!(found(&check(repository.path(), "HEAD~1")), []);
}

#[test]
fn a_change_far_away_is_found_where_it_acts_and_names_the_changed_line() {
    let repository = Repository::new();
    let policy = repository.path().join("mesh/mesh-policy.yaml");
    let text = fs::read_to_string(&policy).expect("it can be read");
    let permissive = text.replace("mtls: {}", "mtls: {mode: PERMISSIVE}");
    assert_ne!(text, permissive, "the policy of the story has another form");
    fs::write(&policy, permissive).expect("it can be written");
    repository.commit();
    fs::write(&policy, text).expect("it can be written");
    repository.commit();
    let outcome = check(repository.path(), "HEAD~1");
    assert_brings_the_story(&outcome);
    assert!(
        outcome
            .stdout
            .contains("this line is new or changed since `HEAD~1`")
    );
}

#[test]
fn a_shallow_clone_with_the_commit_is_enough() {
    let repository = Repository::new();
    let (_folder, clone) = cloned(&repository, &["--depth=2"]);
    assert_brings_the_story(&check(&clone, "HEAD~1"));
}

#[test]
fn a_shallow_clone_without_the_commit_says_what_to_fetch() {
    let repository = Repository::new();
    let (_folder, clone) = cloned(&repository, &["--depth=1"]);
    let outcome = check(&clone, "HEAD~1");
    assert_eq!(outcome.status, Some(2));
    assert!(
        outcome.stderr.contains("shallow clone"),
        "{}",
        outcome.stderr
    );
    assert!(outcome.stderr.contains("help: fetch"), "{}", outcome.stderr);
}

#[test]
fn an_unknown_revision_is_a_mistake_of_the_user() {
    let repository = Repository::new();
    let outcome = check(repository.path(), "nowhere");
    assert_eq!(outcome.status, Some(2));
    let message = "there is no revision `nowhere`";
    assert!(outcome.stderr.contains(message), "{}", outcome.stderr);
}

#[test]
fn outside_of_a_repository_it_says_so() {
    let folder = copy_of(&seed("istio-1.0"));
    let outcome = check(folder.path(), "HEAD");
    assert_eq!(outcome.status, Some(2));
    assert!(
        outcome.stderr.contains("Git repository"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_second_work_tree_has_the_same_revisions() {
    let repository = Repository::new();
    let folder = tempfile::tempdir().expect("a folder can be made");
    let target = folder.path().join("tree");
    let target_text = target.to_str().expect("the path is UTF-8");
    git(
        repository.path(),
        &["worktree", "add", "--quiet", "--detach", target_text],
    );
    assert_brings_the_story(&check(&target, "HEAD~1"));
}

#[test]
fn a_submodule_has_revisions_of_its_own() {
    let repository = Repository::new();
    let outer = tempfile::tempdir().expect("a folder can be made");
    git(outer.path(), &["init", "--quiet"]);
    let url = repository.path().to_str().expect("the path is UTF-8");
    git(outer.path(), &["submodule", "--quiet", "add", url, "mesh"]);
    assert_brings_the_story(&check(&outer.path().join("mesh"), "HEAD~1"));
}

#[test]
fn a_part_of_the_repository_is_compared_with_the_same_part() {
    let repository = Repository::new();
    let outcome = run(
        &repository.path().join("apps"),
        &["--base", "HEAD~1", "--format", "json", "..", "."],
    );
    let expected = (
        "override-drops-mtls".to_owned(),
        "circuit-breaker.yaml".to_owned(),
    );
    assert_eq!(found(&outcome), [expected], "{}", outcome.stderr);
}

#[test]
fn diff_lists_the_traffic_that_gets_worse() {
    let repository = Repository::new();
    let outcome = diff(repository.path(), "text");
    assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
    insta::assert_snapshot!("diff", outcome.stdout);
}

#[test]
fn diff_is_a_table_for_a_pull_request() {
    let repository = Repository::new();
    let outcome = diff(repository.path(), "markdown");
    insta::assert_snapshot!("diff-markdown", outcome.stdout);
}

#[test]
fn diff_is_a_stable_interface() {
    let repository = Repository::new();
    let document = diff(repository.path(), "json").json();
    assert_eq!(document["schema"], "mtls-lint/diff/1");
    assert_eq!(document["changes"][0]["before"], "encrypted");
    assert_eq!(document["changes"][0]["after"], "refused");
    assert_eq!(document["changes"][0]["causes"][0]["path"], BREAKER);
}

/// Runs the command with the baseline of the folder.
fn run_with_baseline(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, arguments, &[])
}

#[test]
fn what_is_new_and_accepted_is_not_reported_and_what_is_new_alone_is() {
    let repository = Repository::new();
    let folder = repository.path();
    let accepted = run_with_baseline(folder, &["baseline", "write"]);
    assert_eq!(accepted.status, Some(0), "{}", accepted.stderr);
    let since = ["--base", "HEAD~1", "--format", "json"];
    let outcome = run_with_baseline(folder, &since);
    assert_eq!(found(&outcome), []);
    assert_eq!(outcome.status, Some(0));
    support::write(folder, "apps/second.yaml", SECOND_BREAKER.as_bytes());
    let outcome = run_with_baseline(folder, &since);
    let second = (
        "override-drops-mtls".to_owned(),
        "apps/second.yaml".to_owned(),
    );
    assert_eq!(found(&outcome), [second]);
    let baseline = &outcome.json()["summary"]["baseline"];
    assert_eq!(baseline["known"], 1);
}

#[test]
fn what_is_neither_new_nor_accepted_is_not_reported_either() {
    let repository = Repository::new();
    let folder = repository.path();
    let empty = r#"{"schema": "mtls-lint/baseline/1", "findings": []}"#;
    support::write(folder, ".mtls-lint-baseline.json", empty.as_bytes());
    let all = run_with_baseline(folder, &["--format", "json"]);
    assert_eq!(found(&all).len(), 1);
    let since = run_with_baseline(folder, &["--base", "HEAD", "--format", "json"]);
    assert_eq!(found(&since), []);
}

#[test]
fn a_baseline_of_more_than_what_is_new_is_not_called_stale() {
    let repository = Repository::new();
    let folder = repository.path();
    run_with_baseline(folder, &["baseline", "write"]);
    for format in ["concise", "sarif"] {
        let outcome = run_with_baseline(folder, &["--base", "HEAD", "--format", format]);
        assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
        let has = |text: &str| outcome.stdout.contains(text);
        assert!(!has("gone") && !has("\"absent\""), "{}", outcome.stdout);
    }
}

#[test]
fn subsets_that_change_their_order_are_not_new() {
    let repository = Repository::new();
    let subset =
        |name| format!("  - {{name: {name}, trafficPolicy: {{tls: {{mode: DISABLED}}}}}}\n");
    let rule = |first, second| {
        let text = SECOND_BREAKER.replace(
            "{connectionPool: {tcp: {maxConnections: 1}}}",
            "{tls: {mode: ISTIO_MUTUAL}}",
        );
        format!("{text}  subsets:\n{}{}", subset(first), subset(second))
    };
    let path = "apps/subsets.yaml";
    support::write(repository.path(), path, rule("v1", "v2").as_bytes());
    repository.commit();
    support::write(repository.path(), path, rule("v2", "v1").as_bytes());
    assert_eq!(found(&check(repository.path(), "HEAD")), []);
    support::write(repository.path(), path, rule("v1", "v3").as_bytes());
    assert_eq!(found(&check(repository.path(), "HEAD")).len(), 1);
}

/// The rule that a change far away breaks.
const FAR: &str = "base/traffic/rule.yaml";

/// The patch that breaks it.
const PATCH: &str = "overlays/prod/policy.yaml";

/// An overlay over a base in which a client's rule and a server's policy agree on mutual TLS.
const OVERLAY: [(&str, &str); 6] = [
    (
        "base/kustomization.yaml",
        "resources: [mesh.yaml, shop/cart.yaml, shop/policy.yaml, traffic/rule.yaml]\n",
    ),
    (
        "base/mesh.yaml",
        "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {istio-injection: enabled}}\n",
    ),
    (
        "base/shop/cart.yaml",
        "apiVersion: v1\nkind: Service\nmetadata: {name: cart, namespace: shop}\nspec:\n  selector: {app: cart}\n  \
         ports: [{name: http, port: 80}]\n---\napiVersion: apps/v1\nkind: Deployment\nmetadata: {name: cart, namespace: shop}\n\
         spec:\n  selector: {matchLabels: {app: cart}}\n  template:\n    metadata: {labels: {app: cart}}\n    \
         spec: {containers: [{name: cart, image: 'example.com/cart:1'}]}\n",
    ),
    (
        "base/shop/policy.yaml",
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {name: default, namespace: shop}\n\
         spec:\n  mtls:\n    mode: STRICT\n",
    ),
    (
        FAR,
        "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: cart, namespace: shop}\n\
         spec:\n  host: cart\n  trafficPolicy:\n    tls:\n      mode: ISTIO_MUTUAL\n",
    ),
    (
        "overlays/prod/kustomization.yaml",
        "resources: [../../base]\npatches: [{path: policy.yaml}]\n",
    ),
];

/// The patch with a mode. It names the object in four lines, and the mode in the seventh.
fn patch(mode: &str) -> String {
    format!(
        "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata:\n  {{name: default, namespace: shop}}\n\
         spec:\n  mtls:\n    mode: {mode}\n"
    )
}

/// A repository whose second commit is a patch that breaks a file far away.
fn patched() -> Repository {
    let repository = Repository {
        folder: tempfile::tempdir().expect("a folder can be made"),
    };
    for (path, text) in OVERLAY {
        support::write(repository.path(), path, text.as_bytes());
    }
    git(
        repository.path(),
        &["init", "--quiet", "--initial-branch=main"],
    );
    for mode in ["STRICT", "DISABLE"] {
        support::write(repository.path(), PATCH, patch(mode).as_bytes());
        repository.commit();
    }
    repository
}

/// That there is one finding, far away from the change, which names the changed line.
fn assert_names_the_patch(outcome: &Outcome) {
    let expected = ("mtls-to-disabled-server".to_owned(), FAR.to_owned());
    assert_eq!(found(outcome), [expected], "{}", outcome.stderr);
    assert_eq!(outcome.status, Some(1));
    let report = outcome.json();
    let related = report["findings"][0]["related"].as_array();
    let related = related.expect("it has related places").iter();
    let changed: Vec<_> = related
        .filter(|label| {
            let message = label["message"].as_str().unwrap_or_default();
            message.contains("new or changed since `HEAD")
        })
        .map(|label| &label["location"])
        .collect();
    let [changed] = changed.as_slice() else {
        panic!("{report:#}");
    };
    assert_eq!(changed["path"], PATCH);
    assert_eq!(changed["line"], 7);
}

#[test]
fn a_patch_that_breaks_a_file_far_away_is_one_finding_there_that_names_the_line() {
    let repository = patched();
    assert_eq!(found(&check(repository.path(), "HEAD")), []);
    assert_names_the_patch(&check(repository.path(), "HEAD~1"));
}

#[test]
fn the_same_in_a_shallow_clone_a_second_work_tree_and_a_submodule() {
    let repository = patched();
    let (_folder, clone) = cloned(&repository, &["--depth=2"]);
    assert_names_the_patch(&check(&clone, "HEAD~1"));

    let folder = tempfile::tempdir().expect("a folder can be made");
    let tree = folder.path().join("tree");
    let target = tree.to_str().expect("the path is UTF-8");
    let arguments = ["worktree", "add", "--quiet", "--detach", target];
    git(repository.path(), &arguments);
    assert_names_the_patch(&check(&tree, "HEAD~1"));

    let outer = tempfile::tempdir().expect("a folder can be made");
    git(outer.path(), &["init", "--quiet"]);
    let url = repository.path().to_str().expect("the path is UTF-8");
    git(outer.path(), &["submodule", "--quiet", "add", url, "mesh"]);
    assert_names_the_patch(&check(&outer.path().join("mesh"), "HEAD~1"));
}

#[test]
fn the_same_in_a_dirty_tree() {
    let repository = patched();
    git(repository.path(), &["reset", "--quiet", "--hard", "HEAD~1"]);
    support::write(repository.path(), PATCH, patch("DISABLE").as_bytes());
    support::write(repository.path(), "notes.yaml", b"kind: Note\n");
    assert_names_the_patch(&check(repository.path(), "HEAD"));
    git(repository.path(), &["add", PATCH]);
    assert_names_the_patch(&check(repository.path(), "HEAD"));
}
