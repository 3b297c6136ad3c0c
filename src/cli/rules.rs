//! `mtls-lint rules` and `mtls-lint rule NAME`.

use std::io::{self, Write};

use clap::{Args, ValueEnum};
use serde_json::{Value, json};

use super::failure::{Exit, Failure};
use super::output::to_stdout;
use crate::rule::{Rule, render_page};
use crate::rules::{RULES, find};

/// The flags of `rules`.
#[derive(Debug, Args)]
pub(super) struct RulesArgs {
    /// Format of the list
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(super) format: RulesFormat,
}

/// A format of the list of rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(super) enum RulesFormat {
    /// A table for people
    Table,
    /// JSON
    Json,
}

/// The arguments of `rule`.
#[derive(Debug, Args)]
pub(super) struct RuleArgs {
    /// The name of the rule
    #[arg(value_name = "NAME")]
    pub(super) name: String,
}

/// Lists the rules.
pub(super) fn list(args: &RulesArgs) -> Result<Exit, Failure> {
    to_stdout(|out| match args.format {
        RulesFormat::Table => write_table(out),
        RulesFormat::Json => write_json(out),
    })?;
    Ok(Exit::Success)
}

/// Prints the documentation of a rule.
pub(super) fn show(args: &RuleArgs) -> Result<Exit, Failure> {
    let rule = find(&args.name)?;
    to_stdout(|out| out.write_all(render_page(rule).as_bytes()))?;
    Ok(Exit::Success)
}

/// Name, severity, category and summary in columns.
fn write_table(out: &mut dyn Write) -> io::Result<()> {
    let names = RULES.iter().map(|rule| rule.meta.name.len());
    let width = names.max().unwrap_or_default();
    for rule in RULES {
        let meta = &rule.meta;
        writeln!(
            out,
            "{:width$}  {:7}  {:11}  {}",
            meta.name,
            meta.severity.as_str(),
            meta.category.as_str(),
            meta.summary
        )?;
    }
    Ok(())
}

/// The list as one JSON object.
fn write_json(out: &mut dyn Write) -> io::Result<()> {
    let rules: Vec<Value> = RULES.iter().map(|rule| entry(rule)).collect();
    let list = json!({ "schema": "mtls-lint/rules/1", "rules": rules });
    serde_json::to_writer_pretty(&mut *out, &list)?;
    writeln!(out)
}

/// A rule in the JSON list; a rule without a fix has no `fix` key.
fn entry(rule: &Rule) -> Value {
    let meta = &rule.meta;
    let mut entry = json!({
        "name": meta.name,
        "summary": meta.summary,
        "category": meta.category.as_str(),
        "severity": meta.severity,
        "stage": meta.stage.as_str(),
        "reads": meta.reads,
        "since": meta.since,
    });
    if let Some(fix) = meta.fix {
        entry["fix"] = json!(fix);
    }
    entry
}
