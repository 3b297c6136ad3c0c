//! A transformer that renames a Service and not the hosts that name it.

use std::collections::BTreeMap;

use rustc_hash::FxHashMap;

use crate::declare_rule;
use crate::object::{NamespaceSource, ObjectId};
use crate::resource::{DestinationRule, Fqdn, Meta, Service};
use crate::rule::{NoOptions, RuleContext};
use crate::source::{Cause, Place, Span};
use crate::yaml::FieldPath;

declare_rule! {
    /// ## What it does
    ///
    /// Finds `namePrefix`, `nameSuffix` and `namespace` of kustomizations that rename or move a Service while the `host`
    /// of a DestinationRule that is deployed together with it still names the old one.
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

/// A Service that a transformer renamed or moved away from a host.
struct Renamed<'a> {
    service: &'a Service,
    /// Its position among what is deployed as one.
    unit: usize,
    /// The host it has now.
    host: Fqdn,
    /// The transformer.
    place: Place,
    /// Whether it gives the Service another namespace, and not another name.
    moves: bool,
    /// Where the old name or namespace is written.
    written: Place,
}

/// A rule for a host that a transformer took away.
struct Dangling<'a, 'r> {
    rule: &'a DestinationRule,
    renamed: &'r Renamed<'a>,
}

fn check(_options: &NoOptions, cx: &mut RuleContext<'_>) {
    if !cx.mesh().services().iter().any(|one| is_changed(cx, one)) {
        return;
    }
    let units = units(cx);
    let renamed = renamed(cx, &units);
    if renamed.is_empty() {
        return;
    }
    let mut dangling: BTreeMap<Span, Vec<Dangling<'_, '_>>> = BTreeMap::new();
    for (rule, host) in cx.mesh().rules_without_service() {
        let Some(unit) = unit_of(&rule.meta, &units) else {
            continue;
        };
        let earlier = renamed.get(host.as_str()).map_or(&[][..], Vec::as_slice);
        if let Some(renamed) = meant(cx, &rule.meta, unit, earlier) {
            let rules = dangling.entry(renamed.place.span).or_default();
            rules.push(Dangling { rule, renamed });
        }
    }
    for rules in dangling.into_values() {
        report(cx, &rules);
    }
}

/// Whether something changed the name or namespace of a Service.
fn is_changed(cx: &RuleContext<'_>, service: &Service) -> bool {
    let namespace = match service.meta.namespace_source {
        NamespaceSource::Stated(place) => Some(place),
        NamespaceSource::Voted | NamespaceSource::Default | NamespaceSource::ClusterScoped => None,
    };
    let mut places = namespace.into_iter().chain([service.meta.name.place]);
    places.any(|place| cx.origins().change(place).is_some())
}

/// The Services and rules of the mesh with the positions of their units, by identity and where the name stands.
type Units<'a> = FxHashMap<(&'a ObjectId, Place), usize>;

/// Which unit deploys which Service or rule.
fn units<'a>(cx: &RuleContext<'a>) -> Units<'a> {
    let units = cx.units().enumerate();
    let objects = units.flat_map(|(unit, one)| one.objects.iter().map(move |it| (unit, it)));
    objects
        .filter(|(_, object)| matches!(&*object.id.kind, "Service" | "DestinationRule"))
        .map(|(unit, object)| ((&object.id, object.name.place), unit))
        .collect()
}

/// The unit that deploys an object.
fn unit_of(meta: &Meta, units: &Units<'_>) -> Option<usize> {
    units.get(&(&meta.id, meta.name.place)).copied()
}

/// The Service that a rule means: one of its own unit. Where several had that host, it is the one that the transformer
/// renamed together with the rule.
fn meant<'a, 'r>(
    cx: &RuleContext<'_>,
    rule: &Meta,
    unit: usize,
    earlier: &'r [Renamed<'a>],
) -> Option<&'r Renamed<'a>> {
    let own = || earlier.iter().filter(|renamed| renamed.unit == unit);
    let mut places = vec![rule.name.place];
    if let NamespaceSource::Stated(place) = rule.namespace_source {
        places.push(place);
    }
    let is_together = |renamed: &&Renamed<'_>| {
        let mut history = places.iter().flat_map(|&place| cx.origins().history(place));
        history.any(|place| place.span == renamed.place.span)
    };
    own().find(is_together).or_else(|| {
        let mut own = own();
        own.next().filter(|_| own.next().is_none())
    })
}

/// The Services that have another name or namespace than where they are written, by every host they would have had.
fn renamed<'a>(cx: &RuleContext<'a>, units: &Units<'_>) -> BTreeMap<String, Vec<Renamed<'a>>> {
    let mesh = cx.mesh();
    let mut out: BTreeMap<String, Vec<Renamed<'_>>> = BTreeMap::new();
    for service in mesh.services() {
        let Some(unit) = unit_of(&service.meta, units) else {
            continue;
        };
        let names = earlier_names(cx, &service.meta.id.name, service.meta.name.place);
        let namespaces = match service.meta.namespace_source {
            NamespaceSource::Stated(place) => earlier_namespaces(cx, place),
            NamespaceSource::Voted | NamespaceSource::Default | NamespaceSource::ClusterScoped => {
                Vec::new()
            }
        };
        let (name, namespace) = (&*service.meta.id.name, service.meta.namespace.as_str());
        let now = mesh.service_host(name, namespace);
        for old_name in names.iter().map(Some).chain([None]) {
            for old_namespace in namespaces.iter().map(Some).chain([None]) {
                let Some(change) = old_name.or(old_namespace) else {
                    continue;
                };
                let name = old_name.map_or(name, |old| old.text);
                let namespace = old_namespace.map_or(namespace, |old| old.text);
                let host = mesh.service_host(name, namespace);
                if host == now {
                    continue;
                }
                let all = out.entry(host.as_str().to_owned()).or_default();
                let is_known = |known: &Renamed<'_>| known.host == now && known.unit == unit;
                if !all.iter().any(is_known) {
                    all.push(Renamed {
                        service,
                        unit,
                        host: now.clone(),
                        place: change.change,
                        moves: old_name.is_none(),
                        written: base(cx, change.change),
                    });
                }
            }
        }
    }
    out
}

/// A text that a value had before a change.
struct Earlier<'a> {
    text: &'a str,
    change: Place,
}

/// The names that an object had before it was given prefixes and suffixes, the last one first.
fn earlier_names<'a>(cx: &RuleContext<'a>, name: &'a str, place: Place) -> Vec<Earlier<'a>> {
    let mut out = Vec::new();
    let mut name = name;
    for now in cx.origins().history(place) {
        let Some(change) = cx.origins().change(now) else {
            break;
        };
        // Only what is added is written there.
        let added = cx.unquoted(now);
        let before = match change.cause {
            Cause::NamePrefix => name.strip_prefix(added),
            Cause::NameSuffix => name.strip_suffix(added),
            Cause::Flux | Cause::ArgoCd => {
                let without = name.strip_prefix(added);
                without.or_else(|| name.strip_suffix(added))
            }
            _ => None,
        };
        let Some(text) = before else {
            break;
        };
        out.push(Earlier { text, change: now });
        name = text;
    }
    out
}

/// Where a value that was changed is written at first.
fn base(cx: &RuleContext<'_>, place: Place) -> Place {
    cx.origins().history(place).last().unwrap_or(place)
}

/// What gives Services another namespace.
const MOVES: &[Cause] = &[Cause::Namespace, Cause::Flux, Cause::ArgoCd];

/// The namespaces that an object had before it was moved, the last one first.
fn earlier_namespaces<'a>(cx: &RuleContext<'a>, place: Place) -> Vec<Earlier<'a>> {
    let mut out = Vec::new();
    for now in cx.origins().history(place) {
        let Some(change) = cx.origins().change(now) else {
            break;
        };
        if let Some(previous) = change.previous.filter(|_| MOVES.contains(&change.cause)) {
            out.push(Earlier {
                text: cx.unquoted(previous),
                change: now,
            });
        }
    }
    out
}

/// Words one finding.
fn report(cx: &mut RuleContext<'_>, rules: &[Dangling<'_, '_>]) {
    let Some(Dangling { rule, renamed }) = rules.first() else {
        return;
    };
    let mut finding = cx.report(renamed.place, headline(rule, renamed, rules));
    finding
        .primary(if renamed.moves {
            "moves the Service, and not the hosts that name it"
        } else {
            "renames the Service, and not the hosts that name it"
        })
        .object(&rule.meta.id)
        .field(FieldPath::new("spec.host"))
        .help(help(rules));
    for Dangling { rule, renamed } in rules {
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
    let mut told = Vec::new();
    for Dangling { renamed, .. } in rules {
        let service = &renamed.service.meta.id;
        if !told.contains(&renamed.written.span) {
            told.push(renamed.written.span);
            finding.label(
                renamed.written,
                Some(service),
                "the Service is written here",
            );
        }
    }
}

/// What is wrong, on one line.
fn headline(rule: &DestinationRule, renamed: &Renamed<'_>, rules: &[Dangling<'_, '_>]) -> String {
    let id = &rule.meta.id;
    let (was, now) = (&rule.host.value, &renamed.host);
    let is_same_host = rules.iter().all(|one| one.renamed.host == *now);
    match rules.len() {
        1 => format!("`{id}` has no effect: its host `{was}` is now `{now}`"),
        count if is_same_host => format!(
            "{count} rules, such as `{id}`, have no effect: their host `{was}` is now `{now}`"
        ),
        count => format!(
            "{count} rules, such as `{id}`, have no effect: their hosts have other names now, such as `{now}` for `{was}`"
        ),
    }
}

/// What to do; more hosts than one are in the labels.
fn help(rules: &[Dangling<'_, '_>]) -> String {
    let mut hosts: Vec<&str> = rules.iter().map(|one| one.renamed.host.as_str()).collect();
    hosts.sort_unstable();
    hosts.dedup();
    match hosts.as_slice() {
        [host] => format!("write `{host}` to `spec.host` with a replacement or a patch"),
        _ => "write the new host of each to `spec.host` with a replacement or patches".to_owned(),
    }
}
