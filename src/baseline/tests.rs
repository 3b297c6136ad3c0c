//! Findings beside entries.

use super::*;
use crate::rule::{InputContext, InputProblem};
use crate::rules::find;

/// A finding of `unread-input`, of an object if one is named.
fn finding(object: Option<&str>, severity: Severity, message: &str) -> Diagnostic {
    let rule = find("unread-input").expect("the rule exists");
    let problems: [InputProblem; 0] = [];
    let mut cx = InputContext::new(&rule.meta, &problems);
    cx.report_path("a.yaml".into(), message).severity(severity);
    let mut diagnostics = cx.into_diagnostics();
    let mut diagnostic = diagnostics.pop().expect("one was reported");
    diagnostic.object = object.map(|name| crate::object::ObjectId {
        group: "networking.istio.io".into(),
        kind: "DestinationRule".into(),
        namespace: None,
        name: name.into(),
    });
    diagnostic
}

fn known(before: &[Diagnostic], now: &[Diagnostic]) -> Vec<bool> {
    Baseline::of(before).compare(now, |_| true).is_known
}

const OBJECT: Option<&str> = Some("cart");

#[test]
fn a_finding_is_known_whatever_its_words() {
    let before = [finding(OBJECT, Severity::Error, "two clients fail")];
    let now = [finding(OBJECT, Severity::Error, "three clients fail")];
    assert_eq!(known(&before, &now), [true]);
}

#[test]
fn another_object_is_another_finding() {
    let before = [finding(OBJECT, Severity::Error, "it fails")];
    let now = [finding(Some("web"), Severity::Error, "it fails")];
    assert_eq!(known(&before, &now), [false]);
}

#[test]
fn a_finding_that_got_more_severe_is_new_and_one_that_got_less_severe_is_known() {
    let note = [finding(OBJECT, Severity::Note, "it is latent")];
    let error = [finding(OBJECT, Severity::Error, "it fails")];
    assert_eq!(known(&note, &error), [false]);
    assert_eq!(known(&error, &note), [true]);
}

#[test]
fn one_more_of_the_same_is_new() {
    let one = finding(OBJECT, Severity::Error, "it fails");
    assert_eq!(
        known(std::slice::from_ref(&one), &[one.clone(), one.clone()]),
        [true, false]
    );
}

#[test]
fn of_findings_alike_the_one_with_the_same_words_is_known() {
    let [a, b] = ["first", "second"].map(|words| finding(OBJECT, Severity::Error, words));
    assert_eq!(
        known(std::slice::from_ref(&b), &[a, b.clone()]),
        [false, true]
    );
}

#[test]
fn each_finding_takes_the_least_severe_entry_that_suffices() {
    let [note, error] =
        [Severity::Note, Severity::Error].map(|severity| finding(OBJECT, severity, "before"));
    let now = [Severity::Note, Severity::Error].map(|severity| finding(OBJECT, severity, "now"));
    assert_eq!(known(&[error, note], &now), [true, true]);
}

#[test]
fn a_finding_about_no_object_is_known_by_its_message_without_names_and_numbers() {
    let before = [finding(None, Severity::Warning, "`a/b.yaml` has 2 roots")];
    let moved = [finding(None, Severity::Warning, "`c/b.yaml` has 3 roots")];
    let other = [finding(None, Severity::Warning, "`a/b.yaml` has no roots")];
    assert_eq!(known(&before, &moved), [true]);
    assert_eq!(known(&before, &other), [false]);
}

#[test]
fn what_no_finding_needs_is_gone_and_pruning_drops_that_alone() {
    let [a, b, c] = ["a", "b", "c"].map(|name| finding(Some(name), Severity::Error, "it fails"));
    let now = [b.clone(), c];
    let comparison = Baseline::of(&[a.clone(), b.clone()]).compare(&now, |_| true);
    assert_eq!(comparison.gone, Baseline::of(&[a]));
    assert_eq!(comparison.pruned(), Baseline::of(&[b]));
}

#[test]
fn an_update_is_what_would_be_written() {
    let [a, b] = ["a", "b"].map(|name| finding(Some(name), Severity::Error, "it fails"));
    let now = [b];
    let comparison = Baseline::of(&[a]).compare(&now, |_| true);
    assert_eq!(comparison.updated(&now), Baseline::of(&now));
}

#[test]
fn entries_of_a_rule_that_did_not_run_stay() {
    let before = Baseline::of(&[finding(OBJECT, Severity::Error, "it fails")]);
    let comparison = before.compare(&[], |_| false);
    assert_eq!(comparison.gone, Baseline::default());
    assert_eq!(comparison.clone().pruned(), before);
    assert_eq!(comparison.updated(&[]), before);
}
