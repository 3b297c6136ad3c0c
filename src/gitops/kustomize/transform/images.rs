//! `images`.

use regex::Regex;

use super::{Pen, note};
use crate::gitops::kustomize::field_spec::{FieldSpecs, entry_mut, overwrite, text, wanted_scalar};
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::resource::ResourceMap;
use crate::gitops::kustomize::session::Step;
use crate::source::Cause;
use crate::yaml::{Node, Value};

/// Applies `images`.
pub(in crate::gitops) fn apply(
    images: &[Value],
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let configuration = step.configuration;
    for image in images {
        run(image, &configuration.fields().images, resources, step);
    }
}

/// Changes the images of one name.
pub(in crate::gitops::kustomize) fn run(
    image: &Value,
    specs: &FieldSpecs,
    resources: &mut ResourceMap,
    step: &mut Step<'_, '_>,
) {
    let name = text(image, "name");
    // The name is a regular expression to kustomize, though it never says so.
    let pattern = format!("^{name}(:[a-zA-Z0-9_.{{}}-]*)?(@sha256:[a-zA-Z0-9_.{{}}-]*)?$");
    let Ok(pattern) = Regex::new(&pattern) else {
        let place = image.get("name").map_or(image.place, |name| name.place);
        step.refuse(place, format!("`{name}` is no name of an image"));
        return;
    };
    // The place is that of what is written, if it is one thing.
    let written = ["newName", "newTag", "digest", "tagSuffix"]
        .iter()
        .filter_map(|key| image.get(key).map(|value| value.place));
    let written: Vec<_> = written.collect();
    let place = match written.as_slice() {
        [one] => *one,
        _ => image.place,
    };
    let mut updater = Updater {
        image,
        pattern,
        pen: Pen::new(place, Cause::Images, step),
        step,
    };
    for resource in &mut resources.resources {
        let gvk = resource.id().gvk;
        if &*gvk.kind == "CustomResourceDefinition" {
            continue;
        }
        let mut changed = updater.walk(&mut resource.value);
        if changed.is_ok() {
            changed = specs.visit(&mut resource.value, &gvk, None, &mut |value, _| {
                updater.set(value)
            });
        }
        note(changed, updater.step);
    }
}

/// What changes the images of one name.
struct Updater<'u, 'a, 'f> {
    image: &'u Value,
    pattern: Regex,
    pen: Pen,
    step: &'u mut Step<'a, 'f>,
}

impl Updater<'_, '_, '_> {
    /// Changes the images of all containers at any depth.
    fn walk(&mut self, value: &mut Value) -> Result<(), Refusal> {
        match &mut value.node {
            Node::Scalar(_) => Ok(()),
            Node::Sequence(items) => items.iter_mut().try_for_each(|item| self.walk(item)),
            Node::Mapping(mapping) => {
                for entry in &mut mapping.entries {
                    self.walk(&mut entry.value)?;
                    if ["containers", "initContainers"].contains(&&*entry.key.value) {
                        self.containers(&mut entry.value)?;
                    }
                }
                Ok(())
            }
        }
    }

    /// Changes the images of a list of containers.
    fn containers(&mut self, value: &mut Value) -> Result<(), Refusal> {
        let Node::Sequence(containers) = &mut value.node else {
            return Ok(());
        };
        for container in containers {
            if container.as_mapping().is_none() && !container.is_null() {
                return Err(Refusal::new(
                    container.place,
                    "kustomize wants a mapping for a container",
                ));
            }
            if let Some(entry) = entry_mut(container, "image") {
                self.set(&mut entry.value)?;
            }
        }
        Ok(())
    }

    /// Changes an image, if it has the name.
    fn set(&mut self, value: &mut Value) -> Result<(), Refusal> {
        wanted_scalar(value)?;
        let old = value.as_text().unwrap_or_default();
        if !self.pattern.is_match(old) {
            return Ok(());
        }
        let new = changed(old, self.image);
        if new != old {
            self.pen.mark(value, false, self.step);
            overwrite(value, &new);
        }
        Ok(())
    }
}

/// An image with the new name, tag and digest.
fn changed(old: &str, image: &Value) -> String {
    let set = |key| Some(text(image, key)).filter(|text| !text.is_empty());
    let (name, tag, digest) = split(old);
    let name = set("newName").unwrap_or(name);
    // A new tag or digest takes the place of both.
    let (tag, digest) = match (set("newTag"), set("digest"), set("tagSuffix")) {
        (None, None, None) => (tag.to_owned(), digest),
        (None, None, Some(suffix)) => (format!("{tag}{suffix}"), ""),
        (tag, digest, _) => (
            tag.unwrap_or_default().to_owned(),
            digest.unwrap_or_default(),
        ),
    };
    let mut new = name.to_owned();
    if !tag.is_empty() {
        new = format!("{new}:{tag}");
    }
    if !digest.is_empty() {
        new = format!("{new}@{digest}");
    }
    new
}

/// The name, tag and digest of an image; a colon before the first slash belongs to a port.
fn split(image: &str) -> (&str, &str, &str) {
    let host = image.find('/').filter(|at| *at > 0).unwrap_or_default();
    let rest = image.get(host..).unwrap_or_default();
    let at = |mark| rest.find(mark).map(|at| at + host);
    let (name, rest) = match (at(':'), at('@')) {
        (Some(colon), digest) if digest.is_none_or(|digest| colon < digest) => {
            image.split_at(colon)
        }
        (_, Some(digest)) => image.split_at(digest),
        (_, None) => (image, ""),
    };
    let (tag, digest) = rest.split_once('@').unwrap_or((rest, ""));
    (name, tag.strip_prefix(':').unwrap_or(tag), digest)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::root;

    #[test]
    fn an_image_has_a_name_a_tag_and_a_digest() {
        for (image, expected) in [
            ("nginx", ("nginx", "", "")),
            ("nginx:1", ("nginx", "1", "")),
            ("nginx@sha256:a", ("nginx", "", "sha256:a")),
            ("nginx:1@sha256:a", ("nginx", "1", "sha256:a")),
            ("host:5000/nginx", ("host:5000/nginx", "", "")),
            ("host:5000/nginx:1", ("host:5000/nginx", "1", "")),
        ] {
            assert_eq!(split(image), expected, "{image}");
        }
    }

    #[test]
    fn a_new_tag_or_digest_takes_the_place_of_both() {
        for (image, expected) in [
            ("{newTag: '2'}", "nginx:2"),
            ("{digest: 'sha256:b'}", "nginx@sha256:b"),
            ("{newTag: '2', digest: 'sha256:b'}", "nginx:2@sha256:b"),
            ("{tagSuffix: -a}", "nginx:1-a"),
            ("{newName: other}", "other:1@sha256:a"),
        ] {
            let value = root(image);
            assert_eq!(changed("nginx:1@sha256:a", &value), expected, "{image}");
        }
    }
}
