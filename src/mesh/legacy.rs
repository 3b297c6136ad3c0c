//! MeshPolicy and Policy: what servers accept in Istio 1.0 to 1.5 (semantics 10.1).

use super::client::by_creation;
use super::config::Config;
use super::evidence::{Recorder, derived, stated};
use super::server::ServerMode;
use super::services::{Port, ProtocolClass, Service};
use super::version::{IstioVersion, LegacyPolicyChoice};
use crate::object::{Namespace, NamespaceSource, ObjectId};
use crate::resource::{
    AuthenticationPolicy, DestinationRule, Fqdn, Labels, LegacyMtlsMode, MeshConfig, Meta, Peer,
    PolicyTarget, PortSelector, TlsMode, TlsSettings, TrafficPolicy,
};
use crate::source::{Place, Spanned};

use super::parts::Parts;

/// All legacy policies of a mesh.
#[derive(Clone, Debug, Default)]
pub(crate) struct LegacyIndex {
    policies: Vec<AuthenticationPolicy>,
}

impl LegacyIndex {
    /// Sorts the policies; none from 1.6 on.
    pub(crate) fn build(policies: &[AuthenticationPolicy], config: &Config) -> Self {
        let version = config.version.value;
        if !version.reads_legacy_policies() {
            return Self::default();
        }
        let mut policies = policies.to_vec();
        if version.sorts_legacy_policies() {
            policies.sort_by(|a, b| by_creation(&a.meta, &b.meta, version));
        }
        Self { policies }
    }

    /// The policies in order.
    pub(crate) fn policies(&self) -> &[AuthenticationPolicy] {
        &self.policies
    }

    /// The policy for a service port: of the service, else of the namespace, else of the mesh. The chosen one replaces
    /// the wider ones completely.
    pub(crate) fn policy(
        &self,
        service: &Service,
        port: &Port,
        labels: &Labels,
        config: &Config,
    ) -> Option<&AuthenticationPolicy> {
        let version = config.version.value;
        let own = || {
            self.policies
                .iter()
                .filter(|p| !p.is_mesh_policy && p.meta.namespace == service.namespace)
        };
        let targets = |policy: &AuthenticationPolicy, with_ports: Option<bool>| {
            policy.targets.iter().any(|target| {
                names(target, policy, service, labels, config)
                    && with_ports.is_none_or(|with| target.ports.is_empty() != with)
                    && (target.ports.is_empty()
                        || target.ports.iter().any(|selector| selects(selector, port)))
            })
        };
        let find = |with_ports| own().find(|policy| targets(policy, with_ports));
        let of_service = match version.legacy_policy_choice() {
            LegacyPolicyChoice::First => find(None),
            LegacyPolicyChoice::Last => own().rfind(|policy| targets(policy, None)),
            LegacyPolicyChoice::WithPort => find(Some(true)).or_else(|| find(Some(false))),
            LegacyPolicyChoice::WithoutPort => find(Some(false)).or_else(|| find(Some(true))),
        };
        let of_namespace = || own().find(|policy| policy.targets.is_empty());
        let of_mesh = || {
            self.policies
                .iter()
                .find(|p| p.is_mesh_policy && &*p.meta.id.name == "default")
        };
        of_service.or_else(of_namespace).or_else(of_mesh)
    }

    /// What a workload accepts on a service port; `None` where no policy applies.
    pub(crate) fn mode(
        &self,
        service: &Service,
        port: &Port,
        labels: &Labels,
        config: &Config,
        recorder: &mut impl Recorder,
    ) -> Option<ServerMode> {
        let policy = self.policy(service, port, labels, config)?;
        let version = config.version.value;
        let dropped = policy
            .unresolvable_jwt
            .filter(|_| version.drops_policy_with_unresolvable_jwt());
        if let Some(place) = dropped {
            recorder.record(|| {
                let text = format!(
                    "{} is dropped, its JWT issuer cannot be resolved: plaintext only",
                    policy.meta.id
                );
                stated(text, place, &policy.meta.id)
            });
            return Some(ServerMode::Disable);
        }
        let mode = mode_of(policy, port, version);
        recorder.record(|| {
            let scope = if policy.is_mesh_policy {
                "for the whole mesh"
            } else if policy.targets.is_empty() {
                "for its namespace"
            } else {
                "for the services it names"
            };
            let text = format!("{} {scope}: {}", policy.meta.id, mode.accepts());
            stated(text, policy.peers_place, &policy.meta.id)
        });
        Some(mode)
    }

    /// What a workload accepts where no policy applies: plaintext only (before 1.5 nothing is PERMISSIVE by itself).
    pub(crate) fn without_policy(config: &Config, recorder: &mut impl Recorder) -> ServerMode {
        if let Some(fact) = &config.auth_policy_mutual_tls {
            recorder.record(|| fact.clone());
            return ServerMode::Strict;
        }
        recorder.record(|| {
            derived("no policy applies: before Istio 1.5 proxies then accept plaintext only")
        });
        ServerMode::Disable
    }
}

/// Whether a target is about a service.
fn names(
    target: &PolicyTarget,
    policy: &AuthenticationPolicy,
    service: &Service,
    labels: &Labels,
    config: &Config,
) -> bool {
    match &target.labels {
        Some(selector) if config.version.value.policy_target_labels_replace_name() => {
            selector.selects(labels)
        }
        Some(_) | None => {
            let host = Fqdn::resolve(&target.name.value, &policy.meta.namespace, &config.domain);
            host == service.host
        }
    }
}

fn selects(selector: &PortSelector, port: &Port) -> bool {
    match selector {
        PortSelector::Number(number) => *number == port.number,
        PortSelector::Name(name) => **name == *port.name,
    }
}

/// The mode of a policy (`GetMutualTLS`): its first mtls peer; plaintext only without one.
fn mode_of(policy: &AuthenticationPolicy, port: &Port, version: IstioVersion) -> ServerMode {
    let mut peers = policy.peers.iter().filter_map(|peer| match peer {
        Peer::Mtls {
            mode, allow_tls, ..
        } => Some((*mode, *allow_tls)),
        Peer::Other => None,
    });
    let Some((first, allow_tls)) = peers.next() else {
        return ServerMode::Disable;
    };
    let any = version.any_permissive_peer_counts()
        && (first == LegacyMtlsMode::Permissive
            || peers.any(|(mode, _)| mode == LegacyMtlsMode::Permissive));
    let mode = if any {
        LegacyMtlsMode::Permissive
    } else {
        first
    };
    match mode {
        LegacyMtlsMode::Permissive
            if version.permissive_tcp_refuses_plaintext() && port.class != ProtocolClass::Http =>
        {
            if allow_tls {
                ServerMode::AnyTls
            } else {
                ServerMode::Strict
            }
        }
        LegacyMtlsMode::Permissive => ServerMode::Permissive,
        LegacyMtlsMode::Strict if allow_tls && version.any_permissive_peer_counts() => {
            ServerMode::AnyTls
        }
        LegacyMtlsMode::Strict => ServerMode::Strict,
    }
}

/// The objects that the charts 1.0 to 1.5 install for `global.mtls.enabled`, where a repository holds the values and not
/// the rendered objects (semantics 10.1, 10.2).
pub(crate) fn add_charted(parts: &mut Parts, config: &Config) {
    let version = config.version.value;
    if !version.reads_legacy_policies() {
        return;
    }
    let Some((source, enabled)) = parts
        .configs
        .iter()
        .find_map(|c| Some((c.clone(), c.helm_mtls.as_ref()?.enabled?)))
    else {
        return;
    };
    let has_mesh_policy = parts
        .authentication_policies
        .iter()
        .any(|p| p.is_mesh_policy);
    let is_modern = version.reads_peer_authentication();
    if !has_mesh_policy
        && !is_modern
        && (enabled.value || version.chart_installs_permissive_policy())
    {
        let mode = if enabled.value {
            LegacyMtlsMode::Strict
        } else {
            LegacyMtlsMode::Permissive
        };
        parts
            .authentication_policies
            .push(charted_policy(&source, enabled.place, mode));
    }
    let auto = source
        .helm_mtls
        .as_ref()
        .and_then(|m| m.auto)
        .is_some_and(|auto| auto.value);
    if enabled.value && !(is_modern && auto) {
        let root = &config.root_namespace.value;
        for (name, host, mode) in [
            ("default", "*.local", TlsMode::IstioMutual),
            (
                "api-server",
                "kubernetes.default.svc.cluster.local",
                TlsMode::Disable,
            ),
        ] {
            let rule = charted_rule(root, name, host, mode, enabled.place);
            if parts
                .rules
                .iter()
                .all(|other| other.meta.id != rule.meta.id)
            {
                parts.rules.push(rule);
            }
        }
    }
}

fn charted_meta(kind: &str, namespace: Option<&Namespace>, name: &str, place: Place) -> Meta {
    let group = if kind == "MeshPolicy" {
        "authentication.istio.io"
    } else {
        "networking.istio.io"
    };
    Meta {
        id: ObjectId {
            group: group.into(),
            kind: kind.into(),
            namespace: namespace.cloned(),
            name: name.into(),
        },
        api_version: format!("{group}/v1alpha3").into(),
        name: Spanned::new(name.into(), place),
        namespace: namespace.cloned().unwrap_or_else(|| Namespace::new("")),
        namespace_source: NamespaceSource::ClusterScoped,
        labels: Labels::default(),
        annotations: Labels::default(),
        created: None,
    }
}

fn charted_policy(
    _source: &MeshConfig,
    place: Place,
    mode: LegacyMtlsMode,
) -> AuthenticationPolicy {
    AuthenticationPolicy {
        meta: charted_meta("MeshPolicy", None, "default", place),
        is_mesh_policy: true,
        targets: Vec::new(),
        peers: vec![Peer::Mtls {
            mode,
            allow_tls: false,
            place,
        }],
        has_origins: false,
        unresolvable_jwt: None,
        peers_place: place,
    }
}

fn charted_rule(
    root: &Namespace,
    name: &str,
    host: &str,
    mode: TlsMode,
    place: Place,
) -> DestinationRule {
    let tls = TlsSettings {
        key: place,
        place,
        mode,
        mode_place: Some(place),
        credential_name: None,
        has_client_certificate: false,
    };
    DestinationRule {
        meta: charted_meta("DestinationRule", Some(root), name, place),
        host: Spanned::new(host.into(), place),
        export_to: None,
        workload_selector: None,
        traffic_policy: Some(TrafficPolicy {
            key: place,
            place,
            flow: false,
            tls: Some(tls),
            empty_tls: None,
            load_balancer: None,
            port_level_settings: Vec::new(),
            other_fields: Vec::new(),
        }),
        policy_key: Some(place),
        subsets: Vec::new(),
        spec: place,
    }
}
