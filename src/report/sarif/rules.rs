//! The rules as SARIF describes them, with the properties by which code scanning sorts alerts.

use std::collections::BTreeMap;

use serde_json::Value;
use serde_sarif::sarif;

use crate::diagnostic::Severity;
use crate::report::rule_page;
use crate::rule::{Category, RuleMeta};

/// How much GitHub keeps of a description.
const DESCRIPTION_LIMIT: usize = 1024;

/// All rules, in their order: also those without findings, or GitHub would never close an alert of theirs.
pub(super) fn descriptors(rules: &[&RuleMeta]) -> Vec<sarif::ReportingDescriptor> {
    rules.iter().map(|rule| descriptor(rule)).collect()
}

fn descriptor(rule: &RuleMeta) -> sarif::ReportingDescriptor {
    let summary = sentence(rule.summary);
    let full = match first_paragraph(rule.docs) {
        text if text.is_empty() => summary.clone(),
        text => text,
    };
    let docs = match rule.docs.trim() {
        "" => summary.as_str(),
        docs => docs,
    };
    let help = sarif::MultiformatMessageString::builder()
        .text(docs)
        .markdown(docs)
        .build();
    let level = sarif::ReportingConfiguration::builder().level(rule.severity.as_str());
    sarif::ReportingDescriptor::builder()
        .id(rule.name)
        .name(pascal_case(rule.name))
        .short_description(plain(&summary))
        .full_description(plain(&full))
        .help(help)
        .help_uri(rule_page(rule.name))
        .default_configuration(level.build())
        .properties(properties(rule))
        .build()
}

fn properties(rule: &RuleMeta) -> sarif::PropertyBag {
    let tags = match rule.category {
        // CWE-319: cleartext transmission of sensitive information.
        Category::Correctness | Category::Suspicious => {
            &["security", "istio", "kubernetes", "external/cwe/cwe-319"][..]
        }
        Category::Hygiene => &["security", "istio", "kubernetes"][..],
    };
    let precision = match rule.category {
        Category::Correctness | Category::Hygiene => "high",
        Category::Suspicious => "medium",
    };
    let (problem, security) = match rule.severity {
        Severity::Error => ("error", "7.5"),
        Severity::Warning => ("warning", "5.0"),
        Severity::Note => ("recommendation", "2.0"),
    };
    let more: BTreeMap<String, Value> = [
        ("category", rule.category.as_str()),
        ("precision", precision),
        ("problem.severity", problem),
        ("security-severity", security),
    ]
    .into_iter()
    .map(|(key, value)| (key.to_owned(), value.into()))
    .collect();
    let tags: Vec<String> = tags.iter().map(ToString::to_string).collect();
    sarif::PropertyBag::builder()
        .tags(tags)
        .additional_properties(more)
        .build()
}

fn plain(text: &str) -> sarif::MultiformatMessageString {
    let text: String = text.chars().take(DESCRIPTION_LIMIT).collect();
    sarif::MultiformatMessageString::builder()
        .text(text)
        .build()
}

/// The first paragraph of Markdown that is no heading, on one line.
fn first_paragraph(markdown: &str) -> String {
    let lines = markdown.lines().map(str::trim);
    let text = lines.skip_while(|line| line.is_empty() || line.starts_with('#'));
    let paragraph: Vec<&str> = text.take_while(|line| !line.is_empty()).collect();
    paragraph.join(" ")
}

/// A summary as a sentence: summaries of rules start in lower case and have no full stop.
fn sentence(summary: &str) -> String {
    let mut characters = summary.chars();
    match characters.next() {
        Some(first) => format!("{}{}.", first.to_uppercase(), characters.as_str()),
        None => String::new(),
    }
}

/// `override-drops-mtls` as `OverrideDropsMtls`.
fn pascal_case(name: &str) -> String {
    let words = name.split('-').map(|word| {
        let mut characters = word.chars();
        let first = characters.next().map(|first| first.to_ascii_uppercase());
        first.into_iter().chain(characters).collect::<String>()
    });
    words.collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_becomes_an_identifier() {
        assert_eq!(pascal_case("override-drops-mtls"), "OverrideDropsMtls");
    }

    #[test]
    fn the_description_is_the_first_paragraph_below_the_heading() {
        let docs = "\n## What it does\n\nFinds rules\nthat drop it.\n\n## Why\n";
        assert_eq!(first_paragraph(docs), "Finds rules that drop it.");
    }

    #[test]
    fn a_summary_becomes_a_sentence() {
        assert_eq!(
            sentence("a rule drops mutual TLS"),
            "A rule drops mutual TLS."
        );
    }
}
