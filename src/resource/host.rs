//! Host names: how short ones are completed and how wildcards match (semantics 4.1 and 4.2).

use std::cmp::Ordering;
use std::fmt;
use std::net::IpAddr;
use std::sync::Arc;

use crate::object::Namespace;

/// A host name in full, such as `reviews.prod.svc.cluster.local`, or a wildcard such as `*.local`; copies share the text.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fqdn(Arc<str>);

impl Fqdn {
    /// A host that is already in full.
    pub(crate) fn new(host: impl Into<Arc<str>>) -> Self {
        Self(host.into())
    }

    /// Completes a host as `pilot/pkg/model/config.go:ResolveShortnameToFQDN` does, in the namespace of the object that
    /// names it: only a single label is completed; `*`, addresses and anything with a dot stay as they are.
    pub(crate) fn resolve(host: &str, namespace: &Namespace, domain: &str) -> Self {
        if host.is_empty() || host == "*" || host.contains('.') || host.parse::<IpAddr>().is_ok() {
            Self(host.into())
        } else {
            Self(format!("{host}.{namespace}.svc.{domain}").into())
        }
    }

    /// The host as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Whether its first character is `*`.
    pub fn is_wildcard(&self) -> bool {
        is_wildcard(&self.0)
    }
}

impl fmt::Display for Fqdn {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a host is a wildcard: its first character is `*`.
pub fn is_wildcard(host: &str) -> bool {
    host.starts_with('*')
}

/// Whether a wildcard rule host covers a service host, which may be a wildcard itself (`MostSpecificHostMatch`).
pub fn wildcard_matches(wildcard: &str, host: &str) -> bool {
    let Some(suffix) = wildcard.strip_prefix('*') else {
        return false;
    };
    host.strip_prefix('*').unwrap_or(host).ends_with(suffix)
}

/// Orders hosts from the most to the least specific: exact before wildcard, longer before shorter, then by bytes
/// (`pkg/config/host:MoreSpecific`).
pub fn more_specific(a: &str, b: &str) -> Ordering {
    is_wildcard(a)
        .cmp(&is_wildcard(b))
        .then(b.len().cmp(&a.len()))
        .then(a.cmp(b))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_single_label_is_completed() {
        let table = [
            ("web", "web.server.svc.cluster.local"),
            ("web.server", "web.server"),
            ("web.server.svc", "web.server.svc"),
            ("*", "*"),
            ("10.0.0.1", "10.0.0.1"),
            ("::1", "::1"),
            ("*.local", "*.local"),
            ("*web", "*web.server.svc.cluster.local"),
        ];
        for (host, expected) in table {
            let resolved = Fqdn::resolve(host, &Namespace::new("server"), "cluster.local");
            assert_eq!(resolved.as_str(), expected);
        }
    }

    #[test]
    fn a_wildcard_does_not_cover_its_own_suffix_without_a_label() {
        assert!(wildcard_matches("*.foo.com", "a.foo.com"));
        assert!(!wildcard_matches("*.foo.com", "foo.com"));
        assert!(wildcard_matches("*", "foo.com"));
        assert!(wildcard_matches("*.com", "*.foo.com"));
        assert!(!wildcard_matches("*.foo.com", "*.com"));
    }

    #[test]
    fn the_longer_wildcard_is_more_specific() {
        let mut hosts = [
            "*",
            "*.local",
            "*.svc.cluster.local",
            "web.server.svc.cluster.local",
        ];
        hosts.sort_by(|a, b| more_specific(a, b));
        assert_eq!(
            hosts,
            [
                "web.server.svc.cluster.local",
                "*.svc.cluster.local",
                "*.local",
                "*"
            ]
        );
    }
}
