//! Several rules for one host: Istio keeps the policy of one.

use std::collections::{BTreeMap, BTreeSet};

use super::findings::{Causes, plaintext_severity, policy_fact, symptom, target};
use crate::declare_rule;
use crate::diagnostic::{Applicability, Fact, Fix, Severity, is_or_are};
use crate::mesh::{Decision, Merge, Mesh, ProxyKind, Verdict};
use crate::object::ObjectId;
use crate::resource::{DestinationRule, TrafficPolicy};
use crate::rule::{NoOptions, RuleContext, edit};
use crate::source::Sources;
use crate::yaml::FieldPath;

declare_rule! {
    /// ## What it does
    ///
    /// Finds DestinationRules of one namespace for one host, of which Istio merges the subsets and drops all `trafficPolicy` but
    /// one.
    ///
    /// ## Why it matters
    ///
    /// Rules for the same host become one. It has the subsets of all, and the `trafficPolicy` of the rule that was created first,
    /// *whole*: what the others say about connections, outliers or TLS is lost, even where the first says nothing about it. A
    /// repository does not tell which rule will be created first; rules that are applied together count by name.
    ///
    /// It is an error where a lost `tls`, or the order of creation, decides whether calls are refused. Otherwise it is a warning
    /// about settings without effect. A rule with subsets only beside one with a `trafficPolicy` only loses nothing and is not
    /// reported.
    ///
    /// ## Examples
    ///
    /// Both rules are for `cart`. The policy of `cart-limits` counts, and the `tls` of `cart-mtls` is lost:
    ///
    /// ```yaml bad
    /// apiVersion: authentication.istio.io/v1alpha1
    /// kind: MeshPolicy
    /// metadata:
    ///   name: default
    /// spec:
    ///   peers:
    ///     - mtls: {}
    /// ---
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   host: "*.local"
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart-limits
    ///   namespace: shop
    /// spec:
    ///   host: cart
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 10
    /// ---
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart-mtls
    ///   namespace: shop
    /// spec:
    ///   host: cart.shop.svc.cluster.local
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: cart
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: cart
    ///     spec:
    ///       containers:
    ///         - name: cart
    ///           image: example.com/cart:1.0
    /// ```
    ///
    /// One rule says both:
    ///
    /// ```yaml good
    /// apiVersion: authentication.istio.io/v1alpha1
    /// kind: MeshPolicy
    /// metadata:
    ///   name: default
    /// spec:
    ///   peers:
    ///     - mtls: {}
    /// ---
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   host: "*.local"
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ---
    /// apiVersion: networking.istio.io/v1alpha3
    /// kind: DestinationRule
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   host: cart
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 10
    /// ---
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: cart
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: apps/v1
    /// kind: Deployment
    /// metadata:
    ///   name: cart
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     matchLabels:
    ///       app: cart
    ///   template:
    ///     metadata:
    ///       labels:
    ///         app: cart
    ///     spec:
    ///       containers:
    ///         - name: cart
    ///           image: example.com/cart:1.0
    /// ```
    ///
    /// ## Fix
    ///
    /// Merge the rules into one. The fix moves the fields of the `trafficPolicy` and the subsets that the rule that counts does not
    /// have to that rule, and takes the documents of the others away; a file that held nothing else stays, empty. Comments above a
    /// field or subset in its column and on its lines move with it. Labels, annotations and all other comments of the documents go
    /// with these. It is unsafe: what was without effect gets one, and a rule that is no longer in the repository stays in the
    /// cluster where nothing prunes it.
    ///
    /// There is none where two rules set a field or a subset differently, since somebody has to choose; where a patch or a
    /// replacement is about one of them; where they are not deployed to the same places or exported to the same namespaces; and
    /// where a text cannot be moved as it stands, such as that of rules in a `List` or in JSON, with anchors, or with comments into
    /// `{…}`.
    "duplicate-host-rules" {
        summary: "several rules for one host, and the policy of only one counts",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, PeerAuthentication, Namespace, Service, ConfigMap],
        fix: Unsafe,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

/// A rule whose policy is dropped, and the fields that are lost with it.
struct Lost<'a> {
    rule: &'a DestinationRule,
    policy: &'a TrafficPolicy,
    fields: Vec<&'a str>,
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let merges = mesh.merges();
    let mut by_entry = BTreeMap::new();
    for (position, merge) in merges.iter().enumerate() {
        by_entry.extend(merge.entries.iter().map(|&entry| (entry, position)));
    }
    let mut decisions: BTreeMap<usize, Vec<(u32, &Decision)>> = BTreeMap::new();
    for (index, decision) in cx.decisions() {
        let entry = decision.selection.entry;
        if let Some(&position) = entry.and_then(|entry| by_entry.get(&entry)) {
            decisions
                .entry(position)
                .or_default()
                .push((index, decision));
        }
    }
    for (position, merge) in merges.iter().enumerate() {
        let lost: Vec<Lost<'_>> = merge
            .dropped
            .iter()
            .filter_map(|&rule| lost(merge.kept, rule, cx.sources()))
            .collect();
        if !lost.is_empty() {
            let decisions = decisions.get(&position).map_or(&[][..], Vec::as_slice);
            report(cx, merge, &lost, decisions);
        }
    }
}

/// What is lost with the policy of a rule; none where the policy that is kept says the same.
fn lost<'a>(
    kept: &DestinationRule,
    rule: &'a DestinationRule,
    sources: &Sources,
) -> Option<Lost<'a>> {
    let (kept, policy) = (kept.traffic_policy.as_ref()?, rule.traffic_policy.as_ref()?);
    if text(policy, sources) == text(kept, sources) {
        return None;
    }
    let mut fields: Vec<&str> = Vec::new();
    if let Some(tls) = &policy.tls {
        let is_same = kept.tls.as_ref().is_some_and(|other| {
            let credential = |name: &Option<crate::source::Spanned<Box<str>>>| {
                name.as_ref().map(|name| name.value.clone())
            };
            other.mode == tls.mode
                && credential(&other.credential_name) == credential(&tls.credential_name)
        });
        fields.extend((!is_same).then_some("tls"));
    }
    fields.extend(policy.other_fields.iter().map(|field| &*field.value));
    fields.extend((!policy.port_level_settings.is_empty()).then_some("portLevelSettings"));
    (!fields.is_empty()).then_some(Lost {
        rule,
        policy,
        fields,
    })
}

/// A policy as written, without indentation and comments.
fn text<'a>(policy: &TrafficPolicy, sources: &'a Sources) -> Vec<&'a str> {
    let lines = sources.text(policy.place.span).lines().map(|line| {
        let is_quoted = line.contains(['"', '\'']);
        let comment = line.find(" #").filter(|_| !is_quoted);
        line.get(..comment.unwrap_or(line.len()))
            .unwrap_or(line)
            .trim()
    });
    let is_said = |line: &&str| !line.is_empty() && !line.starts_with('#');
    lines.filter(is_said).collect()
}

/// What a merge does to one pair.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Effect {
    /// Another order would give another verdict, and no order refuses.
    Undecided,
    /// The tls is lost, and auto mTLS repairs it.
    TlsLost,
    /// Clients send plaintext, and the server lets it in.
    Plaintext,
    /// Another order would make the server refuse.
    WouldBeRefused,
    /// The server refuses.
    Refused,
}

impl Effect {
    fn severity(self) -> Severity {
        match self {
            Self::Undecided | Self::TlsLost | Self::Plaintext => Severity::Warning,
            Self::WouldBeRefused | Self::Refused => Severity::Error,
        }
    }
}

/// What a merge does to a pair, if it is about TLS at all.
fn effect(mesh: &Mesh, merge: &Merge<'_>, decision: &Decision) -> Option<Effect> {
    let has_envoy = matches!(decision.proxy, ProxyKind::Sidecar | ProxyKind::Gateway);
    let mut endpoints = decision.endpoints.iter();
    if !has_envoy || endpoints.all(|endpoint| mesh.is_system_endpoint(endpoint)) {
        return None;
    }
    let is_ours =
        |id: &ObjectId| merge.kept.meta.id == *id || merge.dropped.iter().any(|r| r.meta.id == *id);
    let is_lost = mesh.dropped_mtls(decision).is_some();
    if decision.verdict == Verdict::Refused && !is_lost {
        return None; // the policy that counts is the cause, and other rules look at it
    }
    if is_lost {
        match plaintext_severity(mesh, decision) {
            Some(Severity::Error) => return Some(Effect::Refused),
            Some(Severity::Warning) => return Some(Effect::Plaintext),
            Some(Severity::Note) | None => {}
        }
    }
    let others = mesh.other_orders(decision).into_iter();
    let mut others = others.filter(|other| is_ours(other.object)).peekable();
    let differs = others.peek().is_some();
    if others.any(|other| other.verdict == Verdict::Refused) {
        Some(Effect::WouldBeRefused)
    } else if is_lost && decision.verdict == Verdict::Encrypted {
        Some(Effect::TlsLost)
    } else {
        differs.then_some(Effect::Undecided)
    }
}

/// Words one finding: the first rule that loses something is the place.
fn report(
    cx: &mut RuleContext<'_>,
    merge: &Merge<'_>,
    lost: &[Lost<'_>],
    decisions: &[(u32, &Decision)],
) {
    let mesh = cx.mesh();
    let told = lost
        .iter()
        .find(|lost| lost.fields.contains(&"tls"))
        .or(lost.first());
    let Some(told) = told else { return };
    let mut causes = Causes::default();
    let mut worst = None;
    for &(index, decision) in decisions {
        if mesh.led_to_subsets(index).is_some() {
            continue; // nobody calls the host as a whole
        }
        if let Some(effect) = effect(mesh, merge, decision) {
            causes.add(told.policy.key, index, decision, effect.severity());
            worst = worst.max(Some((effect, std::cmp::Reverse(index))));
        }
    }
    let worst = worst.map(|(effect, _)| effect);
    let cause = causes.into_iter().next().map(|(_, cause)| cause);
    let sample = cause.as_ref().and_then(super::findings::Cause::sample);
    let mut evidence = Vec::new();
    if let (Some(cause), Some(decision)) = (&cause, sample) {
        evidence.push(cause.extent(mesh));
        evidence.extend(mesh.evidence(decision));
    }
    let demand = policy_fact(&evidence).cloned();
    evidence.extend(order_fact(merge));
    let pairs = cause
        .as_ref()
        .map(|cause| cause.pairs(cx))
        .unwrap_or_default();
    let severity = worst.map_or(Severity::Warning, Effect::severity);
    let headline = headline(mesh, merge, told, sample.zip(worst));
    let kept = &merge.kept.meta.id;
    let fix = fix(cx, merge, lost);
    let mut finding = cx.report(told.policy.key, headline);
    finding
        .severity(severity)
        .object(&told.rule.meta.id)
        .field(FieldPath::new("spec.trafficPolicy"))
        .primary(dropped_label(told))
        .evidence(evidence)
        .pairs(pairs)
        .help(format!(
            "merge the rules for `{}` into one, such as {kept}",
            merge.host
        ));
    let policy = merge.kept.traffic_policy.as_ref();
    if let Some(policy) = policy {
        let text = "this `trafficPolicy` counts, as a whole";
        finding.label(policy.key, Some(kept), text);
    }
    if let Some(fix) = fix {
        finding.fix(fix);
    }
    if let Some(fact) = demand.filter(|_| severity == Severity::Error)
        && let Some(place) = fact.place
    {
        let text = "the server demands mutual TLS and refuses plaintext";
        finding.label(place, fact.object.as_ref(), text);
    }
    for other in lost {
        if other.rule.meta.id != told.rule.meta.id {
            finding.label(
                other.policy.key,
                Some(&other.rule.meta.id),
                dropped_label(other),
            );
        }
    }
}

/// The edits that leave one of the rules that lose something and the one that counts, if nobody has to choose.
fn fix(cx: &RuleContext<'_>, merge: &Merge<'_>, lost: &[Lost<'_>]) -> Option<Fix> {
    let tree = |rule: &DestinationRule| cx.tree_of(&rule.meta.id);
    let kept = tree(merge.kept)?;
    let loses = |rule: &DestinationRule| lost.iter().any(|lost| lost.rule.meta.id == rule.meta.id);
    let (merged, same): (Vec<_>, Vec<_>) =
        merge.dropped.iter().copied().partition(|rule| loses(rule));
    let trees =
        |rules: &[&DestinationRule]| rules.iter().copied().map(tree).collect::<Option<Vec<_>>>();
    let dropped = trees(&merged)?;
    let others = trees(&[same, merge.others.clone()].concat())?;
    // Before Istio 1.24 rules are merged that are for others to see.
    let is_for_same = |rule: &&DestinationRule| exports(rule) == exports(merge.kept);
    if !merged.iter().all(is_for_same)
        || !dropped.iter().all(|rule| cx.are_deployed_alike(kept, rule))
    {
        return None;
    }
    let names: Vec<&str> = merged.iter().map(|rule| &*rule.meta.id.name).collect();
    Some(Fix {
        title: format!("merge {} into {}", listed(&names), merge.kept.meta.id),
        applicability: Applicability::Unsafe,
        edits: edit::merge_rules(cx.sources(), kept, &dropped, &others)?,
    })
}

/// The `exportTo` of a rule as a set.
fn exports(rule: &DestinationRule) -> Option<BTreeSet<&str>> {
    let values = rule.export_to.as_ref().map(|list| list.values.iter());
    values.map(|values| values.map(|value| &*value.value).collect())
}

fn dropped_label(lost: &Lost<'_>) -> String {
    format!("dropped in the merge: {}", listed(&lost.fields))
}

/// Effect first, then the cause.
fn headline(
    mesh: &Mesh,
    merge: &Merge<'_>,
    lost: &Lost<'_>,
    worst: Option<(&Decision, Effect)>,
) -> String {
    let (kept, rule) = (&merge.kept.meta.id, &lost.rule.meta.id);
    let cause = format!("`{kept}` is for the same host, and only its `trafficPolicy` counts");
    let dropped = format!(
        "{} of `{rule}` {} dropped",
        listed(&lost.fields),
        is_or_are(lost.fields.len())
    );
    match worst {
        Some((decision, Effect::Refused)) => format!(
            "calls to `{}` fail with {}: {dropped}, since {cause}",
            target(decision),
            symptom(mesh, decision)
        ),
        Some((decision, Effect::WouldBeRefused)) => {
            let others = mesh.other_orders(decision).into_iter();
            let mut refused = others.filter(|other| other.verdict == Verdict::Refused);
            let first = refused.next().map_or(rule, |other| other.object);
            format!(
                "calls to `{}` fail if `{first}` is created before `{kept}`: both are for the same host, and only the first `trafficPolicy` counts",
                target(decision),
            )
        }
        Some((decision, Effect::Plaintext)) => format!(
            "calls to `{}` go in plaintext: {dropped}, since {cause}",
            target(decision)
        ),
        Some((decision, Effect::TlsLost)) => format!(
            "only auto mTLS keeps calls to `{}` encrypted: {dropped}, since {cause}",
            target(decision)
        ),
        Some((_, Effect::Undecided)) | None => {
            format!("{dropped}: {cause}")
        }
    }
}

/// Which rule is created first is not in the repository, unless a manifest has the time.
fn order_fact(merge: &Merge<'_>) -> Option<Fact> {
    let kept = &merge.kept.meta;
    kept.created.is_none().then(|| Fact {
        text: format!(
            "assumed: the rules for `{}` are created together, so that {} counts, the first by name",
            merge.host, kept.id
        ),
        assumed: true,
        place: Some(merge.kept.host.place),
        object: Some(kept.id.clone()),
    })
}

/// Names of fields as a list.
fn listed(fields: &[&str]) -> String {
    let quoted: Vec<String> = fields.iter().map(|field| format!("`{field}`")).collect();
    match quoted.as_slice() {
        [first @ .., last] if !first.is_empty() => format!("{} and {last}", first.join(", ")),
        all => all.concat(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_are_listed_as_people_do() {
        let table: [(&[&str], &str); 3] = [
            (&["tls"], "`tls`"),
            (&["tls", "connectionPool"], "`tls` and `connectionPool`"),
            (&["a", "b", "c"], "`a`, `b` and `c`"),
        ];
        for (fields, expected) in table {
            assert_eq!(listed(fields), expected);
        }
    }
}
