//! DestinationRules and PeerAuthentications.

use super::super::super::testing::{decode_strictly, with_spec};
use super::{assert_accepted, assert_refused};

#[test]
fn a_policy_of_a_rule_has_to_say_something() {
    assert_refused(
        "DestinationRule",
        &[
            (
                "host: a\ntrafficPolicy: {}",
                "spec.trafficPolicy: must have at least one setting, such as `tls`",
                "trafficPolicy",
            ),
            (
                "host: a\ntrafficPolicy: {tls: null, portLevelSettings: []}",
                "spec.trafficPolicy: must have at least one setting, such as `tls`",
                "trafficPolicy",
            ),
            (
                "host: a\nsubsets: [{name: v1, trafficPolicy: {}}]",
                "spec.subsets[0].trafficPolicy: must have at least one setting, such as `tls`",
                "trafficPolicy",
            ),
            (
                "host: a\ntrafficPolicy: {connectionPool: {}}",
                "spec.trafficPolicy.connectionPool: must have `tcp` or `http`",
                "connectionPool",
            ),
            (
                "host: a\ntrafficPolicy: {portLevelSettings: [{tls: {}}]}",
                "spec.trafficPolicy.portLevelSettings[0]: must have a `port`",
                "{tls: {}}",
            ),
            (
                "host: a\ntrafficPolicy: {tunnel: {targetHost: b.com, targetPort: 80}, proxyProtocol: {version: V1}}",
                "spec.trafficPolicy.proxyProtocol: may not stand beside `tunnel`",
                "proxyProtocol",
            ),
        ],
    );
}

#[test]
fn policies_that_say_something_are_let_through() {
    assert_accepted(
        "DestinationRule",
        &[
            "host: a\ntrafficPolicy: null",
            "host: a\ntrafficPolicy: {tls: {}}",
            "host: a\ntrafficPolicy: {outlierDetection: {}}",
            "host: a\ntrafficPolicy: {connectionPool: {tcp: {}}}",
            "host: a\ntrafficPolicy: {portLevelSettings: [{port: {}, tls: {}}]}",
        ],
    );
}

#[test]
fn certificates_of_a_tls_have_to_fit_together() {
    assert_refused(
        "DestinationRule",
        &[
            (
                "host: a\ntrafficPolicy: {tls: {mode: MUTUAL}}",
                "spec.trafficPolicy.tls.mode: `MUTUAL` needs `clientCertificate` and `privateKey`, or `credentialName`",
                "MUTUAL",
            ),
            (
                "host: a\ntrafficPolicy: {tls: {mode: MUTUAL, clientCertificate: c}}",
                "spec.trafficPolicy.tls.mode: `MUTUAL` needs `privateKey`, or `credentialName`",
                "MUTUAL",
            ),
            (
                "host: a\ntrafficPolicy: {portLevelSettings: [{port: {number: 80}, tls: {mode: MUTUAL}}]}",
                "spec.trafficPolicy.portLevelSettings[0].tls.mode: `MUTUAL` needs `clientCertificate` and `privateKey`, or `credentialName`",
                "MUTUAL",
            ),
            (
                "host: a\ntrafficPolicy: {tls: {mode: SIMPLE, credentialName: c, caCertificates: ca}}",
                "spec.trafficPolicy.tls.caCertificates: may not stand beside `credentialName`",
                "caCertificates",
            ),
            (
                "host: a\ntrafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true, caCertificates: ca}}",
                "spec.trafficPolicy.tls.caCertificates: may not stand beside `insecureSkipVerify: true`",
                "caCertificates",
            ),
            (
                "host: a\ntrafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true, credentialName: c}}",
                "spec.trafficPolicy.tls.credentialName: may not stand beside `insecureSkipVerify: true`",
                "credentialName",
            ),
            (
                "host: a\ntrafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: true, subjectAltNames: [b]}}",
                "spec.trafficPolicy.tls.subjectAltNames: may not stand beside `insecureSkipVerify: true`",
                "subjectAltNames",
            ),
        ],
    );
}

#[test]
fn certificates_that_fit_together_are_let_through() {
    assert_accepted(
        "DestinationRule",
        &[
            "host: a\ntrafficPolicy: {tls: {mode: MUTUAL, clientCertificate: c, privateKey: k}}",
            "host: a\ntrafficPolicy: {tls: {mode: MUTUAL, credentialName: c}}",
            "host: a\ntrafficPolicy: {tls: {mode: MUTUAL, credentialName: c, insecureSkipVerify: true}}",
            "host: a\ntrafficPolicy: {tls: {mode: SIMPLE, insecureSkipVerify: false, caCertificates: ca}}",
            "host: a\ntrafficPolicy: {tls: {mode: ISTIO_MUTUAL, credentialName: c, caCertificates: ca}}",
        ],
    );
}

#[test]
fn a_host_has_to_be_a_name() {
    assert_refused(
        "DestinationRule",
        &[
            (
                "host: a_b",
                "spec.host: `a_b` has the part `a_b`; parts consist of letters, digits and, between these, dashes, 63 at most",
                "a_b",
            ),
            (
                "host: a b",
                "spec.host: `a b` has the part `a b`; parts consist of letters, digits and, between these, dashes, 63 at most",
                "a b",
            ),
            (
                "host: 'a.b:80'",
                "spec.host: `a.b:80` has the part `b:80`; parts consist of letters, digits and, between these, dashes, 63 at most",
                "'a.b:80'",
            ),
            (
                "host: a.*.com",
                "spec.host: `a.*.com` may have a `*` at its beginning only",
                "a.*.com",
            ),
            (
                "host: '*.*.com'",
                "spec.host: `*.*.com` may have a `*` at its beginning only",
                "'*.*.com'",
            ),
            (
                "host: 10.0.0.1",
                "spec.host: `10.0.0.1` is an IP address and no host",
                "10.0.0.1",
            ),
            (
                "host: a.123",
                "spec.host: `a.123` ends with the number `123`",
                "a.123",
            ),
            (
                "host: a..com",
                "spec.host: `a..com` has the part ``; parts consist of letters, digits and, between these, dashes, 63 at most",
                "a..com",
            ),
            (
                "host: -a.com",
                "spec.host: `-a.com` has the part `-a`; parts consist of letters, digits and, between these, dashes, 63 at most",
                "-a.com",
            ),
            (
                "host: shop/a.com",
                "spec.host: `shop/a.com` has the part `shop/a`; parts consist of letters, digits and, between these, dashes, 63 at most",
                "shop/a.com",
            ),
        ],
    );
}

#[test]
fn hosts_that_istio_takes_are_let_through() {
    assert_accepted(
        "DestinationRule",
        &[
            "host: '*'",
            "host: '*.com'",
            "host: '*a.com'",
            "host: '*-a.com'",
            "host: Reviews",
            "host: a.com.",
            "host: '123'",
            "host: '${HOST}'",
            "host: cart.SHOP_NAMESPACE.svc.cluster.local",
        ],
    );
}

#[test]
fn a_rule_is_exported_to_namespaces_once() {
    assert_refused(
        "DestinationRule",
        &[
            (
                "host: a\nexportTo: ['*', other]",
                "spec.exportTo: `*` exports to all namespaces, so nothing may stand beside it",
                "'*'",
            ),
            (
                "host: a\nexportTo: [a, \"~\"]",
                "spec.exportTo: `~` is not allowed in a DestinationRule",
                "\"~\"",
            ),
            (
                "host: a\nexportTo: [b, b]",
                "spec.exportTo: `b` is listed twice; `.` is the object's own namespace",
                "b",
            ),
            (
                "host: a\nexportTo: [., apps]",
                "spec.exportTo: `apps` is listed twice; `.` is the object's own namespace",
                "apps",
            ),
            (
                "host: a\nexportTo: ['team-*']",
                "spec.exportTo: `team-*` is not a namespace: names consist of letters, digits and, between these, dashes, 63 at most",
                "'team-*'",
            ),
            (
                "host: a\nexportTo: ['']",
                "spec.exportTo: `` is not a namespace: names consist of letters, digits and, between these, dashes, 63 at most",
                "''",
            ),
            (
                "host: a\nworkloadSelector: {}\nexportTo: [other]",
                "spec.exportTo: a rule with a `workloadSelector` is for its own namespace only",
                "other",
            ),
            (
                "host: a\nworkloadSelector: {}\nexportTo: ['*']",
                "spec.exportTo: a rule with a `workloadSelector` is for its own namespace only",
                "'*'",
            ),
        ],
    );
}

#[test]
fn exports_that_istio_takes_are_let_through() {
    assert_accepted(
        "DestinationRule",
        &[
            "host: a\nexportTo: [., other]",
            "host: a\nexportTo: ['${TEAM}']",
            "host: a\nworkloadSelector: {}\nexportTo: [.]",
            "host: a\nworkloadSelector: {}\nexportTo: [apps]",
        ],
    );
}

#[test]
fn the_default_namespace_is_not_taken_for_the_rules_own() {
    let spec = "host: a\nexportTo: [., default]";
    let text = with_spec("networking.istio.io/v1", "DestinationRule", spec);
    let decoded = decode_strictly(&text.replace(", namespace: apps", ""));
    assert_eq!(decoded[0].problems, []);
}

#[test]
fn subsets_have_names_and_labels_that_kubernetes_takes() {
    assert_refused(
        "DestinationRule",
        &[
            (
                "host: a\nsubsets: [{name: v_1}]",
                "spec.subsets[0].name: `v_1` must consist of letters, digits and, between these, dashes, 63 at most",
                "v_1",
            ),
            (
                "host: a\nsubsets: [{name: v.1}]",
                "spec.subsets[0].name: `v.1` must consist of letters, digits and, between these, dashes, 63 at most",
                "v.1",
            ),
            (
                "host: a\nsubsets: [{name: v1, labels: {a: b c}}]",
                "spec.subsets[0].labels.a: `b c` is not the value of a label",
                "b c",
            ),
            (
                "host: a\nsubsets: [{name: v1, labels: {a b: c}}]",
                "spec.subsets[0].labels: `a b` is not the key of a label",
                "a b",
            ),
        ],
    );
}

#[test]
fn names_and_labels_that_kubernetes_takes_are_let_through() {
    assert_accepted(
        "DestinationRule",
        &[
            "host: a\nsubsets: [{name: V1}]",
            "host: a\nsubsets: [{name: v1, labels: {app.kubernetes.io/name: a_b.c-d, empty: ''}}]",
        ],
    );
}

#[test]
fn a_selector_of_a_rule_has_no_wildcards() {
    assert_refused(
        "DestinationRule",
        &[
            (
                "host: a\nworkloadSelector: {matchLabels: {a: 'b*'}}",
                "spec.workloadSelector.matchLabels.a: a selector has no wildcards",
                "a",
            ),
            (
                "host: a\nworkloadSelector: {matchLabels: {'a*': b}}",
                "spec.workloadSelector.matchLabels.a*: a selector has no wildcards",
                "'a*'",
            ),
            (
                "host: a\nworkloadSelector: {matchLabels: {'': b}}",
                "spec.workloadSelector.matchLabels: the key of a label must not be empty",
                "''",
            ),
        ],
    );
}

#[test]
fn a_selector_of_a_policy_has_no_wildcards() {
    assert_refused(
        "PeerAuthentication",
        &[
            (
                "selector: {matchLabels: {a: 'b*'}}",
                "spec.selector.matchLabels.a: a selector has no wildcards",
                "a",
            ),
            (
                "selector: {matchLabels: {'a*': b}}",
                "spec.selector.matchLabels.a*: a selector has no wildcards",
                "'a*'",
            ),
            (
                "selector: {matchLabels: {'': b}}",
                "spec.selector.matchLabels: the key of a label must not be empty",
                "''",
            ),
        ],
    );
}

#[test]
fn numbers_and_durations_are_in_the_range_that_istio_takes() {
    assert_refused(
        "DestinationRule",
        &[
            (
                "host: a\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: -1}}}",
                "spec.trafficPolicy.connectionPool.tcp.maxConnections: `-1` is less than 0",
                "-1",
            ),
            (
                "host: a\ntrafficPolicy: {connectionPool: {tcp: {connectTimeout: 0s}}}",
                "spec.trafficPolicy.connectionPool.tcp.connectTimeout: `0s` is shorter than `1ms`; leave the field out for the default",
                "0s",
            ),
            (
                "host: a\nsubsets: [{name: v1, trafficPolicy: {outlierDetection: {interval: 10us}}}]",
                "spec.subsets[0].trafficPolicy.outlierDetection.interval: `10us` is shorter than `1ms`; leave the field out for the default",
                "10us",
            ),
            (
                "host: a\ntrafficPolicy: {outlierDetection: {maxEjectionPercent: 101}}",
                "spec.trafficPolicy.outlierDetection.maxEjectionPercent: `101` is not between 0 and 100",
                "101",
            ),
            (
                "host: a\ntrafficPolicy: {outlierDetection: {consecutiveLocalOriginFailures: 5}}",
                "spec.trafficPolicy.outlierDetection.consecutiveLocalOriginFailures: needs `splitExternalLocalOriginErrors: true` beside it",
                "consecutiveLocalOriginFailures",
            ),
        ],
    );
}

#[test]
fn numbers_and_durations_at_the_ends_of_the_range_are_let_through() {
    assert_accepted(
        "DestinationRule",
        &[
            "host: a\ntrafficPolicy: {connectionPool: {tcp: {maxConnections: 0, connectTimeout: 1ms}}}",
            "host: a\ntrafficPolicy: {connectionPool: {tcp: {idleTimeout: 0s}}}",
            "host: a\ntrafficPolicy: {outlierDetection: {maxEjectionPercent: 100, minHealthPercent: 0}}",
            "host: a\ntrafficPolicy: {outlierDetection: {splitExternalLocalOriginErrors: true, consecutiveLocalOriginFailures: 5}}",
        ],
    );
}
