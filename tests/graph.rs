//! `graph` as a user runs it: the story that the linter exists for in every format, drawings that their programs take, and
//! the page in a browser.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]

#[path = "../benches/support/mod.rs"]
#[expect(dead_code, reason = "the benchmarks use more of it")]
mod generator;
#[expect(dead_code, reason = "other tests use more of it")]
mod support;

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use generator::Repository;
use insta::assert_snapshot;
use serde_json::Value;
use support::{Outcome, run_with, seed, write};
use tempfile::TempDir;

/// A repository of five namespaces that one screen shows.
const SMALL: Repository = Repository {
    namespaces: 5,
    services: 30,
    workloads: 40,
    rules: 20,
    sidecars: 1,
    bystanders: 0,
    seed: 3,
};

/// A repository of which nobody wants to see everything at once.
const LARGE: Repository = Repository {
    namespaces: 20,
    services: 300,
    workloads: 400,
    rules: 320,
    sidecars: 3,
    bystanders: 0,
    seed: 3,
};

/// A mesh with every verdict.
fn shop() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/graph/shop")
}

/// A repository on disk.
fn folder_of(repository: &Repository) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be created");
    for (path, text) in repository.files() {
        write(folder.path(), path, text.as_bytes());
    }
    folder
}

/// Runs `graph` in a folder; it succeeds.
fn graph(folder: &Path, arguments: &[&str]) -> Outcome {
    let outcome = run_graph(folder, arguments);
    assert_eq!(outcome.status, Some(0), "{}", outcome.stderr);
    outcome
}

fn run_graph(folder: &Path, arguments: &[&str]) -> Outcome {
    run_command(folder, &[&["graph"], arguments].concat())
}

/// Runs a command; `--isolated` stands behind its name, where commands take it.
fn run_command(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, &[arguments, &["--isolated"]].concat(), &[])
}

/// Names that would be markup, a command or a language if anything took them for more than text.
const HOSTILE: &str = r#"
apiVersion: v1
kind: Service
metadata: {name: "<img src=x onerror=\"window.injected=1\">", namespace: "</script><script>window.injected=1</script>"}
spec: {selector: {app: "a"}, ports: [{name: "http", port: 80}, {name: "tcp", port: 81}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "\"]; x -> y [label=\"<b class='injected'>", namespace: "</script><script>window.injected=1</script>"}
spec: {template: {metadata: {labels: {app: "a"}}, spec: {containers: [{name: app}]}}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: "h\u001b[2J\u202e\u2028h#quot;%%{init}%%", namespace: "<!--"}
spec: {template: {metadata: {labels: {app: "b"}}, spec: {containers: [{name: app}]}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: "\\\" -> ##[error]`${window.injected=1}`", namespace: istio-system}
spec: {host: "*.local", trafficPolicy: {tls: {mode: DISABLE}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
"#;

/// A folder with the hostile names.
fn hostile() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be created");
    write(folder.path(), "a.yaml", HOSTILE.as_bytes());
    folder
}

/// Writes the pages and charts that the browser looks at.
fn write_pages(pages: &Path) {
    fs::create_dir_all(pages).expect("the folder can be created");
    let (small, large, hostile) = (folder_of(&SMALL), folder_of(&LARGE), hostile());
    let write_page = |name: &str, folder: &Path| {
        let page = graph(folder, &["--format", "html"]).stdout;
        fs::write(pages.join(format!("{name}.html")), page).expect("the page can be written");
    };
    write_page("seed", &seed("istio-1.0"));
    write_page("shop", &shop());
    write_page("small", small.path());
    write_page("large", large.path());
    write_page("hostile", hostile.path());
    let write_chart = |name: &str, folder: &Path, arguments: &[&str]| {
        let arguments = [&["--format", "mermaid"], arguments].concat();
        let chart = graph(folder, &arguments).stdout;
        fs::write(pages.join(format!("{name}.mmd")), chart).expect("the chart can be written");
    };
    write_chart("seed", &seed("istio-1.0"), &[]);
    write_chart("shop", &shop(), &[]);
    write_chart("shop-namespaces", &shop(), &["--by", "namespace"]);
    write_chart("large-namespaces", large.path(), &["--by", "namespace"]);
    write_chart("hostile", hostile.path(), &[]);
}

/// Prints a line that a passing test does not swallow.
fn tell(line: &str) {
    writeln!(std::io::stderr(), "{line}").expect("standard error takes a line");
}

/// Whether a program is there.
fn is_there(program: &str, argument: &str) -> bool {
    let mut command = Command::new(program);
    command
        .arg(argument)
        .stdout(Stdio::null())
        .stderr(Stdio::null());
    command.status().is_ok_and(|status| status.success())
}

#[test]
fn the_page_works_in_a_browser() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let pages = Path::new(env!("CARGO_TARGET_TMPDIR")).join("graph");
    write_pages(&pages);
    let chromium = std::env::var("CHROMIUM").unwrap_or_else(|_| "/usr/bin/chromium".to_owned());
    if !is_there("node", "--version")
        || !Path::new(&chromium).exists()
        || !root.join("scripts/node_modules/puppeteer-core").exists()
    {
        tell(
            "skipped: the page is not tried in a browser; that takes node, Chromium (`apt-get install chromium`, or its path in CHROMIUM) and `npm install --prefix scripts`",
        );
        return;
    }
    let output = Command::new("node")
        .arg(root.join("scripts/graph-browser-test.mjs"))
        .arg(&pages)
        .env("CHROMIUM", chromium)
        .output()
        .expect("node can be run");
    let text = String::from_utf8_lossy(&output.stdout);
    for line in text.lines().filter(|line| line.starts_with("skipped")) {
        tell(line);
    }
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{text}\n{errors}");
}

#[test]
fn the_story_is_drawn_for_graphviz() {
    assert_snapshot!(graph(&seed("istio-1.0"), &[]).stdout);
}

#[test]
fn the_story_is_drawn_for_mermaid() {
    assert_snapshot!(graph(&seed("istio-1.0"), &["--format", "mermaid"]).stdout);
}

#[test]
fn the_story_as_json_has_every_fact_once_with_its_place() {
    assert_snapshot!(graph(&seed("istio-1.0"), &["--format", "json"]).stdout);
}

#[test]
fn many_namespaces_are_drawn_as_one_node_with_its_exceptions() {
    assert_snapshot!(graph(&shop(), &["--host", "card.payments"]).stdout);
}

#[test]
fn namespaces_can_be_the_nodes() {
    assert_snapshot!(graph(&shop(), &["--by", "namespace"]).stdout);
}

/// The graph as JSON.
fn json(folder: &Path, arguments: &[&str]) -> Value {
    let outcome = graph(folder, &[&["--format", "json"], arguments].concat());
    serde_json::from_str(&outcome.stdout).expect("the graph is JSON")
}

/// A table of the first mesh.
fn table<'a>(json: &'a Value, name: &str) -> &'a [Value] {
    let table = json["meshes"][0][name].as_array();
    table.expect("the mesh has the table")
}

#[test]
fn every_position_in_the_json_leads_somewhere() {
    let json = json(&shop(), &[]);
    assert_eq!(json["schema"], "mtls-lint/graph/1");
    let is_in = |name: &str, position: &Value| {
        let position = position.as_u64().and_then(|p| usize::try_from(p).ok());
        table(&json, name)
            .get(position.expect("it is a position"))
            .is_some()
    };
    let are_in = |name: &str, positions: &Value| {
        let mut positions = positions.as_array().expect("it is a list").iter();
        positions.all(|position| is_in(name, position))
    };
    for set in table(&json, "clients") {
        assert!(are_in("groups", &set["groups"]), "{set}");
        assert!(
            set.get("allBut")
                .is_none_or(|all_but| are_in("groups", all_but)),
            "{set}"
        );
    }
    for edge in table(&json, "edges") {
        assert!(is_in("clients", &edge["clients"]), "{edge}");
        assert!(is_in("services", &edge["service"]), "{edge}");
        assert!(are_in("rules", &edge["rules"]), "{edge}");
        assert!(are_in("endpoints", &edge["endpoints"]), "{edge}");
        for reason in edge["because"].as_array().expect("an edge has reasons") {
            assert!(is_in("clients", &reason["clients"]), "{edge}");
            assert!(are_in("facts", &reason["facts"]), "{edge}");
            assert_ne!(reason["facts"], Value::Array(Vec::new()), "{edge}");
        }
    }
}

/// The pairs of a graph, spelled out as lines: client, host, port, subset, verdict.
fn pairs_of_graph(json: &Value) -> Vec<String> {
    let at = |name: &str, position: &Value| {
        let position = position.as_u64().expect("it is a position");
        table(json, name)[usize::try_from(position).expect("it is small")].clone()
    };
    let mut pairs = Vec::new();
    for edge in table(json, "edges") {
        let host = at("services", &edge["service"])["host"].clone();
        let clients = at("clients", &edge["clients"]);
        for group in clients["groups"].as_array().expect("a set has groups") {
            let group = at("groups", group);
            for workload in group["workloads"]
                .as_array()
                .expect("a group has workloads")
            {
                let (namespace, verdict) = (&group["namespace"], &edge["verdict"]);
                let (port, subset) = (&edge["port"], &edge["subset"]);
                pairs.push(format!(
                    "{namespace} {workload} {host} {port} {subset} {verdict}"
                ));
            }
        }
    }
    pairs.sort();
    pairs
}

/// The same of the matrix.
fn pairs_of_matrix(folder: &Path) -> Vec<String> {
    let outcome = run_command(folder, &["matrix", "--format", "json"]);
    let json: Value = serde_json::from_str(&outcome.stdout).expect("the matrix is JSON");
    let pairs = table(&json, "pairs").iter().map(|pair| {
        let client = &pair["client"];
        let (namespace, workload) = (&client["namespace"], &client["workload"]);
        let (host, port, subset) = (&pair["host"], &pair["port"], &pair["subset"]);
        format!(
            "{namespace} {workload} {host} {port} {subset} {}",
            pair["verdict"]
        )
    });
    let mut pairs: Vec<String> = pairs.collect();
    pairs.sort();
    pairs
}

#[test]
fn the_graph_says_what_the_matrix_says() {
    for folder in [seed("istio-1.0"), seed("modern"), shop()] {
        let pairs = pairs_of_graph(&json(&folder, &[]));
        assert_eq!(pairs, pairs_of_matrix(&folder));
        assert!(!pairs.is_empty());
    }
    let small = folder_of(&SMALL);
    let pairs = pairs_of_graph(&json(small.path(), &[]));
    assert_eq!(pairs, pairs_of_matrix(small.path()));
}

/// A mesh of some namespaces with a workload each, the first also with a service, and whatever else a test adds.
fn namespaces(count: usize, more: &str) -> TempDir {
    let service = "{apiVersion: v1, kind: Service, metadata: {name: web, namespace: n0}, spec: {selector: {app: web}, ports: [{name: http, port: 80}]}}\n";
    let texts: Vec<String> = (0..count)
        .map(|number| {
            let labels = "labels: {istio-injection: enabled}";
            let template = "template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app}]}}";
            format!(
                "---\n{{apiVersion: v1, kind: Namespace, metadata: {{name: n{number}, {labels}}}}}\n---\n{{apiVersion: apps/v1, kind: Deployment, metadata: {{name: web, namespace: n{number}}}, spec: {{{template}}}}}\n"
            )
        })
        .collect();
    let folder = tempfile::tempdir().expect("a folder can be created");
    write(
        folder.path(),
        "a.yaml",
        [service, &texts.concat(), more].concat().as_bytes(),
    );
    folder
}

/// A rule of one namespace that takes mutual TLS away from its clients.
const RULE: &str = "---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: n2}
spec: {host: web.n0.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}
";

/// The sets of clients that edges come from: groups, and the groups that are not among them.
fn edge_clients(json: &Value) -> Vec<(&Value, Option<&Value>)> {
    let clients = table(json, "edges").iter().map(|edge| {
        let position = edge["clients"].as_u64().expect("it is a position");
        let set = &table(json, "clients")[usize::try_from(position).expect("it is small")];
        (&set["groups"], set.get("allBut"))
    });
    clients.collect()
}

#[test]
fn clients_of_many_namespaces_that_agree_are_one_set() {
    let json = json(namespaces(5, "").path(), &[]);
    let (all, none) = (serde_json::json!([0, 1, 2, 3, 4]), serde_json::json!([]));
    assert_eq!(edge_clients(&json), [(&all, Some(&none))]);
}

#[test]
fn clients_with_a_rule_of_their_own_are_named_as_the_exception() {
    let json = json(namespaces(5, RULE).path(), &[]);
    let (one, others) = (serde_json::json!([2]), serde_json::json!([0, 1, 3, 4]));
    assert_eq!(edge_clients(&json), [(&one, None), (&others, Some(&one))]);
}

#[test]
fn clients_of_few_namespaces_are_named_themselves() {
    let json = json(namespaces(3, "").path(), &[]);
    assert_eq!(edge_clients(&json), [(&serde_json::json!([0, 1, 2]), None)]);
}

#[test]
fn a_line_from_all_clients_names_the_exception() {
    let drawing = graph(namespaces(5, RULE).path(), &[]).stdout;
    assert!(
        drawing.contains(r#"all_sidecar -> service0 [label="80: encrypted\nbut n2""#),
        "{drawing}"
    );
    assert!(
        drawing.contains(r#"client2 -> service0 [label="80: plaintext\nn2/web""#),
        "{drawing}"
    );
}

#[test]
fn the_graph_can_be_filtered() {
    let edges = |arguments: &[&str]| table(&json(&shop(), arguments), "edges").len();
    let cases: [(&[&str], usize); 5] = [
        (&[], 35),
        (&["--verdict", "plaintext,unknown"], 6),
        (&["--host", "card.payments"], 2),
        (&["--client", "report"], 12),
        (
            &[
                "--client",
                "shop/",
                "--host",
                "index",
                "--verdict",
                "plaintext",
            ],
            1,
        ),
    ];
    for (arguments, expected) in cases {
        assert_eq!(edges(arguments), expected, "{arguments:?}");
    }
}

#[test]
fn an_unknown_client_or_host_is_a_usage_error_with_the_nearest() {
    for (arguments, expected) in [
        (["--client", "carrt"], "did you mean `cart`?"),
        (["--host", "inde"], "did you mean `index`?"),
    ] {
        let outcome = run_graph(&shop(), &arguments);
        assert_eq!(outcome.status, Some(2));
        assert!(outcome.stderr.contains(expected), "{}", outcome.stderr);
        assert_eq!(outcome.stdout, "");
    }
}

#[test]
fn a_graph_without_lines_is_told_and_no_error() {
    let outcome = graph(&seed("istio-1.0"), &["--verdict", "blocked"]);
    assert!(
        outcome.stderr.contains("no pair of client and destination"),
        "{}",
        outcome.stderr
    );
}

#[test]
fn a_drawing_that_nobody_can_read_says_what_makes_it_smaller() {
    let large = folder_of(&LARGE);
    let outcome = graph(large.path(), &[]);
    assert!(
        outcome.stderr.contains("`--by namespace`"),
        "{}",
        outcome.stderr
    );
    let outcome = graph(large.path(), &["--by", "namespace"]);
    assert_eq!(outcome.stderr, "");
}

#[test]
fn three_hundred_services_are_a_page_of_few_megabytes() {
    let large = folder_of(&LARGE);
    let page = graph(large.path(), &["--format", "html"]).stdout;
    assert!(page.len() < 2_000_000, "{} bytes", page.len());
}

#[test]
fn the_same_input_gives_the_same_bytes() {
    let small = folder_of(&SMALL);
    for format in ["dot", "mermaid", "json", "html"] {
        let render = || graph(small.path(), &["--format", format]).stdout;
        assert_eq!(render(), render(), "{format}");
    }
}

#[test]
fn no_format_holds_hidden_characters_or_workflow_commands() {
    let folder = hostile();
    for format in ["dot", "mermaid", "json", "html"] {
        let text = graph(folder.path(), &["--format", format]).stdout;
        let is_hidden =
            |c: char| matches!(c, '\u{202e}' | '\u{2028}') || (c.is_control() && c != '\n');
        assert!(!text.contains(is_hidden), "{format}");
        assert!(!text.contains("##["), "{format}");
    }
}

#[test]
fn names_cannot_leave_the_script_element_of_the_page() {
    let folder = hostile();
    let page = graph(folder.path(), &["--format", "html"]).stdout;
    assert_eq!(page.matches("</script").count(), 2);
    assert_eq!(page.matches("<!--").count(), 0);
    assert_eq!(page.matches("<img").count(), 0);
}

#[test]
fn graphviz_takes_the_drawings() {
    if !is_there("dot", "-V") {
        tell("skipped: the drawings are not given to Graphviz, because `dot` is not installed");
        return;
    }
    let (large, hostile) = (folder_of(&LARGE), hostile());
    let cases: [(&Path, &[&str], &str); 5] = [
        (&seed("istio-1.0"), &[], "8000: refused"),
        (&shop(), &[], "clients with a sidecar"),
        (&shop(), &["--by", "namespace"], "payments"),
        (large.path(), &["--by", "namespace"], "team&#45;19"),
        (hostile.path(), &[], "&lt;img src=x onerror="),
    ];
    for (folder, arguments, expected) in cases {
        let drawing = graph(folder, arguments).stdout;
        let mut child = Command::new("dot")
            .arg("-Tsvg")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("dot can be run");
        let mut input = child.stdin.take().expect("standard input is a pipe");
        let writer = std::thread::spawn(move || input.write_all(drawing.as_bytes()));
        let output = child.wait_with_output().expect("dot ends");
        writer
            .join()
            .expect("the writer ends")
            .expect("dot reads everything");
        assert!(
            output.status.success(),
            "{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert_eq!(String::from_utf8_lossy(&output.stderr), "");
        let picture = String::from_utf8_lossy(&output.stdout);
        assert!(picture.contains(expected), "{arguments:?}: {picture}");
    }
}
