//! Clients and hosts as people name them: short, in part, or with `*`.

use super::Mesh;
use super::workloads::MeshWorkload;
use crate::object::{Namespace, ObjectId};
use crate::resource::{Fqdn, wildcard_matches};

/// A client as a person names it: `name`, `namespace/name`, `Kind/name`, `namespace/Kind/name`, `Kind/namespace/name` or
/// `namespace/`; `*` in any part stands for any text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ClientQuery {
    parts: Vec<String>,
}

impl ClientQuery {
    /// Reads a client.
    pub fn parse(text: &str) -> Self {
        Self {
            parts: text.split('/').map(str::to_owned).collect(),
        }
    }

    /// Whether a workload is meant.
    pub(crate) fn matches(&self, namespace: &str, kind: &str, name: &str) -> bool {
        // Nobody types kinds in capitals.
        let is_kind = |part: &str| glob(&part.to_ascii_lowercase(), &kind.to_ascii_lowercase());
        match self.parts.as_slice() {
            [own] => glob(own, name),
            [space, own] if own.is_empty() => glob(space, namespace),
            [first, own] => glob(own, name) && (glob(first, namespace) || is_kind(first)),
            [first, second, own] => {
                let in_order = glob(first, namespace) && is_kind(second);
                let kind_first = is_kind(first) && glob(second, namespace);
                glob(own, name) && (in_order || kind_first)
            }
            [] | [_, _, _, ..] => false,
        }
    }
}

/// A host as a person names it: in full, as `name` or `name.namespace` for a Kubernetes service, or with `*`.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostQuery {
    text: String,
}

impl HostQuery {
    /// Reads a host.
    pub fn parse(text: &str) -> Self {
        Self { text: text.into() }
    }

    /// Whether a host of a mesh is meant; `suffix` is what Kubernetes hosts end with.
    fn matches(&self, host: &str, suffix: &str) -> bool {
        let mut forms = short_forms(host, suffix).into_iter().chain([host]);
        forms.any(|form| glob(&self.text, form))
    }
}

/// Which pairs of the matrix are wanted.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PairFilter {
    /// The clients; none for all.
    pub client: Option<ClientQuery>,
    /// The hosts; none for all.
    pub host: Option<HostQuery>,
}

/// What a host is to a client that names it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum FoundHost {
    /// The client's own resolver gives this one.
    Resolved(Fqdn),
    /// The client's resolver would not find it, but only one host of the mesh can be meant.
    Guessed(Fqdn),
    /// More than one host can be meant.
    Several(Vec<Fqdn>),
    /// No host of the mesh can be meant.
    Unknown,
}

impl Mesh {
    /// The workloads that a query means, by their position.
    pub(crate) fn clients_named(&self, query: &ClientQuery) -> Vec<u32> {
        let all = (0u32..).zip(&self.workloads);
        let meant = all.filter(|(_, workload)| {
            let id = workload.id();
            query.matches(workload.namespace().as_str(), &id.kind, &id.name)
        });
        meant.map(|(id, _)| id).collect()
    }

    /// The object of a workload.
    pub(crate) fn client_id(&self, client: u32) -> Option<&ObjectId> {
        self.workloads.get(client as usize).map(MeshWorkload::id)
    }

    /// Every client as `namespace/Kind/name`, in order.
    pub(crate) fn client_names(&self) -> Vec<String> {
        let ids = self.workloads.iter().map(MeshWorkload::id);
        let mut names: Vec<String> = ids.map(client_name).collect();
        names.sort_unstable();
        names.dedup();
        names
    }

    /// Every host of the registry, in order.
    pub(crate) fn host_names(&self) -> impl Iterator<Item = &str> {
        self.registry.hosts().map(|(host, _)| host.as_str())
    }

    /// What Kubernetes hosts end with.
    pub(crate) fn kubernetes_suffix(&self) -> String {
        format!(".svc.{}", self.config.domain)
    }

    /// Whether a host is one that a query means.
    pub(crate) fn is_host_named(&self, query: &HostQuery, host: &str) -> bool {
        query.matches(host, &self.kubernetes_suffix())
    }

    /// The host that a client means by a name: what the search path of its pod finds, else the only host it can be.
    pub(crate) fn find_host(&self, client: u32, text: &str) -> FoundHost {
        let text = text.trim_end_matches('.');
        let namespace = self.client_id(client).and_then(|id| id.namespace.as_ref());
        let domain = &self.config.domain;
        let own = namespace.map(|namespace| format!("{text}.{namespace}.svc.{domain}"));
        let searched = [
            own,
            Some(format!("{text}.svc.{domain}")),
            Some(format!("{text}.{domain}")),
            Some(text.to_owned()),
        ];
        let known = |host: &Fqdn| !self.registry.of_host(host).is_empty();
        if let Some(host) = searched.into_iter().flatten().map(Fqdn::new).find(known) {
            return FoundHost::Resolved(host);
        }
        let hosts: Vec<&Fqdn> = self.registry.hosts().map(|(host, _)| host).collect();
        let mut wide: Vec<&Fqdn> = hosts
            .iter()
            .copied()
            .filter(|host| wildcard_matches(host.as_str(), text))
            .collect();
        wide.sort_by(|a, b| crate::resource::more_specific(a.as_str(), b.as_str()));
        if let Some(host) = wide.first() {
            return FoundHost::Resolved((*host).clone());
        }
        let suffix = self.kubernetes_suffix();
        let short = |host: &Fqdn| short_forms(host.as_str(), &suffix).contains(&text);
        let mut meant = hosts.into_iter().filter(|host| short(host)).cloned();
        match (meant.next(), meant.next()) {
            (None, _) => FoundHost::Unknown,
            (Some(only), None) => FoundHost::Guessed(only),
            (Some(first), Some(second)) => {
                FoundHost::Several([first, second].into_iter().chain(meant).collect())
            }
        }
    }
}

/// A client as `namespace/Kind/name`.
pub(crate) fn client_name(id: &ObjectId) -> String {
    let namespace = id.namespace.as_ref().map_or("", Namespace::as_str);
    format!("{namespace}/{}/{}", id.kind, id.name)
}

/// The forms under which a Kubernetes service is called within the cluster, besides its host in full.
fn short_forms<'a>(host: &'a str, suffix: &str) -> Vec<&'a str> {
    let Some(stem) = host.strip_suffix(suffix) else {
        return Vec::new();
    };
    let with_svc = host.get(..stem.len() + ".svc".len());
    let name = stem.split('.').next();
    name.into_iter().chain([stem]).chain(with_svc).collect()
}

/// Whether a text is what a pattern says, in which `*` stands for any text.
fn glob(pattern: &str, text: &str) -> bool {
    let Some((start, rest)) = pattern.split_once('*') else {
        return pattern == text;
    };
    let Some(mut left) = text.strip_prefix(start) else {
        return false;
    };
    let (middle, end) = rest.rsplit_once('*').unwrap_or(("", rest));
    for part in middle.split('*') {
        let Some(at) = left.find(part) else {
            return false;
        };
        left = left.get(at + part.len()..).unwrap_or_default();
    }
    left.ends_with(end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_client_is_named_in_any_part() {
        let table = [
            ("sleep", true),
            ("foo/sleep", true),
            ("foo/", true),
            ("deployment/sleep", true),
            ("foo/Deployment/sleep", true),
            ("Deployment/foo/sleep", true),
            ("foo/*", true),
            ("*/sl*p", true),
            ("foo/Job/sleep", false),
            ("slee", false),
            ("bar/", false),
            ("", false),
            ("a/foo/Deployment/sleep", false),
        ];
        for (text, expected) in table {
            let query = ClientQuery::parse(text);
            let matches = query.matches("foo", "Deployment", "sleep");
            assert_eq!(matches, expected, "{text}");
        }
    }

    #[test]
    fn a_host_is_named_short_or_in_full() {
        let host = "web.server.svc.cluster.local";
        for text in [
            "web",
            "web.server",
            "web.server.svc",
            host,
            "web.*",
            "*.local",
        ] {
            let query = HostQuery::parse(text);
            assert!(query.matches(host, ".svc.cluster.local"), "{text}");
        }
        for text in ["we", "server", "web.client", ""] {
            let query = HostQuery::parse(text);
            assert!(!query.matches(host, ".svc.cluster.local"), "{text}");
        }
    }

    #[test]
    fn stars_stand_for_any_text() {
        let table = [
            ("*", "", true),
            ("a*b*c", "a-b-b-c", true),
            ("a*b*c", "ac", false),
            ("*a", "ba", true),
            ("a*a", "a", false),
            ("**", "x", true),
            ("é*", "éa", true),
        ];
        for (pattern, text, expected) in table {
            assert_eq!(glob(pattern, text), expected, "{pattern} {text}");
        }
    }
}
