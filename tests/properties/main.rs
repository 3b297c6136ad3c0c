//! The same input gives the same answer, whatever its files are called, in which order objects stand in them, and how many
//! threads there are; and fixes keep their promises. The vectors are the inputs.
#![expect(
    clippy::disallowed_methods,
    reason = "tests read their cases from disk"
)]

mod exceptions;
mod fixes;
mod origins;
mod variants;

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use mtls_lint::engine::{Request, analyse, lint};
use mtls_lint::source::tree::Memory;
use proptest::prelude::*;
use proptest::sample::Index;
use serde_json::Value;

/// The cases, by path.
static CASES: LazyLock<Vec<PathBuf>> = LazyLock::new(|| {
    let mut cases = Vec::new();
    collect(&kept_vectors(), &mut cases);
    cases.sort();
    assert!(cases.len() > 200, "only {} cases", cases.len());
    cases
});

/// The folder of the vectors that the project keeps.
fn kept_vectors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("testdata/vectors")
}

fn collect(folder: &Path, cases: &mut Vec<PathBuf>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            collect(&path, cases);
        }
    }
    if folder.join("manifests.yaml").is_file() {
        cases.push(folder.to_owned());
    }
}

/// The documents of a case.
fn documents(case: &Path) -> Vec<String> {
    let text = fs::read_to_string(case.join("manifests.yaml")).expect("the case can be read");
    let documents = text.split("\n---\n").map(str::trim);
    documents
        .filter(|document| !document.is_empty())
        .map(|document| format!("{document}\n"))
        .collect()
}

/// A request for everything in a tree, with all that is inferred from the input as a whole pinned.
fn request(case: &Path) -> Request {
    let is_legacy = case
        .components()
        .any(|part| part.as_os_str().to_string_lossy().contains("legacy"));
    let version = if is_legacy { "1.4.10" } else { "1.31" };
    Request {
        paths: vec![".".into()],
        istio_version: Some(version.to_owned()),
        ..Request::default()
    }
}

/// All pairs of the matrix, as values.
fn matrix(case: &Path, tree: &Memory) -> Vec<Value> {
    let analysis = analyse(&request(case), tree).expect("the case can be read");
    let meshes = analysis.meshes.iter();
    meshes
        .flat_map(|mesh| {
            let matrix = mesh.matrix();
            let pairs = matrix.pairs();
            pairs
                .map(|pair| serde_json::to_value(pair).expect("a pair is plain data"))
                .collect::<Vec<_>>()
        })
        .collect()
}

/// What is found, without the places.
fn findings(case: &Path, tree: &Memory) -> Vec<String> {
    let report = lint(&request(case), tree)
        .expect("the case can be read")
        .report;
    let mut out: Vec<String> = report
        .diagnostics
        .iter()
        .map(|finding| format!("{} {} {}", finding.rule, finding.severity, finding.message))
        .collect();
    out.sort();
    out
}

/// One file with all documents.
fn one_file(documents: &[String]) -> Memory {
    Memory::new([("manifests.yaml", documents.join("---\n"))])
}

/// Documents dealt out to files, each to the one of that number.
fn files(documents: &[(String, usize)], names: &[String]) -> Memory {
    let mut texts = vec![String::new(); names.len()];
    for (document, file) in documents {
        texts[*file].push_str("---\n");
        texts[*file].push_str(document);
    }
    let paths = names.iter().map(|name| format!("{name}.yaml"));
    Memory::new(paths.zip(texts))
}

/// A case, its documents with the number of the file each goes to, and the names of the files.
type Scattered = (PathBuf, Vec<(String, usize)>, Vec<String>);

/// A case, its documents shuffled with the number of a file for each, and the names of the files.
fn scattered() -> impl Strategy<Value = Scattered> {
    let names = prop::collection::btree_set("[a-z]{1,4}(/[a-z]{1,4}){0,2}", 1..5);
    let case = any::<Index>().prop_flat_map(|index| {
        let case = index.get(&CASES).clone();
        let documents = documents(&case);
        let count = documents.len();
        let shuffled = Just(documents).prop_shuffle();
        let homes = prop::collection::vec(any::<Index>(), count);
        (Just(case), shuffled, homes)
    });
    (case, names).prop_map(|((case, documents, homes), names)| {
        let homes = homes.into_iter().map(|home| home.index(names.len()));
        let dealt = documents.into_iter().zip(homes).collect();
        (case, dealt, names.into_iter().collect())
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn neither_order_nor_names_of_files_change_the_matrix((case, dealt, names) in scattered()) {
        let whole = one_file(&documents(&case));
        let apart = files(&dealt, &names);
        let (expected, actual) = (matrix(&case, &whole), matrix(&case, &apart));
        prop_assert!(expected == actual, "{}", case.display());
    }

    #[test]
    fn neither_order_nor_names_of_files_change_what_is_found((case, dealt, names) in scattered()) {
        let whole = one_file(&documents(&case));
        let apart = files(&dealt, &names);
        prop_assert_eq!(findings(&case, &whole), findings(&case, &apart), "{}", case.display());
    }
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let pool = |threads| {
        let builder = rayon::ThreadPoolBuilder::new().num_threads(threads);
        builder.build().expect("threads can be started")
    };
    let (one, many) = (pool(1), pool(5));
    for case in CASES.iter().step_by(7) {
        let documents = documents(case);
        let names: Vec<String> = (0..documents.len())
            .map(|file| format!("file-{file}"))
            .collect();
        let dealt: Vec<(String, usize)> = documents.into_iter().zip(0..).collect();
        let tree = files(&dealt, &names);
        let answer = || (matrix(case, &tree), findings(case, &tree));
        assert_eq!(
            one.install(answer),
            many.install(answer),
            "{}",
            case.display()
        );
    }
}
