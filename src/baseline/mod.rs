//! The baseline: the findings that a repository already has and accepts for now.
//!
//! An entry says what a finding *is*, by rule, object, field and severity, and not where it stands: files may be moved,
//! renamed and reformatted, and elements of lists change their order. Equal findings are told apart by their number alone. A finding about no object, such as a file
//! that cannot be parsed, is known by its message without the names and numbers in it, which moving changes.

mod store;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::ops::Add;

use rustc_hash::FxHashMap;

use crate::diagnostic::{Diagnostic, Severity};
use crate::yaml::FieldPath;

pub use store::{BaselineError, DEFAULT_PATH, exists, load, save, schema};

/// The findings that are accepted, each kind of them with its number.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Baseline {
    entries: BTreeMap<Entry, usize>,
}

/// What an accepted finding is. The order is that of the file.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Entry {
    /// The name of the rule.
    pub rule: String,
    /// The object, if it is about one.
    pub object: Option<String>,
    /// The field, with the names of elements of lists.
    pub field: Option<String>,
    /// The finding is accepted up to this severity.
    pub severity: Severity,
    /// For people, and to prefer the right one of several.
    pub message: String,
}

/// What a finding and an entry have in common: rule, object and field, and without an object the message.
type Key<'a> = (&'a str, Option<&'a str>, Option<&'a str>, Option<String>);

impl Entry {
    fn of(diagnostic: &Diagnostic) -> Self {
        Self {
            rule: diagnostic.rule.to_owned(),
            object: diagnostic.object.as_ref().map(ToString::to_string),
            field: diagnostic.field.as_ref().map(FieldPath::key),
            severity: diagnostic.severity,
            message: diagnostic.message.clone(),
        }
    }

    fn key(&self) -> Key<'_> {
        let message = self.object.is_none().then(|| outline(&self.message));
        (
            &self.rule,
            self.object.as_deref(),
            self.field.as_deref(),
            message,
        )
    }
}

/// A message without what stands between backticks and without numbers.
fn outline(message: &str) -> String {
    let words: String = message.split('`').step_by(2).collect();
    words.chars().filter(|c| !c.is_ascii_digit()).collect()
}

impl Baseline {
    /// The baseline that accepts these findings.
    pub fn of(diagnostics: &[Diagnostic]) -> Self {
        diagnostics.iter().map(|one| (Entry::of(one), 1)).collect()
    }

    /// What it accepts, and how many findings of each kind.
    pub fn entries(&self) -> impl Iterator<Item = (&Entry, usize)> {
        self.entries.iter().map(|(entry, count)| (entry, *count))
    }

    /// How many findings it accepts.
    pub fn count(&self) -> usize {
        self.entries
            .values()
            .fold(0, |sum, count| sum.saturating_add(*count))
    }

    /// Which findings it accepts, and which of its entries nothing needs any more. The entries of a rule that did not run
    /// are neither.
    pub fn compare(
        &self,
        diagnostics: &[Diagnostic],
        has_run: impl Fn(&str) -> bool,
    ) -> Comparison {
        let mut open = self.clone();
        let found: Vec<Entry> = diagnostics.iter().map(Entry::of).collect();
        let mut accepted_by: Vec<Option<Entry>> = found
            .iter()
            .map(|entry| open.take(entry).then(|| entry.clone()))
            .collect();

        let mut others: FxHashMap<Key<'_>, Vec<Entry>> = FxHashMap::default();
        for entry in self.entries.keys() {
            others.entry(entry.key()).or_default().push(entry.clone());
        }
        let rest = found.iter().zip(&mut accepted_by);
        let mut rest: Vec<_> = rest.filter(|(_, slot)| slot.is_none()).collect();
        rest.sort_by_key(|(entry, _)| Reverse(entry.severity));
        for (entry, slot) in rest {
            // They are sorted by severity, so that the least that suffices is taken.
            let alike = others.get(&entry.key()).into_iter().flatten();
            *slot = alike
                .filter(|other| other.severity >= entry.severity)
                .find(|other| open.take(other))
                .cloned();
        }

        let is_known = accepted_by.iter().map(Option::is_some).collect();
        let known = accepted_by.into_iter().flatten().map(|entry| (entry, 1));
        let (gone, unchecked): (Vec<_>, Vec<_>) = open
            .entries
            .into_iter()
            .partition(|(entry, _)| has_run(&entry.rule));
        Comparison {
            is_known,
            known: known.collect(),
            gone: gone.into_iter().collect(),
            unchecked: unchecked.into_iter().collect(),
        }
    }

    /// Takes one of an entry, if there is one.
    fn take(&mut self, entry: &Entry) -> bool {
        let Some(count) = self.entries.get_mut(entry) else {
            return false;
        };
        if *count > 1 {
            *count -= 1;
        } else {
            self.entries.remove(entry);
        }
        true
    }
}

impl FromIterator<(Entry, usize)> for Baseline {
    fn from_iter<I: IntoIterator<Item = (Entry, usize)>>(counted: I) -> Self {
        let mut entries: BTreeMap<Entry, usize> = BTreeMap::new();
        for (entry, count) in counted {
            let sum = entries.entry(entry).or_default();
            *sum = sum.saturating_add(count);
        }
        Self { entries }
    }
}

impl Add for Baseline {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        self.entries.into_iter().chain(other.entries).collect()
    }
}

/// The findings of a run beside the entries of a baseline.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Comparison {
    /// For every finding whether it is accepted.
    pub is_known: Vec<bool>,
    /// The entries that accept one.
    pub known: Baseline,
    /// The entries that no finding needs any more.
    pub gone: Baseline,
    /// The entries of rules that did not run.
    pub unchecked: Baseline,
}

impl Comparison {
    /// The baseline without what is gone.
    #[must_use]
    pub fn pruned(self) -> Baseline {
        self.known + self.unchecked
    }

    /// The baseline of the findings of this run, in today's words.
    #[must_use]
    pub fn updated(self, diagnostics: &[Diagnostic]) -> Baseline {
        Baseline::of(diagnostics) + self.unchecked
    }
}

#[cfg(test)]
mod tests;
