//! What the forms of mesh config decode to.

use super::super::testing::{
    at, expect_resource, problem_texts, problems, resource, values, with_spec,
};
use super::super::{LabelSelector, OutboundMode, Resource};
use super::*;

/// A ConfigMap with a mesh config.
fn config_map(mesh: &str) -> String {
    let mesh = mesh.replace('\n', "\n    ");
    format!(
        "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio, namespace: istio-system}}\ndata:\n  mesh: |\n    {mesh}\n"
    )
}

fn mesh(mesh: &str) -> MeshConfig {
    *expect_resource!(MeshConfig, &config_map(mesh))
}

fn operator(spec: &str) -> MeshConfig {
    let text = with_spec("install.istio.io/v1alpha1", "IstioOperator", spec);
    *expect_resource!(MeshConfig, &text)
}

fn sail(spec: &str) -> MeshConfig {
    *expect_resource!(MeshConfig, &with_spec("sailoperator.io/v1", "Istio", spec))
}

fn helm(text: &str) -> MeshConfig {
    match values(text) {
        Some(Resource::MeshConfig(config)) => *config,
        other => panic!("expected mesh config, found {other:?}: {text}"),
    }
}

fn text(text: Option<&Spanned<Box<str>>>) -> Option<&str> {
    text.map(|text| &*text.value)
}

fn env(config: &MeshConfig) -> Vec<(&str, &str)> {
    let pairs = config.pilot_env.iter();
    pairs
        .map(|(name, value)| (&**name, &*value.value))
        .collect()
}

#[test]
fn every_field_of_a_config_map_is_read() {
    let config = mesh(
        "enableAutoMtls: false\nrootNamespace: istio-config\noutboundTrafficPolicy:\n  mode: REGISTRY_ONLY\ndefaultDestinationRuleExportTo: [.]\ndefaultServiceExportTo: ['*']\ndefaultVirtualServiceExportTo: [a, b]\nauthPolicy: MUTUAL_TLS\ndefaultConfig:\n  proxyMetadata: {ISTIO_META_ENABLE_HBONE: 'true'}\n",
    );
    assert_eq!(config.source, MeshConfigSource::ConfigMap);
    assert_eq!(config.enable_auto_mtls.map(|auto| auto.value), Some(false));
    assert_eq!(text(config.root_namespace.as_ref()), Some("istio-config"));
    let outbound = config.outbound.map(|outbound| outbound.value);
    assert_eq!(outbound, Some(OutboundMode::RegistryOnly));
    assert!(
        config
            .default_destination_rule_export_to
            .is_some_and(|to| to.contains("."))
    );
    assert!(
        config
            .default_service_export_to
            .is_some_and(|to| to.contains("*"))
    );
    assert!(
        config
            .default_virtual_service_export_to
            .is_some_and(|to| to.contains("b"))
    );
    assert_eq!(
        config.auth_policy_mutual_tls.map(|policy| policy.value),
        Some(true)
    );
    assert_eq!(config.enable_hbone.map(|hbone| hbone.value), Some(true));
    assert!(config.meta.is_some() && config.revision.is_none());
}

#[test]
fn an_empty_mesh_states_nothing() {
    for written in ["mesh: ''", "mesh: |\n    # nothing", "mesh: '{}'"] {
        let text = format!(
            "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio}}\ndata:\n  {written}\n"
        );
        let config: Box<MeshConfig> = expect_resource!(MeshConfig, &text);
        assert!(config.enable_auto_mtls.is_none() && config.outbound.is_none());
        assert_eq!(at(&text, config.place), "mesh");
    }
}

#[test]
fn places_point_into_the_block_scalar() {
    let text = config_map("# comment\nenableAutoMtls: false");
    let config: Box<MeshConfig> = expect_resource!(MeshConfig, &text);
    let auto = config.enable_auto_mtls.expect("it is written");
    assert_eq!(at(&text, auto.place), "false");
}

#[test]
fn the_name_of_the_config_map_tells_the_revision() {
    let table = [
        ("istio", Some(None)),
        ("istio-canary", Some(Some("canary"))),
        ("istio-", None),
        ("istiod", None),
        ("other", None),
    ];
    for (name, expected) in table {
        let text =
            config_map("enableAutoMtls: true").replace("name: istio,", &format!("name: {name},"));
        let revision = match resource(&text) {
            Some(Resource::MeshConfig(config)) => Some(config.revision),
            other => {
                assert!(other.is_none(), "{name}");
                None
            }
        };
        let revision = revision.as_ref().map(|revision| revision.as_deref());
        assert_eq!(revision, expected, "{name}");
    }
}

#[test]
fn a_config_map_without_mesh_config_is_not_read() {
    for data in [
        "",
        "data: {}",
        "data: {root-cert.pem: x}",
        "data: {mesh: null}",
    ] {
        let text = format!("apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: istio-x}}\n{data}");
        assert!(resource(&text).is_none(), "{data}");
    }
}

#[test]
fn an_outbound_policy_without_a_mode_means_registry_only() {
    let config = mesh("outboundTrafficPolicy: {}");
    let outbound = config.outbound.map(|outbound| outbound.value);
    assert_eq!(outbound, Some(OutboundMode::RegistryOnly));
    assert_eq!(mesh("outboundTrafficPolicy:").outbound, None);
}

#[test]
fn discovery_selectors_have_labels_and_expressions() {
    let config = mesh(
        "discoverySelectors:\n- matchLabels: {mesh: on-this}\n- matchExpressions: [{key: env, operator: In, values: [prod, stage]}]\n- {}",
    );
    let selectors = config.discovery_selectors.expect("three selectors");
    let [labels, expressions, empty] = &selectors[..] else {
        panic!("three selectors");
    };
    let selects = |selector: &LabelSelector, labels: &[(&str, &'static str)]| {
        selector.selects(|key| {
            labels
                .iter()
                .find(|(k, _)| *k == key)
                .map(|(_, value)| *value)
        })
    };
    assert!(selects(labels, &[("mesh", "on-this")]) && !selects(labels, &[("mesh", "off")]));
    assert!(selects(expressions, &[("env", "prod")]) && !selects(expressions, &[]));
    assert!(selects(empty, &[]));
    assert_eq!(mesh("{}").discovery_selectors, None);
}

#[test]
fn the_outbound_policy_with_dynamic_dns_lets_unknown_hosts_pass() {
    let config = mesh("outboundTrafficPolicy: {mode: ALLOW_ANY_DYNAMIC_DNS}");
    let outbound = config.outbound.map(|outbound| outbound.value);
    assert_eq!(outbound, Some(OutboundMode::AllowAny));
}

#[test]
fn hbone_is_on_only_with_the_text_true() {
    for (written, expected) in [("'true'", true), ("\"false\"", false), ("'1'", false)] {
        let config = mesh(&format!(
            "defaultConfig: {{proxyMetadata: {{ISTIO_META_ENABLE_HBONE: {written}}}}}"
        ));
        assert_eq!(config.enable_hbone.map(|hbone| hbone.value), Some(expected));
    }
}

#[test]
fn bad_mesh_config_is_a_problem_with_its_path() {
    let table = [
        (
            "enableAutoMtls: maybe",
            "data.mesh.enableAutoMtls: must be `true` or `false`, not text",
            "maybe",
        ),
        (
            "outboundTrafficPolicy: {mode: REGISTRY-ONLY}",
            "data.mesh.outboundTrafficPolicy.mode: `REGISTRY-ONLY` is not an outbound traffic mode; did you mean `REGISTRY_ONLY`?",
            "REGISTRY-ONLY",
        ),
        (
            "authPolicy: STRICT",
            "data.mesh.authPolicy: `STRICT` is not an `authPolicy`; expected `NONE` or `MUTUAL_TLS`",
            "STRICT",
        ),
        ("- x", "data.mesh: must be a mapping, not a list", "- x"),
        (
            "discoverySelectors: [x]",
            "data.mesh.discoverySelectors[0]: must be a mapping, not text",
            "x",
        ),
    ];
    for (mesh, expected, place) in table {
        let text = config_map(mesh);
        assert_eq!(problems(&text), [expected]);
        let places = problem_texts(&text);
        assert_eq!(places.len(), 1);
        assert!(
            places[0].contains(place.trim_start_matches("- ")),
            "{places:?}"
        );
    }
}

#[test]
fn mesh_config_that_is_not_yaml_is_a_problem_inside_the_text() {
    let text = config_map("enableAutoMtls: [true");
    let problems = problems(&text);
    assert_eq!(problems.len(), 1);
    assert!(problems[0].starts_with("data.mesh: "), "{problems:?}");
    let not_text = "apiVersion: v1\nkind: ConfigMap\nmetadata: {name: istio}\ndata: {mesh: {}}";
    assert_eq!(
        super::super::testing::problems(not_text),
        ["data.mesh: must be text, not a mapping"]
    );
}

#[test]
fn the_mesh_config_of_an_operator_lies_over_that_of_its_values() {
    let config = operator(
        "meshConfig: {enableAutoMtls: false, outboundTrafficPolicy: {}}\nvalues:\n  meshConfig: {enableAutoMtls: true, rootNamespace: a, outboundTrafficPolicy: {mode: ALLOW_ANY}}\n  global: {istioNamespace: b, tag: 1.2.3}",
    );
    assert_eq!(config.source, MeshConfigSource::IstioOperator);
    assert_eq!(config.enable_auto_mtls.map(|auto| auto.value), Some(false));
    assert_eq!(text(config.root_namespace.as_ref()), Some("a"));
    let outbound = config.outbound.map(|outbound| outbound.value);
    assert_eq!(outbound, Some(OutboundMode::AllowAny));
    assert_eq!(text(config.istio_version.as_ref()), Some("1.2.3"));
}

#[test]
fn an_operator_states_revision_version_and_environment() {
    let config = operator(
        "revision: canary\ntag: v1.20.1\nnamespace: istio-config\ncomponents: {pilot: {k8s: {env: [{name: A, value: '1'}, {name: B, value: \"2\"}, {name: C}]}}}\nvalues: {pilot: {env: {A: 3, D: true}}, revision: other}",
    );
    assert_eq!(config.revision.as_deref(), Some("canary"));
    assert_eq!(text(config.istio_version.as_ref()), Some("1.20.1"));
    assert_eq!(text(config.root_namespace.as_ref()), Some("istio-config"));
    assert_eq!(env(&config), [("A", "1"), ("B", "2"), ("D", "true")]);
}

#[test]
fn an_operator_keeps_the_mtls_of_old_charts() {
    let config = operator("values: {global: {mtls: {enabled: true, auto: false}}}");
    let mtls = config.helm_mtls.expect("the block is there");
    assert_eq!(mtls.enabled.map(|enabled| enabled.value), Some(true));
    assert_eq!(mtls.auto.map(|auto| auto.value), Some(false));
    assert_eq!(config.enable_auto_mtls, mtls.auto);
}

#[test]
fn an_operator_for_gateways_alone_is_no_mesh_config() {
    let gateways = "profile: empty\ncomponents: {ingressGateways: [{name: a}]}";
    let text = with_spec("install.istio.io/v1alpha1", "IstioOperator", gateways);
    assert!(resource(&text).is_none());
    let config = operator("profile: empty\nmeshConfig: {enableAutoMtls: true}");
    assert!(config.enable_auto_mtls.is_some());
}

#[test]
fn an_operator_without_mesh_config_points_at_its_name() {
    let text = with_spec(
        "install.istio.io/v1alpha1",
        "IstioOperator",
        "profile: demo",
    );
    let config: Box<MeshConfig> = expect_resource!(MeshConfig, &text);
    assert_eq!(at(&text, config.place), "test");
}

#[test]
fn wrong_types_in_an_operator_are_problems() {
    let table = [
        (
            "meshConfig: x",
            "spec.meshConfig: must be a mapping, not text",
        ),
        (
            "values: {meshConfig: {enableAutoMtls: 'true'}}",
            "spec.values.meshConfig.enableAutoMtls: must be `true` or `false`, not text",
        ),
        (
            "values: {global: {mtls: true}}",
            "spec.values.global.mtls: must be a mapping, not a boolean",
        ),
    ];
    for (spec, expected) in table {
        let text = with_spec("install.istio.io/v1alpha1", "IstioOperator", spec);
        assert_eq!(problems(&text), [expected]);
    }
}

#[test]
fn sail_states_values_namespace_and_version() {
    let config = sail(
        "version: v1.24.2\nnamespace: istio-system\nvalues: {meshConfig: {enableAutoMtls: false}, pilot: {env: {A: b}}}",
    );
    assert_eq!(config.source, MeshConfigSource::Sail);
    assert_eq!(text(config.istio_version.as_ref()), Some("1.24.2"));
    assert_eq!(text(config.root_namespace.as_ref()), Some("istio-system"));
    assert_eq!(config.enable_auto_mtls.map(|auto| auto.value), Some(false));
    assert_eq!(env(&config), [("A", "b")]);
    assert_eq!(config.revision.as_deref(), Some("test"));
}

#[test]
fn the_revision_of_sail_is_the_name_and_perhaps_the_version() {
    let text = with_spec("operator.istio.io/v1alpha1", "Istio", "version: v1.24.2");
    let text = text.replace("name: test", "name: default");
    let config: Box<MeshConfig> = expect_resource!(MeshConfig, &text);
    assert_eq!(config.revision, None);
    let config = sail("version: v1.24.2\nupdateStrategy: {type: RevisionBased}");
    assert_eq!(config.revision.as_deref(), Some("test-v1-24-2"));
}

#[test]
fn helm_values_are_known_by_their_content() {
    let config = helm(
        "revision: canary\nmeshConfig: {enableAutoMtls: false}\npilot: {env: {A: b}}\nglobal: {tag: 1.20}",
    );
    assert_eq!(config.source, MeshConfigSource::HelmValues);
    assert!(config.meta.is_none());
    assert_eq!(config.enable_auto_mtls.map(|auto| auto.value), Some(false));
    assert_eq!(config.revision.as_deref(), Some("canary"));
    assert_eq!(env(&config), [("A", "b")]);
    assert_eq!(text(config.istio_version.as_ref()), Some("1.20"));
}

#[test]
fn helm_values_of_old_charts_are_known_by_mtls() {
    let config = helm("global: {mtls: {enabled: true}, istioNamespace: a}");
    let enabled = config.helm_mtls.and_then(|mtls| mtls.enabled);
    assert_eq!(enabled.map(|enabled| enabled.value), Some(true));
    assert_eq!(text(config.root_namespace.as_ref()), Some("a"));
    let config = helm("global: {configRootNamespace: b, istioNamespace: a}");
    assert_eq!(text(config.root_namespace.as_ref()), Some("b"));
}

#[test]
fn values_of_an_umbrella_chart_nest_one_level_down() {
    for key in ["istiod", "istio-istiod", "whatever"] {
        let config = helm(&format!(
            "{key}: {{meshConfig: {{enableAutoMtls: false}}, global: {{istioNamespace: a}}}}"
        ));
        assert!(config.enable_auto_mtls.is_some(), "{key}");
        assert_eq!(text(config.root_namespace.as_ref()), Some("a"));
    }
    let config = helm("istio: {global: {mtls: {enabled: true}}}");
    assert!(config.helm_mtls.is_some());
    let config = helm(
        "global: {istioNamespace: outer}\nistiod: {meshConfig: {}, global: {istioNamespace: inner}}",
    );
    assert_eq!(text(config.root_namespace.as_ref()), Some("outer"));
}

#[test]
fn helm_values_that_say_nothing_of_the_mesh_are_not_read() {
    let table = [
        "global: {istioNamespace: istio-system}",
        "global: {mtls: {}}",
        "meshConfig: x",
        "a: {meshConfig: {}}\nb: {meshConfig: {}}",
        "other: {global: {mtls: {enabled: true}}}",
    ];
    for text in table {
        assert!(values(text).is_none(), "{text}");
    }
}

#[test]
fn what_cannot_be_read_of_helm_values_is_not_stated() {
    let config = helm("meshConfig: {enableAutoMtls: perhaps, rootNamespace: a}");
    assert_eq!(config.enable_auto_mtls, None);
    assert_eq!(text(config.root_namespace.as_ref()), Some("a"));
}
