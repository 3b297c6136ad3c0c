//! One report with everything that is hard to show: several files and meshes, several bytes a character, CRLF, an empty
//! span, no span, no file, fixes, a finding of an unlisted rule, and text that tries to act.

use std::sync::Arc;

use crate::diagnostic::{
    Applicability, Certainty, Diagnostic, Edit, ExceptionKind, Fact, Fingerprint, Fix, Label,
    Severity, Suppression,
};
use crate::engine::{Report, Summary, Unread};
use crate::object::{Namespace, ObjectId};
use crate::rule::{Category, RuleMeta, Stage};
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

/// What Markdown, HTML, XML and the forges would make something of.
pub(super) const MARKUP: &str = "<img src=x onerror=alert(1)> </system-out><failure/> ]]> --> <!-- &lt; &amp \u{FFFE} \
    @team [click](https://evil.example) ![i](//evil.example/i.png) www.evil.example #1 *b* _i_ ~~s~~ | a | $x$ \\";
/// A path of the same kind.
const MARKUP_PATH: &str = "evil/<b>&\"'|`@team`#1 ![x](y).yaml";

pub(super) static DROPS: RuleMeta = RuleMeta {
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
pub(super) static RULES: [&RuleMeta; 3] = [&DROPS, &UNREAD, &SHADOWED];

/// The place of the first occurrence of some text in the file with an index.
fn place(file: u32, text: &str, needle: &str) -> Place {
    let start = text.find(needle).expect("the text holds the needle");
    at(file, start, start + needle.len())
}

pub(super) fn at(file: u32, start: usize, end: usize) -> Place {
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

pub(super) fn finding(rule: &'static str, severity: Severity, message: &str) -> Diagnostic {
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
        suppression: None,
        fingerprint: Fingerprint(format!("{rule}-1")),
    }
}

pub(super) fn sources(files: &[(&str, &str)]) -> Arc<Sources> {
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
        meshes: vec!["prod".into(), "staging".into()],
        ..finding(
            DROPS.name,
            Severity::Error,
            "`DestinationRule foo/httpbin` drops the mutual TLS that `*.local` gives",
        )
    }
}

/// A fix of two edits in two files, one with CRLF and one with several bytes a character before it.
fn unicode_fix() -> Fix {
    let host = UNICODE.find("größe.✓").expect("it is there");
    let edit = |place: Place, text: &str| Edit {
        span: place.span,
        text: text.into(),
    };
    Fix {
        title: "call it `groesse`, and `*.local` by its name".into(),
        applicability: Applicability::Unsafe,
        edits: vec![
            edit(at(2, host, host + "größe".len()), "groesse"),
            edit(place(1, MESH, "'*.local'"), "'*.svc.cluster.local'"),
        ],
    }
}

/// Text that tries to be markup, wherever a manifest can put text.
fn markup() -> Diagnostic {
    let file = 4;
    let all = at(file, 0, MARKUP.len());
    Diagnostic {
        place: Some(all),
        label: MARKUP.into(),
        object: Some(object("<i>", MARKUP)),
        field: Some(FieldPath::new(MARKUP)),
        labels: vec![Label {
            place: all,
            message: format!("see `{MARKUP}`"),
            object: None,
        }],
        evidence: vec![Fact {
            text: format!("- `a``b` ```\n\n# x\n{MARKUP}"),
            assumed: true,
            place: Some(all),
            object: None,
        }],
        help: Some(format!("> `{MARKUP}\n\n---\n1. {MARKUP}")),
        fix: Some(Fix {
            title: MARKUP.into(),
            applicability: Applicability::Safe,
            edits: vec![Edit {
                span: all.span,
                text: MARKUP.into(),
            }],
        }),
        meshes: vec![MARKUP.into(), "two".into()],
        ..finding(
            DROPS.name,
            Severity::Note,
            &format!("1. name `{MARKUP}` {MARKUP}`"),
        )
    }
}

pub(super) fn sample() -> Report {
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
            fix: Some(unicode_fix()),
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
        markup(),
        finding(
            UNREAD.name,
            Severity::Note,
            "no file says which Istio version it is",
        ),
    ];
    Report {
        diagnostics,
        suppressed: Vec::new(),
        summary: Summary {
            files: 5,
            documents: 5,
            resources: 3,
            meshes: 2,
            suppressed: 2,
            refused: 0,
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
            left_out: Vec::new(),
            undeployed: Vec::new(),
            unmatched: Vec::new(),
        },
        sources: sources(&[
            ("apps/httpbin/rule.yaml", RULE),
            ("mesh/default rule.yaml", MESH),
            ("größe.yaml", UNICODE),
            ("hostile.yaml", HOSTILE),
            (MARKUP_PATH, MARKUP),
        ]),
        accepted: None,
    }
}

/// The sample with its first finding hidden, for a reason that tries to act.
pub(super) fn with_hidden(kind: ExceptionKind) -> Report {
    let mut report = sample();
    let mut hidden = report.diagnostics.remove(0);
    hidden.suppression = Some(Suppression {
        kind,
        place: place(0, RULE, "connectionPool:"),
        reason: Some("until \u{1b}[2J the move\n::error::x".into()),
    });
    report.summary.suppressed = 1;
    report.suppressed.push(hidden);
    report
}
