//! Exceptions over whole runs: what they hide, and what they leave.

use super::{Date, Exceptions};
use crate::config;
use crate::diagnostic::{Diagnostic, ExceptionKind};
use crate::engine::{Report, Request, RuleSelection, lint};
use crate::source::tree::Memory;

/// A mesh whose server demands mutual TLS.
const MESH: &str = "\
apiVersion: v1
kind: Namespace
metadata: {name: shop, labels: {istio-injection: enabled}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
apiVersion: v1
kind: Service
metadata: {name: cart, namespace: shop}
spec: {selector: {app: cart}, ports: [{name: http, port: 80}]}
---
apiVersion: v1
kind: Pod
metadata: {name: cart, namespace: shop, labels: {app: cart}}
spec: {containers: [{name: cart}]}
";

/// The rule for the service, which turns TLS off.
const RULE: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: cart
  namespace: shop
spec:
  host: cart
  trafficPolicy:
    tls:
      mode: DISABLE
";

const NAME: &str = "tls-disabled-in-mesh";

fn request(config: &str) -> Request {
    let today: Date = "2026-06-15".parse().expect("the day exists");
    let config = config::parse("mtls-lint.yaml".into(), config).expect("the config is valid");
    Request {
        paths: vec![".".into()],
        exceptions: config.exceptions(today),
        ..Request::default()
    }
}

fn linted(files: &[(&str, &str)], request: &Request) -> Report {
    let tree = Memory::new(files.iter().copied());
    lint(request, &tree)
        .expect("the files can be linted")
        .report
}

/// The rules of findings.
fn rules(findings: &[Diagnostic]) -> Vec<&'static str> {
    findings.iter().map(|finding| finding.rule).collect()
}

/// The rules of what is shown and of what is hidden, for one file with the rule and settings.
fn judged(rule: &str, config: &str) -> (Vec<&'static str>, Vec<&'static str>) {
    let report = linted(
        &[("mesh.yaml", MESH), ("rule.yaml", rule)],
        &request(config),
    );
    assert_eq!(report.summary.suppressed, report.suppressed.len());
    (rules(&report.diagnostics), rules(&report.suppressed))
}

fn with(line: &str, after: &str) -> String {
    RULE.replace(line, after)
}

#[test]
fn without_an_exception_the_finding_is_reported() {
    assert_eq!(judged(RULE, ""), (vec![NAME], vec![]));
}

#[test]
fn a_comment_on_the_line_or_above_it_hides_the_finding() {
    let comment = "# mtls-lint: ignore[tls-disabled-in-mesh] known";
    for rule in [
        with("mode: DISABLE", &format!("mode: DISABLE {comment}")),
        with("mode: DISABLE", &format!("{comment}\n      mode: DISABLE")),
        with(
            "mode: DISABLE",
            &format!("{comment}\n      # about the mode\n\n      mode: DISABLE"),
        ),
    ] {
        assert_eq!(judged(&rule, ""), (vec![], vec![NAME]), "{rule}");
    }
}

#[test]
fn a_comment_elsewhere_or_for_another_rule_hides_nothing() {
    let elsewhere = with(
        "host: cart",
        "host: cart # mtls-lint: ignore[tls-disabled-in-mesh] x",
    );
    let (shown, hidden) = judged(&elsewhere, "");
    assert_eq!(shown, ["unused-suppression", NAME]);
    assert_eq!(hidden, [""; 0]);
    let other = with("DISABLE", "DISABLE # mtls-lint: ignore[invalid-schema] x");
    assert_eq!(judged(&other, "").1, [""; 0]);
}

#[test]
fn a_comment_with_windows_line_ends_hides_the_finding() {
    let rule = with(
        "DISABLE",
        "DISABLE # mtls-lint: ignore[tls-disabled-in-mesh] known",
    );
    assert_eq!(
        judged(&rule.replace('\n', "\r\n"), ""),
        (vec![], vec![NAME])
    );
}

#[test]
fn a_comment_on_the_line_of_a_label_hides_the_finding() {
    let mesh = MESH.replace(
        "spec: {mtls: {mode: STRICT}}",
        "spec: {mtls: {mode: STRICT}} # mtls-lint: ignore[tls-disabled-in-mesh] known",
    );
    let report = linted(&[("mesh.yaml", &mesh), ("rule.yaml", RULE)], &request(""));
    assert_eq!(rules(&report.suppressed), [NAME]);
}

#[test]
fn an_annotation_hides_the_findings_of_its_object() {
    let rule = with(
        "  namespace: shop\n",
        "  namespace: shop\n  annotations: {mtls-lint.dev/ignore-tls-disabled-in-mesh: known}\n",
    );
    let report = linted(&[("mesh.yaml", MESH), ("rule.yaml", &rule)], &request(""));
    assert_eq!(rules(&report.diagnostics), [""; 0]);
    let suppression = report.suppressed[0].suppression.as_ref();
    let suppression = suppression.expect("it is hidden");
    assert_eq!(suppression.kind, ExceptionKind::Annotation);
    assert_eq!(suppression.reason.as_deref(), Some("known"));
}

/// A base with the mesh and its rule, and two overlays of which the second has more in its kustomization.
fn overlays(second: &str) -> Report {
    let base = format!("{MESH}---\n{RULE}");
    let staging = format!("resources: [../base]\n{second}");
    let files = [
        ("base/all.yaml", base.as_str()),
        ("base/kustomization.yaml", "resources: [all.yaml]\n"),
        ("prod/kustomization.yaml", "resources: [../base]\n"),
        ("staging/kustomization.yaml", staging.as_str()),
    ];
    linted(&files, &request(""))
}

#[test]
fn an_annotation_of_one_overlay_leaves_the_finding_of_the_other() {
    let report = overlays(
        "patches:\n- patch: |-\n    apiVersion: networking.istio.io/v1\n    kind: DestinationRule\n    \
         metadata: {name: cart, namespace: shop, annotations: {mtls-lint.dev/ignore-tls-disabled-in-mesh: known}}\n",
    );
    let meshes = |findings: &[Diagnostic]| {
        let traffic = findings.iter().filter(|finding| finding.rule == NAME);
        traffic
            .map(|finding| finding.meshes.clone())
            .collect::<Vec<_>>()
    };
    assert_eq!(meshes(&report.diagnostics), [["prod"]]);
    assert_eq!(meshes(&report.suppressed), [["staging"]]);
    assert_eq!(rules(&report.diagnostics), [NAME]);
}

#[test]
fn a_comment_in_a_patch_hides_what_the_patch_causes() {
    let patch = "patches:\n- patch: |-\n    apiVersion: networking.istio.io/v1\n    kind: DestinationRule\n    \
         metadata: {name: cart, namespace: shop}\n    spec:\n      trafficPolicy:\n        tls:\n          \
         # mtls-lint: ignore[patch-drops-tls] known\n          mode: DISABLE\n";
    let base = format!("{MESH}---\n{}", RULE.replace("DISABLE", "ISTIO_MUTUAL"));
    let kustomization = format!("resources: [all.yaml]\n{patch}");
    let files = [
        ("all.yaml", base.as_str()),
        ("kustomization.yaml", kustomization.as_str()),
    ];
    let report = linted(&files, &request(""));
    assert_eq!(rules(&report.diagnostics), [""; 0]);
    assert_eq!(rules(&report.suppressed), ["patch-drops-tls"]);
}

#[test]
fn a_comment_at_the_base_hides_what_a_patch_makes_of_it() {
    let base = format!(
        "{MESH}---\n{}",
        with(
            "mode: DISABLE",
            "mode: ISTIO_MUTUAL # mtls-lint: ignore[patch-drops-tls] x"
        )
    );
    let patch = "kind: DestinationRule\napiVersion: networking.istio.io/v1\nmetadata: {name: cart, namespace: shop}\n\
                 spec: {trafficPolicy: {tls: {mode: DISABLE}}}\n";
    let files = [
        ("all.yaml", base.as_str()),
        ("patch.yaml", patch),
        (
            "kustomization.yaml",
            "resources: [all.yaml]\npatches: [{path: patch.yaml}]\n",
        ),
    ];
    let report = linted(&files, &request(""));
    assert_eq!(rules(&report.suppressed), ["patch-drops-tls"]);
}

#[test]
fn an_entry_hides_the_findings_that_fit_all_it_says() {
    let entry = |keys: &str| format!("ignore: [{{rule: {NAME}, reason: known, {keys}}}]\n");
    for keys in [
        "path: rule.yaml",
        "path: '*.yaml'",
        "kind: DestinationRule",
        "namespace: 'sh*'",
        "name: cart",
        "mesh: default",
        "path: rule.yaml, kind: Destination*, namespace: shop, name: cart, owner: shop",
        "expires: 2026-06-15",
    ] {
        assert_eq!(judged(RULE, &entry(keys)), (vec![], vec![NAME]), "{keys}");
    }
    for keys in [
        "path: other.yaml",
        "kind: Service",
        "namespace: cart",
        "name: car",
        "mesh: prod",
        "name: cart, namespace: other",
    ] {
        let (shown, hidden) = judged(RULE, &entry(keys));
        assert_eq!(shown, ["unused-suppression", NAME], "{keys}");
        assert_eq!(hidden, [""; 0], "{keys}");
    }
}

#[test]
fn after_its_last_day_an_entry_hides_nothing() {
    let config = format!("ignore: [{{rule: {NAME}, reason: known, expires: 2026-06-14}}]\n");
    let (shown, hidden) = judged(RULE, &config);
    assert_eq!(shown, ["expired-suppression", NAME]);
    assert_eq!(hidden, [""; 0]);
}

#[test]
fn a_finding_about_an_entry_stands_in_the_config_file() {
    let config = format!("# settings\nignore:\n- rule: {NAME}\n  path: other\n  reason: known\n");
    let files = [("mesh.yaml", MESH), ("rule.yaml", RULE)];
    let report = linted(&files, &request(&config));
    let place = report.diagnostics[0].place.expect("it has a place");
    let file = report.sources.file(place.span.file);
    assert_eq!(file.path(), "mtls-lint.yaml");
    assert_eq!(file.position(place.span.start as usize).line, 3);
}

#[test]
fn an_exception_from_a_rule_that_does_not_run_is_not_called_unused() {
    let rule = with(
        "DISABLE",
        "ISTIO_MUTUAL # mtls-lint: ignore[tls-disabled-in-mesh] x",
    );
    let files = [("mesh.yaml", MESH), ("rule.yaml", rule.as_str())];
    let without = Request {
        rules: RuleSelection {
            ignore: vec![NAME.to_owned()],
            ..RuleSelection::default()
        },
        ..request("")
    };
    assert_eq!(rules(&linted(&files, &without).diagnostics), [""; 0]);
    let all = request("");
    let found = linted(&files, &all).diagnostics;
    assert_eq!(rules(&found), ["unused-suppression"]);
}

#[test]
fn where_only_a_part_is_looked_at_no_exception_is_called_unused() {
    let rule = with(
        "DISABLE",
        "ISTIO_MUTUAL # mtls-lint: ignore[tls-disabled-in-mesh] x",
    );
    let files = [("mesh.yaml", MESH), ("rule.yaml", rule.as_str())];
    let partial = Request {
        is_partial: true,
        ..request("")
    };
    assert_eq!(rules(&linted(&files, &partial).diagnostics), [""; 0]);
}

#[test]
fn what_is_wrong_with_an_exception_is_hidden_by_none() {
    let comment = "# mtls-lint: ignore[unused-suppression] x";
    let rule = with("mode: DISABLE", &format!("mode: ISTIO_MUTUAL {comment}"));
    assert_eq!(judged(&rule, ""), (vec!["unused-suppression"], vec![]));
}

#[test]
fn what_is_hidden_does_not_change_the_names_of_what_is_shown() {
    let two = format!("{RULE}---\n{}", RULE.replace("name: cart", "name: cart-2"));
    let files = [("mesh.yaml", MESH), ("rule.yaml", two.as_str())];
    let names = |report: &Report| -> Vec<_> {
        let findings = report.diagnostics.iter();
        findings.map(|one| one.fingerprint.clone()).collect()
    };
    let all = names(&linted(&files, &request("")));
    let config = "ignore: [{rule: tls-disabled-in-mesh, name: cart, reason: known}]\n";
    let left = names(&linted(&files, &request(config)));
    assert!(
        left.iter().all(|name| all.contains(name)),
        "{left:?} {all:?}"
    );
}

#[test]
fn hidden_findings_are_not_repaired() {
    let rule = with(
        "DISABLE",
        "DISABLE # mtls-lint: ignore[tls-disabled-in-mesh] known",
    );
    let tree = Memory::new([("mesh.yaml", MESH), ("rule.yaml", rule.as_str())]);
    let fixed = crate::engine::fix(
        &request(""),
        &tree,
        crate::diagnostic::Applicability::Unsafe,
    );
    assert!(fixed.expect("the files can be linted").changes.is_empty());
}

#[test]
fn no_config_file_means_no_exceptions() {
    assert_eq!(
        request("").exceptions.entries,
        Exceptions::default().entries
    );
}
