//! The keys and values of a generator: of literals, of files, of files with variables.

use std::collections::BTreeSet;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;

use crate::gitops::kustomize::session::Step;
use crate::source::tree::normalise;
use crate::source::{Cause, Place, Span, Spanned};
use crate::yaml::Value;

/// A key of a generated object and its value.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// The key.
    pub(super) key: Box<str>,
    /// The value, text or not.
    pub(super) value: Vec<u8>,
    /// Where the value is written.
    pub(super) place: Place,
}

/// All pairs of an entry in kustomize's order; none if one of them is refused.
pub(super) fn pairs(entry: &Value, step: &mut Step<'_, '_>) -> Option<Vec<Pair>> {
    let mut pairs = Vec::new();
    let list = |key: &str| entry.get(key).map_or(&[][..], Value::items).iter();
    let texts = |values: Vec<&Value>| -> Vec<Spanned<Box<str>>> {
        values.into_iter().filter_map(Value::spanned_text).collect()
    };
    for file in texts(list("envs").chain(entry.get("env")).collect()) {
        variables(&file, &mut pairs, step)?;
    }
    for text in texts(list("literals").collect()) {
        pairs.push(literal(&text, step)?);
    }
    for source in texts(list("files").collect()) {
        pairs.push(file(&source, step)?);
    }
    check(&pairs, step)?;
    Some(pairs)
}

/// Refuses keys that no ConfigMap can have, and those that are there twice.
fn check(pairs: &[Pair], step: &mut Step<'_, '_>) -> Option<()> {
    let mut seen = BTreeSet::new();
    for pair in pairs {
        let fits = |byte: u8| byte.is_ascii_alphanumeric() || b"-._".contains(&byte);
        if pair.key.is_empty() || !pair.key.bytes().all(fits) {
            step.refuse(
                pair.place,
                format!("`{}` is no key of a ConfigMap or Secret", pair.key),
            );
            return None;
        }
        if !seen.insert(&pair.key) {
            step.refuse(pair.place, format!("the key `{}` is there twice", pair.key));
            return None;
        }
    }
    Some(())
}

/// `key=value`, with the quotes around the value taken off.
fn literal(text: &Spanned<Box<str>>, step: &mut Step<'_, '_>) -> Option<Pair> {
    let split = text
        .value
        .split_once('=')
        .filter(|(key, _)| !key.is_empty());
    let Some((key, value)) = split else {
        step.refuse(
            text.place,
            format!("`{}` is no literal; write `key=value`", text.value),
        );
        return None;
    };
    let inner = ['"', '\''].into_iter().find_map(|quote| {
        let inner = value.strip_prefix(quote)?.strip_suffix(quote)?;
        Some(inner)
    });
    Some(Pair {
        key: key.into(),
        value: inner.unwrap_or(value).as_bytes().to_vec(),
        place: step.changed(text.place, Cause::Generator, None, None),
    })
}

/// `key=path`, or a path whose last part is the key.
fn file(source: &Spanned<Box<str>>, step: &mut Step<'_, '_>) -> Option<Pair> {
    let text = &*source.value;
    let (key, path) = match text.split_once('=') {
        None => (text.rsplit('/').next().unwrap_or(text), text),
        Some((key, path)) if !key.is_empty() && !path.is_empty() && !path.contains('=') => {
            (key, path)
        }
        Some(_) => {
            step.refuse(
                source.place,
                format!("`{text}` is no file; write `path` or `key=path`"),
            );
            return None;
        }
    };
    let (value, place) = contents(path, source, step)?;
    Some(Pair {
        key: key.into(),
        value,
        place,
    })
}

/// The bytes of a file, and its place.
fn contents(
    path: &str,
    source: &Spanned<Box<str>>,
    step: &mut Step<'_, '_>,
) -> Option<(Vec<u8>, Place)> {
    let clean = normalise(&step.directory.join(path));
    let is_outside = !clean.starts_with(step.directory) && !step.allow_outside_files;
    if is_outside {
        step.refuse(
            source.place,
            format!("`{path}` is outside of the directory of the kustomization"),
        );
        return None;
    }
    let files = step.session.files;
    let Some(bytes) = files.bytes(&clean) else {
        step.refuse(source.place, format!("there is no file `{path}`"));
        return None;
    };
    let written = match files.file(&clean) {
        Some(file) => {
            step.used.insert(file);
            Place {
                span: Span::new(file, 0, u32::try_from(bytes.len()).unwrap_or(u32::MAX)),
                ..source.place
            }
        }
        None => source.place,
    };
    let place = step.changed(written, Cause::Generator, Some(source.place), None);
    Some((bytes.to_vec(), place))
}

/// The lines `key=value` of a file; a key alone has an empty value.
fn variables(
    source: &Spanned<Box<str>>,
    pairs: &mut Vec<Pair>,
    step: &mut Step<'_, '_>,
) -> Option<()> {
    let (bytes, place) = contents(&source.value, source, step)?;
    let Ok(text) = String::from_utf8(bytes) else {
        step.refuse(source.place, format!("`{}` is not UTF-8", source.value));
        return None;
    };
    let text = text.trim_start_matches('\u{feff}');
    for line in text.lines().map(str::trim_start) {
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        let fits = |character: char| character.is_ascii_alphanumeric() || "-._".contains(character);
        let starts_well = !key.starts_with(|first: char| first.is_ascii_digit());
        if key.is_empty() || !starts_well || !key.chars().all(fits) {
            step.refuse(
                source.place,
                format!(
                    "`{}` has a line for `{key}`, which is no name of a variable",
                    source.value
                ),
            );
            return None;
        }
        pairs.push(Pair {
            key: key.into(),
            value: value.as_bytes().to_vec(),
            place,
        });
    }
    Some(())
}

/// How many characters of base64 kustomize writes on a line.
const LINE: usize = 70;

/// Bytes as kustomize writes them: what is longer than a line is broken into lines, each with an end.
pub(super) fn base64(bytes: &[u8]) -> String {
    let encoded = STANDARD.encode(bytes);
    if encoded.len() < LINE {
        return encoded;
    }
    let mut lines = String::with_capacity(encoded.len() + encoded.len() / LINE + 1);
    for (index, character) in encoded.chars().enumerate() {
        lines.push(character);
        if (index + 1) % LINE == 0 {
            lines.push('\n');
        }
    }
    if !lines.ends_with('\n') {
        lines.push('\n');
    }
    lines
}
