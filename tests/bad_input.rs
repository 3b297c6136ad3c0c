//! What the linter does with input that is not what it should be: it says what it could not read, at its place, reads the
//! rest, and never panics.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests run the command on bad files"
)]

mod support;

use std::fmt::Write as _;
use std::fs;
use std::io::Write as _;
use std::path::Path;

use mtls_lint::diagnostic::Applicability;
use mtls_lint::engine::{self, Request};
use mtls_lint::source::tree::Memory;
use proptest::prelude::*;
use serde_json::{Value, json};
use support::{FORMATS, Outcome, copy_of, files, run, seed, write};
use tempfile::TempDir;

/// The start of a rule, up to its `spec`.
const HEAD: &str = "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: bad
  namespace: default
";

/// An input that cannot be read.
struct Bad {
    /// What is wrong with it.
    name: &'static str,
    /// The text of the file.
    bytes: Vec<u8>,
    /// The line that is told, none for the whole file.
    line: Option<u64>,
    /// How bad it is.
    severity: &'static str,
    /// Part of what is said about it.
    said: &'static str,
}

impl Bad {
    /// A file that is worth a warning at a line.
    fn new(name: &'static str, bytes: impl Into<Vec<u8>>, line: u64, said: &'static str) -> Self {
        Self {
            name,
            bytes: bytes.into(),
            line: Some(line),
            severity: "warning",
            said,
        }
    }

    /// A file that is worth a note at a line.
    fn note(name: &'static str, bytes: impl Into<Vec<u8>>, line: u64, said: &'static str) -> Self {
        Self {
            severity: "note",
            ..Self::new(name, bytes, line, said)
        }
    }

    /// A file that is worth a warning as a whole.
    fn whole(name: &'static str, bytes: impl Into<Vec<u8>>, said: &'static str) -> Self {
        Self {
            line: None,
            ..Self::new(name, bytes, 1, said)
        }
    }

    /// A copy of a seed with this file beside the others.
    fn beside(&self, name: &str) -> TempDir {
        let copy = copy_of(&seed(name));
        write(copy.path(), "bad.yaml", &self.bytes);
        copy
    }
}

/// A rule with lines after `spec:`.
fn rule(spec: &str) -> String {
    format!("{HEAD}spec:\n{spec}")
}

/// A rule whose `exportTo` expands to ten million nodes.
fn alias_bomb() -> String {
    let mut text = rule("  host: sleep\n  exportTo:\n    - &a [x, x, x, x, x, x, x, x, x, x]\n");
    for (one, next) in "abcdef".chars().zip("bcdefg".chars()) {
        let aliases = [format!("*{one}").as_str()].repeat(10).join(", ");
        writeln!(text, "    - &{next} [{aliases}]").expect("a string can be written to");
    }
    text
}

/// UTF-16 with a byte order mark.
fn utf16(text: &str) -> Vec<u8> {
    let units = std::iter::once(0xfeff).chain(text.encode_utf16());
    units.flat_map(u16::to_le_bytes).collect()
}

/// The inputs that cannot be read, each with one finding.
fn bad_inputs() -> Vec<Bad> {
    let nested = |open: &str, close: &str| {
        let value = open.repeat(20_000) + &close.repeat(20_000);
        rule(&format!("  host: sleep\n  deep: {value}\n"))
    };
    let stairs = (1..1_000).fold(String::new(), |text, depth| {
        text + &"  ".repeat(depth) + "a:\n"
    });
    let syntax = "not valid YAML";
    vec![
        Bad::new("no YAML", format!("{HEAD}spec: host: sleep\n"), 6, syntax),
        Bad::new("an open bracket", rule("  host: [sleep\n"), 7, syntax),
        Bad::new("a tab", rule("\thost: sleep\n"), 7, "a tab"),
        Bad::new("an unknown anchor", rule("  host: *sleep\n"), 7, "anchor"),
        Bad::new(
            "an alias in itself",
            format!("{HEAD}spec: &a\n  host: *a\n"),
            7,
            "alias",
        ),
        Bad::new(
            "a NUL byte",
            rule("  host: sl\0eep\n"),
            7,
            "unexpected character",
        ),
        Bad::new(
            "garbage on one line",
            format!("{HEAD}spec: {}\n", "}{".repeat(50_000)),
            6,
            syntax,
        ),
        Bad::new("deep lists", nested("[", "]"), 8, "nested too deeply"),
        Bad::new("deep mappings", nested("{a: ", "}"), 8, "nested too deeply"),
        Bad::new(
            "deep lists without an end",
            nested("[", ""),
            8,
            "nested too deeply",
        ),
        Bad::new("deep indentation", rule(&stairs), 261, "nested too deeply"),
        Bad::new(
            "an alias bomb",
            alias_bomb(),
            14,
            "aliases expand to more than",
        ),
        Bad::new(
            "no name",
            "apiVersion: v1\nkind: Service\nspec: {}\n",
            2,
            "without `metadata.name`",
        ),
        Bad::note(
            "a template",
            rule("  host: {{ .Values.host }}\n"),
            7,
            "a template",
        ),
        Bad::whole(
            "bytes that are not UTF-8",
            [rule("  host: sl").as_bytes(), b"\xff"].concat(),
            "line 7 is not UTF-8",
        ),
        Bad::whole(
            "UTF-16",
            utf16(&rule("  host: sleep\n")),
            "line 1 is not UTF-8",
        ),
    ]
}

/// The findings of a rule in a JSON report.
fn findings<'r>(report: &'r Value, rule: &str) -> Vec<&'r Value> {
    let findings = report["findings"].as_array().expect("there are findings");
    findings.iter().filter(|f| f["rule"] == rule).collect()
}

/// Checks that the report has the one finding of the seed.
fn has_the_override(report: &Value, name: &str) {
    let found = findings(report, "override-drops-mtls");
    assert_eq!(found.len(), 1, "{name}: {report:#}");
    assert_eq!(
        found[0]["location"]["path"], "apps/circuit-breaker.yaml",
        "{name}"
    );
}

/// Runs on a folder and reads the JSON report.
fn report(folder: &Path, arguments: &[&str]) -> (Outcome, Value) {
    let outcome = run(folder, &[&["--format", "json"], arguments].concat());
    let report = outcome.json();
    (outcome, report)
}

#[test]
fn a_bad_input_is_told_once_at_its_place() {
    for bad in bad_inputs() {
        let (_, report) = report(bad.beside("istio-1.0").path(), &[]);
        let found = findings(&report, "unread-input");
        assert_eq!(found.len(), 1, "{}: {report:#}", bad.name);
        let (location, line) = (
            &found[0]["location"],
            bad.line.map_or(Value::Null, Value::from),
        );
        assert_eq!(location["path"], "bad.yaml", "{}", bad.name);
        assert_eq!(location["line"], line, "{}", bad.name);
        assert_eq!(found[0]["severity"], bad.severity, "{}", bad.name);
        let words = found[0].to_string() + &report["summary"]["unread"].to_string();
        assert!(words.contains(bad.said), "{}: {words}", bad.name);
    }
}

#[test]
fn what_stands_beside_a_bad_input_is_linted() {
    for bad in bad_inputs() {
        let (outcome, report) = report(bad.beside("istio-1.0").path(), &[]);
        has_the_override(&report, bad.name);
        assert_eq!(outcome.status, Some(1), "{}", bad.name);
    }
}

#[test]
fn a_bad_input_is_counted_in_the_summary() {
    for bad in bad_inputs() {
        let folder = bad.beside("istio-1.0");
        let (_, report) = report(folder.path(), &[]);
        let unread = report["summary"]["unread"].as_array().expect("a list");
        assert_eq!(unread.len(), 1, "{}", bad.name);
        assert_eq!(unread[0]["path"], "bad.yaml", "{}", bad.name);
        for format in ["pretty", "concise"] {
            let shown = run(folder.path(), &["--format", format]).stdout;
            let counted = shown.contains("1 input was not read:\n  bad.yaml");
            assert!(counted, "{} {format}: {shown}", bad.name);
        }
    }
}

#[test]
fn a_bad_input_alone_fails_the_run_unless_it_is_a_template_in_every_format() {
    for bad in bad_inputs() {
        let folder = bad.beside("istio-1.0-fixed");
        let expected = i32::from(bad.severity == "warning");
        for format in FORMATS {
            let outcome = run(folder.path(), &["--format", format]);
            assert_eq!(outcome.status, Some(expected), "{} {format}", bad.name);
            assert_eq!(outcome.stderr, "", "{} {format}", bad.name);
        }
    }
}

#[test]
fn odd_inputs_are_read_all_the_same() {
    let note = "x".repeat(1_000_000);
    let table = [
        (
            "byte order mark",
            format!("\u{feff}{}", rule("  host: sleep\n")),
            7,
        ),
        ("duplicate keys", rule("  host: nobody\n  host: sleep\n"), 8),
        (
            "a long line",
            rule(&format!("  host: sleep\n  note: {note}\n")),
            7,
        ),
        (
            "a document end",
            format!("{}...\n", rule("  host: sleep\n")),
            7,
        ),
        (
            "a broken neighbour",
            format!("{HEAD}spec: [\n---\n{}", rule("  host: sleep\n")),
            14,
        ),
    ];
    for (name, text, line) in table {
        let copy = copy_of(&seed("istio-1.0-fixed"));
        write(copy.path(), "odd.yaml", text.as_bytes());
        let (_, report) = report(copy.path(), &[]);
        let found = findings(&report, "override-drops-mtls");
        assert_eq!(found.len(), 1, "{name}: {report:#}");
        assert_eq!(found[0]["location"]["path"], "odd.yaml", "{name}");
        assert_eq!(found[0]["location"]["line"], line, "{name}");
    }
}

#[test]
fn a_fix_keeps_a_byte_order_mark() {
    let copy = copy_of(&seed("istio-1.0"));
    let path = copy.path().join("apps/circuit-breaker.yaml");
    let text = fs::read_to_string(&path).expect("the rule is there");
    fs::write(&path, format!("\u{feff}{text}")).expect("the file can be written");
    assert_eq!(run(copy.path(), &["--fix"]).status, Some(0));
    let fixed = fs::read_to_string(&path).expect("the rule is there");
    assert!(fixed.starts_with("\u{feff}# Circuit breaking"), "{fixed}");
}

#[test]
fn an_object_with_wrong_types_everywhere_is_told_field_by_field() {
    let copy = copy_of(&seed("istio-1.0"));
    let text = "\
apiVersion: v1
kind: Service
metadata: {name: bad, labels: 3, annotations: [a]}
spec: {ports: {a: b}, selector: 4, clusterIP: []}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: bad}
spec: {template: 5, selector: [], replicas: {}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: bad}
spec: {mtls: 3, selector: [], portLevelMtls: 7}
---
apiVersion: v1
kind: Namespace
metadata: []
---
apiVersion: {}
kind: []
";
    write(copy.path(), "bad.yaml", text.as_bytes());
    let (_, report) = report(copy.path(), &[]);
    has_the_override(&report, "wrong types");
    let all = report["findings"].as_array().expect("there are findings");
    let told: Vec<Value> = all
        .iter()
        .filter(|finding| finding["location"]["path"] == "bad.yaml")
        .map(|finding| {
            let location = &finding["location"];
            json!([finding["rule"], location["line"], location["field"]])
        })
        .collect();
    let expected = json!([
        ["invalid-schema", 4, "spec.ports"],
        ["invalid-schema", 4, "spec.selector"],
        ["invalid-schema", 9, "spec.template"],
        ["invalid-schema", 14, "spec.mtls"],
        ["invalid-schema", 14, "spec.selector"],
        ["invalid-schema", 14, "spec.portLevelMtls"],
        ["unread-input", 17, null],
    ]);
    assert_eq!(Value::from(told), expected);
}

#[test]
fn a_file_over_the_cap_is_told_and_not_read() {
    let copy = copy_of(&seed("istio-1.0"));
    let text = rule(&format!("  host: sleep\n  note: {}\n", "x".repeat(50_000)));
    write(copy.path(), "bad.yaml", text.as_bytes());
    let (_, report) = report(copy.path(), &["--max-file-size", "20000"]);
    has_the_override(&report, "large file");
    let found = findings(&report, "unread-input");
    assert_eq!(found.len(), 1);
    assert_eq!(found[0]["location"]["path"], "bad.yaml");
    let message = found[0]["message"].as_str().expect("a headline");
    assert!(message.contains("20000 that are read"), "{message}");
}

#[test]
#[cfg(unix)]
fn a_link_is_told_and_not_followed() {
    let copy = copy_of(&seed("istio-1.0"));
    for (target, link) in [("nowhere", "gone.yaml"), ("apps/sleep.yaml", "sleep.yaml")] {
        let link = copy.path().join(link);
        std::os::unix::fs::symlink(target, link).expect("a link can be made");
    }
    std::os::unix::fs::symlink("..", copy.path().join("apps/loop")).expect("a link can be made");
    let (_, report) = report(copy.path(), &[]);
    has_the_override(&report, "link");
    let unread = &report["summary"]["unread"];
    let reason = "a symbolic link; it is not followed";
    let expected = json!([
        {"path": "apps/loop", "reason": "a symbolic link to a folder; it is not followed"},
        {"path": "gone.yaml", "reason": reason},
        {"path": "sleep.yaml", "reason": reason},
    ]);
    assert_eq!(*unread, expected);
}

#[test]
#[cfg(target_os = "linux")]
fn a_name_that_is_not_utf8_is_told() {
    use std::os::unix::ffi::OsStrExt as _;
    let copy = copy_of(&seed("istio-1.0"));
    let name = std::ffi::OsStr::from_bytes(b"b\xffd.yaml");
    write(copy.path(), name, HEAD.as_bytes());
    let (_, report) = report(copy.path(), &[]);
    has_the_override(&report, "name");
    let unread = &report["summary"]["unread"];
    assert_eq!(unread[0]["reason"], "the path is not UTF-8");
}

#[test]
#[cfg(unix)]
fn a_folder_that_cannot_be_listed_is_told() {
    use std::os::unix::fs::PermissionsExt as _;
    let copy = copy_of(&seed("istio-1.0"));
    let locked = copy.path().join("locked");
    fs::create_dir(&locked).expect("the folder can be created");
    let allow = |mode| {
        let permissions = fs::Permissions::from_mode(mode);
        fs::set_permissions(&locked, permissions).expect("permissions can be set");
    };
    allow(0o000);
    if fs::read_dir(&locked).is_ok() {
        let mut stderr = std::io::stderr();
        writeln!(stderr, "skipped: this user may list every folder").expect("it can be written");
        return;
    }
    let (_, report) = report(copy.path(), &[]);
    allow(0o700);
    has_the_override(&report, "locked folder");
    assert_eq!(report["summary"]["unread"][0]["path"], "locked");
}

#[test]
fn a_missing_path_fails_the_run_and_the_others_are_linted() {
    let outcome = run(&seed("istio-1.0"), &["--format", "json", "nowhere", "."]);
    assert_eq!(outcome.status, Some(3));
    assert!(
        outcome.stderr.contains("cannot read `nowhere`"),
        "{}",
        outcome.stderr
    );
    has_the_override(&outcome.json(), "missing path");
}

#[test]
fn a_folder_without_manifests_fails_the_run_unless_that_is_allowed() {
    let folder = tempfile::tempdir().expect("a folder can be created");
    write(folder.path(), "README.md", b"# nothing here\n");
    let outcome = run(folder.path(), &[]);
    assert_eq!(outcome.status, Some(3));
    assert!(
        outcome.stderr.contains("nothing to check"),
        "{}",
        outcome.stderr
    );
    assert_eq!(run(folder.path(), &["--allow-empty"]).status, Some(0));
}

/// The files of the seed as a tree in memory, one of them with other bytes.
fn tree(changed: usize, bytes: Vec<u8>) -> Memory {
    let folder = seed("istio-1.0-namespaces");
    let paths = files(&folder);
    let mut contents: Vec<(String, Vec<u8>)> = paths
        .iter()
        .map(|path| {
            let bytes = fs::read(folder.join(path)).expect("the file can be read");
            (path.display().to_string(), bytes)
        })
        .collect();
    let changed = changed % contents.len();
    contents[changed].1 = bytes;
    Memory::new(contents)
}

/// The text of one file of the seed.
fn text(index: usize) -> Vec<u8> {
    let folder = seed("istio-1.0-namespaces");
    let paths = files(&folder);
    let path = folder.join(&paths[index % paths.len()]);
    fs::read(path).expect("the file can be read")
}

/// What a mutation writes.
const PIECES: [&str; 18] = [
    "{", "}", "[", "]", ": ", "- ", "\n", "\r\n", "\t", "&a ", "*a", "---\n", "|\n", "null", "\"",
    "#", "\0", "é🦀",
];

/// A change of a text: where, how many bytes it removes, what it writes.
type Change = (usize, usize, usize);

/// The text of a file of the seed after some changes.
fn mutated(file: usize, changes: &[Change]) -> Vec<u8> {
    let mut bytes = text(file);
    for &(at, removed, piece) in changes {
        let at = at % (bytes.len() + 1);
        let end = (at + removed).min(bytes.len());
        bytes.splice(at..end, PIECES[piece % PIECES.len()].bytes());
    }
    bytes
}

/// What is asked of the linter.
fn request() -> Request {
    Request {
        paths: vec![".".into()],
        check_all: true,
        ..Request::default()
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn arbitrary_bytes_never_panic(file in 0..6usize, bytes in any::<Vec<u8>>()) {
        let outcome = engine::lint(&request(), &tree(file, bytes)).expect("the tree can be linted");
        let failed = outcome.report.diagnostics.iter().any(|d| d.message.contains("failed on this"));
        prop_assert!(!failed, "a rule panicked");
    }

    #[test]
    fn mutated_manifests_never_panic(
        file in 0..6usize,
        changes in proptest::collection::vec((any::<usize>(), 0..20usize, any::<usize>()), 1..6),
    ) {
        let tree = tree(file, mutated(file, &changes));
        let outcome = engine::lint(&request(), &tree).expect("the tree can be linted");
        let failed = outcome.report.diagnostics.iter().any(|d| d.message.contains("failed on this"));
        prop_assert!(!failed, "a rule panicked");
    }

    #[test]
    fn a_fix_of_a_mutated_manifest_leaves_nothing_unread_that_was_read(
        changes in proptest::collection::vec((any::<usize>(), 0..8usize, any::<usize>()), 0..4),
    ) {
        // The first file is the rule that the fix changes.
        let tree = tree(0, mutated(0, &changes));
        let before = engine::lint(&request(), &tree).expect("the tree can be linted");
        let fixed = engine::fix(&request(), &tree, Applicability::Unsafe).expect("the tree can be linted");
        let unread = |report: &engine::Report| report.summary.unread.len();
        prop_assert!(unread(&fixed.outcome.report) <= unread(&before.report), "{:?}", fixed.changes);
    }
}
