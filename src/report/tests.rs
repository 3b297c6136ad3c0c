//! Every format over one report.

mod fields;
mod github;
mod json;
mod markdown;
mod sample;
mod sarif;
mod xml;

use std::sync::Arc;

use serde_json::Value;

use self::sample::{DROPS, RULES, at, finding, sample, sources, with_hidden};
use super::*;
use crate::diagnostic::{Diagnostic, ExceptionKind, Label, Severity};
use crate::engine::{Summary, Unread};

const STYLE: Style = Style {
    color: false,
    width: 100,
    links: false,
    summary: true,
};

fn rendered(report: &Report, format: Format, style: Style) -> String {
    let mut out = Vec::new();
    render(report, format, style, &RULES, &mut out).expect("a Vec takes all bytes");
    String::from_utf8(out).expect("every format is UTF-8")
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
        summary: true,
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
            let ours = [
                "::error file=",
                "::warning file=",
                "::notice file=",
                "::notice title=unread-input::",
            ];
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
        suppressed: Vec::new(),
        summary: Summary {
            files: 1,
            documents: 2,
            resources: 1,
            meshes: 2,
            ..Summary::default()
        },
        sources: Arc::default(),
        accepted: None,
    };
    let expected = "no findings in 1 file (2 documents, 1 resource, 2 meshes): no conflict found under these assumptions\n";
    for format in [Format::Pretty, Format::Concise, Format::Github] {
        assert_eq!(rendered(&report, format, STYLE), expected);
    }
}

#[test]
fn refused_pairs_without_a_finding_are_counted_in_the_summary() {
    let mut report = sample();
    report.diagnostics.clear();
    report.summary = Summary {
        files: 1,
        documents: 2,
        resources: 2,
        meshes: 1,
        refused: 3,
        ..Summary::default()
    };
    let expected = "3 pairs of client and destination are refused and in no finding: `mtls-lint matrix --verdict refused` \
         lists what is refused\nno findings in 1 file (2 documents, 2 resources, 1 mesh)\n";
    for format in [Format::Pretty, Format::Concise, Format::Github] {
        assert_eq!(rendered(&report, format, STYLE), expected);
    }
    for format in [Format::Markdown, Format::Junit] {
        let text = rendered(&report, format, STYLE);
        assert!(
            text.contains("3 pairs of client and destination are refused"),
            "{text}"
        );
        assert!(!text.contains("no conflict found"), "{text}");
    }
}

#[test]
fn a_run_that_read_no_file_claims_nothing() {
    let mut report = sample();
    report.diagnostics.clear();
    report.summary = Summary::default();
    for format in [Format::Pretty, Format::Concise, Format::Github] {
        let text = rendered(&report, format, STYLE);
        assert_eq!(text, "nothing was checked: no file was read\n");
    }
    let text = rendered(&report, Format::Markdown, STYLE);
    assert!(
        text.starts_with("## mtls-lint: nothing was checked\n"),
        "{text}"
    );
}

/// What a format adds to the sample where its first finding is hidden and asked for.
fn hidden_part(format: Format) -> String {
    let mut report = with_hidden(ExceptionKind::Comment);
    report.diagnostics.clear();
    report.summary.unread.clear();
    rendered(&report, format, STYLE)
}

#[test]
fn a_hidden_finding_says_which_exception_hides_it() {
    let by = "comment in apps/httpbin/rule.yaml:9: until �[2J the move ::error::x";
    let concise = hidden_part(Format::Concise);
    let lines: Vec<&str> = concise.lines().collect();
    assert!(
        lines[0].ends_with(&format!(" (suppressed by {by})")),
        "{concise}"
    );
    assert_eq!(
        lines[1],
        "no findings in 5 files (5 documents, 3 resources, 2 meshes), 1 suppressed"
    );
    let pretty = hidden_part(Format::Pretty);
    assert!(
        pretty.contains(&format!("\n  suppressed by: {by}\n")),
        "{pretty}"
    );
}

#[test]
fn formats_whose_readers_would_take_hidden_findings_for_others_do_not_show_them() {
    let silent = [
        Format::Github,
        Format::Gitlab,
        Format::Checkstyle,
        Format::Rdjson,
    ];
    for format in Format::ALL {
        let text = hidden_part(format);
        let is_shown = text.contains("drops the mutual TLS");
        assert_eq!(is_shown, !silent.contains(&format), "{format:?}: {text}");
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
        suppressed: Vec::new(),
        summary: Summary {
            unread: unread.collect(),
            ..Summary::default()
        },
        sources: Arc::default(),
        accepted: None,
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
            suppressed: Vec::new(),
            summary: Summary::default(),
            sources: sources(&[("a.yaml", text.as_str())]),
            accepted: None,
        };
        for format in Format::ALL {
            let shown = rendered(&report, format, STYLE);
            proptest::prop_assert!(!shown.contains("Failed to read"));
            proptest::prop_assert!(format != Format::Pretty || shown.contains("here"), "{}", shown);
        }
    }
}
