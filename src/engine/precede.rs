//! Precede: what one rule explains, no other rule repeats.

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use crate::diagnostic::{Diagnostic, PairId};
use crate::object::ObjectId;
use crate::rules::{AT_ONE_PLACE, COMPARISON, speaks_of_traffic, yields_to};
use crate::source::FileId;

/// What becomes of a finding.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// No other rule explains any of its pairs.
    Stays,
    /// Other rules explain some of its pairs, so that its words are about too many.
    IsRetold,
    /// Other rules explain all of its pairs.
    Goes,
}

/// Takes from every finding the pairs that a rule before its own in the order of precedence explains. A finding that has
/// none left is dropped; a rule whose findings lose some of theirs tells them again with `retell`, which is given those
/// pairs, so that numbers and examples are about what is left.
pub(super) fn precede(
    diagnostics: Vec<Diagnostic>,
    retell: impl Fn(&'static str, &FxHashSet<PairId>) -> Vec<Diagnostic>,
) -> Vec<Diagnostic> {
    let mut by_rule: BTreeMap<&'static str, Vec<Diagnostic>> = BTreeMap::new();
    for diagnostic in diagnostics {
        by_rule.entry(diagnostic.rule).or_default().push(diagnostic);
    }
    leave_places(&mut by_rule);
    leave_objects(&mut by_rule);
    let mut kept = Vec::new();
    for (&rule, findings) in &by_rule {
        let speakers = yields_to(rule).iter().filter_map(|&name| by_rule.get(name));
        let spoken = speakers.flatten().flat_map(|finding| &finding.pairs);
        let explained: FxHashSet<PairId> = spoken.copied().collect();
        let is_retold = |finding: &Diagnostic| fate(finding, &explained) == Fate::IsRetold;
        if findings.iter().any(is_retold) {
            let told = retell(rule, &explained).into_iter();
            kept.extend(told.filter(|finding| is_about_something(finding, findings)));
        } else {
            let stay = findings
                .iter()
                .filter(|f| fate(f, &explained) == Fate::Stays);
            kept.extend(stay.cloned());
        }
    }
    kept
}

/// Drops what another rule says with more to say at the same place.
fn leave_places(by_rule: &mut BTreeMap<&'static str, Vec<Diagnostic>>) {
    let start = |finding: &Diagnostic| {
        finding
            .place
            .map(|place| (place.span.file, place.span.start))
    };
    for (silent, speaker) in AT_ONE_PLACE {
        let spoken = by_rule.get(speaker).into_iter().flatten();
        let taken: FxHashSet<(FileId, u32)> = spoken.filter_map(start).collect();
        if let Some(findings) = by_rule.get_mut(silent) {
            findings.retain(|finding| start(finding).is_none_or(|start| !taken.contains(&start)));
        }
    }
}

/// Drops comparisons of meshes about objects that another rule reports for what they do to traffic.
fn leave_objects(by_rule: &mut BTreeMap<&'static str, Vec<Diagnostic>>) {
    let speakers = by_rule.iter().filter(|(rule, _)| speaks_of_traffic(rule));
    let reported: FxHashSet<ObjectId> = speakers
        .flat_map(|(_, findings)| findings)
        .filter_map(|finding| finding.object.clone())
        .collect();
    if let Some(findings) = by_rule.get_mut(COMPARISON) {
        let is_reported = |object: &ObjectId| reported.contains(object);
        findings.retain(|finding| !finding.object.as_ref().is_some_and(is_reported));
    }
}

/// What becomes of a finding beside the pairs that others explain.
fn fate(finding: &Diagnostic, explained: &FxHashSet<PairId>) -> Fate {
    let lost = finding
        .pairs
        .iter()
        .filter(|pair| explained.contains(pair))
        .count();
    if lost == 0 {
        Fate::Stays
    } else if lost == finding.pairs.len() {
        Fate::Goes
    } else {
        Fate::IsRetold
    }
}

/// Whether a finding that was told again has pairs, or had none before either.
fn is_about_something(finding: &Diagnostic, before: &[Diagnostic]) -> bool {
    let mut without_pairs = before.iter().filter(|other| other.pairs.is_empty());
    !finding.pairs.is_empty() || without_pairs.any(|other| other.place == finding.place)
}

#[cfg(test)]
mod tests {
    use crate::diagnostic::Diagnostic;
    use crate::engine::testing::{NO_AUTO_MTLS, SHOP, STRICT, WEB};
    use crate::engine::{Request, lint};
    use crate::source::tree::Memory;

    /// A service without a rule, and a rule for `web` that has no tls.
    const SERVICES: &str = "\
apiVersion: v1
kind: Service
metadata: {name: api, namespace: shop}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web, trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}}
---
";

    /// A rule for `web` that the one above replaces.
    const REPLACED: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: istio-system}
spec: {host: web.shop.svc.cluster.local, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
";

    fn found(objects: &str) -> Vec<Diagnostic> {
        let mesh = [NO_AUTO_MTLS, STRICT, SHOP, WEB, SERVICES, objects].concat();
        let tree = Memory::new([("mesh.yaml", mesh)]);
        let request = Request {
            paths: vec![".".into()],
            ..Request::default()
        };
        let outcome = lint(&request, &tree).expect("the mesh can be linted");
        outcome.report.diagnostics
    }

    fn of<'a>(rule: &str, found: &'a [Diagnostic]) -> &'a Diagnostic {
        let finding = found.iter().find(|finding| finding.rule == rule);
        finding.unwrap_or_else(|| panic!("{found:#?}"))
    }

    #[test]
    fn a_finding_counts_and_names_only_the_pairs_that_no_other_finding_explains() {
        let rule = "strict-without-client-mtls";
        let alone = found("");
        let extent = &of(rule, &alone).evidence[0].text;
        assert!(
            extent.starts_with("concerns 1 client and 2 destinations"),
            "{extent}"
        );
        let beside = found(REPLACED);
        assert!(
            of("override-drops-mtls", &beside)
                .message
                .contains("`web.shop")
        );
        let extent = &of(rule, &beside).evidence[0].text;
        assert!(
            extent.starts_with("concerns 1 client and 1 destination"),
            "{extent}"
        );
        assert!(!extent.contains("web.shop.svc"), "{extent}");
    }
}
