//! Fixes keep their promises. A safe one makes no pair worse and improves those of its finding, over the vectors; here the
//! whole matrix is compared, client by client, and not by the classes that the proof of the linter goes by. Whatever is
//! fixed converges, can still be read, and keeps the bytes outside of the edits, over the fixtures of the rules.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write as _;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use mtls_lint::diagnostic::{Applicability, Diagnostic, Edit, Fix, PairId};
use mtls_lint::engine::{self, Analysis, analyse, lint};
use mtls_lint::rule::Stage;
use mtls_lint::rules::RULES;
use mtls_lint::source::Sources;
use mtls_lint::source::tree::Memory;
use rayon::prelude::*;

use super::variants::Variant;
use super::{collect, kept_vectors};

/// The files of a case by path.
pub(crate) type Files = BTreeMap<Utf8PathBuf, String>;

/// Client, host, port and subset.
type Key = (String, String, u16, Option<String>);

/// How good the traffic of a pair is, and at each of its endpoints; more is better.
#[derive(Debug)]
struct Quality {
    worst: usize,
    endpoints: BTreeMap<(String, u16), usize>,
}

/// The verdicts of the matrix, the worst first (design, section 5).
const VERDICTS: [&str; 6] = [
    "refused",
    "blocked",
    "plaintext",
    "unknown",
    "app-tls",
    "encrypted",
];

fn rank(verdict: &str) -> usize {
    let position = VERDICTS.iter().position(|known| *known == verdict);
    position.unwrap_or_else(|| panic!("`{verdict}` is no verdict"))
}

pub(crate) fn tree(files: &Files) -> Memory {
    Memory::new(files.iter().map(|(path, text)| (path, text.as_str())))
}

/// All pairs of the matrix.
fn matrix(analysis: &Analysis) -> BTreeMap<Key, Quality> {
    let mut pairs = BTreeMap::new();
    for mesh in &analysis.meshes {
        for pair in mesh.matrix().pairs() {
            let (kind, name) = pair
                .client
                .workload
                .split_once('/')
                .expect("a client is `Kind/name`");
            let client = format!("{kind}/{}/{name}", pair.client.namespace);
            let endpoints = pair.endpoints.iter();
            let quality = Quality {
                worst: rank(pair.verdict),
                endpoints: endpoints
                    .map(|at| ((at.workload.to_owned(), at.port), rank(at.verdict)))
                    .collect(),
            };
            let subset = pair.subset.map(str::to_owned);
            pairs.insert((client, pair.host.to_owned(), pair.port, subset), quality);
        }
    }
    pairs
}

/// The pairs of a finding.
fn own(pairs: &[PairId], analysis: &Analysis) -> BTreeSet<Key> {
    let mut keys = BTreeSet::new();
    for &pair in pairs {
        let mesh = &analysis.meshes[pair.mesh as usize];
        let (clients, to) = mesh.pair(pair).expect("the pair is of this analysis");
        assert!(!clients.is_empty(), "nobody is meant by {pair:?}");
        let subset = to.subset.as_deref().map(str::to_owned);
        let key = |client| (client, to.host.to_string(), to.port, subset.clone());
        keys.extend(clients.into_iter().map(key));
    }
    keys
}

/// What a change made worse, one line each. A pair of a subset that is new was refused before.
fn worse(before: &BTreeMap<Key, Quality>, after: &BTreeMap<Key, Quality>) -> Vec<String> {
    let mut out = Vec::new();
    for (key, was) in before {
        let Some(now) = after.get(key) else {
            out.push(format!("{key:?} is gone"));
            continue;
        };
        if now.worst < was.worst {
            out.push(format!("{key:?} was {was:?}, is {now:?}"));
        }
        for (endpoint, rank) in &was.endpoints {
            match now.endpoints.get(endpoint) {
                Some(now) if now >= rank => {}
                Some(_) => out.push(format!("{key:?} is worse at {endpoint:?}")),
                None => out.push(format!("{key:?} has lost {endpoint:?}")),
            }
        }
    }
    for key in after.keys().filter(|key| !before.contains_key(key)) {
        let (client, host, port, subset) = key.clone();
        if subset.is_none() || !before.contains_key(&(client, host, port, None)) {
            out.push(format!("{key:?} is new"));
        }
    }
    out
}

/// Files after edits that do not overlap.
pub(crate) fn edited(files: &Files, edits: &[Edit], sources: &Sources) -> Files {
    let mut files = files.clone();
    let mut edits: Vec<&Edit> = edits.iter().collect();
    edits.sort_by_key(|edit| std::cmp::Reverse(edit.span));
    for edit in edits {
        let path = sources.file(edit.span.file).path();
        let text = files.get_mut(path).expect("the edit is in a file");
        let range = edit.span.start as usize..edit.span.end as usize;
        text.replace_range(range, &edit.text);
    }
    files
}

fn is_safe(fix: &Fix) -> bool {
    fix.applicability == Applicability::Safe
}

/// How much a case showed: its safe fixes by rule, and their pairs.
#[derive(Clone, Default)]
struct Shown {
    fixes: BTreeMap<&'static str, usize>,
    pairs: usize,
}

/// What is wrong with the safe fixes of a case, each by itself and all as `--fix` applies them.
fn broken_promises(case: &Path, variant: Variant) -> (Shown, Vec<String>) {
    let files = Files::from([("manifests.yaml".into(), variant.text(case))]);
    let request = variant.request(case);
    let report = lint(&request, &tree(&files))
        .expect("the case can be linted")
        .report;
    let fixable: Vec<(&Diagnostic, &Fix)> = report
        .diagnostics
        .iter()
        .filter_map(|finding| Some((finding, finding.fix.as_ref().filter(|fix| is_safe(fix))?)))
        .collect();
    let mut shown = Shown::default();
    if fixable.is_empty() {
        return (shown, Vec::new());
    }
    let first = analyse(&request, &tree(&files)).expect("the case can be read");
    let before = matrix(&first);
    let mut broken = Vec::new();
    for (finding, fix) in fixable {
        let files = edited(&files, &fix.edits, &report.sources);
        let second = analyse(&request, &tree(&files)).expect("the edited case can be read");
        let after = matrix(&second);
        let mut complain = |what: String| {
            broken.push(format!(
                "{}, {variant:?}: {}: {what}",
                case.display(),
                finding.message
            ));
        };
        if second.summary.unread.len() != first.summary.unread.len()
            || second.summary.resources != first.summary.resources
        {
            complain("not everything can be read any more".to_owned());
        }
        worse(&before, &after).into_iter().for_each(&mut complain);
        for key in own(&finding.pairs, &first) {
            shown.pairs += 1;
            if after
                .get(&key)
                .is_none_or(|now| now.worst <= before[&key].worst)
            {
                complain(format!("{key:?} of its own does not improve"));
            }
        }
        *shown.fixes.entry(finding.rule).or_default() += 1;
    }
    let fixed = engine::fix(&request, &tree(&files), Applicability::Safe);
    let changes = fixed.expect("the case can be fixed").changes;
    let mut files = files;
    files.extend(
        changes
            .into_iter()
            .map(|change| (change.path, change.after)),
    );
    let last = analyse(&request, &tree(&files)).expect("the fixed case can be read");
    let all = worse(&before, &matrix(&last)).into_iter();
    broken.extend(all.map(|what| {
        format!(
            "{}, {variant:?}: all fixes together: {what}",
            case.display()
        )
    }));
    (shown, broken)
}

#[test]
fn no_safe_fix_makes_a_pair_worse_and_each_improves_its_own() {
    let whole = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/vectors");
    let mut cases = Vec::new();
    let (what, step) = if whole.is_dir() {
        collect(&whole, &mut cases);
        collect(&kept_vectors().join("hand"), &mut cases);
        ("the whole set, each in two of four variants", 2)
    } else {
        collect(&kept_vectors(), &mut cases);
        let what = "the kept set; the rest of the whole set is not here and was skipped";
        (what, 1)
    };
    cases.sort();
    let runs = cases.iter().enumerate().flat_map(|(number, case)| {
        let variants = (0..).zip(Variant::ALL);
        let sample = variants.filter(move |(position, _)| (position + number) % step == 0);
        sample.map(move |(_, variant)| (case, variant))
    });
    let runs: Vec<(&PathBuf, Variant)> = runs.collect();
    let results: Vec<(Shown, Vec<String>)> = runs
        .par_iter()
        .map(|&(case, variant)| broken_promises(case, variant))
        .collect();
    let mut all = Shown::default();
    let mut broken = Vec::new();
    for (shown, complaints) in results {
        for (rule, count) in shown.fixes {
            *all.fixes.entry(rule).or_default() += count;
        }
        all.pairs += shown.pairs;
        broken.extend(complaints);
    }
    let line = format!(
        "fixes: {} cases of {what}: safe fixes {:?}, own pairs {}",
        cases.len(),
        all.fixes,
        all.pairs
    );
    writeln!(std::io::stderr(), "{line}").expect("standard error can be written");
    assert!(
        broken.is_empty(),
        "{} broken promises:\n{}",
        broken.len(),
        broken.join("\n")
    );
    // The vectors have no exceptions; `exceptions` writes some into them.
    let about_traffic = RULES.iter().filter(|rule| rule.meta.stage != Stage::Triage);
    for rule in about_traffic {
        let is_safe = rule.meta.fix == Some(Applicability::Safe);
        assert!(
            !is_safe || all.fixes.contains_key(rule.meta.name),
            "{} is not shown",
            rule.meta.name
        );
    }
}
