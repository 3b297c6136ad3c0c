//! Metadata of an object: identity, labels, annotations, creation time.

use super::reader::Field;
use crate::object::{Namespace, NamespaceSource, Object, ObjectId};
use crate::source::{Place, Spanned};

/// Labels or annotations, sorted by key; of duplicate keys the last one counts.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels(Vec<(Box<str>, Spanned<Box<str>>)>);

impl Labels {
    /// Sorts the entries and keeps the last of each key.
    pub(crate) fn new(mut entries: Vec<(Box<str>, Spanned<Box<str>>)>) -> Self {
        // The sort is stable: of equal keys the last written one comes first and stays.
        entries.reverse();
        entries.sort_by(|(a, _), (b, _)| a.cmp(b));
        entries.dedup_by(|later, first| later.0 == first.0);
        Self(entries)
    }

    /// The value of a key.
    pub fn get(&self, key: &str) -> Option<&str> {
        self.spanned(key).map(|value| &*value.value)
    }

    /// The value of a key with its place.
    pub fn spanned(&self, key: &str) -> Option<&Spanned<Box<str>>> {
        let at = self
            .0
            .binary_search_by(|(other, _)| (**other).cmp(key))
            .ok()?;
        self.0.get(at).map(|(_, value)| value)
    }

    /// A copy that has the key with this value, unless it has the key already.
    pub(crate) fn with_default(&self, key: &str, value: Spanned<Box<str>>) -> Self {
        let mut copy = self.clone();
        if let Err(at) = copy.0.binary_search_by(|(other, _)| (**other).cmp(key)) {
            copy.0.insert(at, (key.into(), value));
        }
        copy
    }

    /// These labels with those of `over` on top.
    pub(crate) fn overlaid(&self, over: &Self) -> Self {
        Self::new(self.0.iter().chain(&over.0).cloned().collect())
    }

    /// All entries by key.
    pub fn iter(&self) -> impl Iterator<Item = (&str, &Spanned<Box<str>>)> {
        self.0.iter().map(|(key, value)| (&**key, value))
    }

    /// The entries without their places, to compare.
    pub(crate) fn texts(&self) -> Vec<(&str, &str)> {
        self.iter()
            .map(|(key, value)| (key, &*value.value))
            .collect()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

/// `metadata.creationTimestamp` as RFC 3339 in UTC, the form the API server writes; such texts sort by time.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Timestamp(pub(crate) Box<str>);

impl Timestamp {
    /// Reads `2024-05-01T12:00:00Z`. Fractions of a second are dropped, as Kubernetes drops them; anything else is none.
    fn parse(text: &str) -> Option<Self> {
        const FORM: &str = "0000-00-00T00:00:00";
        let (seconds, rest) = text.split_at_checked(FORM.len())?;
        let fits = FORM
            .bytes()
            .zip(seconds.bytes())
            .all(|(form, byte)| match form {
                b'0' => byte.is_ascii_digit(),
                separator => byte == separator,
            });
        let fraction = rest.strip_suffix('Z')?;
        let is_fraction = fraction.is_empty()
            || fraction.strip_prefix('.').is_some_and(|digits| {
                !digits.is_empty() && digits.bytes().all(|byte| byte.is_ascii_digit())
            });
        (fits && is_fraction).then(|| Self(format!("{seconds}Z").into()))
    }
}

/// What every resource has.
#[derive(Clone, Debug)]
pub struct Meta {
    /// Identity.
    pub id: ObjectId,
    /// The API version as written, such as `networking.istio.io/v1`.
    pub api_version: Box<str>,
    /// `metadata.name` with its place.
    pub name: Spanned<Box<str>>,
    /// The namespace; for cluster-scoped kinds the object's own name (a Namespace) or empty.
    pub namespace: Namespace,
    /// How the namespace is known.
    pub namespace_source: NamespaceSource,
    /// `metadata.labels`.
    pub labels: Labels,
    /// `metadata.annotations`.
    pub annotations: Labels,
    /// When it was created, where the manifest was exported with that; all others count as created together, later.
    pub created: Option<Timestamp>,
}

impl Meta {
    /// Reads the metadata of an object.
    pub(super) fn decode(object: &Object) -> Self {
        let root = Field::root(&object.value);
        let metadata = root.child("metadata");
        let api_version = root.child("apiVersion").loose_text();
        let created = metadata.child("creationTimestamp").loose_text();
        let namespace = match &object.id.namespace {
            Some(namespace) => namespace.clone(),
            None if &*object.id.kind == "Namespace" => Namespace::new(object.id.name.clone()),
            None => Namespace::new(""),
        };
        Self {
            id: object.id.clone(),
            api_version: api_version.map_or_else(|| "".into(), |text| text.value),
            name: object.name.clone(),
            namespace,
            namespace_source: object.namespace_source,
            labels: metadata.child("labels").loose_labels(),
            annotations: metadata.child("annotations").loose_labels(),
            created: created.and_then(|text| Timestamp::parse(&text.value)),
        }
    }

    /// Where the object is named, the place of facts about it as a whole.
    pub fn place(&self) -> Place {
        self.name.place
    }
}

#[cfg(test)]
mod tests {
    use super::super::testing::{at, expect_resource};
    use super::super::{NamespaceObject, Service};
    use super::*;

    #[test]
    fn identity_and_metadata_are_kept() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: web, namespace: apps, labels: {b: 1, a: yes, c: }, annotations: {x: y}}";
        let service: Service = expect_resource!(Service, text);
        let meta = service.meta;
        assert_eq!(meta.id.to_string(), "Service apps/web");
        assert_eq!(
            (&*meta.api_version, meta.namespace.as_str()),
            ("v1", "apps")
        );
        assert_eq!(at(text, meta.place()), "web");
        let labels: Vec<_> = meta
            .labels
            .iter()
            .map(|(key, text)| (key, &*text.value))
            .collect();
        assert_eq!(labels, [("a", "yes"), ("b", "1"), ("c", "")]);
        assert_eq!(meta.annotations.get("x"), Some("y"));
    }

    #[test]
    fn a_namespace_is_in_itself() {
        let text = "apiVersion: v1\nkind: Namespace\nmetadata: {name: apps}";
        let object: NamespaceObject = expect_resource!(Namespace, text);
        assert_eq!(object.meta.namespace.as_str(), "apps");
        assert_eq!(object.meta.namespace_source, NamespaceSource::ClusterScoped);
    }

    #[test]
    fn metadata_of_a_wrong_shape_is_empty() {
        let text =
            "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: [x], annotations: x}";
        let service: Service = expect_resource!(Service, text);
        assert!(service.meta.labels.is_empty() && service.meta.annotations.is_empty());
    }

    #[test]
    fn only_times_in_utc_count() {
        let table = [
            ("2024-05-01T12:00:00Z", Some("2024-05-01T12:00:00Z")),
            ("2024-05-01T12:00:00.123Z", Some("2024-05-01T12:00:00Z")),
            ("2024-05-01T12:00:00+02:00", None),
            ("2024-05-01", None),
            ("2024-05-01 12:00:00Z", None),
            ("2024-05-01T12:00:00.Z", None),
            ("é024-05-01T12:00:00Z", None),
            ("", None),
        ];
        for (text, expected) in table {
            let parsed = Timestamp::parse(text);
            assert_eq!(parsed.map(|time| time.0).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn a_creation_time_may_be_unquoted_or_null() {
        let table = [
            ("2024-05-01T12:00:00Z", true),
            ("'2024-05-01T12:00:00Z'", true),
            ("null", false),
        ];
        for (written, is_known) in table {
            let text = format!(
                "apiVersion: v1\nkind: Service\nmetadata: {{name: a, creationTimestamp: {written}}}"
            );
            let service: Service = expect_resource!(Service, &text);
            assert_eq!(service.meta.created.is_some(), is_known, "{written}");
        }
    }

    #[test]
    fn of_a_label_written_twice_the_last_counts() {
        let text = "apiVersion: v1\nkind: Service\nmetadata: {name: a, labels: {x: 1, y: 2, x: 3}}";
        let service: Service = expect_resource!(Service, text);
        assert_eq!(service.meta.labels.get("x"), Some("3"));
        assert_eq!(service.meta.labels.iter().count(), 2);
    }
}
