//! What `--fix` does to every case of every rule: it comes to an end, leaves text that can be read, and touches nothing but
//! the bytes of its edits, whatever the line ends are.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use camino::Utf8PathBuf;
use mtls_lint::config;
use mtls_lint::diagnostic::{Applicability, Edit};
use mtls_lint::engine::{self, Report, Request, RuleSelection};
use mtls_lint::rules::RULES;
use mtls_lint::source::tree::Memory;
use mtls_lint::suppress::Exceptions;

use super::{CONFIG, FIXED, cases, request, today};

/// The files of a case by path.
type Files = BTreeMap<Utf8PathBuf, String>;

/// How often fixes are applied before it counts as a failure that there are still some.
const ROUNDS: usize = 10;

/// A case as it is fixed: with its own rule alone or with all of them, by safe fixes or by all.
struct Run {
    name: String,
    files: Files,
    request: Request,
    applicability: Applicability,
}

impl Run {
    /// All runs of all cases; the line ends are `\n`.
    fn all() -> Vec<Self> {
        let mut runs = Vec::new();
        for rule in RULES {
            for folder in cases(rule) {
                let files = files(&folder);
                let text = files.get(Utf8PathBuf::from(CONFIG).as_path());
                let config = config::parse(CONFIG.into(), text.map_or("", |text| text))
                    .expect("the config file is valid");
                let alone = request(rule.meta.name, config);
                let selections = [
                    alone.rules.clone(),
                    RuleSelection {
                        select: Vec::new(),
                        ..alone.rules.clone()
                    },
                ];
                for rules in selections {
                    for applicability in [Applicability::Safe, Applicability::Unsafe] {
                        runs.push(Self {
                            name: format!("{} ({applicability:?})", folder.display()),
                            files: files.clone(),
                            request: Request {
                                rules: rules.clone(),
                                ..alone.clone()
                            },
                            applicability,
                        });
                    }
                }
            }
        }
        runs
    }

    /// What is asked of some files, with the exceptions of the config file among them.
    fn request(&self, files: &Files) -> Request {
        Request {
            exceptions: exceptions(files),
            ..self.request.clone()
        }
    }

    fn report(&self, files: &Files) -> Report {
        let outcome = engine::lint(&self.request(files), &tree(files));
        outcome.expect("the case can be linted").report
    }

    /// The files that `--fix` leaves.
    fn fixed(&self, files: &Files) -> Files {
        let fixed = engine::fix(&self.request(files), &tree(files), self.applicability);
        let changes = fixed.expect("the case can be fixed").changes.into_iter();
        let mut files = files.clone();
        files.extend(changes.map(|change| (change.path, change.after)));
        files
    }

    /// The same by hand: round by round, of two fixes that touch the same bytes the first.
    fn fixed_by_hand(&self) -> Files {
        let mut files = self.files.clone();
        for _ in 0..ROUNDS {
            let report = self.report(&files);
            let mut edits: Vec<&Edit> = Vec::new();
            for fix in report
                .diagnostics
                .iter()
                .filter_map(|found| found.fix.as_ref())
            {
                let is_free = |edit: &Edit| edits.iter().all(|other| are_apart(edit, other));
                if fix.applicability <= self.applicability && fix.edits.iter().all(is_free) {
                    edits.extend(&fix.edits);
                }
            }
            if edits.is_empty() {
                return files;
            }
            edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
            for edit in edits {
                let path = report.sources.file(edit.span.file).path();
                let text = files.get_mut(path).expect("the edit is in a file");
                let range = edit.span.start as usize..edit.span.end as usize;
                text.replace_range(range, &edit.text);
            }
        }
        panic!("{}: still not at an end after {ROUNDS} rounds", self.name);
    }
}

/// The exceptions of the config file of a case.
fn exceptions(files: &Files) -> Exceptions {
    let text = files.get(Utf8PathBuf::from(CONFIG).as_path());
    let config = config::parse(CONFIG.into(), text.map_or("", |text| text));
    let config = config.expect("the config file is valid");
    config.exceptions(today())
}

/// Whether two edits touch different bytes, and do not begin at the same.
fn are_apart(a: &Edit, b: &Edit) -> bool {
    a.span.file != b.span.file
        || a.span.start != b.span.start
            && (a.span.end <= b.span.start || b.span.end <= a.span.start)
}

fn tree(files: &Files) -> Memory {
    Memory::new(files.iter().map(|(path, text)| (path, text.as_str())))
}

/// The files of a case, but for those that a fix leaves.
fn files(folder: &Path) -> Files {
    let mut files = Files::new();
    let mut pending = vec![folder.to_owned()];
    while let Some(directory) = pending.pop() {
        for entry in fs::read_dir(directory).expect("the folder can be read") {
            let path = entry.expect("the folder can be read").path();
            if path.is_dir() {
                pending.push(path);
                continue;
            }
            let below = path.strip_prefix(folder).expect("it is below the folder");
            let below = Utf8PathBuf::try_from(below.to_owned()).expect("the path is UTF-8");
            // Some cases are about bytes that are not UTF-8.
            if let Ok(text) = fs::read_to_string(&path)
                && !below.starts_with(FIXED)
            {
                files.insert(below, text.replace("\r\n", "\n"));
            }
        }
    }
    files
}

fn with_crlf(files: &Files) -> Files {
    let files = files.iter();
    files
        .map(|(path, text)| (path.clone(), text.replace('\n', "\r\n")))
        .collect()
}

/// How many DestinationRules are written in some files: unsafe fixes may merge some.
fn rules_in(files: &Files) -> usize {
    let kinds = ["kind: DestinationRule\n", "\"kind\": \"DestinationRule\""];
    let count =
        |text: &String| -> usize { kinds.iter().map(|kind| text.matches(kind).count()).sum() };
    files.values().map(count).sum()
}

#[test]
fn fixes_come_to_an_end_and_change_nothing_but_the_bytes_of_their_edits() {
    for run in Run::all() {
        let fixed = run.fixed(&run.files);
        assert_eq!(fixed, run.fixed_by_hand(), "{}", run.name);
        assert_eq!(run.fixed(&fixed), fixed, "{}", run.name);
    }
}

#[test]
fn what_fixes_leave_can_be_read() {
    for run in Run::all() {
        let fixed = run.fixed(&run.files);
        let before = run.report(&run.files).summary;
        let after = run.report(&fixed).summary;
        assert!(after.unread.len() <= before.unread.len(), "{}", run.name);
        let merged = rules_in(&run.files).saturating_sub(rules_in(&fixed));
        assert!(
            merged == 0 || run.applicability == Applicability::Unsafe,
            "{}",
            run.name
        );
        assert!(after.resources + merged >= before.resources, "{}", run.name);
    }
}

#[test]
fn fixes_keep_the_line_ends_of_a_file() {
    for run in Run::all() {
        let expected = with_crlf(&run.fixed(&run.files));
        assert_eq!(run.fixed(&with_crlf(&run.files)), expected, "{}", run.name);
    }
}
