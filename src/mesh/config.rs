//! The mesh config in force, and where each setting comes from (semantics 1).

use super::evidence::{assumed, derived, stated};
use super::parts::Parts;
use super::version::IstioVersion;
use crate::diagnostic::Fact;
use crate::object::Namespace;
use crate::resource::{
    ExportTo, LabelSelector, Labels, MeshConfig, MeshConfigSource, Meta, OutboundMode,
};
use crate::source::Place;

/// Namespaces of the cluster and the mesh themselves, exempt from assumed injection and as targets.
pub const SYSTEM_NAMESPACES: &[&str] = &[
    "istio-system",
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
];

/// What the user settles on the command line or in the config file.
#[derive(Clone, Debug, Default)]
pub struct Settings {
    /// `--istio-version`.
    pub istio_version: Option<IstioVersion>,
    /// `--auto-mtls`.
    pub auto_mtls: Option<bool>,
    /// `--root-namespace`.
    pub root_namespace: Option<Namespace>,
    /// The domain of Kubernetes services.
    pub cluster_domain: Option<Box<str>>,
    /// The namespaces of the cluster and the mesh themselves, in place of [`SYSTEM_NAMESPACES`].
    pub system_namespaces: Option<Vec<Box<str>>>,
}

/// A setting and the fact that says where it comes from.
#[derive(Clone, Debug)]
pub(crate) struct Known<T> {
    /// The value in force.
    pub(crate) value: T,
    /// Why.
    pub(crate) fact: Fact,
}

/// The mesh config in force.
#[derive(Clone, Debug)]
pub(crate) struct Config {
    /// The version of the control plane.
    pub(crate) version: Known<IstioVersion>,
    /// `enableAutoMtls`.
    pub(crate) auto_mtls: Known<bool>,
    /// `rootNamespace`.
    pub(crate) root_namespace: Known<Namespace>,
    /// `outboundTrafficPolicy.mode`.
    pub(crate) outbound: Known<OutboundMode>,
    /// The domain of Kubernetes services.
    pub(crate) domain: Box<str>,
    /// The namespaces of the cluster and the mesh themselves, the root namespace apart.
    system_namespaces: Vec<Box<str>>,
    /// Whether rules without `exportTo` are private.
    pub(crate) rules_private_by_default: Option<Fact>,
    /// `defaultServiceExportTo`; none means everybody.
    pub(crate) service_export_to: Option<ExportTo>,
    /// `defaultVirtualServiceExportTo`; none means everybody.
    pub(crate) virtual_service_export_to: Option<ExportTo>,
    /// `discoverySelectors`; none means every namespace.
    pub(crate) discovery_selectors: Option<Vec<LabelSelector>>,
    /// The revision of the control plane.
    pub(crate) revision: Box<str>,
    /// Whether every sidecar gets an HBONE listener.
    pub(crate) enable_hbone: Option<Fact>,
    /// Whether ambient is installed: an ambient label is somewhere in the mesh.
    pub(crate) ambient: Option<Fact>,
    /// `authPolicy: MUTUAL_TLS` (1.0).
    pub(crate) auth_policy_mutual_tls: Option<Fact>,
}

/// The revision of a control plane that has no name.
const DEFAULT_REVISION: &str = "default";

impl Config {
    /// Joins what the input states, what the user settles and Istio's defaults.
    pub(crate) fn build(parts: &Parts, settings: &Settings) -> Self {
        let source = preferred(&parts.configs);
        let version = version(parts, source, settings);
        let auto_mtls = auto_mtls(source, settings, version.value);
        Self {
            auto_mtls,
            root_namespace: root_namespace(source, settings),
            outbound: outbound(source, version.value),
            domain: settings
                .cluster_domain
                .clone()
                .unwrap_or_else(|| "cluster.local".into()),
            system_namespaces: settings.system_namespaces.clone().unwrap_or_else(|| {
                let known = SYSTEM_NAMESPACES.iter();
                known.map(|&name| name.into()).collect()
            }),
            rules_private_by_default: private_rules(source, version.value),
            service_export_to: source.and_then(|c| c.default_service_export_to.clone()),
            virtual_service_export_to: source
                .and_then(|c| c.default_virtual_service_export_to.clone()),
            discovery_selectors: source.and_then(|c| c.discovery_selectors.clone()),
            revision: source
                .and_then(|c| c.revision.clone())
                .unwrap_or_else(|| DEFAULT_REVISION.into()),
            enable_hbone: source.and_then(|c| {
                let hbone = c.enable_hbone.filter(|hbone| hbone.value)?;
                Some(config_fact(
                    c,
                    hbone.place,
                    "the mesh config gives every sidecar an HBONE listener",
                ))
            }),
            ambient: version
                .value
                .has_ambient()
                .then(|| ambient(parts))
                .flatten(),
            auth_policy_mutual_tls: source.and_then(|c| {
                let policy = c.auth_policy_mutual_tls.filter(|p| p.value)?;
                let fact = config_fact(
                    c,
                    policy.place,
                    "the mesh config says `authPolicy: MUTUAL_TLS`",
                );
                version.value.reads_auth_policy().then_some(fact)
            }),
            version,
        }
    }

    /// Whether a namespace is the cluster's or the control plane's.
    pub(crate) fn is_system_namespace(&self, namespace: &Namespace) -> bool {
        let name = namespace.as_str();
        let mut system = self.system_namespaces.iter();
        *namespace == self.root_namespace.value || system.any(|system| **system == *name)
    }

    /// Whether objects with a label `istio.io/rev` are read by this control plane (`ObjectInRevision`, semantics 1.4).
    pub(crate) fn reads_revision_of(&self, meta: &Meta) -> bool {
        meta.labels
            .get("istio.io/rev")
            .is_none_or(|revision| revision.is_empty() || *revision == *self.revision)
    }

    /// Whether a namespace of these labels is discovered at all (`pkg/kube/namespace/filter.go`). One whose labels are not
    /// in the input counts as discovered, so that nothing is lost.
    pub(crate) fn discovers(&self, namespace: &Namespace, labels: Option<&Labels>) -> bool {
        let (Some(selectors), Some(labels)) = (&self.discovery_selectors, labels) else {
            return true;
        };
        // The API server gives every namespace this label.
        let value_of = |key: &str| match key {
            "kubernetes.io/metadata.name" => Some(namespace.as_str()),
            _ => labels.get(key),
        };
        selectors.is_empty() || selectors.iter().any(|selector| selector.selects(value_of))
    }
}

/// The source that counts where several hold a mesh config: a rendered ConfigMap before what it is rendered from, the
/// default revision before others.
fn preferred(configs: &[MeshConfig]) -> Option<&MeshConfig> {
    configs.iter().min_by_key(|config| {
        let form = match config.source {
            MeshConfigSource::ConfigMap => 0,
            MeshConfigSource::IstioOperator => 1,
            MeshConfigSource::Sail => 2,
            MeshConfigSource::HelmValues => 3,
        };
        (config.revision.is_some(), form, config.place)
    })
}

/// A fact that stands in a mesh config.
fn config_fact(config: &MeshConfig, place: Place, text: impl Into<String>) -> Fact {
    let object = config.meta.as_ref().map(|meta| meta.id.clone());
    Fact {
        text: text.into(),
        assumed: false,
        place: Some(place),
        object,
    }
}

/// The version: settled, stated by the installation, read off proxy images, or inferred from the kinds in use.
fn version(parts: &Parts, source: Option<&MeshConfig>, settings: &Settings) -> Known<IstioVersion> {
    if let Some(value) = settings.istio_version {
        return Known {
            value,
            fact: derived(format!("Istio {value}, as settled for this run")),
        };
    }
    if let Some((config, text)) = source.and_then(|c| Some((c, c.istio_version.as_ref()?)))
        && let Some(value) = IstioVersion::parse(&text.value)
    {
        return Known {
            value,
            fact: config_fact(config, text.place, format!("Istio {value} is installed")),
        };
    }
    let has_modern = !parts.peer_authentications.is_empty();
    if let Some(known) =
        version_of_proxies(parts).filter(|k| !has_modern || k.value.reads_peer_authentication())
    {
        return known;
    }
    if let Some(policy) = parts
        .authentication_policies
        .first()
        .filter(|_| !has_modern)
    {
        let value = IstioVersion::LEGACY;
        let text = format!(
            "assumed: Istio {value}, since the repository has a {} and no PeerAuthentication",
            policy.meta.id.kind
        );
        let place = Some(policy.meta.place());
        return Known {
            value,
            fact: Fact {
                text,
                assumed: true,
                place,
                object: Some(policy.meta.id.clone()),
            },
        };
    }
    let value = IstioVersion::DEFAULT;
    Known {
        value,
        fact: assumed(format!(
            "Istio {value}, since the repository does not state a version"
        )),
    }
}

/// The version of the proxies that manifests carry, if they agree.
fn version_of_proxies(parts: &Parts) -> Option<Known<IstioVersion>> {
    let mut found: Option<Known<IstioVersion>> = None;
    for workload in &parts.workloads {
        let Some(image) = &workload.proxy_image else {
            continue;
        };
        let Some(value) = image
            .value
            .rsplit_once(':')
            .and_then(|(_, tag)| IstioVersion::parse(tag))
        else {
            continue;
        };
        if found.as_ref().is_some_and(|known| known.value != value) {
            return None;
        }
        found.get_or_insert_with(|| {
            let text = format!("Istio {value}, the version of the proxies in the manifests");
            Known {
                value,
                fact: stated(text, image.place, &workload.meta.id),
            }
        });
    }
    found
}

/// What follows for traffic about which no rule says anything.
fn so(auto_mtls: bool) -> &'static str {
    if auto_mtls {
        ""
    } else {
        ", so nothing adds mutual TLS by itself"
    }
}

/// Whether auto mTLS is on (design, section 3, "Knowledge").
fn auto_mtls(
    source: Option<&MeshConfig>,
    settings: &Settings,
    version: IstioVersion,
) -> Known<bool> {
    if !version.has_auto_mtls() {
        let fact = derived(format!("Istio {version} has no auto mTLS{}", so(false)));
        return Known { value: false, fact };
    }
    let word = |on: bool| if on { "on" } else { "off" };
    if let Some(value) = settings.auto_mtls {
        return Known {
            value,
            fact: derived(format!(
                "auto mTLS is {}, as settled for this run{}",
                word(value),
                so(value)
            )),
        };
    }
    let stated_auto = source.and_then(|config| {
        let helm = config.helm_mtls.as_ref().and_then(|mtls| mtls.auto);
        Some((config, config.enable_auto_mtls.or(helm)?))
    });
    if let Some((config, auto)) = stated_auto {
        let text = format!(
            "the mesh config turns auto mTLS {}{}",
            word(auto.value),
            so(auto.value)
        );
        return Known {
            value: auto.value,
            fact: config_fact(config, auto.place, text),
        };
    }
    let value = version.auto_mtls_by_default();
    let fact = match source {
        Some(config) => {
            let text = format!(
                "auto mTLS is {}, Istio {version}'s default, of which the mesh config says nothing{}",
                word(value),
                so(value)
            );
            config_fact(config, config.place, text)
        }
        None => assumed(format!(
            "auto mTLS is {}, Istio {version}'s default where the repository has no mesh config{}",
            word(value),
            so(value)
        )),
    };
    Known { value, fact }
}

/// The root namespace.
fn root_namespace(source: Option<&MeshConfig>, settings: &Settings) -> Known<Namespace> {
    if let Some(value) = settings.root_namespace.clone() {
        let fact = derived(format!(
            "`{value}` is the root namespace, as settled for this run"
        ));
        return Known { value, fact };
    }
    if let Some((config, root)) = source.and_then(|c| Some((c, c.root_namespace.as_ref()?))) {
        let value = Namespace::new(root.value.clone());
        let fact = config_fact(
            config,
            root.place,
            format!("`{value}` is the root namespace"),
        );
        return Known { value, fact };
    }
    let fact = derived("`istio-system` is the root namespace, Istio's default");
    Known {
        value: Namespace::new("istio-system"),
        fact,
    }
}

/// What an outbound traffic policy does.
pub(super) fn effect(mode: OutboundMode) -> &'static str {
    match mode {
        OutboundMode::AllowAny => "what the proxy does not know is passed through as it is",
        OutboundMode::RegistryOnly => "what the proxy does not know is blocked",
    }
}

/// What happens to traffic for hosts that a client does not know.
fn outbound(source: Option<&MeshConfig>, version: IstioVersion) -> Known<OutboundMode> {
    if version.has_outbound_policy()
        && let Some((config, mode)) = source.and_then(|c| Some((c, c.outbound?)))
    {
        let word = match mode.value {
            OutboundMode::AllowAny => "ALLOW_ANY",
            OutboundMode::RegistryOnly => "REGISTRY_ONLY",
        };
        let fact = config_fact(
            config,
            mode.place,
            format!(
                "the mesh's outbound traffic policy is {word}: {}",
                effect(mode.value)
            ),
        );
        return Known {
            value: mode.value,
            fact,
        };
    }
    let fact = derived(format!(
        "the mesh's outbound traffic policy is ALLOW_ANY, Istio's default: {}",
        effect(OutboundMode::AllowAny)
    ));
    Known {
        value: OutboundMode::AllowAny,
        fact,
    }
}

/// Whether a rule without `exportTo` is private: only `.` in the default counts (semantics 4.3); 1.1 to 1.5 ask for `*`.
fn private_rules(source: Option<&MeshConfig>, version: IstioVersion) -> Option<Fact> {
    let config = source?;
    let default = config
        .default_destination_rule_export_to
        .as_ref()
        .filter(|e| !e.values.is_empty())?;
    let private = if version.reads_first_export_to() {
        !default.contains("*")
    } else {
        default.contains(".")
    };
    let text = "the mesh config makes rules without `exportTo` private to their namespace";
    private.then(|| config_fact(config, default.place, text))
}

/// Ambient counts as installed as soon as anything is labelled for it.
fn ambient(parts: &Parts) -> Option<Fact> {
    const KEY: &str = "istio.io/dataplane-mode";
    let text = "ambient is installed: something in the mesh is labelled for it";
    let is_ambient = |labels: &Labels| {
        labels
            .spanned(KEY)
            .filter(|value| &*value.value == "ambient")
            .map(|value| value.place)
    };
    let namespaces = parts
        .namespaces
        .iter()
        .map(|ns| (&ns.meta.labels, &ns.meta.id));
    let workloads = parts
        .workloads
        .iter()
        .map(|workload| (&workload.labels, &workload.meta.id));
    namespaces
        .chain(workloads)
        .find_map(|(labels, id)| is_ambient(labels).map(|place| stated(text, place, id)))
}
