//! Names: hosts, labels, ports, protocols and namespaces to export to, as Istio wants them written.

use std::net::IpAddr;

use rustc_hash::FxHashSet;

use super::super::reader::{Context, Field};
use super::super::schema;
use super::super::wording::quote;
use super::super::{ExportTo, Meta};
use crate::object::NamespaceSource;

/// How long a host may be.
const MAX_HOST: usize = 255;

/// How long one part of a name may be.
const MAX_PART: usize = 63;

/// What a part of a host consists of.
const PART: &str = "letters, digits and, between these, dashes, 63 at most";

/// Notes a fault for a host that is none, a `*` at its beginning allowed (`ValidateWildcardDomain`).
pub(super) fn check_host(host: &Field<'_>, cx: &mut Context<'_>) {
    check_text(host, cx, wrong_host);
}

/// What is wrong with a host, if anything is; a `*` at its beginning is allowed.
pub(super) fn wrong_host(text: &str) -> Option<String> {
    let (first, rest) = match text.split_once('.') {
        Some((first, rest)) => (first, Some(rest)),
        None => (text, None),
    };
    if text.parse::<IpAddr>().is_ok() {
        return Some("is an IP address and no host".to_owned());
    }
    if text.len() > MAX_HOST {
        return Some(format!("is longer than {MAX_HOST} characters"));
    }
    if !is_wildcard_part(first) {
        return Some(wrong_part(first));
    }
    rest.and_then(wrong_parts)
}

/// Whether something fills a name in before it is applied: `${VAR}` and the like, or a part such as `SHOP_NAMESPACE`, which no
/// name can have.
pub(super) fn is_placeholder(text: &str) -> bool {
    let is_variable = |part: &str| {
        part.contains('_')
            && part.contains(|c: char| c.is_ascii_uppercase())
            && part
                .bytes()
                .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit() || byte == b'_')
    };
    schema::is_placeholder(text) || text.split(['.', '/', '-']).any(is_variable)
}

/// Whether a text is a full host without `*` (`ValidateFQDN`), or something that is filled in.
pub(super) fn is_full_host(text: &str) -> bool {
    is_placeholder(text)
        || (!text.is_empty() && text.len() <= MAX_HOST && wrong_parts(text).is_none())
}

/// Whether a text is an IP address, or something that is filled in.
pub(super) fn is_address(text: &str) -> bool {
    // A zone may stand behind an address of IPv6.
    let address = text.split('%').next().unwrap_or_default();
    is_placeholder(text) || address.parse::<IpAddr>().is_ok()
}

/// Whether a text is an IP address or a range of them (`ValidateIPSubnet`), or something that is filled in.
pub(super) fn is_address_or_range(text: &str) -> bool {
    let Some((address, bits)) = text.split_once('/') else {
        return is_address(text);
    };
    let most = match address.parse() {
        Ok(IpAddr::V4(_)) => 32,
        Ok(IpAddr::V6(_)) => 128,
        Err(_) => return is_placeholder(text),
    };
    let is_written_well = bits == "0" || !bits.starts_with(['0', '+']);
    is_written_well && bits.parse::<u8>().is_ok_and(|bits| bits <= most)
}

/// What is wrong with the parts of a host, if anything is; a dot at its end is allowed.
fn wrong_parts(host: &str) -> Option<String> {
    let last = host.rsplit('.').next().unwrap_or_default();
    if !last.is_empty() && last.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(format!("ends with the number `{last}`"));
    }
    let parts = host.strip_suffix('.').unwrap_or(host).split('.');
    let mut wrong = parts.filter(|part| !is_part(part));
    wrong.next().map(wrong_part)
}

fn wrong_part(part: &str) -> String {
    if part.contains('*') {
        return "may have a `*` at its beginning only".to_owned();
    }
    format!("has the part {}; parts consist of {PART}", quote(part))
}

/// Whether a text is a label of a domain name (`IsDNS1123Label`); Istio allows capitals.
pub(super) fn is_part(text: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_alphanumeric);
    let bytes = text.as_bytes();
    bytes.len() <= MAX_PART
        && is_end(bytes.first())
        && is_end(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || *byte == b'-')
}

/// The same with a `*` or `*-` before it, or a `*` alone (`IsWildcardDNS1123Label`).
fn is_wildcard_part(text: &str) -> bool {
    let Some(rest) = text.strip_prefix('*') else {
        return is_part(text);
    };
    let rest = rest.strip_prefix('-').unwrap_or(rest);
    text == "*" || (text.len() <= MAX_PART && is_part(rest))
}

/// Notes a fault for a name that is no label of a domain name.
pub(super) fn check_name(name: &Field<'_>, cx: &mut Context<'_>) {
    check_text(name, cx, |text| {
        (!is_part(text)).then(|| format!("must consist of {PART}"))
    });
}

/// Notes a fault for a protocol that Istio does not know; any case is fine, and none at all.
pub(super) fn check_protocol(protocol: &Field<'_>, cx: &mut Context<'_>) {
    const KNOWN: [&str; 12] = [
        "tcp",
        "udp",
        "grpc",
        "grpc-web",
        "http",
        "http_proxy",
        "http2",
        "https",
        "tls",
        "mongo",
        "mysql",
        "redis",
    ];
    check_text(protocol, cx, |text| {
        let is_known = KNOWN.contains(&&*text.to_ascii_lowercase());
        (!is_known).then(|| "is not a protocol that Istio knows".to_owned())
    });
}

/// Notes faults of labels to select by: no `*`, and no empty keys (`validateWorkloadSelector`).
pub(super) fn check_selector(labels: &Field<'_>, cx: &mut Context<'_>) {
    for (key, value) in labels.entries(cx) {
        let text = value.loose_text().map(|text| text.value);
        if key.value.is_empty() {
            cx.fault_at(
                labels,
                Some(key.place),
                "the key of a label must not be empty",
            );
        } else if key.value.contains('*') || text.is_some_and(|text| text.contains('*')) {
            cx.fault_at(&value, Some(key.place), "a selector has no wildcards");
        }
    }
}

/// Notes faults of labels that are given to something or select endpoints (`labels.Instance.Validate`).
pub(super) fn check_labels(labels: &Field<'_>, cx: &mut Context<'_>) {
    for (key, value) in labels.entries(cx) {
        if !is_placeholder(&key.value) && !is_label_key(&key.value) {
            cx.fault_at(
                labels,
                Some(key.place),
                format!("{} is not the key of a label", quote(&key.value)),
            );
        }
        check_text(&value, cx, |text| {
            (!is_label_value(text)).then(|| "is not the value of a label".to_owned())
        });
    }
}

/// Whether a text is a name with a domain before it or none, as `app.kubernetes.io/name`.
fn is_label_key(key: &str) -> bool {
    let name = match key.split_once('/') {
        Some((domain, name)) => {
            if !domain.split('.').all(is_part) {
                return false;
            }
            name
        }
        None => key,
    };
    !name.is_empty() && name.len() <= MAX_PART && is_label_value(name)
}

/// Whether a text may be the value of a label: letters and digits at both ends, dashes, dots and underscores between them.
fn is_label_value(value: &str) -> bool {
    let is_end = |byte: Option<&u8>| byte.is_none_or(u8::is_ascii_alphanumeric);
    let bytes = value.as_bytes();
    is_end(bytes.first())
        && is_end(bytes.last())
        && bytes
            .iter()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.'))
}

/// Notes faults of an `exportTo` (`validateExportTo`); only ServiceEntries may be exported to nobody.
pub(super) fn check_export_to(
    meta: &Meta,
    export_to: &ExportTo,
    field: &Field<'_>,
    cx: &mut Context<'_>,
) {
    let own = own_namespace(meta);
    let is_alone = export_to.values.len() == 1;
    let kind = &meta.id.kind;
    let mut seen = FxHashSet::default();
    for value in &export_to.values {
        let text = &*value.value;
        let message = match text {
            "~" if &**kind != "ServiceEntry" => format!("`~` is not allowed in a {kind}"),
            "~" if !is_alone => "`~` exports to nobody, so nothing may stand beside it".to_owned(),
            "*" if !is_alone => {
                "`*` exports to all namespaces, so nothing may stand beside it".to_owned()
            }
            "*" | "~" => continue,
            _ if !seen.insert(if text == "." { own } else { text }) => {
                format!("`{text}` is listed twice; `.` is the object's own namespace")
            }
            _ if text == "." || is_placeholder(text) || is_part(text) => continue,
            _ => format!(
                "{} is not a namespace: names consist of {PART}",
                quote(text)
            ),
        };
        cx.fault_at(field, Some(value.place), message);
    }
}

/// The namespace that `.` means. One that is only kubectl's default says nothing about whether it is meant by `.`.
pub(super) fn own_namespace(meta: &Meta) -> &str {
    match meta.namespace_source {
        NamespaceSource::Stated(_) | NamespaceSource::Voted => meta.namespace.as_str(),
        NamespaceSource::Default | NamespaceSource::ClusterScoped => ".",
    }
}

/// Notes a fault for what `wrong` says about a text; nothing is said about one that is absent or filled in.
fn check_text(field: &Field<'_>, cx: &mut Context<'_>, wrong: impl FnOnce(&str) -> Option<String>) {
    let Some(text) = field.text(cx).filter(|text| !is_placeholder(&text.value)) else {
        return;
    };
    if let Some(message) = wrong(&text.value) {
        cx.fault(field, format!("{} {message}", quote(&text.value)));
    }
}
