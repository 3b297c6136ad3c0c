//! `images`.

use regex::Regex;

use super::write::string;
use crate::gitops::kustomize::field_spec::Made;
use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::{Cause, Place};
use crate::yaml::{Node, Value};

/// What an entry makes of an image.
struct Change<'e> {
    entry: &'e Value,
    pattern: Regex,
}

/// The kind that holds no images, whatever its fields are called.
const DEFINITION: &str = "CustomResourceDefinition";

/// The fields that hold containers, wherever they stand.
const CONTAINERS: [&str; 2] = ["containers", "initContainers"];

/// Applies `images`.
pub(in crate::gitops) fn apply(
    images: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    for entry in images {
        let Some(change) = Change::read(entry) else {
            continue;
        };
        for resource in &mut resources.resources {
            let id = resource.id();
            if &*id.gvk.kind == DEFINITION {
                continue;
            }
            anywhere(&mut resource.value, &mut |image| change.write(image, step));
            for spec in &step.configuration.images.clone() {
                if spec.applies_to(&id) {
                    let place = entry.place;
                    spec.visit(&mut resource.value, Made::Nothing, place, &mut |image| {
                        change.write(image, step);
                    });
                }
            }
        }
    }
}

/// Visits the images of all containers, wherever they stand.
fn anywhere(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    match &mut value.node {
        Node::Scalar(_) => {}
        Node::Sequence(items) => {
            for item in items {
                anywhere(item, visit);
            }
        }
        Node::Mapping(mapping) => {
            for entry in &mut mapping.entries {
                if CONTAINERS.contains(&&*entry.key.value) {
                    containers(&mut entry.value, visit);
                } else {
                    anywhere(&mut entry.value, visit);
                }
            }
        }
    }
}

fn containers(value: &mut Value, visit: &mut dyn FnMut(&mut Value)) {
    let Node::Sequence(items) = &mut value.node else {
        return;
    };
    for item in items {
        if let Some(image) = super::write::child_mut(item, "image") {
            visit(image);
        }
    }
}

impl<'e> Change<'e> {
    /// Reads an entry; one without a usable name changes nothing.
    fn read(entry: &'e Value) -> Option<Self> {
        let name = entry.get("name")?.as_text()?;
        // kustomize takes the name as part of an expression, too.
        let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
        Some(Self {
            entry,
            pattern: Regex::new(&pattern).ok()?,
        })
    }

    fn text(&self, key: &str) -> Option<&'e str> {
        let value = self.entry.get(key)?;
        value.as_text().filter(|text| !text.is_empty())
    }

    /// Writes an image that the entry is about.
    fn write(&self, image: &mut Value, step: &mut Step<'_, '_>) {
        let Some(old) = image.as_text().filter(|old| self.pattern.is_match(old)) else {
            return;
        };
        let (name, tag, digest) = split(old);
        let name = self.text("newName").unwrap_or(name);
        let (tag, digest) = match (self.text("newTag"), self.text("digest")) {
            (Some(tag), Some(digest)) => (tag.to_owned(), digest),
            (Some(tag), None) => (tag.to_owned(), ""),
            (None, Some(digest)) => (String::new(), digest),
            (None, None) => match self.text("tagSuffix") {
                Some(suffix) => (format!("{tag}{suffix}"), ""),
                None => (tag.to_owned(), digest),
            },
        };
        let mut new = name.to_owned();
        for (mark, part) in [(":", tag.as_str()), ("@", digest)] {
            if !part.is_empty() {
                new.push_str(mark);
                new.push_str(part);
            }
        }
        if new == old {
            return;
        }
        let place = step.changed(self.place(), Cause::Images, None, Some(image.place));
        *image = string(new, place);
    }

    /// Where the change is written: the tag or the digest if there is one.
    fn place(&self) -> Place {
        let keys = ["newTag", "digest", "tagSuffix", "newName"];
        let written = keys.iter().find_map(|key| self.entry.get(key));
        written.map_or(self.entry.place, |value| value.place)
    }
}

/// Name, tag and digest of an image; a port in the name of its host is no tag.
fn split(image: &str) -> (&str, &str, &str) {
    let host = image.find('/').filter(|&slash| slash > 0).unwrap_or(0);
    let rest = image.get(host..).unwrap_or_default();
    let (before, digest) = rest.split_once('@').unwrap_or((rest, ""));
    let (path, tag) = before.split_once(':').unwrap_or((before, ""));
    let name = image.get(..host + path.len()).unwrap_or(image);
    (name, tag, digest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_has_a_name_a_tag_and_a_digest() {
        let cases = [
            ("web", ("web", "", "")),
            ("web:1", ("web", "1", "")),
            ("host:5000/web", ("host:5000/web", "", "")),
            ("host:5000/web:1", ("host:5000/web", "1", "")),
            ("web@sha256:abc", ("web", "", "sha256:abc")),
            ("host/web:1@sha256:abc", ("host/web", "1", "sha256:abc")),
        ];
        for (image, expected) in cases {
            assert_eq!(split(image), expected, "{image}");
        }
    }
}
