//! What an unknown field or a wrong value was probably meant to be.

use super::fit::fits;
use super::text::without_invisible;
use super::trail::{Trail, join};
use super::{Field, Kind, Schema};
use crate::yaml::{MappingEntry, Node, Value};

/// What to do about an unknown field.
pub(super) enum Advice {
    /// It is the misspelt name of a field.
    Rename {
        /// The field.
        name: &'static str,
        /// Whether no other field is near, and the value fits this one.
        is_certain: bool,
    },
    /// It is a field of another object of the same kind.
    Move {
        /// The path of that object, with `[]` for an element of a list.
        parent: String,
    },
    /// Nothing is known.
    Unknown,
}

/// Names of fields that say too little to tell where they belong.
const COMMON_NAMES: [&str; 10] = [
    "from", "host", "message", "name", "number", "port", "status", "string", "to", "value",
];

/// What an entry that is no field was meant to be; `is_absent` says which fields of the object have no value.
pub(super) fn of(
    entry: &MappingEntry,
    fields: &'static [Field],
    is_absent: &dyn Fn(usize) -> bool,
    kind: &Kind,
    trail: &Trail<'_>,
) -> Advice {
    let key = without_invisible(&entry.key.value);
    let missing: Vec<&'static Field> = fields
        .iter()
        .enumerate()
        .filter(|&(index, field)| is_absent(index) && has_shape(&entry.value, &field.schema))
        .map(|(_, field)| field)
        .collect();
    let near = near_fields(&key, &missing);
    if let Some(field) = near.first() {
        return Advice::Rename {
            name: field.name,
            is_certain: near.len() == 1 && fits(&entry.value, &field.schema),
        };
    }
    let mut alike = missing.iter().filter(|field| contains(field.name, &key));
    if let (Some(field), None) = (alike.next(), alike.next()) {
        return Advice::Rename {
            name: field.name,
            is_certain: fits(&entry.value, &field.schema),
        };
    }
    let parent = trail.parent.map_or_else(String::new, Trail::keys);
    home(&key, &entry.value, kind, &parent)
        .map_or(Advice::Unknown, |parent| Advice::Move { parent })
}

/// Whether what an unknown field was meant for could decide about TLS.
pub(super) fn decides_tls(
    entry: &MappingEntry,
    advice: &Advice,
    fields: &[Field],
    is_absent: &dyn Fn(usize) -> bool,
) -> bool {
    const DECISIVE: [&str; 5] = ["tls", "mtls", "mode", "portLevelSettings", "portLevelMtls"];
    let name = match advice {
        Advice::Rename { name, .. } => name,
        Advice::Move { .. } | Advice::Unknown => &*entry.key.value,
    };
    let lacks_mode = fields
        .iter()
        .position(|field| field.name == "mode")
        .is_some_and(is_absent);
    lacks_mode || DECISIVE.contains(&name) || holds(&entry.value, &DECISIVE, 0)
}

/// How deep an unknown value is searched: as deep as a rule's `trafficPolicy.portLevelSettings[].tls`.
const MAX_DEPTH: usize = 4;

/// Whether one of some keys is somewhere in a value.
fn holds(value: &Value, keys: &[&str], depth: usize) -> bool {
    if depth > MAX_DEPTH {
        return false;
    }
    match &value.node {
        Node::Scalar(_) => false,
        Node::Sequence(items) => items.iter().any(|item| holds(item, keys, depth + 1)),
        Node::Mapping(mapping) => mapping
            .entries
            .iter()
            .any(|entry| keys.contains(&&*entry.key.value) || holds(&entry.value, keys, depth + 1)),
    }
}

/// The fields that a name is a slip of, the nearest first; only the one, if the name differs in case and dashes alone.
fn near_fields(key: &str, fields: &[&'static Field]) -> Vec<&'static Field> {
    let folded = fold(key);
    if let Some(field) = fields.iter().find(|field| fold(field.name) == folded) {
        return vec![field];
    }
    let limit = (key.chars().count() / 3).max(1);
    let mut near: Vec<_> = fields
        .iter()
        .map(|&field| (strsim::damerau_levenshtein(key, field.name), field))
        .filter(|&(distance, field)| distance <= limit && distance < field.name.len())
        .collect();
    near.sort_by_key(|&(distance, _)| distance);
    near.into_iter().map(|(_, field)| field).collect()
}

/// A name in lower case without dashes and underscores.
fn fold(name: &str) -> String {
    name.replace(['_', '-'], "").to_lowercase()
}

/// Whether one of two names is the end or the beginning of the other, as `labels` of `matchLabels`.
fn contains(name: &str, key: &str) -> bool {
    const LEAST: usize = 4;
    let (name, key) = (fold(name), fold(key));
    let (long, short) = if name.len() > key.len() {
        (name, key)
    } else {
        (key, name)
    };
    short.len() >= LEAST && (long.starts_with(&short) || long.ends_with(&short))
}

/// The nearest object of a kind that has a field of this name for such a value.
fn home(key: &str, value: &Value, kind: &Kind, parent: &str) -> Option<String> {
    if COMMON_NAMES.contains(&key) {
        return None;
    }
    let mut homes = Vec::new();
    collect_homes(key, value, kind.root, "", &mut homes);
    let shared = |path: &str| {
        let (mine, its) = (parent.split('.'), path.split('.'));
        mine.zip(its)
            .take_while(|(mine, its)| *mine == its.trim_end_matches("[]"))
            .count()
    };
    homes
        .into_iter()
        // What stands deep in a spec was not meant for the metadata.
        .filter(|path| path != "metadata" || matches!(parent, "" | "spec"))
        .min_by_key(|path| (usize::MAX - shared(path), path.matches('.').count()))
}

/// The paths of all objects with such a field.
fn collect_homes(
    key: &str,
    value: &Value,
    fields: &'static [Field],
    path: &str,
    homes: &mut Vec<String>,
) {
    for field in fields {
        if field.name == key && !path.is_empty() && fits(value, &field.schema) {
            homes.push(path.to_owned());
        }
        let mut below = field.schema.inner();
        let mut path = join(path, field.name);
        while let Schema::List(inner) | Schema::Map(inner) = below {
            if matches!(below, Schema::List(_)) {
                path.push_str("[]");
            }
            below = inner.inner();
        }
        if let Schema::Object(fields) = below {
            collect_homes(key, value, fields, &path, homes);
        }
    }
}

/// Whether a value is a mapping, list or scalar as a schema wants it.
fn has_shape(value: &Value, schema: &Schema) -> bool {
    match (schema.inner(), &value.node) {
        (Schema::Any, _)
        | (Schema::List(_), Node::Sequence(_))
        | (Schema::Map(_) | Schema::Object(_), Node::Mapping(_))
        | (
            Schema::Boolean
            | Schema::Integer(..)
            | Schema::Number(..)
            | Schema::Text
            | Schema::Name
            | Schema::LooseName
            | Schema::Duration
            | Schema::Enum(_),
            Node::Scalar(_),
        ) => true,
        (
            Schema::Boolean
            | Schema::Integer(..)
            | Schema::Number(..)
            | Schema::Text
            | Schema::Name
            | Schema::LooseName
            | Schema::Duration
            | Schema::Enum(_)
            | Schema::List(_)
            | Schema::Map(_)
            | Schema::Object(_)
            | Schema::Limited(..),
            Node::Scalar(_) | Node::Sequence(_) | Node::Mapping(_),
        ) => value.is_null(),
    }
}

/// Where a value belongs that is right for another kind.
pub(super) fn of_value(kind: &str, field: &str, text: &str) -> Option<&'static str> {
    let is = |names: &[&str]| names.iter().any(|name| name.eq_ignore_ascii_case(text));
    if field != "mode" {
        return None;
    }
    let is_plaintext = is(&["NONE", "OFF", "PLAINTEXT"]);
    match kind {
        "DestinationRule" if is(&["STRICT", "PERMISSIVE", "UNSET"]) => Some(
            "that is a mode of servers, for `spec.mtls.mode` of a PeerAuthentication; clients send Istio mutual TLS with `ISTIO_MUTUAL`",
        ),
        "DestinationRule" if is_plaintext => {
            Some("clients send plaintext with `DISABLE`; leave `tls` out to let Istio decide")
        }
        "PeerAuthentication" | "Policy" | "MeshPolicy"
            if is(&["ISTIO_MUTUAL", "MUTUAL", "SIMPLE"]) =>
        {
            Some(
                "that is a mode of clients, for `spec.trafficPolicy.tls.mode` of a DestinationRule; servers demand mutual TLS with `STRICT`",
            )
        }
        "PeerAuthentication" if is_plaintext => {
            Some("servers accept nothing but plaintext with `DISABLE`")
        }
        "Policy" | "MeshPolicy" if is_plaintext || is(&["DISABLE"]) => {
            Some("a policy without an `mtls` peer accepts nothing but plaintext")
        }
        _ => None,
    }
}
