//! Sidecars.

use super::{assert_accepted, assert_refused};

#[test]
fn a_selector_of_a_sidecar_has_no_wildcards() {
    assert_refused(
        "Sidecar",
        &[
            (
                "egress: [{hosts: ['*/*']}]\nworkloadSelector: {labels: {a: 'b*'}}",
                "spec.workloadSelector.labels.a: a selector has no wildcards",
                "a",
            ),
            (
                "egress: [{hosts: ['*/*']}]\nworkloadSelector: {labels: {'a*': b}}",
                "spec.workloadSelector.labels.a*: a selector has no wildcards",
                "'a*'",
            ),
            (
                "egress: [{hosts: ['*/*']}]\nworkloadSelector: {labels: {'': b}}",
                "spec.workloadSelector.labels: the key of a label must not be empty",
                "''",
            ),
        ],
    );
}

#[test]
fn a_sidecar_has_to_say_something() {
    assert_refused(
        "Sidecar",
        &[
            (
                "workloadSelector: {labels: {a: b}}",
                "spec: must have `egress`, `ingress`, `outboundTrafficPolicy` or `inboundConnectionPool`",
                "workloadSelector: {labels: {a: b}}",
            ),
            (
                "egress: []",
                "spec: must have `egress`, `ingress`, `outboundTrafficPolicy` or `inboundConnectionPool`",
                "egress: []",
            ),
        ],
    );
}

#[test]
fn a_sidecar_imports_hosts_with_their_namespaces() {
    assert_refused(
        "Sidecar",
        &[
            (
                "egress: [{hosts: []}]",
                "spec.egress[0].hosts: must name at least one host",
                "hosts",
            ),
            (
                "egress: [{hosts: [a.com]}]",
                "spec.egress[0].hosts[0]: `a.com` must be of the form `namespace/host`, such as `./*`",
                "a.com",
            ),
            (
                "egress: [{hosts: ['*']}]",
                "spec.egress[0].hosts[0]: `*` must be of the form `namespace/host`, such as `./*`",
                "'*'",
            ),
            (
                "egress: [{hosts: [./reviews]}]",
                "spec.egress[0].hosts[0]: `./reviews` has no full host, such as `reviews.shop.svc.cluster.local`, behind the namespace; Istio completes no names here",
                "./reviews",
            ),
            (
                "egress: [{hosts: [a_b/*]}]",
                "spec.egress[0].hosts[0]: `a_b/*` does not begin with a namespace, `.` or `*`",
                "a_b/*",
            ),
            (
                "egress: [{hosts: ['./*a.com']}]",
                "spec.egress[0].hosts[0]: `./*a.com`: a `*` may only stand for whole parts at the beginning of the host",
                "'./*a.com'",
            ),
            (
                "egress: [{hosts: [./1.2.3.4]}]",
                "spec.egress[0].hosts[0]: `1.2.3.4` is an IP address and no host",
                "./1.2.3.4",
            ),
        ],
    );
}

#[test]
fn listeners_of_a_sidecar_are_told_apart() {
    assert_refused(
        "Sidecar",
        &[
            (
                "egress: [{hosts: ['*/*']}, {port: {number: 80, protocol: HTTP}, hosts: [./*]}]",
                "spec.egress[0]: a listener without a `port` must be the last one",
                "{hosts: ['*/*']}",
            ),
            (
                "egress: [{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {port: {number: 80, protocol: HTTP}, hosts: ['*/*']}]",
                "spec.egress[1].port.number: two listeners are for port 80",
                "80",
            ),
            (
                "egress: [{port: {number: 0, protocol: HTTP}, hosts: [./*]}]",
                "spec.egress[0].port.number: port 0 is for listeners on a Unix socket, given by `bind`",
                "0",
            ),
            (
                "egress: [{port: {number: 80, protocol: HTTPX}, hosts: [./*]}]",
                "spec.egress[0].port.protocol: `HTTPX` is not a protocol that Istio knows",
                "HTTPX",
            ),
        ],
    );
}

#[test]
fn the_tls_of_a_sidecar_names_files() {
    assert_refused(
        "Sidecar",
        &[
            (
                "ingress: [{port: {number: 80, protocol: HTTPS}, defaultEndpoint: ':80', tls: {mode: SIMPLE, credentialName: c}}]",
                "spec.ingress[0].tls.credentialName: Istio does not support this in a Sidecar",
                "credentialName",
            ),
            (
                "ingress: [{port: {number: 80, protocol: HTTPS}, defaultEndpoint: ':80', tls: {mode: SIMPLE, tlsCertificates: [{privateKey: k, serverCertificate: c}]}}]",
                "spec.ingress[0].tls.tlsCertificates: Istio does not support this in a Sidecar",
                "tlsCertificates",
            ),
            (
                "ingress: [{port: {number: 80, protocol: HTTPS}, defaultEndpoint: ':80', tls: {mode: ISTIO_MUTUAL}}]",
                "spec.ingress[0].tls.mode: `ISTIO_MUTUAL` is not supported in a Sidecar",
                "ISTIO_MUTUAL",
            ),
        ],
    );
}

#[test]
fn sidecars_that_istio_takes_are_let_through() {
    assert_accepted(
        "Sidecar",
        &[
            "egress: [{hosts: ['*/*', '~other/*', '~/*', ./*.com, istio-system/a.com]}]",
            "outboundTrafficPolicy: {}",
            "egress: [{port: {number: 80, protocol: HTTP}, hosts: [./*]}, {hosts: ['*/*']}]",
            "egress: [{port: {number: 0, protocol: HTTP}, bind: 'unix:///a', hosts: [./*]}]",
            "ingress: [{port: {number: 80, protocol: HTTPS}, defaultEndpoint: ':80', tls: {mode: SIMPLE, privateKey: k, serverCertificate: c}}]",
            "egress: [{hosts: ['./cart.SHOP_NAMESPACE.svc.cluster.local', '${TEAM}/*']}]",
        ],
    );
}
