//! Where the source of a Flux Kustomization is: in this repository, or elsewhere.

use std::collections::{BTreeMap, BTreeSet};

use camino::Utf8PathBuf;

use crate::gitops::{Files, repository};
use crate::yaml::Value;

/// The sources that a repository declares.
#[derive(Debug, Default)]
pub(in crate::gitops) struct FluxSources {
    /// The addresses of every `GitRepository`, by name.
    repositories: BTreeMap<Box<str>, BTreeSet<String>>,
    /// The addresses under which this repository is known.
    own: BTreeSet<String>,
    /// What every artifact of an `ArtifactGenerator` holds: its directories, and those of this repository they are.
    artifacts: BTreeMap<Box<str>, Vec<(Utf8PathBuf, Utf8PathBuf)>>,
}

/// The name that `flux bootstrap` gives to the source of the repository it sets up.
const BOOTSTRAP: &str = "flux-system";

/// What a Flux Kustomization refers to.
#[derive(Debug)]
pub(super) struct SourceReference<'a> {
    /// `sourceRef.kind`.
    pub(super) kind: &'a str,
    /// `sourceRef.name`.
    pub(super) name: &'a str,
}

impl FluxSources {
    /// The sources that the files of a run declare.
    pub(in crate::gitops) fn of(files: &Files) -> Self {
        let mut sources = Self::default();
        for (path, file) in files.iter() {
            for document in &files.first_documents(file).documents {
                let is_bootstrap = path.file_name() == Some("gotk-sync.yaml");
                sources.take(&document.root, is_bootstrap);
            }
        }
        sources
    }

    fn take(&mut self, root: &Value, is_bootstrap: bool) {
        let text = |keys: &[&str]| root.at(keys).and_then(Value::as_text);
        let Some(name) = text(&["metadata", "name"]) else {
            return;
        };
        match text(&["kind"]) {
            Some("GitRepository") => {
                let Some(url) = text(&["spec", "url"]) else {
                    return;
                };
                let address = repository::address(url);
                if is_bootstrap || name == BOOTSTRAP {
                    self.own.insert(address.clone());
                }
                let known = self.repositories.entry(name.into());
                known.or_default().insert(address);
            }
            Some("ArtifactGenerator") => self.take_generator(root),
            Some(_) | None => {}
        }
    }

    /// Takes in the artifacts that are cut out of this repository.
    fn take_generator(&mut self, root: &Value) {
        let artifacts = root.at(&["spec", "artifacts"]);
        for artifact in artifacts.map_or(&[][..], Value::items) {
            let Some(name) = artifact.get("name").and_then(Value::as_text) else {
                continue;
            };
            let copies = artifact.get("copy").map_or(&[][..], Value::items).iter();
            let copies = copies.filter_map(|copy| {
                let from = copy.get("from")?.as_text()?.strip_prefix('@')?;
                let to = copy.get("to")?.as_text()?.strip_prefix("@artifact")?;
                let (_, from) = from.split_once('/')?;
                let from = from.trim_end_matches(['*', '/']);
                Some((to.trim_matches('/').into(), from.into()))
            });
            let known = self.artifacts.entry(name.into()).or_default();
            known.extend(copies);
        }
    }

    /// The directory that a path of a source means, or why there is none.
    pub(super) fn resolve(
        &self,
        reference: &SourceReference<'_>,
        path: &str,
        prefix: &camino::Utf8Path,
        files: &Files,
    ) -> Result<Utf8PathBuf, String> {
        let SourceReference { kind, name } = reference;
        let elsewhere = || {
            if *kind == "GitRepository" && self.repositories.contains_key(*name) {
                format!("{kind} `{name}` is another repository")
            } else {
                format!("{kind} `{name}` is not known to hold this repository")
            }
        };
        let known = self.repositories.get(*name);
        if *kind == "GitRepository"
            && let Some(addresses) = known
            && !self.own.is_empty()
            && addresses.is_disjoint(&self.own)
        {
            return Err(elsewhere());
        }
        if *kind == "ExternalArtifact" {
            let wanted = crate::source::tree::normalise(path.into());
            let copies = self.artifacts.get(*name).map_or(&[][..], Vec::as_slice);
            let found = copies.iter().find_map(|(to, from)| {
                let rest = wanted.strip_prefix(to).ok()?;
                repository::directory(from.join(rest).as_str(), prefix, files)
            });
            if let Some(found) = found {
                return Ok(found);
            }
        }
        let is_root = crate::source::tree::normalise(path.into())
            .as_str()
            .is_empty();
        // The root of something that is not known to be this repository is not its root.
        if is_root && *name != BOOTSTRAP && (*kind != "GitRepository" || known.is_none()) {
            return Err(elsewhere());
        }
        // The end of a path says enough only about a repository that is this one as far as anything says.
        let may_be_own = known.is_none_or(|addresses| !addresses.is_disjoint(&self.own));
        if *kind != "GitRepository" || !may_be_own {
            return repository::exact(path, prefix, files).ok_or_else(elsewhere);
        }
        repository::directory(path, prefix, files)
            .ok_or_else(|| format!("there is no directory `{path}` among the files that were read"))
    }
}
