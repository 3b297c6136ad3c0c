//! One rule with different tls in two meshes.

use std::collections::BTreeMap;

use crate::declare_rule;
use crate::mesh::{WrittenTls, written_tls};
use crate::object::ObjectId;
use crate::resource::DestinationRule;
use crate::rule::{DeployContext, NoOptions};
use crate::source::Place;

declare_rule! {
    /// ## What it does
    ///
    /// Finds DestinationRules that set one `tls` in one mesh and another in the next.
    ///
    /// ## Why it matters
    ///
    /// What is tested in one environment then says nothing about the other: a call that is encrypted in staging goes in
    /// clear in production, or the other way round. It may be meant; it is good to know.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
    /// # file: base/kustomization.yaml
    /// resources:
    ///   - rule.yaml
    /// # file: base/rule.yaml
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
    /// # file: overlays/prod/kustomization.yaml
    /// resources:
    ///   - ../../base
    /// # file: overlays/staging/kustomization.yaml
    /// resources:
    ///   - ../../base
    /// patches:
    ///   - path: patch.yaml
    /// # file: overlays/staging/patch.yaml
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: httpbin
    ///   namespace: foo
    /// spec:
    ///   trafficPolicy:
    ///     tls:
    ///       mode: DISABLE
    /// ```
    ///
    /// ```yaml good
    /// # file: base/kustomization.yaml
    /// resources:
    ///   - rule.yaml
    /// # file: base/rule.yaml
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
    /// # file: overlays/prod/kustomization.yaml
    /// resources:
    ///   - ../../base
    /// # file: overlays/staging/kustomization.yaml
    /// resources:
    ///   - ../../base
    /// ```
    ///
    /// ## Fix
    ///
    /// Let the meshes have the same `tls`, or leave it: nothing is broken by the difference as such.
    "tls-differs-between-meshes" {
        summary: "a rule sets one tls in one mesh and another in the next",
        category: Suspicious,
        severity: Note,
        reads: [DestinationRule],
        fix: None,
        since: "0.1.0",
        stage: Deploy,
        check: check(NoOptions),
    }
}

/// A rule in one mesh.
struct Deployed<'a> {
    mesh: &'a str,
    rule: &'a DestinationRule,
    tls: Vec<WrittenTls<'a>>,
}

fn check(_options: &NoOptions, cx: &mut DeployContext<'_>) {
    let mut rules: BTreeMap<&ObjectId, Vec<Deployed<'_>>> = BTreeMap::new();
    for mesh in cx.meshes() {
        for rule in mesh.destination_rules() {
            rules.entry(&rule.meta.id).or_default().push(Deployed {
                mesh: mesh.name(),
                rule,
                tls: written_tls(rule),
            });
        }
    }
    for (id, deployed) in rules {
        let Some((first, others)) = deployed.split_first() else {
            continue;
        };
        if let Some(other) = others.iter().find(|other| texts(other) != texts(first)) {
            report(cx, id, first, other);
        }
    }
}

/// What a rule says about tls, to compare.
fn texts(deployed: &Deployed<'_>) -> Vec<(Option<String>, Option<u16>, &'static str)> {
    let texts = deployed.tls.iter().map(|written| {
        let subset = written.subset.map(str::to_owned);
        (subset, written.port, written.tls.mode.as_str())
    });
    let mut texts: Vec<_> = texts.collect();
    texts.sort();
    texts
}

fn report(cx: &mut DeployContext<'_>, id: &ObjectId, first: &Deployed<'_>, other: &Deployed<'_>) {
    let message = format!(
        "`{id}` {} in mesh `{}`, and {} in mesh `{}`",
        says(first),
        first.mesh,
        says(other),
        other.mesh
    );
    let meshes = vec![first.mesh.to_owned(), other.mesh.to_owned()];
    let (here, there) = (place(first), place(other));
    let mut finding = cx.report(there, message);
    finding
        .primary(format!("so in mesh `{}`", other.mesh))
        .object(id)
        .meshes(meshes)
        .help("let both have the same `tls`, or leave it if the difference is meant");
    if here.span != there.span {
        finding.label(here, Some(id), format!("so in mesh `{}`", first.mesh));
    }
}

/// What a rule says about tls, in words.
fn says(deployed: &Deployed<'_>) -> String {
    let tls = deployed.tls.iter().map(|written| {
        let mode = written.tls.mode.as_str();
        match (written.subset, written.port) {
            (None, None) => mode.to_owned(),
            (None, Some(port)) => format!("{mode} for port {port}"),
            (Some(subset), None) => format!("{mode} for subset `{subset}`"),
            (Some(subset), Some(port)) => format!("{mode} for port {port} of subset `{subset}`"),
        }
    });
    let tls: Vec<String> = tls.collect();
    if tls.is_empty() {
        "sets no tls".to_owned()
    } else {
        format!("sets {}", tls.join(", "))
    }
}

/// Where the tls of a rule stands, or would stand.
fn place(deployed: &Deployed<'_>) -> Place {
    let written = deployed.tls.first();
    let tls = written.map(|written| written.tls.mode_place.unwrap_or(written.tls.place));
    tls.unwrap_or(deployed.rule.host.place)
}
