//! What pages show as YAML is YAML, and what they show as a config file is one.

use jsonschema::Validator;
use mtls_lint::config;
use serde_json::Value;

use crate::pages::{all, fences};

/// The first line of a config file that a page shows.
const CONFIG: &str = "# mtls-lint.yaml\n";

#[test]
fn every_config_file_that_is_shown_fits_the_schema() {
    let schema = config::schema().to_value();
    let schema = Validator::new(&schema).expect("the schema is one");
    for page in all() {
        for (line, language, body) in fences(&page.text) {
            if language != "yaml" || !body.starts_with(CONFIG) {
                continue;
            }
            let place = format!("{}:{line}", page.path);
            let value: Value =
                serde_yaml::from_str(&body).unwrap_or_else(|error| panic!("{place}: {error}"));
            let faults: Vec<String> = schema
                .iter_errors(&value)
                .map(|it| it.to_string())
                .collect();
            assert!(faults.is_empty(), "{place}: {faults:?}");
        }
    }
}

/// The pages of the rules are left out: their examples are linted, and one is about a broken file.
#[test]
fn every_manifest_that_is_shown_is_yaml() {
    let pages = all();
    for page in pages
        .iter()
        .filter(|it| !it.path.starts_with("docs/rules/"))
    {
        for (line, language, body) in fences(&page.text) {
            if language.starts_with("yaml") {
                for document in serde_yaml::Deserializer::from_str(&body) {
                    let value = <Value as serde::Deserialize>::deserialize(document);
                    assert!(value.is_ok(), "{}:{line}: {value:?}", page.path);
                }
            }
        }
    }
}
