//! The story that the linter exists for, told through the command: a rule for circuit breaking takes the mutual TLS of
//! `httpbin` away, the report says so where it happens, and `--fix` writes the two missing lines.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests run the command on copies of the seeds"
)]

mod layouts;
#[path = "../support/mod.rs"]
mod support;

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value;
use similar::TextDiff;
use support::{FORMATS, copy_of, files, run, seed, write};

/// The file that the story is about.
const RULE: &str = "apps/circuit-breaker.yaml";

/// What a caller of `httpbin` sees in every version of Istio.
const SYMPTOM: &str = "503 `upstream connect error or disconnect/reset before headers";

/// The seeds that the finding is an error in: name, namespace, line of `trafficPolicy`, policy of the server, its place.
const ERRORS: [(&str, &str, u64, &str, &str, u64); 3] = [
    (
        "istio-1.0",
        "default",
        8,
        "MeshPolicy default",
        "mesh/mesh-policy.yaml",
        9,
    ),
    (
        "istio-1.0-namespaces",
        "foo",
        9,
        "MeshPolicy default",
        "mesh/mesh-policy.yaml",
        9,
    ),
    (
        "modern",
        "foo",
        9,
        "PeerAuthentication istio-system/default",
        "mesh/peer-authentication.yaml",
        9,
    ),
];

/// The seeds with something to repair, and the flags they need.
const REPAIRABLE: [(&str, &[&str]); 5] = [
    ("istio-1.0", &[]),
    ("istio-1.0-namespaces", &[]),
    ("istio-1.0-permissive", &[]),
    ("istio-1.0-app-only", &["--assume", "preset:istio-1.0-mtls"]),
    ("modern", &[]),
];

/// The findings of the JSON report on a folder.
fn findings(folder: &Path, arguments: &[&str]) -> Vec<Value> {
    let arguments = [&["--format", "json"], arguments].concat();
    let report = run(folder, &arguments).json();
    let findings = report["findings"].as_array();
    findings.expect("the report has findings").clone()
}

/// `path:line` of a location of the JSON report.
fn place(location: &Value) -> String {
    let path = location["path"].as_str().expect("the location has a path");
    format!("{path}:{}", location["line"])
}

/// Every file below a folder with its bytes.
fn contents(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let read = |path: PathBuf| {
        let bytes = fs::read(folder.join(&path)).expect("the file can be read");
        (path, bytes)
    };
    files(folder).into_iter().map(read).collect()
}

/// The text with the two lines that are missing below `trafficPolicy`, for a file indented by two spaces.
fn with_tls(text: &str, line_end: &str) -> String {
    let key = format!("  trafficPolicy:{line_end}");
    let tls = format!("    tls:{line_end}      mode: ISTIO_MUTUAL{line_end}");
    text.replacen(&key, &format!("{key}{tls}"), 1)
}

#[test]
fn the_override_is_one_error_where_the_tls_is_missing() {
    for (name, namespace, line, ..) in ERRORS {
        let findings = findings(&seed(name), &[]);
        assert_eq!(findings.len(), 1, "{name}");
        let finding = &findings[0];
        assert_eq!(finding["rule"], "override-drops-mtls", "{name}");
        assert_eq!(finding["severity"], "error", "{name}");
        let location = &finding["location"];
        assert_eq!(place(location), format!("{RULE}:{line}"), "{name}");
        assert_eq!(location["column"], 3, "{name}");
        assert_eq!(location["field"], "spec.trafficPolicy", "{name}");
        let object = format!("DestinationRule {namespace}/httpbin");
        assert_eq!(location["object"], object, "{name}");
    }
}

#[test]
fn the_error_names_what_the_caller_sees() {
    for (name, namespace, ..) in ERRORS {
        let findings = findings(&seed(name), &[]);
        let message = findings[0]["message"].as_str().expect("a headline");
        let effect =
            format!("calls to `httpbin.{namespace}.svc.cluster.local:8000` fail with {SYMPTOM}");
        assert!(message.starts_with(&effect), "{name}: {message}");
    }
}

#[test]
fn the_error_points_at_the_rule_it_replaces_and_at_the_policy_of_the_server() {
    for (name, _, _, policy, path, line) in ERRORS {
        let findings = findings(&seed(name), &[]);
        let related = findings[0]["related"].as_array().expect("related places");
        let told: Vec<(String, &Value)> = related
            .iter()
            .map(|one| (place(&one["location"]), &one["location"]["object"]))
            .collect();
        let (lost, demand) = (
            Value::from("DestinationRule istio-system/default"),
            Value::from(policy),
        );
        let expected = [
            ("mesh/destination-rule.yaml:11".to_owned(), &lost),
            (format!("{path}:{line}"), &demand),
        ];
        assert_eq!(told, expected, "{name}");
    }
}

#[test]
fn the_error_comes_with_a_safe_fix_in_the_same_file() {
    for (name, ..) in ERRORS {
        let fix = findings(&seed(name), &[])[0]["fix"].clone();
        assert_eq!(fix["applicability"], "safe", "{name}");
        assert_eq!(fix["edits"][0]["path"], RULE, "{name}");
        assert_eq!(
            fix["edits"][0]["text"], "    tls:\n      mode: ISTIO_MUTUAL\n",
            "{name}"
        );
    }
}

#[test]
fn an_override_towards_a_permissive_server_is_a_warning() {
    let findings = findings(&seed("istio-1.0-permissive"), &[]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["severity"], "warning");
    assert_eq!(findings[0]["rule"], "override-drops-mtls");
    let message = findings[0]["message"].as_str().expect("a headline");
    assert!(message.contains("go in plaintext"), "{message}");
}

#[test]
fn an_override_that_auto_mtls_repairs_is_a_note() {
    let findings = findings(&seed("modern-auto-mtls"), &[]);
    assert_eq!(findings.len(), 1);
    assert_eq!(findings[0]["severity"], "note");
    assert_eq!(findings[0]["rule"], "override-drops-mtls");
    assert_eq!(findings[0].get("fix"), None);
}

#[test]
fn without_a_proxy_or_with_its_own_tls_the_rule_is_no_finding() {
    for name in ["istio-1.0-no-proxy", "istio-1.0-fixed", "modern-fixed"] {
        assert!(findings(&seed(name), &[]).is_empty(), "{name}");
    }
}

#[test]
fn exit_codes_are_the_same_in_every_format() {
    let table: [(&str, &[&str], i32); 12] = [
        ("istio-1.0", &[], 1),
        ("istio-1.0", &["--fail-on", "never"], 0),
        ("istio-1.0-namespaces", &[], 1),
        ("modern", &[], 1),
        ("istio-1.0-permissive", &[], 1),
        ("istio-1.0-permissive", &["--fail-on", "error"], 0),
        ("istio-1.0-fixed", &[], 0),
        ("modern-fixed", &[], 0),
        ("modern-auto-mtls", &[], 0),
        ("modern-auto-mtls", &["--fail-on", "note"], 1),
        ("istio-1.0-no-proxy", &[], 0),
        ("istio-1.0-app-only", &[], 0),
    ];
    for (name, arguments, status) in table {
        for format in FORMATS {
            let arguments = [&["--format", format], arguments].concat();
            let outcome = run(&seed(name), &arguments);
            assert_eq!(
                outcome.status,
                Some(status),
                "{name} {arguments:?}: {}",
                outcome.stderr
            );
        }
    }
}

#[test]
fn a_repository_of_applications_alone_has_the_error_once_the_mesh_is_assumed() {
    let folder = seed("istio-1.0-app-only");
    let found = findings(&folder, &["--assume", "preset:istio-1.0-mtls"]);
    let whole = findings(&seed("istio-1.0"), &[]);
    assert_eq!(found.len(), 1);
    for key in ["rule", "severity", "message", "help", "location"] {
        assert_eq!(found[0][key], whole[0][key], "{key}");
    }
    let related = found[0]["related"].as_array().expect("related places");
    for one in related {
        assert_eq!(one["location"]["path"], "preset:istio-1.0-mtls");
    }
}

#[test]
fn assumed_objects_get_no_findings() {
    // The whole mesh is assumed, the broken rule with it; only the namespace is in the repository.
    let assumed = seed("istio-1.0-namespaces");
    let folder = tempfile::tempdir().expect("a folder can be created");
    let namespace = fs::read(assumed.join("apps/namespace.yaml")).expect("the file can be read");
    write(folder.path(), "namespace.yaml", &namespace);
    let paths = files(&assumed);
    let paths: Vec<String> = paths
        .iter()
        .filter(|path| !path.ends_with("namespace.yaml"))
        .map(|path| assumed.join(path).display().to_string())
        .collect();
    let mut arguments = Vec::new();
    for path in &paths {
        arguments.extend(["--assume", path]);
    }
    assert!(findings(folder.path(), &arguments).is_empty());
    // The same objects in the repository do have one.
    assert_eq!(findings(&assumed, &[]).len(), 1);
}

#[test]
fn the_fix_adds_two_lines_and_changes_no_other_byte() {
    for (name, arguments) in REPAIRABLE {
        let copy = copy_of(&seed(name));
        let mut expected = contents(copy.path());
        let before = fs::read_to_string(copy.path().join(RULE)).expect("the rule is there");
        expected.insert(RULE.into(), with_tls(&before, "\n").into_bytes());

        let arguments = [&["--fix"], arguments].concat();
        let outcome = run(copy.path(), &arguments);
        assert_eq!(outcome.status, Some(0), "{name}: {}", outcome.stdout);
        assert_eq!(contents(copy.path()), expected, "{name}");
    }
}

#[test]
fn the_fix_keeps_windows_line_ends() {
    for (name, arguments) in REPAIRABLE {
        let copy = copy_of(&seed(name));
        for (path, bytes) in contents(copy.path()) {
            let text = String::from_utf8(bytes).expect("the seeds are UTF-8");
            write(copy.path(), path, text.replace('\n', "\r\n").as_bytes());
        }
        let mut expected = contents(copy.path());
        let before = fs::read_to_string(copy.path().join(RULE)).expect("the rule is there");
        expected.insert(RULE.into(), with_tls(&before, "\r\n").into_bytes());

        let arguments = [&["--fix"], arguments].concat();
        let outcome = run(copy.path(), &arguments);
        assert_eq!(outcome.status, Some(0), "{name}: {}", outcome.stdout);
        assert_eq!(contents(copy.path()), expected, "{name}");
    }
}

#[test]
fn after_the_fix_nothing_is_left_to_report_or_to_change() {
    for (name, arguments) in REPAIRABLE {
        let copy = copy_of(&seed(name));
        let fix = [&["--fix"], arguments].concat();
        run(copy.path(), &fix);
        let repaired = contents(copy.path());
        assert!(findings(copy.path(), arguments).is_empty(), "{name}");
        run(copy.path(), &fix);
        assert_eq!(contents(copy.path()), repaired, "{name}");
    }
}

#[test]
fn a_diff_shows_what_the_fix_does_and_writes_nothing() {
    for (name, arguments) in REPAIRABLE {
        let copy = copy_of(&seed(name));
        let before = contents(copy.path());
        let text = fs::read_to_string(copy.path().join(RULE)).expect("the rule is there");
        let arguments = [&["--diff"], arguments].concat();
        let outcome = run(copy.path(), &arguments);

        let after = with_tls(&text, "\n");
        let expected = TextDiff::from_lines(&text, &after)
            .unified_diff()
            .header(&format!("a/{RULE}"), &format!("b/{RULE}"))
            .to_string();
        assert_eq!(outcome.stdout, expected, "{name}");
        assert_eq!(outcome.status, Some(1), "{name}");
        assert_eq!(contents(copy.path()), before, "{name}");
    }
}

#[test]
fn the_report_is_the_same_for_any_number_of_threads() {
    for name in ["istio-1.0", "istio-1.0-namespaces", "modern-auto-mtls"] {
        for format in FORMATS {
            let one = run(&seed(name), &["--format", format, "-j", "1"]);
            let four = run(&seed(name), &["--format", format, "-j", "4"]);
            assert_eq!(one, four, "{name} {format}");
        }
    }
}

#[test]
fn the_report_is_the_same_for_any_order_of_paths() {
    let folder = seed("modern");
    let forward = ["apps", "mesh"];
    for format in FORMATS {
        let one = run(&folder, &["--format", format, forward[0], forward[1]]);
        let other = run(&folder, &["--format", format, forward[1], forward[0]]);
        assert_eq!(one, other, "{format}");
        assert_eq!(one.status, Some(1), "{format}");
    }
}

#[test]
fn an_assumption_is_called_so_once() {
    let shown = run(&seed("istio-1.0-namespaces"), &["--format", "pretty"]).stdout;
    let words = shown.split_whitespace().collect::<Vec<_>>().join(" ");
    let fact = "assumed: Istio 1.4, since the repository has a MeshPolicy and no PeerAuthentication (mesh/mesh-policy.yaml:5)";
    assert!(words.contains(fact), "{shown}");
}
