//! What rules about decisions share: one cause is one finding, with counts, samples and the evidence of its worst pair.

use std::collections::{BTreeMap, BTreeSet};

use crate::diagnostic::{Fact, Fix, PairId, Severity, counted};
use crate::mesh::{
    Accepts, Decision, Destination, EndpointDecision, Level, Mesh, ProtocolClass, Sends, Verdict,
};
use crate::object::ObjectId;
use crate::resource::{DestinationRule, TlsSettings, is_wildcard};
use crate::rule::RuleContext;
use crate::source::{Place, Span};
use crate::yaml::FieldPath;

/// How many pairs a finding names.
const SAMPLES: usize = 3;

/// Everything that one cause breaks.
pub(super) struct Cause<'a> {
    /// The decisions, with how bad each is.
    decisions: Vec<(u32, &'a Decision, Severity)>,
}

/// Decisions by the text of their cause: what one text deploys several times is one cause.
#[derive(Default)]
pub(super) struct Causes<'a> {
    by_text: BTreeMap<Span, (Place, Cause<'a>)>,
}

impl<'a> Causes<'a> {
    /// Adds a decision that a cause breaks.
    pub(super) fn add(
        &mut self,
        place: Place,
        index: u32,
        decision: &'a Decision,
        severity: Severity,
    ) {
        let (_, cause) = self.by_text.entry(place.span).or_insert_with(|| {
            let decisions = Vec::new();
            (place, Cause { decisions })
        });
        cause.decisions.push((index, decision, severity));
    }

    /// The causes in the order of their places.
    pub(super) fn into_iter(self) -> impl Iterator<Item = (Place, Cause<'a>)> {
        self.by_text.into_values()
    }
}

impl<'a> Cause<'a> {
    /// The decisions in the order in which they were added.
    pub(super) fn decisions(&self) -> impl Iterator<Item = &'a Decision> {
        self.decisions.iter().map(|(_, decision, _)| *decision)
    }

    /// The worst severity.
    pub(super) fn severity(&self) -> Severity {
        self.decisions
            .iter()
            .map(|(_, _, severity)| *severity)
            .max()
            .unwrap_or(Severity::Note)
    }

    /// The decision that the finding is told by: the first of the worst.
    pub(super) fn sample(&self) -> Option<&'a Decision> {
        self.indexed_sample().map(|(_, decision)| decision)
    }

    /// The same with its position in the mesh.
    pub(super) fn indexed_sample(&self) -> Option<(u32, &'a Decision)> {
        let worst = self.severity();
        let mut decisions = self.decisions.iter();
        let sample = decisions.find(|(_, _, severity)| *severity == worst);
        sample.map(|&(index, decision, _)| (index, decision))
    }

    /// The pairs, for triage.
    pub(super) fn pairs(&self, cx: &RuleContext<'_>) -> Vec<PairId> {
        let mesh = cx.mesh_index();
        self.decisions
            .iter()
            .map(|&(decision, _, _)| PairId { mesh, decision })
            .collect()
    }

    /// How many clients and destinations it is about, with up to three of them, as one fact.
    pub(super) fn extent(&self, mesh: &Mesh) -> Fact {
        let worst = self.severity();
        let clients = mesh.client_count(self.decisions.iter().map(|(_, decision, _)| *decision));
        let destinations: BTreeSet<&Destination> = self
            .decisions
            .iter()
            .map(|(_, decision, _)| &decision.destination)
            .collect();
        let telling = self
            .decisions
            .iter()
            .filter(|(_, _, severity)| *severity == worst)
            .take(SAMPLES);
        let mut samples: Vec<String> = Vec::new();
        for (_, decision, _) in telling {
            let names = mesh.sample_clients(decision, SAMPLES).into_iter();
            samples.extend(names.map(|client| format!("{client} → {}", target(decision))));
        }
        samples.truncate(SAMPLES);
        let text = format!(
            "concerns {} and {}, such as {}",
            counted(clients, "client"),
            counted(destinations.len(), "destination"),
            samples.join(", ")
        );
        Fact {
            text,
            assumed: false,
            place: None,
            object: None,
        }
    }
}

/// The words of a finding; severity, evidence, pairs and the label at the server's policy are added to it.
pub(super) struct Words<'a> {
    /// Effect first, then the cause.
    pub(super) headline: String,
    /// What is wrong at the place.
    pub(super) primary: String,
    /// The object the place is in.
    pub(super) object: &'a ObjectId,
    /// The field the place is in.
    pub(super) field: &'static str,
    /// Further places.
    pub(super) labels: Vec<(Place, &'a ObjectId, String)>,
    /// What the label at the server's policy says; none for no such label.
    pub(super) policy: Option<&'static str>,
    /// What to do.
    pub(super) help: String,
    /// How to repair it.
    pub(super) fix: Option<Fix>,
}

/// Reports a cause in the words of its rule.
pub(super) fn tell(cx: &mut RuleContext<'_>, place: Place, cause: &Cause<'_>, words: Words<'_>) {
    let mesh = cx.mesh();
    let Some(decision) = cause.sample() else {
        return;
    };
    let mut evidence = vec![cause.extent(mesh)];
    evidence.extend(mesh.evidence(decision));
    let policy = policy_fact(&evidence).cloned();
    let pairs = cause.pairs(cx);
    let mut finding = cx.report(place, words.headline);
    finding
        .severity(cause.severity())
        .object(words.object)
        .field(FieldPath::new(words.field))
        .primary(words.primary)
        .evidence(evidence)
        .pairs(pairs)
        .help(words.help);
    for (place, object, text) in words.labels {
        finding.label(place, Some(object), text);
    }
    if let (Some(text), Some(fact)) = (words.policy, policy)
        && let Some(place) = fact.place
    {
        finding.label(place, fact.object.as_ref(), text);
    }
    if let Some(fix) = words.fix {
        finding.fix(fix);
    }
}

/// `host:port`, with the subset if there is one.
pub(super) fn target(decision: &Decision) -> String {
    let destination = &decision.destination;
    match &destination.subset {
        Some(subset) => format!("{}:{}/{subset}", destination.host, destination.port),
        None => format!("{}:{}", destination.host, destination.port),
    }
}

/// How bad it is that clients send plaintext: an error where a proxy refuses it, a warning where one lets it in; `None`
/// where nothing is lost, since there is no proxy, or its policy wants plaintext.
pub(super) fn plaintext_severity(mesh: &Mesh, decision: &Decision) -> Option<Severity> {
    let of =
        |endpoint: &EndpointDecision| match (endpoint.sends, endpoint.accepts, endpoint.verdict) {
            (
                Sends::Plaintext,
                Accepts::Strict | Accepts::TlsWithoutClientCertificate,
                Verdict::Refused,
            ) => Some(Severity::Error),
            (Sends::Plaintext, Accepts::Permissive, Verdict::Plaintext) => Some(Severity::Warning),
            _ => None,
        };
    let endpoints = decision
        .endpoints
        .iter()
        .filter(|endpoint| !mesh.is_system_endpoint(endpoint));
    endpoints.filter_map(of).max()
}

/// Whether calls take a way: a VirtualService has to send them to a subset.
pub(super) fn is_taken(mesh: &Mesh, decision: &Decision) -> bool {
    let Destination { host, subset, .. } = &decision.destination;
    let subset = subset.as_deref();
    subset.is_none_or(|subset| mesh.is_routed(host, subset))
}

/// How bad something is, which is latent where calls do not take that way.
pub(super) fn unless_latent(mesh: &Mesh, decision: &Decision, severity: Severity) -> Severity {
    if is_taken(mesh, decision) {
        severity
    } else {
        Severity::Note
    }
}

/// What calls do, or what they would do where they do not take that way.
pub(super) fn calls(mesh: &Mesh, decision: &Decision, effect: &str) -> String {
    let target = target(decision);
    if is_taken(mesh, decision) {
        format!("calls to `{target}` {effect}")
    } else {
        format!("calls to `{target}` would {effect} if anything were routed there")
    }
}

/// What an HTTP caller sees when a proxy refuses plaintext (semantics 7.1, measured on Envoy).
fn refused_symptom(mesh: &Mesh) -> &'static str {
    if mesh.names_reset_reason() {
        "503 `upstream connect error or disconnect/reset before headers. reset reason: connection termination`"
    } else {
        "503 `upstream connect error or disconnect/reset before headers`"
    }
}

/// What a caller sees where Istio mutual TLS meets something that does not speak it, or foreign TLS an HTTP port
/// (semantics 7.1, measured on Envoy).
fn handshake_symptom(mesh: &Mesh) -> &'static str {
    if mesh.names_reset_reason() {
        "503 `URX,UF` `upstream connect error or disconnect/reset before headers. retried and the latest reset reason: remote connection failure`"
    } else {
        "503 `URX,UF` `upstream connect error or disconnect/reset before headers`"
    }
}

/// What the callers of a refused pair see, by what is sent and what is accepted (semantics 7.1, measured on Envoy).
pub(super) fn symptom(mesh: &Mesh, decision: &Decision) -> &'static str {
    let class = mesh.port_of(decision).map(|port| port.class);
    if class == Some(ProtocolClass::Tcp) {
        return "a reset connection";
    }
    let mut endpoints = decision.endpoints.iter();
    let refused = endpoints.find(|endpoint| {
        endpoint.verdict == Verdict::Refused && !mesh.is_system_endpoint(endpoint)
    });
    match refused.map(|endpoint| (endpoint.sends, endpoint.accepts)) {
        Some((Sends::Mtls, _) | (Sends::Tls, Accepts::Disable | Accepts::Permissive)) => {
            handshake_symptom(mesh)
        }
        // Two reasons, which depend on whether the server's certificate verifies.
        Some((Sends::Tls, _)) => "503 `upstream connect error or disconnect/reset before headers`",
        Some((Sends::Plaintext | Sends::Hbone, _)) | None => refused_symptom(mesh),
    }
}

/// Effect first, then the cause: what comes of plaintext that a proxy refuses or lets in.
pub(super) fn plaintext_headline(
    mesh: &Mesh,
    decision: &Decision,
    severity: Severity,
    cause: &str,
) -> String {
    let target = target(decision);
    match severity {
        Severity::Error => format!(
            "calls to `{target}` fail with {}: {cause}",
            symptom(mesh, decision)
        ),
        Severity::Warning => format!("calls to `{target}` go in plaintext: {cause}"),
        Severity::Note => format!("only auto mTLS keeps calls to `{target}` encrypted: {cause}"),
    }
}

/// The field of a tls mode.
pub(super) fn mode_field(level: Level) -> &'static str {
    match level {
        Level::Rule => "spec.trafficPolicy.tls.mode",
        Level::RulePort => "spec.trafficPolicy.portLevelSettings.tls.mode",
        Level::Subset => "spec.subsets.trafficPolicy.tls.mode",
        Level::SubsetPort => "spec.subsets.trafficPolicy.portLevelSettings.tls.mode",
    }
}

/// What a rule writes about tls, as a claim.
pub(super) fn sets(tls: &TlsSettings) -> String {
    match tls.mode_place {
        Some(_) => format!("sets `tls: {{mode: {}}}`", tls.mode.as_str()),
        None => "has a `tls` block without `mode`, which means DISABLE".to_owned(),
    }
}

/// How to send plaintext to the host of a decision: by a rule of its own where the rule in force is for more hosts.
pub(super) fn exemption(rule: &DestinationRule, level: Level, decision: &Decision) -> String {
    let Destination { host, port, subset } = &decision.destination;
    let (id, namespace) = (&rule.meta.id, &rule.meta.namespace);
    if is_wildcard(&rule.host.value) {
        return format!(
            "add a DestinationRule for host `{host}` with `trafficPolicy: {{tls: {{mode: DISABLE}}}}` to namespace `{namespace}`"
        );
    }
    let subset = subset.as_deref().unwrap_or_default();
    let block = match level {
        Level::Rule => String::new(),
        Level::RulePort => format!("port {port} of "),
        Level::Subset => format!("subset `{subset}` of "),
        Level::SubsetPort => format!("port {port} of subset `{subset}` of "),
    };
    format!("set the tls mode of {block}{id} to DISABLE")
}

/// The fact of the evidence that says what the server demands.
pub(super) fn policy_fact(evidence: &[Fact]) -> Option<&Fact> {
    const POLICIES: &[&str] = &["MeshPolicy", "Policy", "PeerAuthentication"];
    let is_policy = |fact: &&Fact| {
        fact.place.is_some()
            && fact
                .object
                .as_ref()
                .is_some_and(|object| POLICIES.contains(&&*object.kind))
    };
    evidence.iter().rev().find(is_policy)
}
