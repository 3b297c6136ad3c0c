//! What a rule for a whole mesh or namespace would look like.

use crate::mesh::Mesh;
use crate::object::Namespace;

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
        let is_free = |name: &&str| {
            self.rules
                .rules()
                .all(|(_, rule)| rule.meta.namespace != *namespace || *rule.meta.id.name != **name)
        };
        NAMES.into_iter().find(is_free).unwrap_or("mtls-for-all")
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
