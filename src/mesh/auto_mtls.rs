//! What a client's cluster is set to, and what each endpoint is sent: explicit tls and auto mTLS (semantics 6, 8.4, 10.6).

use super::Mesh;
use super::evidence::{Recorder, derived, stated};
use super::server::ServerMode;
use super::services::{Endpoint, EndpointOwner, Port, Resolution, Service};
use super::traffic_policy::{EffectivePolicy, Flat, Level};
use super::version::{OriginalDstAutoMtls, SubsetStyle};
use super::workloads::{EndpointTls, ProxyKind};
use crate::resource::{Labels, TlsMode, TlsSettings};

/// What a client's cluster is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum ClusterTls {
    /// Plaintext.
    None,
    /// Decided for each endpoint.
    Auto,
    /// Istio mutual TLS to every endpoint.
    IstioMutual,
    /// TLS with the server's certificate only.
    Simple,
    /// TLS with certificates of the user.
    Mutual,
    /// The rule in force does not define the subset.
    NoCluster,
    /// The host is outside the client's scope: passed through in clear.
    NotVisible,
    /// The host is outside the client's scope: blocked.
    Blackhole,
}

impl ClusterTls {
    /// The word of the matrix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Auto => "auto",
            Self::IstioMutual => "istio_mutual",
            Self::Simple => "simple",
            Self::Mutual => "mutual",
            Self::NoCluster => "no_cluster",
            Self::NotVisible => "not_visible",
            Self::Blackhole => "blackhole",
        }
    }
}

/// What an endpoint is sent.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Sends {
    /// What the application wrote.
    Plaintext,
    /// Istio mutual TLS.
    Mtls,
    /// TLS with other certificates.
    Tls,
    /// HBONE, the mutual TLS tunnel of ambient.
    Hbone,
}

impl Sends {
    /// The word of the matrix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Plaintext => "plaintext",
            Self::Mtls => "mtls",
            Self::Tls => "tls",
            Self::Hbone => "hbone",
        }
    }
}

/// A destination as a client's proxy sees it.
#[derive(Clone, Copy)]
pub(crate) struct Target<'a> {
    /// The service.
    pub(crate) service: &'a Service,
    /// Its port.
    pub(crate) port: &'a Port,
    /// The client's proxy.
    pub(crate) proxy: ProxyKind,
    /// Whether the rule in force has a workload selector, which keeps `credentialName`.
    pub(crate) rule_has_selector: bool,
    /// Whether any DestinationRule applies.
    pub(crate) has_rule: bool,
}

/// What the client's cluster is set to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Cluster {
    /// The mode.
    pub(crate) tls: ClusterTls,
    /// Whether it goes to the original destination: all endpoints, one mode.
    pub(crate) original_dst: bool,
}

impl Mesh {
    /// The cluster for a destination under a policy.
    pub(crate) fn cluster(
        &self,
        target: Target<'_>,
        policy: &EffectivePolicy<'_>,
        recorder: &mut impl Recorder,
    ) -> Cluster {
        let service_passthrough = target.service.resolution == Resolution::Passthrough
            && target.proxy != ProxyKind::Gateway;
        let original_dst = service_passthrough || policy.passthrough;
        let tls = match self.config.version.value.subset_style() {
            SubsetStyle::TwoPasses => {
                self.two_passes(target, policy, service_passthrough, recorder)
            }
            SubsetStyle::Overlay | SubsetStyle::MergedRaw | SubsetStyle::Merged => {
                match policy.merged.and_then(|flat| Some((flat, flat.tls?))) {
                    Some((flat, tls)) => self.explicit(target, flat, tls, recorder),
                    None => self.automatic(target, policy, original_dst, recorder),
                }
            }
        };
        Cluster { tls, original_dst }
    }

    /// The cluster for an explicit tls.
    fn explicit(
        &self,
        target: Target<'_>,
        flat: Flat<'_>,
        tls: &TlsSettings,
        recorder: &mut impl Recorder,
    ) -> ClusterTls {
        self.record_tls(flat, tls, recorder);
        let dropped = tls.credential_name.as_ref().filter(|name| {
            matches!(tls.mode, TlsMode::Simple | TlsMode::Mutual)
                && target.proxy == ProxyKind::Sidecar
                && !target.rule_has_selector
                && self.config.version.value.drops_credential_name()
                && !(self.config.version.value.keeps_config_map_credential()
                    && name.value.starts_with("configmap://"))
        });
        if let Some(name) = dropped {
            recorder.record(|| {
                let rule = &self.rules.rule(flat.rule).meta.id;
                stated("sidecars drop a `tls` with `credentialName` where the rule has no `workloadSelector`: plaintext", name.place, rule)
            });
            return ClusterTls::None;
        }
        match tls.mode {
            TlsMode::Disable => ClusterTls::None,
            TlsMode::Simple => ClusterTls::Simple,
            TlsMode::Mutual if tls.credential_name.is_none() && !tls.has_client_certificate => {
                recorder.record(|| {
                    derived("MUTUAL without a client certificate is dropped: plaintext")
                });
                ClusterTls::None
            }
            TlsMode::Mutual => ClusterTls::Mutual,
            TlsMode::IstioMutual => ClusterTls::IstioMutual,
        }
    }

    /// The cluster where no tls is set.
    fn automatic(
        &self,
        target: Target<'_>,
        policy: &EffectivePolicy<'_>,
        original_dst: bool,
        recorder: &mut impl Recorder,
    ) -> ClusterTls {
        if let Some(fact) = &self.config.auth_policy_mutual_tls
            && !target.has_rule
            && !target.service.mesh_external
        {
            recorder.record(|| fact.clone());
            return ClusterTls::IstioMutual;
        }
        self.record_unset(policy, recorder);
        if !self.auto_mtls_applies(target, policy.hint_passthrough, recorder) {
            return ClusterTls::None;
        }
        if !original_dst {
            return ClusterTls::Auto;
        }
        match self.config.version.value.original_dst_auto_mtls() {
            OriginalDstAutoMtls::WithoutMetadata => ClusterTls::Auto,
            OriginalDstAutoMtls::Never => ClusterTls::None,
            OriginalDstAutoMtls::Always
            | OriginalDstAutoMtls::HeadlessByEndpoints
            | OriginalDstAutoMtls::ByEndpoints => {
                recorder.record(|| {
                    derived("the cluster goes to the original destination: mutual TLS for every endpoint, or none")
                });
                ClusterTls::IstioMutual
            }
        }
    }

    /// Whether auto mTLS is on for a destination (`buildUpstreamTLSSettings`, `BestEffortInferServiceMTLSMode`).
    pub(crate) fn auto_mtls_applies(
        &self,
        target: Target<'_>,
        lb_passthrough: bool,
        recorder: &mut impl Recorder,
    ) -> bool {
        let service = target.service;
        if service.mesh_external {
            recorder.record(|| {
                let text = format!("{} is MESH_EXTERNAL: no auto mTLS", service.object);
                stated(text, service.place, &service.object)
            });
            return false;
        }
        let auto = &self.config.auto_mtls;
        recorder.record(|| auto.fact.clone());
        if !auto.value {
            return false;
        }
        let asks_endpoints = match self.config.version.value.original_dst_auto_mtls() {
            OriginalDstAutoMtls::ByEndpoints => {
                service.resolution == Resolution::Passthrough || lb_passthrough
            }
            OriginalDstAutoMtls::HeadlessByEndpoints => {
                service.resolution == Resolution::Passthrough
            }
            OriginalDstAutoMtls::Always
            | OriginalDstAutoMtls::Never
            | OriginalDstAutoMtls::WithoutMetadata => false,
        };
        if asks_endpoints && !self.all_endpoints_take_mtls(target, recorder) {
            return false;
        }
        let hint = self.service_hint(target, recorder);
        hint != ServerMode::Disable
    }

    /// Headless and PASSTHROUGH: every endpoint, and at least one, must not be without a proxy.
    fn all_endpoints_take_mtls(&self, target: Target<'_>, recorder: &mut impl Recorder) -> bool {
        let mut endpoints = self
            .registry
            .endpoints(target.service, target.port)
            .peekable();
        if endpoints.peek().is_none() {
            recorder
                .record(|| derived("no workload behind the service is in the input: no auto mTLS"));
            return false;
        }
        recorder.record(|| {
            derived("the cluster goes to the original destination, where auto mTLS needs a proxy at every endpoint")
        });
        let mut all = true;
        for endpoint in endpoints {
            let has_proxy = endpoint.tls != EndpointTls::Disabled;
            all &= has_proxy;
            recorder.record(|| {
                let word = if has_proxy { "with" } else { "without" };
                let text = format!("`{}` stands there {word} a proxy", endpoint.label);
                stated(text, endpoint.place, &endpoint.object)
            });
            self.record_endpoint_tls(endpoint, recorder);
        }
        all
    }

    /// What the client expects of the service as a whole.
    fn service_hint(&self, target: Target<'_>, recorder: &mut impl Recorder) -> ServerMode {
        let version = self.config.version.value;
        let by_policy = self
            .policies
            .hint(&target.service.namespace, &self.config, recorder);
        if let Some(mode) = by_policy {
            return mode;
        }
        if version.reads_legacy_policies() {
            let none = Labels::default();
            let legacy =
                self.legacy
                    .mode(target.service, target.port, &none, &self.config, recorder);
            let without = if version.reads_both_policies() {
                ServerMode::Permissive
            } else {
                ServerMode::Disable
            };
            return legacy.unwrap_or(without);
        }
        ServerMode::Permissive
    }

    /// The passes of 1.1 to 1.7: the rule's policy is applied to the cluster, then the subset's (semantics 10.5).
    fn two_passes(
        &self,
        target: Target<'_>,
        policy: &EffectivePolicy<'_>,
        service_passthrough: bool,
        recorder: &mut impl Recorder,
    ) -> ClusterTls {
        let version = self.config.version.value;
        let mut blocks: Vec<Option<Flat<'_>>> = Vec::with_capacity(2);
        let rule = policy
            .passes
            .iter()
            .find(|f| matches!(f.level, Level::Rule | Level::RulePort))
            .copied();
        let own = policy
            .passes
            .iter()
            .find(|f| matches!(f.level, Level::Subset | Level::SubsetPort))
            .copied();
        blocks.push(rule);
        if policy.is_subset && (own.is_some() || !version.second_pass_needs_policy()) {
            blocks.push(own);
        }
        let mut socket = ClusterTls::None;
        let mut matches = false;
        // A load balancer turns the cluster towards the original destination from its pass on.
        let mut original_dst = service_passthrough;
        for block in blocks {
            original_dst |= block.is_some_and(|flat| flat.passthrough == Some(true));
            let Some((flat, tls)) = block.and_then(|flat| Some((flat, flat.tls?))) else {
                if let Some(flat) = block {
                    self.record_block_without_tls(flat, recorder);
                }
                if self.auto_mtls_applies(target, policy.hint_passthrough, recorder) {
                    match version.original_dst_auto_mtls() {
                        OriginalDstAutoMtls::Never if original_dst => {}
                        OriginalDstAutoMtls::Always
                        | OriginalDstAutoMtls::HeadlessByEndpoints
                        | OriginalDstAutoMtls::ByEndpoints
                            if original_dst =>
                        {
                            socket = ClusterTls::IstioMutual;
                        }
                        OriginalDstAutoMtls::WithoutMetadata
                        | OriginalDstAutoMtls::Never
                        | OriginalDstAutoMtls::Always
                        | OriginalDstAutoMtls::HeadlessByEndpoints
                        | OriginalDstAutoMtls::ByEndpoints => {
                            matches = true;
                            socket = ClusterTls::None;
                        }
                    }
                }
                continue;
            };
            let explicit = self.explicit(target, flat, tls, recorder);
            if explicit != ClusterTls::None || version.disable_empties_socket() {
                socket = explicit;
            }
            if version.explicit_tls_clears_matches() && !original_dst {
                matches = false;
            }
        }
        if matches { ClusterTls::Auto } else { socket }
    }

    /// What one endpoint of a cluster is sent.
    pub(crate) fn sends(
        &self,
        cluster: Cluster,
        policy: &EffectivePolicy<'_>,
        endpoint: &Endpoint,
        recorder: &mut impl Recorder,
    ) -> Sends {
        if !cluster.original_dst
            && self.takes_tunnel(endpoint)
            && endpoint.tls != EndpointTls::Istio
        {
            recorder
                .record(|| derived("the endpoint takes HBONE, which is sent whatever a rule says"));
            recorder.record(|| self.tunnel_fact(endpoint));
            return Sends::Hbone;
        }
        match cluster.tls {
            ClusterTls::IstioMutual => Sends::Mtls,
            ClusterTls::Simple | ClusterTls::Mutual => Sends::Tls,
            // Endpoints of such clusters carry no metadata to match by.
            ClusterTls::Auto if cluster.original_dst => Sends::Plaintext,
            ClusterTls::Auto if self.endpoint_gets_mtls(policy, endpoint, recorder) => Sends::Mtls,
            ClusterTls::Auto
            | ClusterTls::None
            | ClusterTls::NoCluster
            | ClusterTls::NotVisible
            | ClusterTls::Blackhole => Sends::Plaintext,
        }
    }

    /// Whether an endpoint takes HBONE: ambient pods, and sidecars with a tunnel listener.
    pub(crate) fn takes_tunnel(&self, endpoint: &Endpoint) -> bool {
        self.config.ambient.is_some()
            && self
                .workload_of(endpoint)
                .is_some_and(|w| w.proxy == ProxyKind::Ztunnel || w.tunnel)
    }

    fn tunnel_fact(&self, endpoint: &Endpoint) -> crate::diagnostic::Fact {
        self.workload_of(endpoint).map_or_else(
            || derived("the endpoint takes HBONE"),
            |w| w.proxy_fact.clone(),
        )
    }

    /// The decision of auto mTLS for one endpoint (`mtls_checker.go`).
    fn endpoint_gets_mtls(
        &self,
        policy: &EffectivePolicy<'_>,
        endpoint: &Endpoint,
        recorder: &mut impl Recorder,
    ) -> bool {
        self.record_endpoint_tls(endpoint, recorder);
        if endpoint.tls != EndpointTls::Istio {
            return false;
        }
        if let Some(mode) = policy.endpoint_mode {
            recorder.record(|| {
                let text = format!(
                    "for the endpoint, auto mTLS goes by the wider `tls` of the rule all the same: {}",
                    mode.as_str()
                );
                derived(text)
            });
            return mode == TlsMode::IstioMutual;
        }
        if !self.config.version.value.auto_mtls_asks_endpoint_policy() {
            return true;
        }
        let (namespace, labels, port) = (&endpoint.namespace, &endpoint.labels, endpoint.port);
        self.policies
            .mode(namespace, labels, port, &self.config, recorder)
            != ServerMode::Disable
    }

    fn record_endpoint_tls(&self, endpoint: &Endpoint, recorder: &mut impl Recorder) {
        recorder.record(|| match (&endpoint.owner, self.workload_of(endpoint)) {
            (EndpointOwner::Workload(_), Some(workload)) => workload.proxy_fact.clone(),
            (
                EndpointOwner::Workload(_) | EndpointOwner::Address(_) | EndpointOwner::Group(_),
                _,
            ) => {
                let word = if endpoint.tls == EndpointTls::Istio {
                    "takes"
                } else {
                    "does not take"
                };
                let text = format!("the endpoint {word} Istio mutual TLS");
                stated(text, endpoint.place, &endpoint.object)
            }
        });
    }

    fn record_tls(&self, flat: Flat<'_>, tls: &TlsSettings, recorder: &mut impl Recorder) {
        recorder.record(|| {
            let rule = &self.rules.rule(flat.rule).meta.id;
            let scope = match flat.level {
                Level::Rule => "",
                Level::RulePort => " for the port",
                Level::Subset => " for the subset",
                Level::SubsetPort => " for the port of the subset",
            };
            let text = match tls.mode_place {
                Some(_) => format!("{rule} sets tls mode {}{scope}", tls.mode.as_str()),
                None => {
                    format!("{rule} has a `tls` without `mode`{scope}, which means DISABLE")
                }
            };
            stated(text, tls.mode_place.unwrap_or(tls.place), rule)
        });
    }

    fn record_unset(&self, policy: &EffectivePolicy<'_>, recorder: &mut impl Recorder) {
        if let Some(flat) = policy.merged {
            self.record_block_without_tls(flat, recorder);
        }
    }

    fn record_block_without_tls(&self, flat: Flat<'_>, recorder: &mut impl Recorder) {
        recorder.record(|| {
            let rule = &self.rules.rule(flat.rule).meta.id;
            let text = match flat.level {
                Level::Rule => "its `trafficPolicy` has no `tls`",
                Level::RulePort => {
                    "its `portLevelSettings` for the port have no `tls` and inherit none"
                }
                Level::Subset => "the `trafficPolicy` of the subset has no `tls`",
                Level::SubsetPort => {
                    "the subset's `portLevelSettings` for the port have no `tls` and inherit none"
                }
            };
            stated(format!("{rule}: {text}"), flat.place, rule)
        });
    }
}
