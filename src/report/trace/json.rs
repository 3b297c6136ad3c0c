//! A trace in JSON, schema `mtls-lint/trace/1`. Absent things are absent keys, but for the subset, as in the matrix.

use std::io::{self, Write};

use serde_json::{Map, Value, json};

use super::others::other_rule;
use super::{changes, outcome};
use crate::diagnostic::Fact;
use crate::mesh::explain::{
    Effect, ExplainedEndpoint, Explanation, OtherRule, Remedy, Step, StepTitle,
};
use crate::report::json::JsonLocation;
use crate::report::location::{Extent, Location};
use crate::report::text::inert_json;
use crate::source::{Place, Sources};

/// Writes the traces.
pub(super) fn render(
    traces: &[Explanation],
    sources: &Sources,
    out: &mut dyn Write,
) -> io::Result<()> {
    let traces: Vec<Value> = traces
        .iter()
        .map(|trace| of_trace(trace, sources))
        .collect();
    let all = json!({"schema": "mtls-lint/trace/1", "traces": traces});
    let json = serde_json::to_string_pretty(&all)?;
    writeln!(out, "{}", inert_json(&json))
}

fn of_trace(trace: &Explanation, sources: &Sources) -> Value {
    let id = &trace.client;
    let seen = outcome::seen(trace);
    let facts = |facts: &[Fact]| -> Vec<Value> {
        facts.iter().map(|fact| of_fact(fact, sources)).collect()
    };
    let step = |step: &Step| json!({"step": title(step.title), "facts": facts(&step.facts)});
    let endpoint = |endpoint: &ExplainedEndpoint| {
        json!({
            "workload": &*endpoint.label,
            "port": endpoint.port,
            "sends": endpoint.sends.as_str(),
            "sendsBecause": facts(&endpoint.sends_facts),
            "accepts": endpoint.accepts.as_str(),
            "acceptsBecause": facts(&endpoint.accepts_facts),
            "verdict": endpoint.verdict.as_str(),
        })
    };
    let other = |other: &OtherRule| of_other(other, trace, sources);
    let mut value = json!({
        "mesh": trace.mesh,
        "istio": trace.istio.to_string(),
        "client": {
            "namespace": id.namespace.as_ref().map_or("", |namespace| namespace.as_str()),
            "workload": format!("{}/{}", id.kind, id.name),
            "proxy": trace.proxy.as_str(),
        },
        "host": trace.destination.host.as_str(),
        "port": trace.destination.port,
        "subset": trace.destination.subset,
        "rules": trace.rules.iter().map(object).collect::<Vec<_>>(),
        "tls": trace.tls.as_str(),
        "verdict": trace.verdict.as_str(),
        "symptom": symptom(&seen),
        "steps": trace.steps.iter().map(step).collect::<Vec<_>>(),
        "otherRules": trace.others.iter().map(other).collect::<Vec<_>>(),
        "endpoints": trace.endpoints.iter().map(endpoint).collect::<Vec<_>>(),
        "changes": trace.remedies.iter().map(|r| of_change(r, sources)).collect::<Vec<_>>(),
    });
    if trace.partial {
        value["partial"] = json!(true);
    }
    if let Some(without) = &trace.without {
        value["without"] = json!({
            "rule": object(&without.rule),
            "verdict": without.verdict.as_str(),
            "text": changes::without(without),
        });
    }
    value
}

fn symptom(seen: &outcome::Seen) -> Value {
    let mut symptom = json!({"text": seen.what, "signs": seen.signs});
    if let Some(status) = seen.status {
        symptom["status"] = json!(status);
    }
    if let Some(quote) = &seen.quote {
        symptom["quote"] = json!(quote);
    }
    symptom
}

fn of_fact(fact: &Fact, sources: &Sources) -> Value {
    let mut value = json!({"fact": fact.text, "assumed": fact.assumed});
    if let Some(location) = Location::of_fact(fact, Extent::Whole, sources) {
        value["location"] = json!(JsonLocation::new(location));
    }
    value
}

fn of_other(other: &OtherRule, trace: &Explanation, sources: &Sources) -> Value {
    let worded = other_rule(other, trace);
    let mut value = of_fact(&worded.fact, sources);
    value["rule"] = json!(object(&other.object));
    value["host"] = json!(other.host);
    if let Some(cause) = &worded.cause {
        value["because"] =
            json!({"rule": object(&cause.object), "location": at(cause.place, sources)});
    }
    value
}

fn of_change(remedy: &Remedy, sources: &Sources) -> Value {
    let worded = changes::change(&remedy.change);
    let mut value = Map::new();
    value.insert("change".into(), json!(worded.instruction));
    if !worded.lines.is_empty() {
        value.insert("lines".into(), json!(worded.lines));
    }
    if let Some(place) = worded.place {
        value.insert("location".into(), at(place, sources));
    }
    value.insert("verdict".into(), json!(remedy.verdict.as_str()));
    match &remedy.others {
        Effect::Unknown => {}
        Effect::Harmless => drop(value.insert("worse".into(), json!(0))),
        Effect::Harm(harm) => drop(value.insert("worse".into(), json!(harm.pairs))),
    }
    Value::Object(value)
}

fn at(place: Place, sources: &Sources) -> Value {
    json!(JsonLocation::new(Location::of_place(
        place,
        None,
        Extent::Whole,
        sources
    )))
}

/// An object as the matrix names rules: `namespace/name`.
fn object(id: &crate::object::ObjectId) -> String {
    match &id.namespace {
        Some(namespace) => format!("{namespace}/{}", id.name),
        None => id.name.to_string(),
    }
}

fn title(title: StepTitle) -> &'static str {
    match title {
        StepTitle::Mesh => "mesh",
        StepTitle::Client => "client",
        StepTitle::Service => "service",
        StepTitle::Visibility => "visibility",
        StepTitle::Rule => "rule",
        StepTitle::Cluster => "cluster",
    }
}
