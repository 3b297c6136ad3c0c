//! Which field stands where: the tables of `docs/formats.md`, against what the formats write.

use std::collections::{BTreeMap, BTreeSet};

use super::sample::{finding, sample};
use super::{STYLE, rendered};
use crate::diagnostic::{Certainty, Diagnostic, Severity};
use crate::engine::{Report, Summary};
use crate::report::{Format, Style};

const PAGE: &str = include_str!("../../../docs/formats.md");

/// What the words in capitals stand for, in the findings below.
const VALUES: [(&str, &str); 14] = [
    ("RULE", "override-drops-mtls"),
    ("PAGE", "https://mtls-lint.dev/rules/override-drops-mtls"),
    (
        "MESSAGE",
        "`DestinationRule foo/httpbin` drops the mutual TLS that `*.local` gives",
    ),
    ("CERTAINTY", "assumed"),
    ("CAVEAT", "this rests on an assumption"),
    ("MESHES", "prod, staging"),
    ("PATH", "apps/httpbin/rule.yaml"),
    ("LINE", "8"),
    ("COLUMN", "3"),
    ("END", "16"),
    ("NEAR", "7"),
    ("RELATED", "more specific than `*.local`"),
    ("FACT", "auto mTLS is off"),
    ("TITLE", "add `tls: {mode: ISTIO_MUTUAL}`"),
];
const HELP: &str = "set `trafficPolicy.tls.mode: ISTIO_MUTUAL` in this rule, because the more specific rule replaces the \
     mesh-wide one as a whole";

/// What a finding knows; every table of fields has a row for each.
const FIELDS: [&str; 9] = [
    "rule",
    "severity",
    "certainty",
    "meshes",
    "place",
    "related places",
    "evidence",
    "help",
    "fix",
];

/// A table: the words of its head, and its rows.
struct Table {
    head: Vec<&'static str>,
    rows: Vec<Vec<&'static str>>,
}

/// The tables below a heading.
fn tables(heading: &str) -> Vec<Table> {
    let (_, section) = PAGE.split_once(heading).expect("the page has the heading");
    let section = section.split("\n## ").next().unwrap_or_default();
    let blocks = section
        .split("\n\n")
        .filter(|block| block.starts_with("| "));
    let cells = |line: &'static str| -> Vec<&'static str> {
        let line = line.trim_start_matches("| ").trim_end_matches(" |");
        line.split(" | ").collect()
    };
    let table = |block: &'static str| {
        let mut lines = block.trim_end().lines();
        let head = cells(lines.next().unwrap_or_default());
        let rows = lines.skip(1).map(cells).collect();
        Table { head, rows }
    };
    blocks.map(table).collect()
}

/// The spans of code in a cell.
fn code(cell: &str) -> Vec<String> {
    let mut spans = Vec::new();
    let mut rest = cell;
    while let Some((_, tail)) = rest.split_once('`') {
        let more = tail.len() - tail.trim_start_matches('`').len();
        let fence = "`".repeat(more + 1);
        let tail = tail.get(more..).unwrap_or_default();
        let (span, after) = tail.split_once(fence.as_str()).expect("a span has an end");
        spans.push(span.to_owned());
        rest = after;
    }
    spans
}

/// A span of code with values for the words in capitals, and without blanks.
fn filled(span: &str) -> String {
    let values: BTreeMap<&str, &str> = VALUES.into_iter().chain([("HELP", HELP)]).collect();
    let mut text = String::new();
    let mut rest = span;
    while !rest.is_empty() {
        let capitals = rest
            .find(|it: char| !it.is_ascii_uppercase())
            .unwrap_or(rest.len());
        let length = capitals.max(rest.chars().next().map_or(1, char::len_utf8));
        let (word, after) = rest.split_at(length);
        text.push_str(values.get(word).unwrap_or(&word));
        rest = after;
    }
    text.split_whitespace().collect()
}

/// What a format makes of one finding, without blanks: lines are broken where a terminal ends.
fn shown(finding: Diagnostic, format: Format) -> String {
    let style = Style {
        width: 1000,
        ..STYLE
    };
    let report = Report {
        diagnostics: vec![finding],
        summary: Summary::default(),
        ..sample()
    };
    let text = rendered(&report, format, style);
    text.split_whitespace().collect()
}

/// A finding that knows everything.
fn rich(severity: Severity) -> Diagnostic {
    Diagnostic {
        severity,
        certainty: Certainty::Assumed,
        ..sample().diagnostics.swap_remove(0)
    }
}

/// Checks that a format writes what a cell says; whether the cell says anything.
fn check(cell: &str, format: Format, text: &str) -> bool {
    let spans = code(cell);
    for span in &spans {
        // A name alone is that of a key, in which the span before it stands.
        let is_key = span
            .chars()
            .all(|it| it.is_ascii_alphabetic() || matches!(it, '.' | '_'));
        let is_there = if is_key {
            span.split('.').all(|key| text.contains(&filled(key)))
        } else {
            text.contains(&filled(span))
        };
        let is_flag = span.starts_with("--");
        assert!(is_there || is_flag, "{format:?}: no {span} in {text}");
    }
    !spans.is_empty()
}

fn format(name: &str) -> Format {
    name.parse().expect("the page names formats")
}

#[test]
fn every_field_stands_where_the_page_says() {
    let mut formats = BTreeSet::from([Format::Jsonl]);
    for table in tables("## Which field stands where") {
        let fields: Vec<&str> = table.rows.iter().map(|row| row[0]).collect();
        assert_eq!(fields, FIELDS);
        for (column, name) in table.head.iter().enumerate().skip(1) {
            let format = format(name);
            formats.insert(format);
            let text = shown(rich(Severity::Error), format);
            for row in &table.rows {
                let is_said = check(row[column], format, &text);
                assert!(is_said || row[column] == "—", "{format:?}: {}", row[0]);
            }
        }
    }
    assert_eq!(formats, BTreeSet::from(Format::ALL));
}

#[test]
fn only_concise_has_no_place_for_some_fields() {
    for table in tables("## Which field stands where") {
        for row in &table.rows {
            for (cell, name) in row.iter().zip(&table.head) {
                assert!(*cell != "—" || *name == "concise", "{name}: {}", row[0]);
            }
        }
    }
}

#[test]
fn jsonl_has_the_keys_of_json() {
    let [_, programs, _] = <[Table; 3]>::try_from(tables("## Which field stands where"))
        .unwrap_or_else(|tables| panic!("{} tables", tables.len()));
    let text = shown(rich(Severity::Error), Format::Jsonl);
    for row in &programs.rows {
        assert!(check(row[1], Format::Jsonl, &text));
    }
}

/// Checks a table with a row for each format and a column for each of some findings.
fn check_columns(heading: &str, findings: &[Diagnostic]) {
    let [table] = <[Table; 1]>::try_from(tables(heading))
        .unwrap_or_else(|tables| panic!("{} tables", tables.len()));
    let names: Vec<&str> = table.rows.iter().map(|row| row[0]).collect();
    assert_eq!(names, Format::ALL.map(Format::as_str));
    for row in &table.rows {
        let format = format(row[0]);
        for (cell, finding) in row.iter().skip(1).zip(findings) {
            check(cell, format, &shown(finding.clone(), format));
        }
    }
}

#[test]
fn severities_are_called_as_the_page_says() {
    let severities = [Severity::Error, Severity::Warning, Severity::Note];
    check_columns("## Severities", &severities.map(rich));
}

#[test]
fn what_has_no_line_stands_where_the_page_says() {
    let nowhere = finding("override-drops-mtls", Severity::Error, "it is so");
    let unread = Diagnostic {
        path: Some("apps/httpbin/rule.yaml".into()),
        ..nowhere.clone()
    };
    check_columns("## Findings without a line", &[unread, nowhere]);
}

#[test]
fn json_has_no_location_where_a_finding_has_no_file() {
    let nowhere = finding("override-drops-mtls", Severity::Error, "it is so");
    for format in [Format::Json, Format::Jsonl] {
        assert!(!shown(nowhere.clone(), format).contains("location"));
    }
}
