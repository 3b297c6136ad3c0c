//! A namespace transformer that takes a policy out of the root namespace.

use std::collections::BTreeMap;

use crate::declare_rule;
use crate::object::{NamespaceSource, ObjectId};
use crate::resource::{Meta, is_wildcard};
use crate::rule::{NoOptions, RuleContext};
use crate::source::{Place, Span};

declare_rule! {
    /// ## What it does
    ///
    /// Finds PeerAuthentications and DestinationRules that are written for the root namespace, so that they count for
    /// the whole mesh, and that `namespace` of a kustomization, `targetNamespace` of Flux or a setting of Argo CD moves
    /// to another namespace.
    ///
    /// ## Why it matters
    ///
    /// `namespace` overwrites the namespace of *every* object, also of those that state one. A policy that demanded
    /// mutual TLS of the whole mesh then demands it of one namespace, and all others go without.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
    /// # file: kustomization.yaml
    /// namespace: shop
    /// resources:
    ///   - policy.yaml
    /// # file: policy.yaml
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// ```
    ///
    /// ```yaml good
    /// # file: kustomization.yaml
    /// resources:
    ///   - policy.yaml
    /// # file: policy.yaml
    /// apiVersion: security.istio.io/v1
    /// kind: PeerAuthentication
    /// metadata:
    ///   name: default
    ///   namespace: istio-system
    /// spec:
    ///   mtls:
    ///     mode: STRICT
    /// ```
    ///
    /// ## Fix
    ///
    /// Deploy what is for the whole mesh by a kustomization of its own that sets no namespace.
    "transformer-moves-mesh-policy" {
        summary: "a namespace transformer takes a policy for the whole mesh out of the root namespace",
        category: Correctness,
        severity: Error,
        reads: [DestinationRule, PeerAuthentication],
        fix: None,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

/// A policy that was moved.
struct Moved<'a> {
    id: &'a ObjectId,
    written: Place,
    namespace: &'a str,
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let mesh = cx.mesh();
    let policies = mesh
        .peer_authentications()
        .iter()
        .filter(|policy| !policy.has_selector)
        .map(|policy| &policy.meta);
    let rules = mesh
        .destination_rules()
        .filter(|rule| is_wildcard(&rule.host.value))
        .map(|rule| &rule.meta);
    let mut moved: BTreeMap<Span, (Place, Vec<Moved<'_>>)> = BTreeMap::new();
    for meta in policies.chain(rules) {
        if let Some((place, one)) = moved_from_root(meta, cx) {
            let (_, all) = moved.entry(place.span).or_insert((place, Vec::new()));
            all.push(one);
        }
    }
    for (place, all) in moved.into_values() {
        report(cx, place, &all);
    }
}

/// Where the root namespace of an object was overwritten, if it was.
fn moved_from_root<'a>(meta: &'a Meta, cx: &RuleContext<'_>) -> Option<(Place, Moved<'a>)> {
    let NamespaceSource::Stated(place) = meta.namespace_source else {
        return None;
    };
    let root = cx.mesh().root_namespace();
    if meta.namespace == *root {
        return None;
    }
    // Of several namespaces the first that is not the root namespace takes it out.
    let steps = cx.origins().history(place);
    let out = steps.filter_map(|now| Some((now, cx.origins().change(now)?.previous?)));
    let mut out = out.filter(|(_, previous)| cx.unquoted(*previous) == root.as_str());
    let (mover, written) = out.next()?;
    Some((
        mover,
        Moved {
            id: &meta.id,
            written,
            namespace: meta.namespace.as_str(),
        },
    ))
}

fn report(cx: &mut RuleContext<'_>, place: Place, moved: &[Moved<'_>]) {
    let Some(first) = moved.first() else {
        return;
    };
    let root = cx.mesh().root_namespace().clone();
    let what = match moved.len() {
        1 => format!("`{}` counts", first.id),
        count => format!("{count} objects, such as `{}`, count", first.id),
    };
    let mut finding = cx.report(
        place,
        format!(
            "{what} for namespace `{}` alone and no longer for the whole mesh: it is moved out of `{root}`",
            first.namespace
        ),
    );
    finding
        .primary("this overwrites the namespace of every object")
        .object(first.id)
        .help(format!(
            "deploy what is for the whole mesh without `namespace`, so that it stays in `{root}`"
        ));
    for one in moved {
        finding.label(one.written, Some(one.id), "written for the root namespace");
    }
}
