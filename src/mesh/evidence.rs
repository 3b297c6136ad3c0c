//! Evidence: the facts a decision rests on, recorded only where somebody will read them.

use std::sync::Arc;

use crate::diagnostic::Fact;
use crate::object::ObjectId;
use crate::source::Place;

/// What a fact is about: the part of the decision that it explains.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) enum Topic {
    /// The mesh as a whole.
    #[default]
    Mesh,
    /// The client and its proxy.
    Client,
    /// The service, its ports and endpoints.
    Service,
    /// Whether the client sees the service.
    Visibility,
    /// Which DestinationRule is in force.
    Rule,
    /// What the client's cluster is set to.
    Cluster,
    /// What one endpoint is sent.
    Sends(EndpointKey),
    /// What one endpoint accepts.
    Accepts(EndpointKey),
}

/// What tells the endpoints of a decision apart: label and port.
pub(crate) type EndpointKey = (Arc<str>, u16);

/// Takes the facts of a decision as it is made. The matrix passes [`NoEvidence`], so that millions of pairs cost no
/// allocation each.
pub(crate) trait Recorder {
    /// Takes a fact; the closure is called only if facts are kept.
    fn record(&mut self, fact: impl FnOnce() -> Fact);

    /// Whether facts are kept; asked where finding them takes work.
    fn keeps(&self) -> bool {
        false
    }

    /// Says what the facts to come are about; the closure is called only if facts are kept.
    fn about(&mut self, _topic: impl FnOnce() -> Topic) {}
}

/// Keeps nothing.
pub(crate) struct NoEvidence;

impl Recorder for NoEvidence {
    fn record(&mut self, _fact: impl FnOnce() -> Fact) {}
}

/// Keeps every fact once per topic, in the order it was recorded.
#[derive(Debug, Default)]
pub(crate) struct Evidence {
    topic: Topic,
    facts: Vec<(Topic, Fact)>,
}

impl Evidence {
    /// The facts in order, each once.
    pub(crate) fn into_facts(self) -> Vec<Fact> {
        let mut facts: Vec<Fact> = Vec::with_capacity(self.facts.len());
        for (_, fact) in self.facts {
            if !facts.contains(&fact) {
                facts.push(fact);
            }
        }
        facts
    }

    /// The facts about one topic, in order.
    pub(crate) fn about_topic(&self, topic: &Topic) -> Vec<Fact> {
        let facts = self.facts.iter().filter(|(other, _)| other == topic);
        facts.map(|(_, fact)| fact.clone()).collect()
    }
}

impl Recorder for Evidence {
    fn record(&mut self, fact: impl FnOnce() -> Fact) {
        let fact = (self.topic.clone(), fact());
        if !self.facts.contains(&fact) {
            self.facts.push(fact);
        }
    }

    fn keeps(&self) -> bool {
        true
    }

    fn about(&mut self, topic: impl FnOnce() -> Topic) {
        self.topic = topic();
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
