//! The JSON schema of the config file, for editors.

use schemars::generate::SchemaSettings;
use schemars::{JsonSchema, Schema, SchemaGenerator, json_schema};
use serde_json::{Map, Value, json};

use super::Config;
use super::rule_settings::{Level, LevelSetting, SEVERITY};
use crate::rules::RULES;
use crate::suppress::Entry;

/// Where editors find the schema.
pub const SCHEMA_URL: &str = "https://mtls-lint.dev/config.schema.json";

/// The schema of the config file: draft 7, what `SchemaStore` prefers.
pub fn schema() -> Schema {
    SchemaSettings::draft07()
        .into_generator()
        .into_root_schema_for::<Config>()
}

/// The schema of `rules`: the settings of every rule under its name.
pub(super) fn rules(generator: &mut SchemaGenerator) -> Schema {
    let mut properties = Map::new();
    let level = generator.subschema_for::<Level>().to_value();
    for rule in RULES {
        let mut settings = rule.options.schema(generator).to_value();
        if let Some(settings) = settings.as_object_mut() {
            let own = settings
                .entry("properties")
                .or_insert_with(|| Value::Object(Map::new()));
            if let Some(own) = own.as_object_mut() {
                own.insert(SEVERITY.into(), level.clone());
            }
        }
        let either = json!({
            "description": rule.meta.summary,
            "anyOf": [level, settings],
        });
        properties.insert(rule.meta.name.into(), either);
    }
    json_schema!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The schema of severities by the names of rules.
pub(super) fn severities(generator: &mut SchemaGenerator) -> Schema {
    let alone = generator.subschema_for::<Level>().to_value();
    let long = generator.subschema_for::<LevelSetting>().to_value();
    let level = json!({ "anyOf": [alone, long] });
    let properties: Map<String, Value> = RULES
        .iter()
        .map(|rule| (rule.meta.name.to_owned(), level.clone()))
        .collect();
    json_schema!({
        "type": "object",
        "properties": properties,
        "additionalProperties": false,
    })
}

/// The schema of a list of names of rules.
pub(super) fn rule_names(_generator: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = RULES.iter().map(|rule| rule.meta.name).collect();
    json_schema!({
        "type": "array",
        "items": { "enum": names },
    })
}

/// The schema of `ignore`: names of rules, and exceptions.
pub(super) fn ignore(generator: &mut SchemaGenerator) -> Schema {
    let names: Vec<&str> = RULES.iter().map(|rule| rule.meta.name).collect();
    let mut entry = Entry::json_schema(generator).to_value();
    // A rule by its name in both forms.
    if let Some(rule) = entry
        .pointer_mut("/properties/rule")
        .and_then(Value::as_object_mut)
    {
        rule.remove("type");
        rule.insert("enum".into(), names.clone().into());
    }
    json_schema!({
        "type": "array",
        "items": { "anyOf": [{ "enum": names }, entry] },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn keys_are_in_kebab_case() {
        let schema = schema().to_value();
        assert!(schema.pointer("/properties/istio-version").is_some());
    }

    #[test]
    fn the_schema_refuses_unknown_keys_and_accepts_every_rule() {
        let schema = schema().to_value();
        let validator = jsonschema::validator_for(&schema).expect("the schema is valid");
        assert!(!validator.is_valid(&serde_json::json!({"exlude": []})));
        for rule in RULES {
            let config =
                serde_json::json!({"rules": {rule.meta.name: {}}, "select": [rule.meta.name]});
            assert!(validator.is_valid(&config));
        }
    }

    #[test]
    fn the_schema_accepts_a_version_with_and_without_quotes() {
        let schema = schema().to_value();
        let validator = jsonschema::validator_for(&schema).expect("the schema is valid");
        for version in [serde_json::json!("1.26"), serde_json::json!(1.26)] {
            assert!(validator.is_valid(&serde_json::json!({"istio-version": version})));
        }
    }
}
