//! Hashes of content, which the names of generated objects end with.

use sha2::{Digest, Sha256};

use crate::gitops::kustomize::field_spec::{entry_mut, overwrite};
use crate::gitops::kustomize::json;
use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::Cause;
use crate::yaml::Value;

/// Appends hashes to the names of the objects that want one.
pub(super) fn append(resources: &mut ResourceMap, step: &mut Step<'_, '_>) {
    for resource in &mut resources.resources {
        if !resource.needs_hash {
            continue;
        }
        let hash = of(&resource.value);
        resource.remember_id();
        let metadata = entry_mut(&mut resource.value, "metadata");
        let name = metadata.and_then(|metadata| entry_mut(&mut metadata.value, "name"));
        if let Some(name) = name {
            let name = &mut name.value;
            let old = name.as_text().unwrap_or_default();
            let new = format!("{old}-{hash}");
            name.place = step
                .session
                .changed(name.place, Cause::Generator, None, Some(name.place));
            overwrite(name, &new);
        }
    }
}

/// The hash of a `ConfigMap` or Secret.
///
/// kustomize means to put the name into what it hashes and looks it up in the wrong place, so that it is empty.
fn of(object: &Value) -> String {
    let field = |key: &str| object.entry(key).map(|entry| &entry.value);
    let data = |key: &str| match field(key) {
        Some(value) if value.as_scalar().is_none() => json::encode(value, false),
        Some(value) => json::encode_text(value.as_text().unwrap_or_default()),
        None => json::encode_text(""),
    };
    let if_map = |key: &str| {
        field(key)
            .filter(|value| value.as_mapping().is_some())
            .map(|_| format!("\"{key}\":{},", data(key)))
            .unwrap_or_default()
    };
    let encoded = if field("kind").and_then(Value::as_text) == Some("Secret") {
        format!(
            "{{\"data\":{},\"kind\":\"Secret\",\"name\":\"\",{}\"type\":{}}}",
            data("data"),
            if_map("stringData"),
            data("type"),
        )
    } else {
        format!(
            "{{{}\"data\":{},\"kind\":\"ConfigMap\",\"name\":\"\"}}",
            if_map("binaryData"),
            data("data"),
        )
    };
    let digest = Sha256::digest(encoded.as_bytes());
    let digits = digest.iter().flat_map(|byte| [byte >> 4, byte & 0xf]);
    digits.take(LENGTH).map(letter).collect()
}

/// How many letters a hash has.
const LENGTH: usize = 10;

/// The letter of a hexadecimal digit: no vowels and nothing that could be read as one.
fn letter(digit: u8) -> char {
    match digit {
        0 => 'g',
        1 => 'h',
        3 => 'k',
        10 => 'm',
        14 => 't',
        other => char::from_digit(u32::from(other), 16).unwrap_or('g'),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::root;

    #[test]
    fn hashes_are_those_of_kustomize() {
        for (object, expected) in HASHES {
            let value = root(object);
            assert_eq!(of(&value), *expected, "{object}");
        }
    }

    /// Objects and the hashes that kustomize v5.8.1 appends to their names.
    const HASHES: &[(&str, &str)] = &[
        ("{kind: ConfigMap, data: {k: v}}", "bdg947hgcc"),
        (
            "{kind: ConfigMap, metadata: {name: other}, data: {k: v}}",
            "bdg947hgcc",
        ),
        ("{kind: ConfigMap}", "6ct58987ht"),
        (
            "{kind: ConfigMap, data: {x: <&>, y: 'a\"b', t.txt: \"two\\nlines\\n\"}, binaryData: {bin: //4AYQ==}}",
            "4f8f5hkk5k",
        ),
        (
            "{kind: Secret, type: Opaque, data: {k: dg==}}",
            "ftgtgc4t9f",
        ),
        ("{kind: Secret, type: x/y, data: {}}", "k5bffhb49c"),
        ("{kind: ConfigMap, data: {a: b, w: 1e3}}", "t575cc6gch"),
        ("{kind: ConfigMap, data: {a: b, w: 1e-9}}", "gb255g67fh"),
        ("{kind: ConfigMap, data: {a: b, w: 1e30}}", "dfh484ht89"),
        (
            "{kind: ConfigMap, data: {a: b, w: 2020-01-01}}",
            "dk79h8bfb2",
        ),
        (
            "{kind: ConfigMap, data: {a: b, w: 9007199254740993}}",
            "cktg8mdd8k",
        ),
    ];
}
