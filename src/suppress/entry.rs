//! Exceptions in the config file: the entries of `ignore` that are more than the name of a rule.

use std::fmt;

use camino::Utf8PathBuf;
use globset::{Glob, GlobMatcher};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::Date;
use crate::diagnostic::Diagnostic;
use crate::discover::Exclude;
use crate::source::tree::normalise;
use crate::source::{FileRole, SourceFile, Sources};

/// An exception in the config file. A finding has to fit all that it says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(inline)]
pub struct Entry {
    /// The rule whose findings are hidden.
    pub rule: String,
    /// A glob for the file that the finding is in.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub path: Option<String>,
    /// A glob for the kind of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// A glob for the namespace of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub namespace: Option<String>,
    /// A glob for the name of the object.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// A glob for the mesh.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mesh: Option<String>,
    /// Why the findings are accepted.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// The last day on which they are, such as `2026-12-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub expires: Option<Date>,
    /// Who answers for it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub owner: Option<String>,
}

/// The exceptions of the config file, and the day of the run.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exceptions {
    /// The path of the config file as shown to people.
    pub path: Utf8PathBuf,
    /// Its text.
    pub text: String,
    /// The entries with the bytes of the text that each is written in.
    pub entries: Vec<(Entry, (u32, u32))>,
    /// The day of the run; without it nothing expires.
    pub today: Option<Date>,
}

/// A glob of an entry that is none.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{glob}`, the `{key}` of an entry of `ignore`, is not a glob")]
pub struct InvalidGlob {
    /// The key.
    key: &'static str,
    /// As written.
    glob: String,
}

/// An entry that can be asked.
pub(super) struct Matcher {
    path: Option<Exclude>,
    kind: Option<GlobMatcher>,
    namespace: Option<GlobMatcher>,
    name: Option<GlobMatcher>,
    mesh: Option<GlobMatcher>,
}

impl Entry {
    /// Refuses what is no glob.
    pub fn check(&self) -> Result<(), InvalidGlob> {
        self.matcher().map(drop)
    }

    /// Compiles the globs.
    pub(super) fn matcher(&self) -> Result<Matcher, InvalidGlob> {
        let invalid = |key, glob: &str| InvalidGlob {
            key,
            glob: glob.to_owned(),
        };
        let compile = |key, glob: &Option<String>| {
            let matcher = glob.as_deref().map(|glob| {
                let glob = Glob::new(glob).map_err(|_| invalid(key, glob))?;
                Ok(glob.compile_matcher())
            });
            matcher.transpose()
        };
        let path = self.path.as_ref().map(|glob| {
            Exclude::new(std::slice::from_ref(glob)).map_err(|_| invalid("path", glob))
        });
        Ok(Matcher {
            path: path.transpose()?,
            kind: compile("kind", &self.kind)?,
            namespace: compile("namespace", &self.namespace)?,
            name: compile("name", &self.name)?,
            mesh: compile("mesh", &self.mesh)?,
        })
    }
}

impl Matcher {
    /// Whether a finding fits, apart from its rule.
    pub(super) fn fits(&self, diagnostic: &Diagnostic, sources: &Sources) -> bool {
        let object = diagnostic.object.as_ref();
        let is = |glob: &Option<GlobMatcher>, text: Option<&str>| {
            glob.as_ref()
                .is_none_or(|glob| text.is_some_and(|text| glob.is_match(text)))
        };
        let path = match diagnostic.place {
            Some(place) => Some(sources.file(place.span.file).path()),
            None => diagnostic.path.as_deref(),
        };
        let meshes = &diagnostic.meshes;
        // What concerns other meshes too is not theirs to accept.
        let is_theirs = |glob: &GlobMatcher| {
            !meshes.is_empty() && meshes.iter().all(|mesh| glob.is_match(mesh))
        };
        self.path
            .as_ref()
            .is_none_or(|glob| path.is_some_and(|path| glob.covers(&normalise(path))))
            && is(&self.kind, object.map(|id| &*id.kind))
            && is(
                &self.namespace,
                object.and_then(|id| Some(id.namespace.as_ref()?.as_str())),
            )
            && is(&self.name, object.map(|id| &*id.name))
            && self.mesh.as_ref().is_none_or(is_theirs)
    }
}

impl fmt::Debug for Matcher {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Matcher").finish_non_exhaustive()
    }
}

impl Exceptions {
    /// The config file as a file of the run, so that a finding can point into it; none where nothing can be said of it.
    pub(crate) fn file(&self) -> Option<SourceFile> {
        (!self.entries.is_empty()).then(|| {
            SourceFile::new(
                self.path.clone(),
                self.text.as_str().into(),
                FileRole::Input,
            )
        })
    }
}
