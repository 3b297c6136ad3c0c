//! What makes Istio refuse a DestinationRule (`ValidateDestinationRule`).

use super::super::reader::{Context, Field};
use super::super::{ExportTo, Meta};
use super::names::{
    check_export_to, check_host, check_labels, check_name, check_selector, own_namespace,
};
use super::settings;

/// Notes the faults of a rule.
pub(super) fn check(meta: &Meta, spec: &Field<'_>, cx: &mut Context<'_>) {
    check_host(&spec.child("host"), cx);
    let export_to = spec.child("exportTo");
    let exported = export_to.export_to(cx);
    let selector = spec.child("workloadSelector");
    if let Some(exported) = &exported {
        check_export_to(meta, exported, &export_to, cx);
        if selector.is_present() {
            check_private(meta, exported, &export_to, cx);
        }
    }
    check_selector(&selector.child("matchLabels"), cx);
    check_policy(&spec.child("trafficPolicy"), cx);
    for subset in spec.child("subsets").items(cx) {
        check_name(&subset.child("name"), cx);
        check_labels(&subset.child("labels"), cx);
        check_policy(&subset.child("trafficPolicy"), cx);
    }
}

/// A rule for some workloads is for those of its own namespace.
fn check_private(meta: &Meta, exported: &ExportTo, field: &Field<'_>, cx: &mut Context<'_>) {
    let own = own_namespace(meta);
    let mut values = exported.values.iter();
    if let Some(other) = values.find(|value| &*value.value != "." && &*value.value != own) {
        let message = "a rule with a `workloadSelector` is for its own namespace only";
        cx.fault_at(field, Some(other.place), message);
    }
}

/// Whether a `trafficPolicy` says anything; `portLevelSettings` count if there are any.
fn has_settings(policy: &Field<'_>, cx: &mut Context<'_>) -> bool {
    let is_setting = |name: &str, value: &Field<'_>| match name {
        "portLevelSettings" => value
            .value()
            .is_some_and(|list| list.as_sequence() != Some(&[])),
        _ => value.is_present(),
    };
    let entries = policy.entries(cx);
    entries
        .iter()
        .any(|(key, value)| is_setting(&key.value, value))
}

/// Notes the faults of a `trafficPolicy`.
fn check_policy(policy: &Field<'_>, cx: &mut Context<'_>) {
    if !is_mapping(policy) {
        return;
    }
    if !has_settings(policy, cx) {
        let message = "must have at least one setting, such as `tls`";
        cx.fault_at(policy, policy.key_place(), message);
        return;
    }
    let (tunnel, proxy_protocol) = (policy.child("tunnel"), policy.child("proxyProtocol"));
    if tunnel.is_present() && proxy_protocol.is_present() {
        let message = "may not stand beside `tunnel`";
        cx.fault_at(&proxy_protocol, proxy_protocol.key_place(), message);
    }
    check_settings(policy, cx);
    for element in policy.child("portLevelSettings").items(cx) {
        if is_mapping(&element) && !element.child("port").is_present() {
            cx.fault(&element, "must have a `port`");
        }
        check_settings(&element, cx);
    }
}

/// Notes the faults of what a policy and the settings of a port have in common.
fn check_settings(field: &Field<'_>, cx: &mut Context<'_>) {
    let pool = field.child("connectionPool");
    let is_empty = !pool.child("tcp").is_present() && !pool.child("http").is_present();
    if is_mapping(&pool) && is_empty {
        cx.fault_at(&pool, pool.key_place(), "must have `tcp` or `http`");
    }
    settings::check(field, cx);
    check_tls(&field.child("tls"), cx);
}

/// Notes the faults of a `tls` (`ValidateTLS`).
fn check_tls(tls: &Field<'_>, cx: &mut Context<'_>) {
    const FILES: [&str; 4] = ["clientCertificate", "privateKey", "caCertificates", "caCrl"];
    let mode = tls.child("mode");
    let is_mutual = match mode.loose_text().map(|mode| mode.value).as_deref() {
        Some("SIMPLE") => false,
        Some("MUTUAL") => true,
        _ => return,
    };
    let has_name = is_given(&tls.child("credentialName"));
    let skips = tls.child("insecureSkipVerify").boolean(cx);
    if skips.is_some_and(|skips| skips.value) {
        let mut verifying = vec!["caCertificates", "subjectAltNames"];
        if !is_mutual {
            verifying.push("credentialName");
        }
        exclude(tls, &verifying, "insecureSkipVerify: true", cx);
    }
    if has_name {
        exclude(tls, &FILES, "credentialName", cx);
    } else if is_mutual {
        let missing: Vec<String> = ["clientCertificate", "privateKey"]
            .into_iter()
            .filter(|name| !is_given(&tls.child(name)))
            .map(|name| format!("`{name}`"))
            .collect();
        if !missing.is_empty() {
            let missing = missing.join(" and ");
            cx.fault(
                &mode,
                format!("`MUTUAL` needs {missing}, or `credentialName`"),
            );
        }
    }
}

/// Notes a fault for every field that may not stand beside another.
fn exclude(tls: &Field<'_>, names: &[&str], beside: &str, cx: &mut Context<'_>) {
    for name in names {
        let field = tls.child(name);
        if is_given(&field) {
            cx.fault_at(
                &field,
                field.key_place(),
                format!("may not stand beside `{beside}`"),
            );
        }
    }
}

/// Whether a field has fields; what is said about anything else is said by its schema.
fn is_mapping(field: &Field<'_>) -> bool {
    field
        .value()
        .is_some_and(|value| value.as_mapping().is_some())
}

/// Whether a field has a value that is not empty.
fn is_given(field: &Field<'_>) -> bool {
    field
        .value()
        .is_some_and(|value| match value.as_sequence() {
            Some(list) => !list.is_empty(),
            None => value.as_text() != Some(""),
        })
}
