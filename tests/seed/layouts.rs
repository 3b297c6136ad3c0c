//! The same rule written in other ways: `--fix` adds what is missing in the style of the file, and nothing else.

use std::fs;

use crate::support::{copy_of, run, seed, write};

/// A way to write the rule, and how it is repaired.
struct Layout {
    /// What is particular about it.
    name: &'static str,
    /// The file it is in.
    file: &'static str,
    /// The text of the file.
    before: &'static str,
    /// The text after `--fix`.
    after: &'static str,
}

/// The ways.
const LAYOUTS: &[Layout] = &[
    Layout {
        name: "flow style",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: httpbin, namespace: foo}
spec:
  host: httpbin
  trafficPolicy: {connectionPool: {tcp: {maxConnections: 1}}}
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: httpbin, namespace: foo}
spec:
  host: httpbin
  trafficPolicy: {tls: {mode: ISTIO_MUTUAL}, connectionPool: {tcp: {maxConnections: 1}}}
",
    },
    Layout {
        name: "no policy in flow style",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: httpbin, namespace: foo}
spec: {host: httpbin}
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: httpbin, namespace: foo}
spec: {host: httpbin, trafficPolicy: {tls: {mode: ISTIO_MUTUAL}}}
",
    },
    Layout {
        name: "four columns and a comment above the first setting",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
    name: httpbin
    namespace: foo
spec:
    host: httpbin
    trafficPolicy: # circuit breaking
        # one connection at a time
        connectionPool:
            tcp:
                maxConnections: 1
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
    name: httpbin
    namespace: foo
spec:
    host: httpbin
    trafficPolicy: # circuit breaking
        tls:
            mode: ISTIO_MUTUAL
        # one connection at a time
        connectionPool:
            tcp:
                maxConnections: 1
",
    },
    Layout {
        name: "subsets and no policy",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
    name: httpbin
    namespace: foo
spec:
    host: httpbin
    subsets:
    - name: v1
      labels:
          version: v1
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
    name: httpbin
    namespace: foo
spec:
    host: httpbin
    trafficPolicy:
        tls:
            mode: ISTIO_MUTUAL
    subsets:
    - name: v1
      labels:
          version: v1
",
    },
    Layout {
        name: "a subset with a policy, the rule without",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  subsets:
  - name: v1
    labels:
      version: v1
    trafficPolicy:
      connectionPool:
        tcp:
          maxConnections: 1
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
  subsets:
  - name: v1
    labels:
      version: v1
    trafficPolicy:
      connectionPool:
        tcp:
          maxConnections: 1
",
    },
    Layout {
        name: "a policy with nothing in it",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  trafficPolicy: # to be written
  subsets: []
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  trafficPolicy: # to be written
    tls:
      mode: ISTIO_MUTUAL
  subsets: []
",
    },
    Layout {
        name: "a host over two lines",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: >-
    httpbin
  subsets: []
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: >-
    httpbin
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
  subsets: []
",
    },
    Layout {
        name: "a host at the end of a file without a last line end",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  subsets: []
  host: httpbin",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  subsets: []
  host: httpbin
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL",
    },
    Layout {
        name: "JSON over several lines",
        file: "rule.json",
        before: r#"{
  "apiVersion": "networking.istio.io/v1alpha3",
  "kind": "DestinationRule",
  "metadata": {"name": "httpbin", "namespace": "foo"},
  "spec": {
    "host": "httpbin",
    "trafficPolicy": {
      "connectionPool": {"tcp": {"maxConnections": 1}}
    }
  }
}
"#,
        after: r#"{
  "apiVersion": "networking.istio.io/v1alpha3",
  "kind": "DestinationRule",
  "metadata": {"name": "httpbin", "namespace": "foo"},
  "spec": {
    "host": "httpbin",
    "trafficPolicy": {
      "tls": {"mode": "ISTIO_MUTUAL"},
      "connectionPool": {"tcp": {"maxConnections": 1}}
    }
  }
}
"#,
    },
    Layout {
        name: "JSON without a policy",
        file: "rule.json",
        before: r#"{
  "apiVersion": "networking.istio.io/v1alpha3",
  "kind": "DestinationRule",
  "metadata": {"name": "httpbin", "namespace": "foo"},
  "spec": {
    "host": "httpbin"
  }
}
"#,
        after: r#"{
  "apiVersion": "networking.istio.io/v1alpha3",
  "kind": "DestinationRule",
  "metadata": {"name": "httpbin", "namespace": "foo"},
  "spec": {
    "host": "httpbin",
    "trafficPolicy": {"tls": {"mode": "ISTIO_MUTUAL"}}
  }
}
"#,
    },
    Layout {
        name: "an item of a list",
        file: "rule.yaml",
        before: "\
apiVersion: v1
kind: List
items:
- apiVersion: networking.istio.io/v1alpha3
  kind: DestinationRule
  metadata:
    name: httpbin
    namespace: foo
  spec:
    host: httpbin
    trafficPolicy:
      connectionPool:
        tcp:
          maxConnections: 1
",
        after: "\
apiVersion: v1
kind: List
items:
- apiVersion: networking.istio.io/v1alpha3
  kind: DestinationRule
  metadata:
    name: httpbin
    namespace: foo
  spec:
    host: httpbin
    trafficPolicy:
      tls:
        mode: ISTIO_MUTUAL
      connectionPool:
        tcp:
          maxConnections: 1
",
    },
    Layout {
        name: "settings of a port",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  trafficPolicy:
    portLevelSettings:
    - port:
        number: 8000
      connectionPool:
        tcp:
          maxConnections: 1
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  trafficPolicy:
    portLevelSettings:
    - port:
        number: 8000
      tls:
        mode: ISTIO_MUTUAL
      connectionPool:
        tcp:
          maxConnections: 1
",
    },
    Layout {
        name: "settings of a port that end with the port",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  trafficPolicy:
    portLevelSettings:
      - connectionPool:
          tcp:
            maxConnections: 1
        port: {number: 8000}
  subsets: []
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  trafficPolicy:
    portLevelSettings:
      - connectionPool:
          tcp:
            maxConnections: 1
        port: {number: 8000}
        tls:
          mode: ISTIO_MUTUAL
  subsets: []
",
    },
    Layout {
        name: "settings of a port in flow style",
        file: "rule.yaml",
        before: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: httpbin, namespace: foo}
spec:
  host: httpbin
  trafficPolicy:
    portLevelSettings:
    - {port: {number: 8000}, connectionPool: {tcp: {maxConnections: 1}}}
",
        after: "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: httpbin, namespace: foo}
spec:
  host: httpbin
  trafficPolicy:
    portLevelSettings:
    - {tls: {mode: ISTIO_MUTUAL}, port: {number: 8000}, connectionPool: {tcp: {maxConnections: 1}}}
",
    },
];

#[test]
fn every_way_to_write_the_rule_is_repaired_in_its_own_style() {
    for layout in LAYOUTS {
        let copy = copy_of(&seed("istio-1.0-namespaces"));
        fs::remove_file(copy.path().join(crate::RULE)).expect("the rule is there");
        write(copy.path(), layout.file, layout.before.as_bytes());

        let outcome = run(copy.path(), &["--fix"]);
        let after = fs::read_to_string(copy.path().join(layout.file)).expect("the rule is there");
        assert_eq!(after, layout.after, "{}", layout.name);
        assert_eq!(outcome.status, Some(0), "{}", layout.name);
    }
}

#[test]
fn every_way_to_write_the_rule_is_one_error() {
    for layout in LAYOUTS {
        let copy = copy_of(&seed("istio-1.0-namespaces"));
        fs::remove_file(copy.path().join(crate::RULE)).expect("the rule is there");
        write(copy.path(), layout.file, layout.before.as_bytes());

        let findings = crate::findings(copy.path(), &[]);
        let severities: Vec<_> = findings.iter().map(|f| &f["severity"]).collect();
        assert_eq!(severities, ["error"], "{}: {findings:#?}", layout.name);
    }
}

/// A second `trafficPolicy` would break the document, and what a written `null` is for only its author knows.
#[test]
fn a_policy_that_is_written_as_null_is_left_to_a_person() {
    let copy = copy_of(&seed("istio-1.0-namespaces"));
    let before = "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata:
  name: httpbin
  namespace: foo
spec:
  host: httpbin
  trafficPolicy: null
";
    write(copy.path(), crate::RULE, before.as_bytes());
    let outcome = run(copy.path(), &["--fix", "--unsafe-fixes"]);
    let after = fs::read_to_string(copy.path().join(crate::RULE)).expect("the rule is there");
    assert_eq!(after, before);
    assert_eq!(outcome.status, Some(1));
}

/// Istio refuses a policy that says nothing, so that the mesh-wide rule stays in force, and only the author knows what it was for.
#[test]
fn an_empty_policy_is_refused_and_left_to_a_person() {
    let copy = copy_of(&seed("istio-1.0-namespaces"));
    let before = "\
apiVersion: networking.istio.io/v1alpha3
kind: DestinationRule
metadata: {name: httpbin, namespace: foo}
spec: {host: httpbin, trafficPolicy: {}}
";
    write(copy.path(), crate::RULE, before.as_bytes());
    let findings = crate::findings(copy.path(), &[]);
    let rules: Vec<_> = findings.iter().map(|finding| &finding["rule"]).collect();
    assert_eq!(rules, ["invalid-schema"]);
    run(copy.path(), &["--fix", "--unsafe-fixes"]);
    let after = fs::read_to_string(copy.path().join(crate::RULE)).expect("the rule is there");
    assert_eq!(after, before);
}
