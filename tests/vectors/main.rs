//! Every decision agrees with Istio's own code: the conformance vectors, compared in full.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their cases from disk"
)]

mod cases;

use std::collections::BTreeMap;
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

/// Runs one case at all its versions; the differences and how many runs there were.
fn run(case: &Case) -> (usize, Vec<String>) {
    let mut runs = 0;
    let mut failures = Vec::new();
    for (versions, mut expected) in case.expectations() {
        if case.is_legacy {
            shorten_rules(&mut expected);
        }
        for version in versions {
            runs += 1;
            let mut actual = pairs(case, &version);
            if case.is_legacy {
                shorten_rules(&mut actual);
            }
            for difference in differences(&expected, &actual) {
                failures.push(format!("{} at {version}: {difference}", case.name));
            }
        }
    }
    for (version, expected) in case.named_answers() {
        runs += 1;
        failures.extend(cases::check_named(
            case,
            &version,
            &expected,
            &pairs(case, &version),
        ));
    }
    (runs, failures)
}

/// How many differences are printed.
const LISTED: usize = 40;

fn run_all(set: &Set) {
    let results: Vec<(usize, Vec<String>)> = set.cases.par_iter().map(run).collect();
    let runs: usize = results.iter().map(|(runs, _)| runs).sum();
    let failures: Vec<&String> = results.iter().flat_map(|(_, failures)| failures).collect();
    let failed = results
        .iter()
        .filter(|(_, failures)| !failures.is_empty())
        .count();
    let mut err = std::io::stderr();
    let line = format!(
        "vectors: {} cases of {}, {runs} runs, {failed} cases disagree",
        set.cases.len(),
        set.what
    );
    writeln!(err, "{line}").expect("standard error can be written");
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
