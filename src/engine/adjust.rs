//! Adjust: the severities that the user gives, and what the user wants to hear in which paths.

use camino::Utf8Path;

use super::{Analysis, Error, PathRules, RuleSelection, Unmatched};
use crate::diagnostic::Diagnostic;
use crate::discover::Exclude;
use crate::source::Sources;
use crate::source::tree::normalise;

/// The key of the config file that says what differs by path.
const KEY: &str = "overrides";

/// What the user says about rules, ready to be asked.
pub(super) struct Adjust<'r> {
    rules: &'r RuleSelection,
    overrides: Vec<(Exclude, &'r PathRules)>,
}

impl<'r> Adjust<'r> {
    /// Compiles the globs, and notes which of them fit no file of an analysis.
    pub(super) fn new(rules: &'r RuleSelection, analysis: &mut Analysis) -> Result<Self, Error> {
        let mut overrides = Vec::with_capacity(rules.overrides.len());
        for one in &rules.overrides {
            let paths = Exclude::new(&one.paths).map_err(|error| Error::Setting {
                message: error.to_string(),
            })?;
            for (_, file) in analysis.sources.iter() {
                paths.covers(&normalise(file.path()));
            }
            let unmatched = paths.unmatched().into_iter();
            let unmatched = unmatched.map(|glob| Unmatched { key: KEY, glob });
            analysis.summary.unmatched.extend(unmatched);
            overrides.push((paths, one));
        }
        Ok(Self { rules, overrides })
    }

    /// Drops what the user does not want to hear of a path, and sets severities.
    pub(super) fn apply(&self, diagnostics: &mut Vec<Diagnostic>, sources: &Sources) {
        if self.rules.severities.is_empty() && self.overrides.is_empty() {
            return;
        }
        diagnostics.retain_mut(|diagnostic| {
            let path = match diagnostic.place {
                Some(place) => Some(sources.file(place.span.file).path()),
                None => diagnostic.path.as_deref(),
            };
            let path = path.map(normalise);
            if !self.reports(diagnostic.rule, path.as_deref()) {
                return false;
            }
            let of_rule = self.rules.severities.get(diagnostic.rule);
            let of_path = self.about(path.as_deref());
            let of_path = of_path.filter_map(|one| one.severities.get(diagnostic.rule));
            if let Some(severity) = of_path.last().or(of_rule) {
                diagnostic.severity = *severity;
            }
            true
        });
    }

    /// Whether findings of a rule are reported in a path.
    fn reports(&self, rule: &str, path: Option<&Utf8Path>) -> bool {
        self.about(path).all(|one| one.includes(rule))
    }

    /// What the user says about a path.
    fn about<'s>(&'s self, path: Option<&'s Utf8Path>) -> impl Iterator<Item = &'r PathRules> + 's {
        let overrides = self.overrides.iter();
        overrides
            .filter(move |(paths, _)| path.is_some_and(|path| paths.covers(path)))
            .map(|(_, one)| *one)
    }
}
