//! Substitution: the values of variables put into objects, as Flux does after the build.
//!
//! Flux fills variables into the YAML text that it made of an object, and reads that again. Quotes of the manifest are gone
//! by then, so that a text which is nothing but a variable becomes whatever its value looks like.

use super::expression::{BadExpression, Expanded, Written, expand};
use super::variables::Variables;
use crate::gitops::Problem;
use crate::gitops::evaluation::is_cd_kind;
use crate::gitops::kustomize::Session;
use crate::source::{Cause, Place, Span};
use crate::yaml::{Node, Scalar, ScalarStyle, Value, parse_embedded};

/// The label or annotation that keeps Flux from substituting.
const SWITCH: &str = "kustomize.toolkit.fluxcd.io/substitute";

/// What a substitution leaves unfilled.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Left {
    /// Nothing.
    Nothing,
    /// Something that decides nothing about mutual TLS, such as an image.
    Details,
    /// Something that may decide about mutual TLS.
    Decisive,
}

/// Fills the variables into an object, unless it says that it does not want that; what is left unfilled.
pub(super) fn substitute(
    object: &mut Value,
    variables: &Variables,
    session: &mut Session<'_>,
    problems: &mut Vec<Problem>,
) -> Left {
    let is_disabled = ["labels", "annotations"].iter().any(|field| {
        let switch = object.at(&["metadata", field, SWITCH]);
        switch.and_then(Value::as_text) == Some("disabled")
    });
    if is_disabled {
        return Left::Nothing;
    }
    let mut substitution = Substitution {
        variables,
        session,
        problems,
        leaves_some: false,
    };
    substitution.value(object);
    if !substitution.leaves_some {
        Left::Nothing
    } else if is_decisive(object) {
        Left::Decisive
    } else {
        Left::Details
    }
}

/// What decides about mutual TLS in objects of any kind: what workloads are called and where, and the mesh config.
const DECISIVE: &[&[&str]] = &[
    &["data", "mesh"],
    &["spec", "values", "meshConfig"],
    &["spec", "selector"],
    &["spec", "template", "metadata"],
    &["spec", "jobTemplate", "spec", "template", "metadata"],
];

/// The same in the metadata of a workload.
const DECISIVE_METADATA: &[&str] = &["name", "namespace", "labels"];

/// Whether an expression stands in what decides about mutual TLS: anywhere in an object of Istio, in a Service, a Namespace
/// or what leads to other objects, and in some fields of others.
fn is_decisive(object: &Value) -> bool {
    let text = |key| object.get(key).and_then(Value::as_text).unwrap_or_default();
    let group = text("apiVersion").split('/').next().unwrap_or_default();
    let kind = text("kind");
    if group.ends_with("istio.io")
        || is_cd_kind(group, kind)
        || matches!(kind, "Service" | "Namespace")
    {
        return has_expression(object);
    }
    let fields = DECISIVE.iter().filter_map(|keys| object.at(keys));
    let is_workload = kind == "Pod" || object.at(&["spec", "template"]).is_some();
    let metadata = DECISIVE_METADATA
        .iter()
        .filter(|_| is_workload)
        .filter_map(|key| object.at(&["metadata", key]));
    fields.chain(metadata).any(has_expression)
}

/// Whether an expression stands in any text of a tree.
fn has_expression(value: &Value) -> bool {
    match &value.node {
        Node::Scalar(scalar) => scalar.text.contains("${"),
        Node::Sequence(items) => items.iter().any(has_expression),
        Node::Mapping(mapping) => mapping
            .entries
            .iter()
            .any(|entry| entry.key.value.contains("${") || has_expression(&entry.value)),
    }
}

/// The substitution in one object.
struct Substitution<'s, 'f> {
    variables: &'s Variables,
    session: &'s mut Session<'f>,
    problems: &'s mut Vec<Problem>,
    /// Whether an expression stays as it is.
    leaves_some: bool,
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
            Ok(expanded) => {
                self.leaves_some |= expanded.as_ref().is_some_and(|one| one.is_unknown);
                expanded
            }
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

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;
    use crate::gitops::Files;
    use crate::source::{FileId, FileRole, SourceFile, Sources};
    use crate::yaml::{self, ReadOptions};

    /// The files of an object and of a mapping with its variables.
    fn files(object: &str, variables: &str) -> Files {
        let file =
            |path: &str, text: &str| SourceFile::new(path.into(), text.into(), FileRole::Input);
        let sources = vec![
            file("object.yaml", object),
            file("variables.yaml", variables),
        ];
        Files::new(Arc::new(Sources::new(sources)), Vec::new())
    }

    /// What an object becomes: every value of `spec` with its text, its style and what stands at its place.
    fn filled(object: &str, variables: &str) -> (Vec<String>, Vec<String>) {
        let files = files(object, variables);
        let sources = files.sources().clone();
        let root = |file: FileId| {
            let options = ReadOptions {
                prefilter: false,
                alias_budget: 0,
            };
            let mut documents = yaml::read(file, sources.file(file), options).documents;
            documents.remove(0).root
        };
        let variables = Variables::of(&root(FileId(1)));
        let mut object = root(FileId(0));
        let mut session = Session::new(&files);
        let mut problems = Vec::new();
        substitute(&mut object, &variables, &mut session, &mut problems);
        let spec = object.get("spec").map_or(&[][..], Value::entries).iter();
        let lines = spec.map(|entry| {
            let text = entry.value.as_text().unwrap_or("null");
            let kind = match (entry.value.as_integer(), entry.value.as_str()) {
                (Some(_), _) => "integer",
                (None, Some(_)) => "text",
                (None, None) => "other",
            };
            let written = sources.text(entry.value.place.span);
            format!("{text:?} {kind} at {written:?}")
        });
        let lines = lines.collect();
        (lines, problems.iter().map(Problem::message).collect())
    }

    fn values(object: &str, variables: &str) -> Vec<String> {
        filled(object, variables).0
    }

    #[test]
    fn a_value_stands_where_its_variable_is_defined() {
        let found = values(
            "spec: {mode: '${MODE}', host: 'web.${NS}.svc'}\n",
            "{MODE: STRICT, NS: shop}",
        );
        assert_eq!(
            found,
            [
                r#""STRICT" text at "STRICT""#,
                r#""web.shop.svc" text at "shop""#
            ]
        );
    }

    #[test]
    fn a_default_stands_where_it_is_written() {
        let found = values("spec: {mode: 'a ${MODE:=STRICT}'}\n", "{OTHER: a}");
        assert_eq!(found, [r#""a STRICT" text at "${MODE:=STRICT}""#]);
    }

    #[test]
    fn quotes_around_a_variable_do_not_make_a_text() {
        let found = values(
            "spec: {port: '${PORT}', text: \"${TEXT}\"}\n",
            "{PORT: '80', TEXT: '\"80\"'}",
        );
        assert_eq!(
            found,
            [r#""80" integer at "'80'""#, r#""80" text at "'\"80\"'""#]
        );
    }

    #[test]
    fn a_variable_that_nothing_sets_leaves_nothing() {
        assert_eq!(
            values("spec: {a: '${B}'}\n", "{A: a}"),
            [r#""null" other at "${B}""#]
        );
    }

    #[test]
    fn a_text_of_several_lines_stays_one() {
        let found = values("spec:\n  a: |\n    b: ${A}\n    c: d\n", "{A: '1'}");
        assert_eq!(
            found,
            [r#""b: 1\nc: d\n" text at "|\n    b: ${A}\n    c: d""#]
        );
    }

    #[test]
    fn an_object_can_ask_to_be_left_alone() {
        let object = "metadata: {annotations: {kustomize.toolkit.fluxcd.io/substitute: disabled}}\n\
                      spec: {a: 'x${A}'}\n";
        assert_eq!(values(object, "{A: a}"), [r#""x${A}" text at "'x${A}'""#]);
    }

    #[test]
    fn what_flux_refuses_is_a_problem_and_stays() {
        let (values, problems) = filled("spec: {a: 'x${a.b}'}\n", "{A: a}");
        assert_eq!(values, [r#""x${a.b}" text at "'x${a.b}'""#]);
        assert_eq!(
            problems,
            ["`${a.b}` is not a variable that Flux can substitute"]
        );
    }
}
