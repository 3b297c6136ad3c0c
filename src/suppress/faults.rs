//! What is wrong with exceptions: those that hide nothing, say not why, name no rule, are over, or have no effect.

use std::collections::BTreeSet;

use super::annotation::{Annotation, PREFIX};
use super::comment::Directive;
use super::edits::Roots;
use super::{Exception, Left, Named, Seen, base, part};
use crate::diagnostic::{Edit, ExceptionKind};
use crate::object::ObjectId;
use crate::rule::{ExceptionFault, ExceptionProblem};
use crate::rules::find;
use crate::source::{Sources, Span};

/// What is wrong with exceptions that were asked about every finding.
pub(super) fn of(
    exceptions: &[Exception<'_>],
    left: &Left<'_>,
    seen: &Seen<'_>,
) -> Vec<ExceptionProblem> {
    let mut problems = Vec::new();
    for exception in exceptions {
        let mut push = |place, fault| {
            problems.push(ExceptionProblem {
                kind: exception.kind,
                place,
                object: exception.object.cloned(),
                owner: exception.owner.map(str::to_owned),
                fault,
            });
        };
        for named in &exception.rules {
            if let Some(fault) = unknown(named, exception, seen.sources) {
                push(named.place, fault);
            }
        }
        let fault = expired(exception, seen)
            .or_else(|| unused(exception, left, seen))
            .or_else(|| without_reason(exception));
        if let Some(fault) = fault {
            push(exception.place, fault);
        }
    }
    problems
}

/// A name that no rule has.
fn unknown(named: &Named, exception: &Exception<'_>, sources: &Sources) -> Option<ExceptionFault> {
    let error = named.rule.as_ref().err()?;
    let span = named.place.span;
    let correction = error.suggestion.and_then(|rule| {
        let text = match exception.kind {
            ExceptionKind::Comment => rule.to_owned(),
            ExceptionKind::Annotation => renamed(sources.text(span), &error.name, rule)?,
            ExceptionKind::Config => return None, // such a name ends the run
        };
        Some(Edit { span, text })
    });
    Some(ExceptionFault::UnknownRule {
        name: error.name.clone(),
        suggestion: error.suggestion,
        correction,
    })
}

/// The key of an annotation with another rule; none where something else is written, as in a patch that names it by a
/// path.
fn renamed(key: &str, from: &str, to: &str) -> Option<String> {
    let quote = ["\"", "'"].into_iter().find(|quote| key.starts_with(quote));
    let quote = quote.unwrap_or_default();
    let bare = key.strip_prefix(quote)?.strip_suffix(quote)?;
    (bare == format!("{PREFIX}{from}")).then(|| format!("{quote}{PREFIX}{to}{quote}"))
}

/// An exception whose time is over.
fn expired(exception: &Exception<'_>, seen: &Seen<'_>) -> Option<ExceptionFault> {
    let date = exception.expired?;
    let named = exception.rules.first()?;
    let rule = named.rule.as_ref().ok().copied()?;
    let is_settled = seen.is_whole && seen.is_complete && seen.rules.contains(rule);
    let is_needless = is_settled && named.hits.is_empty();
    Some(ExceptionFault::Expired {
        rule,
        date: date.to_string(),
        findings: named.hits.len(),
        is_settled,
        removal: is_needless.then(|| removal(exception, &[], seen)).flatten(),
    })
}

/// An exception that hides nothing from some of its rules, as far as these were asked.
fn unused(exception: &Exception<'_>, left: &Left<'_>, seen: &Seen<'_>) -> Option<ExceptionFault> {
    if !seen.is_whole {
        return None;
    }
    let is_unused = |named: &&Named| {
        let rule = named.rule.as_ref().ok();
        named.hits.is_empty() && rule.is_some_and(|rule| seen.rules.contains(rule))
    };
    let (unused, kept): (Vec<&Named>, Vec<&Named>) = exception.rules.iter().partition(is_unused);
    if unused.is_empty() {
        return None;
    }
    let rules = rules(unused.into_iter());
    let file = exception.place.span.file;
    let is_left = |rule: &&'static str| match exception.kind {
        ExceptionKind::Config => left.rules.contains(rule),
        ExceptionKind::Comment | ExceptionKind::Annotation => left.files.contains(&(*rule, file)),
    };
    let is_needless = !rules.iter().any(is_left);
    Some(ExceptionFault::Unused {
        rules,
        removal: removal(exception, &kept, seen),
        is_needless,
        is_certain: seen.is_complete,
    })
}

/// Takes an exception away, or of a comment all but some names.
fn removal(exception: &Exception<'_>, kept: &[&Named], seen: &Seen<'_>) -> Option<Edit> {
    let span = exception.place.span;
    let roots = || Roots::of(span.file, seen.sources);
    match (exception.kind, exception.comment) {
        (ExceptionKind::Comment, Some(comment)) if kept.is_empty() => {
            Some(without(comment, seen.sources))
        }
        (ExceptionKind::Comment, comment) => with_these(comment?, kept, seen.sources),
        (ExceptionKind::Annotation, _) => roots().without_entry(span),
        (ExceptionKind::Config, _) => roots().without_element(span),
    }
}

/// An exception that hides something and does not say why.
fn without_reason(exception: &Exception<'_>) -> Option<ExceptionFault> {
    let used = exception.rules.iter().filter(|one| !one.hits.is_empty());
    let rules = rules(used);
    (exception.reason.is_none() && !rules.is_empty())
        .then_some(ExceptionFault::WithoutReason { rules })
}

/// The rules that exist among some names, each once.
fn rules<'a>(named: impl Iterator<Item = &'a Named>) -> Vec<&'static str> {
    let mut rules: Vec<&'static str> = Vec::new();
    for rule in named.filter_map(|named| named.rule.as_ref().ok()) {
        if !rules.contains(rule) {
            rules.push(rule);
        }
    }
    rules
}

/// Takes a comment away: its line if nothing else is there, else itself and the blanks before it.
fn without(comment: &Directive, sources: &Sources) -> Edit {
    let span = comment.span;
    let file = sources.file(span.file);
    let index = file.line_index(span.start as usize);
    let line = file.line_range(index);
    let range = if comment.is_alone {
        let next = file.line_range(index + 1).start;
        line.start..next.max(line.end)
    } else {
        let before = file.text().get(line.start..span.start as usize);
        let content = before.map_or(0, |before| before.trim_end().len());
        line.start + content..span.end as usize
    };
    let from_zero = Span::new(span.file, 0, u32::MAX);
    Edit {
        span: part(from_zero, &range),
        text: String::new(),
    }
}

/// Leaves only some of the names of a comment.
fn with_these(comment: &Directive, kept: &[&Named], sources: &Sources) -> Option<Edit> {
    let list = &comment.exception.as_ref()?.list;
    let names = kept.iter().map(|named| sources.text(named.place.span));
    Some(Edit {
        span: part(comment.span, list),
        text: names.collect::<Vec<_>>().join(", "),
    })
}

/// Comments that are meant as exceptions and name no rule.
pub(super) fn of_comments(comments: &[Directive]) -> impl Iterator<Item = ExceptionProblem> {
    let broken = comments.iter().filter(|one| one.exception.is_none());
    broken.map(|comment| ExceptionProblem {
        kind: ExceptionKind::Comment,
        place: base(comment.span),
        object: None,
        owner: None,
        fault: ExceptionFault::NamesNoRule,
    })
}

/// Annotations that stand where they have no effect, each once however often it is deployed.
pub(super) fn of_annotations(
    annotations: &[Annotation<'_>],
    left: &Left<'_>,
    sources: &Sources,
) -> Vec<ExceptionProblem> {
    let mut told: BTreeSet<(Span, &str)> = BTreeSet::new();
    let misplaced = annotations.iter().filter(|annotation| !annotation.counts);
    misplaced
        .filter(|annotation| told.insert((annotation.place.span, annotation.key)))
        .map(|annotation| ExceptionProblem {
            kind: ExceptionKind::Annotation,
            place: annotation.place,
            object: Some(annotation.object.clone()),
            owner: None,
            fault: misplaced_fault(annotation, left, sources),
        })
        .collect()
}

/// What to do about an annotation that has no effect: the findings that it can be meant for say where it belongs.
fn misplaced_fault(
    annotation: &Annotation<'_>,
    left: &Left<'_>,
    sources: &Sources,
) -> ExceptionFault {
    let rule = find(annotation.rule).ok().map(|rule| rule.meta.name);
    let objects = left.objects.iter().filter(|(name, _)| Some(*name) == rule);
    let objects: Vec<&ObjectId> = objects.map(|&(_, object)| object).collect();
    let span = annotation.place.span;
    let is_own = objects.contains(&annotation.object);
    let moved = || Roots::of(span.file, sources).moved(span, &annotation.object.kind);
    ExceptionFault::Misplaced {
        key: annotation.key.to_owned(),
        rule,
        moved: is_own.then(moved).flatten(),
        objects: objects.into_iter().cloned().collect(),
    }
}
