//! VirtualServices.

use super::{assert_accepted, assert_refused};

#[test]
fn a_virtual_service_routes_hosts_to_hosts() {
    assert_refused(
        "VirtualService",
        &[
            (
                "hosts: [a]",
                "spec: must have `http`, `tls` or `tcp` routes",
                "hosts: [a]",
            ),
            (
                "hosts: [a]\nhttp: [{name: b}]",
                "spec.http[0]: must have a `route`",
                "{name: b}",
            ),
            (
                "hosts: [a]\nhttp: [{redirect: {uri: /}, route: [{destination: {host: a}}]}]",
                "spec.http[0].route: may not stand beside `redirect`",
                "route",
            ),
            (
                "hosts: ['*']\nhttp: [{route: [{destination: {host: a}}]}]",
                "spec.hosts[0]: `*` is only allowed where a gateway is named",
                "'*'",
            ),
            (
                "hosts: [a_b]\nhttp: [{route: [{destination: {host: a}}]}]",
                "spec.hosts[0]: `a_b` has the part `a_b`; parts consist of letters, digits and, between these, dashes, 63 at most",
                "a_b",
            ),
            (
                "hosts: [a]\nhttp: [{route: [{destination: {host: '*'}}]}]",
                "spec.http[0].route[0].destination.host: `*` is not a destination",
                "'*'",
            ),
            (
                "hosts: [a]\nhttp: [{route: [{destination: {host: a, subset: v_1}}]}]",
                "spec.http[0].route[0].destination.subset: `v_1` must consist of letters, digits and, between these, dashes, 63 at most",
                "v_1",
            ),
            (
                "hosts: [a]\nexportTo: ['~']\nhttp: [{route: [{destination: {host: a}}]}]",
                "spec.exportTo: `~` is not allowed in a VirtualService",
                "'~'",
            ),
        ],
    );
}

#[test]
fn routes_that_istio_takes_are_let_through() {
    assert_accepted(
        "VirtualService",
        &[
            "hosts: [a]\nhttp: [{route: [{destination: {host: a}}]}]",
            "http: [{route: [{destination: {host: a}}]}]",
            "hosts: ['*']\ngateways: [public]\nhttp: [{route: [{destination: {host: a}}]}]",
            "hosts: [1.2.3.4]\nhttp: [{route: [{destination: {host: a}}]}]",
            "hosts: [a]\nhttp: [{delegate: {name: b}}]",
            "hosts: [a]\nhttp: [{redirect: {uri: /}}]",
            "hosts: [a]\ntcp: [{route: [{destination: {host: a, subset: v1}}]}]",
        ],
    );
}
