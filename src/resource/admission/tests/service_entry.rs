//! ServiceEntries, WorkloadEntries and WorkloadGroups.

use super::{assert_accepted, assert_refused};

#[test]
fn a_selector_of_a_service_entry_has_no_wildcards() {
    assert_refused(
        "ServiceEntry",
        &[
            (
                "hosts: [a.com]\nresolution: STATIC\nworkloadSelector: {labels: {a: 'b*'}}",
                "spec.workloadSelector.labels.a: a selector has no wildcards",
                "a",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nworkloadSelector: {labels: {'a*': b}}",
                "spec.workloadSelector.labels.a*: a selector has no wildcards",
                "'a*'",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nworkloadSelector: {labels: {'': b}}",
                "spec.workloadSelector.labels: the key of a label must not be empty",
                "''",
            ),
        ],
    );
}

#[test]
fn a_service_entry_has_endpoints_that_fit_its_resolution() {
    assert_refused(
        "ServiceEntry",
        &[
            (
                "hosts: [a.com]\nendpoints: [{address: 1.2.3.4}]",
                "spec.endpoints: may not be given where the resolution is NONE, as it is where none is written",
                "endpoints",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nworkloadSelector: {}\nendpoints: [{address: 1.2.3.4}]",
                "spec.endpoints: may not stand beside `workloadSelector`",
                "endpoints",
            ),
            (
                "hosts: [a.com]\nresolution: DNS_ROUND_ROBIN\nendpoints: [{address: b.com}, {address: c.com}]",
                "spec.endpoints: has 2 elements, and the resolution DNS_ROUND_ROBIN takes one",
                "endpoints",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nendpoints: [{address: b.com}]",
                "spec.endpoints[0].address: `b.com` is not an IP address, which the resolution STATIC wants",
                "b.com",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nendpoints: [{labels: {a: b}}]",
                "spec.endpoints[0]: must have an `address`",
                "{labels: {a: b}}",
            ),
            (
                "hosts: [a.com]\nresolution: DNS\nendpoints: [{address: a_b}]",
                "spec.endpoints[0].address: `a_b` is neither a host nor an IP address",
                "a_b",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nports: [{number: 80, name: http, protocol: HTTP}]\nendpoints: [{address: 1.2.3.4, ports: {grpc: 80}}]",
                "spec.endpoints[0].ports: no port of the entry is named `grpc`",
                "grpc",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nports: [{number: 80, name: http, protocol: HTTP}]\nendpoints: [{address: 'unix:///a', ports: {http: 80}}]",
                "spec.endpoints[0].ports: a Unix socket has no ports",
                "ports",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nports: [{number: 80, name: http, protocol: HTTP}]\nendpoints: [{address: 'unix://a'}]",
                "spec.endpoints[0].address: a Unix socket is the absolute path of a file, or begins with `@`",
                "'unix://a'",
            ),
            (
                "hosts: [a.com]\nresolution: STATIC\nendpoints: [{address: 'unix:///a'}]",
                "spec.endpoints[0].address: a Unix socket is for an entry with one port",
                "'unix:///a'",
            ),
            (
                "hosts: ['*.com']\nresolution: DNS",
                "spec.hosts[0]: `*.com` cannot be looked up by DNS; a host with a `*` needs `endpoints`, or `resolution: NONE`",
                "'*.com'",
            ),
            (
                "hosts: ['*.com']\nports: [{number: 80, name: http, protocol: HTTP}]\nresolution: DYNAMIC_DNS\nendpoints: [{address: 1.2.3.4}]",
                "spec.endpoints: may not be given where the resolution is DYNAMIC_DNS",
                "endpoints",
            ),
            (
                "hosts: [a.com]\nports: [{number: 80, name: http, protocol: HTTP}]\nresolution: DYNAMIC_DNS",
                "spec.hosts[0]: must begin with a `*` where the resolution is DYNAMIC_DNS",
                "a.com",
            ),
        ],
    );
}

#[test]
fn endpoints_that_fit_the_resolution_are_let_through() {
    assert_accepted(
        "ServiceEntry",
        &[
            "hosts: [a.com]\nresolution: DNS\nendpoints: [{address: b.com}, {address: c.com}]",
            "hosts: ['*.com']\nresolution: DNS\nendpoints: [{address: b.com}]",
            "hosts: ['*.com']",
            "hosts: [a.com]\nresolution: STATIC\nendpoints: [{network: vm}]",
            "hosts: [a.com]\nresolution: STATIC\nworkloadSelector: {}",
            "hosts: [a.com]\nresolution: STATIC\nports: [{number: 80, name: http, protocol: HTTP}]\nendpoints: [{address: 'unix:///a'}]",
            "hosts: [a.com]\nresolution: STATIC\nports: [{number: 80, name: http, protocol: HTTP}]\nendpoints: [{address: 1.2.3.4, ports: {http: 8080}}]",
        ],
    );
}

#[test]
fn addresses_of_a_service_entry_are_addresses() {
    assert_refused(
        "ServiceEntry",
        &[
            (
                "hosts: [a.com]\naddresses: [b.com]",
                "spec.addresses[0]: `b.com` is not an IP address or a range of them",
                "b.com",
            ),
            (
                "hosts: [a.com]\naddresses: [10.0.0.0/33]",
                "spec.addresses[0]: `10.0.0.0/33` is not an IP address or a range of them",
                "10.0.0.0/33",
            ),
            (
                "hosts: [a.com]\nresolution: DNS\naddresses: [10.0.0.0/8]",
                "spec.addresses[0]: `10.0.0.0/8` is a range, which only the resolutions NONE and STATIC take",
                "10.0.0.0/8",
            ),
        ],
    );
}

#[test]
fn addresses_and_ranges_are_let_through() {
    assert_accepted(
        "ServiceEntry",
        &[
            "hosts: [a.com]\naddresses: [10.0.0.0/8, 1.2.3.4, '2001:db8::/32', '2001:db8::1']",
            "hosts: [a.com]\nresolution: DNS\naddresses: [1.2.3.4]",
            "hosts: [a.com]\naddresses: ['${ADDRESS}']",
        ],
    );
}

#[test]
fn ports_of_a_service_entry_are_told_apart() {
    assert_refused(
        "ServiceEntry",
        &[
            (
                "hosts: [a.com]\nports: [{number: 80, name: a}, {number: 80, name: b}]",
                "spec.ports[1].number: port 80 is listed twice",
                "80",
            ),
            (
                "hosts: [a.com]\nports: [{number: 80, name: a}, {number: 81, name: a}]",
                "spec.ports[1].name: two ports are named `a`",
                "a",
            ),
            (
                "hosts: [a.com]\nports: [{number: 80, name: a_b}]",
                "spec.ports[0].name: `a_b` must consist of letters, digits and, between these, dashes, 63 at most",
                "a_b",
            ),
            (
                "hosts: [a.com]\nports: [{number: 80, name: a, protocol: HTTPX}]",
                "spec.ports[0].protocol: `HTTPX` is not a protocol that Istio knows",
                "HTTPX",
            ),
            (
                "hosts: [a.com, b.com]\nresolution: DNS\nports: [{number: 80, name: a, protocol: TCP}]",
                "spec.ports[0].protocol: must be HTTP, TLS or one of their kin where there are several hosts",
                "TCP",
            ),
            (
                "hosts: [a.com, b.com]\nresolution: DNS\nports: [{number: 80, name: a}]",
                "spec.ports[0]: must be HTTP, TLS or one of their kin where there are several hosts",
                "{number: 80, name: a}",
            ),
        ],
    );
}

#[test]
fn ports_that_are_told_apart_are_let_through() {
    assert_accepted(
        "ServiceEntry",
        &[
            "hosts: [a.com]\nports: [{number: 80, name: a, protocol: tcp}, {number: 81, name: b}]",
            "hosts: [a.com, b.com]\nports: [{number: 80, name: a, protocol: TCP}]",
            "hosts: [a.com, b.com]\nresolution: DNS\nports: [{number: 80, name: a, protocol: grpc}, {number: 443, name: b, protocol: TLS}]",
        ],
    );
}

#[test]
fn a_service_entry_has_hosts_and_exports_that_istio_takes() {
    assert_refused(
        "ServiceEntry",
        &[
            (
                "hosts: ['*']",
                "spec.hosts[0]: `*` alone is not allowed here",
                "'*'",
            ),
            (
                "hosts: [1.2.3.4]",
                "spec.hosts[0]: `1.2.3.4` is an IP address and no host",
                "1.2.3.4",
            ),
            (
                "hosts: [a.com]\nexportTo: ['~', .]",
                "spec.exportTo: `~` exports to nobody, so nothing may stand beside it",
                "'~'",
            ),
            (
                "hosts: [a.com]\nexportTo: [b, b]",
                "spec.exportTo: `b` is listed twice; `.` is the object's own namespace",
                "b",
            ),
        ],
    );
}

#[test]
fn a_service_entry_may_be_exported_to_nobody() {
    assert_accepted("ServiceEntry", &["hosts: [a.com]\nexportTo: ['~']"]);
}

#[test]
fn a_workload_entry_has_an_address() {
    assert_refused(
        "WorkloadEntry",
        &[
            (
                "labels: {a: b}",
                "spec: must have an `address`",
                "labels: {a: b}",
            ),
            (
                "address: a_b",
                "spec.address: `a_b` is neither a host nor an IP address",
                "a_b",
            ),
            (
                "address: unix:///a\nports: {http: 80}",
                "spec.ports: a Unix socket has no ports",
                "ports",
            ),
            (
                "address: 1.2.3.4\nports: {a_b: 80}",
                "spec.ports.a_b: `a_b` is not the name of a port",
                "a_b",
            ),
            (
                "address: 1.2.3.4\nlabels: {a: b c}",
                "spec.labels.a: `b c` is not the value of a label",
                "b c",
            ),
        ],
    );
}

#[test]
fn a_workload_entry_may_have_a_network_alone() {
    assert_accepted(
        "WorkloadEntry",
        &["network: vm", "address: a.com", "address: unix:///a"],
    );
}

#[test]
fn a_workload_group_has_labels_that_kubernetes_takes() {
    assert_refused(
        "WorkloadGroup",
        &[(
            "template: {}\nmetadata: {labels: {a: b c}}",
            "spec.metadata.labels.a: `b c` is not the value of a label",
            "b c",
        )],
    );
}
