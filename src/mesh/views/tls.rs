//! Which written tls a decision rests on, and what stands at its endpoints.

use crate::diagnostic::Fact;
use crate::mesh::auto_mtls::{ClusterTls, Sends};
use crate::mesh::decision::{Decision, EndpointDecision};
use crate::mesh::traffic_policy::{Flat, Level};
use crate::mesh::workloads::ProxyKind;
use crate::mesh::{Accepts, Mesh};
use crate::resource::{TlsMode, TlsSettings};

/// What stands behind an endpoint that takes bytes as they come.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Unproxied<'a> {
    /// A workload, with the fact that says it has no proxy.
    Workload(&'a Fact),
    /// An address that an `Endpoints` or `EndpointSlice` object lists for a Service.
    Listed,
}

/// A subset whose own policy decides about tls, beside what its rule gives the host as a whole.
#[derive(Debug)]
pub(crate) struct SubsetChange<'a> {
    /// The block of the subset that decides.
    pub(crate) block: Flat<'a>,
    /// The block that decides for the host as a whole.
    pub(crate) wider_block: Flat<'a>,
    /// Its tls.
    pub(crate) wider: &'a TlsSettings,
    /// The decision about the host as a whole.
    pub(crate) whole: &'a Decision,
}

impl Sends {
    /// How well it protects what is sent.
    pub(crate) fn strength(self) -> u8 {
        match self {
            Self::Plaintext => 0,
            Self::Tls => 1,
            Self::Mtls | Self::Hbone => 2,
        }
    }
}

impl Decision {
    /// Whether its clients have an Envoy, which looks rules up.
    pub(crate) fn has_envoy(&self) -> bool {
        matches!(self.proxy, ProxyKind::Sidecar | ProxyKind::Gateway)
    }
}

impl Mesh {
    /// The block whose tls the clients' cluster is set to; none where no rule sets one, or where it has no effect.
    pub(crate) fn explicit_tls<'a>(
        &'a self,
        decision: &Decision,
    ) -> Option<(Flat<'a>, &'a TlsSettings)> {
        let block = self.in_force(decision)?.block?;
        let tls = block.tls?;
        (cluster_tls(tls.mode) == decision.tls).then_some((block, tls))
    }

    /// The element of `portLevelSettings` that decides and has no tls, with the tls of the policy it is in, which does
    /// not count for its port.
    pub(crate) fn hidden_tls<'a>(
        &'a self,
        decision: &Decision,
    ) -> Option<(Flat<'a>, &'a TlsSettings)> {
        let block = self.in_force(decision)?.block?;
        let hides = block.element.is_some() && block.tls.is_none();
        hides.then_some((block, block.policy.tls.as_ref()?))
    }

    /// What a subset changes about the tls of its rule; `None` where the rule sets none, or the subset does not decide.
    pub(crate) fn subset_change<'a>(
        &'a self,
        index: u32,
        decision: &Decision,
    ) -> Option<SubsetChange<'a>> {
        decision.destination.subset.as_ref()?;
        let block = self.in_force(decision)?.block?;
        if !matches!(block.level, Level::Subset | Level::SubsetPort) {
            return None;
        }
        let (_, whole) = self.without_subset(index, decision)?;
        let (wider_block, wider) = self.explicit_tls(whole)?;
        Some(SubsetChange {
            block,
            wider_block,
            wider,
            whole,
        })
    }

    /// Whether the port's declared protocol is TLS itself.
    pub(crate) fn carries_tls(&self, decision: &Decision) -> bool {
        self.port_of(decision).is_some_and(|port| port.carries_tls)
    }

    /// What stands behind an endpoint without a proxy; `None` where there is one, or where nobody can tell: behind the
    /// addresses of WorkloadEntries and ServiceEntries a proxy may run that no manifest shows.
    pub(crate) fn unproxied<'a>(
        &'a self,
        decision: &Decision,
        endpoint: &EndpointDecision,
    ) -> Option<Unproxied<'a>> {
        if endpoint.accepts != Accepts::NoProxy || self.is_system_endpoint(endpoint) {
            return None;
        }
        if let Some(id) = endpoint.workload {
            let workload = self.workloads.get(id as usize)?;
            let has_none = workload.proxy == ProxyKind::None;
            return has_none.then_some(Unproxied::Workload(&workload.proxy_fact));
        }
        let service = self.service_of(decision);
        let mut endpoints = self.registry.endpoints(service, self.port_of(decision)?);
        let is_listed = !self.is_system_namespace(&service.namespace)
            && endpoints
                .any(|listed| matches!(&*listed.object.kind, "Endpoints" | "EndpointSlice"));
        is_listed.then_some(Unproxied::Listed)
    }
}

/// What a cluster is set to by a mode.
fn cluster_tls(mode: TlsMode) -> ClusterTls {
    match mode {
        TlsMode::Disable => ClusterTls::None,
        TlsMode::Simple => ClusterTls::Simple,
        TlsMode::Mutual => ClusterTls::Mutual,
        TlsMode::IstioMutual => ClusterTls::IstioMutual,
    }
}
