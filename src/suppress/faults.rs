//! What is wrong with exceptions: those that hide nothing, say not why, name no rule, are over, or have no effect.

use std::collections::BTreeSet;

use rustc_hash::FxHashSet;

use super::annotation::Annotation;
use super::comment::Directive;
use super::{Exception, Named, Seen, base, part};
use crate::diagnostic::{Edit, ExceptionKind};
use crate::rule::{ExceptionFault, ExceptionProblem};
use crate::source::{FileId, Sources, Span};

/// What is wrong with exceptions that were asked about every finding.
pub(super) fn of(
    exceptions: &[Exception<'_>],
    left: &FxHashSet<(&'static str, FileId)>,
    seen: &Seen<'_>,
) -> Vec<ExceptionProblem> {
    let mut problems = Vec::new();
    for exception in exceptions {
        let mut push = |place, fault| {
            problems.push(ExceptionProblem {
                kind: exception.kind,
                place,
                object: exception.object.cloned(),
                fault,
            });
        };
        for named in &exception.rules {
            if let Some(fault) = unknown(named, exception) {
                push(named.place, fault);
            }
        }
        let fault = expired(exception)
            .or_else(|| unused(exception, left, seen))
            .or_else(|| without_reason(exception));
        if let Some(fault) = fault {
            push(exception.place, fault);
        }
    }
    problems
}

/// A name that no rule has.
fn unknown(named: &Named, exception: &Exception<'_>) -> Option<ExceptionFault> {
    let error = named.rule.as_ref().err()?;
    // The place of an annotation is its whole key, which may be made by a transformer.
    let is_name = exception.kind == ExceptionKind::Comment;
    let correction = error.suggestion.filter(|_| is_name).map(|name| Edit {
        span: named.place.span,
        text: name.to_owned(),
    });
    Some(ExceptionFault::UnknownRule {
        name: error.name.clone(),
        suggestion: error.suggestion,
        correction,
    })
}

/// An exception whose time is over.
fn expired(exception: &Exception<'_>) -> Option<ExceptionFault> {
    let date = exception.expired?;
    let named = exception.rules.first()?;
    Some(ExceptionFault::Expired {
        rule: named.rule.as_ref().ok().copied()?,
        date: date.to_string(),
        findings: named.hits.len(),
    })
}

/// An exception that hides nothing from some of its rules, as far as these were asked.
fn unused(
    exception: &Exception<'_>,
    left: &FxHashSet<(&'static str, FileId)>,
    seen: &Seen<'_>,
) -> Option<ExceptionFault> {
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
    let removal = exception.comment.and_then(|comment| {
        if kept.is_empty() {
            Some(without(comment, seen.sources))
        } else {
            with_these(comment, &kept, seen.sources)
        }
    });
    let rules = rules(unused.into_iter());
    let file = exception.place.span.file;
    let is_needless = !rules.iter().any(|rule| left.contains(&(*rule, file)));
    Some(ExceptionFault::Unused {
        rules,
        removal,
        is_needless,
        is_certain: seen.is_complete,
    })
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
        fault: ExceptionFault::NamesNoRule,
    })
}

/// Annotations that stand where they have no effect, each once however often it is deployed.
pub(super) fn of_annotations(annotations: &[Annotation<'_>]) -> Vec<ExceptionProblem> {
    let mut told: BTreeSet<(Span, &str)> = BTreeSet::new();
    let misplaced = annotations.iter().filter(|annotation| !annotation.counts);
    misplaced
        .filter(|annotation| told.insert((annotation.place.span, annotation.key)))
        .map(|annotation| ExceptionProblem {
            kind: ExceptionKind::Annotation,
            place: annotation.place,
            object: Some(annotation.object.clone()),
            fault: ExceptionFault::Misplaced {
                key: annotation.key.to_owned(),
            },
        })
        .collect()
}
