//! Substitution: the values of variables put into objects, as Flux does after the build.
//!
//! Flux fills variables into the YAML text that it made of an object, and reads that again. Quotes of the manifest are gone
//! by then, so that a text which is nothing but a variable becomes whatever its value looks like.

use super::expression::{BadExpression, Expanded, Written, expand};
use super::variables::Variables;
use crate::gitops::Problem;
use crate::gitops::kustomize::Session;
use crate::source::{Cause, Place, Span};
use crate::yaml::{Node, Scalar, ScalarStyle, Value, parse_embedded};

/// The label or annotation that keeps Flux from substituting.
const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// Fills the variables into an object, unless it says that it does not want that.
pub(super) fn substitute(
    object: &mut Value,
    variables: &Variables,
    session: &mut Session<'_>,
    problems: &mut Vec<Problem>,
) {
    let is_disabled = ["labels", "annotations"].iter().any(|field| {
        let switch = object.at(&["metadata", field, SWITCH]);
        switch.and_then(Value::as_text) == Some("disabled")
    });
    if !is_disabled {
        let mut substitution = Substitution {
            variables,
            session,
            problems,
        };
        substitution.value(object);
    }
}

/// The substitution in one object.
struct Substitution<'s, 'f> {
    variables: &'s Variables,
    session: &'s mut Session<'f>,
    problems: &'s mut Vec<Problem>,
}

impl Substitution<'_, '_> {
    fn value(&mut self, value: &mut Value) {
        match &mut value.node {
            Node::Sequence(items) => {
                for item in items {
                    self.value(item);
                }
            }
            Node::Mapping(mapping) => {
                for entry in &mut mapping.entries {
                    if let Some(expanded) = self.expand(&entry.key.value, entry.key.place)
                        && !expanded.is_unknown
                    {
                        entry.key.place = self.place(&expanded, entry.key.place, false);
                        entry.key.value = expanded.text.into();
                    }
                    self.value(&mut entry.value);
                }
            }
            Node::Scalar(scalar) => {
                let text = std::mem::take(&mut scalar.text);
                match self.expand(&text, value.place) {
                    Some(expanded) => *value = self.filled(&text, expanded, value.place),
                    None => scalar.text = text,
                }
            }
        }
    }

    /// A text with its variables filled in; none if there are none, or if Flux refuses it.
    fn expand(&mut self, text: &str, place: Place) -> Option<Expanded> {
        let variables = self.variables;
        match expand(text, &|name| variables.get(name)) {
            Ok(expanded) => expanded,
            Err(BadExpression(range)) => {
                let written = text.get(range.clone()).unwrap_or(text);
                let written = written.split('\n').next().unwrap_or_default();
                self.problems.push(Problem::Refused {
                    place: self.within(place, written),
                    message: format!("`{written}` is not a variable that Flux can substitute"),
                    help: Some("write `$${` for a text that is not a variable".to_owned()),
                });
                None
            }
        }
    }

    /// What a scalar becomes.
    fn filled(&mut self, before: &str, expanded: Expanded, was: Place) -> Value {
        let is_text = before.contains('\n') || !is_written_plain(before);
        let place = self.place(&expanded, was, before.contains('\n'));
        let scalar = |text: String, style| Value {
            place,
            node: Node::Scalar(Scalar {
                text: text.into(),
                style,
            }),
        };
        if is_text || expanded.is_unknown {
            let style = if before.contains('\n') {
                ScalarStyle::Block
            } else {
                ScalarStyle::Quoted
            };
            return scalar(expanded.text, style);
        }
        if is_written_plain(&expanded.text) {
            return scalar(expanded.text, ScalarStyle::Plain);
        }
        let text = scalar(expanded.text, ScalarStyle::Block);
        match parse_embedded(&text, self.session.files.sources()) {
            Ok(Some(value)) => value,
            Ok(None) => scalar(String::new(), ScalarStyle::Plain),
            Err(problem) => {
                self.problems.push(Problem::Refused {
                    place,
                    message: format!("with this value the object is no YAML: {}", problem.message),
                    help: None,
                });
                text
            }
        }
    }

    /// The place of a filled text: where its first variable is defined, or where the expression stands whose default
    /// counts. A text of several lines keeps its own, so that the lines in it can be told apart.
    fn place(&mut self, expanded: &Expanded, was: Place, is_long: bool) -> Place {
        let definition = match &expanded.written {
            Some(Written::Variable(name)) => self.variables.place(name),
            Some(Written::Here(_)) | None => None,
        };
        if is_long {
            return self
                .session
                .changed(was, Cause::Substitution, definition, Some(was));
        }
        match (definition, &expanded.written) {
            (Some(definition), _) => {
                self.session
                    .changed(definition, Cause::Substitution, Some(was), Some(was))
            }
            (None, Some(Written::Here(range))) => {
                let at = self.expression(was, range.len());
                self.session
                    .changed(at, Cause::Substitution, None, Some(was))
            }
            (None, Some(Written::Variable(_)) | None) => was,
        }
    }

    /// The first expression of a length in the text at a place.
    fn expression(&self, place: Place, length: usize) -> Place {
        let written = self.session.files.sources().text(place.span);
        let found = written.match_indices("${").find(|(at, _)| {
            written
                .get(*at..at + length)
                .is_some_and(|one| one.ends_with('}'))
        });
        match found.and_then(|(at, _)| written.get(at..at + length)) {
            Some(expression) => self.within(place, expression),
            None => place,
        }
    }

    /// The place of a part of the text at a place, if it is written there as it is.
    fn within(&self, place: Place, part: &str) -> Place {
        let written = self.session.files.sources().text(place.span);
        let Some(at) = written.find(part).filter(|_| !part.is_empty()) else {
            return place;
        };
        let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
        let start = place.span.range().start + at;
        Place {
            span: Span::new(place.span.file, offset(start), offset(start + part.len())),
            ..place
        }
    }
}

/// Whether a text of one line is written without quotes where YAML is made of an object.
fn is_written_plain(text: &str) -> bool {
    const FIRST: &[char] = &[
        '{', '}', '[', ']', ',', '#', '&', '*', '!', '|', '>', '\'', '"', '%', '@', '`',
    ];
    let is_marked = text.starts_with("- ") || text.starts_with("? ") || text.starts_with(": ");
    !text.starts_with(FIRST)
        && !is_marked
        && !text.contains(": ")
        && !text.contains(" #")
        && !text.ends_with(':')
        && !text.contains('\n')
        && text.trim() == text
}
