//! What the linter writes for programs follows its schemas, for every fixture; and a run writes as many reports as are
//! asked for.
#![expect(
    clippy::disallowed_methods,
    reason = "fixtures and schemas are read, reports are written"
)]

#[path = "support/mod.rs"]
mod support;

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use jsonschema::Validator;
use mtls_lint::engine::{self, Request};
use mtls_lint::report::{self, Format, MatrixFormat, Selection, Style, render_matrix};
use mtls_lint::rule::RuleMeta;
use mtls_lint::rules::RULES;
use mtls_lint::source::tree::WorkTree;
use rayon::iter::{IntoParallelRefIterator, ParallelIterator};
use serde_json::Value;
use support::{FORMATS, copy_of, run, seed};

const STYLE: Style = Style {
    color: false,
    width: 100,
    links: false,
    summary: true,
};

/// A file of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// The folders below a folder of fixtures, as many levels down.
fn folders(path: &str, levels: usize) -> Vec<PathBuf> {
    let mut folders = vec![repository(path)];
    for _ in 0..levels {
        folders = folders
            .iter()
            .flat_map(|folder| subfolders(folder))
            .collect();
    }
    folders
}

fn subfolders(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("the folder can be read");
    let paths = entries.map(|entry| entry.expect("the folder can be read").path());
    let mut folders: Vec<PathBuf> = paths.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

/// All fixtures: the forms of the story, the cases of the rules, the vectors.
fn fixtures() -> Vec<PathBuf> {
    let mut fixtures = folders("testdata/seed", 1);
    fixtures.extend(folders("testdata/rules", 2));
    fixtures.extend(folders("testdata/vectors", 2));
    assert!(fixtures.len() > 300);
    fixtures
}

/// What is wrong with what a fixture gives.
fn complaints(check: impl Fn(&Request, &WorkTree) -> Vec<String> + Sync) -> Vec<String> {
    let request = Request {
        paths: vec![".".into()],
        ..Request::default()
    };
    let of = |folder: &PathBuf| {
        let path = Utf8PathBuf::try_from(folder.clone()).expect("the path is UTF-8");
        let complaints = check(&request, &WorkTree::new(path)).into_iter();
        let complaints = complaints.map(|it| format!("{}: {it}", folder.display()));
        complaints.collect::<Vec<_>>()
    };
    fixtures().par_iter().flat_map(of).collect()
}

/// What a report is in a format.
fn rendered(report: &engine::Report, format: Format) -> String {
    let rules: Vec<&RuleMeta> = RULES.iter().map(|rule| &rule.meta).collect();
    let mut out = Vec::new();
    report::render(report, format, STYLE, &rules, &mut out).expect("a Vec takes all bytes");
    String::from_utf8(out).expect("every format is UTF-8")
}

/// A schema of the repository; `strict` forbids keys that it does not describe.
fn validator(path: &str, strict: bool) -> Validator {
    let text = fs::read_to_string(repository(path)).expect("the schema exists");
    let mut schema = parsed(&text);
    if strict {
        forbid_more(&mut schema);
    }
    jsonschema::validator_for(&schema).expect("the schema is one")
}

/// Lets no object have keys that are not described.
fn forbid_more(schema: &mut Value) {
    match schema {
        Value::Object(map) => {
            if map.get("properties").is_some_and(Value::is_object) {
                map.insert("additionalProperties".to_owned(), false.into());
            }
            map.iter_mut().for_each(|(_, value)| forbid_more(value));
        }
        Value::Array(list) => list.iter_mut().for_each(forbid_more),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

fn parsed(text: &str) -> Value {
    serde_json::from_str(text).expect("it is JSON")
}

/// What a value does not follow in a schema.
fn errors(validator: &Validator, value: &Value) -> Vec<String> {
    let errors = validator.iter_errors(value);
    errors
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

#[test]
fn reports_of_all_fixtures_follow_their_schemas() {
    let whole = [
        (
            Format::Json,
            validator("docs/schemas/report-1.schema.json", true),
        ),
        (
            Format::Sarif,
            validator("testdata/schemas/sarif-2.1.0.json", false),
        ),
        (
            Format::Gitlab,
            validator("testdata/schemas/gitlab-code-quality.json", false),
        ),
        (
            Format::Rdjson,
            validator("testdata/schemas/rdjson.json", false),
        ),
    ];
    let line = validator("docs/schemas/report-line-1.schema.json", false);
    let complaints = complaints(|request, tree| {
        let report = engine::lint(request, tree)
            .expect("it can be linted")
            .report;
        let mut complaints = Vec::new();
        for (format, validator) in &whole {
            let value = parsed(&rendered(&report, *format));
            complaints.extend(
                errors(validator, &value)
                    .into_iter()
                    .map(|it| format!("{format:?}{it}")),
            );
        }
        for text in rendered(&report, Format::Jsonl).lines() {
            complaints.extend(errors(&line, &parsed(text)));
        }
        complaints
    });
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn matrices_of_all_fixtures_follow_their_schema() {
    let schema = validator("docs/schemas/matrix-1.schema.json", true);
    let complaints = complaints(|request, tree| {
        let analysis = engine::analyse(request, tree).expect("it can be analysed");
        let mut out = Vec::new();
        let selection = Selection::default();
        render_matrix(
            &analysis.meshes,
            &selection,
            MatrixFormat::Json,
            STYLE,
            &mut out,
        )
        .expect("a Vec takes all bytes");
        let text = String::from_utf8(out).expect("JSON is UTF-8");
        errors(&schema, &parsed(&text))
    });
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn fingerprints_of_gitlab_are_unique_in_every_fixture() {
    let complaints = complaints(|request, tree| {
        let report = engine::lint(request, tree)
            .expect("it can be linted")
            .report;
        let value = parsed(&rendered(&report, Format::Gitlab));
        let issues = value.as_array().expect("a list");
        let mut seen = BTreeSet::new();
        let fingerprints = issues.iter().map(|issue| issue["fingerprint"].to_string());
        fingerprints.filter(|it| !seen.insert(it.clone())).collect()
    });
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn xml_of_all_fixtures_is_well_formed() {
    let complaints = complaints(|request, tree| {
        let report = engine::lint(request, tree)
            .expect("it can be linted")
            .report;
        let texts = [Format::Junit, Format::Checkstyle].map(|format| rendered(&report, format));
        let read = texts.iter().map(|text| roxmltree::Document::parse(text));
        read.filter_map(Result::err)
            .map(|error| error.to_string())
            .collect()
    });
    assert_eq!(complaints, Vec::<String>::new());
}

#[test]
fn the_formats_of_the_tests_are_those_of_the_program() {
    assert_eq!(Format::ALL.map(Format::as_str), FORMATS);
}

#[test]
fn one_run_writes_every_format_as_a_run_of_its_own_would() {
    let folder = copy_of(&seed("istio-1.0"));
    let outputs = FORMATS.map(|format| format!("--output={format}=report.{format}.out"));
    let arguments: Vec<&str> = outputs.iter().map(String::as_str).collect();
    let outcome = run(folder.path(), &arguments);
    assert_eq!(outcome.status, Some(1), "{}", outcome.stderr);
    for format in FORMATS {
        let written = fs::read_to_string(folder.path().join(format!("report.{format}.out")));
        let printed = run(folder.path(), &["--format", format]).stdout;
        assert_eq!(written.expect("the report is there"), printed, "{format}");
    }
    assert_eq!(outcome.stdout, run(folder.path(), &[]).stdout);
    let json = run(folder.path(), &["--format", "json"]).json();
    assert_eq!(json["summary"]["errors"], 1);
}
