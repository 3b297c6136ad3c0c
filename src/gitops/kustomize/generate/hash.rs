//! The hash of its content that the name of a generated object ends with.

use serde_json::{Map, Value as Json};
use sha2::{Digest, Sha256};

use crate::gitops::kustomize::resource::Resource;
use crate::gitops::kustomize::session::Step;
use crate::gitops::kustomize::transform::write::{child_mut, string};
use crate::source::Cause;
use crate::yaml::{Node, Value};

/// How many characters of the hash count.
const LENGTH: usize = 10;

/// Appends the hash to the name of an object, and remembers what it was called before.
pub(in crate::gitops::kustomize) fn append(resource: &mut Resource, step: &mut Step<'_, '_>) {
    let hash = of(&resource.value);
    resource.remember_id();
    let name =
        child_mut(&mut resource.value, "metadata").and_then(|metadata| child_mut(metadata, "name"));
    if let Some(name) = name {
        let text = format!("{}-{hash}", name.as_text().unwrap_or_default());
        let place = step.changed(name.place, Cause::Generator, None, Some(name.place));
        *name = string(text, place);
    }
}

/// The hash of an object: of its kind and data alone.
fn of(root: &Value) -> String {
    let is_secret = root.get("kind").and_then(Value::as_text) == Some("Secret");
    let mut content = Map::new();
    // Sorted by key, as Go writes a map.
    if !is_secret && let Some(binary) = root.get("binaryData") {
        content.insert("binaryData".into(), json(binary));
    }
    let data = root.get("data").map_or_else(|| Json::from(""), json);
    content.insert("data".into(), data);
    let kind = if is_secret { "Secret" } else { "ConfigMap" };
    content.insert("kind".into(), Json::from(kind));
    // kustomize looks for a field that is called `metadata/name`, which there is not.
    content.insert("name".into(), Json::from(""));
    if is_secret {
        if let Some(strings) = root.get("stringData") {
            content.insert("stringData".into(), json(strings));
        }
        let kind = root.get("type").and_then(Value::as_text);
        content.insert("type".into(), Json::from(kind.unwrap_or_default()));
    }
    encode(&Sha256::digest(go_json(&Json::Object(content)).as_bytes()))
}

/// A mapping of texts as JSON, sorted by key.
fn json(value: &Value) -> Json {
    match &value.node {
        Node::Scalar(scalar) => Json::from(&*scalar.text),
        Node::Sequence(items) => items.iter().map(json).collect(),
        Node::Mapping(mapping) => {
            let mut entries: Vec<(String, Json)> = mapping
                .entries
                .iter()
                .map(|entry| (entry.key.value.to_string(), json(&entry.value)))
                .collect();
            entries.sort_by(|a, b| a.0.cmp(&b.0));
            entries.into_iter().collect()
        }
    }
}

/// JSON as Go writes it, which escapes what HTML could take for markup.
fn go_json(value: &Json) -> String {
    let mut out = String::new();
    for character in value.to_string().chars() {
        match character {
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' => {
                out.push_str(&format!("\\u{:04x}", u32::from(character)));
            }
            other => out.push(other),
        }
    }
    out
}

/// The first characters of a hash in hexadecimal, without those that could form words.
fn encode(digest: &[u8]) -> String {
    let digits = digest
        .iter()
        .flat_map(|byte| [byte >> 4, byte & 0x0f])
        .filter_map(|digit| char::from_digit(u32::from(digit), 16));
    digits
        .take(LENGTH)
        .map(|digit| match digit {
            '0' => 'g',
            '1' => 'h',
            '3' => 'k',
            'a' => 'm',
            'e' => 't',
            other => other,
        })
        .collect()
}
