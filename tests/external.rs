//! `--render`: what an installed program renders is linted too. The programs here are scripts that print a file.
#![cfg(unix)]
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program, and write files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

#[path = "support/manifests.rs"]
mod manifests;
mod support;

use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use tempfile::TempDir;

use manifests::WEB;
use support::{Outcome, run_with, write};

/// What all tests deploy beside a service: a mesh that demands mutual TLS, without auto mTLS.
const MESH: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: 'enableAutoMtls: false'}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
";

/// A rule without mutual TLS, as a program prints it.
const RULE: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web, trafficPolicy: {tls: {mode: DISABLE}}}
";

/// A repository beside a folder with programs.
struct Project {
    folder: TempDir,
}

impl Project {
    /// A repository with these files, and a mesh.
    fn new(files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().expect("a folder can be created");
        write(
            folder.path(),
            "repository/mesh/mesh.yaml",
            [MESH, WEB].join("---\n").as_bytes(),
        );
        write(folder.path(), "bin/.keep", b"");
        for (path, text) in files {
            write(&folder.path().join("repository"), path, text.as_bytes());
        }
        Self { folder }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// Installs a program: a script.
    fn with_program(self, name: &str, script: &str) -> Self {
        let file = self.path("bin").join(name);
        fs::write(&file, format!("#!/bin/sh\n{script}\n")).expect("it can be written");
        fs::set_permissions(&file, fs::Permissions::from_mode(0o755)).expect("it can be run");
        self
    }

    /// Lints.
    fn run(&self, arguments: &[&str]) -> Outcome {
        self.run_command(&[&["--isolated", "--format=concise"], arguments].concat())
    }

    /// Runs the program with nothing but these arguments.
    fn run_command(&self, arguments: &[&str]) -> Outcome {
        let programs = self.path("bin");
        let programs = programs.to_str().expect("the path is UTF-8");
        run_with(
            &self.path("repository"),
            arguments,
            &[("PATH", programs), ("RULE", RULE)],
        )
    }
}

/// A kustomization whose base is elsewhere.
const REMOTE: (&str, &str) = (
    "apps/kustomization.yaml",
    "resources: ['https://git.example/base?ref=v1']\n",
);

/// A chart with a template that only Helm can read.
const CHART: [(&str, &str); 2] = [
    (
        "charts/web/Chart.yaml",
        "apiVersion: v2\nname: web\nversion: 1.0.0\n",
    ),
    (
        "charts/web/templates/rule.yaml",
        "kind: DestinationRule\nmetadata: {name: {{ .Release.Name }}}\n",
    ),
];

/// Prints the rule if the arguments are these.
fn printing(arguments: &str) -> String {
    format!("[ \"$*\" = '{arguments}' ] && printf %s \"$RULE\"")
}

#[test]
fn a_base_that_is_elsewhere_is_built_by_kustomize() {
    let project = Project::new(&[REMOTE]).with_program("kustomize", &printing("build -- apps"));
    let without = project.run(&["."]);
    assert!(
        without.stdout.contains("apps/kustomization.yaml:1"),
        "{without:?}"
    );
    assert!(
        !without.stdout.contains("tls-disabled-in-mesh"),
        "{without:?}"
    );
    let with = project.run(&["--render=kustomize", "."]);
    let place = "apps/<kustomize build>:4:47: error[tls-disabled-in-mesh]";
    assert!(with.stdout.contains(place), "{with:?}");
    assert!(!with.stdout.contains("unread-input"), "{with:?}");
    assert_eq!(with.status, Some(1));
}

#[test]
fn kubectl_builds_where_kustomize_is_not_installed() {
    let project = Project::new(&[REMOTE]).with_program("kubectl", &printing("kustomize -- apps"));
    let with = project.run(&["--render=kustomize", "."]);
    assert!(with.stdout.contains("tls-disabled-in-mesh"), "{with:?}");
}

#[test]
fn a_chart_is_rendered_by_helm() {
    let script = printing("template release -- charts/web");
    let project = Project::new(&CHART).with_program("helm", &script);
    let without = project.run(&["."]);
    assert!(
        without
            .stdout
            .contains("chart `charts/web` is not rendered"),
        "{without:?}"
    );
    let with = project.run(&["--render", "helm,kustomize", "."]);
    let place = "charts/web/<helm template>:4:47: error[tls-disabled-in-mesh]";
    assert!(with.stdout.contains(place), "{with:?}");
    assert!(!with.stdout.contains("unread-input"), "{with:?}");
}

#[test]
fn a_program_that_is_not_installed_ends_the_run() {
    let project = Project::new(&[REMOTE]);
    let run = project.run(&["--render=kustomize", "."]);
    let message = "`--render kustomize`: neither `kustomize` nor `kubectl` is installed";
    assert!(run.stderr.contains(message), "{run:?}");
    assert_eq!(run.status, Some(2));
}

#[test]
fn a_program_that_fails_leaves_the_rest_linted() {
    let project = Project::new(&[REMOTE, ("apps/shop/rule.yaml", RULE)])
        .with_program("kustomize", "echo 'no such host' >&2; exit 1");
    let run = project.run(&["--render=kustomize", "."]);
    assert!(
        run.stdout
            .contains("`kustomize build apps` failed: no such host"),
        "{run:?}"
    );
    assert!(
        run.stdout.contains("apps/shop/rule.yaml:4:47: error"),
        "{run:?}"
    );
}

#[test]
fn a_failure_of_kustomize_is_told_once_and_where_it_was_needed() {
    let script = "printf '# Warning: old\\nError: accumulating:\\n  no such host\\n' >&2; exit 1";
    let project = Project::new(&[REMOTE]).with_program("kustomize", script);
    let run = project.run(&["--render=kustomize", "."]);
    let findings = run
        .stdout
        .lines()
        .filter(|line| line.contains("unread-input"));
    let findings: Vec<&str> = findings.collect();
    assert_eq!(
        findings,
        [
            "apps/kustomization.yaml:1:13: warning[unread-input] `https://git.example/base?ref=v1` is not in this \
              repository, and `kustomize build apps` failed: Error: accumulating: no such host"
        ]
    );
}

#[test]
fn render_says_that_kustomize_failed() {
    let project =
        Project::new(&[REMOTE]).with_program("kustomize", "echo 'no such host' >&2; exit 1");
    let run = project.run_command(&["render", "--render=kustomize", "apps"]);
    assert!(
        run.stderr
            .contains("and `kustomize build apps` failed: no such host"),
        "{run:?}"
    );
}

#[test]
fn render_shows_what_kustomize_built() {
    let project = Project::new(&[REMOTE]).with_program("kustomize", &printing("build -- apps"));
    let run = project.run_command(&["render", "--render=kustomize", "apps"]);
    assert!(run.stdout.contains("kind: DestinationRule"), "{run:?}");
    assert_eq!(run.stderr, "");
}

#[test]
fn a_failure_of_helm_is_told_once_and_at_its_chart() {
    let project = Project::new(&CHART).with_program("helm", "echo 'Error: no values' >&2; exit 1");
    let run = project.run(&["--render=helm", "."]);
    let findings = run.stdout.matches("unread-input").count();
    assert_eq!(findings, 1, "{run:?}");
    let finding = "charts/web: warning[unread-input] chart `charts/web` is not rendered: its template is not read, \
                   since `helm template release charts/web` failed: Error: no values";
    assert!(run.stdout.contains(finding), "{run:?}");
}

#[test]
fn what_a_program_rendered_is_never_edited() {
    let wide = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: all, namespace: istio-system}
spec: {host: '*.local', trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
";
    let pool = "connectionPool: {tcp: {maxConnections: 1}}";
    let rule = RULE.replace("tls: {mode: DISABLE}", pool);
    let project = Project::new(&[REMOTE, ("mesh/rule.yaml", wide)])
        .with_program("kustomize", &format!("printf %s '{rule}'"));
    let run = project.run(&["--render=kustomize", "--fix", "--unsafe-fixes", "."]);
    assert!(run.stdout.contains("override-drops-mtls"), "{run:?}");
    assert!(!project.path("repository/apps/<kustomize build>").exists());
}
