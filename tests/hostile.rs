//! Manifests that try to act on whoever reads about them: on terminals, workflow runners, browsers and parsers.
#![cfg(unix)] // the names of its files are none elsewhere
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

#[path = "support/manifests.rs"]
mod manifests;
#[path = "support/markup.rs"]
mod markup;
mod support;

use std::fmt::Write as _;
use std::path::Path;

use roxmltree::Document;
use serde_json::Value;
use tempfile::TempDir;

use manifests::WEB;
use markup::only_ours;
use support::{FORMATS, run, run_with, write};

/// What tries to act, each by itself so that none hides the others.
const ATTACKS: [&str; 17] = [
    "\u{1b}[31mred",
    "\u{1b}]8;;https://evil.example\u{1b}\\click\u{1b}]8;;\u{1b}\\",
    "\u{1b}]0;title\u{7}",
    "\u{9b}2J",
    "\r\rover",
    "\n::error::pwned",
    "\n  ::stop-commands::token",
    "\n##[error]pwned",
    "#\u{200b}#[group]pwned",
    "\u{202e}dlrow",
    "\u{2028}::warning::pwned",
    "<img src=x onerror=alert(1)></script><script>alert(1)</script>",
    "![i](//evil.example/i.png) [click](https://evil.example) [x\\](https://evil.example)",
    "@team #1 www.evil.example",
    "]]> --> </failure></system-out> &amp; &#27;",
    "\n\n# heading\n\n| a | b |\n```\n",
    "\u{1}\u{8}\u{b}\u{fffe}\u{ffff}\u{feff}",
];

/// A text in quotes, as YAML reads it.
fn quoted(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        write!(quoted, "\\U{:08X}", u32::from(character)).expect("a String takes any text");
    }
    quoted + "\""
}

/// A folder in which every name, host and path is one that attacks.
fn hostile() -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be created");
    write(folder.path(), "server.yaml", WEB.as_bytes());
    for (number, attack) in ATTACKS.iter().enumerate() {
        let name = quoted(attack);
        let raw: String = attack
            .chars()
            .filter(|it| {
                !it.is_control() && !matches!(it, '\u{fffe}' | '\u{ffff}' | '\u{feff}' | '\u{2028}')
            })
            .collect();
        let raw = raw.replace(['\'', ':', '#'], "x");
        let manifests = format!(
            "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: {name}, namespace: shop}} # {raw}
spec: {{host: web, trafficPolicy: {{tls: {{mode: DISABLE}}}}}}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {{name: host-{number}, namespace: {name}}}
spec: {{host: {name}, trafficPolicy: {{tls: {{mode: {name}}}}}, subsets: [{{name: {name}}}]}}
---
apiVersion: v1
kind: Service
metadata: {{name: service-{number}, namespace: {name}}}
spec: {{selector: {{app: {name}}}, ports: [{{name: {name}, port: 80}}]}}
---
apiVersion: apps/v1
kind: Deployment
metadata: {{name: {name}, namespace: shop, annotations: {{mtls-lint.dev/ignore-nothing: {name}}}}}
spec: {{template: {{metadata: {{labels: {{app: {name}}}}}, spec: {{containers: []}}}}}}
"
        );
        let path = attack.replace('/', "_");
        write(
            folder.path(),
            format!("{number}{path}.yaml"),
            manifests.as_bytes(),
        );
        let broken = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nspec: {\n";
        write(
            folder.path(),
            format!("{number}{path}/broken.yaml"),
            broken.as_bytes(),
        );
    }
    folder
}

/// What a format makes of it; there is something to make.
fn reported(format: &str) -> String {
    let outcome = run(hostile().path(), &["--format", format]);
    assert_eq!(outcome.status, Some(1), "{}", outcome.stderr);
    assert!(outcome.stdout.contains("tls-disabled-in-mesh"), "{format}");
    assert!(outcome.stdout.contains("unread-input"), "{format}");
    harmless(format, &outcome.stdout);
    harmless(format, &outcome.stderr);
    outcome.stdout
}

/// Checks what holds for every text that may reach a terminal or the log of a workflow.
fn harmless(what: &str, text: &str) {
    let acts = |it: char| {
        let is_shapeless = matches!(
            it,
            '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}' | '\u{feff}'
        );
        is_shapeless || (it.is_control() && it != '\n' && it != '\t')
    };
    let acting = text.find(acts).map(|at| text.get(at.saturating_sub(40)..));
    assert_eq!(acting, None, "{what}: a character that acts");
    assert!(!text.contains("##["), "{what}: an old command");
    let lines = text
        .lines()
        .filter(|line| line.trim_start().starts_with("::"));
    for line in lines {
        let ours = [
            "::error file=",
            "::warning file=",
            "::notice file=",
            "::notice title=mtls-lint::",
        ];
        let is_ours = what == "github" && ours.iter().any(|start| line.starts_with(start));
        assert!(is_ours, "{what}: a command: {line}");
    }
}

fn parsed(format: &str) -> Value {
    serde_json::from_str(&reported(format)).expect("it is JSON")
}

#[test]
fn pretty_shows_them_and_nothing_acts() {
    reported("pretty");
}

#[test]
fn concise_stays_a_line_a_finding() {
    let text = reported("concise");
    let json = parsed("json");
    let findings = json["findings"].as_array().map_or(0, Vec::len);
    let lines = text.lines().filter(|line| {
        let levels = ["error[", "warning[", "note["];
        levels
            .iter()
            .any(|level| line.contains(&format!(": {level}")) || line.starts_with(level))
    });
    assert_eq!(lines.count(), findings);
}

#[test]
fn json_keeps_every_name_as_it_is() {
    let text = parsed("json").to_string();
    let named = |attack: &str| {
        let escaped = Value::from(format!("shop/{attack}")).to_string();
        text.contains(escaped.trim_matches('"'))
    };
    for attack in ATTACKS {
        assert!(named(attack), "{attack:?}");
    }
}

#[test]
fn jsonl_stays_an_object_a_line() {
    for line in reported("jsonl").lines() {
        assert!(
            serde_json::from_str::<Value>(line).is_ok_and(|it| it.is_object()),
            "{line}"
        );
    }
}

#[test]
fn sarif_has_no_link_but_those_to_its_own_places() {
    let document = parsed("sarif");
    let results = document["runs"][0]["results"].as_array().expect("a list");
    for result in results {
        let text = result["message"]["text"].as_str().expect("it is text");
        for (at, _) in text.match_indices("](") {
            let target = text.get(at + 2..).unwrap_or_default();
            assert!(target.starts_with(|it: char| it.is_ascii_digit()), "{text}");
        }
    }
}

#[test]
fn github_gets_no_command_but_ours() {
    let text = reported("github");
    assert!(text.lines().any(|line| line.starts_with("::error file=")));
}

#[test]
fn gitlab_gets_texts_with_our_markup_alone() {
    for issue in parsed("gitlab").as_array().expect("a list") {
        only_ours(issue["content"]["body"].as_str().expect("a text"));
        let description = issue["description"].as_str().expect("a text");
        assert!(!description.contains('\n'), "{description}");
    }
}

#[test]
fn junit_stays_xml_with_our_elements_alone() {
    let text = reported("junit");
    let document = Document::parse(&text).expect("it is XML");
    let names = [
        "testsuites",
        "testsuite",
        "testcase",
        "failure",
        "system-out",
    ];
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(names.contains(&node.tag_name().name()), "{node:?}");
    }
}

#[test]
fn checkstyle_stays_xml_with_our_elements_alone() {
    let text = reported("checkstyle");
    let document = Document::parse(&text).expect("it is XML");
    for node in document.descendants().filter(roxmltree::Node::is_element) {
        assert!(
            ["checkstyle", "file", "error"].contains(&node.tag_name().name()),
            "{node:?}"
        );
    }
}

#[test]
fn rdjson_gets_messages_with_our_markup_alone() {
    for diagnostic in parsed("rdjson")["diagnostics"].as_array().expect("a list") {
        only_ours(diagnostic["message"].as_str().expect("a text"));
    }
}

#[test]
fn markdown_has_our_markup_alone() {
    only_ours(&reported("markdown"));
}

#[test]
fn every_format_is_tried() {
    assert_eq!(FORMATS.len(), 11, "a new format needs a test here");
}

#[test]
fn the_other_commands_are_harmless_too() {
    let folder = hostile();
    for line in [
        "matrix",
        "matrix --format csv",
        "matrix --format json",
        "meshes --verbose",
        "meshes --format json",
        "graph",
        "graph --format mermaid",
        "graph --format json",
        "graph --format html",
        "render",
        "render --origin",
        "trace web web.shop",
        "trace nobody web.shop",
        "check --show-files",
        "check --statistics",
        "check -v",
        "check --diff",
    ] {
        let arguments: Vec<&str> = line.split(' ').collect();
        let outcome = run_with(folder.path(), &arguments, &[]);
        harmless(line, &outcome.stderr);
        harmless(line, &outcome.stdout);
    }
}

#[test]
fn what_is_rendered_reads_back_as_it_was() {
    let folder = hostile();
    let render = |folder: &Path| run_with(folder, &["render"], &[]);
    let rendered = render(folder.path()).stdout;
    let copy = tempfile::tempdir().expect("a folder can be created");
    write(copy.path(), "all.yaml", rendered.as_bytes());
    let again = render(copy.path());
    assert_eq!(again.stderr, "");
    let sorted = |text: &str| {
        let mut documents: Vec<String> = text
            .trim_end()
            .split("\n---\n")
            .map(str::to_owned)
            .collect();
        documents.sort();
        documents
    };
    assert!(rendered.contains("evil.example"));
    assert_eq!(sorted(&again.stdout), sorted(&rendered));
}
