//! Comparing two states of a small repository.

use super::*;
use crate::engine::Report;
use crate::mesh::Verdict;
use crate::source::tree::Memory;

/// Demands mutual TLS of everybody, without auto mTLS.
const MESH: &str = "\
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |-
    enableAutoMtls: false
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: cart, namespace: shop}
spec:
  template:
    metadata: {labels: {app: cart}}
    spec: {containers: [{name: cart, image: cart}]}
";

/// Gives mutual TLS to all.
const WIDE: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: default, namespace: istio-system}
spec:
  host: '*.local'
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}
";

/// Takes it from the cart.
const NARROW: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: cart, namespace: shop}
spec:
  host: cart
  trafficPolicy:
    connectionPool: {tcp: {maxConnections: 1}}
";

fn request() -> Request {
    Request {
        paths: vec![".".into()],
        ..Request::default()
    }
}

fn compared(old: &[(&str, &str)], new: &[(&str, &str)]) -> Report {
    let tree = |files: &[(&str, &str)]| Memory::new(files.iter().copied());
    let (old, new) = (tree(old), tree(new));
    let base = Base {
        tree: &old,
        name: "HEAD~1",
    };
    let outcome = lint_since(&request(), &new, base);
    outcome.expect("the run is sound").report
}

/// The labels of the only finding, each with its file and line.
fn labels(report: &Report) -> Vec<String> {
    let [finding] = report.diagnostics.as_slice() else {
        panic!("{:#?}", report.diagnostics);
    };
    let labels = finding.labels.iter().map(|label| {
        let file = report.sources.file(label.place.span.file);
        let line = file.position(label.place.span.start as usize).line;
        format!("{}:{line}: {}", file.path(), label.message)
    });
    labels.collect()
}

#[test]
fn a_finding_that_the_base_has_too_is_not_reported() {
    let files = [
        ("mesh.yaml", MESH),
        ("wide.yaml", WIDE),
        ("cart.yaml", NARROW),
    ];
    assert_eq!(compared(&files, &files).diagnostics, []);
}

#[test]
fn a_file_that_moves_brings_nothing_new() {
    let old = [
        ("mesh.yaml", MESH),
        ("wide.yaml", WIDE),
        ("cart.yaml", NARROW),
    ];
    let new = [
        ("mesh.yaml", MESH),
        ("wide.yaml", WIDE),
        ("rules/cart.yaml", NARROW),
    ];
    assert_eq!(compared(&old, &new).diagnostics, []);
}

#[test]
fn a_new_rule_is_named_as_the_changed_line() {
    let old = [("mesh.yaml", MESH), ("wide.yaml", WIDE)];
    let new = [
        ("mesh.yaml", MESH),
        ("wide.yaml", WIDE),
        ("cart.yaml", NARROW),
    ];
    let report = compared(&old, &new);
    let [finding] = report.diagnostics.as_slice() else {
        panic!("{:#?}", report.diagnostics);
    };
    assert_eq!(finding.rule, "override-drops-mtls");
    let last = finding.evidence.last().expect("there is evidence");
    assert_eq!(last.text, "this line is new or changed since `HEAD~1`");
    assert_eq!(last.place, finding.place);
}

#[test]
fn a_change_far_away_is_named_where_it_is() {
    let permissive = MESH.replace("STRICT", "PERMISSIVE");
    let old = [
        ("mesh.yaml", permissive.as_str()),
        ("wide.yaml", WIDE),
        ("cart.yaml", NARROW),
    ];
    let new = [
        ("mesh.yaml", MESH),
        ("wide.yaml", WIDE),
        ("cart.yaml", NARROW),
    ];
    let labels = labels(&compared(&old, &new));
    let expected = "mesh.yaml:11: this line is new or changed since `HEAD~1`";
    assert!(labels.iter().any(|label| label == expected), "{labels:#?}");
}

#[test]
fn a_rule_that_is_gone_is_named_where_it_was() {
    let old = [("mesh.yaml", MESH), ("wide.yaml", WIDE)];
    let new = [("mesh.yaml", MESH)];
    let labels = labels(&compared(&old, &new));
    let found = labels
        .iter()
        .any(|label| label.starts_with("HEAD~1:wide.yaml:") && label.contains("is gone now"));
    assert!(found, "{labels:#?}");
}

#[test]
fn pairs_that_get_worse_come_first_with_what_changed() {
    let old = [("mesh.yaml", MESH), ("wide.yaml", WIDE)];
    let new = [
        ("mesh.yaml", MESH),
        ("wide.yaml", WIDE),
        ("cart.yaml", NARROW),
    ];
    let (old, new) = (Memory::new(old), Memory::new(new));
    let base = Base {
        tree: &old,
        name: "HEAD~1",
    };
    let changes = changes_since(&request(), &new, base).expect("the run is sound");
    let [change] = changes.as_slice() else {
        panic!("{changes:#?}");
    };
    assert_eq!(
        (change.before, change.after),
        (Some(Verdict::Encrypted), Some(Verdict::Refused))
    );
    assert_eq!(change.clients, ["Deployment/shop/cart"]);
    assert_eq!(change.rules_before, ["istio-system/default"]);
    assert_eq!(change.rules_after, ["shop/cart"]);
    let cause = change.causes.first().expect("it has a cause");
    assert_eq!((cause.path.as_str(), cause.is_gone), ("cart.yaml", false));
}

#[test]
fn nothing_changes_where_verdicts_stay() {
    let files = [
        ("mesh.yaml", MESH),
        ("wide.yaml", WIDE),
        ("cart.yaml", NARROW),
    ];
    let tree = Memory::new(files);
    let base = Base {
        tree: &tree,
        name: "HEAD",
    };
    let changes = changes_since(&request(), &tree, base).expect("the run is sound");
    assert_eq!(changes, []);
}
