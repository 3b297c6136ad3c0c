//! What a DestinationRule decodes to.

use super::super::testing::{at, decode_all, expect_resource, problem_texts, problems, with_spec};
use super::super::{Effect, Resource};
use super::*;

fn manifest(spec: &str) -> String {
    with_spec("networking.istio.io/v1", "DestinationRule", spec)
}

fn rule(spec: &str) -> DestinationRule {
    *expect_resource!(DestinationRule, &manifest(spec))
}

fn policy(policy: &str) -> TrafficPolicy {
    rule(&format!("host: a\ntrafficPolicy:\n{policy}"))
        .traffic_policy
        .expect("the rule has a policy")
}

/// The problems of a rule with a host and this below it.
fn problems_of(rest: &str) -> Vec<String> {
    problems(&manifest(&format!("host: a\n{rest}")))
}

#[test]
fn the_host_keeps_its_text_and_place() {
    let text = manifest("host: \"*.local\"");
    let rule = expect_resource!(DestinationRule, &text);
    assert_eq!(&*rule.host.value, "*.local");
    assert_eq!(at(&text, rule.host.place), "\"*.local\"");
    assert_eq!(at(&text, rule.spec), "host: \"*.local\"");
}

#[test]
fn a_rule_without_a_host_is_a_problem_where_its_spec_is() {
    for spec in ["subsets: []", "host: ''", "host:"] {
        assert_eq!(problems(&manifest(spec)), ["spec.host: must name a host"]);
    }
    assert_eq!(problem_texts(&manifest("subsets: []")), ["spec"]);
    let no_spec = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\nmetadata: {name: x}";
    assert_eq!(problem_texts(no_spec), ["x"]);
}

#[test]
fn an_absent_and_an_empty_export_to_are_the_same() {
    assert_eq!(rule("host: a").export_to, None);
    assert_eq!(rule("host: a\nexportTo: []").export_to, None);
    let export_to = rule("host: a\nexportTo: [., other]").export_to;
    let export_to = export_to.expect("the list has values");
    assert!(export_to.contains(".") && export_to.contains("other"));
}

#[test]
fn a_workload_selector_is_there_even_if_it_is_empty() {
    assert_eq!(rule("host: a").workload_selector, None);
    assert_eq!(rule("host: a\nworkloadSelector:").workload_selector, None);
    let selector = rule("host: a\nworkloadSelector: {}").workload_selector;
    assert!(selector.is_some_and(|selector| selector.is_empty()));
    let selector = rule("host: a\nworkloadSelector: {matchLabels: {app: web}}").workload_selector;
    assert!(selector.is_some_and(|selector| selector.labels.get("app") == Some("web")));
}

#[test]
fn null_is_an_absent_policy_and_an_absent_tls() {
    assert_eq!(rule("host: a\ntrafficPolicy: null").traffic_policy, None);
    assert_eq!(policy("  tls: null").tls, None);
    assert_eq!(policy("  tls: ~\n  connectionPool: {}").tls, None);
    assert_eq!(policy("  {}").tls, None);
}

#[test]
fn a_tls_block_without_a_mode_means_disable() {
    let text = manifest("host: a\ntrafficPolicy:\n  tls: {}");
    let rule = expect_resource!(DestinationRule, &text);
    let policy = rule.traffic_policy.expect("the rule has a policy");
    let tls = policy.tls.expect("the block is there");
    assert_eq!((tls.mode, tls.mode_place), (TlsMode::Disable, None));
    assert_eq!(at(&text, tls.place), "tls");
    assert_eq!(at(&text, policy.place), "tls: {}");
    assert_eq!(at(&text, policy.key), "trafficPolicy");
    assert!(!policy.flow);
}

#[test]
fn every_tls_mode_is_read_with_its_place() {
    for mode in ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"] {
        let text = manifest(&format!(
            "host: a\ntrafficPolicy: {{tls: {{mode: {mode}}}}}"
        ));
        let rule = expect_resource!(DestinationRule, &text);
        let policy = rule.traffic_policy.expect("the rule has a policy");
        let tls = policy.tls.expect("the block is there");
        assert!(policy.flow);
        assert_eq!(tls.mode.as_str(), mode);
        assert_eq!(tls.mode_place.map(|place| at(&text, place)), Some(mode));
    }
}

#[test]
fn a_client_certificate_needs_both_files() {
    let both = policy("  tls: {mode: MUTUAL, clientCertificate: c, privateKey: k}").tls;
    let one = policy("  tls: {mode: MUTUAL, clientCertificate: c, privateKey: ''}").tls;
    assert!(both.is_some_and(|tls| tls.has_client_certificate));
    assert!(one.is_some_and(|tls| !tls.has_client_certificate));
    let named = policy("  tls: {mode: SIMPLE, credentialName: cert}").tls;
    let name = named.and_then(|tls| tls.credential_name);
    assert_eq!(name.map(|name| name.value).as_deref(), Some("cert"));
}

#[test]
fn only_passthrough_matters_of_a_load_balancer() {
    let table = [
        ("PASSTHROUGH", LoadBalancer::Passthrough),
        ("ROUND_ROBIN", LoadBalancer::Other),
        ("LEAST_CONN", LoadBalancer::Other),
    ];
    for (simple, expected) in table {
        let policy = policy(&format!("  loadBalancer: {{simple: {simple}}}"));
        assert_eq!(policy.load_balancer.map(|lb| lb.value), Some(expected));
    }
    let hash = policy("  loadBalancer: {consistentHash: {useSourceIp: true}}");
    assert_eq!(hash.load_balancer, None);
}

#[test]
fn other_fields_say_what_a_rule_was_written_for() {
    let policy = policy(
        "  outlierDetection: {}\n  tls: {mode: SIMPLE}\n  connectionPool:\n    tcp: {}\n  loadBalancer: {simple: RANDOM}\n  tunnel: null\n  portLevelSettings: []",
    );
    let names: Vec<_> = policy.other_fields.iter().map(|f| &*f.value).collect();
    assert_eq!(
        names,
        ["outlierDetection", "connectionPool", "loadBalancer"]
    );
}

#[test]
fn port_settings_keep_number_or_name_and_tls() {
    let policy = policy(
        "  portLevelSettings:\n  - port: {number: 80}\n    tls: {mode: DISABLE}\n  - {port: {name: http}, loadBalancer: {simple: PASSTHROUGH}}",
    );
    let [by_number, by_name] = &policy.port_level_settings[..] else {
        panic!("two elements");
    };
    assert_eq!(by_number.port.map(|port| port.value), Some(80));
    assert!(by_number.tls.is_some() && !by_number.flow);
    let name = by_name.port_name.as_ref().map(|name| &*name.value);
    assert_eq!(name, Some("http"));
    assert!(by_name.load_balancer.is_some() && by_name.tls.is_none() && by_name.flow);
}

#[test]
fn settings_for_a_number_that_no_port_has_count_for_no_port() {
    for number in ["0", "65536"] {
        let spec = format!(
            "host: a\ntrafficPolicy: {{portLevelSettings: [{{port: {{number: {number}}}, tls: {{}}}}]}}"
        );
        let decoded = decode_all(&manifest(&spec));
        let problem = &decoded[0].problems[0];
        assert_eq!(problem.effect, Effect::Dropped);
        let Some(Resource::DestinationRule(rule)) = decoded[0].resources.first() else {
            panic!("the rule counts");
        };
        let policy = rule.traffic_policy.as_ref().expect("it has a policy");
        assert_eq!(policy.port_level_settings[0].port, None);
    }
}

#[test]
fn a_port_setting_with_nothing_but_a_port_is_a_problem() {
    for element in ["{port: {number: 80}}", "{port: {number: 80}, tls: null}"] {
        let problems = problems_of(&format!(
            "trafficPolicy: {{portLevelSettings: [{element}]}}"
        ));
        let expected = "spec.trafficPolicy.portLevelSettings[0]: must have at least one setting besides `port`, such as `tls`";
        assert_eq!(problems, [expected]);
    }
}

#[test]
fn a_subset_without_labels_has_an_empty_selector() {
    let rule = rule(
        "host: a\nsubsets:\n- name: v1\n  labels: {version: v1}\n  trafficPolicy: {tls: {}}\n- name: all",
    );
    let [first, second] = &rule.subsets[..] else {
        panic!("two subsets");
    };
    assert_eq!(&*first.name.value, "v1");
    assert_eq!(first.labels.labels.get("version"), Some("v1"));
    assert!(
        first
            .traffic_policy
            .as_ref()
            .is_some_and(|p| p.tls.is_some())
    );
    assert!(second.labels.is_empty() && second.traffic_policy.is_none());
    assert_eq!(second.labels.place, second.place);
}

#[test]
fn a_mode_that_does_not_exist_is_a_problem_at_its_value() {
    let text = manifest("host: a\ntrafficPolicy:\n  tls:\n    mode: ISTIO_MUTAL");
    let expected = "spec.trafficPolicy.tls.mode: `ISTIO_MUTAL` is not a TLS mode; did you mean `ISTIO_MUTUAL`?";
    assert_eq!(problems(&text), [expected]);
    assert_eq!(problem_texts(&text), ["ISTIO_MUTAL"]);
}

#[test]
fn wrong_types_are_problems_with_their_path() {
    let table = [
        (
            "trafficPolicy: {tls: DISABLE}",
            "spec.trafficPolicy.tls: must be a mapping, not text",
        ),
        (
            "trafficPolicy: {tls: {mode: off}}",
            "spec.trafficPolicy.tls.mode: must be text, not a boolean; put it in quotes",
        ),
        (
            "trafficPolicy: []",
            "spec.trafficPolicy: must be a mapping, not a list",
        ),
        (
            "trafficPolicy: {loadBalancer: PASSTHROUGH}",
            "spec.trafficPolicy.loadBalancer: must be a mapping, not text",
        ),
        (
            "trafficPolicy: {portLevelSettings: {port: {}}}",
            "spec.trafficPolicy.portLevelSettings: must be a list, not a mapping",
        ),
        (
            "trafficPolicy: {portLevelSettings: [{port: 80, tls: {}}]}",
            "spec.trafficPolicy.portLevelSettings[0].port: must be a mapping, not a number",
        ),
        (
            "trafficPolicy: {portLevelSettings: [{port: {number: '80'}, tls: {}}]}",
            "spec.trafficPolicy.portLevelSettings[0].port.number: must be a port number (1 to 65535), not text",
        ),
        (
            "subsets: [{name: v1, labels: {version: 1}}]",
            "spec.subsets[0].labels.version: must be text, not a number; put it in quotes",
        ),
        (
            "subsets: [{labels: {}}]",
            "spec.subsets[0]: must have a `name`",
        ),
        (
            "subsets: [null]",
            "spec.subsets[0]: must be a mapping, not null",
        ),
        ("exportTo: '*'", "spec.exportTo: must be a list, not text"),
        (
            "workloadSelector: [app]",
            "spec.workloadSelector: must be a mapping, not a list",
        ),
    ];
    for (rest, expected) in table {
        let problems = problems_of(rest);
        assert!(
            problems.contains(&expected.to_owned()),
            "{rest}: {problems:?}"
        );
    }
}

#[test]
fn of_a_key_written_twice_the_last_counts() {
    let policy = policy("  tls: {mode: DISABLE}\n  tls: {mode: ISTIO_MUTUAL}");
    let mode = policy.tls.map(|tls| tls.mode);
    assert_eq!(mode, Some(TlsMode::IstioMutual));
}
