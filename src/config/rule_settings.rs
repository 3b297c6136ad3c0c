//! What the config file says about rules: severities, settings of their own, and what differs by path.

use std::collections::BTreeMap;
use std::fmt;

use schemars::JsonSchema;
use serde::de::value::MapAccessDeserializer;
use serde::de::{self, IntoDeserializer, MapAccess, Visitor};
use serde::{Deserialize, Deserializer, Serialize};
use serde_json::Value;

use super::schema;
use crate::diagnostic::Severity;

/// The key of the severity among the settings of a rule.
pub(super) const SEVERITY: &str = "severity";

/// How bad the findings of a rule are, where the user says so.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "kebab-case")]
pub enum Level {
    /// Errors.
    Error,
    /// Warnings.
    Warning,
    /// Notes.
    Note,
    /// Nothing: they are not reported.
    Off,
}

impl Level {
    /// The severity; none for what is not reported.
    pub fn severity(self) -> Option<Severity> {
        match self {
            Self::Error => Some(Severity::Error),
            Self::Warning => Some(Severity::Warning),
            Self::Note => Some(Severity::Note),
            Self::Off => None,
        }
    }
}

/// What differs for the findings in some paths.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
#[schemars(inline)]
pub struct Override {
    /// Globs of the paths; a finding is in the file of its line.
    pub paths: Vec<String>,
    /// The only rules whose findings are reported there; empty for all.
    #[serde(default)]
    #[schemars(schema_with = "schema::rule_names")]
    pub select: Vec<String>,
    /// Rules whose findings are not reported there.
    #[serde(default)]
    #[schemars(schema_with = "schema::rule_names")]
    pub ignore: Vec<String>,
    /// Severities of rules there, by name.
    #[serde(default)]
    #[schemars(schema_with = "schema::severities")]
    pub rules: BTreeMap<String, LevelSetting>,
}

/// The one setting of a rule that may differ by path; a severity alone stands for it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct LevelSetting {
    /// How bad the findings of the rule are: error, warning, note or off.
    pub severity: Level,
}

impl<'de> Deserialize<'de> for LevelSetting {
    /// Tells the two forms apart by their shape, so that what is wrong is said about the form that is used.
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        /// The long form.
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Long {
            severity: Level,
        }

        struct OneOfBoth;

        impl<'de> Visitor<'de> for OneOfBoth {
            type Value = Level;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a severity, or `{severity: SEVERITY}`")
            }

            fn visit_str<E: de::Error>(self, name: &str) -> Result<Level, E> {
                Level::deserialize(name.into_deserializer())
            }

            fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Level, A::Error> {
                let long = Long::deserialize(MapAccessDeserializer::new(map))?;
                Ok(long.severity)
            }
        }

        let severity = deserializer.deserialize_any(OneOfBoth)?;
        Ok(Self { severity })
    }
}

/// The severity among the settings of a rule, or alone in their place.
pub(super) fn severity(settings: &Value) -> Result<Option<Level>, serde_json::Error> {
    let level = match settings {
        Value::String(_) => Some(settings),
        _ => settings.get(SEVERITY).filter(|level| !level.is_null()),
    };
    level.map(Level::deserialize).transpose()
}

/// The settings of a rule that are its own.
pub(super) fn without_severity(settings: &Value) -> Value {
    if settings.is_string() {
        return Value::Null;
    }
    let mut settings = settings.clone();
    if let Some(map) = settings.as_object_mut() {
        map.shift_remove(SEVERITY);
    }
    settings
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_severity_is_no_setting_of_the_rule() {
        let settings = json!({"severity": "off", "depth": 1});
        assert_eq!(severity(&settings).unwrap(), Some(Level::Off));
        assert_eq!(without_severity(&settings), json!({"depth": 1}));
        assert_eq!(severity(&json!("note")).unwrap(), Some(Level::Note));
        assert_eq!(without_severity(&json!("note")), Value::Null);
    }

    #[test]
    fn a_severity_that_is_none_is_refused_with_those_there_are() {
        let error = severity(&json!({"severity": "fatal"})).unwrap_err();
        let message = error.to_string();
        assert!(
            message.contains("`error`, `warning`, `note`, `off`"),
            "{message}"
        );
    }
}
