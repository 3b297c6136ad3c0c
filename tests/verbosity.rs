//! What a run says beside its findings: less with `-q`, more with `-v`, and `--show-files`.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]

use std::path::Path;

use tempfile::TempDir;

#[expect(dead_code, reason = "other tests use the rest")]
mod support;

use snapbox::{assert_data_eq, str};
use support::{copy_of, run_with, seed, write};

/// The story that the linter exists for, with things that are left out for all kinds of reasons.
fn repository() -> TempDir {
    let copy = copy_of(&seed("istio-1.0"));
    let files = [
        ("mtls-lint.yaml", "exclude: [vendor]\n"),
        (".gitignore", "build/\n"),
        ("vendor/a.yaml", "a: 1\n"),
        ("build/b.yaml", "b: 1\n"),
        (".hidden/c.yaml", "c: 1\n"),
        ("README.md", "text\n"),
        ("chart/Chart.yaml", "name: chart\n"),
        ("chart/templates/d.yaml", "d: {{ .Values.d }}\n"),
    ];
    for (path, text) in files {
        write(copy.path(), path, text.as_bytes());
    }
    copy
}

#[test]
fn quiet_prints_findings_and_no_summary() {
    for format in ["concise", "pretty"] {
        let outcome = run_with(repository().path(), &["-q", "--format", format], &[]);
        assert!(outcome.stdout.contains("error[override-drops-mtls]"));
        assert!(!outcome.stdout.contains("1 error,"), "{}", outcome.stdout);
        assert_eq!((outcome.stderr.as_str(), outcome.status), ("", Some(1)));
    }
}

#[test]
fn quiet_has_nothing_to_print_where_nothing_is_found() {
    let folder = copy_of(&seed("istio-1.0-fixed"));
    let outcome = run_with(folder.path(), &["-q"], &[]);
    let printed = (outcome.stdout.as_str(), outcome.stderr.as_str());
    assert_eq!((printed, outcome.status), (("", ""), Some(0)));
}

#[test]
fn quiet_twice_prints_nothing_and_keeps_the_exit_status() {
    let outcome = run_with(repository().path(), &["-qq"], &[]);
    let printed = (outcome.stdout.as_str(), outcome.stderr.as_str());
    assert_eq!((printed, outcome.status), (("", ""), Some(1)));
}

#[test]
fn verbose_says_what_was_read_and_why_something_was_not() {
    let outcome = run_with(repository().path(), &["-v"], &[]);
    assert_data_eq!(
        outcome.stderr,
        str![[r"
config file: mtls-lint.yaml
read 8 files, 10 documents, 7 resources, 1 mesh
left out: .hidden: it is hidden; name it to read it
left out: build: a `.gitignore` names it
left out: vendor: `exclude` names it
not deployed: chart/Chart.yaml: says what a chart is
not deployed: chart/templates/d.yaml: a template of chart `chart`, which is not rendered
not deployed: mtls-lint.yaml: no object that matters to mutual TLS

"]]
    );
}

#[test]
fn the_files_that_would_be_linted_are_listed_and_nothing_else() {
    let outcome = run_with(repository().path(), &["--show-files"], &[]);
    assert_data_eq!(
        outcome.stdout,
        str![[r"
apps/circuit-breaker.yaml
apps/httpbin.yaml
apps/sleep.yaml
chart/Chart.yaml
chart/templates/d.yaml
mesh/destination-rule.yaml
mesh/mesh-policy.yaml
mtls-lint.yaml

"]]
    );
    assert_eq!((outcome.stderr.as_str(), outcome.status), ("", Some(0)));
}

#[test]
fn a_file_that_a_kustomization_leads_to_is_listed() {
    let folder = tempfile::tempdir().expect("a folder can be created");
    let kustomization = b"resources: [../base/rule.yaml]\n";
    write(folder.path(), "app/kustomization.yaml", kustomization);
    write(folder.path(), "base/rule.yaml", b"kind: Service\n");
    let outcome = run_with(folder.path(), &["--show-files", "app"], &[]);
    assert_eq!(outcome.stdout, "app/kustomization.yaml\nbase/rule.yaml\n");
}

#[test]
fn no_file_to_list_is_an_input_error() {
    let folder = tempfile::tempdir().expect("a folder can be created");
    let outcome = run_with(folder.path(), &["--show-files"], &[]);
    assert_eq!((outcome.stdout.as_str(), outcome.status), ("", Some(3)));
    assert!(outcome.stderr.contains("nothing to check in `.`"));
    let outcome = run_with(folder.path(), &["--show-files", "nowhere"], &[]);
    assert_eq!(outcome.status, Some(3));
    assert!(outcome.stderr.contains("cannot read `nowhere`"));
}

/// A rule that a person may have meant as it is, so that its fix is unsafe.
fn unsafe_alone() -> TempDir {
    copy_of(Path::new("testdata/faq/permissive"))
}

#[test]
fn a_diff_says_which_fixes_it_leaves_out() {
    let folder = unsafe_alone();
    let outcome = run_with(folder.path(), &["--diff"], &[]);
    assert_eq!(outcome.stdout, "");
    let told = "1 unsafe fix is left out; `--unsafe-fixes` adds it\n";
    assert_eq!(outcome.stderr, told);
    let outcome = run_with(folder.path(), &["--diff", "--unsafe-fixes"], &[]);
    assert!(outcome.stdout.contains("+      mode: ISTIO_MUTUAL"));
    assert_eq!(outcome.stderr, "");
    assert_eq!(run_with(folder.path(), &["--diff", "-q"], &[]).stderr, "");
}

#[test]
fn a_diff_says_that_there_is_nothing_to_change() {
    let folder = unsafe_alone();
    write(folder.path(), "cart-rule.yaml", b"kind: [\n");
    let outcome = run_with(folder.path(), &["--diff"], &[]);
    assert_eq!(outcome.stdout, "");
    let told = "nothing to change: no fix applies to 1 finding\n";
    assert_eq!(outcome.stderr, told);
}
