//! The formats that are JSON, against their schemas.

use serde_json::Value;

use super::sample::{sample, with_hidden};
use super::{STYLE, rendered};
use crate::diagnostic::{ExceptionKind, Fingerprint};
use crate::report::{Format, report_line_schema, report_schema};

/// The sample, with fingerprints as triage gives them.
fn value(format: Format) -> Value {
    let mut report = sample();
    for (number, finding) in report.diagnostics.iter_mut().enumerate() {
        finding.fingerprint = Fingerprint(format!("{number:016x}"));
    }
    parsed(&rendered(&report, format, STYLE))
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// Whether a value follows a schema, and if not, why.
fn follows(schema: &Value, value: &Value) {
    let validator = jsonschema::validator_for(schema).expect("the schema is one");
    let errors: Vec<String> = validator
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn json_follows_its_schema() {
    follows(&report_schema(), &value(Format::Json));
}

#[test]
fn hidden_findings_are_apart_from_the_others_and_follow_the_schema() {
    let mut report = with_hidden(ExceptionKind::Config);
    report.diagnostics.truncate(1);
    let value = parsed(&rendered(&report, Format::Json, STYLE));
    follows(&report_schema(), &value);
    assert_eq!(value["findings"].as_array().map(Vec::len), Some(1));
    let suppression = &value["suppressed"][0]["suppression"];
    assert_eq!(suppression["kind"], "config");
    assert_eq!(suppression["location"]["line"], 9);
    assert_eq!(value["summary"]["suppressed"], 1);
    let lines = rendered(&report, Format::Jsonl, STYLE);
    let types = lines.lines().map(|line| {
        let line = parsed(line);
        follows(&report_line_schema(), &line);
        line["type"].as_str().unwrap_or_default().to_owned()
    });
    let types: Vec<String> = types.collect();
    assert_eq!(types, ["report", "finding", "suppressed", "summary"]);
}

#[test]
fn a_null_does_not_follow_the_schema_of_the_report() {
    let mut report = value(Format::Json);
    report["findings"][0]["help"] = Value::Null;
    let validator = jsonschema::validator_for(&report_schema()).expect("the schema is one");
    assert!(!validator.is_valid(&report));
}

#[test]
fn every_line_of_jsonl_follows_its_schema() {
    let schema = report_line_schema();
    for line in rendered(&sample(), Format::Jsonl, STYLE).lines() {
        follows(&schema, &parsed(line));
    }
}

#[test]
fn jsonl_says_what_json_says() {
    let text = rendered(&sample(), Format::Jsonl, STYLE);
    let mut lines: Vec<Value> = text.lines().map(parsed).collect();
    let mut types = Vec::new();
    for line in &mut lines {
        let line = line.as_object_mut().expect("an object");
        types.push(line.remove("type").expect("a type"));
    }
    let report = parsed(&rendered(&sample(), Format::Json, STYLE));
    let findings = report["findings"].as_array().expect("a list");
    let last = lines.len() - 1;
    assert_eq!(lines[0]["schema"], report["schema"]);
    assert_eq!(lines[1..last], findings[..]);
    assert_eq!(lines[last], report["summary"]);
    assert_eq!(
        (&types[0], &types[last]),
        (&"report".into(), &"summary".into())
    );
    assert!(types[1..last].iter().all(|name| name == "finding"));
}

#[test]
fn gitlab_follows_what_gitlab_documents() {
    let schema = include_str!("../../../testdata/schemas/gitlab-code-quality.json");
    follows(&parsed(schema), &value(Format::Gitlab));
}

#[test]
fn rdjson_follows_what_reviewdog_documents() {
    let schema = include_str!("../../../testdata/schemas/rdjson.json");
    follows(&parsed(schema), &value(Format::Rdjson));
}

#[test]
fn columns_of_rdjson_count_bytes() {
    let report = value(Format::Rdjson);
    let range = &report["diagnostics"][2]["location"]["range"];
    let columns = (&range["start"]["column"], &range["end"]["column"]);
    assert_eq!(columns, (&15.into(), &(15 + "größe.✓".len()).into()));
}

#[test]
fn rdjson_suggests_only_fixes_of_one_edit_in_the_same_file() {
    let report = value(Format::Rdjson);
    let suggestions = |finding: usize| &report["diagnostics"][finding]["suggestions"];
    assert_eq!(suggestions(0).as_array().map(Vec::len), Some(1));
    assert_eq!(suggestions(2), &Value::Null);
    let message = report["diagnostics"][2]["message"].as_str();
    assert!(message.is_some_and(|message| message.contains("- fix (unsafe): call it `groesse`")));
}
