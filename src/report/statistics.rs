//! How many findings each rule has.

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::io::{self, Write};

use super::summary::summary;
use super::text::inert;
use crate::diagnostic::Severity;
use crate::engine::Report;

/// Writes a line for each rule that found something, the most findings first, and the summary of the report.
pub fn render_statistics(report: &Report, out: &mut dyn Write) -> io::Result<()> {
    let mut rules: BTreeMap<&str, (usize, Severity)> = BTreeMap::new();
    for finding in &report.diagnostics {
        let (count, worst) = rules.entry(finding.rule).or_insert((0, finding.severity));
        *count += 1;
        *worst = finding.severity.max(*worst);
    }
    let mut rules: Vec<_> = rules.into_iter().collect();
    rules.sort_by_key(|(_, (count, _))| Reverse(*count)); // stable: by name where there are as many
    let width = rules.iter().map(|(rule, _)| rule.len()).max();
    let width = width.unwrap_or(0).max("RULE".len());
    if !rules.is_empty() {
        writeln!(out, "{:>5}  {:width$}  WORST", "COUNT", "RULE")?;
    }
    for (rule, (count, worst)) in &rules {
        writeln!(out, "{count:>5}  {rule:width$}  {}", worst.as_str())?;
    }
    if !rules.is_empty() {
        writeln!(out)?;
    }
    out.write_all(inert(&summary(report)).as_bytes())
}
