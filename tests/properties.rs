//! What must hold whatever the order of the input: files, documents, threads.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their cases from disk"
)]

use std::fs;
use std::path::{Path, PathBuf};

use mtls_lint::engine::{Request, analyse};
use mtls_lint::source::tree::Memory;
use proptest::prelude::*;
use proptest::sample::Index;

/// The manifests of the kept random meshes.
fn cases() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/vectors/random");
    let mut manifests = Vec::new();
    for profile in fs::read_dir(root).expect("the kept vectors are there") {
        let profile = profile.expect("the entry can be read").path();
        for case in fs::read_dir(profile).expect("the folder can be listed") {
            manifests.push(
                case.expect("the entry can be read")
                    .path()
                    .join("manifests.yaml"),
            );
        }
    }
    manifests.sort();
    manifests
}

/// The matrix of documents that are spread over files, as JSON.
fn matrix(files: &[(String, String)]) -> Vec<String> {
    let request = Request {
        paths: vec![".".into()],
        ..Request::default()
    };
    let tree = Memory::new(
        files
            .iter()
            .map(|(path, text)| (path.as_str(), text.as_bytes())),
    );
    let analysis = analyse(&request, &tree).expect("the files can be read");
    let mesh = analysis.meshes.first().expect("there is one mesh");
    let matrix = mesh.matrix();
    matrix
        .pairs()
        .map(|pair| serde_json::to_string(&pair).expect("a pair is plain data"))
        .collect()
}

/// Moves documents into an order and into files that random numbers choose.
fn spread(documents: &[&str], order: &[Index], homes: &[Index]) -> Vec<(String, String)> {
    let mut left: Vec<&str> = documents.to_vec();
    let mut files = vec![String::new(); 4];
    for turn in 0..documents.len() {
        let (pick, home) = (&order[turn % order.len()], &homes[turn % homes.len()]);
        let document = left.remove(pick.index(left.len()));
        let file = &mut files[home.index(4)];
        file.push_str("---\n");
        file.push_str(document);
        file.push('\n');
    }
    let names = ["z/one.yaml", "a.yaml", "m/n/o.yml", "b/two.yaml"];
    let written = names.iter().zip(files).filter(|(_, text)| !text.is_empty());
    written
        .map(|(name, text)| ((*name).to_owned(), text))
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_of_documents_and_files_changes_no_decision(
        chosen in any::<Index>(),
        order in prop::collection::vec(any::<Index>(), 8..32),
        homes in prop::collection::vec(any::<Index>(), 8..32),
    ) {
        let kept = cases();
        let text = fs::read_to_string(&kept[chosen.index(kept.len())]).expect("the case can be read");
        let documents: Vec<&str> = text.split("\n---\n").collect();
        let whole = vec![("all.yaml".to_owned(), text.clone())];
        let expected = matrix(&whole);
        prop_assert!(!expected.is_empty(), "the case has no pair to compare");
        prop_assert_eq!(expected, matrix(&spread(&documents, &order, &homes)));
    }
}
