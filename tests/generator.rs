//! The repository that benchmarks lint is what its settings say, every time.

#[path = "../benches/support/mod.rs"]
mod support;

use serde::Deserialize as _;
use serde_yaml::Value;
use support::Repository;

const SMALL: Repository = Repository {
    namespaces: 3,
    services: 10,
    workloads: 15,
    rules: 12,
    sidecars: 2,
    bystanders: 5,
    seed: 1,
};

fn count(kind: &str) -> usize {
    let files = SMALL.files();
    let documents = files
        .iter()
        .flat_map(|(_, text)| serde_yaml::Deserializer::from_str(text));
    documents
        .map(|document| Value::deserialize(document).expect("the generator writes YAML"))
        .filter(|document| document.get("kind").and_then(Value::as_str) == Some(kind))
        .count()
}

#[test]
fn the_same_settings_give_the_same_files() {
    assert_eq!(SMALL.files(), SMALL.files());
}

#[test]
fn another_seed_gives_other_rules() {
    let other = Repository { seed: 2, ..SMALL };
    assert_ne!(SMALL.files(), other.files());
}

#[test]
fn it_holds_what_the_settings_say() {
    // The mesh itself adds one rule and one ConfigMap.
    let cases = [
        ("Namespace", 3),
        ("Service", 10),
        ("Deployment", 15),
        ("DestinationRule", 13),
        ("ConfigMap", 6),
        ("PeerAuthentication", 1),
        ("Sidecar", 2),
    ];
    for (kind, expected) in cases {
        assert_eq!(count(kind), expected, "{kind}");
    }
}

#[test]
fn no_path_comes_twice() {
    for repository in [Repository::of_size(1_000), Repository::large(1)] {
        let mut paths = repository.files();
        let all = paths.len();
        paths.dedup_by(|one, other| one.0 == other.0);
        assert_eq!(paths.len(), all);
    }
}
