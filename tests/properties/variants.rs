//! Changes to the cases of the vectors after which more of them needs a repair.

use std::fs;
use std::path::Path;

use mtls_lint::engine::Request;

use super::{documents, request};

/// How a case is changed, so that more of it needs a repair.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Variant {
    /// Nothing is changed.
    AsItIs,
    /// Auto mTLS is off, and a rule of the whole mesh gives mutual TLS, which all others replace.
    Overridden,
    /// The same, and hosts are written as `service.namespace`.
    PartlyQualified,
    /// Auto mTLS is off, every rule sets mutual TLS as far as its ports and subsets do not hide it, and all
    /// subsets get traffic.
    Mutual,
}

/// A rule that gives mutual TLS to every host of the mesh.
const MESH_WIDE: &str = "\
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata:
  name: mesh-wide
  namespace: istio-system
spec:
  host: '*.local'
  trafficPolicy:
    tls:
      mode: ISTIO_MUTUAL
";

impl Variant {
    pub(crate) const ALL: [Self; 4] = [
        Self::AsItIs,
        Self::Overridden,
        Self::PartlyQualified,
        Self::Mutual,
    ];

    /// The text of a case.
    pub(crate) fn text(self, case: &Path) -> String {
        let text = fs::read_to_string(case.join("manifests.yaml")).expect("the case can be read");
        match self {
            Self::AsItIs => text,
            Self::Overridden => text + MESH_WIDE,
            Self::PartlyQualified => changed(case, partly_qualified) + MESH_WIDE,
            Self::Mutual => changed(case, mutual),
        }
    }

    /// How a case is linted.
    pub(crate) fn request(self, case: &Path) -> Request {
        let auto_mtls = match self {
            Self::AsItIs => None,
            Self::Overridden | Self::PartlyQualified | Self::Mutual => Some(false),
        };
        Request {
            auto_mtls,
            ..request(case)
        }
    }
}

/// A case with every document changed.
fn changed(case: &Path, change: impl Fn(&str) -> String) -> String {
    let documents = documents(case);
    let changed: Vec<String> = documents.iter().map(|document| change(document)).collect();
    changed.join("---\n")
}

/// A document in which a rule sets mutual TLS, if it sets no tls, with routes to its subsets.
fn mutual(document: &str) -> String {
    if !document.contains("kind: DestinationRule") {
        return document.to_owned();
    }
    let document = &without_port_tls(document);
    if document.contains("\n    tls:\n") {
        return format!("{document}{}", routes(document));
    }
    let tls = "    tls:\n      mode: ISTIO_MUTUAL\n";
    let (policy, host) = ("\n  trafficPolicy:\n", "\n  host: ");
    let place = match document.find(policy) {
        Some(at) => Some(at + policy.len()),
        None => document.find(host).map(|at| at + 1),
    };
    let Some((before, after)) = place.and_then(|at| document.split_at_checked(at)) else {
        return document.to_owned();
    };
    let key = if before.ends_with(policy) {
        ""
    } else {
        &policy[1..]
    };
    format!("{before}{key}{tls}{after}{}", routes(document))
}

/// A rule in which the settings of ports of subsets say something else than tls.
fn without_port_tls(rule: &str) -> String {
    let mut out = String::new();
    let mut is_inside = false;
    for line in rule.lines() {
        let is_key = line == "            tls:";
        is_inside = is_key || is_inside && line.starts_with("              ");
        if is_key {
            out += "            outlierDetection:\n              consecutive5xxErrors: 7\n";
        } else if !is_inside {
            out += line;
            out.push('\n');
        }
    }
    out
}

/// A VirtualService that sends traffic to every subset of a rule.
fn routes(rule: &str) -> String {
    let value = |key: &str| rule.lines().find_map(|line| line.strip_prefix(key));
    let fields = (value("  name: "), value("  namespace: "), value("  host: "));
    let (Some(name), Some(namespace), Some(host)) = fields else {
        return String::new();
    };
    let subsets = rule.split_once("\n  subsets:\n").unwrap_or_default().1;
    let names = subsets
        .lines()
        .filter_map(|line| line.strip_prefix("    - name: "));
    let routes: Vec<String> = names
        .map(|subset| format!("        - destination: {{host: {host}, subset: {subset}}}\n"))
        .collect();
    if routes.is_empty() {
        return String::new();
    }
    let routes = routes.join("          weight: 1\n") + "          weight: 1\n";
    format!(
        "---\napiVersion: networking.istio.io/v1\nkind: VirtualService\nmetadata:\n  name: {name}-routes\n  \
         namespace: {namespace}\nspec:\n  hosts: ['{host}']\n  http:\n    - route:\n{routes}"
    )
}

/// A document in which a short host is followed by the namespace of its object.
fn partly_qualified(document: &str) -> String {
    let value = |key: &str| document.lines().find_map(|line| line.strip_prefix(key));
    let (host, namespace) = (value("  host: "), value("  namespace: "));
    match host.zip(namespace) {
        Some((host, namespace)) if !host.contains(['.', '*']) => document.replace(
            &format!("  host: {host}\n"),
            &format!("  host: {host}.{namespace}\n"),
        ),
        _ => document.to_owned(),
    }
}
