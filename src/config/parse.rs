//! Text to settings, with the names of keys and rules checked.

use camino::Utf8Path;

use super::{Config, ConfigError, Ignore, Lines, Written, schema};
use crate::rule::nearest;
use crate::rules;

/// Reads the text of a config file; the path is for messages.
pub fn parse(path: &Utf8Path, text: &str) -> Result<Config, ConfigError> {
    let invalid = |source| ConfigError::Invalid {
        path: path.to_owned(),
        source,
    };
    let value: serde_yaml::Value = serde_yaml::from_str(text).map_err(invalid)?;
    if value.is_null() {
        return Ok(Config::default());
    }
    check_keys(path, &value)?;
    // Read from the text again and not from the value, so that errors have a line and `1.20` stays what is written.
    let mut config: Config = serde_yaml::from_str(text).map_err(invalid)?;
    check_rules(path, &config)?;
    let mut ignored = config.ignore.iter();
    if ignored.any(|one| matches!(one, Ignore::Exception(_))) {
        config.written = Some(Written {
            path: path.to_owned(),
            text: text.to_owned(),
            spans: Lines::of(text).spans("ignore"),
        });
    }
    Ok(config)
}

/// Refuses a key that does not exist, with the nearest that does.
fn check_keys(path: &Utf8Path, value: &serde_yaml::Value) -> Result<(), ConfigError> {
    let known = schema::keys();
    let keys = value.as_mapping().into_iter().flat_map(|map| map.keys());
    for key in keys.filter_map(serde_yaml::Value::as_str) {
        if known.iter().any(|name| name == key) {
            continue;
        }
        return Err(ConfigError::UnknownKey {
            path: path.to_owned(),
            key: key.to_owned(),
            suggestion: nearest(key, known.iter().map(String::as_str)).map(str::to_owned),
        });
    }
    Ok(())
}

/// Refuses names of rules that do not exist, and settings that a rule does not have.
fn check_rules(path: &Utf8Path, config: &Config) -> Result<(), ConfigError> {
    let find = |name: &String| {
        rules::find(name).map_err(|source| ConfigError::UnknownRule {
            path: path.to_owned(),
            source,
        })
    };
    for name in &config.select {
        find(name)?;
    }
    for one in &config.ignore {
        match one {
            Ignore::Rule(name) => find(name)?,
            Ignore::Exception(entry) => {
                entry.check().map_err(|source| ConfigError::Glob {
                    path: path.to_owned(),
                    source,
                })?;
                find(&entry.rule)?
            }
        };
    }
    for (name, settings) in &config.rules {
        let rule = find(name)?;
        rule.options
            .parse(Some(settings))
            .map_err(|source| ConfigError::Options {
                path: path.to_owned(),
                rule: rule.meta.name,
                source,
            })?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::config::FailOn;
    use crate::suppress::Date;

    fn read(text: &str) -> Result<Config, ConfigError> {
        parse(Utf8Path::new("mtls-lint.yaml"), text)
    }

    fn refused(text: &str) -> String {
        let error = read(text).expect_err("the config is not valid");
        match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    }

    #[test]
    fn an_empty_file_is_the_defaults() {
        for text in ["", "# nothing\n", "---\n"] {
            assert_eq!(read(text).expect("nothing is valid"), Config::default());
        }
    }

    #[test]
    fn every_key_is_read() {
        let config = read(
            "exclude: [vendor/**]\nassume: [preset:istio]\nistio-version: '1.26'\nauto-mtls: false\n\
             root-namespace: mesh\nmeshes: [{name: prod, roots: [a], shared: [b], root-namespace: c, vars: {d: e}}]\n\
             rules: {unread-input: {}}\nselect: [unread-input]\n\
             ignore: [unread-input]\nfail-on: error\nbaseline: known.json\n",
        )
        .expect("the config is valid");
        assert_eq!(config.exclude, ["vendor/**"]);
        assert_eq!(config.assume, ["preset:istio"]);
        assert_eq!(config.istio_version.as_deref(), Some("1.26"));
        assert_eq!(config.auto_mtls, Some(false));
        assert_eq!(config.root_namespace.as_deref(), Some("mesh"));
        let mesh = config.meshes[0].configured();
        assert_eq!(
            (&*mesh.name, mesh.root_namespace.as_deref()),
            ("prod", Some("c"))
        );
        assert_eq!(
            (mesh.roots, mesh.shared),
            (vec!["a".into()], vec!["b".into()])
        );
        assert_eq!(mesh.vars["d"], "e");
        assert!(config.rules.contains_key("unread-input"));
        assert_eq!(config.select, config.ignored_rules());
        assert_eq!(config.fail_on, Some(FailOn::Error));
        assert_eq!(config.baseline.as_deref(), Some("known.json"));
    }

    #[test]
    fn a_version_without_quotes_keeps_its_last_zero() {
        let config = read("istio-version: 1.20\n").expect("the config is valid");
        assert_eq!(config.istio_version.as_deref(), Some("1.20"));
    }

    #[test]
    fn an_unknown_key_comes_with_the_nearest() {
        assert_eq!(
            refused("exlude: []\n"),
            "unknown key `exlude` in `mtls-lint.yaml`; did you mean `exclude`?"
        );
    }

    #[test]
    fn an_unknown_rule_comes_with_the_nearest_wherever_it_is_named() {
        for text in [
            "rules: {unread-inputs: {}}\n",
            "select: [unread-inputs]\n",
            "ignore: [unread-inputs]\n",
            "ignore: [{rule: unread-inputs}]\n",
        ] {
            assert_eq!(
                refused(text),
                "`mtls-lint.yaml` cannot be used: unknown rule `unread-inputs`; did you mean `unread-input`?"
            );
        }
    }

    #[test]
    fn a_setting_that_a_rule_does_not_have_is_refused() {
        let message = refused("rules: {unread-input: {level: 1}}\n");
        assert!(message.contains("unknown field `level`"), "{message}");
    }

    #[test]
    fn an_exception_stands_where_it_is_written() {
        let text =
            "ignore:\n- unread-input\n- rule: unread-input\n  path: a/**\n  expires: 2026-12-31\n";
        let config = read(text).expect("the config is valid");
        let exceptions = config.exceptions(Date::of_unix_time(0));
        let (entry, (start, end)) = exceptions.entries.first().expect("there is one");
        assert_eq!(exceptions.entries.len(), 1);
        assert_eq!(entry.path.as_deref(), Some("a/**"));
        let written = &text[*start as usize..*end as usize];
        assert!(written.starts_with("rule: unread-input"), "{written}");
        assert_eq!(config.ignored_rules(), ["unread-input"]);
    }

    #[test]
    fn what_is_wrong_with_an_exception_is_said_with_its_line_and_the_keys_there_are() {
        let message = refused("ignore:\n- rule: unread-input\n  pth: a\n");
        assert!(
            message.contains("unknown field `pth`, expected one of `rule`, `path`"),
            "{message}"
        );
        assert!(message.contains("line 3"), "{message}");
        let message = refused("ignore:\n- rule: unread-input\n  expires: 2026-02-30\n");
        assert!(message.contains("`2026-02-30` is no day"), "{message}");
        let message = refused("ignore:\n- rule: unread-input\n  kind: 'a['\n");
        assert!(
            message.contains("`a[`, the `kind` of an entry"),
            "{message}"
        );
    }

    #[test]
    fn a_rule_without_settings_written_is_valid() {
        assert!(read("rules:\n  unread-input:\n").is_ok());
    }

    #[test]
    fn a_wrong_type_is_refused_with_its_line() {
        let message = refused("exclude: []\nauto-mtls: maybe\n");
        assert!(message.contains("line 2"), "{message}");
    }

    #[test]
    fn a_document_that_is_no_mapping_is_refused() {
        assert!(read("- exclude\n").is_err());
    }
}
