//! SARIF against its schema, against serde-sarif and against what code scanning wants.

use serde_json::Value;

use super::sample::{sample, with_hidden};
use super::{STYLE, rendered};
use crate::baseline::Baseline;
use crate::diagnostic::{Diagnostic, ExceptionKind};
use crate::engine::{Accepted, Report};
use crate::report::Format;

fn sarif_value(report: &Report) -> Value {
    serde_json::from_str(&rendered(report, Format::Sarif, STYLE)).expect("SARIF is JSON")
}

#[test]
fn sarif_follows_the_schema() {
    let schema = include_str!("../../../testdata/schemas/sarif-2.1.0.json");
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    assert_eq!(errors(&validator, &sample()), Vec::<String>::new());
    assert_eq!(errors(&validator, &accepted()), Vec::<String>::new());
    let gone = with_gone(&sample().diagnostics);
    assert_eq!(errors(&validator, &gone), Vec::<String>::new());
    let hidden = with_hidden(ExceptionKind::Comment);
    assert_eq!(errors(&validator, &hidden), Vec::<String>::new());
}

/// The sample with its first finding known.
fn accepted() -> Report {
    with_gone(&[])
}

/// The same, with a baseline that accepts what is not there any more.
fn with_gone(gone: &[Diagnostic]) -> Report {
    let mut report = sample();
    let known = report.diagnostics.drain(..1).collect();
    report.accepted = Some(Accepted {
        path: "known.json".into(),
        known,
        gone: Some(Baseline::of(gone)),
    });
    report
}

fn errors(validator: &jsonschema::Validator, report: &Report) -> Vec<String> {
    let document = sarif_value(report);
    validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn a_known_finding_is_the_same_result_with_another_state() {
    let all = sarif_value(&sample())["runs"][0]["results"].take();
    let results = sarif_value(&accepted())["runs"][0]["results"].take();
    let mut known = results[results.as_array().map_or(0, Vec::len) - 1].clone();
    let state = known
        .as_object_mut()
        .expect("it is one")
        .shift_remove("baselineState");
    assert_eq!(state, Some("unchanged".into()));
    assert_eq!(known, all[0]);
    assert_eq!(results[0]["baselineState"], "new");
}

#[test]
fn a_hidden_finding_is_the_same_result_with_its_exception() {
    let table = [
        (ExceptionKind::Comment, "inSource"),
        (ExceptionKind::Annotation, "inSource"),
        (ExceptionKind::Config, "external"),
    ];
    let all = sarif_value(&sample())["runs"][0]["results"].take();
    for (kind, word) in table {
        let results = sarif_value(&with_hidden(kind))["runs"][0]["results"].take();
        let mut hidden = results[results.as_array().map_or(0, Vec::len) - 1].clone();
        let result = hidden.as_object_mut().expect("it is one");
        let suppressions = result.shift_remove("suppressions").unwrap_or_default();
        assert_eq!(hidden, all[0]);
        assert_eq!(suppressions[0]["kind"], word);
        let justification = suppressions[0]["justification"].as_str();
        assert!(justification.is_some_and(|why| why.starts_with("until ")));
        assert_eq!(results[0]["suppressions"], Value::Null);
    }
}

#[test]
fn sarif_reads_back_as_what_was_written() {
    let text = rendered(&sample(), Format::Sarif, STYLE);
    let document: serde_sarif::sarif::Sarif =
        serde_json::from_str(&text).expect("serde-sarif reads it");
    let results = document.runs[0].results.as_deref().unwrap_or_default();
    let indices: Vec<Option<i64>> = results.iter().map(|result| result.rule_index).collect();
    assert_eq!(
        indices,
        [Some(0), Some(2), None, Some(2), Some(1), Some(0), Some(1)]
    );
}

#[test]
fn sarif_has_no_empty_objects() {
    fn walk(value: &Value, path: &str) {
        match value {
            Value::Object(map) => {
                assert!(!map.is_empty(), "empty object at {path}");
                for (key, value) in map {
                    walk(value, &format!("{path}/{key}"));
                }
            }
            Value::Array(list) => {
                assert!(!list.is_empty(), "empty list at {path}");
                for value in list {
                    walk(value, path);
                }
            }
            Value::Null => panic!("null at {path}"),
            Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
        }
    }
    walk(&sarif_value(&sample()), "");
}

#[test]
fn every_sarif_result_has_one_location_on_one_line() {
    let document = sarif_value(&sample());
    let results = document["runs"][0]["results"].as_array().expect("a list");
    assert_eq!(results.len(), 7);
    for result in results {
        let locations = result["locations"].as_array().expect("a list");
        assert_eq!(locations.len(), 1);
        let region = &locations[0]["physicalLocation"]["region"];
        assert!(region["startLine"].is_u64());
        assert_eq!(region["startLine"], region["endLine"]);
        assert!(region["startColumn"].as_u64() <= region["endColumn"].as_u64());
    }
}

#[test]
fn a_link_of_a_manifest_is_none_even_behind_a_backslash() {
    for hostile in [
        "[click](https://evil.example)",
        r"[click\](https://evil.example)",
    ] {
        let mut report = sample();
        report.diagnostics.truncate(1);
        let finding = &mut report.diagnostics[0];
        finding.message = format!("name `{hostile}`");
        finding.label = hostile.into();
        finding.labels.clear();
        finding.help = Some(hostile.into());
        finding.meshes = vec![hostile.into()];
        let value = sarif_value(&report);
        let text = value["runs"][0]["results"][0]["message"]["text"].as_str();
        let text = text.expect("it is text");
        assert!(!text.contains("]("), "{text}");
    }
}

#[test]
fn an_entry_of_the_baseline_that_is_gone_is_an_absent_result_that_fails_nobody() {
    let first = sample().diagnostics.remove(0);
    let report = with_gone(&[first.clone(), first]);
    let results = sarif_value(&report)["runs"][0]["results"].take();
    let results = results.as_array().expect("it is a list");
    let absent: Vec<&Value> = results
        .iter()
        .filter(|result| result["baselineState"] == "absent")
        .collect();
    let [absent] = absent.as_slice() else {
        panic!("{absent:?}");
    };
    assert_eq!(
        (&absent["kind"], &absent["level"]),
        (&"pass".into(), &"none".into())
    );
    assert_eq!(absent["occurrenceCount"], 2);
    assert!(absent["ruleIndex"].is_u64());
    let place = &absent["locations"][0]["physicalLocation"];
    assert_eq!(place["artifactLocation"]["uri"], "known.json");
    assert_eq!(place["region"]["startLine"], 1);
}
