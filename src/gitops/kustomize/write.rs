//! What kustomize does to objects when it writes them, and what it cannot write.

use super::field_spec::entry_mut;
use super::load::quote_words;
use super::marks::Refusal;
use super::patch::tidy_annotations;
use super::resource::Resource;
use crate::source::{Place, Sources, Spanned};
use crate::yaml::{Node, Scalar, ScalarStyle, Value};

/// Makes an object what it is once it is written, and says what of it cannot be.
pub(super) fn write(resource: &mut Resource, sources: &Sources) -> Vec<Refusal> {
    drop_notes(&mut resource.value);
    tidy_annotations(&mut resource.value);
    let name = resource.id().to_string();
    let mut writing = Writing {
        name: &name,
        sources,
        refusals: Vec::new(),
    };
    writing.value(&mut resource.value, true);
    writing.refusals
}

/// The annotations in which kustomize keeps notes while it builds; it writes none of them, whoever they are from.
const NOTES: &[&str] = &[
    "alpha.config.kubernetes.io/transformations",
    "config.k8s.io/id",
    "config.kubernetes.io/index",
    "config.kubernetes.io/origin",
    "config.kubernetes.io/path",
    "internal.config.kubernetes.io/allowKindChange",
    "internal.config.kubernetes.io/allowNameChange",
    "internal.config.kubernetes.io/annotations-migration-resource-id",
    "internal.config.kubernetes.io/generatorBehavior",
    "internal.config.kubernetes.io/helm-generated",
    "internal.config.kubernetes.io/id",
    "internal.config.kubernetes.io/index",
    "internal.config.kubernetes.io/needsHashSuffix",
    "internal.config.kubernetes.io/path",
    "internal.config.kubernetes.io/prefixes",
    "internal.config.kubernetes.io/previousKinds",
    "internal.config.kubernetes.io/previousNames",
    "internal.config.kubernetes.io/previousNamespaces",
    "internal.config.kubernetes.io/refBy",
    "internal.config.kubernetes.io/seqindent",
    "internal.config.kubernetes.io/suffixes",
];

/// Removes the annotations in which kustomize keeps notes.
fn drop_notes(object: &mut Value) {
    let metadata = entry_mut(object, "metadata");
    let annotations = metadata.and_then(|metadata| entry_mut(&mut metadata.value, "annotations"));
    if let Some(annotations) = annotations
        && let Node::Mapping(mapping) = &mut annotations.value.node
    {
        let is_note = |key: &str| NOTES.contains(&key);
        mapping.entries.retain(|entry| !is_note(&entry.key.value));
    }
}

/// The walk through an object.
struct Writing<'w> {
    /// What the object is called.
    name: &'w str,
    sources: &'w Sources,
    refusals: Vec<Refusal>,
}

impl Writing<'_> {
    /// Looks at a value and what is in it.
    fn value(&mut self, value: &mut Value, is_root: bool) {
        self.keys(value, is_root);
        let place = value.place;
        match &mut value.node {
            Node::Scalar(scalar) if is_infinite(scalar) => self.refusals.push(Refusal::new(
                place,
                format!(
                    "kustomize cannot write `{}` in {}, which JSON has no number for",
                    scalar.text, self.name
                ),
            )),
            Node::Scalar(scalar) if scalar.text.contains(is_unwritable) => {
                self.unwritable(&scalar.text, place);
            }
            Node::Scalar(scalar) => write_date(scalar),
            Node::Sequence(items) => {
                for item in items {
                    self.value(item, false);
                }
            }
            Node::Mapping(mapping) => {
                for entry in &mut mapping.entries {
                    self.value(&mut entry.value, false);
                }
            }
        }
    }

    /// Looks at the keys of a mapping.
    fn keys(&mut self, value: &Value, is_root: bool) {
        let entries = value.entries();
        for (at, entry) in entries.iter().enumerate() {
            let key = &entry.key;
            if key.value.contains(is_unwritable) {
                self.unwritable(&key.value, key.place);
            }
            if !is_root && !self.is_string(key) {
                self.refusals.push(
                    Refusal::new(
                        key.place,
                        format!(
                            "kustomize cannot write the key `{}` of {}, which is no string",
                            key.value, self.name
                        ),
                    )
                    .with_help(format!("put it in quotes: `\"{}\":`", key.value)),
                );
            }
            // What `<<` takes in stands elsewhere, and the own keys of the mapping win.
            let own = value.place.span.range();
            let is_twice = entries.iter().take(at).any(|before| {
                let places = [before.key.place.span, key.place.span];
                before.key.value == key.value
                    && places.iter().all(|span| {
                        span.file == value.place.span.file && own.contains(&(span.start as usize))
                    })
                    && places[0] != places[1]
            });
            if is_twice {
                self.refusals.push(
                    Refusal::new(
                        key.place,
                        format!(
                            "kustomize refuses the key `{}`, which is there twice",
                            key.value
                        ),
                    )
                    .with_help("remove one of the two"),
                );
            }
        }
    }

    /// Refuses a text with a character that kustomize cannot write.
    fn unwritable(&mut self, text: &str, place: Place) {
        let Some(character) = text.chars().find(|c| is_unwritable(*c)) else {
            return;
        };
        self.refusals.push(
            Refusal::new(
                place,
                format!(
                    "kustomize cannot write the control character {} in {}",
                    character.escape_unicode(),
                    self.name
                ),
            )
            .with_help("remove it"),
        );
    }

    /// Whether kustomize reads a key as a string.
    fn is_string(&self, key: &Spanned<Box<str>>) -> bool {
        let may_be_other = |c: char| c.is_ascii_digit() || "+-.tTfFnN~".contains(c);
        if !key.value.starts_with(may_be_other) || self.sources.text(key.place.span) != &*key.value
        {
            return true;
        }
        let mut value = Value {
            place: key.place,
            node: Node::Scalar(Scalar {
                text: key.value.clone(),
                style: ScalarStyle::Plain,
            }),
        };
        quote_words(&mut value);
        value.as_str().is_some()
    }
}

/// Whether a character is none that YAML has, and one that JSON writes as it is: kustomize reads its own JSON as YAML.
fn is_unwritable(c: char) -> bool {
    matches!(c, '\u{7f}'..='\u{84}' | '\u{86}'..='\u{9f}' | '\u{fffe}' | '\u{ffff}')
}

/// Whether a scalar is a number that JSON does not have.
fn is_infinite(scalar: &Scalar) -> bool {
    let text = scalar.text.trim_start_matches(['+', '-']);
    scalar.style == ScalarStyle::Plain
        && matches!(text, ".inf" | ".Inf" | ".INF" | ".nan" | ".NaN" | ".NAN")
}

/// Writes a date out as kustomize does, which takes it for a time.
pub(super) fn write_date(scalar: &mut Scalar) {
    if is_date(scalar) {
        scalar.text = format!("{}T00:00:00Z", scalar.text).into();
        scalar.style = ScalarStyle::Quoted;
    }
}

/// Whether kustomize takes a scalar for a date.
pub(super) fn is_date(scalar: &Scalar) -> bool {
    if scalar.style != ScalarStyle::Plain {
        return false;
    }
    let parts: Vec<&str> = scalar.text.split('-').collect();
    let is_number = |part: &&str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    match parts.as_slice() {
        [year, month, day] => {
            is_number(year, 4)
                && is_number(month, 2)
                && is_number(day, 2)
                && ("01"..="12").contains(month)
                && ("01"..="31").contains(day)
        }
        _ => false,
    }
}

#[cfg(test)]
mod tests {
    use crate::gitops::Files;
    use crate::gitops::kustomize::testing::{files, objects, problems};

    fn repository(spec: &str) -> Files {
        let object = format!(
            "apiVersion: x.io/v1\nkind: A\nmetadata: {{name: a, annotations: {{n: 1, d: 2001-01-01}}}}\nspec: {spec}\n"
        );
        files(&[
            ("kustomization.yaml", "resources: [a.yaml]\n"),
            ("a.yaml", &object),
        ])
    }

    #[test]
    fn words_dates_and_annotations_become_strings() {
        let files = repository("{yes: yes, on: 'on', date: 2001-01-01, flag: true}");
        assert_eq!(
            objects(&files, ""),
            "{apiVersion: x.io/v1, kind: A, metadata: {annotations: {d: \"2001-01-01\", n: \"1\"}, name: a}, \
             spec: {date: \"2001-01-01T00:00:00Z\", flag: true, on: \"on\", yes: \"yes\"}}"
        );
    }

    #[test]
    fn notes_of_kustomize_in_annotations_are_not_written() {
        let object = |notes: &str| {
            let text = format!(
                "apiVersion: v1\nkind: ConfigMap\nmetadata: {{name: a, annotations: {{{notes}}}}}\n"
            );
            let kustomization = ("kustomization.yaml", "resources: [a.yaml]\n");
            let files = files(&[kustomization, ("a.yaml", &text)]);
            objects(&files, "")
        };
        assert_eq!(
            object("config.kubernetes.io/origin: x, internal.config.kubernetes.io/other: z"),
            "{apiVersion: v1, kind: ConfigMap, \
             metadata: {annotations: {internal.config.kubernetes.io/other: z}, name: a}}"
        );
        assert_eq!(
            object("internal.config.kubernetes.io/refBy: x"),
            "{apiVersion: v1, kind: ConfigMap, metadata: {name: a}}"
        );
    }

    #[test]
    fn keys_that_are_no_strings_are_refused() {
        let found = problems(
            &repository("{9090: 1, '9091': 2, true: 3, yes: 4, a1: 5}"),
            "",
        );
        assert_eq!(
            found,
            [
                "a.yaml:4: kustomize cannot write the key `9090` of A a, which is no string",
                "a.yaml:4: kustomize cannot write the key `true` of A a, which is no string",
            ]
        );
    }

    #[test]
    fn keys_that_are_there_twice_are_refused_and_merged_ones_are_not() {
        let spec = "\n  one: &one {a: 1}\n  two: {<<: *one, a: 2}\n  three: {b: 1, b: 2}";
        assert_eq!(
            problems(&repository(spec), ""),
            ["a.yaml:7: kustomize refuses the key `b`, which is there twice"]
        );
    }

    #[test]
    fn characters_that_yaml_lacks_are_refused() {
        for character in ["\\x7F", "\\x80", "\\x9F", "\\uFFFE"] {
            let found = problems(&repository(&format!("{{a: \"x{character}\"}}")), "");
            let [found] = found.as_slice() else {
                panic!("{character}: {found:?}");
            };
            assert!(
                found.contains("cannot write the control character"),
                "{found}"
            );
        }
    }

    #[test]
    fn control_characters_that_json_escapes_are_written() {
        for character in ["\\0", "\\a", "\\x1F", "\\N", "\\uFEFF"] {
            let found = problems(&repository(&format!("{{a: \"x{character}\"}}")), "");
            assert_eq!(found, Vec::<String>::new(), "{character}");
        }
    }

    #[test]
    fn numbers_that_json_lacks_are_refused() {
        assert_eq!(
            problems(&repository("{a: .inf}"), ""),
            ["a.yaml:4: kustomize cannot write `.inf` in A a, which JSON has no number for"]
        );
    }
}
