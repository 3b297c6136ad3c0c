//! Undecidable order: Istio orders objects by creation time, which a repository does not have (design, section 3).
//!
//! The verdict follows name order, as a same-second apply gives it. Where objects tie, the mesh is built again with
//! another one first (or last), and the verdicts that differ are kept.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use rayon::prelude::*;

use super::Mesh;
use super::config::Config;
use super::decision::{Decision, Destination};
use super::parts::Parts;
use super::verdict::Verdict;
use super::version::LookupStyle;
use crate::object::ObjectId;
use crate::resource::{Fqdn, Meta, Timestamp};

/// What another order of creation would give.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct OtherOrder<'a> {
    /// The object that would count if it had been created first, or last where the last one counts.
    pub(crate) object: &'a ObjectId,
    /// The verdict then.
    pub(crate) verdict: Verdict,
}

/// What identifies a pair in two builds of one mesh.
type Key = (String, Destination);

/// The verdicts that differ from those of name order, per object that was moved; computed when somebody asks.
#[derive(Debug, Default)]
pub(super) struct Alternatives(OnceLock<Vec<(ObjectId, BTreeMap<Key, Verdict>)>>);

/// How many other orders are looked at; a mesh with more ties is told by its first ones.
const MAX_ORDERS: usize = 32;

/// Before every time that an API server writes.
const FIRST: &str = "0";

/// An object that is moved, to the front or to the end of those it ties with.
struct Move {
    object: ObjectId,
    /// The objects that must come before all others: the moved one, or all it ties with.
    early: Vec<ObjectId>,
}

impl Mesh {
    /// The other verdicts that objects without a creation time could give if they were created in another order.
    pub(crate) fn other_orders(&self, decision: &Decision) -> Vec<OtherOrder<'_>> {
        let all = self.alternatives.0.get_or_init(|| self.compute_orders());
        if all.is_empty() {
            return Vec::new();
        }
        let key = self.key_of(decision);
        let differing = all.iter().filter_map(|(object, verdicts)| {
            verdicts
                .get(&key)
                .map(|&verdict| OtherOrder { object, verdict })
        });
        differing.collect()
    }

    fn key_of(&self, decision: &Decision) -> Key {
        (
            self.class_name(&decision.clients),
            decision.destination.clone(),
        )
    }

    /// Builds the mesh once for every move and keeps what differs.
    fn compute_orders(&self) -> Vec<(ObjectId, BTreeMap<Key, Verdict>)> {
        let moves = moves(&self.parts, &self.config);
        let named: BTreeMap<Key, Verdict> = self
            .decisions()
            .iter()
            .map(|decision| (self.key_of(decision), decision.verdict))
            .collect();
        let differing: Vec<(ObjectId, BTreeMap<Key, Verdict>)> = moves
            .into_par_iter()
            .map(|step| {
                let mut parts = self.parts.clone();
                parts.make_early(&step.early);
                let other = Self::from_parts(self.name.clone(), parts, self.config.clone());
                let verdicts = other
                    .decisions()
                    .iter()
                    .map(|d| (other.key_of(d), d.verdict));
                let differing =
                    verdicts.filter(|(key, verdict)| named.get(key).is_some_and(|v| v != verdict));
                (step.object, differing.collect())
            })
            .collect();
        differing
            .into_iter()
            .filter(|(_, verdicts)| !verdicts.is_empty())
            .collect()
    }
}

/// Every object that ties with others about one thing, first and last in turn.
fn moves(parts: &Parts, config: &Config) -> Vec<Move> {
    let mut groups: BTreeMap<(u8, String), Vec<&Meta>> = BTreeMap::new();
    let everywhere = matches!(
        config.version.value.lookup_style(),
        LookupStyle::Global | LookupStyle::Leaking
    );
    for rule in &parts.rules {
        let host = Fqdn::resolve(&rule.host.value, &rule.meta.namespace, &config.domain);
        // In 1.0 to 1.5 rules of other namespaces take part in the merge.
        let owner = if everywhere {
            ""
        } else {
            rule.meta.namespace.as_str()
        };
        groups
            .entry((0, format!("{owner}/{host}")))
            .or_default()
            .push(&rule.meta);
    }
    for policy in &parts.peer_authentications {
        let kind = if policy.selector.is_some() { 2 } else { 1 };
        groups
            .entry((kind, policy.meta.namespace.to_string()))
            .or_default()
            .push(&policy.meta);
    }
    for policy in parts
        .authentication_policies
        .iter()
        .filter(|policy| !policy.is_mesh_policy)
    {
        let kind = if policy.targets.is_empty() { 3 } else { 4 };
        groups
            .entry((kind, policy.meta.namespace.to_string()))
            .or_default()
            .push(&policy.meta);
    }
    let mut out = Vec::new();
    for members in groups.into_values() {
        let undated: Vec<&ObjectId> = members
            .iter()
            .filter(|meta| meta.created.is_none())
            .map(|meta| &meta.id)
            .collect();
        if undated.len() < 2 {
            continue;
        }
        for (position, &object) in undated.iter().enumerate() {
            let others = || {
                undated
                    .iter()
                    .filter(|&&id| id != object)
                    .map(|&id| id.clone())
                    .collect()
            };
            if position > 0 {
                out.push(Move {
                    object: object.clone(),
                    early: vec![object.clone()],
                });
            }
            if position + 1 < undated.len() && undated.len() > 2 {
                out.push(Move {
                    object: object.clone(),
                    early: others(),
                });
            }
        }
    }
    out.truncate(MAX_ORDERS);
    out
}

impl Parts {
    /// Gives objects a creation time before all others.
    fn make_early(&mut self, early: &[ObjectId]) {
        let touch = |meta: &mut Meta| {
            if early.contains(&meta.id) {
                meta.created = Some(Timestamp(FIRST.into()));
            }
        };
        self.rules.iter_mut().for_each(|x| touch(&mut x.meta));
        self.peer_authentications
            .iter_mut()
            .for_each(|x| touch(&mut x.meta));
        self.authentication_policies
            .iter_mut()
            .for_each(|x| touch(&mut x.meta));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::engine::{Analysis, Request, analyse};
    use crate::source::tree::Memory;

    const WEB: &str = "
apiVersion: v1
kind: Namespace
metadata: {name: server, labels: {istio-injection: enabled}}
---
apiVersion: v1
kind: Service
metadata: {name: web, namespace: server}
spec: {selector: {app: web}, ports: [{name: http, port: 80}]}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: server}
spec: {template: {metadata: {labels: {app: web}}, spec: {containers: [{name: app}]}}}
---
apiVersion: security.istio.io/v1
kind: PeerAuthentication
metadata: {name: default, namespace: istio-system}
spec: {mtls: {mode: STRICT}}
";

    fn analysed(objects: &str) -> Analysis {
        let request = Request {
            stdin: Some(format!("{WEB}---\n{objects}").into_bytes()),
            auto_mtls: Some(false),
            ..Request::default()
        };
        analyse(&request, &Memory::default()).expect("the text can be read")
    }

    fn rule(name: &str, policy: &str) -> String {
        format!(
            "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {{name: {name}, namespace: server}}\nspec: {{host: web, trafficPolicy: {{{policy}}}}}\n---\n"
        )
    }

    fn other_verdicts(objects: &str) -> Vec<(String, Verdict)> {
        let analysis = analysed(objects);
        let mesh = analysis.meshes.first().expect("there is a mesh");
        let decision = mesh.decisions().first().expect("there is a decision");
        let orders = mesh.other_orders(decision).into_iter();
        orders
            .map(|order| (order.object.to_string(), order.verdict))
            .collect()
    }

    #[test]
    fn the_rule_that_loses_by_its_name_would_change_the_verdict() {
        let objects =
            rule("a", "connectionPool: {tcp: {}}") + &rule("b", "tls: {mode: ISTIO_MUTUAL}");
        let expected = ("DestinationRule server/b".to_owned(), Verdict::Encrypted);
        assert_eq!(other_verdicts(&objects), [expected]);
    }

    #[test]
    fn an_order_that_changes_nothing_is_not_kept() {
        let objects =
            rule("a", "tls: {mode: ISTIO_MUTUAL}") + &rule("b", "tls: {mode: ISTIO_MUTUAL}");
        assert!(other_verdicts(&objects).is_empty());
    }

    #[test]
    fn policies_of_one_namespace_tie_too() {
        let policy = |name: &str, mode: &str| {
            format!(
                "apiVersion: security.istio.io/v1\nkind: PeerAuthentication\nmetadata: {{name: {name}, namespace: server}}\nspec: {{mtls: {{mode: {mode}}}}}\n---\n"
            )
        };
        let objects = policy("a", "PERMISSIVE") + &policy("b", "STRICT");
        let expected = ("PeerAuthentication server/b".to_owned(), Verdict::Refused);
        assert_eq!(other_verdicts(&objects), [expected]);
    }

    #[test]
    fn objects_with_a_creation_time_are_not_moved() {
        let dated = |name: &str, policy: &str, time: &str| {
            rule(name, policy).replace(
                "namespace: server}",
                &format!("namespace: server, creationTimestamp: {time}}}"),
            )
        };
        let objects = dated("a", "connectionPool: {tcp: {}}", "2024-01-01T00:00:00Z")
            + &dated("b", "tls: {mode: ISTIO_MUTUAL}", "2024-01-02T00:00:00Z");
        assert!(other_verdicts(&objects).is_empty());
    }
}
