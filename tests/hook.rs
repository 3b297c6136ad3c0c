//! What Git is about to commit, as a hook lints it: `check --hook` in real repositories.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and Git, and write files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

#[path = "support/git.rs"]
mod git;
mod support;

use std::fs;
use std::path::Path;
use std::process::Output;

use tempfile::TempDir;

use support::{Outcome, copy_of, run, run_with, seed};

/// The rule that breaks mutual TLS.
const BREAKER: &str = "apps/circuit-breaker.yaml";

/// What the hook prints of it.
const FINDING: &str = "apps/circuit-breaker.yaml:8:3: error[override-drops-mtls]";

/// A repository with one commit, without the rule that breaks mutual TLS.
struct Repository {
    folder: TempDir,
    breaker: Vec<u8>,
}

impl Repository {
    fn new() -> Self {
        let folder = copy_of(&seed("istio-1.0"));
        let breaker = fs::read(folder.path().join(BREAKER)).expect("the rule is there");
        fs::remove_file(folder.path().join(BREAKER)).expect("it can be removed");
        let repository = Self { folder, breaker };
        repository.write("README.md", "text");
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository.commit();
        repository
    }

    fn path(&self) -> &Path {
        self.folder.path()
    }

    fn write(&self, path: &str, text: &str) {
        support::write(self.path(), path, text.as_bytes());
    }

    /// Writes the rule that breaks mutual TLS.
    fn break_it(&self) {
        support::write(self.path(), BREAKER, &self.breaker);
    }

    /// The same rule with the `tls` that it lacks.
    fn write_sound(&self) {
        let text = String::from_utf8_lossy(&self.breaker).replace(
            "  trafficPolicy:\n",
            "  trafficPolicy:\n    tls: {mode: ISTIO_MUTUAL}\n",
        );
        assert_ne!(text.as_bytes(), self.breaker, "the rule has another form");
        self.write(BREAKER, &text);
    }

    fn git(&self, arguments: &[&str]) -> String {
        git::git(self.path(), arguments)
    }

    fn try_git(&self, arguments: &[&str]) -> Output {
        git::try_git(self.path(), arguments)
    }

    fn commit(&self) {
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=change"]);
    }

    /// Makes the program the hook of the repository, as a user without pre-commit does.
    #[cfg(unix)]
    fn install_hook(&self) {
        use std::os::unix::fs::PermissionsExt;
        let hook = self.path().join(".git/hooks/pre-commit");
        let program = env!("CARGO_BIN_EXE_mtls-lint");
        let script = format!("#!/bin/sh\nexec '{program}' check --hook --isolated\n");
        self.write(".git/hooks/pre-commit", &script);
        fs::set_permissions(hook, fs::Permissions::from_mode(0o755)).expect("it is our file");
    }

    fn hook(&self) -> Outcome {
        run(self.path(), &["--hook"])
    }

    /// The hook as pre-commit runs it for a range of revisions.
    fn hook_for(&self, from: &str, to: &str) -> Outcome {
        let range = [("PRE_COMMIT_FROM_REF", from), ("PRE_COMMIT_TO_REF", to)];
        run_with(self.path(), &["check", "--hook", "--isolated"], &range)
    }
}

fn assert_finds_it(outcome: &Outcome) {
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    assert!(outcome.stdout.starts_with(FINDING), "{outcome:?}");
}

fn assert_finds_nothing(outcome: &Outcome) {
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert!(
        !outcome.stdout.contains("override-drops-mtls"),
        "{outcome:?}"
    );
}

/// Nothing was linted, and nothing is said.
fn assert_is_silent(outcome: &Outcome) {
    let silence = Outcome {
        stdout: String::new(),
        stderr: String::new(),
        status: Some(0),
    };
    assert_eq!(*outcome, silence);
}

#[test]
fn a_staged_rule_is_found_on_one_line() {
    let repository = Repository::new();
    repository.break_it();
    repository.git(&["add", BREAKER]);
    let outcome = repository.hook();
    assert_finds_it(&outcome);
    assert_eq!(
        outcome.stderr,
        "`mtls-lint check --hook --format pretty` shows why, and what to do\n"
    );
}

#[test]
fn a_partially_staged_file_is_linted_as_staged() {
    let repository = Repository::new();
    repository.break_it();
    repository.git(&["add", BREAKER]);
    repository.write_sound();
    assert_finds_it(&repository.hook());
    repository.git(&["add", BREAKER]);
    repository.break_it();
    assert_finds_nothing(&repository.hook());
}

#[test]
fn a_deleted_manifest_is_gone_though_it_is_still_on_disk() {
    let repository = Repository::new();
    repository.break_it();
    repository.commit();
    repository.git(&["rm", "--quiet", "--cached", BREAKER]);
    let outcome = repository.hook();
    assert_finds_nothing(&outcome);
    assert!(
        outcome.stderr.contains(BREAKER),
        "it is untracked now: {outcome:?}"
    );
}

#[test]
fn a_commit_that_only_deletes_can_break_mutual_tls() {
    let repository = Repository::new();
    repository.write_sound();
    repository.commit();
    repository.git(&["rm", "--quiet", "mesh/destination-rule.yaml"]);
    let before = run(repository.path(), &["--format", "concise"]);
    let outcome = repository.hook();
    assert_eq!(outcome.stdout, before.stdout);
    assert_eq!(outcome.status, before.status);
    assert_eq!(outcome.status, Some(1));
}

#[test]
fn an_untracked_file_is_ignored_and_named_where_it_would_be_found() {
    let repository = Repository::new();
    repository.write(
        "mesh/more.yaml",
        "kind: Namespace\napiVersion: v1\nmetadata: {name: a}\n",
    );
    repository.git(&["add", "mesh/more.yaml"]);
    repository.break_it();
    let outcome = repository.hook();
    assert_finds_nothing(&outcome);
    assert_eq!(
        outcome.stderr,
        "warning: the findings would be others with what Git does not track: `apps/circuit-breaker.yaml`; `git add` what belongs to the commit\n"
    );
}

#[test]
fn an_untracked_file_that_changes_nothing_is_not_mentioned() {
    let repository = Repository::new();
    repository.write(
        "more.yaml",
        "kind: Namespace\napiVersion: v1\nmetadata: {name: a}\n",
    );
    assert_eq!(repository.hook().stderr, "");
}

#[test]
fn a_commit_without_manifests_is_not_linted() {
    let repository = Repository::new();
    repository.break_it();
    repository.commit();
    repository.write("README.md", "other text");
    repository.git(&["add", "README.md"]);
    assert_is_silent(&repository.hook());
}

#[test]
fn everything_is_linted_where_nothing_is_staged() {
    let repository = Repository::new();
    repository.break_it();
    repository.commit();
    assert_finds_it(&repository.hook());
}

#[test]
fn a_manifest_renamed_to_something_else_counts_as_deleted() {
    let repository = Repository::new();
    repository.git(&["mv", "mesh/destination-rule.yaml", "mesh/notes.txt"]);
    let outcome = repository.hook();
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
}

#[test]
fn the_first_commit_of_a_repository_is_linted() {
    let folder = copy_of(&seed("istio-1.0"));
    let repository = Repository {
        folder,
        breaker: Vec::new(),
    };
    repository.git(&["init", "--quiet", "--initial-branch=main"]);
    repository.git(&["add", "--all"]);
    assert_finds_it(&repository.hook());
}

#[test]
fn an_index_without_manifests_is_no_failure() {
    let repository = Repository::new();
    repository.git(&["rm", "-r", "--quiet", "apps", "mesh"]);
    assert_finds_nothing(&repository.hook());
}

#[test]
fn only_new_findings_can_be_asked_for() {
    let repository = Repository::new();
    repository.break_it();
    repository.commit();
    repository.write(
        "more.yaml",
        "kind: Namespace\napiVersion: v1\nmetadata: {name: a}\n",
    );
    repository.git(&["add", "more.yaml"]);
    assert_finds_it(&repository.hook());
    assert_finds_nothing(&run(repository.path(), &["--hook", "--base", "HEAD"]));
}

#[test]
fn the_config_file_counts_as_staged() {
    let repository = Repository::new();
    repository.break_it();
    repository.write("mtls-lint.yaml", "fail-on: never\n");
    repository.git(&["add", BREAKER]);
    let hook =
        |repository: &Repository| run_with(repository.path(), &["check", "--hook"], &[]).status;
    assert_eq!(hook(&repository), Some(1));
    repository.git(&["add", "mtls-lint.yaml"]);
    assert_eq!(hook(&repository), Some(0));
}

#[test]
fn a_pushed_revision_is_linted_and_not_the_index() {
    let repository = Repository::new();
    repository.break_it();
    repository.commit();
    repository.git(&["rm", "--quiet", BREAKER]);
    assert_finds_nothing(&repository.hook());
    assert_finds_it(&repository.hook_for("HEAD~1", "HEAD"));
}

#[test]
fn a_push_without_manifests_is_not_linted() {
    let repository = Repository::new();
    repository.break_it();
    repository.commit();
    repository.write("README.md", "other text");
    repository.commit();
    assert_is_silent(&repository.hook_for("HEAD~1", "HEAD"));
}

#[test]
fn a_push_from_an_unknown_revision_is_linted_as_a_whole() {
    let repository = Repository::new();
    repository.break_it();
    repository.commit();
    let nowhere = "0000000000000000000000000000000000000000";
    assert_finds_it(&repository.hook_for(nowhere, "HEAD"));
    let outcome = repository.hook_for("HEAD", "nowhere");
    assert_eq!(outcome.status, Some(2), "{outcome:?}");
}

#[test]
fn outside_of_a_repository_it_says_so() {
    let folder = copy_of(&seed("istio-1.0"));
    let outcome = run(folder.path(), &["--hook"]);
    assert_eq!(outcome.status, Some(2));
    assert!(
        outcome.stderr.contains("is in no Git repository"),
        "{outcome:?}"
    );
}

#[test]
fn what_works_on_the_files_on_disk_is_refused() {
    let repository = Repository::new();
    for flag in ["--fix", "--diff", "--render=helm"] {
        assert_eq!(run(repository.path(), &["--hook", flag]).status, Some(2));
    }
}

#[cfg(unix)]
#[test]
fn git_refuses_a_commit_that_breaks_mutual_tls() {
    let repository = Repository::new();
    repository.install_hook();
    repository.break_it();
    repository.git(&["add", BREAKER]);
    let output = repository.try_git(&["commit", "--quiet", "--message=break"]);
    assert!(!output.status.success());
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(FINDING), "{message}");
}

/// `git commit --all` and `git commit PATH` make an index of their own, which `GIT_INDEX_FILE` names.
#[cfg(unix)]
#[test]
fn a_commit_with_an_index_of_its_own_is_linted_by_that_index() {
    let repository = Repository::new();
    repository.write_sound();
    repository.commit();
    repository.install_hook();
    repository.break_it();
    for arguments in [
        ["commit", "--all", "--message=a"],
        ["commit", BREAKER, "--message=a"],
    ] {
        let output = repository.try_git(&arguments);
        let message = String::from_utf8_lossy(&output.stderr);
        assert!(message.contains(FINDING), "{arguments:?}: {message}");
    }
    repository.git(&["add", BREAKER]);
    repository.write("README.md", "other text");
    repository.git(&["commit", "README.md", "--quiet", "--message=only the text"]);
}

/// A container sees the repository elsewhere than the Git that names the index: it once took such an index for an empty one.
#[test]
fn an_index_that_is_named_by_its_path_on_the_host_is_found_or_missed() {
    let repository = Repository::new();
    let own = repository.path().join(".git/index");
    repository.break_it();
    repository.git(&["add", BREAKER]);
    fs::copy(&own, repository.path().join(".git/index.lock")).expect("it can be copied");
    let hook = |index: &str| {
        let variables = [("GIT_INDEX_FILE", index)];
        run_with(
            repository.path(),
            &["check", "--hook", "--isolated"],
            &variables,
        )
    };
    assert_finds_it(&hook("/host/shop/.git/index.lock"));
    assert_finds_it(&hook("/host/shop/.git/index"));
    let missed = hook("/host/shop/.git/next-index-7.lock");
    assert_eq!(missed.status, Some(2), "{missed:?}");
    assert!(
        missed
            .stderr
            .contains("there is no index `/host/shop/.git/next-index-7.lock`"),
        "{missed:?}"
    );
}

#[test]
fn a_patch_with_any_extension_matters_where_a_kustomization_names_it() {
    let repository = Repository::new();
    repository.write_sound();
    repository.write(
        "apps/kustomization.yaml",
        "resources: [circuit-breaker.yaml]\npatches: [{path: pool.patch}]\n",
    );
    let patch = |mode: &str| {
        format!(
            "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata: {{name: httpbin, namespace: default}}\n\
             spec: {{trafficPolicy: {{tls: {{mode: {mode}}}}}}}\n"
        )
    };
    repository.write("apps/pool.patch", &patch("ISTIO_MUTUAL"));
    repository.commit();
    repository.write("apps/pool.patch", &patch("DISABLE"));
    repository.git(&["add", "apps/pool.patch"]);
    let outcome = repository.hook();
    assert_eq!(outcome.status, Some(1), "{outcome:?}");
    assert!(outcome.stdout.contains("error["), "{outcome:?}");
    repository.write("apps/pool.patch", &patch("ISTIO_MUTUAL"));
    repository.write("apps/other.patch", "text");
    repository.git(&["add", "apps"]);
    assert_is_silent(&repository.hook());
}

#[test]
fn a_folder_of_which_nothing_is_tracked_has_nothing_to_check() {
    let repository = Repository::new();
    fs::create_dir(repository.path().join("empty")).expect("it can be made");
    let outcome = run(&repository.path().join("empty"), &["--hook"]);
    assert_eq!(outcome.status, Some(0), "{outcome:?}");
    assert_eq!(outcome.stdout, "nothing was checked: no file was read\n");
}

#[cfg(unix)]
#[test]
fn a_linked_work_tree_has_a_hook_with_its_own_index() {
    let repository = Repository::new();
    repository.install_hook();
    let place = tempfile::tempdir().expect("a folder can be made");
    let tree = place.path().join("linked");
    let tree_text = tree.to_str().expect("the path is UTF-8");
    repository.git(&["worktree", "add", "--quiet", "-b", "other", tree_text]);
    support::write(&tree, BREAKER, &repository.breaker);
    repository.git(&["-C", tree_text, "add", BREAKER]);
    let output = repository.try_git(&["-C", tree_text, "commit", "--message=break"]);
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(message.contains(FINDING), "{message}");
    assert_finds_nothing(&repository.hook());
}
