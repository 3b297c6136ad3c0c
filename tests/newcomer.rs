//! What a newcomer does wrong, and what is said then: what is wrong, where, why, and what to do next.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;
use std::process::{Command, Stdio};

use tempfile::TempDir;

use support::{run_with, write};

const WORKLOADS: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart}]}
";
const SERVICES: &str = "\
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec:
  selector: {app: cart}
  ports: [{name: http, port: 80, targetPort: 8080}]
";
const POLICY: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy:
    tls: {mode: ISTIO_MUTUAL}
";

/// A folder with files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be created");
    for (path, bytes) in files {
        write(folder.path(), path, bytes);
    }
    folder
}

/// A folder with three manifests, and nothing configured.
fn three() -> TempDir {
    folder(&[
        ("workloads.yaml", WORKLOADS.as_bytes()),
        ("services.yaml", SERVICES.as_bytes()),
        ("policy.yaml", POLICY.as_bytes()),
    ])
}

/// What a person sees who types some commands in a folder, and the exit status where it is not 0.
fn session(folder: &Path, lines: &[&str]) -> String {
    session_with(folder, lines, &[])
}

fn session_with(folder: &Path, lines: &[&str], variables: &[(&str, &str)]) -> String {
    let mut shown = String::new();
    for line in lines {
        let arguments: Vec<&str> = line.split_whitespace().collect();
        let outcome = run_with(folder, &arguments, variables);
        writeln!(shown, "$ mtls-lint {line}").expect("a String takes any text");
        shown.push_str(&outcome.stdout);
        shown.push_str(&outcome.stderr);
        match outcome.status {
            Some(0) => shown.push('\n'),
            status => writeln!(shown, "[exit {}]\n", status.unwrap_or(-1))
                .expect("a String takes any text"),
        }
    }
    shown
}

#[test]
fn a_folder_without_anything() {
    let folder = folder(&[]);
    let lines = [
        "",
        "--statistics",
        "--format concise",
        "--format markdown",
        "--show-files",
        "matrix",
        "meshes",
        "graph",
        "render",
        "baseline write",
        "trace web cart",
        "--allow-empty",
    ];
    insta::assert_snapshot!(session(folder.path(), &lines));
}

#[test]
fn an_empty_stream() {
    let folder = folder(&[]);
    insta::assert_snapshot!(session(folder.path(), &["-", "matrix -", "- --allow-empty"]), @r"
    $ mtls-lint -
    error: nothing to check: standard input is empty
    help: see whether the program before the `|` failed, or pass `--allow-empty`
    [exit 3]

    $ mtls-lint matrix -
    error: nothing to check: standard input is empty
    help: see whether the program before the `|` failed
    [exit 3]

    $ mtls-lint - --allow-empty
    nothing was checked: no document was read
    ");
}

#[test]
fn manifests_that_are_left_out() {
    let folder = folder(&[
        (".gitignore", b"out/\n"),
        ("out/policy.yaml", POLICY.as_bytes()),
        ("README.md", b"# hello\n"),
    ]);
    let lines = [
        "",
        "--no-gitignore --exclude out",
        "--exclude [",
        "README.md --exclude *.md",
    ];
    let shown = session(folder.path(), &lines);
    fs::remove_dir_all(folder.path().join("out")).expect("it can be removed");
    insta::assert_snapshot!(shown + &session(folder.path(), &[""]));
}

#[test]
fn files_that_cannot_be_read() {
    let broken = "kind: DestinationRule\nmetadata: {name: a\nspec:\n  host: x\n";
    let tab = "kind: DestinationRule\nmetadata:\n\tname: a\n";
    let latin = b"kind: DestinationRule\nmetadata: {name: gr\xfcn}\n";
    let mut shown = String::new();
    for bytes in [broken.as_bytes(), tab.as_bytes(), latin] {
        let folder = folder(&[("a.yaml", bytes)]);
        shown += &session(folder.path(), &["", "matrix", "render", "trace web cart"]);
    }
    let folder = folder(&[("a.yaml", POLICY.as_bytes())]);
    shown += &session(folder.path(), &["--max-file-size 10"]);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_chart_alone() {
    let template = b"kind: Service\nmetadata: {name: {{ .Release.Name }}}\n";
    let folder = folder(&[
        ("Chart.yaml", b"apiVersion: v2\nname: web\nversion: 0.1.0\n"),
        ("values.yaml", b"a: 1\n"),
        ("templates/service.yaml", template),
    ]);
    let lines = ["", "render", "matrix", "meshes", "--render helmm"];
    insta::assert_snapshot!(session(folder.path(), &lines));
}

#[test]
fn a_kustomization_of_nothing() {
    let folder = folder(&[("kustomization.yaml", b"resources: [a.yaml]\n")]);
    insta::assert_snapshot!(session(folder.path(), &["", "render", "render b"]));
}

#[test]
fn manifests_without_clients() {
    let folder = folder(&[("values.yaml", b"a: 1\n")]);
    let lines = [
        "",
        "matrix",
        "graph --format mermaid",
        "trace web cart",
        "render",
    ];
    insta::assert_snapshot!(session(folder.path(), &lines));
}

#[test]
fn paths_and_commands_with_a_slip() {
    let lines = [
        "polisy.yaml",
        "check ./polisy.yaml",
        "chek",
        "lint",
        "explain unread-input",
        "--isolated matrix",
        "apps/web",
        "matrix polisy.yaml",
        "render nowhere",
        "config lint",
        "man chek",
    ];
    insta::assert_snapshot!(session(three().path(), &lines));
}

#[test]
fn flags_and_values_with_a_slip() {
    let lines = [
        "--fromat json",
        "--format jsn",
        "--format xml",
        "--output sarif",
        "--fail-on info",
        "--jobs 0",
        "--auto-mtls on",
        "--istio-version latest",
        "--mesh prod",
        "--assume cluster.yaml",
        "--assume preset:nothing",
        "--select unread-inputs",
        "rule unread-inputs",
        "completions fsh",
        "matrix --verdict refuzed",
        "graph --fail-on error",
        "graph --output graph.html",
        "render --what",
        "diff",
        "--watch --fix",
        "--output json=no/such/folder.json",
        "--output json=.",
    ];
    insta::assert_snapshot!(session(three().path(), &lines));
}

#[test]
fn clients_and_hosts_with_a_slip() {
    let lines = [
        "trace",
        "trace web",
        "trace wbe cart",
        "trace web crat",
        "trace web cart:81",
        "matrix --client nobody",
        "matrix --host nowhere",
        "matrix --verdict blocked",
    ];
    insta::assert_snapshot!(session(three().path(), &lines));
}

#[test]
fn no_git_and_no_revision() {
    let folder = three();
    let ceiling = folder.path().parent().and_then(Path::to_str);
    let variables = [
        ("GIT_CEILING_DIRECTORIES", ceiling.unwrap_or_default()),
        ("PATH", &std::env::var("PATH").unwrap_or_default()),
    ];
    let lines = ["--base main", "diff --base main", "--hook"];
    let mut shown = session_with(folder.path(), &lines, &variables);
    let made = Command::new("git")
        .args(["init", "--quiet", "."])
        .current_dir(folder.path())
        .status();
    assert!(
        made.is_ok_and(|status| status.success()),
        "git makes a repository"
    );
    shown += &session_with(folder.path(), &["--base main"], &variables);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_baseline_that_is_not_there_or_broken() {
    let folder = three();
    let lines = [
        "baseline update",
        "baseline prune",
        "--baseline known.json",
        "baseline write --baseline no/such/known.json",
        "baseline write",
        "baseline write",
    ];
    let mut shown = session(folder.path(), &lines);
    write(folder.path(), ".mtls-lint-baseline.json", b"{");
    shown += &session(folder.path(), &["", "baseline update"]);
    insta::assert_snapshot!(shown);
}

#[test]
fn a_config_file_with_a_slip() {
    let folder = three();
    let mut shown = String::new();
    for text in [
        "istio-versoin: 1.20\n",
        "istio-version: [\n",
        "- a\n",
        "fail-on: info\n",
        "auto-mtls: maybe\n",
        "select: [unread-inputs]\n",
        "exclude: ['[']\n",
        "paths: [apps]\n",
        "rules: {unread-input: loud}\n",
        "rules: {unread-input: {sevrity: note}}\n",
        "meshes: [{name: prod, pats: [a]}]\n",
    ] {
        write(folder.path(), "mtls-lint.yaml", text.as_bytes());
        shown += &session(folder.path(), &[""]);
    }
    write(folder.path(), "mtls-lint.yaml", b"# gr\xfcn\n");
    shown += &session(folder.path(), &[""]);
    write(folder.path(), ".mtls-lint.yaml", b"");
    shown += &session(folder.path(), &["", "--config settings.yaml", "--config ."]);
    insta::assert_snapshot!(shown);
}

#[test]
#[cfg(unix)]
fn a_folder_without_permission() {
    use std::os::unix::fs::PermissionsExt;
    let folder = three();
    write(folder.path(), "closed/policy.yaml", POLICY.as_bytes());
    let closed = folder.path().join("closed");
    let set = |mode| fs::set_permissions(&closed, fs::Permissions::from_mode(mode));
    set(0).expect("the owner may set them");
    if fs::read_dir(&closed).is_ok() {
        let line = writeln!(std::io::stderr(), "skipped: this user may read everything");
        return line.expect("standard error takes a line");
    }
    let shown = session(folder.path(), &["closed", "matrix closed"]);
    set(0o700).expect("the owner may set them");
    insta::assert_snapshot!(shown);
}

/// Whether what is said about a failed run says what to do, in one of the forms that are used.
fn says_what_to_do(shown: &str) -> bool {
    let forms = [
        "help: ",
        "try '--help'",
        "did you mean",
        "--help             ", // the page of a command that needs another
        "; write `",
        "; there are `",
        "the meshes are",
    ];
    forms.iter().any(|form| shown.contains(form))
}

#[test]
fn every_failure_says_what_to_do_next() {
    let folder = three();
    write(folder.path(), "latin.yaml", b"# gr\xfcn\n");
    for line in [
        "nowhere",
        "latin.yaml",
        "--select no-such-rule",
        "--mesh prod",
        "--istio-version latest",
        "--assume preset:nothing",
        "--assume nothing.yaml",
        "--config nothing.yaml",
        "--config .",
        "--baseline nothing.json",
        "--output json=no/such/folder.json",
        "--output json=a --output sarif=a",
        "--output json=- --output sarif=-",
        "--exclude *.yaml",
        "--watch -",
        "rule nothing",
        "man nothing",
        "matrix --client nobody",
        "trace web nowhere",
        "trace web cart:81",
        "render --unit nothing",
        "baseline update",
        "--nothing",
        "--jobs many",
    ] {
        let shown = session(folder.path(), &[line]);
        assert!(shown.contains("[exit "), "{shown}");
        assert!(says_what_to_do(&shown), "{shown}");
    }
}

#[test]
fn an_empty_pipe_from_another_program() {
    let folder = folder(&[]);
    let mut child = Command::new(env!("CARGO_BIN_EXE_mtls-lint"))
        .args(["-", "--isolated"])
        .current_dir(folder.path())
        .env_clear()
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the command can be run");
    let mut stdin = child.stdin.take().expect("it is piped");
    stdin.write_all(b"\n").expect("it reads");
    drop(stdin);
    let output = child.wait_with_output().expect("the command ends");
    assert_eq!(output.status.code(), Some(3));
    assert!(String::from_utf8_lossy(&output.stderr).contains("standard input is empty"));
}
