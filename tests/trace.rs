//! `matrix` and `trace` as a user runs them, over the story that the linter exists for and over cases of the vectors.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests run the command over fixtures on disk"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

mod support;

use std::fs;
use std::path::Path;

use insta::assert_snapshot;
use mtls_lint::engine::{Request, analyse};
use mtls_lint::source::tree::WorkTree;
use serde_json::Value;
use tempfile::TempDir;

use support::{Outcome, run_with, seed};

/// Runs the command in a folder; `--isolated` stands behind the name of the subcommand.
fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, &[arguments, &["--isolated"]].concat(), &[])
}

/// A folder with one file.
fn folder_with(text: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be created");
    fs::write(folder.path().join("a.yaml"), text).expect("the file can be written");
    folder
}

/// The trace of the caller of the story.
fn story(name: &str) -> String {
    let outcome = run(&seed(name), &["trace", "sleep", "httpbin:8000"]);
    assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
    outcome.stdout
}

/// A mesh of two namespaces with a client, a server, and whatever else a test adds.
fn mesh_with(more: &str) -> TempDir {
    const MESH: &str = r#"
apiVersion: v1
kind: Namespace
metadata: {name: client, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Namespace
metadata: {name: server, labels: {istio-injection: enabled}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: sleep, namespace: client}
spec: {template: {metadata: {labels: {app: sleep}}, spec: {containers: [{name: app}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: server}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: server}
spec: {selector: {app: web}, ports: [{name: http, port: 80, targetPort: 8080}]}
---
apiVersion: v1
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data: {mesh: "enableAutoMtls: false"}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
---
"#;
    folder_with(&format!("{MESH}{more}"))
}

/// A DestinationRule.
fn rule(namespace: &str, name: &str, spec: &str) -> String {
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: {name}, namespace: {namespace}}}\nspec: {{{spec}}}\n"
    )
}

const CIRCUIT_BREAKER: &str = "trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}";
const MUTUAL: &str = "trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}";
const WEB: &str = "host: web.server.svc.cluster.local";

/// The trace of the client to the server of a mesh, its places without the name of the file.
fn trace(folder: &TempDir) -> String {
    let outcome = run(folder.path(), &["trace", "client/sleep", "web.server"]);
    assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
    outcome.stdout
}

/// The trace on one line, so that wrapping does not matter.
fn flat(trace: &str) -> String {
    trace.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn the_story_of_istio_1_0_is_told_on_one_screen() {
    assert_snapshot!(story("istio-1.0"));
}

#[test]
fn the_story_of_a_modern_mesh_without_auto_mtls_is_told() {
    assert_snapshot!(story("modern"));
}

#[test]
fn auto_mtls_repairs_the_story() {
    assert_snapshot!(story("modern-auto-mtls"));
}

#[test]
fn a_permissive_server_takes_the_plaintext_of_the_story() {
    assert_snapshot!(story("istio-1.0-permissive"));
}

#[test]
fn a_server_without_proxy_needs_no_mutual_tls() {
    assert_snapshot!(story("istio-1.0-no-proxy"));
}

#[test]
fn the_fixed_story_is_encrypted() {
    assert_snapshot!(story("istio-1.0-fixed"));
}

#[test]
fn the_story_fits_a_screen() {
    let trace = story("istio-1.0");
    assert!(trace.lines().count() <= 50, "{trace}");
    for line in trace.lines() {
        assert!(line.chars().count() <= 100, "{line}");
    }
}

#[test]
fn a_narrow_terminal_gets_narrow_lines() {
    let arguments = ["trace", "sleep", "httpbin:8000", "--isolated"];
    let text = run_with(&seed("modern"), &arguments, &[("COLUMNS", "60")]).stdout;
    for line in text.lines() {
        assert!(line.chars().count() <= 72, "{line}");
    }
}

#[test]
fn the_story_as_json_has_steps_with_places() {
    let outcome = run(
        &seed("istio-1.0"),
        &["trace", "sleep", "httpbin:8000", "--format", "json"],
    );
    let json: Value = serde_json::from_str(&outcome.stdout).expect("the trace is JSON");
    assert_eq!(json["schema"], "mtls-lint/trace/1");
    let trace = &json["traces"][0];
    assert_eq!(trace["verdict"], "refused");
    assert_eq!(trace["rules"][0], "default/httpbin");
    assert_eq!(trace["otherRules"][0]["rule"], "istio-system/default");
    assert_eq!(
        trace["otherRules"][0]["location"]["path"],
        "mesh/destination-rule.yaml"
    );
    assert_eq!(
        trace["endpoints"][0]["acceptsBecause"][1]["location"]["path"],
        "mesh/mesh-policy.yaml"
    );
    assert_eq!(trace["changes"][0]["verdict"], "encrypted");
    assert_eq!(trace["changes"][0]["worse"], 0);
}

#[test]
fn a_rule_that_looks_right_and_never_counts_is_named_with_its_reason() {
    let table = [
        (
            rule("server", "x", &format!("host: web.server, {MUTUAL}")),
            "DestinationRule server/x (host `web.server`) says ISTIO_MUTUAL: a host with a dot is taken as it stands, so it means no service",
        ),
        (
            rule("client", "x", &format!("host: web, {MUTUAL}")),
            "a short host is completed with the namespace of its rule, so it means `web.client.svc.cluster.local`, which no manifest defines",
        ),
        (
            rule("other", "x", &format!("{WEB}, {MUTUAL}")),
            "namespace `other` is neither the client's nor the service's nor the root namespace, so it is never looked at",
        ),
        (
            rule("server", "x", &format!("host: '*.server', {MUTUAL}")),
            "it covers only hosts that end with `.server`, and the hosts of services are longer",
        ),
        (
            rule(
                "server",
                "x",
                &format!("{WEB}, exportTo: [other], {MUTUAL}"),
            ),
            "`exportTo: [other]` leaves out namespace `client`",
        ),
        (
            rule(
                "client",
                "x",
                &format!("{WEB}, workloadSelector: {{matchLabels: {{app: other}}}}, {MUTUAL}"),
            ),
            "its `workloadSelector` does not select the client's pods",
        ),
        (
            rule(
                "server",
                "x",
                &format!("host: WEB.server.svc.cluster.local, {MUTUAL}"),
            ),
            "hosts are compared letter by letter, capitals included",
        ),
    ];
    for (rule, reason) in table {
        let text = flat(&trace(&mesh_with(&rule)));
        assert!(text.contains(reason), "{reason}\n{text}");
    }
}

#[test]
fn a_rule_that_is_replaced_is_named_with_its_reason() {
    let table = [
        (
            [
                rule("client", "cb", &format!("{WEB}, {CIRCUIT_BREAKER}")),
                rule("server", "x", &format!("{WEB}, {MUTUAL}")),
            ],
            "namespace `server` is looked at later, so it is replaced as a whole",
        ),
        (
            [
                rule("server", "cb", &format!("{WEB}, {CIRCUIT_BREAKER}")),
                rule(
                    "server",
                    "x",
                    &format!("host: '*.server.svc.cluster.local', {MUTUAL}"),
                ),
            ],
            "its host is less specific, so it is replaced as a whole",
        ),
        (
            [
                rule("server", "cb", &format!("{WEB}, {CIRCUIT_BREAKER}")),
                rule("server", "x", &format!("{WEB}, {MUTUAL}")),
            ],
            "its `trafficPolicy` is dropped as a whole, since DestinationRule server/cb comes first and has one",
        ),
        (
            [
                rule(
                    "server",
                    "cb",
                    &format!("{WEB}, exportTo: [other], {CIRCUIT_BREAKER}"),
                ),
                rule(
                    "server",
                    "x",
                    &format!("host: '*.server.svc.cluster.local', {MUTUAL}"),
                ),
            ],
            "DestinationRule server/cb has a more specific host in the same namespace and hides it",
        ),
        (
            [
                rule(
                    "server",
                    "cb",
                    &format!("{WEB}, exportTo: [other], {CIRCUIT_BREAKER}"),
                ),
                rule(
                    "server",
                    "x",
                    &format!("{WEB}, exportTo: [other, client], {MUTUAL}"),
                ),
            ],
            "it is merged into DestinationRule server/cb, which is not in force for this client",
        ),
    ];
    for (rules, reason) in table {
        let text = flat(&trace(&mesh_with(&rules.concat())));
        assert!(text.contains(reason), "{reason}\n{text}");
    }
}

#[test]
fn what_would_be_without_the_rule_in_force_is_worked_out() {
    let rules = [
        rule("client", "cb", &format!("{WEB}, {CIRCUIT_BREAKER}")),
        rule(
            "istio-system",
            "wide",
            &format!("host: '*.local', {MUTUAL}"),
        ),
    ];
    let text = flat(&trace(&mesh_with(&rules.concat())));
    let expected = "without DestinationRule client/cb, DestinationRule istio-system/wide would be in force and traffic would be encrypted";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_proposal_has_been_tried() {
    // The new rule has to stand in the client's namespace, where the look-up ends.
    let selector = format!("{WEB}, workloadSelector: {{matchLabels: {{app: other}}}}, {MUTUAL}");
    let text = trace(&mesh_with(&rule("client", "s", &selector)));
    assert!(
        text.contains("add DestinationRule client/web-mtls:"),
        "{text}"
    );
    assert!(!text.contains("add DestinationRule server/"), "{text}");
}

#[test]
fn a_proposal_says_whom_it_harms() {
    let plain = "
---
apiVersion: v1
kind: Namespace
metadata: {name: legacy}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: old, namespace: legacy}
spec: {template: {metadata: {labels: {app: old}}, spec: {containers: [{name: app}]}}}
---
apiVersion: v1
kind: Service
metadata: {name: old, namespace: legacy}
spec: {selector: {app: old}, ports: [{name: http, port: 80, targetPort: 8080}]}
";
    let wide = rule(
        "client",
        "all",
        "host: '*.local', trafficPolicy: {tls: {mode: DISABLE}}",
    );
    let text = flat(&trace(&mesh_with(&format!("{plain}{wide}"))));
    let expected = "write `mode: ISTIO_MUTUAL` instead of `DISABLE` a.yaml:";
    assert!(text.contains(expected), "{text}");
    let expected = "other traffic gets worse: client/Deployment/sleep → old.legacy.svc.cluster.local:80 would be refused";
    assert!(text.contains(expected), "{text}");
}

#[test]
fn a_client_without_proxy_is_told_what_curl_says() {
    let plain = "
---
apiVersion: v1
kind: Namespace
metadata: {name: legacy}
---
apiVersion: v1
kind: Pod
metadata: {name: old, namespace: legacy}
spec: {containers: [{name: app}]}
";
    let wide = rule(
        "istio-system",
        "wide",
        &format!("host: '*.local', {MUTUAL}"),
    );
    let folder = mesh_with(&format!("{plain}{wide}"));
    let outcome = run(folder.path(), &["trace", "old", "web.server:80"]);
    assert!(
        outcome
            .stdout
            .contains("Recv failure: Connection reset by peer"),
        "{}",
        outcome.stdout
    );
    assert!(outcome.stdout.contains("give Pod legacy/old a sidecar"));
}

#[test]
fn a_subset_that_the_rule_does_not_define_has_no_cluster() {
    let folder = mesh_with(&rule("server", "web", &format!("{WEB}, {MUTUAL}")));
    let outcome = run(folder.path(), &["trace", "sleep", "web.server/v2"]);
    let text = flat(&outcome.stdout);
    assert!(text.contains("503 with an empty body"), "{text}");
    assert!(
        text.contains("DestinationRule server/web does not define subset `v2`"),
        "{text}"
    );
}

#[test]
fn all_ports_are_traced_where_none_is_named() {
    let service = "
---
apiVersion: v1
kind: Service
metadata: {name: many, namespace: server}
spec: {selector: {app: web}, ports: [{name: a, port: 1}, {name: b, port: 2}, {name: c, port: 3}, {name: d, port: 4}, {name: e, port: 5}, {name: f, port: 6}]}
";
    let folder = mesh_with(service);
    let outcome = run(folder.path(), &["trace", "sleep", "many.server"]);
    let headlines = outcome.stdout.matches("client/Deployment/sleep → ").count();
    assert_eq!(headlines, 5, "{}", outcome.stdout);
    assert!(outcome.stderr.contains("has 6 ports"), "{}", outcome.stderr);
}

#[test]
fn a_host_is_found_as_the_client_calls_it() {
    let folder = mesh_with("");
    for host in [
        "web.server",
        "web.server.svc",
        "web.server.svc.cluster.local",
        "web.server.svc.cluster.local.",
    ] {
        let outcome = run(folder.path(), &["trace", "sleep", host]);
        assert_eq!(
            (outcome.status, outcome.stderr.as_str()),
            (Some(0), ""),
            "{host}"
        );
    }
    // The client's own namespace has no `web`; only one service can be meant.
    let outcome = run(folder.path(), &["trace", "sleep", "web"]);
    assert_eq!(outcome.status, Some(0));
    assert!(
        outcome.stderr.contains("`web` does not resolve"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_client_is_found_in_every_form() {
    let folder = mesh_with("");
    for client in [
        "sleep",
        "client/sleep",
        "client/Deployment/sleep",
        "Deployment/client/sleep",
        "deployment/sleep",
    ] {
        let outcome = run(folder.path(), &["trace", client, "web.server"]);
        assert_eq!(outcome.status, Some(0), "{client}: {}", outcome.stderr);
    }
}

#[test]
fn an_unknown_name_is_a_usage_error_with_the_nearest() {
    let folder = mesh_with("");
    let table: [(&[&str], &str); 6] = [
        (
            &["trace", "slep", "web.server"],
            "unknown client `slep`; did you mean `sleep`?",
        ),
        (
            &["trace", "client/slep", "web.server"],
            "did you mean `client/sleep`?",
        ),
        (
            &["trace", "sleep", "wbe.server"],
            "unknown host `wbe.server`; did you mean `web.server`?",
        ),
        (
            &["trace", "sleep", "web.server:81"],
            "the client sees port 80",
        ),
        (&["matrix", "--client", "slep"], "did you mean `sleep`?"),
        (&["matrix", "--host", "wbe"], "did you mean `web`?"),
    ];
    for (arguments, expected) in table {
        let outcome = run(folder.path(), arguments);
        assert_eq!(outcome.status, Some(2), "{arguments:?}");
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn a_name_that_means_several_clients_lists_them() {
    let outcome = run(mesh_with("").path(), &["trace", "*", "web.server"]);
    assert_eq!(outcome.status, Some(2));
    let expected = "give one of: client/Deployment/sleep, server/Deployment/web";
    assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
}

#[test]
fn a_missing_path_and_an_empty_folder_are_input_errors() {
    let empty = tempfile::tempdir().expect("a folder can be created");
    let table: [&[&str]; 4] = [
        &["matrix", "nowhere"],
        &["matrix"],
        &["trace", "a", "b", "nowhere"],
        &["trace", "a", "b"],
    ];
    for arguments in table {
        let outcome = run(empty.path(), arguments);
        assert_eq!(outcome.status, Some(3), "{arguments:?}: {}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn the_matrix_of_the_story_is_a_table_with_the_worst_first() {
    let outcome = run(&seed("istio-1.0-no-proxy"), &["matrix"]);
    assert_eq!(outcome.status, Some(0));
    assert_snapshot!(outcome.stdout);
}

#[test]
fn clients_with_equal_answers_share_a_row() {
    let outcome = run(&seed("istio-1.0"), &["matrix"]);
    assert_snapshot!(outcome.stdout);
}

#[test]
fn the_matrix_in_json_is_that_of_the_library() {
    let folder = seed("istio-1.0");
    let outcome = run(&folder, &["matrix", "--format", "json"]);
    let json: Value = serde_json::from_str(&outcome.stdout).expect("the matrix is JSON");
    let request = Request {
        paths: vec![camino::Utf8PathBuf::from_path_buf(folder).expect("the path is UTF-8")],
        ..Request::default()
    };
    let tree = WorkTree::new(camino::Utf8PathBuf::new());
    let analysis = analyse(&request, &tree).expect("the case can be read");
    let mesh = analysis.meshes.first().expect("there is a mesh");
    let matrix = mesh.matrix();
    let pairs: Vec<Value> = matrix
        .pairs()
        .map(|pair| serde_json::to_value(pair).expect("a pair is plain data"))
        .collect();
    assert!(!pairs.is_empty());
    let expected = serde_json::json!({
        "schema": "mtls-lint/matrix/1",
        "meshes": [{
            "name": mesh.name(),
            "istio": matrix.istio(),
            "autoMtls": matrix.auto_mtls(),
            "rootNamespace": matrix.root_namespace(),
            "pairs": pairs,
        }],
    });
    assert_eq!(json, expected);
}

#[test]
fn the_matrix_in_csv_has_a_line_an_endpoint() {
    let outcome = run(&seed("istio-1.0"), &["matrix", "--format", "csv"]);
    assert_snapshot!(outcome.stdout);
}

#[test]
fn the_matrix_can_be_filtered() {
    let folder = mesh_with(&rule("client", "cb", &format!("{WEB}, {CIRCUIT_BREAKER}")));
    let count = |arguments: &[&str]| {
        let arguments = [&["matrix", "--format", "csv"], arguments].concat();
        let outcome = run(folder.path(), &arguments);
        assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
        outcome.stdout.lines().count() - 1
    };
    let table: [(&[&str], usize); 7] = [
        (&[], 2),
        (&["--client", "client/"], 1),
        (&["--client", "*/w*"], 1),
        (&["--host", "web.server"], 2),
        (&["--host", "*.local", "--client", "sleep"], 1),
        (&["--verdict", "refused,encrypted"], 2),
        (&["--verdict", "blocked"], 0),
    ];
    for (arguments, expected) in table {
        assert_eq!(count(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn a_verdict_that_no_pair_has_is_told_and_no_error() {
    let outcome = run(mesh_with("").path(), &["matrix", "--verdict", "blocked"]);
    assert_eq!(outcome.status, Some(0));
    assert_eq!(outcome.stdout, "0 pairs\n");
    assert!(outcome.stderr.contains("no pair"), "{}", outcome.stderr);
}

#[test]
fn colours_come_only_where_they_are_asked_for() {
    let folder = mesh_with("");
    for arguments in [&["matrix"][..], &["trace", "sleep", "web.server"]] {
        let plain = run(folder.path(), arguments);
        assert!(!plain.stdout.contains('\u{1b}'), "{}", plain.stdout);
        let coloured = run(folder.path(), &[arguments, &["--color", "always"]].concat());
        assert!(
            coloured.stdout.contains("\u{1b}[31mrefused"),
            "{}",
            coloured.stdout
        );
    }
}

#[test]
fn a_hostile_name_reaches_no_terminal() {
    let hostile = rule(
        "client",
        r#""a\u001b[31m\u202e""#,
        &format!("{WEB}, {CIRCUIT_BREAKER}"),
    );
    let workload = r#"
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "h\u001b[2J\u202eh", namespace: client}
spec: {template: {metadata: {labels: {app: sleep}}, spec: {containers: [{name: app}]}}}
"#;
    let folder = mesh_with(&format!("{hostile}{workload}"));
    let table: [&[&str]; 6] = [
        &["matrix"],
        &["matrix", "--format", "csv"],
        &["matrix", "--format", "json"],
        &["trace", "sleep", "web.server"],
        &["trace", "sleep", "web.server", "--format", "json"],
        &["trace", "client/*", "web.server"],
    ];
    for arguments in table {
        let outcome = run(folder.path(), arguments);
        let all = outcome.stdout + &outcome.stderr;
        assert!(!all.is_empty());
        let is_hostile = |c: char| c == '\u{202e}' || (c.is_control() && c != '\n');
        assert!(!all.contains(is_hostile), "{arguments:?}: {all:?}");
    }
}

#[test]
fn what_was_not_read_is_told() {
    let outcome = run(
        mesh_with("---\napiVersion: networking.istio.io/v1\nkind: DestinationRule\nspec: [\n")
            .path(),
        &["matrix"],
    );
    assert_eq!(outcome.status, Some(0));
    assert!(
        outcome.stderr.contains("not read: a.yaml"),
        "{}",
        outcome.stderr
    );
}
