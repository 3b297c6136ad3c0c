//! Which rule speaks where several see the same pair (the catalogue's section "Settled").

/// The rules in the order in which they speak; each stays silent for the pairs that an earlier one explains.
const SPEAKERS: &[&str] = &[
    "invalid-schema",
    "literal-patch-directive",
    "patch-drops-tls",
    "ignored-credential-name",
    "port-settings-drop-tls",
    "subset-changes-tls",
    "duplicate-host-rules",
    "export-to-hides-mtls",
    "override-drops-mtls",
    "tls-disabled-in-mesh",
    "foreign-tls-in-mesh",
    "mtls-to-disabled-server",
    "mtls-to-unproxied-workload",
    "mtls-to-external-host",
    "shadowed-by-client-namespace",
    "strict-without-client-mtls",
];

/// The rules that a rule yields to, none for a rule that the order does not name.
pub(crate) fn yields_to(rule: &str) -> &'static [&'static str] {
    let position = SPEAKERS.iter().position(|name| *name == rule).unwrap_or(0);
    SPEAKERS.get(..position).unwrap_or_default()
}

/// Rules that stay silent where another one says the same with more to say: the silent one, and the one that speaks.
pub(crate) const AT_ONE_PLACE: &[(&str, &str)] = &[("invalid-schema", "literal-patch-directive")];

/// The rule that only compares meshes: where another one says what the difference does to traffic, nothing is left to say.
pub(crate) const COMPARISON: &str = "tls-differs-between-meshes";

/// Whether a rule says what happens to traffic.
pub(crate) fn speaks_of_traffic(rule: &str) -> bool {
    SPEAKERS.contains(&rule)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rules::RULES;

    #[test]
    fn every_speaker_is_a_rule() {
        let beside = AT_ONE_PLACE.iter().flat_map(|(one, other)| [one, other]);
        for name in SPEAKERS.iter().chain(beside).chain([&COMPARISON]) {
            assert!(RULES.iter().any(|rule| rule.meta.name == *name), "{name}");
        }
    }

    #[test]
    fn a_rule_yields_to_those_before_it() {
        assert_eq!(
            yields_to("port-settings-drop-tls"),
            [
                "invalid-schema",
                "literal-patch-directive",
                "patch-drops-tls",
                "ignored-credential-name"
            ]
        );
        assert!(yields_to("invalid-schema").is_empty());
        let before = yields_to("tls-disabled-in-mesh");
        assert_eq!(before.last(), Some(&"override-drops-mtls"));
        assert!(yields_to("unread-input").is_empty());
    }
}
