//! Every decision agrees with Istio's own code: the conformance vectors, compared in full.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their cases from disk"
)]

mod cases;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use cases::{Case, Set};
use mtls_lint::engine::{Request, analyse};
use mtls_lint::source::tree::WorkTree;
use rayon::prelude::*;
use serde_json::Value;

/// The pairs that the linter gives for a case at a version.
fn pairs(case: &Case, version: &str) -> Vec<Value> {
    let request = Request {
        paths: case.inputs(),
        istio_version: Some(version.to_owned()),
        gitignore: false,
        ..Request::default()
    };
    let tree = WorkTree::new(camino::Utf8PathBuf::new());
    let analysis = analyse(&request, &tree).expect("the case can be read");
    let mesh = analysis.meshes.first().expect("there is one mesh");
    mesh.matrix()
        .pairs()
        .map(|pair| serde_json::to_value(pair).expect("a pair is plain data"))
        .collect()
}

/// What identifies a pair.
fn key(pair: &Value) -> String {
    let client = &pair["client"];
    format!(
        "{}/{} -> {}:{} {}",
        client["namespace"], client["workload"], pair["host"], pair["port"], pair["subset"]
    )
}

/// In the legacy vectors `rules` names only the rule that the merged object is called after.
fn shorten_rules(pairs: &mut [Value]) {
    for pair in pairs {
        if let Some(rules) = pair["rules"].as_array_mut() {
            rules.truncate(1);
        }
    }
}

/// The pairs by what identifies them.
fn by_key(pairs: &[Value]) -> BTreeMap<String, &Value> {
    pairs.iter().map(|pair| (key(pair), pair)).collect()
}

/// The differences between two lists of pairs, one line each.
fn differences(expected: &[Value], actual: &[Value]) -> Vec<String> {
    let mut out = Vec::new();
    if expected == actual {
        return out;
    }
    let (wanted, given) = (by_key(expected), by_key(actual));
    for (key, pair) in &wanted {
        let Some(other) = given.get(key) else {
            out.push(format!("{key}: is missing"));
            continue;
        };
        for field in ["client", "rules", "tls", "endpoints", "verdict", "partial"] {
            if pair.get(field) != other.get(field) {
                let text =
                    |value: Option<&Value>| value.map_or_else(|| "-".to_owned(), Value::to_string);
                let (istio, linter) = (text(pair.get(field)), text(other.get(field)));
                out.push(format!(
                    "{key}: {field}: Istio says {istio}, the linter {linter}"
                ));
            }
        }
    }
    let unknown = given.keys().filter(|key| !wanted.contains_key(*key));
    out.extend(unknown.map(|key| format!("{key}: Istio has no such pair")));
    let order = |pairs: &[Value]| pairs.iter().map(key).collect::<Vec<_>>();
    if out.is_empty() && order(expected) != order(actual) {
        out.push("the pairs are in another order".to_owned());
    }
    out
}

/// What came of comparing a case.
#[derive(Default)]
struct Outcome {
    /// How many answers of Istio there were.
    runs: usize,
    /// How many pairs these have.
    pairs: usize,
    /// How many of them Istio answers now so, now so.
    varying: usize,
    /// The differences, one line each.
    failures: Vec<String>,
}

/// Takes the pairs out of a comparison that Istio answers now so, now so, if the linter gives one of these answers; the
/// number of pairs that vary.
fn settle(expected: &mut Vec<Value>, actual: &mut Vec<Value>, others: &[Vec<Value>]) -> usize {
    let mut answers: Vec<BTreeMap<String, &Value>> = vec![by_key(expected)];
    answers.extend(others.iter().map(|pairs| by_key(pairs)));
    let keys: BTreeSet<&String> = answers.iter().flat_map(BTreeMap::keys).collect();
    let varies = |key: &&&String| {
        answers
            .iter()
            .any(|run| run.get(**key) != answers[0].get(**key))
    };
    let varying: Vec<&String> = keys.iter().filter(varies).copied().collect();
    let given = by_key(actual);
    let is_answer = |key: &&&String| answers.iter().any(|run| run.get(**key) == given.get(**key));
    let agreed: BTreeSet<String> = varying
        .iter()
        .filter(is_answer)
        .map(|&key| key.clone())
        .collect();
    let count = varying.len();
    expected.retain(|pair| !agreed.contains(&key(pair)));
    actual.retain(|pair| !agreed.contains(&key(pair)));
    count
}

/// Runs one case at all its versions.
fn run(case: &Case) -> Outcome {
    let mut outcome = Outcome::default();
    for (versions, expected) in case.expectations() {
        for version in versions {
            let (mut expected, mut actual) = (expected.clone(), pairs(case, &version));
            outcome.runs += 1;
            outcome.pairs += expected.len();
            if case.is_legacy {
                shorten_rules(&mut expected);
                shorten_rules(&mut actual);
            }
            let others = case.other_answers(&version);
            outcome.varying += settle(&mut expected, &mut actual, &others);
            for difference in differences(&expected, &actual) {
                let line = format!("{} at {version}: {difference}", case.name);
                outcome.failures.push(line);
            }
        }
    }
    for (version, expected) in case.named_answers() {
        outcome.runs += 1;
        outcome.pairs += 1;
        let actual = pairs(case, &version);
        let failures = cases::check_named(case, &version, &expected, &actual);
        outcome.failures.extend(failures);
    }
    outcome
}

/// How many differences are printed.
const LISTED: usize = 40;

fn run_all(set: &Set) {
    let results: Vec<Outcome> = set.cases.par_iter().map(run).collect();
    let sum = |of: fn(&Outcome) -> usize| -> usize { results.iter().map(of).sum() };
    let failures: Vec<&String> = results.iter().flat_map(|result| &result.failures).collect();
    let line = format!(
        "vectors: {} cases of {}, {} runs, {} pairs, {} cases disagree",
        set.cases.len(),
        set.what,
        sum(|result| result.runs),
        sum(|result| result.pairs),
        sum(|result| usize::from(!result.failures.is_empty())),
    );
    let mut err = std::io::stderr();
    writeln!(err, "{line}").expect("standard error can be written");
    let (varying, cases) = (
        sum(|result| result.varying),
        sum(|result| usize::from(result.varying > 0)),
    );
    if varying > 0 {
        let line = format!(
            "vectors: Istio varies in {varying} pairs of {cases} cases; there the linter has to give one of its answers"
        );
        writeln!(err, "{line}").expect("standard error can be written");
    }
    let mut text = String::new();
    for failure in failures.iter().take(LISTED) {
        writeln!(text, "{failure}").expect("a string can be written");
    }
    assert!(
        failures.is_empty(),
        "{} differences:\n{text}",
        failures.len()
    );
}

/// The cases to compare: those of `VECTORS_DIR` if it is set; else the whole set, which lies beside the project, with
/// the project's own cases; else those that the project keeps.
fn sets(filter: &str) -> Vec<Set> {
    if let Some(folder) = std::env::var_os("VECTORS_DIR") {
        return vec![Set::load_own(Path::new(&folder), "VECTORS_DIR", filter)];
    }
    let project = Path::new(env!("CARGO_MANIFEST_DIR"));
    let kept = project.join("testdata/vectors");
    let whole = project.join("../shared/vectors");
    if whole.is_dir() {
        let own = Set::load(&kept, "the project's own", filter).only("hand/");
        vec![Set::load(&whole, "the whole set", filter), own]
    } else {
        let what = "the kept set; the rest of the whole set is not here and was skipped";
        vec![Set::load(&kept, what, filter)]
    }
}

#[test]
fn decisions_agree_with_istio() {
    let filter = std::env::var("VECTORS").unwrap_or_default();
    let sets = sets(&filter);
    let count: usize = sets.iter().map(|set| set.cases.len()).sum();
    assert!(count > 0, "there are no cases");
    for set in &sets {
        run_all(set);
    }
}

#[test]
fn a_pair_that_istio_varies_in_takes_any_of_its_answers_and_no_other() {
    let pair = |port: u16, tls: &str| serde_json::json!({"client": {}, "host": "web", "port": port, "subset": null, "tls": tls});
    let others = [vec![pair(80, "auto"), pair(90, "none")]];
    let compare = |given: &str| {
        let mut expected = vec![pair(80, "auto"), pair(90, "auto")];
        let mut actual = vec![pair(80, "auto"), pair(90, given)];
        let varying = settle(&mut expected, &mut actual, &others);
        (varying, differences(&expected, &actual).len())
    };
    assert_eq!(
        [compare("none"), compare("auto"), compare("simple")],
        [(1, 0), (1, 0), (1, 1)]
    );
}
