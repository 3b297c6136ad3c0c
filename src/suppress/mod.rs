//! Exceptions: which findings a comment, an annotation or the config file hides, and which exceptions are wrong.

mod annotation;
mod comment;
mod date;
mod edits;
mod embedded;
mod entry;
mod faults;
mod lines;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use rustc_hash::{FxHashMap, FxHashSet};

pub use date::{Date, InvalidDate};
pub use entry::{Entry, Exceptions, InvalidGlob};

use crate::diagnostic::{Diagnostic, ExceptionKind, Suppression};
use crate::gitops::Deployment;
use crate::object::ObjectId;
use crate::rule::ExceptionProblem;
use crate::rules::{UnknownRule, find};
use crate::source::{FileId, OriginId, Place, Sources, Span};
use annotation::Annotation;
use comment::Directive;
use entry::Matcher;
use lines::lines;

/// What a run knows when its findings are complete.
pub(crate) struct Seen<'a> {
    /// The files that places point into.
    pub(crate) sources: &'a Sources,
    /// What gets deployed.
    pub(crate) deployment: &'a Deployment,
    /// The exceptions of the config file.
    pub(crate) exceptions: &'a Exceptions,
    /// The config file among the files.
    pub(crate) config: Option<FileId>,
    /// The rules that were asked.
    pub(crate) rules: &'a BTreeSet<&'static str>,
    /// Whether all of the repository was looked at; if not, an exception may be for another part.
    pub(crate) is_whole: bool,
    /// Whether all of it could be read.
    pub(crate) is_complete: bool,
}

/// Says of every finding which exception hides it, if one does. Returns what is wrong with the exceptions.
pub(crate) fn judge(
    diagnostics: &mut [Diagnostic],
    seen: &Seen<'_>,
) -> Result<Vec<ExceptionProblem>, InvalidGlob> {
    let comments = comment::collect(seen.sources);
    let annotations = annotation::collect(seen.deployment, seen.sources);
    let mut known = Known::new(&comments, &annotations, seen)?;
    for diagnostic in diagnostics.iter_mut().filter(|one| is_of_input(one)) {
        known.hide(diagnostic);
    }
    let left = Left::of(diagnostics);
    let mut problems = faults::of(&known.exceptions, &left, seen);
    problems.extend(faults::of_comments(&comments));
    problems.extend(faults::of_annotations(&annotations, &left, seen.sources));
    Ok(problems)
}

/// The findings that no exception hides.
struct Left<'a> {
    rules: FxHashSet<&'static str>,
    /// Of which rules each file has some.
    files: FxHashSet<(&'static str, FileId)>,
    /// The objects that they are about.
    objects: BTreeSet<(&'static str, &'a ObjectId)>,
}

impl<'a> Left<'a> {
    fn of(diagnostics: &'a [Diagnostic]) -> Self {
        let shown = || diagnostics.iter().filter(|one| one.suppression.is_none());
        let files = shown().flat_map(|one| {
            let labels = one.labels.iter().map(|label| label.place);
            let places = one.place.into_iter().chain(labels);
            places.map(|place| (one.rule, place.span.file))
        });
        let objects = shown().filter_map(|one| Some((one.rule, one.object.as_ref()?)));
        Self {
            rules: shown().map(|one| one.rule).collect(),
            files: files.collect(),
            objects: objects.collect(),
        }
    }
}

/// Whether a finding is about the input. What is about the run, such as a rule that failed, is never hidden.
fn is_of_input(diagnostic: &Diagnostic) -> bool {
    diagnostic.place.is_some() || diagnostic.path.as_ref().is_some_and(|path| path != ".")
}

/// An exception, however it is written.
struct Exception<'a> {
    kind: ExceptionKind,
    place: Place,
    reason: Option<&'a str>,
    rules: Vec<Named>,
    object: Option<&'a ObjectId>,
    /// The comment that it is.
    comment: Option<&'a Directive>,
    /// Its last day, if that is over.
    expired: Option<Date>,
    /// Who answers for it.
    owner: Option<&'a str>,
}

/// A rule that an exception names.
struct Named {
    /// The rule; none where no rule is called so.
    rule: Result<&'static str, UnknownRule>,
    /// Where it is named.
    place: Place,
    /// Where the findings are that it hides, or would hide if its time were not over.
    hits: BTreeSet<Option<Span>>,
}

/// One of the names of an exception, by their positions.
type NameId = (usize, usize);

/// All exceptions, by what they are about.
struct Known<'a> {
    seen: &'a Seen<'a>,
    exceptions: Vec<Exception<'a>>,
    by_line: FxHashMap<(FileId, usize), Vec<NameId>>,
    by_object: FxHashMap<&'a ObjectId, Vec<(usize, NameId)>>,
    entries: Vec<(Matcher, NameId)>,
}

impl<'a> Known<'a> {
    fn new(
        comments: &'a [Directive],
        annotations: &'a [Annotation<'a>],
        seen: &'a Seen<'a>,
    ) -> Result<Self, InvalidGlob> {
        let mut known = Self {
            seen,
            exceptions: Vec::new(),
            by_line: FxHashMap::default(),
            by_object: FxHashMap::default(),
            entries: Vec::new(),
        };
        for comment in comments {
            known.add_comment(comment);
        }
        known.add_annotations(annotations);
        known.add_entries()?;
        Ok(known)
    }

    fn add_comment(&mut self, comment: &'a Directive) {
        let Some(written) = &comment.exception else {
            return;
        };
        let index = self.exceptions.len();
        let mut rules = Vec::new();
        for (name, range) in &written.names {
            if let Some(line) = comment.line {
                let names = self.by_line.entry((comment.span.file, line)).or_default();
                names.push((index, rules.len()));
            }
            rules.push(Named::new(name, base(part(comment.span, range))));
        }
        self.exceptions.push(Exception {
            kind: ExceptionKind::Comment,
            place: base(comment.span),
            reason: written.reason.as_deref(),
            rules,
            object: None,
            comment: Some(comment),
            expired: None,
            owner: None,
        });
    }

    /// Adds the annotations. One that is written once may be on many objects, and on one object in many meshes.
    fn add_annotations(&mut self, annotations: &'a [Annotation<'a>]) {
        let mut by_key: BTreeMap<(Span, &str), usize> = BTreeMap::new();
        for annotation in annotations.iter().filter(|one| one.counts) {
            let place = annotation.place;
            let index = *by_key
                .entry((place.span, annotation.rule))
                .or_insert_with(|| {
                    self.exceptions.push(Exception {
                        kind: ExceptionKind::Annotation,
                        place,
                        reason: annotation.reason,
                        rules: vec![Named::new(annotation.rule, place)],
                        object: Some(annotation.object),
                        comment: None,
                        expired: None,
                        owner: None,
                    });
                    self.exceptions.len() - 1
                });
            let of_object = self.by_object.entry(annotation.object).or_default();
            of_object.push((annotation.unit, (index, 0)));
        }
    }

    fn add_entries(&mut self) -> Result<(), InvalidGlob> {
        let Some(file) = self.seen.config else {
            return Ok(());
        };
        let exceptions = self.seen.exceptions;
        for (entry, (start, end)) in &exceptions.entries {
            let place = base(Span::new(file, *start, *end));
            let index = self.exceptions.len();
            self.entries.push((entry.matcher()?, (index, 0)));
            let is_over = |date: &Date| exceptions.today.is_some_and(|today| *date < today);
            self.exceptions.push(Exception {
                kind: ExceptionKind::Config,
                place,
                reason: entry.reason.as_deref().filter(|text| !text.is_empty()),
                rules: vec![Named::new(&entry.rule, place)],
                object: None,
                comment: None,
                expired: entry.expires.filter(is_over),
                owner: entry.owner.as_deref().filter(|owner| !owner.is_empty()),
            });
        }
        Ok(())
    }

    /// Hides a finding, if an exception says so. All that do count as used, and the first gives the reason.
    fn hide(&mut self, diagnostic: &mut Diagnostic) {
        let mut names = self.names_about(diagnostic);
        names.retain(|&name| {
            self.named(name)
                .is_some_and(|named| named.rule == Ok(diagnostic.rule))
        });
        let is_over = |&(index, _): &NameId| {
            let exception = self.exceptions.get(index);
            exception.is_some_and(|exception| exception.expired.is_some())
        };
        let (expired, counting): (Vec<NameId>, Vec<NameId>) = names.into_iter().partition(is_over);
        let first = counting
            .first()
            .and_then(|&(at, _)| self.exceptions.get(at));
        diagnostic.suppression = first.map(|exception| Suppression {
            kind: exception.kind,
            place: exception.place,
            reason: exception.reason.map(str::to_owned),
        });
        // What another exception hides is not shown again.
        let used = if counting.is_empty() {
            expired
        } else {
            counting
        };
        let span = diagnostic.place.map(|place| place.span);
        for (exception, name) in used {
            let exception = self.exceptions.get_mut(exception);
            if let Some(named) = exception.and_then(|one| one.rules.get_mut(name)) {
                named.hits.insert(span);
            }
        }
    }

    /// The names of exceptions that are about a finding, whatever rule they name.
    fn names_about(&self, diagnostic: &Diagnostic) -> Vec<NameId> {
        let mut names = Vec::new();
        if !self.by_line.is_empty() {
            let origins = &self.seen.deployment.origins;
            for line in lines(diagnostic, self.seen.sources, origins) {
                names.extend(self.by_line.get(&line).into_iter().flatten());
            }
        }
        let object = diagnostic.object.as_ref();
        if let Some(annotations) = object.and_then(|object| self.by_object.get(object)) {
            let is_everywhere = |&(_, name): &&(usize, NameId)| {
                let meshes = &diagnostic.meshes;
                meshes
                    .iter()
                    .all(|mesh| self.is_annotated_in(mesh, annotations, *name))
            };
            let names_of_object = annotations.iter().filter(is_everywhere);
            names.extend(names_of_object.map(|&(_, name)| name));
        }
        let entries = self.entries.iter();
        let fitting = entries.filter(|(entry, _)| entry.fits(diagnostic, self.seen.sources));
        names.extend(fitting.map(|&(_, name)| name));
        names
    }

    /// Whether a mesh deploys the object with an annotation for the same rule.
    fn is_annotated_in(&self, mesh: &str, annotations: &[(usize, NameId)], name: NameId) -> bool {
        let rule = |name| self.named(name).and_then(|named| named.rule.as_ref().ok());
        let mut meshes = self.seen.deployment.meshes.iter();
        let scope = meshes.find(|scope| &*scope.name == mesh);
        let mut of_object = annotations.iter();
        of_object.any(|&(unit, other)| {
            scope.is_some_and(|scope| scope.units.contains(&unit)) && rule(other) == rule(name)
        })
    }

    fn named(&self, (exception, name): NameId) -> Option<&Named> {
        self.exceptions.get(exception)?.rules.get(name)
    }
}

impl Named {
    fn new(name: &str, place: Place) -> Self {
        Self {
            rule: find(name).map(|rule| rule.meta.name),
            place,
            hits: BTreeSet::new(),
        }
    }
}

/// The place of text that stands in a file as it is.
fn base(span: Span) -> Place {
    Place {
        span,
        origin: OriginId::BASE,
    }
}

/// A part of a span, by its bytes from the start.
fn part(whole: Span, range: &std::ops::Range<usize>) -> Span {
    let offset = |value: usize| u32::try_from(value).map_or(whole.end, |at| whole.start + at);
    Span {
        file: whole.file,
        start: offset(range.start).min(whole.end),
        end: offset(range.end).min(whole.end),
    }
}
