//! `configMapGenerator` and `secretGenerator`.

mod data;
mod hash;
mod merge;

use super::resource::{Behavior, Resource, ResourceMap};
use super::session::Step;
use super::transform::write::{mapping_mut, set, string};
use crate::source::{Cause, Place, Spanned};
use crate::yaml::{Mapping, MappingEntry, Node, Scalar, ScalarStyle, Value};
use data::Pair;

pub(super) use hash::append as append_hash;

/// What is generated.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Generated {
    /// A ConfigMap.
    ConfigMap,
    /// A Secret.
    Secret,
}

/// Adds what the generators of a kustomization make, or merges it into what is there.
pub(in crate::gitops) fn apply(
    config_map_generator: &[Value],
    secret_generator: &[Value],
    options: Option<&Value>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for entry in config_map_generator {
        generate(Generated::ConfigMap, entry, options, resources, step);
    }
    for entry in secret_generator {
        generate(Generated::Secret, entry, options, resources, step);
    }
}

/// Adds what one entry makes, or merges it into what is there.
pub(super) fn generate(
    kind: Generated,
    entry: &Value,
    global: Option<&Value>,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let Some(pairs) = data::pairs(entry, step) else {
        return;
    };
    let Some(name) = text(entry, "name").filter(|name| !name.value.is_empty()) else {
        step.refuse(entry.place, "a generated object needs a `name`");
        return;
    };
    let place = step.changed(entry.place, Cause::Generator, None, None);
    let options = Options {
        local: entry.get("options"),
        global,
    };
    let mut resource = Resource::new(object(kind, entry, &name, place, step));
    fill(kind, &pairs, &mut resource.value, place);
    options.label(&mut resource.value, place, step);
    if options.says("immutable") {
        let key = Spanned::new("immutable".into(), place);
        set(&mut resource.value, key, plain("true", place));
    }
    resource.needs_hash = !options.says("disableNameSuffixHash");
    resource.behavior = match text(entry, "behavior").as_ref().map(|text| &*text.value) {
        Some("replace") => Behavior::Replace,
        Some("merge") => Behavior::Merge,
        Some("create") => Behavior::Create,
        Some(_) | None => Behavior::Unspecified,
    };
    merge::take(resource, entry.place, resources, step);
}

/// A text of an entry.
fn text(entry: &Value, key: &str) -> Option<Spanned<Box<str>>> {
    entry.get(key)?.spanned_text()
}

/// A scalar whose text decides its type.
fn plain(text: &str, place: Place) -> Value {
    Value {
        place,
        node: Node::Scalar(Scalar {
            text: text.into(),
            style: ScalarStyle::Plain,
        }),
    }
}

/// The object without its data.
fn object(
    kind: Generated,
    entry: &Value,
    name: &Spanned<Box<str>>,
    place: Place,
    step: &mut Step<'_, '_>,
) -> Value {
    let mut root = Value {
        place,
        node: Node::Mapping(Mapping::default()),
    };
    let word = match kind {
        Generated::ConfigMap => "ConfigMap",
        Generated::Secret => "Secret",
    };
    let mut put = |value: &mut Value, key: &str, text: &Spanned<Box<str>>| {
        let place = step.changed(text.place, Cause::Generator, None, None);
        let key = Spanned::new(key.into(), place);
        set(value, key, string(text.value.clone(), place));
    };
    let own = |text: &str| Spanned::new(Box::<str>::from(text), entry.place);
    put(&mut root, "apiVersion", &own("v1"));
    put(&mut root, "kind", &own(word));
    if let Some(metadata) = mapping_mut(&mut root, "metadata", place) {
        put(metadata, "name", name);
        if let Some(namespace) = text(entry, "namespace").filter(|text| !text.value.is_empty()) {
            put(metadata, "namespace", &namespace);
        }
    }
    if kind == Generated::Secret {
        let given = text(entry, "type").filter(|text| !text.value.is_empty());
        put(&mut root, "type", &given.unwrap_or_else(|| own("Opaque")));
    }
    root
}

/// Puts the data into the object, sorted by key.
fn fill(kind: Generated, pairs: &[Pair], root: &mut Value, place: Place) {
    let mut sorted: Vec<&Pair> = pairs.iter().collect();
    sorted.sort_by(|a, b| a.key.cmp(&b.key));
    let (mut data, mut binary) = (Vec::new(), Vec::new());
    for pair in sorted {
        let entry = |value: Value| MappingEntry {
            key: Spanned::new(pair.key.clone(), pair.place),
            value,
        };
        match (kind, std::str::from_utf8(&pair.value)) {
            (Generated::ConfigMap, Ok(text)) => data.push(entry(string(text, pair.place))),
            (Generated::ConfigMap, Err(_)) => {
                binary.push(entry(string(data::base64(&pair.value), pair.place)));
            }
            (Generated::Secret, _) => {
                data.push(entry(string(data::base64(&pair.value), pair.place)));
            }
        }
    }
    for (key, entries) in [("data", data), ("binaryData", binary)] {
        if entries.is_empty() {
            continue;
        }
        let mapping = Value {
            place,
            node: Node::Mapping(Mapping {
                entries,
                ..Mapping::default()
            }),
        };
        set(root, Spanned::new(key.into(), place), mapping);
    }
}

/// The options of one generator and those of all.
struct Options<'v> {
    local: Option<&'v Value>,
    global: Option<&'v Value>,
}

impl Options<'_> {
    /// Whether either says yes; a generator cannot take back what is said for all.
    fn says(&self, key: &str) -> bool {
        [self.local, self.global]
            .into_iter()
            .flatten()
            .any(|options| options.get(key).and_then(Value::as_bool) == Some(true))
    }

    /// Sets labels and annotations; those of the generator itself win.
    fn label(&self, root: &mut Value, place: Place, step: &mut Step<'_, '_>) {
        for field in ["labels", "annotations"] {
            let mut entries: Vec<&MappingEntry> = Vec::new();
            for options in [self.local, self.global].into_iter().flatten() {
                let more = options.get(field).map_or(&[][..], Value::entries);
                for entry in more {
                    if !entries
                        .iter()
                        .any(|known| known.key.value == entry.key.value)
                    {
                        entries.push(entry);
                    }
                }
            }
            entries.sort_by(|a, b| a.key.value.cmp(&b.key.value));
            for entry in entries {
                let place_of = step.changed(entry.value.place, Cause::Generator, None, None);
                let metadata = mapping_mut(root, "metadata", place);
                let Some(marks) = metadata.and_then(|one| mapping_mut(one, field, place)) else {
                    continue;
                };
                let text = entry.value.as_text().unwrap_or_default();
                let key = Spanned::new(entry.key.value.clone(), place_of);
                set(marks, key, string(text, place_of));
            }
        }
    }
}
