//! What changed between Istio versions: one value, and a table of everything that depends on it (semantics 11).

use std::fmt;

/// A version of Istio's control plane. A minor version alone means its last patch.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct IstioVersion {
    minor: u32,
    patch: u32,
}

/// The patch of a version that was given without one: later than any.
const LAST_PATCH: u32 = u32::MAX;

/// How DestinationRules of one host become one (semantics 4.4, 10.4, 10.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum MergeStyle {
    /// 1.0.0: the last rule wins, nothing is merged.
    LastWins,
    /// 1.0.1 to 1.1: the first rule wins; a later policy is taken only if the first has none and the later rule has a
    /// subset.
    FirstWithSubsets,
    /// 1.2 to 1.23: the first rule wins; a later policy is taken if the first has none; `exportTo` plays no part.
    First,
    /// From 1.24: as before, among rules whose `exportTo` sets agree (`ENABLE_ENHANCED_DESTINATIONRULE_MERGE`).
    ByExportTo,
}

/// In which tables a client's rule is looked up (semantics 4.5, 10.4, 10.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LookupStyle {
    /// 1.0: one table of all rules.
    Global,
    /// 1.1 to 1.5: client, service, root namespace; rules merge into one object across namespaces.
    Leaking,
    /// 1.6 and 1.7: client, service, root namespace.
    Namespaced,
    /// From 1.8: also the private rules of the root namespace, for its own proxies.
    WithRootPrivate,
}

/// How the tls of a subset and of its rule combine (semantics 5, 10.4, 10.5).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum SubsetStyle {
    /// 1.0: a tls that is set wins, nothing erases.
    Overlay,
    /// 1.1 to 1.7: the rule's policy is applied to the cluster, then the subset's.
    TwoPasses,
    /// 1.8 to 1.10: merged; a subset without a policy gets the rule's without its port settings.
    MergedRaw,
    /// From 1.11: merged.
    Merged,
}

impl IstioVersion {
    /// The version that is assumed where nothing tells: the newest one that the semantics were checked against.
    pub(crate) const DEFAULT: Self = Self {
        minor: 31,
        patch: LAST_PATCH,
    };
    /// The version that legacy policies without any PeerAuthentication point to (design, section 3).
    pub(crate) const LEGACY: Self = Self {
        minor: 4,
        patch: LAST_PATCH,
    };

    /// Reads `1.31`, `1.4.10`, `v1.28.0`, `1.22-alpha`, `1-22-3`; `None` for anything that is not Istio 1.x.
    pub fn parse(text: &str) -> Option<Self> {
        let text = text.trim();
        let text = text.strip_prefix('v').unwrap_or(text);
        let mut parts = text.split(['.', '-']);
        if parts.next()? != "1" {
            return None;
        }
        let minor = parts.next()?.parse().ok()?;
        let patch = parts
            .next()
            .and_then(|patch| patch.parse().ok())
            .unwrap_or(LAST_PATCH);
        Some(Self { minor, patch })
    }

    const fn at_least(self, minor: u32, patch: u32) -> bool {
        self.minor > minor || (self.minor == minor && self.patch >= patch)
    }

    /// Whether MeshPolicy and Policy are read at all (until 1.5).
    pub fn reads_legacy_policies(self) -> bool {
        !self.at_least(6, 0)
    }

    /// Whether PeerAuthentication is read (from 1.5).
    pub fn reads_peer_authentication(self) -> bool {
        self.at_least(5, 0)
    }

    /// Whether both kinds of policy are read, PeerAuthentication first (1.5).
    pub(crate) fn reads_both_policies(self) -> bool {
        self.reads_legacy_policies() && self.reads_peer_authentication()
    }

    /// Whether auto mTLS exists (from 1.4).
    pub(crate) fn has_auto_mtls(self) -> bool {
        self.at_least(4, 0)
    }

    /// The value of `enableAutoMtls` where no mesh config says it (from 1.6 on).
    pub(crate) fn auto_mtls_by_default(self) -> bool {
        self.at_least(6, 0)
    }

    /// Whether auto mTLS asks PeerAuthentication for each endpoint (from 1.12; semantics 10.6).
    pub(crate) fn auto_mtls_asks_endpoint_policy(self) -> bool {
        self.at_least(12, 0)
    }

    /// Whether an explicit SIMPLE or MUTUAL counts as "no mTLS" for an endpoint (from 1.20).
    pub(crate) fn any_mode_settles_endpoint(self) -> bool {
        self.at_least(20, 0)
    }

    /// Whether the endpoint's mode of a subset falls back to the rule's (from 1.31).
    pub(crate) fn subset_endpoint_mode_falls_back(self) -> bool {
        self.at_least(31, 0)
    }

    /// How rules of one host are merged.
    pub(crate) fn merge_style(self) -> MergeStyle {
        if self.at_least(24, 0) {
            MergeStyle::ByExportTo
        } else if self.at_least(2, 0) {
            MergeStyle::First
        } else if self.at_least(0, 1) {
            MergeStyle::FirstWithSubsets
        } else {
            MergeStyle::LastWins
        }
    }

    /// Where a client's rule is looked up.
    pub(crate) fn lookup_style(self) -> LookupStyle {
        if self.at_least(8, 0) {
            LookupStyle::WithRootPrivate
        } else if self.at_least(6, 0) {
            LookupStyle::Namespaced
        } else if self.at_least(1, 0) {
            LookupStyle::Leaking
        } else {
            LookupStyle::Global
        }
    }

    /// How subset and rule combine.
    pub(crate) fn subset_style(self) -> SubsetStyle {
        if self.at_least(11, 0) {
            SubsetStyle::Merged
        } else if self.at_least(8, 0) {
            SubsetStyle::MergedRaw
        } else if self.at_least(1, 0) {
            SubsetStyle::TwoPasses
        } else {
            SubsetStyle::Overlay
        }
    }

    /// Whether `exportTo` may name namespaces (from 1.7).
    pub(crate) fn export_to_names_namespaces(self) -> bool {
        self.at_least(7, 0)
    }

    /// Whether only the first element of `exportTo` is read, and `.` alone is private (1.1 to 1.5).
    pub(crate) fn reads_first_export_to(self) -> bool {
        !self.at_least(6, 0)
    }

    /// The bug of 1.20.0 and 1.20.1: `exportTo` with the own namespace by name made a rule private (semantics 11).
    pub(crate) fn own_name_makes_private(self) -> bool {
        self.at_least(20, 0) && !self.at_least(20, 2)
    }

    /// Whether rules with a `workloadSelector` are sorted first (from 1.22).
    pub(crate) fn sorts_selector_rules_first(self) -> bool {
        self.at_least(22, 0)
    }

    /// Whether `workloadSelector` of a DestinationRule is read (from 1.14).
    pub(crate) fn reads_rule_selector(self) -> bool {
        self.at_least(14, 0)
    }

    /// Whether ties in creation time are broken by name, then namespace (from 1.23), not by `name.namespace`.
    pub(crate) fn ties_by_name_then_namespace(self) -> bool {
        self.at_least(23, 0)
    }

    /// Whether port settings may name a service port by name (until 1.3).
    pub(crate) fn reads_port_names(self) -> bool {
        !self.at_least(4, 0)
    }

    /// Whether the Sidecar resource exists (from 1.1).
    pub(crate) fn has_sidecar_resource(self) -> bool {
        self.at_least(1, 0)
    }

    /// Whether unknown destinations are passed through by default (from 1.1).
    pub(crate) fn has_outbound_policy(self) -> bool {
        self.at_least(1, 0)
    }

    /// Whether `~` on the namespace part of a Sidecar's egress host excludes (from 1.31).
    pub(crate) fn sidecar_excludes_hosts(self) -> bool {
        self.at_least(31, 0)
    }

    /// Whether egress hosts that are all exact are looked up by namespace, which finds one service for each (from 1.31).
    pub(crate) fn looks_up_exact_egress_hosts(self) -> bool {
        self.at_least(31, 0)
    }

    /// Whether hosts that VirtualServices lead to prefer a Kubernetes service, then the oldest (from 1.30).
    pub(crate) fn picks_best_service_namespace(self) -> bool {
        self.at_least(30, 0)
    }

    /// Whether one namespace is chosen for a hostname with Kubernetes services preferred (from 1.24).
    pub(crate) fn has_unified_sidecar_scope(self) -> bool {
        self.at_least(24, 0)
    }

    /// Whether the injection webhook reads pod labels and revisions (from 1.9; before, only the namespace label).
    pub(crate) fn injects_by_pod_label(self) -> bool {
        self.at_least(9, 0)
    }

    /// Whether `sidecar.istio.io/inject` accepts only `true` and `false` (from 1.27).
    pub(crate) fn inject_value_is_strict(self) -> bool {
        self.at_least(27, 0)
    }

    /// Whether the injector sets the `security.istio.io/tlsMode` label (from 1.4).
    pub(crate) fn injector_sets_tls_mode(self) -> bool {
        self.at_least(4, 0)
    }

    /// Whether a WorkloadEntry with a service account counts as having a proxy (from 1.7).
    pub(crate) fn service_account_means_proxy(self) -> bool {
        self.at_least(7, 0)
    }

    /// Whether ambient exists (from 1.18).
    pub(crate) fn has_ambient(self) -> bool {
        self.at_least(18, 0)
    }

    /// Whether `credentialName` in a sidecar's rule is dropped where there is no selector (semantics 5).
    pub(crate) fn drops_credential_name(self) -> bool {
        self.at_least(4, 0)
    }

    /// Whether `configmap://` names are exempt from that (from 1.26).
    pub(crate) fn keeps_config_map_credential(self) -> bool {
        self.at_least(26, 0)
    }

    /// Whether the rule that gives the labels of a subset is looked up without the service's namespace (1.1; from the
    /// vectors): where only that namespace has the rule, the labels are lost and all endpoints count.
    pub(crate) fn forgets_namespace_of_subset(self) -> bool {
        self.minor == 1
    }

    /// Whether the load balancer of a subset counts even where a port element hides it (from 1.8; semantics 6.2).
    pub(crate) fn reads_hidden_subset_load_balancer(self) -> bool {
        self.at_least(8, 0)
    }

    /// Whether policies of the namespace apply to inline endpoints of a ServiceEntry (from 1.29; the vectors of 1.28 and
    /// before have none for them).
    pub(crate) fn inline_endpoints_have_namespace(self) -> bool {
        self.at_least(29, 0)
    }

    /// Whether `defaultServiceExportTo` may name namespaces (from 1.29; the vectors of 1.28 and before hide such services
    /// from everybody).
    pub(crate) fn default_service_export_names_namespaces(self) -> bool {
        self.at_least(29, 0)
    }

    /// Whether a policy whose JWT issuer cannot be resolved is dropped without fallback (1.1 and 1.2).
    pub(crate) fn drops_policy_with_unresolvable_jwt(self) -> bool {
        self.at_least(1, 0) && !self.at_least(3, 0)
    }

    /// Which of several legacy policies for one service port counts.
    pub(crate) fn legacy_policy_choice(self) -> LegacyPolicyChoice {
        if self.at_least(5, 0) {
            LegacyPolicyChoice::WithPort
        } else if self.at_least(4, 0) {
            LegacyPolicyChoice::First
        } else if self.at_least(1, 0) {
            LegacyPolicyChoice::WithPort
        } else if self.at_least(0, 1) {
            LegacyPolicyChoice::Last
        } else {
            LegacyPolicyChoice::WithoutPort
        }
    }

    /// Whether the alpha policy's target labels are read (1.2 and 1.3).
    pub(crate) fn policy_target_labels_replace_name(self) -> bool {
        self.at_least(2, 0) && !self.at_least(4, 0)
    }

    /// Whether alpha policies of one level are sorted by creation (from 1.4).
    pub(crate) fn sorts_legacy_policies(self) -> bool {
        self.at_least(4, 0)
    }

    /// Whether PERMISSIVE counts if any mtls peer says so, and `allowTls` is read (1.0).
    pub(crate) fn any_permissive_peer_counts(self) -> bool {
        !self.at_least(1, 0)
    }

    /// Whether PERMISSIVE refuses plaintext on TCP ports (1.0.0 to 1.0.2; semantics 10.7).
    pub(crate) fn permissive_tcp_refuses_plaintext(self) -> bool {
        !self.at_least(0, 3)
    }

    /// Whether the chart installs a PERMISSIVE MeshPolicy where `global.mtls.enabled` is false (from 1.0.3).
    pub(crate) fn chart_installs_permissive_policy(self) -> bool {
        self.at_least(0, 3)
    }

    /// Whether `authPolicy` of the mesh config is read (1.0).
    pub(crate) fn reads_auth_policy(self) -> bool {
        !self.at_least(1, 0)
    }

    /// Whether Envoy's 503 body tells the reason of a reset (from 1.5; semantics 7.1).
    pub(crate) fn names_reset_reason(self) -> bool {
        self.at_least(5, 0)
    }

    /// Whether `networking.istio.io/v1` is served (from 1.22).
    pub(crate) fn serves_networking_v1(self) -> bool {
        self.at_least(22, 0)
    }

    /// Whether `ORIGINAL_DST` clusters get auto mTLS at all, and how (semantics 10.6).
    pub(crate) fn original_dst_auto_mtls(self) -> OriginalDstAutoMtls {
        if self.at_least(10, 0) {
            OriginalDstAutoMtls::ByEndpoints
        } else if self.at_least(7, 5) {
            OriginalDstAutoMtls::HeadlessByEndpoints
        } else if self.at_least(6, 6) {
            OriginalDstAutoMtls::Never
        } else if self.at_least(5, 0) {
            OriginalDstAutoMtls::Always
        } else {
            OriginalDstAutoMtls::WithoutMetadata
        }
    }

    /// Whether an explicit tls clears the matches of auto mTLS (from 1.6.6; semantics 10.5).
    pub(crate) fn explicit_tls_clears_matches(self) -> bool {
        self.at_least(6, 6)
    }

    /// Whether an explicit DISABLE empties the socket of an earlier pass (until 1.4; semantics 10.5).
    pub(crate) fn disable_empties_socket(self) -> bool {
        !self.at_least(5, 0)
    }

    /// Whether the second pass runs only for subsets with a policy (1.6, 1.7; semantics 10.5).
    pub(crate) fn second_pass_needs_policy(self) -> bool {
        self.at_least(6, 0)
    }
}

/// Which of several legacy policies for one service port counts. Before 1.4 Istio takes the first in the order of a hash
/// map, so that any choice is as good; this one agrees with the vectors.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum LegacyPolicyChoice {
    /// The first in order.
    First,
    /// The last in order.
    Last,
    /// The first that names the port, else the first without ports.
    WithPort,
    /// The first without ports, else the first that names the port.
    WithoutPort,
}

/// What auto mTLS does for clusters that go to the original destination.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OriginalDstAutoMtls {
    /// The cluster matches by endpoint metadata, which such clusters do not have: plaintext.
    WithoutMetadata,
    /// Nothing: plaintext.
    Never,
    /// Mutual TLS to every endpoint.
    Always,
    /// Headless services: mutual TLS if every endpoint has a proxy; PASSTHROUGH: always.
    HeadlessByEndpoints,
    /// Mutual TLS if every endpoint has a proxy.
    ByEndpoints,
}

impl fmt::Display for IstioVersion {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.patch == LAST_PATCH {
            write!(f, "1.{}", self.minor)
        } else {
            write!(f, "1.{}.{}", self.minor, self.patch)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> IstioVersion {
        IstioVersion::parse(text).unwrap()
    }

    #[test]
    fn a_minor_version_alone_means_its_last_patch() {
        assert!(version("1.0") > version("1.0.9"));
        assert!(version("1.0") < version("1.1.0"));
        assert_eq!(version("1.0").merge_style(), MergeStyle::FirstWithSubsets);
        assert_eq!(version("1.0.0").merge_style(), MergeStyle::LastWins);
    }

    #[test]
    fn versions_are_read_in_all_their_spellings() {
        let table = [
            ("1.31", "1.31"),
            ("v1.28.0", "1.28.0"),
            ("1-22-3", "1.22.3"),
            ("1.4.10", "1.4.10"),
        ];
        for (text, shown) in table {
            assert_eq!(version(text).to_string(), shown);
        }
        for text in ["", "2.0", "latest", "1", "default"] {
            assert_eq!(IstioVersion::parse(text), None, "{text}");
        }
    }
}
