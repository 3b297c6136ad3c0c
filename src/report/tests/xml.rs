//! The formats that are XML, as parsers of other people read them.

use std::io::Write;
use std::process::{Command, Stdio};

use quick_junit::{NonSuccessKind, TestCaseStatus};
use roxmltree::{Document, Node};

use super::sample::{MARKUP, sample, with_hidden};
use super::{STYLE, rendered};
use crate::diagnostic::ExceptionKind;
use crate::engine::Report;
use crate::report::Format;

/// An attribute that must be there.
fn attribute<'a>(node: Node<'a, '_>, name: &str) -> &'a str {
    let value = node.attribute(name);
    value.unwrap_or_else(|| panic!("<{}> has no `{name}`", node.tag_name().name()))
}

/// The children of an element that are elements, all of one name.
fn children<'a, 'd>(node: Node<'a, 'd>, name: &'static str) -> Vec<Node<'a, 'd>> {
    let children: Vec<Node<'a, 'd>> = node.children().filter(Node::is_element).collect();
    for child in &children {
        assert_eq!(child.tag_name().name(), name);
    }
    children
}

/// The markup that manifests of the sample hold, as XML can hold it.
fn markup() -> String {
    MARKUP.replace('\u{FFFE}', "\u{FFFD}")
}

#[test]
fn a_checkstyle_parser_reads_every_finding() {
    let report = sample();
    let text = rendered(&report, Format::Checkstyle, STYLE);
    let document = Document::parse(&text).expect("it is XML");
    let root = document.root_element();
    assert_eq!(root.tag_name().name(), "checkstyle");
    assert!(attribute(root, "version").starts_with("4."));
    let mut found = 0;
    for file in children(root, "file") {
        assert!(!attribute(file, "name").is_empty());
        for error in children(file, "error") {
            found += 1;
            let severity = attribute(error, "severity");
            assert!(["error", "warning", "info"].contains(&severity));
            assert!(attribute(error, "source").starts_with("mtls-lint."));
            assert!(!attribute(error, "message").is_empty());
            for name in ["line", "column"] {
                let number = error.attribute(name).map(str::parse::<u32>);
                assert!(number.is_none_or(|number| number.is_ok_and(|it| it > 0)));
            }
        }
    }
    assert_eq!(found, report.diagnostics.len());
}

#[test]
fn checkstyle_messages_keep_their_lines_and_their_markup() {
    let text = rendered(&sample(), Format::Checkstyle, STYLE);
    let document = Document::parse(&text).expect("it is XML");
    let messages: Vec<&str> = document
        .descendants()
        .filter_map(|node| node.attribute("message"))
        .collect();
    let lines: Vec<&str> = messages[0].lines().collect();
    assert_eq!(lines[1], "no `tls` here");
    assert_eq!(
        lines.last(),
        Some(&"fix (safe): add `tls: {mode: ISTIO_MUTUAL}`")
    );
    assert!(messages[5].lines().any(|line| line == markup()));
}

/// Validates a report with a schema of ours, where there is a program that can.
#[expect(clippy::disallowed_methods, reason = "a test asks another program")]
fn follows(format: Format, schema: &str) {
    let schema = format!("{}/testdata/schemas/{schema}", env!("CARGO_MANIFEST_DIR"));
    let xmllint = Command::new("xmllint")
        .args(["--noout", "--nonet", "--schema", &schema, "-"])
        .stdin(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn();
    let Ok(mut xmllint) = xmllint else {
        writeln!(std::io::stderr(), "skipped: xmllint is not installed")
            .expect("standard error takes a line");
        return;
    };
    let text = rendered(&sample(), format, STYLE);
    let mut input = xmllint.stdin.take().expect("it is piped");
    input.write_all(text.as_bytes()).expect("xmllint reads");
    drop(input);
    let output = xmllint.wait_with_output().expect("xmllint ends");
    let complaints = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "{complaints}");
}

#[test]
fn checkstyle_follows_its_schema() {
    follows(Format::Checkstyle, "checkstyle.xsd");
}

#[test]
fn junit_follows_its_schema() {
    follows(Format::Junit, "junit.xsd");
}

/// The report as the library reads it.
fn junit(report: &Report) -> quick_junit::Report {
    let text = rendered(report, Format::Junit, STYLE);
    quick_junit::Report::deserialize_from_str(&text).expect("it is JUnit's XML")
}

#[test]
fn a_junit_parser_reads_every_finding_and_the_run() {
    let report = sample();
    let junit = junit(&report);
    assert_eq!(
        junit.name.as_ref().map(quick_junit::XmlString::as_str),
        Some("mtls-lint")
    );
    let tests: Vec<_> = junit
        .test_suites
        .iter()
        .flat_map(|suite| &suite.test_cases)
        .collect();
    assert_eq!(tests.len(), report.diagnostics.len() + 1);
    assert_eq!(
        (junit.tests, junit.failures, junit.errors),
        (tests.len(), 4, 0)
    );
    for suite in &junit.test_suites {
        assert_eq!(
            suite.tests,
            suite.test_cases.len(),
            "{}",
            suite.name.as_str()
        );
    }
    assert!(tests.iter().all(|test| test.classname.is_some()));
}

#[test]
fn errors_and_warnings_are_failed_tests_and_notes_are_not() {
    let junit = junit(&sample());
    let suites = junit.test_suites.iter();
    let failed = suites
        .flat_map(|suite| &suite.test_cases)
        .map(|test| match &test.status {
            TestCaseStatus::NonSuccess {
                kind: NonSuccessKind::Failure,
                ty,
                ..
            } => ty.as_ref().map_or("", |ty| ty.as_str()).to_owned(),
            TestCaseStatus::NonSuccess { .. } | TestCaseStatus::Skipped { .. } => {
                "other".to_owned()
            }
            TestCaseStatus::Success { .. } => "passed".to_owned(),
        });
    assert_eq!(
        failed.collect::<Vec<_>>(),
        [
            "error", "passed", "warning", "warning", "warning", "passed", "passed", "passed"
        ]
    );
}

#[test]
fn junit_texts_keep_their_markup() {
    let junit = junit(&sample());
    let test = &junit.test_suites[5].test_cases[0];
    let output = test
        .system_out
        .as_ref()
        .expect("a note has output")
        .as_str();
    assert!(output.lines().any(|line| line == markup()), "{output}");
}

#[test]
fn two_findings_of_a_rule_at_one_place_are_two_tests() {
    let mut report = sample();
    let twin = report.diagnostics[0].clone();
    report.diagnostics.insert(1, twin);
    let names: Vec<String> = junit(&report).test_suites[0]
        .test_cases
        .iter()
        .map(|test| test.name.as_str().to_owned())
        .collect();
    assert_eq!(
        names,
        [
            "override-drops-mtls at 8:3",
            "override-drops-mtls at 8:3 (2)"
        ]
    );
}

#[test]
fn junit_has_a_test_where_nothing_is_found() {
    let mut report = sample();
    report.diagnostics.clear();
    let junit = junit(&report);
    assert_eq!((junit.tests, junit.failures), (1, 0));
    assert_eq!(
        junit.test_suites[0].test_cases[0].name.as_str(),
        "manifests were checked"
    );
}

#[test]
fn a_hidden_finding_is_a_skipped_test_that_says_why() {
    let report = with_hidden(ExceptionKind::Comment);
    let text = rendered(&report, Format::Junit, STYLE);
    let read = quick_junit::Report::deserialize_from_str(&text).expect("it is JUnit's XML");
    let tests = read.test_suites.iter().flat_map(|suite| &suite.test_cases);
    let skipped = tests.filter_map(|test| match &test.status {
        TestCaseStatus::Skipped { message, .. } => message.as_deref(),
        TestCaseStatus::Success { .. } | TestCaseStatus::NonSuccess { .. } => None,
    });
    let skipped: Vec<&str> = skipped.collect();
    let [only] = skipped.as_slice() else {
        panic!("{skipped:?}");
    };
    let by = "suppressed by comment in apps/httpbin/rule.yaml:9: until";
    assert!(only.starts_with(by), "{only}");
    let document = Document::parse(&text).expect("it is XML");
    let suite = children(document.root_element(), "testsuite");
    let counts = suite.iter().filter_map(|suite| suite.attribute("skipped"));
    assert_eq!(counts.collect::<Vec<_>>(), ["1"]);
}
