//! One report with everything that is hard to show, in every format.

use std::sync::Arc;

use serde_json::Value;

use super::line_hash::LineHashes;
use super::*;
use crate::diagnostic::{Applicability, Diagnostic, Edit, Fact, Fingerprint, Fix, Label, Severity};
use crate::engine::{Summary, Unread};
use crate::object::{Namespace, ObjectId};
use crate::rule::{Category, Stage};
use crate::source::{FileId, FileRole, OriginId, Place, SourceFile, Sources, Span};
use crate::yaml::FieldPath;

const RULE: &str = "apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin.foo.svc.cluster.local
  trafficPolicy:
    connectionPool:
      tcp:
        maxConnections: 100
";
const MESH: &str = "kind: DestinationRule\r\nmetadata:\r\n  name: default\r\nspec:\r\n  host: '*.local'\r\n  trafficPolicy:\r\n    tls:\r\n      mode: ISTIO_MUTUAL\r\n";
const UNICODE: &str =
    "kind: DestinationRule # für alle ✓\nspec: {host: 'größe.✓', 名: x}\nend: true";
const HOSTILE: &str =
    "::error::in the file\nname: \"\u{1b}[31m##[error]x\u{9b}2J\"\n  ::add-mask::secret\n";

const STYLE: Style = Style {
    color: false,
    width: 100,
    links: false,
};

static DROPS: RuleMeta = RuleMeta {
    name: "override-drops-mtls",
    summary: "a more specific rule replaces the one that gives mutual TLS",
    category: Category::Correctness,
    severity: Severity::Error,
    reads: &["DestinationRule"],
    fix: Some(Applicability::Safe),
    since: "0.1.0",
    docs: "## What it does\n\nFinds rules that win over the one with `ISTIO_MUTUAL` and have no `tls`.\n\n## Why it matters\n\nClients get 503.\n",
    file: "src/rules/override_drops_mtls.rs",
    stage: Stage::Mesh,
};
static UNREAD: RuleMeta = RuleMeta {
    name: "unread-input",
    summary: "an input could not be read",
    category: Category::Hygiene,
    severity: Severity::Warning,
    reads: &[],
    fix: None,
    since: "0.1.0",
    docs: "",
    file: "src/rules/unread_input.rs",
    stage: Stage::Inputs,
};
static SHADOWED: RuleMeta = RuleMeta {
    name: "rule-never-applies",
    summary: "no client ever selects this rule",
    category: Category::Suspicious,
    severity: Severity::Note,
    reads: &["DestinationRule"],
    fix: None,
    since: "0.1.0",
    docs: "## What it does\n\nFinds rules that never win.\n",
    file: "src/rules/rule_never_applies.rs",
    stage: Stage::Mesh,
};
static RULES: [&RuleMeta; 3] = [&DROPS, &UNREAD, &SHADOWED];

/// The place of the first occurrence of some text in the file with an index.
fn place(file: u32, text: &str, needle: &str) -> Place {
    let start = text.find(needle).expect("the text holds the needle");
    at(file, start, start + needle.len())
}

fn at(file: u32, start: usize, end: usize) -> Place {
    let offset = |value| u32::try_from(value).expect("test files are small");
    Place {
        span: Span::new(FileId(file), offset(start), offset(end)),
        origin: OriginId::BASE,
    }
}

fn object(namespace: &str, name: &str) -> ObjectId {
    ObjectId {
        group: "networking.istio.io".into(),
        kind: "DestinationRule".into(),
        namespace: Some(Namespace::new(namespace)),
        name: name.into(),
    }
}

fn finding(rule: &'static str, severity: Severity, message: &str) -> Diagnostic {
    Diagnostic {
        rule,
        severity,
        certainty: Certainty::Known,
        message: message.into(),
        help: None,
        place: None,
        path: None,
        label: String::new(),
        object: None,
        field: None,
        labels: Vec::new(),
        evidence: Vec::new(),
        pairs: Vec::new(),
        fix: None,
        meshes: vec!["default".into()],
        fingerprint: Fingerprint(format!("{rule}-1")),
    }
}

fn sources(files: &[(&str, &str)]) -> Arc<Sources> {
    let file =
        |&(path, text): &(&str, &str)| SourceFile::new(path.into(), text.into(), FileRole::Input);
    Arc::new(Sources::new(files.iter().map(file).collect()))
}

/// Several files, several labels, evidence and a fix: the story the tool exists for.
fn seed() -> Diagnostic {
    let fact = |text: &str, place: Option<Place>| Fact {
        text: text.into(),
        assumed: place.is_none(),
        place,
        object: None,
    };
    let mesh_mode = place(1, MESH, "mode: ISTIO_MUTUAL");
    let policy = place(0, RULE, "trafficPolicy");
    let insert = RULE.find("    connectionPool").expect("it is there");
    Diagnostic {
        help: Some(
            "set `trafficPolicy.tls.mode: ISTIO_MUTUAL` in this rule, because the more specific rule replaces the \
             mesh-wide one as a whole"
                .into(),
        ),
        place: Some(policy),
        label: "no `tls` here".into(),
        object: Some(object("foo", "httpbin")),
        field: Some(FieldPath::new("spec.trafficPolicy")),
        labels: vec![
            Label {
                place: place(0, RULE, "httpbin.foo.svc.cluster.local"),
                message: "more specific than `*.local`".into(),
                object: Some(object("foo", "httpbin")),
            },
            Label {
                place: mesh_mode,
                message: "this rule [default] would give mutual TLS".into(),
                object: Some(object("istio-system", "default")),
            },
        ],
        evidence: vec![
            fact("auto mTLS is off", None),
            fact("`*.local` sets ISTIO_MUTUAL", Some(mesh_mode)),
            fact("`httpbin` sets no `tls`", Some(policy)),
        ],
        fix: Some(Fix {
            title: "add `tls: {mode: ISTIO_MUTUAL}`".into(),
            applicability: Applicability::Safe,
            edits: vec![Edit {
                span: at(0, insert, insert).span,
                text: "    tls:\n      mode: ISTIO_MUTUAL\n".into(),
            }],
        }),
        ..finding(
            DROPS.name,
            Severity::Error,
            "`DestinationRule foo/httpbin` drops the mutual TLS that `*.local` gives",
        )
    }
}

fn sample() -> Report {
    let multi_line = place(
        1,
        MESH,
        "trafficPolicy:\r\n    tls:\r\n      mode: ISTIO_MUTUAL",
    );
    let hostile = place(3, HOSTILE, "\u{1b}[31m##[error]x\u{9b}2J");
    let diagnostics = vec![
        seed(),
        Diagnostic {
            place: Some(multi_line),
            label: "never wins".into(),
            certainty: Certainty::Assumed,
            object: Some(object("istio-system", "default")),
            ..finding(
                SHADOWED.name,
                Severity::Note,
                "no client ever selects this rule",
            )
        },
        Diagnostic {
            place: Some(place(2, UNICODE, "größe.✓")),
            label: "not the name of a host".into(),
            labels: vec![Label {
                place: at(2, UNICODE.len(), UNICODE.len()),
                message: "missing here".into(),
                object: None,
            }],
            ..finding(
                "unlisted-rule",
                Severity::Warning,
                "host `größe.✓` is not a name",
            )
        },
        Diagnostic {
            place: Some(hostile),
            label: "\u{1b}]0;title\u{7} ##[group]".into(),
            help: Some("first line\n::error::second line".into()),
            certainty: Certainty::Unknown,
            ..finding(
                SHADOWED.name,
                Severity::Warning,
                "name `\u{1b}[31m##[error]x`\n::error::is, 100%: odd",
            )
        },
        Diagnostic {
            path: Some("::error::a b,c/gone.yaml".into()),
            certainty: Certainty::Unknown,
            ..finding(UNREAD.name, Severity::Warning, "`gone.yaml` does not exist")
        },
    ];
    Report {
        diagnostics,
        summary: Summary {
            files: 4,
            documents: 4,
            resources: 3,
            meshes: 1,
            suppressed: 2,
            unread: vec![
                Unread {
                    path: "charts/web/templates/rule.yaml".into(),
                    line: Some(12),
                    reason: "it is a template".into(),
                },
                Unread {
                    path: "::error::a b,c/gone.yaml".into(),
                    line: None,
                    reason: "it does not exist\u{1b}[2J".into(),
                },
            ],
        },
        sources: sources(&[
            ("apps/httpbin/rule.yaml", RULE),
            ("mesh/default rule.yaml", MESH),
            ("größe.yaml", UNICODE),
            ("hostile.yaml", HOSTILE),
        ]),
    }
}

fn rendered(report: &Report, format: Format, style: Style) -> String {
    let mut out = Vec::new();
    render(report, format, style, &RULES, &mut out).expect("a Vec takes all bytes");
    String::from_utf8(out).expect("every format is UTF-8")
}

fn sarif_value(report: &Report) -> Value {
    serde_json::from_str(&rendered(report, Format::Sarif, STYLE)).expect("SARIF is JSON")
}

#[test]
fn every_format_shows_the_sample() {
    let report = sample();
    for format in Format::ALL {
        let text = rendered(&report, format, STYLE);
        insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
            insta::assert_snapshot!(format.as_str(), text);
        });
    }
}

#[test]
fn pretty_colours_and_links_when_asked() {
    let style = Style {
        color: true,
        width: 60,
        links: true,
    };
    let mut report = sample();
    report.diagnostics.truncate(1);
    let text = rendered(&report, Format::Pretty, style).replace('\u{1b}', "␛");
    insta::with_settings!({prepend_module_to_snapshot => false, omit_expression => true}, {
        insta::assert_snapshot!("pretty-color", text);
    });
}

#[test]
fn no_format_lets_manifest_text_act() {
    let report = sample();
    for format in Format::ALL {
        let text = rendered(&report, format, STYLE);
        assert!(!text.contains("##["), "{format:?}: an old command");
        let hidden = text.chars().find(|&it| text::is_hidden(it));
        assert_eq!(hidden, None, "{format:?}: a hidden character");
        for line in text
            .lines()
            .filter(|line| line.trim_start().starts_with("::"))
        {
            assert_eq!(format, Format::Github, "a command: {line}");
            let ours = ["::error file=", "::warning file=", "::notice file="];
            assert!(ours.iter().any(|start| line.starts_with(start)), "{line}");
        }
    }
}

#[test]
fn a_format_is_known_by_its_name() {
    for format in Format::ALL {
        assert_eq!(format.as_str().parse(), Ok(format));
    }
    let unknown = "xml".parse::<Format>().map_err(|error| error.to_string());
    assert_eq!(unknown, Err("unknown format `xml`".to_owned()));
}

#[test]
fn a_run_without_findings_claims_no_more_than_that() {
    let report = Report {
        diagnostics: Vec::new(),
        summary: Summary {
            files: 1,
            documents: 2,
            resources: 0,
            meshes: 2,
            ..Summary::default()
        },
        sources: Arc::default(),
    };
    let expected = "no findings in 1 file (1 document, 0 resources, 2 meshes): no conflict found under these assumptions\n"
        .replace("1 document", "2 documents");
    for format in [Format::Pretty, Format::Concise, Format::Github] {
        assert_eq!(rendered(&report, format, STYLE), expected);
    }
}

#[test]
fn unread_inputs_are_listed_up_to_ten() {
    let unread = (1..=12).map(|line| Unread {
        path: "a.yaml".into(),
        line: Some(line),
        reason: "it is a template".into(),
    });
    let report = Report {
        diagnostics: Vec::new(),
        summary: Summary {
            unread: unread.collect(),
            ..Summary::default()
        },
        sources: Arc::default(),
    };
    let text = rendered(&report, Format::Concise, STYLE);
    let lines: Vec<&str> = text.lines().collect();
    assert_eq!(lines[0], "12 inputs were not read:");
    assert_eq!(lines[10], "  a.yaml:10: it is a template");
    assert_eq!(lines[11], "  and 2 more");
    assert_eq!(lines.len(), 13);
}

#[test]
fn github_gets_ten_annotations_of_a_kind_and_the_number_of_the_rest() {
    let many = |severity, count| {
        (0..count).map(move |_| Diagnostic {
            place: Some(at(0, 0, 1)),
            ..finding(DROPS.name, severity, "x")
        })
    };
    let mut report = sample();
    report.diagnostics = many(Severity::Note, 12)
        .chain(many(Severity::Warning, 3))
        .chain(many(Severity::Error, 11))
        .collect();
    let text = rendered(&report, Format::Github, STYLE);
    let count = |start: &str| text.lines().filter(|line| line.starts_with(start)).count();
    assert_eq!(
        [count("::error "), count("::warning "), count("::notice ")],
        [10, 3, 10]
    );
    assert!(text.contains(
        "::notice title=mtls-lint::4 more findings without an annotation: 1 error, 0 warnings, 3 notes\n"
    ));
    assert!(text.starts_with("::error "));
}

#[test]
fn sarif_follows_the_schema() {
    let schema = include_str!("../../testdata/schemas/sarif-2.1.0.json");
    let schema: Value = serde_json::from_str(schema).expect("the schema is JSON");
    let validator = jsonschema::validator_for(&schema).expect("the schema is one");
    let document = sarif_value(&sample());
    let errors: Vec<String> = validator
        .iter_errors(&document)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect();
    assert_eq!(errors, Vec::<String>::new());
}

#[test]
fn sarif_reads_back_as_what_was_written() {
    let text = rendered(&sample(), Format::Sarif, STYLE);
    let document: serde_sarif::sarif::Sarif =
        serde_json::from_str(&text).expect("serde-sarif reads it");
    let results = document.runs[0].results.as_deref().unwrap_or_default();
    let indices: Vec<Option<i64>> = results.iter().map(|result| result.rule_index).collect();
    assert_eq!(indices, [Some(0), Some(2), None, Some(2), Some(1)]);
}

#[test]
fn sarif_has_no_empty_objects() {
    fn walk(value: &Value, path: &str) {
        match value {
            Value::Object(map) => {
                assert!(!map.is_empty(), "empty object at {path}");
                map.iter()
                    .for_each(|(key, value)| walk(value, &format!("{path}/{key}")));
            }
            Value::Array(list) => {
                assert!(!list.is_empty(), "empty list at {path}");
                list.iter().for_each(|value| walk(value, path));
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
    assert_eq!(results.len(), 5);
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
fn the_json_report_has_the_promised_keys() {
    let text = rendered(&sample(), Format::Json, STYLE);
    let report: Value = serde_json::from_str(&text).expect("it is JSON");
    let keys = |value: &Value| -> Vec<String> {
        value
            .as_object()
            .expect("an object")
            .keys()
            .cloned()
            .collect()
    };
    assert_eq!(keys(&report), ["schema", "findings", "summary"]);
    let finding = &report["findings"][0];
    assert_eq!(
        keys(finding),
        [
            "rule",
            "severity",
            "certainty",
            "message",
            "help",
            "meshes",
            "location",
            "related",
            "evidence",
            "fix",
            "fingerprint"
        ]
    );
    assert_eq!(
        keys(&finding["location"]),
        [
            "path",
            "line",
            "column",
            "endLine",
            "endColumn",
            "object",
            "field"
        ]
    );
    assert_eq!(keys(&finding["evidence"][0]), ["fact", "assumed"]);
    let gone = &report["findings"][4];
    assert_eq!(keys(&gone["location"]), ["path"]);
}

#[test]
fn line_hashes_agree_with_github() {
    let lorem = "Lorem ipsum dolor sit amet.\n".repeat(10);
    let hello = "e9496ae3ebfced30:1 fb7c023a8b9ccb3f:1 ce8ba1a563dcdaca:1 e20e36e16fcb0cc8:1 b3edc88f2938467e:1 c8e28b0b4002a3a0:1 c129715d7a2bc9a3:1";
    for (text, expected) in [
        ("", "c129715d7a2bc9a3:1"),
        (
            " a\nb\n  \t\tc\n d",
            "271789c17abda88f:1 54703d4cd895b18:1 180aee12dab6264:1 a23a3dc5e078b07b:1",
        ),
        (" hello; \t\nworld!!!\n\n\n  \t\tGreetings\n End\n", hello),
        (" hello; \t\nworld!!!\r\r\r  \t\tGreetings\r End\r", hello),
        (
            " hello; \t\r\nworld!!!\r\n\r\n\r\n  \t\tGreetings\r\n End\r\n",
            hello,
        ),
        (
            " hello; \t\nworld!!!\r\n\n\r  \t\tGreetings\r End\r\n",
            hello,
        ),
        (
            lorem.as_str(),
            "a7f2ff13bc495cf2:1 a7f2ff13bc495cf2:2 a7f2ff13bc495cf2:3 a7f2ff13bc495cf2:4 a7f2ff13bc495cf2:5 a7f2ff13bc495cf2:6 a7f2ff1481e87703:1 a9cf91f7bbf1862b:1 55ec222b86bcae53:1 cc97dc7b1d7d8f7b:1 c129715d7a2bc9a3:1",
        ),
    ] {
        let hashes = LineHashes::of(text);
        let all: Vec<String> = (1..).map_while(|line| hashes.line(line)).collect();
        assert_eq!(all.join(" "), expected, "{text:?}");
    }
}

proptest::proptest! {
    #[test]
    fn any_place_in_any_text_can_be_shown(
        text in "([a-zé✓ :\t\r\n#\u{1b}\u{9b}]|\r\n){0,60}",
        long in 0_usize..3,
        places in proptest::collection::vec((0.0..=1.0, 0.0..=1.0), 1..5),
    ) {
        let text = text + &"é✓ long ".repeat(long * 400);
        let boundaries: Vec<usize> = text
            .char_indices()
            .map(|(at, _)| at)
            .chain([text.len()])
            .collect();
        #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, clippy::cast_precision_loss, reason = "a test picks an index")]
        let pick = |share: f64| boundaries[(share * (boundaries.len() - 1) as f64) as usize];
        let mut places = places.into_iter().map(|(one, other): (f64, f64)| {
            let (one, other) = (pick(one), pick(other));
            at(0, one.min(other), one.max(other))
        });
        let primary = places.next();
        let label = |place| Label { place, message: "also".into(), object: None };
        let report = Report {
            diagnostics: vec![Diagnostic {
                place: primary,
                label: "here".into(),
                labels: places.map(label).collect(),
                ..finding(DROPS.name, Severity::Error, "any")
            }],
            summary: Summary::default(),
            sources: sources(&[("a.yaml", text.as_str())]),
        };
        for format in Format::ALL {
            let shown = rendered(&report, format, STYLE);
            proptest::prop_assert!(!shown.contains("Failed to read"));
            proptest::prop_assert!(format != Format::Pretty || shown.contains("here"), "{}", shown);
        }
    }
}
