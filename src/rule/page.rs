//! The pages of `docs/rules`, made from what the rules declare.

use std::fmt::Write as _;

use schemars::generate::SchemaSettings;
use serde_json::Value;

use super::{Rule, RuleMeta};
use crate::diagnostic::Applicability;

/// The page of a rule, `docs/rules/<rule>.md`.
pub fn render_page(rule: &Rule) -> String {
    let meta = &rule.meta;
    let docs = labelled(&meta.markdown(), meta.name);
    let mut page = format!(
        "# {}\n\n{}.\n\n| category | severity | fix | since |\n|---|---|---|---|\n| {} | {} | {} | {} |\n\n{}\n",
        meta.name,
        capitalised(meta.summary),
        meta.category.as_str(),
        meta.severity,
        fix(meta),
        meta.since,
        docs.trim_end(),
    );
    let options = options(rule);
    if options.is_empty() {
        return page;
    }
    if !docs.lines().any(|line| line == "## Options") {
        page.push_str("\n## Options\n");
    }
    page.push_str("\n| option | type | default | meaning |\n|---|---|---|---|\n");
    for option in options {
        push(
            &mut page,
            format_args!(
                "| `{}` | {} | {} | {} |\n",
                option.name,
                cell(&option.kind),
                cell(&option.default),
                cell(&option.description)
            ),
        );
    }
    page
}

/// The documentation with a first line in every example that says what comes of it: what a fence is called is not shown.
fn labelled(docs: &str, name: &str) -> String {
    let mut labelled = String::with_capacity(docs.len());
    for line in docs.split_inclusive('\n') {
        labelled.push_str(line);
        match line.trim_end() {
            "```yaml bad" => push(&mut labelled, format_args!("# Reported: {name}\n")),
            "```yaml good" => labelled.push_str("# Not reported\n"),
            _ => {}
        }
    }
    labelled
}

/// What stands above the table of the rules.
const INDEX: &str = "\
# Rules

| column | says |
|---|---|
| severity | the most severe that the rule gives. Most often a cause is an error where calls are refused, a warning where they go in \
plaintext, and a note where nothing happens today; the page of the rule says it |
| category | `correctness`: something does not work as it is written; `suspicious`: it may be meant; `hygiene`: about the input and \
about exceptions |
| fix | the best that it offers: `safe` is applied by `--fix`, `unsafe` by `--unsafe-fixes` too, – is advice only |

Where several rules see one cause, one of them speaks about it and the others stay silent.

| rule | severity | category | fix | what it finds |
|---|---|---|---|---|
";

/// The index of the pages, `docs/rules/README.md`.
pub fn render_index(rules: &[&Rule]) -> String {
    let mut index = String::from(INDEX);
    for rule in rules {
        let meta = &rule.meta;
        push(
            &mut index,
            format_args!(
                "| [{name}]({name}.md) | {} | {} | {} | {} |\n",
                meta.severity,
                meta.category.as_str(),
                fix(meta),
                cell(meta.summary),
                name = meta.name,
            ),
        );
    }
    index
}

/// One setting of a rule, as the table shows it.
struct OptionRow {
    name: String,
    kind: String,
    default: String,
    description: String,
}

/// The settings of a rule, read from their schema.
fn options(rule: &Rule) -> Vec<OptionRow> {
    let settings = SchemaSettings::draft07().with(|settings| settings.inline_subschemas = true);
    let schema = rule.options.schema(&mut settings.into_generator());
    let Some(properties) = schema.get("properties").and_then(Value::as_object) else {
        return Vec::new();
    };
    let row = |(name, property): (&String, &Value)| OptionRow {
        name: name.clone(),
        kind: kind(property),
        default: default(property.get("default")),
        description: text(property.get("description")).to_owned(),
    };
    properties.iter().map(row).collect()
}

/// The type of a setting in words.
fn kind(schema: &Value) -> String {
    if let Some(values) = schema.get("enum").and_then(Value::as_array) {
        return alternatives(values.iter().filter(|value| !value.is_null()).map(code));
    }
    if let Some(value) = schema.get("const") {
        return code(value);
    }
    for key in ["oneOf", "anyOf"] {
        if let Some(schemas) = schema.get(key).and_then(Value::as_array) {
            let words = schemas.iter().map(kind).filter(|word| word != "null");
            return alternatives(words);
        }
    }
    match schema.get("type") {
        Some(Value::String(name)) if name == "array" => {
            let items = schema.get("items").map_or_else(|| "any".into(), kind);
            format!("list of {items}")
        }
        Some(Value::String(name)) => name.clone(),
        Some(Value::Array(names)) => {
            let words = names.iter().filter_map(Value::as_str);
            alternatives(words.filter(|&word| word != "null").map(str::to_owned))
        }
        _ => "any".into(),
    }
}

/// Words joined by "or".
fn alternatives(words: impl Iterator<Item = String>) -> String {
    words.collect::<Vec<_>>().join(" or ")
}

/// A default, or a dash where there is none.
fn default(value: Option<&Value>) -> String {
    match value {
        None | Some(Value::Null) => "–".into(),
        Some(value) => code(value),
    }
}

/// A value as code; a string without its quotes.
fn code(value: &Value) -> String {
    match value {
        Value::String(text) => format!("`{text}`"),
        value => format!("`{value}`"),
    }
}

/// A string value, or nothing.
fn text(value: Option<&Value>) -> &str {
    value.and_then(Value::as_str).unwrap_or_default()
}

/// The best fix of a rule in a word.
fn fix(meta: &RuleMeta) -> &'static str {
    match meta.fix {
        Some(Applicability::Safe) => "safe",
        Some(Applicability::Unsafe) => "unsafe",
        None => "–",
    }
}

/// A summary as a sentence of its own.
fn capitalised(summary: &str) -> String {
    let mut characters = summary.chars();
    characters.next().map_or_else(String::new, |first| {
        first.to_uppercase().chain(characters).collect()
    })
}

/// Text as it may stand in a table.
fn cell(text: &str) -> String {
    text.replace('|', "\\|").replace('\n', " ")
}

/// Appends formatted text.
fn push(page: &mut String, arguments: std::fmt::Arguments<'_>) {
    page.write_fmt(arguments)
        .expect("writing to a string cannot fail");
}

#[cfg(test)]
mod tests {
    use schemars::JsonSchema;
    use serde::{Deserialize, Serialize};

    use super::*;
    use crate::rule::{RuleContext, declare_rule};

    declare_rule! {
        /// ## What it does
        ///
        /// Nothing.
        "sample-rule" {
            summary: "a sample",
            category: Suspicious,
            severity: Note,
            reads: [],
            fix: Unsafe,
            since: "0.1.0",
            check: check(Options),
        }
    }

    #[derive(Debug, Default, Deserialize, Serialize, JsonSchema)]
    #[serde(rename_all = "kebab-case")]
    enum Profile {
        #[default]
        Usual,
        Migration,
    }

    #[derive(Debug, Default, Deserialize, JsonSchema)]
    #[serde(default, deny_unknown_fields, rename_all = "kebab-case")]
    struct Options {
        /// Names | patterns.
        exempt_names: Vec<String>,
        /// How strict to be.
        profile: Profile,
        /// A limit.
        limit: Option<u8>,
    }

    fn check(_options: &Options, _cx: &mut RuleContext<'_>) {}

    #[test]
    fn a_page_has_title_table_documentation_and_options() {
        insta::assert_snapshot!(render_page(&RULE), @r"
        # sample-rule

        A sample.

        | category | severity | fix | since |
        |---|---|---|---|
        | suspicious | note | unsafe | 0.1.0 |

        ## What it does

        Nothing.

        ## Options

        | option | type | default | meaning |
        |---|---|---|---|
        | `exempt-names` | list of string | `[]` | Names \| patterns. |
        | `profile` | `usual` or `migration` | `usual` | How strict to be. |
        | `limit` | integer | – | A limit. |
        ");
    }

    #[test]
    fn the_index_links_the_page() {
        let index = render_index(&[&RULE]);
        let row = "| [sample-rule](sample-rule.md) | note | suspicious | unsafe | a sample |\n";
        assert_eq!(index.strip_prefix(INDEX), Some(row));
    }

    #[test]
    fn an_example_says_what_comes_of_it() {
        let docs = "```yaml bad\na: 1\n```\n\n```yaml good\na: 2\n```\n";
        insta::assert_snapshot!(labelled(docs, "sample-rule"), @r"
        ```yaml bad
        # Reported: sample-rule
        a: 1
        ```

        ```yaml good
        # Not reported
        a: 2
        ```
        ");
    }
}
