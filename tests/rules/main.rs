//! What every rule finds: each folder `testdata/rules/<rule>/<case>` is linted with that rule alone, and compared with the
//! `expected.snap` beside it and, where there is a folder `fixed`, with the files that `--fix` leaves.
#![expect(
    clippy::disallowed_methods,
    reason = "cases are read and blessed on disk"
)]

mod fixes;
mod peers;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use mtls_lint::config::{self, Config};
use mtls_lint::diagnostic::{Applicability, Diagnostic};
use mtls_lint::engine::{self, Report, Request, RuleSelection};
use mtls_lint::rule::{Rule, Stage};
use mtls_lint::rules::{RULES, find};
use mtls_lint::source::Place;
use mtls_lint::source::tree::WorkTree;
use mtls_lint::suppress::Date;

/// The folder of all cases.
const CASES: &str = "testdata/rules";

/// The config file that a case may have.
const CONFIG: &str = "mtls-lint.yaml";

/// The folder with the files that a fix leaves.
const FIXED: &str = "fixed";

/// A case: the rule under test, the files, and what the case says about the mesh.
struct Case {
    rule: &'static Rule,
    request: Request,
    tree: WorkTree,
}

impl Case {
    /// The case in a folder.
    fn open(folder: &Path) -> Self {
        let rule = folder.parent().and_then(Path::file_name);
        let rule = rule.and_then(|name| name.to_str()).unwrap_or_default();
        let path = Utf8PathBuf::try_from(folder.to_owned()).expect("the path is UTF-8");
        let text = fs::read_to_string(folder.join(CONFIG)).unwrap_or_default();
        let config = config::parse(CONFIG.into(), &text).expect("the config file is valid");
        Self {
            rule: find(rule).expect("the folder is named like a rule"),
            request: request(rule, config),
            tree: WorkTree::new(path),
        }
    }

    /// What the rule finds.
    fn report(&self) -> Report {
        let outcome = engine::lint(&self.request, &self.tree).expect("the case can be linted");
        self.of_rule(outcome.report)
    }

    /// The findings of the rule alone; where it is about exceptions, the others run too.
    fn of_rule(&self, mut report: Report) -> Report {
        report
            .diagnostics
            .retain(|diagnostic| diagnostic.rule == self.rule.meta.name);
        report
    }

    /// The files that the best fix of the rule changes, with their text afterwards.
    fn fixed(&self) -> BTreeMap<PathBuf, String> {
        let applicability = self.rule.meta.fix.unwrap_or(Applicability::Safe);
        let fixed = engine::fix(&self.request, &self.tree, applicability);
        let changes = fixed.expect("the case can be linted").changes;
        changes
            .into_iter()
            .map(|change| (change.path.into(), change.after))
            .collect()
    }
}

/// The day on which the cases are linted.
fn today() -> Date {
    "2026-01-01".parse().expect("the day exists")
}

/// The request of a case: one rule, and what the config file says. A rule about exceptions needs the findings of all.
fn request(rule: &str, config: Config) -> Request {
    let is_about_exceptions = find(rule).is_ok_and(|rule| rule.meta.stage == Stage::Triage);
    Request {
        exceptions: config.exceptions(today()),
        paths: vec![".".into()],
        exclude: [config.exclude, vec![FIXED.into(), CONFIG.into()]].concat(),
        assume: config.assume,
        istio_version: config.istio_version,
        auto_mtls: config.auto_mtls,
        root_namespace: config.root_namespace,
        rules: RuleSelection {
            select: if is_about_exceptions {
                Vec::new()
            } else {
                vec![rule.to_owned()]
            },
            options: config.rules,
            ..RuleSelection::default()
        },
        ..Request::default()
    }
}

/// The folders of all cases of a rule.
fn cases(rule: &Rule) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join(CASES)
        .join(rule.meta.name);
    let entries = fs::read_dir(&folder).unwrap_or_else(|error| {
        panic!("{}: {error}", folder.display());
    });
    let mut cases: Vec<PathBuf> = entries
        .map(|entry| entry.expect("the folder can be read").path())
        .collect();
    cases.sort();
    cases
}

/// The findings as text: one line each, with their labels and what to do below.
fn told(report: &Report) -> String {
    let mut out = String::new();
    for diagnostic in &report.diagnostics {
        tell(diagnostic, report, &mut out);
    }
    out
}

/// One finding as text.
fn tell(diagnostic: &Diagnostic, report: &Report, out: &mut String) {
    let place = match (diagnostic.place, &diagnostic.path) {
        (Some(place), _) => position(place, report),
        (None, Some(path)) => path.to_string(),
        (None, None) => String::new(),
    };
    let Diagnostic {
        severity,
        rule,
        message,
        certainty,
        label,
        ..
    } = diagnostic;
    let mut line = |text: String| writeln!(out, "{text}").expect("a string can be written to");
    line(format!("{place}: {severity}[{rule}] {message}"));
    if !label.is_empty() {
        line(format!("  here: {label}"));
    }
    for label in &diagnostic.labels {
        let place = position(label.place, report);
        line(format!("  {place}: {}", label.message));
    }
    if !diagnostic.pairs.is_empty() {
        let extent = diagnostic.evidence.first();
        line(format!("  {}", extent.map_or("", |fact| &fact.text)));
    }
    if let Some(help) = &diagnostic.help {
        line(format!("  help: {help}"));
    }
    if let Some(fix) = &diagnostic.fix {
        let applicability = match fix.applicability {
            Applicability::Safe => "safe",
            Applicability::Unsafe => "unsafe",
        };
        line(format!("  fix ({applicability}): {}", fix.title));
    }
    line(format!("  certainty: {}", certainty.as_str()));
}

/// `path:line:column` of a place.
fn position(place: Place, report: &Report) -> String {
    let file = report.sources.file(place.span.file);
    let start = file.position(place.span.start as usize);
    format!("{}:{}:{}", file.path(), start.line, start.column)
}

#[test]
fn every_case_yields_what_is_expected() {
    insta::glob!("../../testdata/rules", "*/*", |folder| {
        let case = Case::open(folder);
        let mut settings = insta::Settings::clone_current();
        settings.set_snapshot_path(folder);
        settings.set_prepend_module_to_snapshot(false);
        settings.remove_snapshot_suffix();
        settings.set_omit_expression(true);
        settings.bind(|| insta::assert_snapshot!("expected", told(&case.report())));
    });
}

#[test]
fn every_fix_leaves_what_is_expected() {
    for folder in RULES.iter().flat_map(|rule| cases(rule)) {
        let expected = folder.join(FIXED);
        if !expected.exists() {
            continue;
        }
        let fixed = Case::open(&folder).fixed();
        if std::env::var_os("BLESS").is_some() {
            for (path, text) in &fixed {
                fs::write(expected.join(path), text).expect("the file can be written");
            }
        }
        assert!(!fixed.is_empty(), "{}", folder.display());
        let left: BTreeMap<PathBuf, String> = fs::read_dir(&expected)
            .expect("the folder can be read")
            .map(|entry| entry.expect("the folder can be read").path())
            .map(|path| {
                let text = fs::read_to_string(&path).expect("the file can be read");
                (path.file_name().unwrap_or_default().into(), text)
            })
            .collect();
        assert_eq!(fixed, left, "{}", folder.display());
    }
}

#[test]
fn after_its_fix_a_case_has_no_finding_left_that_could_be_fixed() {
    for folder in RULES.iter().flat_map(|rule| cases(rule)) {
        if !folder.join(FIXED).exists() {
            continue;
        }
        let case = Case::open(&folder);
        let applicability = case.rule.meta.fix.unwrap_or(Applicability::Safe);
        let fixed = engine::fix(&case.request, &case.tree, applicability);
        let left = fixed.expect("the case can be linted").outcome.report;
        let left = case.of_rule(left);
        assert_eq!(told(&left), "", "{}", folder.display());
    }
}

#[test]
fn every_rule_has_a_case_that_fires_and_one_that_does_not() {
    for rule in RULES {
        let (fire, stay_silent): (Vec<PathBuf>, Vec<PathBuf>) = cases(rule)
            .into_iter()
            .partition(|folder| !Case::open(folder).report().diagnostics.is_empty());
        assert!(!fire.is_empty(), "{}", rule.meta.name);
        assert!(!stay_silent.is_empty(), "{}", rule.meta.name);
        for folder in fire.iter().chain(&stay_silent) {
            let name = folder.file_name().unwrap_or_default().to_string_lossy();
            let is_silent = stay_silent.contains(folder);
            assert_eq!(
                name.starts_with("silent-"),
                is_silent,
                "{}",
                folder.display()
            );
        }
    }
}

/// A rule that words the problems of reading may be about objects of any kind, and then declares none.
#[test]
fn every_rule_reads_the_kinds_that_its_findings_name() {
    for rule in RULES {
        let declared: BTreeSet<String> = rule
            .meta
            .reads
            .iter()
            .map(|&kind| kind.to_owned())
            .collect();
        if rule.meta.stage != Stage::Mesh && declared.is_empty() {
            continue;
        }
        assert_eq!(declared, named_kinds(rule), "{}", rule.meta.name);
    }
}

/// The kinds of the objects that the findings of a rule name, over all its cases: in labels and evidence, and for a rule
/// that words the problems of reading at their places.
fn named_kinds(rule: &Rule) -> BTreeSet<String> {
    let reports: Vec<Report> = cases(rule)
        .iter()
        .map(|folder| Case::open(folder).report())
        .collect();
    let findings = reports.iter().flat_map(|report| &report.diagnostics);
    findings
        .flat_map(|finding| {
            let labels = finding.labels.iter().filter_map(|l| l.object.as_ref());
            let facts = finding.evidence.iter().filter_map(|f| f.object.as_ref());
            let own = match rule.meta.stage {
                Stage::Inputs | Stage::Deploy | Stage::Triage => finding.object.as_ref(),
                Stage::Mesh => None,
            };
            labels.chain(facts).chain(own)
        })
        .map(|object| object.kind.to_string())
        .collect()
}
