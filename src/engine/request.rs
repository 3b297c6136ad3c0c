//! What a run is asked to do.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;

use super::Progress;
use crate::diagnostic::Severity;
use crate::gitops::ConfiguredMesh;
use crate::suppress::Exceptions;

/// The cap for files unless the user sets another: 16 MiB.
pub const DEFAULT_MAX_FILE_SIZE: u64 = 16 * 1024 * 1024;

/// What to read, what to assume about the cluster, and which rules to run.
#[derive(Clone, Debug, PartialEq)]
pub struct Request {
    /// Files and folders to read.
    pub paths: Vec<Utf8PathBuf>,
    /// A rendered stream to read as well, shown as `<stdin>`.
    pub stdin: Option<Vec<u8>>,
    /// What installed programs rendered.
    pub rendered: Vec<Rendering>,
    /// Globs of paths to leave out.
    pub exclude: Vec<String>,
    /// Whether `.gitignore` files count.
    pub gitignore: bool,
    /// The largest file that is read, in bytes.
    pub max_file_size: u64,
    /// Whether documents that cannot matter are parsed too, to find broken ones.
    pub check_all: bool,
    /// Files, or `preset:NAME`, with objects that are in the cluster and not in the repository.
    pub assume: Vec<String>,
    /// The version of Istio, such as `1.26`.
    pub istio_version: Option<String>,
    /// Whether auto mTLS is on.
    pub auto_mtls: Option<bool>,
    /// The root namespace of the mesh.
    pub root_namespace: Option<String>,
    /// The domain of Kubernetes services.
    pub cluster_domain: Option<String>,
    /// The namespaces of the cluster and the mesh themselves, where the user says which.
    pub system_namespaces: Option<Vec<Box<str>>>,
    /// The meshes that the config file names.
    pub meshes: Vec<ConfiguredMesh>,
    /// The only mesh that is looked at.
    pub mesh: Option<String>,
    /// Which rules run, and their settings.
    pub rules: RuleSelection,
    /// The exceptions of the config file.
    pub exceptions: Exceptions,
    /// Whether only a part of the repository is looked at, so that an exception may be for another part.
    pub is_partial: bool,
    /// Where the run says how far it is.
    pub progress: Progress,
}

impl Default for Request {
    fn default() -> Self {
        Self {
            paths: Vec::new(),
            stdin: None,
            rendered: Vec::new(),
            exclude: Vec::new(),
            gitignore: true,
            max_file_size: DEFAULT_MAX_FILE_SIZE,
            check_all: false,
            assume: Vec::new(),
            istio_version: None,
            auto_mtls: None,
            root_namespace: None,
            cluster_domain: None,
            system_namespaces: None,
            meshes: Vec::new(),
            mesh: None,
            rules: RuleSelection::default(),
            exceptions: Exceptions::default(),
            is_partial: false,
            progress: Progress::default(),
        }
    }
}

/// What an installed program rendered for a directory.
#[derive(Clone, Debug, PartialEq)]
pub struct Rendering {
    /// The path under which it is read and shown.
    pub path: Utf8PathBuf,
    /// What the program printed, or why it did not.
    pub output: Result<Vec<u8>, String>,
}

/// Which rules run, and their settings.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct RuleSelection {
    /// The only rules that run; empty for all.
    pub select: Vec<String>,
    /// Rules that do not run.
    pub ignore: Vec<String>,
    /// Settings by the name of the rule.
    pub options: BTreeMap<String, serde_json::Value>,
    /// Severities by the name of the rule, in place of the rule's own.
    pub severities: BTreeMap<String, Severity>,
    /// What differs by path.
    pub overrides: Vec<PathRules>,
}

/// Which findings are reported in some paths, and as what.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct PathRules {
    /// Globs of the paths.
    pub paths: Vec<String>,
    /// The only rules; empty for all.
    pub select: Vec<String>,
    /// Rules that are left out.
    pub ignore: Vec<String>,
    /// Severities by the name of the rule.
    pub severities: BTreeMap<String, Severity>,
}

impl PathRules {
    /// Whether findings of a rule are reported.
    pub fn includes(&self, rule: &str) -> bool {
        includes(&self.select, &self.ignore, rule)
    }
}

impl RuleSelection {
    /// Whether a rule runs.
    pub fn includes(&self, rule: &str) -> bool {
        includes(&self.select, &self.ignore, rule)
    }
}

/// Whether a rule is among those that are selected, and is not ignored.
fn includes(select: &[String], ignore: &[String], rule: &str) -> bool {
    let is_rule = |name: &String| name == rule;
    (select.is_empty() || select.iter().any(is_rule)) && !ignore.iter().any(is_rule)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn selection(select: &[&str], ignore: &[&str]) -> RuleSelection {
        let owned = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect();
        RuleSelection {
            select: owned(select),
            ignore: owned(ignore),
            ..RuleSelection::default()
        }
    }

    #[test]
    fn all_rules_run_unless_some_are_selected() {
        assert!(selection(&[], &[]).includes("a"));
        assert!(selection(&["a"], &[]).includes("a"));
        assert!(!selection(&["b"], &[]).includes("a"));
    }

    #[test]
    fn ignoring_wins_over_selecting() {
        assert!(!selection(&["a"], &["a"]).includes("a"));
    }
}
