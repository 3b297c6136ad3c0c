//! Files and directories that a kustomization names, and the objects in them.

use camino::{Utf8Path, Utf8PathBuf};

use super::marks::Refusal;
use super::reference::FILE_NAMES;
use super::session::Step;
use crate::gitops::{Files, Problem};
use crate::source::tree::normalise;
use crate::source::{FileId, OriginId, Place, Span, Spanned};
use crate::yaml::{self, Node, ScalarStyle, Value};

/// What a path of a kustomization leads to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Found {
    /// A file.
    File(FileId),
    /// A directory, by its clean path.
    Directory(Utf8PathBuf),
    /// Something that is elsewhere: a repository or a page.
    Remote,
    /// Nothing.
    Missing,
}

/// Looks for what a path leads to, seen from the directory of a kustomization.
pub(super) fn find(reference: &str, directory: &Utf8Path, files: &Files) -> Found {
    let path = normalise(&directory.join(reference));
    if reference.is_empty() {
        return Found::Missing;
    }
    if let Some(file) = files.file(&path) {
        return Found::File(file);
    }
    if is_remote(reference) {
        return Found::Remote;
    }
    if files.is_directory(&path) {
        return Found::Directory(path);
    }
    Found::Missing
}

/// Whether a path is the address of something elsewhere.
fn is_remote(reference: &str) -> bool {
    let text = reference.to_ascii_lowercase();
    let text = text.strip_prefix("git::").unwrap_or(&text);
    let has_user = || {
        text.split_once('@').is_some_and(|(user, rest)| {
            let is_word = |c: char| c.is_ascii_alphanumeric() || c == '-';
            user.starts_with(|c: char| c.is_ascii_alphabetic())
                && user.chars().all(is_word)
                && rest.contains([':', '/'])
        })
    };
    ["http://", "https://", "ssh://", "file://"]
        .iter()
        .any(|scheme| text.starts_with(scheme))
        || text.starts_with("github.com/")
        || text.starts_with("github.com:")
        || text.contains("?ref=")
        || has_user()
}

/// Whether a clean directory holds another, or is the same.
pub(super) fn holds(directory: &Utf8Path, other: &Utf8Path) -> bool {
    let ups = |path: &Utf8Path| {
        let parts = path.components();
        parts.take_while(|part| part.as_str() == "..").count()
    };
    let depth = directory.components().count();
    if ups(directory) == depth {
        // Nothing but steps up holds everything that takes no more of them.
        return ups(other) <= depth && !other.is_absolute();
    }
    other.starts_with(directory)
}

/// Whether a kustomization may name a file.
fn is_allowed(file: FileId, step: &Step<'_, '_>) -> bool {
    let path = step.session.files.path(file);
    step.allow_outside_files || holds(step.directory, path.parent().unwrap_or(Utf8Path::new("")))
}

/// The documents of a file that a kustomization names; none, and a problem, if there is no such file.
pub(super) fn documents(
    reference: &Spanned<Box<str>>,
    what: &str,
    step: &mut Step<'_, '_>,
) -> Option<Vec<Value>> {
    let path = &reference.value;
    match find(path, step.directory, step.session.files) {
        Found::File(file) => documents_of(file, reference, step),
        Found::Remote => {
            step.unresolved(
                reference.place,
                format!("{what} `{path}` is not in this repository"),
            );
            None
        }
        Found::Directory(_) => {
            step.refuse(reference.place, format!("{what} `{path}` is a directory"));
            None
        }
        Found::Missing => {
            step.refuse(reference.place, format!("{what} `{path}` does not exist"));
            None
        }
    }
}

/// The documents of a file, if it may be named.
pub(super) fn documents_of(
    file: FileId,
    reference: &Spanned<Box<str>>,
    step: &mut Step<'_, '_>,
) -> Option<Vec<Value>> {
    let path = &reference.value;
    if !is_allowed(file, step) {
        step.problems.push(Problem::Refused {
            place: reference.place,
            message: format!(
                "kustomize refuses `{path}`, which is outside of the directory of the kustomization"
            ),
            help: Some("make its directory a kustomization and name that, or move the file".into()),
        });
        return None;
    }
    step.used.insert(file);
    let content = step.session.files.documents(file);
    let text = step.session.files.sources().file(file).text();
    if let Some(line) = unsplittable(text) {
        step.refuse(
            reference.place,
            format!("kustomize cannot read `{path}`: it takes no more than a comment in the line `{line}`"),
        );
    } else if !content.problems.is_empty() {
        step.problems.push(Problem::Broken {
            place: reference.place,
            file,
            path: path.to_string(),
        });
    }
    let roots = content.documents.iter();
    Some(roots.map(|document| document.root.clone()).collect())
}

/// The first line at which kustomize fails to split a file into documents: a directive, or a mark with something behind it.
fn unsplittable(text: &str) -> Option<&str> {
    let is_comment = |line: &str| line.trim().is_empty() || line.starts_with('#');
    let first = text.lines().find(|line| !is_comment(line))?;
    if first.starts_with('%') {
        return Some(first);
    }
    let mut marks = text.lines().skip(1).filter(|line| line.starts_with("---"));
    marks.find(|line| {
        let behind = line.get(3..).unwrap_or_default().trim();
        !behind.is_empty() && !behind.starts_with('#')
    })
}

/// The bytes of a file that a kustomization names, and the file if it is text.
pub(super) fn bytes<'f>(
    reference: &Spanned<Box<str>>,
    step: &mut Step<'_, 'f>,
) -> Result<(&'f [u8], Option<FileId>), Refusal> {
    let files = step.session.files;
    let path = normalise(&step.directory.join(&*reference.value));
    let Some(bytes) = files.bytes(&path) else {
        return Err(Refusal::new(
            reference.place,
            format!("`{}` does not exist", reference.value),
        ));
    };
    let directory = path.parent().unwrap_or(Utf8Path::new(""));
    if !step.allow_outside_files && !holds(step.directory, directory) {
        return Err(Refusal::new(
            reference.place,
            format!(
                "kustomize refuses `{}`, which is outside of the directory of the kustomization",
                reference.value
            ),
        )
        .with_help("move the file, or generate what it is for where it is"));
    }
    let file = files.file(&path);
    step.used.extend(file);
    Ok((bytes, file))
}

/// The text of a file that a kustomization names, if there is one.
pub(super) fn text<'f>(reference: &Spanned<Box<str>>, step: &Step<'_, 'f>) -> Option<&'f str> {
    match find(&reference.value, step.directory, step.session.files) {
        Found::File(file) => Some(step.session.files.sources().file(file).text()),
        Found::Directory(_) | Found::Remote | Found::Missing => None,
    }
}

/// The documents of a text in a kustomization.
pub(super) fn inline(text: &Value, step: &Step<'_, '_>) -> Result<Vec<Value>, Refusal> {
    let sources = step.session.files.sources();
    yaml::parse_embedded_stream(text, sources).map_err(|problem| {
        let place = Place {
            span: problem.span,
            origin: text.place.origin,
        };
        Refusal::new(place, format!("this text is no YAML: {}", problem.message))
    })
}

/// The objects in documents, lists unpacked; the first document that kustomize would refuse is an error.
pub(super) fn objects(documents: Vec<Value>) -> (Vec<Value>, Vec<Refusal>) {
    let mut pending: std::collections::VecDeque<Value> = documents.into();
    let (mut objects, mut refusals) = (Vec::new(), Vec::new());
    while let Some(mut value) = pending.pop_front() {
        if value.is_null() || value.as_mapping().is_some_and(|map| map.entries.is_empty()) {
            continue;
        }
        if let Err(refusal) = check(&value) {
            refusals.push(refusal);
            continue;
        }
        let is_list = field(&value, "kind").ends_with("List");
        match value.entry("items").map(|entry| &entry.value) {
            Some(items) if is_list && items.is_null() => {}
            Some(items) if is_list && items.as_sequence().is_some() => {
                pending.extend(items.items().iter().cloned());
            }
            Some(items) if is_list => {
                let kind = field(&value, "kind");
                let message = format!("`items` of a {kind} has to be a list");
                refusals.push(Refusal::new(items.place, message));
            }
            Some(_) | None => {
                quote_words(&mut value);
                objects.push(value);
            }
        }
    }
    (objects, refusals)
}

/// Whether kustomize takes a document for an object.
fn check(value: &Value) -> Result<(), Refusal> {
    if value.as_mapping().is_none() {
        return Err(Refusal::new(value.place, "kustomize wants an object here"));
    }
    let kind = field(value, "kind");
    if kind.is_empty() {
        return Err(Refusal::new(value.place, "an object without a `kind`"));
    }
    let name = value.at(&["metadata", "name"]).and_then(Value::as_text);
    if name.is_none_or(str::is_empty) && !kind.ends_with("List") {
        let place = value.get("kind").map_or(value.place, |kind| kind.place);
        return Err(Refusal::new(
            place,
            format!("a {kind} without `metadata.name`"),
        ));
    }
    Ok(())
}

/// The text of a field of an object.
fn field<'v>(value: &'v Value, key: &str) -> &'v str {
    value.get(key).and_then(Value::as_text).unwrap_or_default()
}

/// Puts quotes around plain words such as `yes` and `on`: kustomize reads YAML 1.2, where they are strings, and writes
/// them so that they stay what they are.
pub(super) fn quote_words(value: &mut Value) {
    let is_word = value.as_bool().is_some()
        && !matches!(
            value.as_text(),
            Some("true" | "True" | "TRUE" | "false" | "False" | "FALSE")
        );
    match &mut value.node {
        Node::Scalar(scalar) if is_word => scalar.style = ScalarStyle::Quoted,
        Node::Scalar(_) => {}
        Node::Sequence(items) => items.iter_mut().for_each(quote_words),
        Node::Mapping(mapping) => {
            for entry in &mut mapping.entries {
                quote_words(&mut entry.value);
            }
        }
    }
}

/// The files that could be the kustomization of a directory.
pub(super) fn kustomization_files(directory: &Utf8Path, files: &Files) -> Vec<FileId> {
    FILE_NAMES
        .iter()
        .filter_map(|name| files.file(&directory.join(name)))
        .collect()
}

/// The start of a file.
pub(super) fn start_of(file: FileId) -> Place {
    Place {
        span: Span::new(file, 0, 0),
        origin: OriginId::BASE,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_are_remote() {
        let cases = [
            ("https://github.com/org/repo//path?ref=v1", true),
            ("github.com/org/repo/path?ref=v1", true),
            ("git@github.com:org/repo", true),
            ("ssh://git@host/org/repo", true),
            ("example.com/org/repo//path?ref=main", true),
            ("base", false),
            ("../base.yaml", false),
            ("a@b.yaml", false),
        ];
        for (reference, expected) in cases {
            assert_eq!(is_remote(reference), expected, "{reference}");
        }
    }

    #[test]
    fn a_directive_and_text_behind_a_mark_are_not_split() {
        let cases = [
            ("%YAML 1.1\n---\na: 1\n", Some("%YAML 1.1")),
            ("a: 1\n--- {b: 2}\n", Some("--- {b: 2}")),
            ("--- # one\na: 1\n--- # two\nb: '%'\n", None),
            ("# %\na: 1\n", None),
        ];
        for (text, expected) in cases {
            assert_eq!(unsplittable(text), expected, "{text:?}");
        }
    }

    #[test]
    fn a_directory_holds_itself_and_what_is_below() {
        let cases = [
            ("a", "a", true),
            ("a", "a/b", true),
            ("a", "ab", false),
            ("a/b", "a", false),
            ("", "a", true),
            ("", "..", false),
            ("..", "", true),
            ("..", "a", true),
            ("..", "../a", true),
            ("..", "../..", false),
            ("../a", "", false),
            ("../a", "../a/b", true),
        ];
        for (directory, other, expected) in cases {
            let found = holds(Utf8Path::new(directory), Utf8Path::new(other));
            assert_eq!(found, expected, "{directory} {other}");
        }
    }
}
