//! The baseline as a user has it: accepted findings stay away however files move, and others come through.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

#[path = "support/manifests.rs"]
mod manifests;
mod support;

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use snapbox::{assert_data_eq, str};
use tempfile::TempDir;

use manifests::SECOND_BREAKER;
use support::{Outcome, copy_of, run_with, seed, write};

/// The rule that breaks mutual TLS.
const BREAKER: &str = "apps/circuit-breaker.yaml";
/// Where the baseline is by default.
const BASELINE: &str = ".mtls-lint-baseline.json";

/// A copy of the story, whose one finding a test may accept.
struct Repository(TempDir);

impl Repository {
    fn new() -> Self {
        Self(copy_of(&seed("istio-1.0")))
    }

    /// One with a baseline that accepts the finding.
    fn accepted() -> Self {
        let repository = Self::new();
        let outcome = repository.run(&["baseline", "write"]);
        assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
        repository
    }

    fn path(&self, path: &str) -> PathBuf {
        self.0.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect("the file can be read")
    }

    fn write(&self, path: &str, text: &str) {
        write(self.0.path(), path, text.as_bytes());
    }

    fn replace(&self, path: &str, old: &str, new: &str) {
        let text = self.read(path);
        assert!(text.contains(old), "{text}");
        self.write(path, &text.replace(old, new));
    }

    fn rename(&self, from: &str, to: &str) {
        let parent = self.path(to);
        fs::create_dir_all(parent.parent().expect("it is below the folder"))
            .expect("the folder can be created");
        fs::rename(self.path(from), self.path(to)).expect("the file can be moved");
    }

    fn remove(&self, path: &str) {
        fs::remove_file(self.path(path)).expect("the file can be removed");
    }

    fn run(&self, arguments: &[&str]) -> Outcome {
        run_in(self.0.path(), arguments)
    }

    /// The last lines of a run: what the summary says.
    fn summary(&self, arguments: &[&str]) -> String {
        let outcome = self.run(&[arguments, &["--format", "concise"]].concat());
        outcome.stdout
    }

    fn assert_nothing_new(&self) {
        let outcome = self.run(&["--format", "json"]);
        assert_eq!(outcome.status, Some(0), "{}", outcome.stdout);
        let report = outcome.json();
        assert_eq!(report["findings"], Value::Array(Vec::new()));
        assert_eq!(report["summary"]["baseline"]["known"], 1);
        assert_eq!(report["summary"]["baseline"]["gone"], 0);
    }
}

/// Runs the command in a folder with an empty environment.
fn run_in(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, arguments, &[])
}

#[test]
fn a_baseline_says_for_people_what_it_accepts() {
    let repository = Repository::new();
    let outcome = repository.run(&["baseline", "write"]);
    assert_data_eq!(
        outcome.stdout,
        str![[r"
.mtls-lint-baseline.json: accepts 1 finding (1 error, 0 warnings, 0 notes)

"]]
    );
    assert_data_eq!(
        repository.read(BASELINE),
        str![[r#"
{
  "schema": "mtls-lint/baseline/1",
  "findings": [
    {
      "rule": "override-drops-mtls",
      "object": "DestinationRule default/httpbin",
      "field": "spec.trafficPolicy",
      "severity": "error",
      "message": "calls to `httpbin.default.svc.cluster.local:8000` fail with 503 `upstream connect error or disconnect/reset before headers`: `DestinationRule default/httpbin` has no `tls` and replaces `DestinationRule istio-system/default` as a whole"
    }
  ]
}

"#]]
    );
}

#[test]
fn an_accepted_finding_is_not_reported_and_counted() {
    let repository = Repository::accepted();
    repository.assert_nothing_new();
    assert_data_eq!(
        repository.summary(&[]),
        str![[r"
no new findings in 5 files (7 documents, 7 resources, 1 mesh), 1 known

"]]
    );
}

#[test]
fn a_file_that_moves_revives_nothing() {
    let repository = Repository::accepted();
    repository.rename(BREAKER, "rules/deep/circuit-breaker.yaml");
    repository.assert_nothing_new();
}

#[test]
fn a_file_that_is_renamed_or_joined_with_another_revives_nothing() {
    let repository = Repository::accepted();
    repository.rename(BREAKER, "apps/a.yml");
    repository.assert_nothing_new();
    let joined = repository.read("apps/sleep.yaml") + "\n---\n" + &repository.read("apps/a.yml");
    repository.write("apps/sleep.yaml", &joined);
    repository.remove("apps/a.yml");
    repository.assert_nothing_new();
}

#[test]
fn a_file_that_is_reformatted_revives_nothing() {
    let repository = Repository::accepted();
    repository.write(
        BREAKER,
        "# moved down\n\n\nspec: {'trafficPolicy': {connectionPool: {tcp: {maxConnections: 1}}}, 'host': \"httpbin\"}\r\n\
         metadata: {namespace: default, name: httpbin}\r\nkind: DestinationRule\r\napiVersion: networking.istio.io/v1alpha3\r\n",
    );
    repository.assert_nothing_new();
    repository.remove(BREAKER);
    repository.write(
        "apps/circuit-breaker.json",
        r#"{"apiVersion": "networking.istio.io/v1alpha3", "kind": "DestinationRule",
            "metadata": {"name": "httpbin", "namespace": "default"},
            "spec": {"host": "httpbin", "trafficPolicy": {"connectionPool": {"tcp": {"maxConnections": 1}}}}}"#,
    );
    repository.assert_nothing_new();
}

#[test]
fn one_more_broken_rule_is_one_finding() {
    let repository = Repository::accepted();
    repository.write("apps/second.yaml", SECOND_BREAKER);
    let outcome = repository.run(&["--format", "json"]);
    assert_eq!(outcome.status, Some(1));
    let report = outcome.json();
    let findings = report["findings"].as_array().expect("there is a list");
    let [finding] = findings.as_slice() else {
        panic!("{findings:#?}");
    };
    assert_eq!(finding["location"]["path"], "apps/second.yaml");
}

#[test]
fn a_finding_that_got_more_severe_is_reported() {
    let repository = Repository::new();
    let policy = "mesh/mesh-policy.yaml";
    repository.replace(policy, "mtls: {}", "mtls: {mode: PERMISSIVE}");
    assert_eq!(repository.run(&["baseline", "write"]).status, Some(0));
    assert!(
        repository
            .read(BASELINE)
            .contains("\"severity\": \"warning\"")
    );
    assert_eq!(repository.run(&[]).status, Some(0));
    repository.replace(policy, "mtls: {mode: PERMISSIVE}", "mtls: {}");
    assert_eq!(repository.run(&[]).status, Some(1));
}

#[test]
fn entries_that_nothing_needs_are_told_and_pruned() {
    let repository = Repository::accepted();
    repository.remove(BREAKER);
    assert_data_eq!(
        repository.summary(&[]),
        str![[r"
1 entry of the baseline `.mtls-lint-baseline.json` is gone: `mtls-lint baseline prune` drops what no finding needs
no findings in 4 files (6 documents, 6 resources, 1 mesh): no conflict found under these assumptions

"]]
    );
    let outcome = repository.run(&["baseline", "prune"]);
    assert_eq!(
        outcome.stdout,
        ".mtls-lint-baseline.json: 1 dropped, 0 kept\n"
    );
    assert!(!repository.summary(&[]).contains("gone"));
}

#[test]
fn pruning_accepts_nothing_and_updating_does() {
    let repository = Repository::accepted();
    repository.remove(BREAKER);
    repository.write("apps/second.yaml", SECOND_BREAKER);
    assert_eq!(
        repository.run(&["baseline", "prune"]).stdout,
        ".mtls-lint-baseline.json: 1 dropped, 0 kept\n"
    );
    assert_eq!(repository.run(&[]).status, Some(1));
    assert_eq!(
        repository.run(&["baseline", "update"]).stdout,
        ".mtls-lint-baseline.json: 1 added, 0 dropped, 0 kept\n"
    );
    assert_eq!(repository.run(&[]).status, Some(0));
}

#[test]
fn a_run_over_a_part_says_nothing_of_entries_that_are_gone() {
    let repository = Repository::accepted();
    for arguments in [
        &["mesh"][..],
        &["--select", "unread-input"],
        &["--exclude", "apps"],
    ] {
        assert!(
            !repository.summary(arguments).contains("gone"),
            "{arguments:?}"
        );
    }
}

#[test]
fn a_baseline_that_exists_is_only_replaced_on_demand() {
    let repository = Repository::accepted();
    let outcome = repository.run(&["baseline", "write"]);
    assert_eq!(outcome.status, Some(2));
    assert_data_eq!(
        outcome.stderr,
        str![[r"
error: the baseline `.mtls-lint-baseline.json` exists
help: `mtls-lint baseline update` accepts what is new; `--force` writes it from scratch

"]]
    );
    repository.remove(BREAKER);
    let outcome = repository.run(&["baseline", "write", "--force"]);
    assert_eq!(outcome.status, Some(0));
    assert!(!repository.read(BASELINE).contains("override-drops-mtls"));
}

#[test]
fn a_baseline_that_was_named_must_exist() {
    let repository = Repository::new();
    for command in [
        &["--baseline", "none.json"][..],
        &["baseline", "update", "--baseline", "none.json"],
        &["baseline", "prune", "--baseline", "none.json"],
    ] {
        let outcome = repository.run(command);
        assert_eq!(outcome.status, Some(2), "{command:?}");
        assert_data_eq!(
            outcome.stderr,
            str![[r"
error: there is no baseline `none.json`
help: `mtls-lint baseline write` makes one

"]]
        );
    }
}

#[test]
fn a_broken_or_newer_baseline_ends_the_run_with_what_to_do() {
    let repository = Repository::new();
    repository.write(BASELINE, "{\n<<<<<<< HEAD\n");
    let outcome = repository.run(&[]);
    assert_eq!((outcome.status, outcome.stdout.as_str()), (Some(2), ""));
    assert_data_eq!(
        outcome.stderr,
        str![[r"
error: `.mtls-lint-baseline.json` is not a valid baseline: key must be a string at line 2 column 1
help: resolve conflicts of a merge in it, or write it from scratch with `mtls-lint baseline write --force`

"]]
    );
    repository.write(BASELINE, r#"{"schema": "mtls-lint/baseline/9"}"#);
    let outcome = repository.run(&[]);
    assert_eq!(outcome.status, Some(2));
    assert_data_eq!(
        outcome.stderr,
        str![[r"
error: a newer mtls-lint wrote the baseline `.mtls-lint-baseline.json`: its `schema` is `mtls-lint/baseline/9`, and this one knows `mtls-lint/baseline/1`
help: use the version of mtls-lint that wrote it

"]]
    );
}

#[test]
fn a_baseline_is_left_out_on_demand_and_in_isolated_runs() {
    let repository = Repository::accepted();
    for flag in ["--no-baseline", "--isolated"] {
        assert_eq!(repository.run(&[flag]).status, Some(1), "{flag}");
    }
    assert_eq!(
        repository
            .run(&["--isolated", "--baseline", BASELINE])
            .status,
        Some(0)
    );
}

#[test]
fn the_config_file_can_name_the_baseline() {
    let repository = Repository::new();
    repository.write("mtls-lint.yaml", "baseline: .github/known.json\n");
    let outcome = repository.run(&["--format", "json"]);
    assert_eq!(outcome.status, Some(2), "it has to exist");
    repository.write(".github/keep", "");
    assert_eq!(repository.run(&["baseline", "write"]).status, Some(0));
    assert!(repository.path(".github/known.json").exists());
    assert!(!repository.path(BASELINE).exists());
    repository.assert_nothing_new();
}

#[test]
fn code_scanning_gets_known_findings_as_unchanged_and_others_as_new() {
    let states = |repository: &Repository| {
        let outcome = repository.run(&["--format", "sarif"]);
        let results = outcome.json()["runs"][0]["results"].take();
        let results = results.as_array().expect("there is a list").clone();
        let state = |result: &Value| result["baselineState"].as_str().map(str::to_owned);
        results.iter().map(state).collect::<Vec<_>>()
    };
    let repository = Repository::new();
    assert_eq!(states(&repository), [None]);
    let repository = Repository::accepted();
    repository.write("apps/second.yaml", SECOND_BREAKER);
    let expected = ["new", "unchanged"].map(|state| Some(state.to_owned()));
    assert_eq!(states(&repository), expected);
    repository.remove(BREAKER);
    let expected = ["new", "absent"].map(|state| Some(state.to_owned()));
    assert_eq!(states(&repository), expected);
}

/// A rule whose subsets say what mode they want.
fn subsets(modes: &[(&str, &str)]) -> String {
    let rule = "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata: {name: sleep, namespace: default}\n\
                spec:\n  host: sleep\n  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}\n  subsets:\n";
    let subsets = modes.iter().map(|(name, mode)| {
        format!(
            "  - name: {name}\n    labels: {{app: sleep}}\n    trafficPolicy: {{tls: {{mode: {mode}}}}}\n"
        )
    });
    rule.to_owned() + &subsets.collect::<String>()
}

/// Whether a run has nothing new after a file changed from one text to another.
fn is_known_after(before: &str, after: &str) -> bool {
    let repository = Repository::new();
    repository.write("apps/subsets.yaml", before);
    assert_eq!(repository.run(&["baseline", "write"]).status, Some(0));
    repository.write("apps/subsets.yaml", after);
    let outcome = repository.run(&["--format", "json"]);
    let report = outcome.json();
    let baseline = repository.read(BASELINE);
    let mut fields = baseline.lines().filter(|line| line.contains("\"field\""));
    assert!(fields.all(|field| !field.contains("[0]")), "{baseline}");
    report["findings"].as_array().is_some_and(Vec::is_empty)
}

#[test]
fn subsets_that_change_their_order_revive_nothing() {
    for [wrong, other] in [["DISABLED", "MUTUALS"], ["DISABLE", "SIMPLE"]] {
        let before = subsets(&[("v1", wrong), ("v2", "ISTIO_MUTUAL"), ("v3", other)]);
        let after = subsets(&[("v3", other), ("v2", "ISTIO_MUTUAL"), ("v1", wrong)]);
        assert!(is_known_after(&before, &after), "{wrong}");
        let removed = subsets(&[("v3", other), ("v1", wrong)]);
        assert!(is_known_after(&before, &removed), "{wrong}");
    }
}

#[test]
fn another_subset_that_breaks_is_new_although_one_is_repaired() {
    for wrong in ["DISABLED", "DISABLE"] {
        let before = subsets(&[("v1", wrong), ("v2", "ISTIO_MUTUAL")]);
        let after = subsets(&[("v1", "ISTIO_MUTUAL"), ("v2", wrong)]);
        assert!(!is_known_after(&before, &after), "{wrong}");
    }
}

#[test]
fn settings_of_ports_that_change_their_order_revive_nothing() {
    let rule = |ports: [(u16, &str); 2]| {
        let settings = ports.map(|(port, mode)| {
            format!("    - port: {{number: {port}}}\n      tls: {{mode: {mode}}}\n")
        });
        format!(
            "apiVersion: networking.istio.io/v1alpha3\nkind: DestinationRule\nmetadata: {{name: sleep, namespace: default}}\n\
             spec:\n  host: sleep\n  trafficPolicy:\n    portLevelSettings:\n{}",
            settings.concat()
        )
    };
    let (right, wrong) = ((8080, "ISTIO_MUTUAL"), (80, "istio"));
    assert!(is_known_after(&rule([right, wrong]), &rule([wrong, right])));
    assert!(!is_known_after(
        &rule([right, wrong]),
        &rule([(8080, "istio"), (80, "ISTIO_MUTUAL")])
    ));
}

#[test]
fn code_scanning_hears_of_nothing_that_is_absent_where_only_a_part_is_looked_at() {
    let repository = Repository::accepted();
    for arguments in [&["mesh"][..], &["--select", "unread-input"]] {
        let outcome = repository.run(&[arguments, &["--format", "sarif"]].concat());
        assert!(!outcome.stdout.contains("\"absent\""), "{arguments:?}");
    }
}

#[test]
fn what_is_written_follows_its_schema() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/schemas/baseline-1.schema.json");
    let schema = fs::read_to_string(path).expect("the schema is there");
    let schema: Value = serde_json::from_str(&schema).expect("it is JSON");
    let validator = jsonschema::validator_for(&schema).expect("it is a schema");
    let repository = Repository::new();
    repository.write("apps/subsets.yaml", &subsets(&[("v1", "DISABLED")]));
    repository.write("broken.yaml", "kind: [\n");
    assert_eq!(repository.run(&["baseline", "write"]).status, Some(0));
    let mut written: Value =
        serde_json::from_str(&repository.read(BASELINE)).expect("the baseline is JSON");
    let errors: Vec<_> = validator.iter_errors(&written).collect();
    assert!(errors.is_empty(), "{errors:?}");
    assert_eq!(written["findings"].as_array().map(Vec::len), Some(3));
    written["findings"][0]["line"] = 3.into();
    assert!(!validator.is_valid(&written));
}
