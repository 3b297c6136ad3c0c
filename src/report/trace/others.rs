//! The rules that are not in force, in words.

use crate::diagnostic::Fact;
use crate::mesh::explain::{Cause, Explanation, OtherRule, Says, WhyNot};
use crate::source::Place;

/// A rule that is not in force, with why.
pub(super) fn other_rule(other: &OtherRule, trace: &Explanation) -> (Fact, Option<Place>) {
    let says = match other.says {
        Says::Tls(mode) => format!("says {}", mode.as_str()),
        Says::Nothing => "sets no `tls`".to_owned(),
        Says::NoSubset => "does not define the subset".to_owned(),
    };
    let (why, further) = why(other, trace);
    let text = format!("{} (host `{}`) {says}: {why}", other.object, other.host);
    let fact = Fact {
        text,
        assumed: false,
        place: Some(other.place),
        object: Some(other.object.clone()),
    };
    (fact, further)
}

/// Why a rule is not in force, with the place of another object that has to do with it.
fn why(other: &OtherRule, trace: &Explanation) -> (String, Option<Place>) {
    let client = trace.client.namespace.as_ref().map_or("", |ns| ns.as_str());
    let by = |cause: &Cause| Some(cause.place);
    let text = match &other.why {
        WhyNot::NoProxy => "the client has no Envoy that reads rules".to_owned(),
        WhyNot::NotVisible => "the client does not see the host, so that no rule counts".to_owned(),
        WhyNot::PolicyMergedAway(cause) => {
            let text = format!(
                "it is merged into the rule in force, but loses its `trafficPolicy` as a whole, since {} comes first and has one",
                cause.object
            );
            return (text, by(cause));
        }
        WhyNot::MergedInto(cause) => {
            let text = format!(
                "it is merged into {}, which is not in force for this client, and does not stand by itself",
                cause.object
            );
            return (text, by(cause));
        }
        WhyNot::LessSpecific => {
            "its host is less specific, so it is replaced as a whole; nothing of it is inherited"
                .to_owned()
        }
        WhyNot::LookedAtLater => {
            "its namespace is looked at later, so it is replaced as a whole; nothing of it is inherited"
                .to_owned()
        }
        WhyNot::NotExported(Some(list)) => {
            let values: Vec<&str> = list.values.iter().map(|value| &*value.value).collect();
            let text = format!(
                "`exportTo: [{}]` leaves out namespace `{client}`",
                values.join(", ")
            );
            return (text, Some(list.place));
        }
        WhyNot::NotExported(None) => {
            format!("it is not exported to namespace `{client}`")
        }
        WhyNot::HiddenBy(cause) => {
            let text = format!(
                "{} of the same namespace has a more specific host and hides it, though it is not exported to namespace `{client}`",
                cause.object
            );
            return (text, by(cause));
        }
        WhyNot::Selector => {
            "its `workloadSelector` does not select the client's pods".to_owned()
        }
        WhyNot::Outdone => "another rule for the same host is preferred".to_owned(),
        WhyNot::ThirdNamespace(namespace) => format!(
            "namespace `{namespace}` is neither the client's, nor the service's, nor the root namespace, so it is never looked at"
        ),
        WhyNot::NotCompleted if other.host.starts_with('*') => format!(
            "it covers hosts that end with `{}` only, which no service does; write `{}.svc.cluster.local`",
            other.host.trim_start_matches('*'),
            other.host.trim_end_matches(".svc")
        ),
        WhyNot::NotCompleted => format!(
            "a host with a dot is taken as it stands and not completed, so it means no service; write `{}`",
            trace.destination.host
        ),
        WhyNot::OtherNamespace(host) => format!(
            "a short host is completed with the namespace of its rule, so it means `{host}`, which no manifest defines"
        ),
        WhyNot::Capitals => "hosts are compared letter by letter, capitals included".to_owned(),
    };
    (text, None)
}
