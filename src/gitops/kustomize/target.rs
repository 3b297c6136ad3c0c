//! Which objects a patch applies to.

use regex::Regex;

use super::marks::Refusal;
use super::resource::{Resource, ResourceId};
use super::selector::Selector;
use crate::yaml::Value;

/// What the objects that a patch applies to have in common; all of it has to hold.
#[derive(Debug, Default)]
pub(super) struct Target {
    group: Option<Regex>,
    version: Option<Regex>,
    kind: Option<Regex>,
    name: Option<Regex>,
    namespace: Option<Regex>,
    labels: Option<Selector>,
    annotations: Option<Selector>,
}

impl Target {
    /// Reads the `target` of a patch or the `select` of a replacement.
    pub(super) fn read(value: &Value) -> Result<Self, Refusal> {
        Ok(Self {
            group: pattern(value, "group")?,
            version: pattern(value, "version")?,
            kind: pattern(value, "kind")?,
            name: pattern(value, "name")?,
            namespace: pattern(value, "namespace")?,
            labels: selector(value, "labelSelector")?,
            annotations: selector(value, "annotationSelector")?,
        })
    }

    /// Whether the labels and annotations of an object are what they have to be.
    pub(super) fn fits_labels(&self, resource: &Resource) -> bool {
        let fits = |selector: &Option<Selector>, key: &str| {
            let labels = resource.value.at(&["metadata", key]);
            selector
                .as_ref()
                .is_none_or(|selector| selector.matches(labels))
        };
        fits(&self.labels, "labels") && fits(&self.annotations, "annotations")
    }

    /// Whether an id is what it has to be; the namespace is the one that replacements see.
    pub(super) fn fits_id(&self, id: &ResourceId, namespace: &str) -> bool {
        let fits = |pattern: &Option<Regex>, text: &str| {
            pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(text))
        };
        fits(&self.group, &id.gvk.group)
            && fits(&self.version, &id.gvk.version)
            && fits(&self.kind, &id.gvk.kind)
            && fits(&self.name, &id.name)
            && fits(&self.namespace, namespace)
    }

    /// Whether it is an object of this kind; name and namespace may be those that it was written with.
    pub(super) fn matches(&self, resource: &Resource) -> bool {
        let (id, original) = (resource.id(), resource.original_id());
        let fits = |pattern: &Option<Regex>, text: &str| {
            pattern
                .as_ref()
                .is_none_or(|pattern| pattern.is_match(text))
        };
        let labels = resource.value.at(&["metadata", "labels"]);
        let annotations = resource.value.at(&["metadata", "annotations"]);
        (fits(&self.namespace, original.effective_namespace())
            || fits(&self.namespace, id.effective_namespace()))
            && (fits(&self.name, &original.name) || fits(&self.name, &id.name))
            && fits(&self.group, &id.gvk.group)
            && fits(&self.version, &id.gvk.version)
            && fits(&self.kind, &id.gvk.kind)
            && self
                .labels
                .as_ref()
                .is_none_or(|selector| selector.matches(labels))
            && self
                .annotations
                .as_ref()
                .is_none_or(|selector| selector.matches(annotations))
    }
}

/// A field as a regular expression for the whole text; none if it is empty.
fn pattern(value: &Value, key: &str) -> Result<Option<Regex>, Refusal> {
    let Some(field) = value.get(key) else {
        return Ok(None);
    };
    let text = field.as_text().unwrap_or_default();
    if text.is_empty() {
        return Ok(None);
    }
    match Regex::new(&format!("^(?:{text})$")) {
        Ok(pattern) => Ok(Some(pattern)),
        Err(_) => Err(Refusal::new(
            field.place,
            format!("`{text}` is no regular expression"),
        )),
    }
}

/// A field as a selector; none if it is not there.
fn selector(value: &Value, key: &str) -> Result<Option<Selector>, Refusal> {
    let Some(field) = value.get(key) else {
        return Ok(None);
    };
    let text = field.as_text().unwrap_or_default();
    match Selector::parse(text) {
        Some(selector) => Ok(Some(selector)),
        None => Err(Refusal::new(
            field.place,
            format!("`{text}` is no selector of labels"),
        )),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::root;

    fn resource() -> Resource {
        let text = "apiVersion: networking.istio.io/v1\nkind: DestinationRule\n\
            metadata: {name: reviews, labels: {app: reviews}}\n";
        Resource::new(root(text))
    }

    #[test]
    fn patterns_match_whole_texts() {
        let cases = [
            ("{}", true),
            ("{kind: DestinationRule}", true),
            ("{kind: Destination}", false),
            ("{kind: Destination.*}", true),
            ("{kind: 'VirtualService|DestinationRule'}", true),
            ("{group: networking.istio.io, version: v1}", true),
            ("{version: v1beta1}", false),
            ("{namespace: default}", true),
            ("{labelSelector: app=reviews}", true),
            ("{annotationSelector: app=reviews}", false),
        ];
        for (target, expected) in cases {
            let target = Target::read(&root(target)).expect("it is well-formed");
            assert_eq!(target.matches(&resource()), expected, "{target:?}");
        }
    }

    #[test]
    fn a_name_may_be_the_original_one() {
        let mut resource = resource();
        resource.remember_id();
        if let Some(first) = resource.previous_ids.first_mut() {
            first.name = "before".into();
        }
        for name in ["before", "reviews"] {
            let target = root(&format!("{{name: {name}}}"));
            let target = Target::read(&target).expect("it is well-formed");
            assert!(target.matches(&resource), "{name}");
        }
    }

    #[test]
    fn what_is_no_pattern_is_refused() {
        for text in ["{name: '('}", "{labelSelector: '=x'}"] {
            assert!(Target::read(&root(text)).is_err(), "{text}");
        }
    }
}
