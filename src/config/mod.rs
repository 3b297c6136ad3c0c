//! The config file: the user's settings, where they are found and how they are checked.

mod discover;
mod error;
mod keys;
mod lines;
mod parse;
mod rule_settings;
mod schema;

use std::collections::BTreeMap;
use std::fmt;

use camino::Utf8PathBuf;
use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};

pub use discover::{NAMES, discover, levels_up, lines, load};
pub use error::{ConfigError, Spot};
pub use lines::Lines;
pub use parse::parse;
pub use rule_settings::{Level, LevelSetting, Override};
pub use schema::{SCHEMA_URL, schema};

use crate::diagnostic::Severity;
use crate::gitops::ConfiguredMesh;
use crate::mesh::SYSTEM_NAMESPACES;
use crate::suppress::{Date, Entry, Exceptions};

/// The settings of a config file. Paths and globs are relative to its folder.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(
    default,
    deny_unknown_fields,
    rename_all = "kebab-case",
    expecting = "keys and values, such as `fail-on: error`"
)]
#[schemars(title = "mtls-lint.yaml", inline)]
pub struct Config {
    /// Files and folders to read where the command line names none.
    pub paths: Vec<String>,
    /// Globs of paths to leave out.
    pub exclude: Vec<String>,
    /// Files, or `preset:NAME`, with objects that are in the cluster and not in the repository.
    pub assume: Vec<String>,
    /// The version of Istio, such as `1.26`.
    #[schemars(with = "Option<VersionSchema>")]
    pub istio_version: Option<String>,
    /// Whether auto mTLS is on in the mesh.
    pub auto_mtls: Option<bool>,
    /// The root namespace of the mesh.
    pub root_namespace: Option<String>,
    /// The domain of Kubernetes services, `cluster.local` unless given.
    pub cluster_domain: Option<String>,
    /// The namespaces of the cluster and the mesh themselves, in place of those that are known as such.
    pub system_namespaces: Option<Vec<String>>,
    /// Further namespaces of the cluster and the mesh themselves.
    pub extend_system_namespaces: Vec<String>,
    /// The meshes of the repository and what is in each; without them they are worked out.
    pub meshes: Vec<MeshSettings>,
    /// Settings of rules, by name; every rule has a `severity`.
    #[schemars(schema_with = "schema::rules")]
    pub rules: BTreeMap<String, serde_json::Value>,
    /// The only rules that run; empty for all.
    #[schemars(schema_with = "schema::rule_names")]
    pub select: Vec<String>,
    /// Rules that do not run, by name, and exceptions that hide some findings of a rule.
    #[schemars(schema_with = "schema::ignore")]
    pub ignore: Vec<Ignore>,
    /// What differs for the findings in some paths; where several are about a path, the last counts.
    pub overrides: Vec<Override>,
    /// The file with the findings that are accepted; `.mtls-lint-baseline.json` where that exists.
    pub baseline: Option<String>,
    /// The least severity that makes the run fail.
    pub fail_on: Option<FailOn>,
    /// The file with the bytes of every element of `ignore`, where exceptions are among them.
    #[serde(skip)]
    #[schemars(skip)]
    pub written: Option<Written>,
}

/// Where the elements of `ignore` are written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Written {
    path: Utf8PathBuf,
    text: String,
    spans: Vec<(u32, u32)>,
}

impl Config {
    /// The names of the rules that do not run.
    pub fn ignored_rules(&self) -> Vec<String> {
        let names = self.ignore.iter().filter_map(|one| match one {
            Ignore::Rule(name) => Some(name.clone()),
            Ignore::Exception(_) => None,
        });
        names.collect()
    }

    /// The severities of rules, by name.
    pub fn levels(&self) -> BTreeMap<String, Level> {
        let levels = self.rules.iter().filter_map(|(name, settings)| {
            let level = rule_settings::severity(settings).ok().flatten()?;
            Some((name.clone(), level))
        });
        levels.collect()
    }

    /// The settings that are the rules' own, by name.
    pub fn options(&self) -> BTreeMap<String, serde_json::Value> {
        let rules = self.rules.iter();
        rules
            .map(|(name, settings)| (name.clone(), rule_settings::without_severity(settings)))
            .collect()
    }

    /// The namespaces of the cluster and the mesh themselves, where they differ from those that are known as such.
    pub fn system_namespaces(&self) -> Option<Vec<Box<str>>> {
        let known = SYSTEM_NAMESPACES.iter().map(|&name| Box::from(name));
        let known: Vec<Box<str>> = known.collect();
        let named = self.system_namespaces.as_ref().map(|names| {
            let names = names.iter().map(|name| Box::from(name.as_str()));
            names.collect::<Vec<Box<str>>>()
        });
        let mut all = named.unwrap_or_else(|| known.clone());
        let further = self.extend_system_namespaces.iter();
        all.extend(further.map(|name| Box::from(name.as_str())));
        (all != known).then_some(all)
    }

    /// The exceptions, as they count on a day.
    pub fn exceptions(&self, today: Date) -> Exceptions {
        let Some(written) = &self.written else {
            return Exceptions::default();
        };
        let ignored = self.ignore.iter().zip(&written.spans);
        let entries = ignored.filter_map(|(one, span)| match one {
            Ignore::Rule(_) => None,
            Ignore::Exception(entry) => Some(((**entry).clone(), *span)),
        });
        Exceptions {
            path: written.path.clone(),
            text: written.text.clone(),
            entries: entries.collect(),
            today: Some(today),
        }
    }
}

/// An element of `ignore`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(untagged)]
pub enum Ignore {
    /// A rule that does not run.
    Rule(String),
    /// An exception that hides some findings of a rule.
    Exception(Box<Entry>),
}

impl<'de> Deserialize<'de> for Ignore {
    /// Tells the two apart by their shape, so that what is wrong with an exception is said about the exception.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct OneOfBoth;

        impl<'de> Visitor<'de> for OneOfBoth {
            type Value = Ignore;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("the name of a rule, or an exception such as `{rule: NAME, path: GLOB, reason: TEXT}`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Ignore, E> {
                Ok(Ignore::Rule(name.to_owned()))
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Ignore, A::Error> {
                let entry = Entry::deserialize(MapAccessDeserializer::new(map))?;
                Ok(Ignore::Exception(Box::new(entry)))
            }
        }

        deserializer.deserialize_any(OneOfBoth)
    }
}

/// A mesh and what is in it.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(inline)]
pub struct MeshSettings {
    /// The name.
    pub name: String,
    /// What is of this mesh alone: directories, kustomizations, globs, or units as `mtls-lint meshes` names them.
    #[serde(default)]
    pub roots: Vec<String>,
    /// What this mesh shares with others, in the same forms.
    #[serde(default)]
    pub shared: Vec<String>,
    /// The root namespace of this mesh.
    #[serde(default)]
    pub root_namespace: Option<String>,
    /// The domain of Kubernetes services in this mesh.
    #[serde(default)]
    pub cluster_domain: Option<String>,
    /// Values for variables of Flux that nothing in the repository defines.
    #[serde(default)]
    pub vars: BTreeMap<String, String>,
}

impl MeshSettings {
    /// What the deployment needs to know of it.
    pub fn configured(&self) -> ConfiguredMesh {
        ConfiguredMesh {
            name: self.name.as_str().into(),
            roots: self.roots.clone(),
            shared: self.shared.clone(),
            root_namespace: self.root_namespace.as_deref().map(Box::from),
            cluster_domain: self.cluster_domain.as_deref().map(Box::from),
            vars: self.vars.clone(),
        }
    }
}

/// A version, with or without quotes.
///
/// Without quotes `1.26` is a number to an editor; we read what is written.
#[derive(JsonSchema)]
#[serde(untagged)]
#[schemars(inline)]
#[expect(dead_code, reason = "only its schema is used")]
enum VersionSchema {
    /// In quotes.
    Text(String),
    /// Without quotes.
    Number(f64),
}

/// The least severity that makes a run fail.
#[derive(
    Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema, clap::ValueEnum,
)]
#[serde(rename_all = "kebab-case")]
#[schemars(inline)]
pub enum FailOn {
    /// Only errors.
    Error,
    /// Warnings and errors.
    #[default]
    Warning,
    /// Any finding.
    Note,
    /// Nothing.
    Never,
}

impl FailOn {
    /// Whether a finding of a severity makes the run fail.
    pub fn fails(self, severity: Severity) -> bool {
        match self {
            Self::Error => severity >= Severity::Error,
            Self::Warning => severity >= Severity::Warning,
            Self::Note => severity >= Severity::Note,
            Self::Never => false,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_run_fails_at_or_above_the_severity() {
        use Severity::{Error, Note, Warning};
        let table = [
            (FailOn::Error, [false, false, true]),
            (FailOn::Warning, [false, true, true]),
            (FailOn::Note, [true, true, true]),
            (FailOn::Never, [false, false, false]),
        ];
        for (fail_on, expected) in table {
            assert_eq!([Note, Warning, Error].map(|s| fail_on.fails(s)), expected);
        }
    }
}
