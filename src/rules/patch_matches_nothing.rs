//! A patch whose target no object is.

use std::collections::BTreeMap;

use crate::declare_rule;
use crate::rule::{DeployContext, NoOptions};
use crate::source::{Place, Span};

declare_rule! {
    /// ## What it does
    ///
    /// Finds patches of kustomizations, Flux Kustomizations and Argo CD Applications whose `target` matches no object.
    ///
    /// ## Why it matters
    ///
    /// kustomize says nothing about such a patch: it builds as if the patch were not there. A patch that should turn
    /// mutual TLS on, or off for one service, then does nothing. The fields of a `target` are regular expressions that
    /// must match the whole text.
    ///
    /// ## Examples
    ///
    /// The rule is called `httpbin`, and the target says `httpbin-rule`:
    ///
    /// ```yaml bad
    /// # file: kustomization.yaml
    /// resources:
    ///   - rule.yaml
    /// patches:
    ///   - target:
    ///       kind: DestinationRule
    ///       name: httpbin-rule
    ///     patch: |-
    ///       - op: add
    ///         path: /spec/trafficPolicy/tls
    ///         value: {mode: ISTIO_MUTUAL}
    /// # file: rule.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 1
    /// ```
    ///
    /// ```yaml good
    /// # file: kustomization.yaml
    /// resources:
    ///   - rule.yaml
    /// patches:
    ///   - target:
    ///       kind: DestinationRule
    ///       name: httpbin
    ///     patch: |-
    ///       - op: add
    ///         path: /spec/trafficPolicy/tls
    ///         value: {mode: ISTIO_MUTUAL}
    /// # file: rule.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   host: httpbin
    ///   trafficPolicy:
    ///     connectionPool:
    ///       tcp:
    ///         maxConnections: 1
    /// ```
    ///
    /// ## Fix
    ///
    /// Correct the target, or remove the patch.
    "patch-matches-nothing" {
        summary: "the target of a patch matches no object",
        category: Suspicious,
        severity: Warning,
        reads: [],
        fix: None,
        since: "0.1.0",
        stage: Deploy,
        check: check(NoOptions),
    }
}

/// One patch in all units that apply it.
struct Patch {
    place: Place,
    matches: bool,
    is_complete: bool,
    meshes: Vec<String>,
}

fn check(_options: &NoOptions, cx: &mut DeployContext<'_>) {
    let mut patches: BTreeMap<Span, Patch> = BTreeMap::new();
    for (index, unit) in cx.units() {
        for applied in &unit.patches {
            let patch = patches.entry(applied.place.span).or_insert_with(|| Patch {
                place: applied.place,
                matches: false,
                is_complete: true,
                meshes: Vec::new(),
            });
            patch.matches |= !applied.targets.is_empty();
            patch.is_complete &= unit.is_complete();
            for mesh in cx.meshes_of(index) {
                if !patch.meshes.iter().any(|name| name == mesh) {
                    patch.meshes.push(mesh.to_owned());
                }
            }
        }
    }
    // Where something could not be evaluated, the object may be in that part.
    let idle = |patch: &Patch| !patch.matches && patch.is_complete;
    for patch in patches.into_values().filter(idle) {
        cx.report(
            patch.place,
            "the patch changes nothing: its target matches no object",
        )
        .primary("no object is like this")
            .meshes(patch.meshes)
            .help("correct the target, whose fields are regular expressions for the whole text, or remove the patch");
    }
}
