//! The documentation of the rules is true: pages, index and schema on disk are what the rules declare, and every example
//! does what it says. `BLESS=1 cargo test --test docs` rewrites the generated files.
#![expect(
    clippy::disallowed_methods,
    reason = "tests run the program and look at files"
)]

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};

use mtls_lint::engine::lint_text;
use mtls_lint::report::{report_line_schema, report_schema};
use mtls_lint::rule::{Check, Rule, Stage, render_index, render_page};
use mtls_lint::rules::RULES;
use mtls_lint::{baseline, config};
use serde_json::Value;

/// The headings of a page in their order, and whether a page must have them.
const HEADINGS: [(&str, bool); 5] = [
    ("## What it does", true),
    ("## Why it matters", true),
    ("## Examples", true),
    ("## Fix", false),
    ("## Options", false),
];

/// A path of the repository.
fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// Compares a generated file with what is on disk, or rewrites it.
fn is_on_disk(path: &str, expected: &str) {
    let file = repository(path);
    if std::env::var_os("BLESS").is_some() {
        if let Some(folder) = file.parent() {
            fs::create_dir_all(folder).expect("the folder can be created");
        }
        fs::write(&file, expected).expect("the file can be written");
        return;
    }
    let found = fs::read_to_string(&file).unwrap_or_default();
    assert!(
        found == expected,
        "{path} is stale; run `BLESS=1 cargo test --test docs` and review the change"
    );
}

/// The lines of a rule's documentation that are outside fences.
fn prose(rule: &Rule) -> Vec<String> {
    let mut is_prose = true;
    let mut lines = Vec::new();
    for line in rule.meta.markdown().lines() {
        if line.starts_with("```") {
            is_prose = !is_prose;
        } else if is_prose {
            lines.push(line.to_owned());
        }
    }
    lines
}

#[test]
fn pages_on_disk_are_what_the_rules_declare() {
    for rule in RULES {
        is_on_disk(
            &format!("docs/rules/{}.md", rule.meta.name),
            &render_page(rule),
        );
    }
}

#[test]
fn the_index_on_disk_lists_every_rule() {
    is_on_disk("docs/rules/README.md", &render_index(RULES));
}

#[test]
fn no_page_is_left_of_a_rule_that_is_gone() {
    let pages = fs::read_dir(repository("docs/rules")).expect("the pages exist");
    for page in pages {
        let path = page.expect("the folder can be read").path();
        let stem = path.file_stem().and_then(|stem| stem.to_str());
        let is_known = stem == Some("README") || RULES.iter().any(|r| Some(r.meta.name) == stem);
        assert!(is_known, "{} is of no rule", path.display());
    }
}

#[test]
fn the_schema_on_disk_is_that_of_the_config_file() {
    let mut schema =
        serde_json::to_string_pretty(&config::schema()).expect("a schema is valid JSON");
    schema.push('\n');
    is_on_disk("config.schema.json", &schema);
}

/// The keys of a schema, each with those that lead to it, and the names of rules as `NAME`.
fn keys_of(schema: &Value, root: &Value, prefix: &str, keys: &mut BTreeSet<String>) {
    if let Some(target) = schema.get("$ref").and_then(Value::as_str) {
        let target = root.pointer(target.trim_start_matches('#'));
        keys_of(target.expect("it is there"), root, prefix, keys);
    }
    let alternatives = schema.get("anyOf").and_then(Value::as_array);
    for one in alternatives.into_iter().flatten() {
        keys_of(one, root, prefix, keys);
    }
    if let Some(items) = schema.get("items") {
        keys_of(items, root, &format!("{prefix}[]"), keys);
    }
    let properties = schema.get("properties").and_then(Value::as_object);
    for (key, property) in properties.into_iter().flatten() {
        let is_rule = RULES.iter().any(|rule| rule.meta.name == key);
        let key = if is_rule { "NAME" } else { key };
        let dot = if prefix.is_empty() { "" } else { "." };
        let path = format!("{prefix}{dot}{key}");
        keys_of(property, root, &path, keys);
        if !is_rule {
            keys.insert(path);
        }
    }
}

#[test]
fn the_page_of_settings_has_a_row_for_every_key_and_no_other() {
    let schema = config::schema().to_value();
    let mut keys = BTreeSet::new();
    keys_of(&schema, &schema, "", &mut keys);
    let page = fs::read_to_string(repository("docs/configuration.md")).expect("it is there");
    let (_, table) = page.split_once("## Keys").expect("the table has a heading");
    let rows = table.lines().filter_map(|line| line.strip_prefix("| `"));
    let rows = rows.filter_map(|row| row.split('`').next());
    let rows: BTreeSet<String> = rows.map(str::to_owned).collect();
    assert_eq!(rows, keys);
}

#[test]
fn the_example_of_the_page_of_settings_is_valid() {
    let page = fs::read_to_string(repository("docs/configuration.md")).expect("it is there");
    let (_, example) = page.split_once("```yaml\n").expect("there is one");
    let (example, _) = example.split_once("```").expect("it ends");
    config::parse("mtls-lint.yaml".into(), example).expect("it is a config file");
    assert!(example.contains(config::SCHEMA_URL));
}

#[test]
fn the_schemas_on_disk_are_those_of_the_reports() {
    for (path, schema) in [
        ("docs/schemas/report-1.schema.json", report_schema()),
        ("docs/schemas/baseline-1.schema.json", baseline::schema()),
        (
            "docs/schemas/report-line-1.schema.json",
            report_line_schema(),
        ),
    ] {
        let schema = serde_json::to_string_pretty(&schema).expect("a schema is valid JSON");
        is_on_disk(path, &(schema + "\n"));
    }
}

#[test]
fn names_of_rules_change_only_on_purpose() {
    let names: String = RULES
        .iter()
        .flat_map(|rule| [rule.meta.name, "\n"])
        .collect();
    is_on_disk("testdata/rule-names.txt", &names);
}

#[test]
fn headings_are_present_and_in_order() {
    for rule in RULES {
        let lines = prose(rule);
        let found: Vec<&str> = lines
            .iter()
            .map(String::as_str)
            .filter(|line| line.starts_with('#'))
            .collect();
        let wanted = HEADINGS.iter().filter_map(|&(heading, is_required)| {
            (is_required || found.contains(&heading)).then_some(heading)
        });
        let wanted: Vec<&str> = wanted.collect();
        assert_eq!(found, wanted, "{}", rule.meta.name);
    }
}

#[test]
fn fences_are_closed_and_examples_say_what_they_are() {
    for rule in RULES {
        let mut is_open = false;
        for line in rule.meta.markdown().lines() {
            if !line.trim_start().starts_with("```") {
                continue;
            }
            if is_open {
                assert_eq!(
                    line, "```",
                    "{}: a fence opens inside a fence",
                    rule.meta.name
                );
            }
            let is_example = line.starts_with("```yaml");
            assert!(
                !is_example || matches!(line, "```yaml bad" | "```yaml good"),
                "{}: `{line}` is neither bad nor good",
                rule.meta.name
            );
            is_open = !is_open;
        }
        assert!(!is_open, "{}: a fence is not closed", rule.meta.name);
    }
}

#[test]
fn every_rule_has_a_bad_and_a_good_example() {
    for rule in RULES {
        for kind in ["bad", "good"] {
            let examples = rule.meta.examples(kind);
            assert!(!examples.is_empty(), "{}: {kind}", rule.meta.name);
        }
    }
}

#[test]
fn a_bad_example_yields_its_rule_and_no_other() {
    for rule in RULES {
        for example in rule.meta.examples("bad") {
            let mut found = lint_text(&example);
            found.sort_unstable();
            found.dedup();
            assert_eq!(found, [rule.meta.name], "{example}");
        }
    }
}

#[test]
fn a_good_example_yields_nothing() {
    for rule in RULES {
        for example in rule.meta.examples("good") {
            let found = lint_text(&example);
            assert!(found.is_empty(), "{}: {found:?}\n{example}", rule.meta.name);
        }
    }
}

#[test]
fn names_are_kebab_case_and_those_of_their_files() {
    for rule in RULES {
        let name = rule.meta.name;
        let is_kebab = name.split('-').all(|word| {
            !word.is_empty()
                && word
                    .chars()
                    .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit())
        });
        assert!(is_kebab, "{name}");
        let stem = Path::new(rule.meta.file).file_stem();
        let stem = stem.and_then(|stem| stem.to_str()).unwrap_or_default();
        assert_eq!(stem, name.replace('-', "_"));
    }
}

#[test]
fn names_are_unique() {
    let mut names: Vec<&str> = RULES.iter().map(|rule| rule.meta.name).collect();
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), RULES.len());
}

#[test]
fn summaries_are_one_line_in_lower_case_without_full_stop() {
    for rule in RULES {
        let summary = rule.meta.summary;
        assert!(!summary.ends_with('.'), "{summary}");
        assert!(!summary.contains('\n'), "{summary}");
        let starts_word = summary.split(' ').next().unwrap_or_default();
        // Kinds and names such as `ISTIO_MUTUAL` or `DestinationRule` keep their capitals.
        let is_name = starts_word.chars().skip(1).any(char::is_uppercase);
        assert!(
            is_name || !starts_word.starts_with(char::is_uppercase),
            "{summary}"
        );
    }
}

#[test]
fn since_is_a_version() {
    for rule in RULES {
        let parts: Vec<&str> = rule.meta.since.split('.').collect();
        let is_version = parts.len() == 3 && parts.iter().all(|part| part.parse::<u32>().is_ok());
        assert!(is_version, "{}: {}", rule.meta.name, rule.meta.since);
    }
}

#[test]
fn the_stage_of_a_rule_is_that_of_its_function() {
    for rule in RULES {
        let stage = match rule.check {
            Check::Inputs(_) => Stage::Inputs,
            Check::Deploy(_) => Stage::Deploy,
            Check::Mesh(_) => Stage::Mesh,
            Check::Triage(_) => Stage::Triage,
        };
        assert_eq!(rule.meta.stage, stage, "{}", rule.meta.name);
    }
}

#[test]
fn every_setting_has_a_default() {
    for rule in RULES {
        let options = rule.options.parse(None);
        assert!(options.is_ok(), "{}: {options:?}", rule.meta.name);
    }
}
