//! What Istio refuses, and what comes near and is let through. What is said here about an object was compared with Istio 1.31.

mod destination_rule;
mod service_entry;
mod sidecar;
mod virtual_service;

use super::super::testing::{at, decode_strictly, with_spec};
use super::super::{Effect, Problem};

/// The problems of an object of a kind in the namespace `apps`, and its text.
fn problems(kind: &str, spec: &str) -> (String, Vec<Problem>) {
    let group = match kind {
        "PeerAuthentication" => "security.istio.io/v1",
        _ => "networking.istio.io/v1",
    };
    let text = with_spec(group, kind, spec);
    let mut decoded = decode_strictly(&text);
    (text, decoded.pop().expect("one document").problems)
}

/// Each spec is refused for the one thing that is said about it, at the text that stands third.
fn assert_refused(kind: &str, table: &[(&str, &str, &str)]) {
    for (spec, expected, place) in table {
        let (text, problems) = problems(kind, spec);
        let found: Vec<_> = problems
            .iter()
            .map(|problem| {
                assert_eq!(problem.effect, Effect::Refused, "{spec}");
                let message = format!("{}: {}", problem.field, problem.message);
                (message, at(&text, problem.place))
            })
            .collect();
        assert_eq!(found, [((*expected).to_owned(), *place)], "{spec}");
    }
}

/// Each spec is let through.
fn assert_accepted(kind: &str, specs: &[&str]) {
    for spec in specs {
        let (_, problems) = problems(kind, spec);
        assert_eq!(problems, [], "{spec}");
    }
}
