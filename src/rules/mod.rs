//! The rules, one file each, and their list.

mod duplicate_host_rules;
mod expired_suppression;
mod export_to_hides_mtls;
mod findings;
mod foreign_tls_in_mesh;
mod ignored_credential_name;
mod invalid_schema;
mod literal_patch_directive;
mod misplaced_suppression;
mod mistaken_hosts;
mod mtls_to_disabled_server;
mod mtls_to_external_host;
mod mtls_to_unproxied_workload;
mod override_drops_mtls;
mod partly_qualified_host;
mod patch_drops_tls;
mod patch_matches_nothing;
mod port_level_uses_service_port;
mod port_settings_drop_tls;
mod precedence;
mod selector_in_root_namespace;
mod shadowed_by_client_namespace;
mod short_name_in_wrong_namespace;
mod strict_without_client_mtls;
mod subset_changes_tls;
mod substituted_tls_mode;
mod suppression_without_reason;
mod tls_differs_between_meshes;
mod tls_disabled_in_mesh;
mod transformer_dangles_host;
mod transformer_moves_mesh_policy;
mod unknown_rule_in_suppression;
mod unread_input;
mod unused_suppression;

pub(crate) use precedence::{AT_ONE_PLACE, COMPARISON, speaks_of_traffic, yields_to};

use crate::rule::{Rule, did_you_mean, nearest};

/// All rules in the order of the documentation.
pub static RULES: &[&Rule] = &[
    &invalid_schema::RULE,
    &literal_patch_directive::RULE,
    &patch_drops_tls::RULE,
    &ignored_credential_name::RULE,
    &port_settings_drop_tls::RULE,
    &subset_changes_tls::RULE,
    &override_drops_mtls::RULE,
    &tls_disabled_in_mesh::RULE,
    &foreign_tls_in_mesh::RULE,
    &mtls_to_disabled_server::RULE,
    &mtls_to_unproxied_workload::RULE,
    &mtls_to_external_host::RULE,
    &strict_without_client_mtls::RULE,
    &duplicate_host_rules::RULE,
    &shadowed_by_client_namespace::RULE,
    &export_to_hides_mtls::RULE,
    &short_name_in_wrong_namespace::RULE,
    &partly_qualified_host::RULE,
    &port_level_uses_service_port::RULE,
    &selector_in_root_namespace::RULE,
    &patch_matches_nothing::RULE,
    &transformer_dangles_host::RULE,
    &transformer_moves_mesh_policy::RULE,
    &tls_differs_between_meshes::RULE,
    &substituted_tls_mode::RULE,
    &unread_input::RULE,
    &unused_suppression::RULE,
    &suppression_without_reason::RULE,
    &unknown_rule_in_suppression::RULE,
    &expired_suppression::RULE,
    &misplaced_suppression::RULE,
];

/// A name that no rule has.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("unknown rule `{name}`{}", did_you_mean(*suggestion))]
pub struct UnknownRule {
    /// The name as given.
    pub name: String,
    /// The nearest name of a rule.
    pub suggestion: Option<&'static str>,
}

/// The rule of a name.
pub fn find(name: &str) -> Result<&'static Rule, UnknownRule> {
    let names = || RULES.iter().map(|rule| rule.meta.name);
    RULES
        .iter()
        .copied()
        .find(|rule| rule.meta.name == name)
        .ok_or_else(|| UnknownRule {
            name: name.to_owned(),
            suggestion: nearest(name, names()),
        })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_is_found_by_its_name() {
        for rule in RULES {
            let found = find(rule.meta.name).expect("the name is of a rule");
            assert_eq!(found.meta.name, rule.meta.name);
        }
    }

    #[test]
    fn an_unknown_name_comes_with_the_nearest() {
        let error = find("unread-inputs").expect_err("there is no such rule");
        assert_eq!(
            error.to_string(),
            "unknown rule `unread-inputs`; did you mean `unread-input`?"
        );
    }

    #[test]
    fn a_name_near_no_rule_comes_without_suggestion() {
        let error = find("x").expect_err("there is no such rule");
        assert_eq!(error.to_string(), "unknown rule `x`");
    }
}
