//! Refused: which pairs get no answer though no finding is about them, so that no summary claims more than is known.

use rustc_hash::FxHashSet;

use crate::diagnostic::{Diagnostic, PairId};
use crate::mesh::{Mesh, Verdict};

/// How many pairs of client and destination are refused without a finding that is about them.
pub(super) fn unexplained<'a>(
    meshes: &[Mesh],
    findings: impl Iterator<Item = &'a Diagnostic>,
) -> usize {
    let told: FxHashSet<PairId> = findings.flat_map(|one| one.pairs.iter().copied()).collect();
    let of_mesh = |(index, mesh): (u32, &Mesh)| -> usize {
        let refused = (0u32..)
            .zip(mesh.decisions())
            .filter(|(_, decision)| decision.verdict == Verdict::Refused)
            .filter(|&(decision, _)| {
                let mesh = index;
                !told.contains(&PairId { mesh, decision })
            });
        let clients = refused.map(|(_, one)| mesh.client_count(std::iter::once(one)));
        clients.sum()
    };
    (0u32..).zip(meshes).map(of_mesh).sum()
}

#[cfg(test)]
mod tests {
    use crate::engine::testing::{SHOP, STRICT, WEB};
    use crate::engine::{Request, lint};
    use crate::rules::RULES;
    use crate::source::tree::Memory;

    /// A rule that makes clients send plaintext to a server that demands mutual TLS.
    const DISABLE: &str = "\
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: web, namespace: shop}
spec: {host: web.shop.svc.cluster.local, trafficPolicy: {tls: {mode: DISABLE}}}
";

    /// The number of findings, and of the refused pairs that none is about, where rules are left out.
    fn counts(ignore: &[&str]) -> (usize, usize) {
        let text = [SHOP, WEB, STRICT, DISABLE].concat();
        let mut request = Request {
            paths: vec![".".into()],
            ..Request::default()
        };
        request.rules.ignore = ignore.iter().map(|&name| name.into()).collect();
        let report = lint(&request, &Memory::new([("a.yaml", text)])).map(|outcome| outcome.report);
        let report = report.expect("it can be linted");
        (report.diagnostics.len(), report.summary.refused)
    }

    #[test]
    fn pairs_that_a_finding_is_about_are_not_counted_again() {
        let (findings, refused) = counts(&[]);
        assert!(findings > 0);
        assert_eq!(refused, 0);
    }

    #[test]
    fn refused_pairs_without_a_finding_are_counted() {
        let all: Vec<&str> = RULES.iter().map(|rule| rule.meta.name).collect();
        let (findings, refused) = counts(&all);
        assert_eq!(findings, 0);
        assert!(refused > 0);
    }
}
