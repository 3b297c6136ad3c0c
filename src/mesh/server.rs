//! What a receiving proxy accepts: PeerAuthentication, composed by level (semantics 3).

use rustc_hash::FxHashMap;

use super::client::by_creation;
use super::config::Config;
use super::evidence::{Recorder, derived, stated};
use crate::object::Namespace;
use crate::resource::{Labels, MtlsMode, PeerAuthentication, PortMtls};

/// What a proxy accepts on a port, before anything is said about whether there is a proxy.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum ServerMode {
    /// Plaintext only.
    Disable,
    /// Mutual TLS and plaintext.
    Permissive,
    /// Mutual TLS only.
    Strict,
    /// TLS with or without a client certificate, no plaintext (1.0 `allowTls`).
    AnyTls,
}

impl ServerMode {
    /// What it lets in, in words.
    pub(crate) fn accepts(self) -> &'static str {
        match self {
            Self::Disable => "plaintext only",
            Self::Permissive => "mutual TLS and plaintext",
            Self::Strict => "mutual TLS only",
            Self::AnyTls => "TLS only, with or without a client certificate",
        }
    }
}

/// A PeerAuthentication, by its position in Istio's order.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct PolicyId(u32);

/// The level of a policy.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Level {
    Mesh,
    Namespace,
    Workload,
}

/// All PeerAuthentications of a mesh.
#[derive(Clone, Debug, Default)]
pub(crate) struct PolicyIndex {
    policies: Vec<PeerAuthentication>,
    mesh: Option<PolicyId>,
    namespaces: FxHashMap<Box<str>, PolicyId>,
    workloads: FxHashMap<Box<str>, Vec<PolicyId>>,
}

impl PolicyIndex {
    /// Sorts and indexes the policies that the control plane reads (`addPeerAuthentication`).
    pub(crate) fn build(policies: &[PeerAuthentication], config: &Config) -> Self {
        let version = config.version.value;
        if !version.reads_peer_authentication() {
            return Self::default();
        }
        let read = policies
            .iter()
            .filter(|policy| config.reads_revision_of(&policy.meta));
        let mut index = Self {
            policies: read.cloned().collect(),
            ..Self::default()
        };
        index
            .policies
            .sort_by(|a, b| by_creation(&a.meta, &b.meta, version));
        for (id, policy) in (0u32..).map(PolicyId).zip(&index.policies) {
            let namespace: Box<str> = policy.meta.namespace.as_str().into();
            let is_root = policy.meta.namespace == config.root_namespace.value;
            match (policy.selector.is_some(), is_root) {
                // A selector in the root namespace makes Istio ignore the policy.
                (true, true) => {}
                (true, false) => index.workloads.entry(namespace).or_default().push(id),
                // Per namespace only the first counts.
                (false, true) => drop(index.mesh.get_or_insert(id)),
                (false, false) => drop(index.namespaces.entry(namespace).or_insert(id)),
            }
        }
        index
    }

    /// A policy by id.
    pub(crate) fn policy(&self, id: PolicyId) -> &PeerAuthentication {
        self.policies
            .get(id.0 as usize)
            .expect("a PolicyId is only made for a policy of the same index")
    }

    /// All policies in Istio's order.
    pub(crate) fn policies(&self) -> &[PeerAuthentication] {
        &self.policies
    }

    /// Whether any policy is about a workload (1.5 asks before it looks at legacy policies).
    pub(crate) fn applies_to(&self, namespace: &Namespace, labels: &Labels) -> bool {
        self.mesh.is_some()
            || self.namespaces.contains_key(namespace.as_str())
            || self.of_workload(namespace, labels).is_some()
    }

    /// The mode of a workload's container port (`ComposePeerAuthentication`).
    pub(crate) fn mode(
        &self,
        namespace: &Namespace,
        labels: &Labels,
        port: u16,
        config: &Config,
        recorder: &mut impl Recorder,
    ) -> ServerMode {
        if let Some(id) = self.of_workload(namespace, labels) {
            let policy = self.policy(id);
            let entry = policy
                .ports
                .iter()
                .rev()
                .find(|entry| entry.port.value == port);
            if let Some((entry, mode)) = entry.and_then(|e| Some((e, known(e.mode)?))) {
                recorder.record(|| self.port_fact(id, entry, mode));
                return mode;
            }
            if let Some(entry) = entry {
                recorder.record(|| {
                    let text = format!(
                        "{} leaves port {port} to the wider policies",
                        policy.meta.id
                    );
                    stated(text, entry.mode_place, &policy.meta.id)
                });
            }
            if let Some(mode) = known(policy.mode) {
                recorder.record(|| self.fact(id, Level::Workload, mode));
                return mode;
            }
            recorder.record(|| {
                let text = format!("{} sets no mode and inherits", policy.meta.id);
                stated(text, policy.mode_place, &policy.meta.id)
            });
        }
        self.wide_mode(namespace, config, recorder)
    }

    /// The mode of the namespace or mesh level; PERMISSIVE where nothing sets one.
    fn wide_mode(
        &self,
        namespace: &Namespace,
        config: &Config,
        recorder: &mut impl Recorder,
    ) -> ServerMode {
        let is_root = *namespace == config.root_namespace.value;
        if let Some(&id) = self.namespaces.get(namespace.as_str()).filter(|_| !is_root) {
            let policy = self.policy(id);
            if let Some(mode) = known(policy.mode) {
                recorder.record(|| self.fact(id, Level::Namespace, mode));
                return mode;
            }
            recorder.record(|| {
                let text = format!("{} sets no mode and inherits", policy.meta.id);
                stated(text, policy.mode_place, &policy.meta.id)
            });
        }
        if let Some(id) = self.mesh {
            if let Some(mode) = known(self.policy(id).mode) {
                recorder.record(|| self.fact(id, Level::Mesh, mode));
                return mode;
            }
            recorder.record(|| self.fact(id, Level::Mesh, ServerMode::Permissive));
            return ServerMode::Permissive;
        }
        recorder.record(|| {
            derived("no policy sets a mode: proxies accept mutual TLS and plaintext (PERMISSIVE)")
        });
        ServerMode::Permissive
    }

    /// What clients infer for a whole service (`GetNamespaceMutualTLSMode`, semantics 3.6); `None` where nothing is set.
    pub(crate) fn hint(
        &self,
        namespace: &Namespace,
        config: &Config,
        recorder: &mut impl Recorder,
    ) -> Option<ServerMode> {
        let is_root = *namespace == config.root_namespace.value;
        let own = self.namespaces.get(namespace.as_str()).filter(|_| !is_root);
        if own.is_none() && self.mesh.is_none() {
            return None;
        }
        Some(self.wide_mode(namespace, config, recorder))
    }

    /// The workload-level policy: the oldest whose selector matches; several are not merged.
    fn of_workload(&self, namespace: &Namespace, labels: &Labels) -> Option<PolicyId> {
        let ids = self.workloads.get(namespace.as_str())?;
        ids.iter().copied().find(|&id| {
            self.policy(id)
                .selector
                .as_ref()
                .is_some_and(|selector| selector.selects(labels))
        })
    }

    fn fact(&self, id: PolicyId, level: Level, mode: ServerMode) -> crate::diagnostic::Fact {
        let policy = self.policy(id);
        let scope = match level {
            Level::Mesh => "for the whole mesh",
            Level::Namespace => "for its namespace",
            Level::Workload => "for the pods it selects",
        };
        let text = format!(
            "{} {scope}: {} ({})",
            policy.meta.id,
            mode.accepts(),
            word(mode)
        );
        stated(text, policy.mode_place, &policy.meta.id)
    }

    fn port_fact(
        &self,
        id: PolicyId,
        entry: &PortMtls,
        mode: ServerMode,
    ) -> crate::diagnostic::Fact {
        let policy = self.policy(id);
        let port = entry.port.value;
        let text = format!(
            "{} for port {port}: {} ({})",
            policy.meta.id,
            mode.accepts(),
            word(mode)
        );
        stated(text, entry.mode_place, &policy.meta.id)
    }
}

/// The mode as a policy spells it.
fn word(mode: ServerMode) -> &'static str {
    match mode {
        ServerMode::Disable => "DISABLE",
        ServerMode::Permissive => "PERMISSIVE",
        ServerMode::Strict | ServerMode::AnyTls => "STRICT",
    }
}

/// A mode that is set.
pub(super) fn known(mode: MtlsMode) -> Option<ServerMode> {
    match mode {
        MtlsMode::Unset => None,
        MtlsMode::Disable => Some(ServerMode::Disable),
        MtlsMode::Permissive => Some(ServerMode::Permissive),
        MtlsMode::Strict => Some(ServerMode::Strict),
    }
}
