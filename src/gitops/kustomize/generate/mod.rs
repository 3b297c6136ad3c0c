//! `configMapGenerator` and `secretGenerator`.

mod absorb;
mod sources;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use super::field_spec::{empty_mapping, mapping, scalar, set_entry, string, text};
use super::marks::Refusal;
use super::resource::{Behavior, Resource, ResourceMap};
use super::session::Step;
use crate::source::{Cause, Place, Spanned};
use crate::yaml::{MappingEntry, Node, ScalarStyle, Value};
use sources::Pair;

pub(super) use absorb::absorb;

/// What a generator makes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    ConfigMap,
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
    let config_maps = config_map_generator
        .iter()
        .map(|one| (Kind::ConfigMap, one));
    let secrets = secret_generator.iter().map(|one| (Kind::Secret, one));
    for (kind, entry) in config_maps.chain(secrets) {
        let name = entry.get("name").and_then(Value::spanned_text);
        let namespace = entry.get("namespace").and_then(Value::spanned_text);
        let generator = Generator {
            kind,
            entry,
            name,
            namespace,
            options: [entry.get("options"), options],
        };
        let generated = generator.run(step);
        let generated = generated.and_then(|made| absorb(made, resources, step));
        if let Err(refusal) = generated {
            step.problems.push(refusal.into_problem());
        }
    }
}

/// A generator and what it is to make.
pub(super) struct Generator<'g> {
    /// What it makes.
    pub(super) kind: Kind,
    /// Its entry in the kustomization, or its own document.
    pub(super) entry: &'g Value,
    /// The name of what it makes.
    pub(super) name: Option<Spanned<Box<str>>>,
    /// The namespace of what it makes.
    pub(super) namespace: Option<Spanned<Box<str>>>,
    /// Its own options, then those of all generators.
    pub(super) options: [Option<&'g Value>; 2],
}

impl Generator<'_> {
    /// Makes an object.
    pub(super) fn run(&self, step: &mut Step<'_, '_>) -> Result<Resource, Refusal> {
        let Some(name) = self.name.as_ref().filter(|name| !name.value.is_empty()) else {
            return Err(Refusal::new(
                self.entry.place,
                "a generator needs a `name` for what it makes",
            ));
        };
        let pairs = sources::pairs(self.entry, step)?;
        if let Some(twice) = sources::repeated(&pairs) {
            return Err(Refusal::new(
                twice.place,
                format!("`{}` has the key `{}` twice", name.value, twice.key),
            ));
        }
        let mut maker = Maker {
            added: step.changed(self.entry.place, Cause::Generator, None, None),
            step,
        };
        let kind = match self.kind {
            Kind::ConfigMap => "ConfigMap",
            Kind::Secret => "Secret",
        };
        let metadata = self.metadata(name, &mut maker);
        let mut entries = vec![
            maker.entry("apiVersion", string("v1", maker.added)),
            maker.entry("kind", string(kind, maker.added)),
            maker.entry("metadata", metadata),
        ];
        if self.kind == Kind::Secret {
            let of_kind = self.entry.get("type").and_then(Value::spanned_text);
            let of_kind = of_kind.filter(|of_kind| !of_kind.value.is_empty());
            let value = match of_kind {
                Some(of_kind) => maker.text(&of_kind),
                None => string("Opaque", maker.added),
            };
            entries.push(maker.entry("type", value));
        }
        self.data(&pairs, &mut entries, &mut maker);
        if let Some(immutable) = self.flag("immutable") {
            let place = maker.place(immutable.place);
            let value = Value {
                place,
                node: scalar("true", ScalarStyle::Plain),
            };
            entries.push(maker.entry("immutable", value));
        }
        let mut resource = Resource::new(Value {
            place: maker.added,
            node: mapping(entries),
        });
        resource.needs_hash = self.flag("disableNameSuffixHash").is_none();
        resource.behavior = match text(self.entry, "behavior") {
            "create" => Behavior::Create,
            "replace" => Behavior::Replace,
            "merge" => Behavior::Merge,
            _ => Behavior::Unspecified,
        };
        Ok(resource)
    }

    /// An option that is true; one for all generators cannot be made false again.
    fn flag(&self, key: &str) -> Option<&Value> {
        let options = self.options.into_iter().flatten();
        let mut set = options.filter_map(|options| options.get(key));
        set.find(|value| value.as_bool() == Some(true))
    }

    /// The metadata of what it makes.
    fn metadata(&self, name: &Spanned<Box<str>>, maker: &mut Maker<'_, '_, '_>) -> Value {
        let mut metadata = Value {
            place: maker.added,
            node: empty_mapping(),
        };
        let key = |key: &str, maker: &Maker<'_, '_, '_>| Spanned::new(key.into(), maker.added);
        set_entry(&mut metadata, key("name", maker), maker.text(name));
        let namespace = self.namespace.as_ref();
        if let Some(namespace) = namespace.filter(|namespace| !namespace.value.is_empty()) {
            let value = maker.text(namespace);
            set_entry(&mut metadata, key("namespace", maker), value);
        }
        for field in ["labels", "annotations"] {
            let mut pairs = Value {
                place: maker.added,
                node: empty_mapping(),
            };
            // Its own come last, so that they win.
            for options in self.options.iter().rev().flatten() {
                let texts = options.get(field).map_or(&[][..], Value::entries);
                for text in texts {
                    let place = maker.place(text.key.place);
                    let value = text.value.as_text().unwrap_or_default();
                    let value = string(value, maker.place(text.value.place));
                    set_entry(
                        &mut pairs,
                        Spanned::new(text.key.value.clone(), place),
                        value,
                    );
                }
            }
            if !pairs.entries().is_empty() {
                set_entry(&mut metadata, key(field, maker), pairs);
            }
        }
        metadata
    }

    /// The data of what it makes.
    fn data(&self, pairs: &[Pair], entries: &mut Vec<MappingEntry>, maker: &mut Maker<'_, '_, '_>) {
        let (mut data, mut binary) = (Vec::new(), Vec::new());
        for pair in pairs {
            let place = maker.written(pair.place, pair.via);
            let written = std::str::from_utf8(&pair.value);
            let (text, is_binary) = match (self.kind, written) {
                (Kind::ConfigMap, Ok(text)) => (text.to_owned(), false),
                (Kind::ConfigMap, Err(_)) => (encode(&pair.value), true),
                (Kind::Secret, _) => (encode(&pair.value), false),
            };
            let entry = MappingEntry {
                key: Spanned::new(pair.key.clone(), place),
                value: string(&text, place),
            };
            if is_binary {
                binary.push(entry);
            } else {
                data.push(entry);
            }
        }
        let is_secret = self.kind == Kind::Secret;
        for (field, pairs, is_always) in [("data", data, is_secret), ("binaryData", binary, false)]
        {
            if is_always || !pairs.is_empty() {
                let value = Value {
                    place: maker.added,
                    node: mapping(pairs),
                };
                entries.push(maker.entry(field, value));
            }
        }
    }
}

/// What gives places to the parts of an object.
struct Maker<'m, 'a, 'f> {
    step: &'m mut Step<'a, 'f>,
    /// The place of what is not written anywhere.
    added: Place,
}

impl Maker<'_, '_, '_> {
    /// The place of something that is written in the kustomization.
    fn place(&mut self, written: Place) -> Place {
        self.written(written, None)
    }

    /// The place of something that is written somewhere.
    fn written(&mut self, written: Place, via: Option<Place>) -> Place {
        self.step.changed(written, Cause::Generator, via, None)
    }

    /// A text of the kustomization.
    fn text(&mut self, text: &Spanned<Box<str>>) -> Value {
        string(&text.value, self.place(text.place))
    }

    /// An entry with a key that is not written anywhere.
    fn entry(&self, key: &str, value: Value) -> MappingEntry {
        MappingEntry {
            key: Spanned::new(key.into(), self.added),
            value,
        }
    }
}

/// How long the lines of encoded bytes are.
const LINE: usize = 70;

/// Bytes in Base64, in lines as kustomize breaks them.
fn encode(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut out = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    let mut rest = encoded.as_str();
    while !rest.is_empty() {
        let (line, after) = rest.split_at(rest.len().min(LINE));
        out.push_str(line);
        out.push('\n');
        rest = after;
    }
    out
}

/// The elements of a list of texts.
fn texts<'v>(entry: &'v Value, key: &str) -> impl Iterator<Item = &'v Value> {
    let items = entry.get(key).map_or(&[][..], Value::items);
    items
        .iter()
        .filter(|item| matches!(item.node, Node::Scalar(_)))
}

#[cfg(test)]
mod tests;
