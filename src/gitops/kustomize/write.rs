//! What kustomize does to objects when it writes them, and what it cannot write.

use super::load::quote_words;
use super::marks::Refusal;
use super::patch::tidy_annotations;
use super::resource::Resource;
use crate::source::{Place, Sources, Spanned};
use crate::yaml::{Node, Scalar, ScalarStyle, Value};

/// Makes an object what it is once it is written, and says what of it cannot be.
pub(super) fn write(resource: &mut Resource, sources: &Sources) -> Vec<Refusal> {
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
    let parts: Vec<&str> = scalar.text.split('-').collect();
    let is_number = |part: &&str, length: usize| {
        part.len() == length && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_date = match parts.as_slice() {
        [year, month, day] => {
            is_number(year, 4)
                && is_number(month, 2)
                && is_number(day, 2)
                && ("01"..="12").contains(month)
                && ("01"..="31").contains(day)
        }
        _ => false,
    };
    if scalar.style == ScalarStyle::Plain && is_date {
        scalar.text = format!("{}T00:00:00Z", scalar.text).into();
        scalar.style = ScalarStyle::Quoted;
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
