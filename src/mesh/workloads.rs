//! Workloads: which of them have a proxy, and what their endpoints say of TLS (semantics 2 and 8.1).

use std::collections::BTreeMap;

use rustc_hash::FxHashSet;

use super::config::Config;
use super::evidence::{assumed, stated};
use super::parts::Parts;
use super::version::IstioVersion;
use crate::diagnostic::Fact;
use crate::object::{Namespace, ObjectId};
use crate::resource::{Labels, Workload, is_wildcard};
use crate::source::{Place, Spanned};

/// The kind of proxy in front of a workload.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ProxyKind {
    /// None: traffic leaves and arrives as the application wrote it.
    None,
    /// A sidecar.
    Sidecar,
    /// A gateway (Envoy as a router).
    Gateway,
    /// The node's ztunnel (ambient).
    Ztunnel,
}

impl ProxyKind {
    /// The word of the matrix.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Sidecar => "sidecar",
            Self::Gateway => "gateway",
            Self::Ztunnel => "ztunnel",
        }
    }
}

/// What the label `security.istio.io/tlsMode` of an endpoint says (semantics 2.2).
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum EndpointTls {
    /// `istio`.
    Istio,
    /// `disabled`, or no label.
    Disabled,
    /// Anything else: not istio for auto mTLS, not disabled for headless services.
    Other,
}

impl EndpointTls {
    /// The value of the label, if there is one.
    pub(crate) fn parse(value: Option<&str>) -> Self {
        match value {
            Some("istio") => Self::Istio,
            None | Some("disabled") => Self::Disabled,
            Some(_) => Self::Other,
        }
    }
}

/// The label that says whether an endpoint takes Istio mutual TLS.
pub(crate) const TLS_MODE: &str = "security.istio.io/tlsMode";

/// A workload with what was decided about its proxy.
#[derive(Clone, Debug)]
pub(crate) struct MeshWorkload {
    /// The manifest.
    pub(crate) resource: Workload,
    /// The proxy.
    pub(crate) proxy: ProxyKind,
    /// Why it has that proxy or none.
    pub(crate) proxy_fact: Fact,
    /// The pod's labels after injection.
    pub(crate) labels: Labels,
    /// What its endpoints say of TLS.
    pub(crate) tls: EndpointTls,
    /// Container ports whose traffic bypasses the proxy, with the place of the annotation.
    pub(crate) excluded_ports: Vec<(u16, Place)>,
    /// Destination ports that the workload itself calls without its sidecar, with the place of the annotation.
    pub(crate) bypassed_ports: Vec<(u16, Place)>,
    /// Whether a sidecar also takes HBONE.
    pub(crate) tunnel: bool,
}

impl MeshWorkload {
    /// Identity of the object.
    pub(crate) fn id(&self) -> &ObjectId {
        &self.resource.meta.id
    }

    /// The namespace.
    pub(crate) fn namespace(&self) -> &Namespace {
        &self.resource.meta.namespace
    }

    /// Where traffic to a container port bypasses the proxy, if it does.
    pub(crate) fn exclusion(&self, port: u16) -> Option<Place> {
        self.excluded_ports
            .iter()
            .find(|(excluded, _)| *excluded == port)
            .map(|(_, place)| *place)
    }
}

/// Decides the proxy of every workload, and takes the workloads out of the parts.
pub(crate) fn place(parts: &mut Parts, config: &Config) -> Vec<MeshWorkload> {
    let workloads = std::mem::take(&mut parts.workloads);
    let namespaces: BTreeMap<&Namespace, (&Labels, Place, &ObjectId)> = parts
        .namespaces
        .iter()
        .map(|ns| {
            (
                &ns.meta.namespace,
                (&ns.meta.labels, ns.meta.place(), &ns.meta.id),
            )
        })
        .collect();
    let touched = Touched::new(parts, config);
    let mut out = Vec::with_capacity(workloads.len());
    for workload in workloads {
        let namespace = namespaces.get(&workload.meta.namespace).copied();
        let cx = Injection {
            workload: &workload,
            namespace,
            config,
            version: config.version.value,
            touched: &touched,
        };
        let (proxy, proxy_fact, injected) = cx.decide();
        let labels = if injected && config.version.value.injector_sets_tls_mode() {
            workload
                .labels
                .with_default(TLS_MODE, Spanned::new("istio".into(), workload.template))
        } else {
            workload.labels.clone()
        };
        let tls = if proxy == ProxyKind::Gateway || proxy == ProxyKind::Ztunnel {
            EndpointTls::parse(workload.labels.get(TLS_MODE))
        } else {
            EndpointTls::parse(labels.get(TLS_MODE))
        };
        out.push(MeshWorkload {
            proxy,
            proxy_fact,
            tls,
            excluded_ports: ports_of(&workload, "traffic.sidecar.istio.io/excludeInboundPorts"),
            bypassed_ports: match proxy {
                ProxyKind::Sidecar => {
                    ports_of(&workload, "traffic.sidecar.istio.io/excludeOutboundPorts")
                }
                ProxyKind::None | ProxyKind::Gateway | ProxyKind::Ztunnel => Vec::new(),
            },
            tunnel: proxy == ProxyKind::Sidecar
                && config.ambient.is_some()
                && takes_hbone(&workload, config),
            labels,
            resource: workload,
        });
    }
    out
}

/// Namespaces that an Istio object is in or points at; injection is assumed there where the Namespace is not in the
/// input (design, section 3).
struct Touched {
    all: bool,
    names: FxHashSet<Box<str>>,
}

impl Touched {
    fn new(parts: &Parts, config: &Config) -> Self {
        let root = &config.root_namespace.value;
        let mut names = FxHashSet::default();
        let mut all = false;
        let suffix = format!(".svc.{}", config.domain);
        for rule in &parts.rules {
            let host = &rule.host.value;
            let target = host.split('.').nth(1);
            if is_wildcard(host) {
                let of_namespace = host
                    .strip_prefix("*.")
                    .and_then(|rest| rest.strip_suffix(&suffix));
                match of_namespace {
                    Some(namespace) => drop(names.insert(namespace.into())),
                    None => all |= rule.meta.namespace == *root,
                }
            } else if let Some(namespace) = target {
                names.insert(namespace.into());
            }
            names.insert(rule.meta.namespace.as_str().into());
        }
        let policies = parts
            .peer_authentications
            .iter()
            .map(|p| (&p.meta, p.selector.is_none()));
        let legacy = parts
            .authentication_policies
            .iter()
            .map(|p| (&p.meta, p.is_mesh_policy));
        for (meta, is_wide) in policies.chain(legacy) {
            all |= is_wide && (meta.namespace == *root || &*meta.id.kind == "MeshPolicy");
            names.insert(meta.namespace.as_str().into());
        }
        let others = parts
            .sidecars
            .iter()
            .map(|x| &x.meta)
            .chain(parts.virtual_services.iter().map(|x| &x.meta));
        for meta in others {
            names.insert(meta.namespace.as_str().into());
        }
        Self { all, names }
    }

    fn contains(&self, namespace: &Namespace, config: &Config) -> bool {
        !config.is_system_namespace(namespace)
            && (self.all || self.names.contains(namespace.as_str()))
    }
}

/// Namespaces in which the injector never injects (`pkg/kube/inject/initializer.go:IgnoredNamespaces`).
const IGNORED_NAMESPACES: &[&str] = &[
    "kube-system",
    "kube-public",
    "kube-node-lease",
    "local-path-storage",
];

/// The pod label, and before 1.9 annotation, that settles injection for one pod.
const INJECT: &str = "sidecar.istio.io/inject";
/// The namespace label of the default injector.
const NAMESPACE_INJECTION: &str = "istio-injection";
/// The label that names a control plane's revision.
const REVISION: &str = "istio.io/rev";
/// The label that puts pods behind ztunnel.
const DATAPLANE_MODE: &str = "istio.io/dataplane-mode";

/// Everything that decides about one workload.
struct Injection<'a> {
    workload: &'a Workload,
    namespace: Option<(&'a Labels, Place, &'a ObjectId)>,
    config: &'a Config,
    version: IstioVersion,
    touched: &'a Touched,
}

/// An answer of the injector, with its fact.
enum Answer {
    Yes(Fact),
    No(Fact),
}

impl Injection<'_> {
    /// The proxy, the fact behind it, and whether the injector put it in.
    fn decide(&self) -> (ProxyKind, Fact, bool) {
        let workload = self.workload;
        let id = &workload.meta.id;
        if let Some(place) = workload.proxy_container {
            let fact = stated(
                format!("{id} carries an `istio-proxy` container"),
                place,
                id,
            );
            return (ProxyKind::Sidecar, fact, false);
        }
        if let Some(status) = workload.annotations.spanned("sidecar.istio.io/status") {
            let text = format!("{id} was injected before (annotation `sidecar.istio.io/status`)");
            return (ProxyKind::Sidecar, stated(text, status.place, id), false);
        }
        let no = match self.injected() {
            Answer::Yes(fact) => {
                let template = workload.annotations.get("inject.istio.io/templates");
                return if template == Some("gateway") {
                    (ProxyKind::Gateway, fact, false)
                } else {
                    (ProxyKind::Sidecar, fact, true)
                };
            }
            Answer::No(fact) => fact,
        };
        match self.captured() {
            Some(fact) => (ProxyKind::Ztunnel, fact, false),
            None => (ProxyKind::None, no, false),
        }
    }

    /// Both stages of injection (semantics 2.1).
    fn injected(&self) -> Answer {
        let called = match self.namespace {
            Some(namespace) => self.webhook(namespace),
            None => self.webhook_of_unknown_namespace(),
        };
        match called {
            Answer::Yes(fact) => self.injector(fact),
            no @ Answer::No(_) => no,
        }
    }

    /// Stage A: is the webhook called (rules A1 to A4).
    fn webhook(&self, (labels, place, namespace): (&Labels, Place, &ObjectId)) -> Answer {
        let pod = &self.workload.labels;
        let opted_out = || pod.spanned(INJECT).filter(|value| &*value.value == "false");
        let injection = labels.spanned(NAMESPACE_INJECTION);
        let yes = |text: &str, place| Answer::Yes(stated(text, place, namespace));
        let name = &namespace.name;
        if self.version.injects_by_pod_label()
            && let Some(value) = opted_out()
        {
            let text = format!("{} opts out of injection", self.workload.meta.id);
            return Answer::No(stated(text, value.place, &self.workload.meta.id));
        }
        if let Some(value) = injection {
            let injects = &*value.value == "enabled";
            let word = if injects { "sidecars" } else { "no sidecars" };
            let text = format!(
                "namespace `{name}` injects {word} (`istio-injection={}`)",
                value.value
            );
            return if injects {
                yes(&text, value.place)
            } else {
                Answer::No(stated(text, value.place, namespace))
            };
        }
        let none = || {
            Answer::No(stated(
                format!("namespace `{name}` has no label that injects sidecars"),
                place,
                namespace,
            ))
        };
        if !self.version.injects_by_pod_label() {
            return none();
        }
        if let Some(revision) = labels.spanned(REVISION) {
            let text = format!(
                "namespace `{name}` injects sidecars of revision `{}`",
                revision.value
            );
            return yes(&text, revision.place);
        }
        if let Some(value) = pod
            .spanned(REVISION)
            .or_else(|| pod.spanned(INJECT).filter(|v| &*v.value == "true"))
        {
            let text = format!("{} asks for injection by a label", self.workload.meta.id);
            return Answer::Yes(stated(text, value.place, &self.workload.meta.id));
        }
        none()
    }

    /// Stage A where the Namespace is not in the input.
    fn webhook_of_unknown_namespace(&self) -> Answer {
        let namespace = &self.workload.meta.namespace;
        let pod = &self.workload.labels;
        if let Some(value) = pod
            .spanned(INJECT)
            .filter(|_| self.version.injects_by_pod_label())
        {
            let id = &self.workload.meta.id;
            let text = format!("{id} has the label `{INJECT}: {}`", value.value);
            let fact = stated(text, value.place, id);
            return if &*value.value == "false" {
                Answer::No(fact)
            } else {
                Answer::Yes(fact)
            };
        }
        // Whoever asks for ambient does not mean a sidecar.
        let ambient = pod
            .spanned(DATAPLANE_MODE)
            .filter(|mode| &*mode.value == "ambient" && self.config.ambient.is_some());
        if let Some(mode) = ambient {
            let id = &self.workload.meta.id;
            let text = format!("{id} is labelled for ambient");
            return Answer::No(stated(text, mode.place, id));
        }
        if self.touched.contains(namespace, self.config) {
            let text = format!(
                "namespace `{namespace}` injects sidecars; the Namespace is not in the repository"
            );
            Answer::Yes(assumed(text))
        } else {
            let text = format!(
                "namespace `{namespace}` does not inject sidecars; nothing of Istio is about it here"
            );
            Answer::No(assumed(text))
        }
    }

    /// Stage B: the injector's own decision (`pkg/kube/inject/inject.go:injectRequired`).
    fn injector(&self, called: Fact) -> Answer {
        let workload = self.workload;
        let id = &workload.meta.id;
        if let Some(place) = workload.host_network {
            return Answer::No(stated(
                format!("{id} uses the host's network, where nothing is injected"),
                place,
                id,
            ));
        }
        if IGNORED_NAMESPACES.contains(&workload.meta.namespace.as_str()) {
            return Answer::No(stated(
                format!(
                    "the injector ignores namespace `{}`",
                    workload.meta.namespace
                ),
                workload.meta.place(),
                id,
            ));
        }
        let label = workload
            .labels
            .spanned(INJECT)
            .filter(|_| self.version.injects_by_pod_label());
        let Some(value) = label.or_else(|| workload.annotations.spanned(INJECT)) else {
            return Answer::Yes(called);
        };
        let strict = self.version.inject_value_is_strict();
        let fact = || {
            stated(
                format!("{id} has `{INJECT}: {}`", value.value),
                value.place,
                id,
            )
        };
        match value.value.to_ascii_lowercase().as_str() {
            "true" if !strict || &*value.value == "true" => Answer::Yes(called),
            "y" | "yes" | "on" if !strict => Answer::Yes(called),
            "" => Answer::Yes(called),
            "false" if &*value.value == "false" => Answer::No(fact()),
            _ if strict => Answer::Yes(called),
            _ => Answer::No(fact()),
        }
    }

    /// Whether ztunnel captures the pod (semantics 8.1).
    fn captured(&self) -> Option<Fact> {
        self.config.ambient.as_ref()?;
        let workload = self.workload;
        if workload.host_network.is_some() {
            return None;
        }
        let pod = workload.labels.spanned(DATAPLANE_MODE);
        if let Some(mode) = pod.filter(|mode| &*mode.value == "ambient") {
            let id = &workload.meta.id;
            return Some(stated(
                format!("{id} is labelled for ambient"),
                mode.place,
                id,
            ));
        }
        let (labels, _, namespace) = self.namespace?;
        let mode = labels
            .spanned(DATAPLANE_MODE)
            .filter(|mode| &*mode.value == "ambient")?;
        if pod.is_some_and(|mode| &*mode.value == "none") {
            return None;
        }
        Some(stated(
            format!("namespace `{}` is in ambient", namespace.name),
            mode.place,
            namespace,
        ))
    }
}

/// The ports that an annotation of the pod lists (semantics 2.3).
fn ports_of(workload: &Workload, annotation: &str) -> Vec<(u16, Place)> {
    let Some(value) = workload.annotations.spanned(annotation) else {
        return Vec::new();
    };
    value
        .value
        .split(',')
        .filter_map(|port| Some((port.trim().parse().ok()?, value.place)))
        .collect()
}

/// Whether the injector gives this sidecar an HBONE listener.
fn takes_hbone(workload: &Workload, config: &Config) -> bool {
    let annotated = workload
        .annotations
        .get("proxy.istio.io/config")
        .is_some_and(|text| {
            text.replace('"', "")
                .contains("ISTIO_META_ENABLE_HBONE: true")
        });
    config.enable_hbone.is_some()
        || annotated
        || workload.labels.get("networking.istio.io/tunnel") == Some("http")
}
