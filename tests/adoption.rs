//! A large repository with findings is adopted with a baseline: its files move and are reformatted, and one rule breaks.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and write files"
)]
#![expect(dead_code, reason = "not every test needs all that they share")]

#[path = "../benches/support/mod.rs"]
mod generated;
mod support;

use std::io::Write as _;
use std::path::{Path, PathBuf};

use serde::Deserialize as _;
use serde_json::Value;
use tempfile::TempDir;

use generated::Repository;
use support::{Outcome, copy_of, files, run_with, write};

/// Some hundred objects, in the proportions of real repositories.
const SIZE: usize = 600;

/// Where the baseline is.
const BASELINE: &str = ".mtls-lint-baseline.json";

fn run(folder: &Path, arguments: &[&str]) -> Outcome {
    run_with(folder, arguments, &[])
}

/// A folder with files.
fn folder(files: &[(String, String)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a folder can be created");
    for (path, text) in files {
        write(folder.path(), path, text.as_bytes());
    }
    folder
}

/// The findings of a run in JSON.
fn findings(outcome: &Outcome) -> Vec<Value> {
    let report = outcome.json();
    report["findings"].as_array().cloned().unwrap_or_default()
}

/// Files at other paths, in another order, as JSON.
fn reformatted(files: &[(String, String)]) -> Vec<(String, String)> {
    let files = files.iter().rev().enumerate();
    files
        .map(|(index, (path, text))| {
            let documents = serde_yaml::Deserializer::from_str(text)
                .map(|document| Value::deserialize(document).expect("it is YAML"))
                .map(|document| serde_json::to_string_pretty(&document).expect("it is JSON"));
            let text = documents.collect::<Vec<_>>().join("\n---\n");
            let path = format!("moved/{}/{}", index % 7, path.replace('/', "-"));
            (path, text)
        })
        .collect()
}

#[test]
fn a_repository_that_moves_and_is_reformatted_has_nothing_new_until_one_rule_breaks() {
    let before = Repository::of_size(SIZE).files();
    let adopted = folder(&before);
    let all = findings(&run(adopted.path(), &["--format", "json"]));
    assert!(all.len() > 20, "{} findings to accept", all.len());
    let written = run(adopted.path(), &["baseline", "write"]);
    assert_eq!(written.status, Some(0), "{}", written.stderr);

    let mut after = reformatted(&before);
    let moved = folder(&after);
    let baseline = files(adopted.path());
    assert!(baseline.contains(&PathBuf::from(BASELINE)));
    let text = std::fs::read(adopted.path().join(BASELINE)).expect("it can be read");
    write(moved.path(), BASELINE, &text);
    let outcome = run(moved.path(), &["--format", "json"]);
    assert_eq!(findings(&outcome), [Value::Null; 0]);
    assert_eq!(outcome.status, Some(0));
    let summary = &outcome.json()["summary"]["baseline"];
    assert_eq!(
        (&summary["known"], &summary["gone"]),
        (&all.len().into(), &0.into())
    );

    let accepted = String::from_utf8(text).expect("it is JSON");
    let is_right = |text: &str| {
        let object: Value = serde_json::from_str(text).unwrap_or_default();
        let (name, namespace) = (
            &object["metadata"]["name"],
            &object["metadata"]["namespace"],
        );
        let id = format!(
            "DestinationRule {}/{}",
            namespace.as_str().unwrap_or_default(),
            name.as_str().unwrap_or_default()
        );
        object["kind"] == "DestinationRule"
            && object["spec"]["trafficPolicy"]["tls"]["mode"] == "ISTIO_MUTUAL"
            && namespace != "istio-system"
            && !accepted.contains(&format!("\"{id}\""))
    };
    let (path, text) = after
        .iter_mut()
        .find(|(_, text)| is_right(text))
        .expect("some rule is right");
    write(
        moved.path(),
        &*path,
        text.replace("ISTIO_MUTUAL", "DISABLE").as_bytes(),
    );
    let outcome = run(moved.path(), &["--format", "json"]);
    let new = findings(&outcome);
    let [finding] = new.as_slice() else {
        panic!("{new:#?}");
    };
    assert_eq!(finding["location"]["path"], path.as_str());
    assert_eq!(outcome.status, Some(1));
}

#[test]
fn a_real_repository_that_is_reformatted_has_nothing_new() {
    let corpus = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/corpus");
    for name in [
        "GoogleCloudPlatform__istio-samples",
        "ricsanfre__pi-cluster",
    ] {
        let repository = corpus.join(name);
        if !repository.is_dir() {
            let line = format!("skipped: there is no {}", repository.display());
            writeln!(std::io::stderr(), "{line}").expect("standard error can be written");
            continue;
        }
        let copy = copy_of(&repository);
        let written = run(copy.path(), &["baseline", "write"]);
        assert_eq!(written.status, Some(0), "{}", written.stderr);
        for path in files(copy.path()) {
            let is_yaml = path
                .extension()
                .is_some_and(|it| it == "yaml" || it == "yml");
            let file = copy.path().join(&path);
            let text = std::fs::read(&file).expect("it can be read");
            if let Ok(text) = String::from_utf8(text)
                && is_yaml
            {
                let text = format!("# moved down\n\n\n{text}").replace("\r\n", "\n");
                write(copy.path(), &path, text.replace('\n', "\r\n").as_bytes());
            }
        }
        let outcome = run(copy.path(), &["--format", "json"]);
        assert_eq!(findings(&outcome), [Value::Null; 0], "{name}");
    }
}
