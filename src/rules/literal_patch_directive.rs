//! A directive of kustomize that ends up in what is deployed.

use std::collections::BTreeSet;

use crate::declare_rule;
use crate::gitops::UnitKind;
use crate::rule::{DeployContext, NoOptions};
use crate::source::{Place, Span};
use crate::yaml::{Node, Value};

declare_rule! {
    /// ## What it does
    ///
    /// Finds `$patch` directives of strategic merge patches that kustomize leaves in the object it builds.
    ///
    /// ## Why it matters
    ///
    /// kustomize follows `$patch: replace` in a mapping, and in the lists of built-in kinds. The lists of custom
    /// resources, such as `portLevelSettings` of a DestinationRule, are replaced as a whole, and a directive in them is
    /// copied as if it were data. The object then has an element that nobody meant.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
    /// # file: kustomization.yaml
    /// resources:
    ///   - rule.yaml
    /// patches:
    ///   - path: patch.yaml
    /// # file: rule.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// # file: patch.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   subsets:
    ///     - $patch: replace
    ///     - name: v1
    ///       labels:
    ///         version: v1
    /// ```
    ///
    /// ```yaml good
    /// # file: kustomization.yaml
    /// resources:
    ///   - rule.yaml
    /// patches:
    ///   - path: patch.yaml
    /// # file: rule.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// # file: patch.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   subsets:
    ///     - name: v1
    ///       labels:
    ///         version: v1
    /// ```
    ///
    /// ## Fix
    ///
    /// Leave the directive out: the list of the patch replaces that of the base as a whole anyway.
    "literal-patch-directive" {
        summary: "a directive of a patch stays in the object that is deployed",
        category: Correctness,
        severity: Error,
        reads: [],
        fix: None,
        since: "0.1.0",
        stage: Deploy,
        check: check(NoOptions),
    }
}

/// The directives of strategic merge patches.
const DIRECTIVES: [&str; 4] = [
    "$patch",
    "$retainKeys",
    "$setElementOrder",
    "$deleteFromPrimitiveList",
];

fn check(_options: &NoOptions, cx: &mut DeployContext<'_>) {
    let mut told: BTreeSet<Span> = BTreeSet::new();
    for (index, unit) in cx.units() {
        // A manifest that is applied as it stands may be a patch that nobody names.
        if matches!(unit.kind, UnitKind::Plain | UnitKind::Assumed) {
            continue;
        }
        for object in &unit.objects {
            let mut found = Vec::new();
            directives(&object.value, &mut found);
            for (key, place) in found {
                if !told.insert(place.span) {
                    continue;
                }
                let meshes = cx.meshes_of(index).map(str::to_owned).collect();
                cx.report(
                    place,
                    format!("`{key}` is deployed as a field of `{}`", object.id),
                )
                .primary("kustomize does not follow a directive in a list of this kind")
                .object(&object.id)
                .meshes(meshes)
                .help("remove the directive: the list replaces that of the base as a whole");
            }
        }
    }
}

/// The keys that are directives, with their places.
fn directives(value: &Value, out: &mut Vec<(Box<str>, Place)>) {
    match &value.node {
        Node::Scalar(_) => {}
        Node::Sequence(items) => {
            for item in items {
                directives(item, out);
            }
        }
        Node::Mapping(mapping) => {
            for entry in &mapping.entries {
                let key = &entry.key.value;
                let word = key.split('/').next().unwrap_or(key);
                if DIRECTIVES.contains(&word) {
                    out.push((key.clone(), entry.key.place));
                }
                directives(&entry.value, out);
            }
        }
    }
}
