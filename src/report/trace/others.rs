//! The rules that are not in force, in words.

use crate::diagnostic::Fact;
use crate::mesh::explain::{Cause, Explanation, OtherRule, Says, WhyNot};
use crate::object::Namespace;

/// A rule that is not in force, in words.
pub(super) struct WordedRule {
    /// What it says and why it does not count.
    pub(super) fact: Fact,
    /// Another rule that has to do with it, and where that is written.
    pub(super) cause: Option<Cause>,
}

/// A rule that is not in force, in words.
pub(super) fn other_rule(other: &OtherRule, trace: &Explanation) -> WordedRule {
    let says = match other.says {
        Says::Tls(mode) => format!("says {}", mode.as_str()),
        Says::Nothing => "sets no `tls`".to_owned(),
        Says::NoSubset => "does not define the subset".to_owned(),
    };
    let why = why(other, trace);
    let text = format!("{} (host `{}`) {says}: {why}", other.object, other.host);
    let (place, cause) = match &other.why {
        WhyNot::PolicyMergedAway(cause) | WhyNot::MergedInto(cause) | WhyNot::HiddenBy(cause) => {
            (None, Some(cause.clone()))
        }
        WhyNot::NotExported(list) => (list.as_ref().map(|list| list.place), None),
        WhyNot::Selector(place) => (*place, None),
        WhyNot::NoProxy
        | WhyNot::NotVisible
        | WhyNot::LessSpecific
        | WhyNot::LookedAtLater
        | WhyNot::Outdone
        | WhyNot::ThirdNamespace(_)
        | WhyNot::NotCompleted { .. }
        | WhyNot::OtherNamespace(_)
        | WhyNot::Capitals => (None, None),
    };
    let fact = Fact {
        text,
        assumed: false,
        place: Some(place.unwrap_or(other.place)),
        object: Some(other.object.clone()),
    };
    WordedRule { fact, cause }
}

/// Why a rule is not in force.
fn why(other: &OtherRule, trace: &Explanation) -> String {
    let name = |namespace: Option<&Namespace>| namespace.map_or("", Namespace::as_str).to_owned();
    let client = name(trace.client.namespace.as_ref());
    let own = name(other.object.namespace.as_ref());
    let is_empty = trace.rules.is_empty();
    match &other.why {
        WhyNot::NoProxy => "the client has no Envoy that reads rules".to_owned(),
        WhyNot::NotVisible => "the client does not see the host, so no rule counts".to_owned(),
        WhyNot::PolicyMergedAway(cause) => format!(
            "it is merged into the rule in force, but its `trafficPolicy` is dropped as a whole, since {} comes first and has one",
            cause.object
        ),
        WhyNot::MergedInto(cause) => format!(
            "it is merged into {}, which is not in force for this client, and does not stand by itself",
            cause.object
        ),
        WhyNot::LessSpecific if is_empty => {
            "its host is less specific than that of another rule, and wildcards are then not asked"
                .to_owned()
        }
        WhyNot::LessSpecific => {
            "its host is less specific, so it is replaced as a whole and nothing of it is inherited"
                .to_owned()
        }
        WhyNot::LookedAtLater if is_empty => {
            format!("namespace `{own}` is looked at later, and the look-up does not get there")
        }
        WhyNot::LookedAtLater => format!(
            "namespace `{own}` is looked at later, so it is replaced as a whole and nothing of it is inherited"
        ),
        WhyNot::NotExported(Some(list)) => {
            let values: Vec<&str> = list.values.iter().map(|value| &*value.value).collect();
            let values = values.join(", ");
            format!("`exportTo: [{values}]` leaves out namespace `{client}`")
        }
        WhyNot::NotExported(None) => format!("it is not exported to namespace `{client}`"),
        WhyNot::HiddenBy(cause) => format!(
            "{} has a more specific host in the same namespace and hides it, though it is not exported to namespace `{client}`",
            cause.object
        ),
        WhyNot::Selector(_) => {
            "its `workloadSelector` does not select the client's pods".to_owned()
        }
        WhyNot::Outdone => "another rule for the same host is preferred".to_owned(),
        WhyNot::ThirdNamespace(namespace) => format!(
            "namespace `{namespace}` is neither the client's nor the service's nor the root namespace, so it is never looked at"
        ),
        WhyNot::NotCompleted { wildcard: true } => format!(
            "it covers only hosts that end with `{}`, and the hosts of services are longer",
            other.host.trim_start_matches('*'),
        ),
        WhyNot::NotCompleted { wildcard: false } => format!(
            "a host with a dot is taken as it stands, so it means no service; the service is `{}`",
            trace.destination.host
        ),
        WhyNot::OtherNamespace(host) => format!(
            "a short host is completed with the namespace of its rule, so it means `{host}`, which no manifest defines"
        ),
        WhyNot::Capitals => "hosts are compared letter by letter, capitals included".to_owned(),
    }
}
