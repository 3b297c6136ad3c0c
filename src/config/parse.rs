//! Text to settings, with the names of keys and rules checked.

use camino::Utf8Path;

use super::lines::Step;
use super::{Config, ConfigError, Ignore, Lines, Spot, Written, keys, rule_settings};
use crate::discover::Exclude;
use crate::rule::Rule;
use crate::rules;

/// Reads the text of a config file; the path is for messages.
pub fn parse(path: &Utf8Path, whole: &str) -> Result<Config, ConfigError> {
    let text = without_mark(whole);
    let reader = Reader {
        path,
        text,
        lines: Lines::of(text),
    };
    let value: serde_yaml::Value =
        serde_yaml::from_str(text).map_err(|source| reader.invalid(source))?;
    if value.is_null() {
        return Ok(Config::default());
    }
    reader.check_keys()?;
    // Read from the text again and not from the value, so that errors have a line and `1.20` stays what is written.
    let mut config: Config = serde_yaml::from_str(text).map_err(|source| reader.invalid(source))?;
    reader.check_rules(&config)?;
    reader.check_globs(&config)?;
    let mut ignored = config.ignore.iter();
    if ignored.any(|one| matches!(one, Ignore::Exception(_))) {
        let mark = u32::try_from(whole.len() - text.len()).unwrap_or_default();
        let spans = reader.lines.spans("ignore").into_iter();
        config.written = Some(Written {
            path: path.to_owned(),
            text: whole.to_owned(),
            spans: spans
                .map(|(start, end)| (start + mark, end + mark))
                .collect(),
        });
    }
    Ok(config)
}

/// The text without a byte order mark: YAML allows one, and editors on Windows write it.
pub(super) fn without_mark(text: &str) -> &str {
    text.strip_prefix('\u{feff}').unwrap_or(text)
}

/// A config file that is being read.
struct Reader<'a> {
    path: &'a Utf8Path,
    text: &'a str,
    lines: Lines,
}

impl Reader<'_> {
    /// An error with its place, if that is known.
    fn at(&self, span: Option<(u32, u32)>, error: ConfigError) -> ConfigError {
        let Some(span) = span else {
            return error;
        };
        ConfigError::At {
            error: Box::new(error),
            spot: Box::new(Spot {
                path: self.path.to_owned(),
                text: self.text.to_owned(),
                span,
            }),
        }
    }

    /// An error about what stands at the end of a chain of keys and indices.
    fn below(&self, steps: &[Step<'_>], error: ConfigError) -> ConfigError {
        self.at(self.lines.span(steps), error)
    }

    /// The error of text that is no config file.
    fn invalid(&self, source: serde_yaml::Error) -> ConfigError {
        let index = source.location().map(|location| location.index());
        let offset = index.filter(|&index| self.text.is_char_boundary(index));
        let span = offset.and_then(|start| {
            let rest = self.text.get(start..)?;
            let line = rest.lines().next().unwrap_or_default();
            let start = u32::try_from(start).ok()?;
            let length = u32::try_from(line.trim_end().len()).ok()?;
            Some((start, start + length))
        });
        let path = self.path.to_owned();
        self.at(span, ConfigError::Invalid { path, source })
    }

    /// Refuses a key that does not exist, with the nearest that does.
    fn check_keys(&self) -> Result<(), ConfigError> {
        let Some(unknown) = self.lines.root().and_then(keys::unknown) else {
            return Ok(());
        };
        let error = ConfigError::UnknownKey {
            path: self.path.to_owned(),
            key: unknown.key,
            suggestion: unknown.suggestion,
            known: unknown.known,
        };
        Err(self.at(Some(unknown.span), error))
    }

    /// Refuses names of rules that do not exist, and settings that a rule does not have.
    fn check_rules(&self, config: &Config) -> Result<(), ConfigError> {
        self.check_names(&config.select, &[Step::Key("select")])?;
        for (index, one) in config.ignore.iter().enumerate() {
            let steps = [Step::Key("ignore"), Step::Item(index)];
            match one {
                Ignore::Rule(name) => self.find(name, &steps)?,
                Ignore::Exception(entry) => {
                    entry.check().map_err(|source| {
                        let path = self.path.to_owned();
                        self.below(&steps, ConfigError::Glob { path, source })
                    })?;
                    self.find(&entry.rule, &[steps[0], steps[1], Step::Key("rule")])?
                }
            };
        }
        for (name, settings) in &config.rules {
            let steps = [Step::Key("rules"), Step::Key(name)];
            let rule = self.find(name, &steps)?;
            let options = rule_settings::without_severity(settings);
            let refuse = |steps: &[Step<'_>], source| {
                let error = ConfigError::Options {
                    path: self.path.to_owned(),
                    rule: rule.meta.name,
                    source,
                };
                self.below(steps, error)
            };
            let level = [steps[0], steps[1], Step::Key(rule_settings::SEVERITY)];
            rule_settings::severity(settings).map_err(|source| refuse(&level, source))?;
            let parsed = rule.options.parse(Some(&options));
            parsed.map_err(|source| refuse(&steps, source))?;
        }
        for (index, one) in config.overrides.iter().enumerate() {
            let here = [Step::Key("overrides"), Step::Item(index)];
            self.check_names(&one.select, &[here[0], here[1], Step::Key("select")])?;
            self.check_names(&one.ignore, &[here[0], here[1], Step::Key("ignore")])?;
            for name in one.rules.keys() {
                self.find(
                    name,
                    &[here[0], here[1], Step::Key("rules"), Step::Key(name)],
                )?;
            }
        }
        Ok(())
    }

    /// Refuses names of a list that no rule has.
    fn check_names(&self, names: &[String], steps: &[Step<'_>]) -> Result<(), ConfigError> {
        for (index, name) in names.iter().enumerate() {
            let steps: Vec<Step<'_>> = steps.iter().copied().chain([Step::Item(index)]).collect();
            self.find(name, &steps)?;
        }
        Ok(())
    }

    /// The rule of a name.
    fn find(&self, name: &str, steps: &[Step<'_>]) -> Result<&'static Rule, ConfigError> {
        rules::find(name).map_err(|source| {
            let path = self.path.to_owned();
            self.below(steps, ConfigError::UnknownRule { path, source })
        })
    }

    /// Refuses what is no glob.
    fn check_globs(&self, config: &Config) -> Result<(), ConfigError> {
        let refuse = |globs: &[String], steps: &[Step<'_>]| {
            for (index, glob) in globs.iter().enumerate() {
                let steps: Vec<Step<'_>> =
                    steps.iter().copied().chain([Step::Item(index)]).collect();
                Exclude::new(std::slice::from_ref(glob)).map_err(|source| {
                    let path = self.path.to_owned();
                    self.below(&steps, ConfigError::PathGlob { path, source })
                })?;
            }
            Ok(())
        };
        refuse(&config.exclude, &[Step::Key("exclude")])?;
        for (index, one) in config.overrides.iter().enumerate() {
            let steps = [
                Step::Key("overrides"),
                Step::Item(index),
                Step::Key("paths"),
            ];
            refuse(&one.paths, &steps)?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::error::Error as _;

    use super::*;
    use crate::config::{FailOn, Level};
    use crate::suppress::Date;

    fn read(text: &str) -> Result<Config, ConfigError> {
        parse(Utf8Path::new("mtls-lint.yaml"), text)
    }

    fn refused(text: &str) -> String {
        let (error, _) = read(text).expect_err("the config is not valid").parts();
        match error.source() {
            Some(source) => format!("{error}: {source}"),
            None => error.to_string(),
        }
    }

    /// The line that an error is in, and the text that it marks.
    fn marked(text: &str) -> (usize, String) {
        let (_, spot) = read(text).expect_err("the config is not valid").parts();
        let spot = spot.expect("the place is known");
        let (start, end) = (spot.span.0 as usize, spot.span.1 as usize);
        let line = text[..start].matches('\n').count() + 1;
        (line, text[start..end].to_owned())
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
             paths: [apps]\ncluster-domain: corp.local\nsystem-namespaces: [x]\nextend-system-namespaces: [y]\n\
             overrides: [{paths: [old], select: [unread-input], ignore: [unread-input], rules: {unread-input: {severity: note}}}]\n\
             ignore: [unread-input]\nfail-on: error\nbaseline: known.json\n",
        )
        .expect("the config is valid");
        assert_eq!(config.paths, ["apps"]);
        assert_eq!(config.cluster_domain.as_deref(), Some("corp.local"));
        assert_eq!(
            config.system_namespaces(),
            Some(vec!["x".into(), "y".into()])
        );
        assert_eq!(config.overrides[0].paths, ["old"]);
        assert_eq!(config.overrides[0].select, config.overrides[0].ignore);
        let setting = config.overrides[0].rules["unread-input"];
        assert_eq!(setting.severity, Level::Note);
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
    fn an_unknown_key_is_marked_wherever_it_is_written() {
        let table = [
            ("exclude: []\nexlude: []\n", 2, "exlude"),
            ("meshes:\n- name: a\n  root: [b]\n", 3, "root"),
            ("overrides:\n- paths: [a]\n  ignores: []\n", 3, "ignores"),
            ("rules:\n  unread-input:\n    sevrity: off\n", 3, "sevrity"),
            (
                "overrides:\n- paths: [a]\n  rules: {unread-input: {level: off}}\n",
                3,
                "level",
            ),
            ("ignore:\n- rule: unread-input\n  pth: a\n", 3, "pth"),
        ];
        for (text, line, key) in table {
            assert_eq!(marked(text), (line, key.into()), "{text}");
        }
    }

    #[test]
    fn names_and_globs_that_are_none_are_marked() {
        let table = [
            (
                "select:\n- unread-input\n- unread-inputs\n",
                3,
                "unread-inputs",
            ),
            ("rules:\n  unread-inputs: {}\n", 2, "unread-inputs"),
            ("exclude:\n- a\n- 'b['\n", 3, "'b['"),
            ("overrides:\n- paths: [a, 'b[']\n", 2, "'b['"),
            ("rules:\n  unread-input:\n    severity: fatal\n", 3, "fatal"),
        ];
        for (text, line, name) in table {
            assert_eq!(marked(text), (line, name.into()), "{text}");
        }
    }

    #[test]
    fn a_severity_that_is_none_is_refused() {
        let message = refused("rules: {unread-input: {severity: fatal}}\n");
        assert!(message.contains("unknown variant `fatal`"), "{message}");
    }

    #[test]
    fn an_unknown_rule_comes_with_the_nearest_wherever_it_is_named() {
        for text in [
            "rules: {unread-inputs: {}}\n",
            "select: [unread-inputs]\n",
            "ignore: [unread-inputs]\n",
            "ignore: [{rule: unread-inputs}]\n",
            "overrides: [{paths: [a], select: [unread-inputs]}]\n",
            "overrides: [{paths: [a], ignore: [unread-inputs]}]\n",
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
        assert!(message.contains("unknown key `level`"), "{message}");
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
        assert_eq!(
            message,
            "unknown key `pth` in `mtls-lint.yaml`; did you mean `path`?"
        );
        assert_eq!(
            marked("ignore:\n- rule: unread-input\n  pth: a\n"),
            (3, "pth".into())
        );
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
