//! A transformer that renames a Service and not the hosts that name it.

use std::collections::BTreeMap;

use crate::declare_rule;
use crate::object::NamespaceSource;
use crate::resource::{DestinationRule, Fqdn, Service};
use crate::rule::{NoOptions, RuleContext};
use crate::source::{Cause, Place, Span};
use crate::yaml::FieldPath;

declare_rule! {
    /// ## What it does
    ///
    /// Finds `namePrefix`, `nameSuffix` and `namespace` of kustomizations that rename or move a Service while the `host`
    /// of a DestinationRule still names the old one.
    ///
    /// ## Why it matters
    ///
    /// kustomize renames Services and DestinationRules, and follows the new names in the references it knows.
    /// `spec.host` is not one of them: the rule is for a service that does not exist any more, and nothing that it sets,
    /// mutual TLS included, has an effect.
    ///
    /// ## Examples
    ///
    /// ```yaml bad
    /// # file: kustomization.yaml
    /// namePrefix: blue-
    /// resources:
    ///   - app.yaml
    /// # file: app.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: reviews
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   host: reviews
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ```
    ///
    /// ```yaml good
    /// # file: kustomization.yaml
    /// namePrefix: blue-
    /// resources:
    ///   - app.yaml
    /// replacements:
    ///   - source:
    ///       kind: Service
    ///       fieldPath: metadata.name
    ///     targets:
    ///       - select:
    ///           kind: DestinationRule
    ///         fieldPaths:
    ///           - spec.host
    /// # file: app.yaml
    /// apiVersion: v1
    /// kind: Service
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   selector:
    ///     app: reviews
    ///   ports:
    ///     - name: http
    ///       port: 80
    /// ---
    /// apiVersion: networking.istio.io/v1
    /// kind: DestinationRule
    /// metadata:
    ///   name: reviews
    ///   namespace: shop
    /// spec:
    ///   host: reviews
    ///   trafficPolicy:
    ///     tls:
    ///       mode: ISTIO_MUTUAL
    /// ```
    ///
    /// ## Fix
    ///
    /// Let a replacement or a patch write the new name to `spec.host`, or tell kustomize about the field under
    /// `configurations` (`nameReference`).
    "transformer-dangles-host" {
        summary: "a transformer renames a Service and not the host of a rule for it",
        category: Correctness,
        severity: Warning,
        reads: [DestinationRule, Service],
        fix: None,
        since: "0.1.0",
        check: check(NoOptions),
    }
}

/// A Service that a transformer renamed or moved.
struct Renamed<'a> {
    service: &'a Service,
    /// The host it has now.
    host: Fqdn,
    /// The transformer.
    place: Place,
    /// Where the old name or namespace is written.
    written: Option<Place>,
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    let renamed = renamed(cx);
    if renamed.is_empty() {
        return;
    }
    let mut dangling: BTreeMap<Span, Vec<(&DestinationRule, &Renamed<'_>)>> = BTreeMap::new();
    for (rule, host) in cx.mesh().rules_without_service() {
        if let Some(one) = renamed.get(host.as_str()) {
            dangling
                .entry(one.place.span)
                .or_default()
                .push((rule, one));
        }
    }
    for rules in dangling.into_values() {
        report(cx, &rules);
    }
}

/// The Services that have another name or namespace than where they are written, by every host they would have had.
fn renamed<'a>(cx: &RuleContext<'a>) -> BTreeMap<String, Renamed<'a>> {
    let mesh = cx.mesh();
    let mut out = BTreeMap::new();
    for service in mesh.services() {
        let names = earlier(cx, service.meta.name.place, RENAMES);
        let namespaces = match service.meta.namespace_source {
            NamespaceSource::Stated(place) => earlier(cx, place, MOVES),
            NamespaceSource::Voted | NamespaceSource::Default | NamespaceSource::ClusterScoped => {
                Vec::new()
            }
        };
        let (name, namespace) = (&service.meta.id.name, service.meta.namespace.as_str());
        let now = mesh.service_host(name, namespace);
        let first = names.first().or(namespaces.first());
        let Some(&Earlier { change: place, .. }) = first else {
            continue;
        };
        let written = names.last().or(namespaces.last()).map(|last| last.written);
        let names = names.iter().map(|one| one.text).chain([&**name]);
        for name in names {
            let all = namespaces.iter().map(|one| one.text);
            for namespace in all.chain([namespace]) {
                let host = mesh.service_host(name, namespace);
                if host != now {
                    out.entry(host.as_str().to_owned()).or_insert(Renamed {
                        service,
                        host: now.clone(),
                        place,
                        written,
                    });
                }
            }
        }
    }
    out
}

/// What gives Services another name.
const RENAMES: &[Cause] = &[
    Cause::NamePrefix,
    Cause::NameSuffix,
    Cause::Flux,
    Cause::ArgoCd,
];

/// What gives Services another namespace.
const MOVES: &[Cause] = &[Cause::Namespace, Cause::Flux, Cause::ArgoCd];

/// A text that a value had before a change.
struct Earlier<'a> {
    text: &'a str,
    written: Place,
    change: Place,
}

/// The texts that a value had before certain changes, the last one first.
fn earlier<'a>(cx: &RuleContext<'a>, place: Place, causes: &[Cause]) -> Vec<Earlier<'a>> {
    let mut out = Vec::new();
    for now in cx.origins().history(place) {
        let Some(change) = cx.origins().change(now) else {
            break;
        };
        if !causes.contains(&change.cause) {
            continue;
        }
        if let Some(previous) = change.previous {
            let text = cx.sources().text(previous.span);
            out.push(Earlier {
                text: text.trim_matches(['"', '\'']),
                written: previous,
                change: now,
            });
        }
    }
    out
}

fn report(cx: &mut RuleContext<'_>, rules: &[(&DestinationRule, &Renamed<'_>)]) {
    let Some((rule, renamed)) = rules.first() else {
        return;
    };
    let id = &rule.meta.id;
    let headline = match rules.len() {
        1 => format!(
            "`{id}` has no effect: its host `{}` is now `{}`",
            rule.host.value, renamed.host
        ),
        count => format!(
            "{count} rules, such as `{id}`, have no effect: host `{}` is now `{}`",
            rule.host.value, renamed.host
        ),
    };
    let mut finding = cx.report(renamed.place, headline);
    finding
        .primary("renames the Service, and not the hosts that name it")
        .object(id)
        .field(FieldPath::new("spec.host"))
        .help(format!(
            "write `{}` to `spec.host` with a replacement or a patch",
            renamed.host
        ));
    for (rule, renamed) in rules {
        let service = &renamed.service.meta;
        finding.label(
            rule.host.place,
            Some(&rule.meta.id),
            format!(
                "no service has this host; `{}` is `{}`",
                service.id, renamed.host
            ),
        );
    }
    if let Some(written) = renamed.written {
        let service = &renamed.service.meta.id;
        finding.label(written, Some(service), "the Service is written here");
    }
}
