//! Evidence: the facts a decision rests on, recorded only where somebody will read them.

use crate::diagnostic::Fact;
use crate::object::ObjectId;
use crate::source::Place;

/// Takes the facts of a decision as it is made. The matrix passes [`NoEvidence`], so that millions of pairs cost no
/// allocation each.
pub(crate) trait Recorder {
    /// Takes a fact; the closure is called only if facts are kept.
    fn record(&mut self, fact: impl FnOnce() -> Fact);
}

/// Keeps nothing.
pub(crate) struct NoEvidence;

impl Recorder for NoEvidence {
    fn record(&mut self, _fact: impl FnOnce() -> Fact) {}
}

/// Keeps every fact once, in the order it was recorded.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    facts: Vec<Fact>,
}

impl Evidence {
    /// The facts in order.
    pub(crate) fn into_facts(self) -> Vec<Fact> {
        self.facts
    }
}

impl Recorder for Evidence {
    fn record(&mut self, fact: impl FnOnce() -> Fact) {
        let fact = fact();
        if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }
}

/// A fact that stands in an object of the input.
pub(crate) fn stated(text: impl Into<String>, place: Place, object: &ObjectId) -> Fact {
    Fact {
        text: text.into(),
        assumed: false,
        place: Some(place),
        object: Some(object.clone()),
    }
}

/// A fact that follows from what is not in the input, or from Istio's own rules.
pub(crate) fn derived(text: impl Into<String>) -> Fact {
    Fact {
        text: text.into(),
        assumed: false,
        place: None,
        object: None,
    }
}

/// A fact that is assumed.
pub(crate) fn assumed(text: impl Into<String>) -> Fact {
    Fact {
        text: format!("assumed: {}", text.into()),
        assumed: true,
        place: None,
        object: None,
    }
}
