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

/// The files after the fix of the only finding of a rule, and what is found then.
fn repaired(files: &[(&str, &str)], rule: &str, config: &str) -> (Vec<String>, Vec<&'static str>) {
    let report = linted(files, &request(config));
    let mut found = report.diagnostics.iter().filter(|one| one.rule == rule);
    let fix = found.next().and_then(|one| one.fix.as_ref());
    let mut edits = fix.expect("it has a fix").edits.clone();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    let mut texts: Vec<String> = files.iter().map(|(_, text)| (*text).to_owned()).collect();
    for edit in edits {
        let path = report.sources.file(edit.span.file).path();
        let at = files.iter().position(|(name, _)| path == *name);
        let text = &mut texts[at.expect("the edit is in a file")];
        text.replace_range(edit.span.range(), &edit.text);
    }
    let names = files.iter().map(|(name, _)| *name);
    let after: Vec<(&str, &str)> = names.zip(texts.iter().map(String::as_str)).collect();
    let left = rules(&linted(&after, &request(config)).diagnostics);
    (texts, left)
}

#[test]
fn a_misplaced_annotation_moves_to_its_object_and_hides_the_finding() {
    let label = "mtls-lint.dev/ignore-tls-disabled-in-mesh: known";
    let table = [
        (
            format!("  labels:\n    {label}\n  namespace: shop\n"),
            format!("  namespace: shop\n  annotations:\n    {label}\n"),
        ),
        (
            format!("  namespace: shop\n  labels: {{app: cart, {label}}}\n"),
            format!("  namespace: shop\n  labels: {{app: cart}}\n  annotations:\n    {label}\n"),
        ),
        (
            format!("  namespace: shop\n  annotations:\n    a: b\n  labels:\n    {label}\n"),
            format!("  namespace: shop\n  annotations:\n    {label}\n    a: b\n"),
        ),
    ];
    for (before, after) in table {
        let rule = with("  namespace: shop\n", &before);
        let files = [("mesh.yaml", MESH), ("rule.yaml", rule.as_str())];
        let (texts, left) = repaired(&files, "misplaced-suppression", "");
        assert_eq!(texts[1], with("  namespace: shop\n", &after));
        assert_eq!(left, [""; 0]);
    }
}

#[test]
fn a_misplaced_annotation_far_from_the_object_of_the_finding_is_not_moved() {
    let mesh = MESH.replace(
        "name: cart, namespace: shop, labels: {app: cart}",
        "name: cart, namespace: shop, labels: {app: cart, mtls-lint.dev/ignore-tls-disabled-in-mesh: known}",
    );
    let report = linted(&[("mesh.yaml", &mesh), ("rule.yaml", RULE)], &request(""));
    let finding = &report.diagnostics[0];
    assert_eq!(finding.rule, "misplaced-suppression");
    assert_eq!(finding.fix, None);
    assert_eq!(
        finding.help.as_deref(),
        Some(
            "move it to `metadata.annotations` of `DestinationRule shop/cart`, which the finding is about"
        )
    );
}

#[test]
fn a_misspelt_rule_in_an_annotation_is_put_right_with_its_quotes() {
    let key = |rule| {
        format!("  namespace: shop\n  annotations: {{'mtls-lint.dev/ignore-{rule}': known}}\n")
    };
    let rule = with("  namespace: shop\n", &key("tls-disable-in-mesh"));
    let files = [("mesh.yaml", MESH), ("rule.yaml", rule.as_str())];
    let (texts, left) = repaired(&files, "unknown-rule-in-suppression", "");
    assert_eq!(texts[1], with("  namespace: shop\n", &key(NAME)));
    assert_eq!(left, [""; 0]);
}

/// What `--fix` makes of a config file beside the mesh and its rule, and what is found then.
fn repaired_config(config: &str) -> (String, Vec<&'static str>) {
    let tree = Memory::new([("mesh.yaml", MESH), ("rule.yaml", RULE)]);
    let fixed = crate::engine::fix(
        &request(config),
        &tree,
        crate::diagnostic::Applicability::Safe,
    );
    let fixed = fixed.expect("the files can be linted");
    let text = fixed.changes.first().map(|change| change.after.clone());
    let left = rules(&fixed.outcome.report.diagnostics);
    (text.unwrap_or_else(|| config.to_owned()), left)
}

#[test]
fn entries_that_nothing_needs_are_removed_and_the_others_stay_as_they_are() {
    let kept = format!("- rule: {NAME}\n  reason: known\n");
    let config = format!(
        "# settings\nignore:\n# first\n- rule: patch-drops-tls\n  name: x # y\n  reason: known\n{kept}- {{rule: unread-input, reason: known}}\nfail-on: note\n"
    );
    let expected = format!("# settings\nignore:\n# first\n{kept}fail-on: note\n");
    assert_eq!(repaired_config(&config), (expected, vec![]));
}

#[test]
fn the_last_entry_takes_its_list_along() {
    let entry = "ignore: [{rule: patch-drops-tls, reason: known}]\n";
    let config = format!("{entry}fail-on: note\n");
    assert_eq!(repaired_config(&config).0, "fail-on: note\n");
    assert_eq!(repaired_config(entry), (String::new(), vec![NAME]));
}

#[test]
fn a_byte_order_mark_and_windows_line_ends_of_a_config_file_stay() {
    let config =
        "\u{feff}ignore:\r\n- rule: patch-drops-tls\r\n  reason: known\r\nfail-on: note\r\n";
    assert_eq!(repaired_config(config).0, "\u{feff}fail-on: note\r\n");
}

#[test]
fn an_entry_that_may_be_meant_for_a_finding_is_not_removed_unseen() {
    let config = format!("ignore: [{{rule: {NAME}, name: car, reason: known}}]\n");
    let (text, left) = repaired_config(&config);
    assert_eq!(text, config);
    assert_eq!(left, ["unused-suppression", NAME]);
}

#[test]
fn whose_exception_it_is_stands_in_the_finding() {
    let message = |config: &str| {
        let files = [("mesh.yaml", MESH), ("rule.yaml", RULE)];
        linted(&files, &request(config)).diagnostics[0]
            .message
            .clone()
    };
    let entry = |keys: &str| format!("ignore: [{{rule: {NAME}, owner: team-web, {keys}}}]\n");
    for keys in [
        "reason: known, name: x",
        "reason: known, expires: 2020-01-01",
        "name: cart",
    ] {
        let message = message(&entry(keys));
        assert!(
            message.ends_with("; `team-web` answers for it"),
            "{message}"
        );
    }
}

#[test]
fn an_expired_entry_is_not_called_needless_where_only_a_part_is_looked_at() {
    let config =
        format!("ignore: [{{rule: {NAME}, name: x, reason: known, expires: 2020-01-01}}]\n");
    let partial = Request {
        is_partial: true,
        ..request(&config)
    };
    let finding = &linted(&[("mesh.yaml", MESH)], &partial).diagnostics[0];
    assert_eq!(finding.rule, "expired-suppression");
    assert_eq!(finding.fix, None);
    assert!(
        !finding
            .help
            .as_deref()
            .unwrap_or_default()
            .contains("no finding needs it")
    );
}
