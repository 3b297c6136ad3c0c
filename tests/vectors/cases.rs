//! The cases of the vectors: their folders, versions and expected answers.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};

use camino::Utf8PathBuf;
use serde_json::Value;

/// Versions that every random modern case was run at, unless its profile says otherwise.
const MODERN: &[&str] = &["1.31", "1.28", "1.23"];
/// Profiles that were also run at 1.19.
const ALSO_1_19: &[&str] = &[
    "random/core",
    "random/inside",
    "random/which",
    "random/server",
];
/// Profiles that were run at 1.31 alone.
const NEWEST_ONLY: &[&str] = &["random/ambient", "named-ambient"];
/// The version whose answers are in `expected.json`.
const NEWEST: &str = "1.31";

/// A set of cases.
pub(crate) struct Set {
    pub(crate) what: &'static str,
    pub(crate) cases: Vec<Case>,
}

/// Which versions of Istio the answers of a case stand for.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Answers {
    /// `expected.json` for all versions of its profile but those with a file of their own.
    OfProfile,
    /// Each file for one version: `expected.json` for the newest, `expected-V.json` for V.
    OfFiles,
}

/// One case.
pub(crate) struct Case {
    pub(crate) name: String,
    pub(crate) is_legacy: bool,
    answers: Answers,
    folder: PathBuf,
    description: Value,
}

impl Set {
    /// All cases below a folder whose name holds a text.
    pub(crate) fn load(root: &Path, what: &'static str, filter: &str) -> Self {
        let mut cases = Vec::new();
        collect(root, root, &mut cases);
        cases.retain(|case| case.name.contains(filter));
        cases.sort_by(|a, b| a.name.cmp(&b.name));
        Self { what, cases }
    }

    /// All cases below a folder that belongs to no profile; those without an answer are left out.
    pub(crate) fn load_own(root: &Path, what: &'static str, filter: &str) -> Self {
        let mut set = Self::load(root, what, filter);
        for case in &mut set.cases {
            case.answers = Answers::OfFiles;
        }
        set.cases
            .retain(|case| !case.versions_of_files().is_empty());
        set
    }

    /// The cases below one of its folders.
    pub(crate) fn only(mut self, folder: &str) -> Self {
        self.cases.retain(|case| case.name.starts_with(folder));
        self
    }
}

fn collect(root: &Path, folder: &Path, cases: &mut Vec<Case>) {
    for entry in fs::read_dir(folder).expect("the folder can be listed") {
        let path = entry.expect("the entry can be read").path();
        if path.is_dir() {
            collect(root, &path, cases);
        }
    }
    if folder.join("manifests.yaml").is_file() {
        let name = folder
            .strip_prefix(root)
            .expect("it is below the root")
            .display()
            .to_string();
        let text = fs::read_to_string(folder.join("case.json")).unwrap_or_else(|_| "{}".to_owned());
        let is_legacy = name.starts_with("legacy") || name.starts_with("named-legacy");
        let has_own_answers = is_legacy || name.starts_with("hand");
        cases.push(Case {
            is_legacy,
            answers: if has_own_answers {
                Answers::OfFiles
            } else {
                Answers::OfProfile
            },
            name,
            folder: folder.to_owned(),
            description: serde_json::from_str(&text).expect("case.json is JSON"),
        });
    }
}

impl Case {
    /// The files of the case.
    pub(crate) fn inputs(&self) -> Vec<Utf8PathBuf> {
        let files = ["manifests.yaml", "values.yaml"].map(|name| self.folder.join(name));
        let present = files.into_iter().filter(|path| path.is_file());
        present
            .map(|path| Utf8PathBuf::from_path_buf(path).expect("the path is UTF-8"))
            .collect()
    }

    /// The expected pairs of every run, each with the versions they are expected at.
    pub(crate) fn expectations(&self) -> Vec<(Vec<String>, Vec<Value>)> {
        let versions = match self.answers {
            Answers::OfProfile => self.versions_of_profile(),
            Answers::OfFiles => self.versions_of_files(),
        };
        let mut by_file: BTreeMap<String, Vec<String>> = BTreeMap::new();
        for version in versions {
            let own = format!("expected-{version}.json");
            let has_own = self.folder.join(&own).is_file();
            let file = if has_own {
                own
            } else {
                "expected.json".to_owned()
            };
            by_file.entry(file).or_default().push(version);
        }
        let pairs = |(file, versions): (String, _)| Some((versions, self.answer(&file)?));
        by_file.into_iter().filter_map(pairs).collect()
    }

    /// What Istio answered when it was asked again, in `again-*.json`: the newest version, another run.
    pub(crate) fn other_answers(&self, version: &str) -> Vec<Vec<Value>> {
        if version != NEWEST {
            return Vec::new();
        }
        let is_again = |name: &String| {
            name.strip_suffix(".json")
                .is_some_and(|stem| stem.starts_with("again-"))
        };
        let names = self.file_names().into_iter().filter(is_again);
        names.filter_map(|name| self.answer(&name)).collect()
    }

    /// The names of the files in the folder, sorted.
    fn file_names(&self) -> Vec<String> {
        let entries = fs::read_dir(&self.folder).expect("the folder can be listed");
        let name = |entry: std::io::Result<fs::DirEntry>| {
            let entry = entry.expect("the entry can be read");
            entry.file_name().to_string_lossy().into_owned()
        };
        let mut names: Vec<String> = entries.map(name).collect();
        names.sort_unstable();
        names
    }

    /// The pairs of an answer, if there is such a file.
    fn answer(&self, file: &str) -> Option<Vec<Value>> {
        let text = fs::read_to_string(self.folder.join(file)).ok()?;
        let value: Value = serde_json::from_str(&text).expect("the expected answer is JSON");
        value["meshes"][0]["pairs"].as_array().cloned()
    }

    /// The versions that the profile was run at and that take the input.
    fn versions_of_profile(&self) -> Vec<String> {
        let has_prefix =
            |prefixes: &[&str]| prefixes.iter().any(|prefix| self.name.starts_with(prefix));
        let mut versions: Vec<&str> = if has_prefix(NEWEST_ONLY) {
            vec![NEWEST]
        } else {
            MODERN.to_vec()
        };
        if has_prefix(ALSO_1_19) {
            versions.push("1.19");
        }
        let invalid = self.description["not-valid-in"].as_array();
        let is_valid = |version: &&str| {
            !invalid
                .into_iter()
                .flatten()
                .any(|other| other.as_str() == Some(version))
        };
        versions
            .into_iter()
            .filter(is_valid)
            .map(str::to_owned)
            .collect()
    }

    /// The versions that have a file.
    fn versions_of_files(&self) -> Vec<String> {
        let mut versions = Vec::new();
        for name in self.file_names() {
            let version = name
                .strip_prefix("expected-")
                .and_then(|rest| rest.strip_suffix(".json"));
            versions.extend(version.map(str::to_owned));
            if name == "expected.json" {
                versions.push(NEWEST.to_owned());
            }
        }
        versions
    }

    /// Version and expected pair of a case that has nothing but the pair its description names.
    pub(crate) fn named_answers(&self) -> Vec<(String, Value)> {
        if !self.versions_of_files().is_empty() {
            return Vec::new();
        }
        // The chart installs nothing for C12 up to 1.0.2 only, while `1.0` alone means its last patch.
        let version = match self.name.as_str() {
            "named-legacy/C12" => "1.0.2",
            _ => self.description["istio"].as_str().unwrap_or("1.31"),
        };
        let version = version.to_owned();
        vec![(version, self.description["expect"].clone())]
    }
}

/// Compares the one pair that a description names; its endpoints are by `namespace/name`.
pub(crate) fn check_named(
    case: &Case,
    version: &str,
    expected: &Value,
    actual: &[Value],
) -> Vec<String> {
    let found = actual.iter().find(|pair| {
        let client = &pair["client"];
        let name = client["workload"]
            .as_str()
            .and_then(|w| w.split_once('/'))
            .map_or("", |(_, name)| name);
        let client = format!(
            "{}/{name}",
            client["namespace"].as_str().unwrap_or_default()
        );
        expected["client"] == client.as_str()
            && ["host", "port", "subset"]
                .iter()
                .all(|field| pair[field] == expected[field])
    });
    let Some(pair) = found else {
        return vec![format!("{} at {version}: the pair is missing", case.name)];
    };
    let mut out = Vec::new();
    for field in ["rules", "tls"] {
        if pair[field] != expected[field] {
            out.push(format!(
                "{} at {version}: {field}: {} and not {}",
                case.name, pair[field], expected[field]
            ));
        }
    }
    let endpoints = expected["endpoints"]
        .as_object()
        .cloned()
        .unwrap_or_default();
    for (name, wanted) in endpoints {
        let all = pair["endpoints"].as_array().cloned().unwrap_or_default();
        let endpoint = all
            .into_iter()
            .find(|e| e["workload"].as_str().is_some_and(|w| w.ends_with(&name)));
        for field in ["sends", "accepts", "verdict"] {
            let got = endpoint.as_ref().map_or(&Value::Null, |e| &e[field]);
            if *got != wanted[field] {
                out.push(format!(
                    "{} at {version}: {name} {field}: {got} and not {}",
                    case.name, wanted[field]
                ));
            }
        }
    }
    out
}
