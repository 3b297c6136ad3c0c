//! What a rule for a whole mesh or namespace would look like, and one that exempts a host from it.

use crate::mesh::Mesh;
use crate::object::Namespace;
use crate::resource::Fqdn;

impl Mesh {
    /// The host that covers every service of the mesh, or of one namespace.
    pub(crate) fn wide_host(&self, namespace: Option<&Namespace>) -> String {
        let domain = &self.config.domain;
        match namespace {
            Some(namespace) => format!("*.{namespace}.svc.{domain}"),
            None if domain.ends_with(".local") => "*.local".to_owned(),
            None => format!("*.{domain}"),
        }
    }

    /// A name that no DestinationRule of a namespace has: the one that Istio's own charts gave to such rules, if it is
    /// free.
    pub(crate) fn free_rule_name(&self, namespace: &Namespace) -> &'static str {
        const NAMES: [&str; 3] = ["default", "mtls", "istio-mutual"];
        let mut names = NAMES.into_iter();
        names
            .find(|name| self.is_free_rule_name(name, namespace))
            .unwrap_or("mtls-for-all")
    }

    /// Whether no DestinationRule of a namespace has a name.
    fn is_free_rule_name(&self, name: &str, namespace: &Namespace) -> bool {
        self.rules
            .rules()
            .all(|(_, rule)| rule.meta.namespace != *namespace || *rule.meta.id.name != *name)
    }

    /// The lines of a rule that makes clients send plaintext to a host, named by the first two parts of the host; none where
    /// that name is taken.
    pub(crate) fn exempting_rule(&self, host: &Fqdn, namespace: &Namespace) -> Option<Vec<String>> {
        let parts: Vec<&str> = host.as_str().split('.').take(2).collect();
        let name = parts.join("-");
        if host.as_str().starts_with('*') || !self.is_free_rule_name(&name, namespace) {
            return None;
        }
        Some(vec![
            format!("apiVersion: {}", self.rule_api_version()),
            "kind: DestinationRule".to_owned(),
            "metadata:".to_owned(),
            format!("  name: {name}"),
            format!("  namespace: {namespace}"),
            "spec:".to_owned(),
            format!("  host: {host}"),
            "  trafficPolicy:".to_owned(),
            "    tls:".to_owned(),
            "      mode: DISABLE".to_owned(),
        ])
    }

    /// The newest version of the API for rules that the control plane serves.
    pub(crate) fn rule_api_version(&self) -> &'static str {
        if self.config.version.value.serves_networking_v1() {
            "networking.istio.io/v1"
        } else {
            "networking.istio.io/v1alpha3"
        }
    }

    /// Whether auto mTLS could be turned on.
    pub(crate) fn knows_auto_mtls(&self) -> bool {
        self.config.version.value.has_auto_mtls()
    }
}
