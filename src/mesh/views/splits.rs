//! Calls that VirtualServices lead to the subsets of a host, so that none reaches the host as a whole.

use std::sync::OnceLock;

use rustc_hash::FxHashMap;

use crate::mesh::decision::Decision;
use crate::mesh::services::ProtocolClass;
use crate::mesh::{Mesh, ProxyKind};
use crate::object::ObjectId;
use crate::source::Place;

/// The VirtualServices by the positions of the decisions that no call meets because of them; computed when somebody asks, since
/// every rule does for every decision.
#[derive(Debug, Default)]
pub(in crate::mesh) struct Splits(OnceLock<FxHashMap<u32, (ObjectId, Place)>>);

impl Mesh {
    /// The VirtualService because of which the HTTP calls of a sidecar never reach the destination of the decision at a position,
    /// since all are led to subsets of its host.
    pub(crate) fn led_to_subsets(&self, position: u32) -> Option<(&ObjectId, Place)> {
        let splits = self.splits.0.get_or_init(|| {
            // Not in parallel: a thread that waits for the others could take up a rule that waits for this.
            let decisions = (0u32..).zip(self.decisions());
            let of = |(position, decision)| {
                let (object, place) = self.split(decision)?;
                Some((position, (object.clone(), place)))
            };
            decisions.filter_map(of).collect()
        });
        let (object, place) = splits.get(&position)?;
        Some((object, *place))
    }

    fn split(&self, decision: &Decision) -> Option<(&ObjectId, Place)> {
        let destination = &decision.destination;
        if decision.proxy != ProxyKind::Sidecar || destination.subset.is_some() {
            return None;
        }
        let clients = || {
            let members = self.clients.members(&decision.clients).into_iter();
            members
                .map(|group| self.clients.group(group).scope())
                .collect()
        };
        let (host, port) = (&destination.host, destination.port);
        let found = self
            .scopes
            .only_by_subset(host, port, clients, &self.config)?;
        let class = self.registry.port(self.service_of(decision), port)?.class;
        (class != ProtocolClass::Tcp).then_some(found)
    }
}
