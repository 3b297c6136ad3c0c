//! Compares two streams of objects as Kubernetes reads them: the order of objects and keys does not count, types of scalars do.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use mtls_lint::source::{FileRole, SourceFile, Sources};
use mtls_lint::yaml::{self, Node, ReadOptions, Value};

/// How many nodes aliases may expand to; neither side prints any.
const ALIAS_BUDGET: usize = 100_000;

/// A value without places and styles.
#[derive(Clone, Debug, PartialEq)]
enum Plain {
    Null,
    Boolean(bool),
    Integer(i64),
    /// Any other number, as Rust writes it.
    Number(String),
    Text(String),
    List(Vec<Plain>),
    Map(BTreeMap<String, Plain>),
}

impl Plain {
    /// A value as Kubernetes reads it.
    fn new(value: &Value) -> Self {
        match &value.node {
            Node::Sequence(items) => Self::List(items.iter().map(Self::new).collect()),
            Node::Mapping(mapping) => {
                let entries = mapping.entries.iter();
                let entries = entries.map(|entry| (entry.key.value.to_string(), &entry.value));
                Self::Map(
                    entries
                        .map(|(key, value)| (key, Self::new(value)))
                        .collect(),
                )
            }
            Node::Scalar(scalar) => {
                let number = || {
                    let number: Result<f64, _> = scalar.text.parse();
                    Self::Number(
                        number.map_or_else(|_| scalar.text.to_string(), |it| it.to_string()),
                    )
                };
                None.or_else(|| value.is_null().then_some(Self::Null))
                    .or_else(|| value.as_bool().map(Self::Boolean))
                    .or_else(|| value.as_str().map(|text| Self::Text(text.to_owned())))
                    .or_else(|| value.as_integer().map(Self::Integer))
                    .unwrap_or_else(number)
            }
        }
    }

    /// The text of a field below, empty where there is none.
    fn text(&self, path: &[&str]) -> String {
        let found = path.iter().try_fold(self, |value, key| match value {
            Self::Map(entries) => entries.get(*key),
            _ => None,
        });
        match found {
            Some(Self::Text(text)) => text.clone(),
            Some(other) => other.to_string(),
            None => String::new(),
        }
    }

    /// What tells an object from the others.
    fn identity(&self) -> String {
        let (version, kind) = (self.text(&["apiVersion"]), self.text(&["kind"]));
        let namespace = self.text(&["metadata", "namespace"]);
        let name = self.text(&["metadata", "name"]);
        let parts = [version, kind, namespace, name];
        let parts: Vec<String> = parts.into_iter().filter(|part| !part.is_empty()).collect();
        parts.join(" ")
    }
}

impl fmt::Display for Plain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Null => f.write_str("null"),
            Self::Boolean(value) => write!(f, "{value}"),
            Self::Integer(value) => write!(f, "{value}"),
            Self::Number(text) => f.write_str(text),
            Self::Text(text) => write!(f, "{}", serde_json::Value::from(text.as_str())),
            Self::List(items) => {
                f.write_str("[")?;
                for (index, item) in items.iter().enumerate() {
                    write!(f, "{}{item}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("]")
            }
            Self::Map(entries) => {
                f.write_str("{")?;
                for (index, (key, value)) in entries.iter().enumerate() {
                    write!(f, "{}{key}: {value}", if index == 0 { "" } else { ", " })?;
                }
                f.write_str("}")
            }
        }
    }
}

/// The objects of a stream by identity, or why it cannot be read.
fn objects(text: &str) -> Result<BTreeMap<String, Vec<Plain>>, String> {
    let file = SourceFile::new("stream.yaml".into(), text.into(), FileRole::Input);
    let sources = Sources::new(vec![file]);
    let (id, file) = sources.iter().next().expect("the stream was put there");
    let options = ReadOptions {
        prefilter: false,
        alias_budget: ALIAS_BUDGET,
    };
    let content = yaml::read(id, file, options);
    if let Some(problem) = content.problems.first() {
        let line = file.position(problem.span.start as usize).line;
        return Err(format!("line {line}: {}", problem.message));
    }
    let mut objects: BTreeMap<String, Vec<Plain>> = BTreeMap::new();
    for document in &content.documents {
        let object = Plain::new(&document.root);
        objects.entry(object.identity()).or_default().push(object);
    }
    Ok(objects)
}

/// Where our stream differs from the expected one, a line each.
pub(crate) fn differences(ours: &str, expected: &str) -> Vec<String> {
    let ours = match objects(ours) {
        Ok(objects) => objects,
        Err(problem) => return vec![format!("our output cannot be read: {problem}")],
    };
    let expected = objects(expected).expect("the output of kustomize can be read");
    let identities: BTreeSet<&String> = ours.keys().chain(expected.keys()).collect();
    let mut found = Vec::new();
    for identity in identities {
        let of = |objects: &BTreeMap<String, Vec<Plain>>| objects.get(identity).cloned();
        let (ours, theirs) = (
            of(&ours).unwrap_or_default(),
            of(&expected).unwrap_or_default(),
        );
        if ours.len() != theirs.len() {
            let (ours, theirs) = (ours.len(), theirs.len());
            found.push(format!(
                "{identity}: ours has {ours} of it, kustomize {theirs}"
            ));
            continue;
        }
        for (ours, theirs) in ours.iter().zip(&theirs) {
            let mut walk = Walk {
                object: identity,
                found: &mut found,
            };
            walk.value("", Some(ours), Some(theirs));
        }
    }
    found
}

/// Walks two objects at once and notes where they differ.
struct Walk<'a> {
    object: &'a str,
    found: &'a mut Vec<String>,
}

impl Walk<'_> {
    fn value(&mut self, path: &str, ours: Option<&Plain>, theirs: Option<&Plain>) {
        match (ours, theirs) {
            (Some(Plain::Map(ours)), Some(Plain::Map(theirs))) => {
                let keys: BTreeSet<&String> = ours.keys().chain(theirs.keys()).collect();
                for key in keys {
                    self.value(&format!("{path}.{key}"), ours.get(key), theirs.get(key));
                }
            }
            (Some(Plain::List(ours)), Some(Plain::List(theirs))) => {
                for index in 0..ours.len().max(theirs.len()) {
                    let path = format!("{path}[{index}]");
                    self.value(&path, ours.get(index), theirs.get(index));
                }
            }
            _ if ours == theirs => {}
            _ => {
                let show = |side: Option<&Plain>| {
                    side.map_or_else(|| "nothing".to_owned(), ToString::to_string)
                };
                let (object, ours, theirs) = (self.object, show(ours), show(theirs));
                let path = path.trim_start_matches('.');
                let line = format!("{object}: {path}: ours {ours}, kustomize {theirs}");
                self.found.push(line);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// An object with a field.
    fn object(name: &str, field: &str) -> String {
        format!("kind: Thing\nmetadata:\n  name: {name}\nspec:\n  field: {field}\n")
    }

    #[test]
    fn order_of_objects_and_keys_does_not_count() {
        let ours = format!("{}---\n{}", object("a", "{x: 1, y: 2}"), object("b", "1"));
        let theirs = format!("{}---\n{}", object("b", "1"), object("a", "{y: 2, x: 1}"));
        assert_eq!(differences(&ours, &theirs), [""; 0]);
    }

    #[test]
    fn spelling_of_a_scalar_does_not_count() {
        for (ours, theirs) in [
            ("yes", "true"),
            ("0777", "511"),
            ("'a'", "a"),
            ("~", "null"),
            ("1.0", "1"),
            ("1.50", "1.5"),
        ] {
            let found = differences(&object("a", ours), &object("a", theirs));
            assert_eq!(found, [""; 0], "{ours} and {theirs}");
        }
    }

    #[test]
    fn type_of_a_scalar_counts() {
        for (ours, theirs) in [("'yes'", "yes"), ("'1'", "1"), ("''", "null"), ("1", "1.5")] {
            let found = differences(&object("a", ours), &object("a", theirs));
            assert_eq!(found.len(), 1, "{ours} and {theirs}");
        }
    }

    #[test]
    fn a_difference_names_object_path_and_both_values() {
        let found = differences(&object("a", "[1, 2]"), &object("a", "[1, {x: z}]"));
        let line = r#"Thing a: spec.field[1]: ours 2, kustomize {x: "z"}"#;
        assert_eq!(found, [line]);
    }

    #[test]
    fn missing_and_doubled_objects_count() {
        let one = object("a", "1");
        assert_eq!(differences("", &one).len(), 1);
        assert_eq!(differences(&one, "").len(), 1);
        assert_eq!(differences(&format!("{one}---\n{one}"), &one).len(), 1);
    }
}
