//! The settings of a rule: typed for the rule, opaque for everybody else.

use std::any::Any;
use std::fmt;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// The settings of a rule that has none.
#[derive(Debug, Default, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct NoOptions {}

/// Parsed settings of one rule.
pub struct RuleOptions(Box<dyn Any + Send + Sync>);

impl RuleOptions {
    /// The settings as the type that the rule declared.
    pub(crate) fn get<T: Any>(&self) -> &T {
        self.0
            .downcast_ref()
            .expect("a rule's check and its options come from one `check: check(Type)`")
    }
}

impl fmt::Debug for RuleOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RuleOptions").finish_non_exhaustive()
    }
}

/// How the settings of a rule are read and described.
#[derive(Clone, Copy, Debug)]
pub struct OptionsType {
    parse: fn(Value) -> Result<RuleOptions, serde_json::Error>,
    schema: fn(&mut SchemaGenerator) -> Schema,
}

impl OptionsType {
    /// The settings that deserialise into `T`; all fields of `T` must have defaults.
    pub(crate) const fn of<T: DeserializeOwned + JsonSchema + Any + Send + Sync>() -> Self {
        Self {
            parse: parse::<T>,
            schema: T::json_schema,
        }
    }

    /// Reads settings; none, or null, are the defaults.
    pub fn parse(&self, settings: Option<&Value>) -> Result<RuleOptions, serde_json::Error> {
        let settings = settings.filter(|settings| !settings.is_null());
        let settings = settings.map_or_else(|| Value::Object(serde_json::Map::new()), Value::clone);
        (self.parse)(settings)
    }

    /// Describes the settings.
    pub fn schema(&self, generator: &mut SchemaGenerator) -> Schema {
        (self.schema)(generator)
    }
}

/// Reads settings of a type.
fn parse<T: DeserializeOwned + Any + Send + Sync>(
    value: Value,
) -> Result<RuleOptions, serde_json::Error> {
    let options: T = serde_json::from_value(value)?;
    Ok(RuleOptions(Box::new(options)))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
    struct Options {
        external: Vec<String>,
    }

    const TYPE: OptionsType = OptionsType::of::<Options>();

    #[test]
    fn settings_come_back_as_the_declared_type() {
        let options = TYPE.parse(Some(&json!({"external": ["a"]})));
        let options = options.expect("the settings are valid");
        assert_eq!(options.get::<Options>().external, ["a"]);
    }

    #[test]
    fn no_settings_and_null_are_the_defaults() {
        for settings in [None, Some(&Value::Null)] {
            let options = TYPE.parse(settings).expect("defaults are valid");
            assert!(options.get::<Options>().external.is_empty());
        }
    }

    #[test]
    fn an_unknown_setting_is_named_with_those_expected() {
        let error = TYPE.parse(Some(&json!({"externl": []})));
        let message = error.expect_err("the key is unknown").to_string();
        assert_eq!(message, "unknown field `externl`, expected `external`");
    }

    #[test]
    fn a_rule_without_settings_refuses_any() {
        let options = OptionsType::of::<NoOptions>();
        assert!(options.parse(None).is_ok());
        assert!(options.parse(Some(&json!({"a": 1}))).is_err());
    }
}
