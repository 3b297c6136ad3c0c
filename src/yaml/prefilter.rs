//! Decides without parsing whether a document can matter; most documents of a repository cannot.

use std::sync::LazyLock;

use memchr::memmem::Finder;

/// A `kind` field at the start of a line, which in a block mapping is the kind of the object.
static ROOT_KIND: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("\nkind:"));
/// The word itself, wherever it stands.
static KIND: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("kind"));
/// What a `ConfigMap` must contain to be Istio's.
static MESH: LazyLock<Finder<'static>> = LazyLock::new(|| Finder::new("mesh"));

/// The key of an exception for an object. Where it has no effect, that is said.
static EXCEPTION: LazyLock<Finder<'static>> =
    LazyLock::new(|| Finder::new("mtls-lint.dev/ignore-"));

/// Whether a document must be parsed: `false` only on positive evidence that it cannot matter.
pub(super) fn matters(document: &str) -> bool {
    match root_kind(document) {
        RootKind::One("ConfigMap") => contains(&MESH, document) || contains(&EXCEPTION, document),
        RootKind::One(kind) => is_relevant(kind) || contains(&EXCEPTION, document),
        RootKind::Unclear => true,
        RootKind::None => contains(&KIND, document) || is_values_of_istio(document),
    }
}

/// What the start of the lines says about the kind.
enum RootKind<'t> {
    /// No line starts with `kind:`.
    None,
    /// Exactly one does, and a word follows.
    One(&'t str),
    /// Several do, or something else follows.
    Unclear,
}

/// Finds the kind by the lines that start with `kind:`.
fn root_kind(document: &str) -> RootKind<'_> {
    let first = document.strip_prefix("kind:");
    let others = ROOT_KIND
        .find_iter(document.as_bytes())
        .filter_map(|at| document.get(at + "\nkind:".len()..));
    let mut found = first.into_iter().chain(others);
    let Some(rest) = found.next() else {
        return RootKind::None;
    };
    if found.next().is_some() {
        return RootKind::Unclear;
    }
    word(rest).map_or(RootKind::Unclear, RootKind::One)
}

/// The one word a line consists of, quotes and a comment aside.
fn word(line: &str) -> Option<&str> {
    if !line.starts_with([' ', '\t']) {
        return None;
    }
    let line = line.split('\n').next()?;
    let value = line.split(" #").next()?.trim();
    let value = ['"', '\'']
        .into_iter()
        .find_map(|quote| value.strip_prefix(quote)?.strip_suffix(quote))
        .unwrap_or(value);
    let is_word = !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_alphanumeric());
    is_word.then_some(value)
}

/// Whether objects of a kind take part in a decision, or lead to others that do.
fn is_relevant(kind: &str) -> bool {
    matches!(
        kind,
        "Namespace"
            | "Service"
            | "Pod"
            | "Deployment"
            | "StatefulSet"
            | "DaemonSet"
            | "ReplicaSet"
            | "ReplicationController"
            | "Job"
            | "CronJob"
            | "Rollout"
            | "DeploymentConfig"
            | "ConfigMap"
            | "DestinationRule"
            | "PeerAuthentication"
            | "Policy"
            | "MeshPolicy"
            | "ServiceEntry"
            | "WorkloadEntry"
            | "WorkloadGroup"
            | "Sidecar"
            | "VirtualService"
            | "Gateway"
            | "IstioOperator"
            | "Istio"
            | "IstioRevision"
            | "EnvoyFilter"
            | "BackendTLSPolicy"
            | "Kustomization"
            | "Component"
            | "HelmRelease"
            | "GitRepository"
            | "ArtifactGenerator"
            | "Application"
            | "ApplicationSet"
            | "Endpoints"
            | "EndpointSlice"
    ) || kind.ends_with("List")
}

/// Whether a document without a kind may be the values of one of Istio's Helm charts.
fn is_values_of_istio(document: &str) -> bool {
    let holds = |word: &str| memchr::memmem::find(document.as_bytes(), word.as_bytes()).is_some();
    holds("meshConfig")
        || holds("enableAutoMtls")
        || holds("global") && (holds("mtls") || holds("istioNamespace"))
}

/// Whether a prepared word occurs in a document.
fn contains(finder: &Finder<'_>, document: &str) -> bool {
    finder.find(document.as_bytes()).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn documents_are_skipped_only_on_evidence() {
        let cases = [
            ("kind: DestinationRule\n", true),
            ("kind: CustomResourceDefinition\n", false),
            ("apiVersion: v1\nkind: Secret # ours\n", false),
            ("apiVersion: v1\r\nkind: \"Secret\"\r\n", false),
            ("apiVersion: v1\r\nkind: 'Service'\r\n", true),
            ("kind: SecretList\n", true),
            ("kind: Secret\nkind: Service\n", true),
            ("{\"kind\": \"Secret\"}", true),
            ("{\nkind: Secret,\n}", true),
            ("  kind: Secret\n", true),
            ("kind : Secret\n", true),
            ("kind: *kind\n", true),
            ("kind:\n  Secret\n", true),
            ("kind: ConfigMap\ndata: {a: b}\n", false),
            ("kind: ConfigMap\ndata:\n  mesh: |\n", true),
            (
                "kind: Secret\nmetadata:\n  annotations: {mtls-lint.dev/ignore-x: y}\n",
                true,
            ),
            ("replicas: 1\n", false),
            ("meshConfig:\n  enableTracing: true\n", true),
            ("enableAutoMtls: false\n", true),
            ("global:\n  hub: x\n", false),
            ("global:\n  istioNamespace: x\n", true),
            ("global:\n  mtls: {enabled: true}\n", true),
        ];
        for (document, expected) in cases {
            assert_eq!(matters(document), expected, "{document:?}");
        }
    }
}
