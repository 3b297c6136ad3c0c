//! Small repositories for tests.

use std::fmt::Write as _;

use camino::Utf8Path;

use super::{Additions, Built, Session, build};
use crate::gitops::testing::files_read;
use crate::gitops::{Files, Problem};
use crate::source::Place;
use crate::yaml::{Node, ReadOptions, Value};

/// The files of a repository, by path.
pub(super) fn files(texts: &[(&str, &str)]) -> Files {
    let options = ReadOptions {
        prefilter: false,
        alias_budget: 1000,
    };
    files_read(texts, options)
}

/// The root of the only document of a text.
pub(super) fn root(text: &str) -> Value {
    let files = files(&[("a.yaml", text)]);
    let file = files.file(Utf8Path::new("a.yaml")).expect("it was given");
    files.documents(file).documents[0].root.clone()
}

/// What a directory builds.
pub(super) fn built(files: &Files, directory: &str) -> Built {
    let mut session = Session::new(files);
    build(
        Utf8Path::new(directory),
        &Additions::default(),
        &mut session,
    )
}

/// The objects that a directory builds, one a line.
pub(super) fn objects(files: &Files, directory: &str) -> String {
    let resources = built(files, directory).resources.resources;
    let lines = resources.iter().map(|resource| outline(&resource.value));
    lines.collect::<Vec<_>>().join("\n")
}

/// What is refused or unresolved in a directory, one a line: path, text at the place, message.
pub(super) fn problems(files: &Files, directory: &str) -> Vec<String> {
    let problems = built(files, directory).problems;
    problems
        .iter()
        .map(|problem| {
            let word = match problem {
                Problem::Unresolved { .. } | Problem::Variables { .. } | Problem::Chart { .. } => {
                    "unresolved "
                }
                Problem::Remark { .. } => "remark ",
                Problem::Refused { .. }
                | Problem::Broken { .. }
                | Problem::Unnamed { .. }
                | Problem::Unversioned { .. } => "",
            };
            format!(
                "{word}{}: {}",
                spot(files, problem.place()),
                problem.message()
            )
        })
        .collect()
}

/// A place as `path:line`.
pub(super) fn spot(files: &Files, place: Place) -> String {
    let file = files.sources().file(place.span.file);
    let line = file.position(place.span.start as usize).line;
    format!("{}:{line}", file.path())
}

/// A value in one line, keys in order of their names; texts that are no plain words are in quotes.
pub(super) fn outline(value: &Value) -> String {
    match &value.node {
        Node::Scalar(scalar) if value.as_str().is_none() => scalar.text.to_string(),
        Node::Scalar(scalar) if yaml_word(&scalar.text) => scalar.text.to_string(),
        Node::Scalar(scalar) => format!("{:?}", scalar.text),
        Node::Sequence(items) => {
            let items: Vec<String> = items.iter().map(outline).collect();
            format!("[{}]", items.join(", "))
        }
        Node::Mapping(mapping) => {
            let mut entries: Vec<_> = mapping.entries.iter().collect();
            entries.sort_by(|one, other| one.key.value.cmp(&other.key.value));
            let mut text = String::new();
            for entry in entries {
                let comma = if text.is_empty() { "" } else { ", " };
                let inner = outline(&entry.value);
                write!(text, "{comma}{}: {inner}", entry.key.value).expect("a string takes all");
            }
            format!("{{{text}}}")
        }
    }
}

/// Whether a string needs no quotes.
fn yaml_word(text: &str) -> bool {
    text.starts_with(|c: char| c.is_ascii_alphabetic())
        && !["true", "false", "null", "yes", "no", "on", "off"].contains(&text)
}
