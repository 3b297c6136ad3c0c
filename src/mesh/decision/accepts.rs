//! What an endpoint accepts, whatever stands in front of it: nothing, a sidecar, a gateway, ztunnel.

use super::Question;
use crate::mesh::Mesh;
use crate::mesh::ambient;
use crate::mesh::evidence::{Recorder, stated};
use crate::mesh::legacy::LegacyIndex;
use crate::mesh::server::ServerMode;
use crate::mesh::services::{Endpoint, EndpointOwner};
use crate::mesh::verdict::Accepts;
use crate::mesh::workloads::{EndpointTls, MeshWorkload, ProxyKind};

impl Mesh {
    /// What an endpoint accepts.
    pub(super) fn accepts(
        &self,
        q: Question<'_>,
        endpoint: &Endpoint,
        recorder: &mut impl Recorder,
    ) -> Accepts {
        let Some(workload) = self.workload_of(endpoint) else {
            let has_proxy = endpoint.tls == EndpointTls::Istio;
            recorder.record(|| {
                let text = if has_proxy {
                    "the address is said to have a proxy"
                } else {
                    "the address is not known to have a proxy"
                };
                stated(text, endpoint.place, &endpoint.object)
            });
            if has_proxy {
                return self.sidecar_accepts(q, endpoint, recorder);
            }
            return Accepts::NoProxy;
        };
        recorder.record(|| workload.proxy_fact.clone());
        match workload.proxy {
            ProxyKind::None => Accepts::NoProxy,
            ProxyKind::Gateway => Accepts::Gateway,
            ProxyKind::Ztunnel => {
                let (namespace, labels) = (&endpoint.namespace, &endpoint.labels);
                let refuses = ambient::refuses_plaintext(
                    &self.policies,
                    namespace,
                    labels,
                    endpoint.port,
                    &self.config,
                    recorder,
                );
                if refuses {
                    Accepts::AmbientStrict
                } else {
                    Accepts::AmbientPermissive
                }
            }
            ProxyKind::Sidecar => {
                if let Some(place) = workload.exclusion(endpoint.port) {
                    recorder.record(|| {
                        let text = format!("port {} bypasses the proxy", endpoint.port);
                        stated(text, place, workload.id())
                    });
                    return Accepts::NoProxy;
                }
                self.sidecar_accepts(q, endpoint, recorder)
            }
        }
    }

    fn sidecar_accepts(
        &self,
        q: Question<'_>,
        endpoint: &Endpoint,
        recorder: &mut impl Recorder,
    ) -> Accepts {
        let version = self.config.version.value;
        let (namespace, labels) = (&endpoint.namespace, &endpoint.labels);
        let by_legacy = version.reads_legacy_policies()
            && !(version.reads_peer_authentication()
                && self.policies.applies_to(namespace, labels));
        let legacy = by_legacy
            .then(|| {
                self.legacy
                    .mode(q.service.1, q.port, labels, &self.config, recorder)
            })
            .flatten();
        let mode = match legacy {
            Some(mode) => mode,
            None if version.reads_peer_authentication() => {
                self.policies
                    .mode(namespace, labels, endpoint.port, &self.config, recorder)
            }
            None => LegacyIndex::without_policy(&self.config, recorder),
        };
        match mode {
            ServerMode::Disable => Accepts::Disable,
            ServerMode::Permissive => Accepts::Permissive,
            ServerMode::Strict => Accepts::Strict,
            ServerMode::AnyTls => Accepts::TlsWithoutClientCertificate,
        }
    }

    /// The workload behind an endpoint.
    pub(crate) fn workload_of(&self, endpoint: &Endpoint) -> Option<&MeshWorkload> {
        match &endpoint.owner {
            EndpointOwner::Workload(id) => self.workloads.get(*id as usize),
            EndpointOwner::Address(_) | EndpointOwner::Group(_) => None,
        }
    }
}
