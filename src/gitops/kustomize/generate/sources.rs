//! Where the data of generated objects comes from: texts in the kustomization, files, files of `KEY=value` lines.

use super::texts;
use crate::gitops::kustomize::load;
use crate::gitops::kustomize::marks::Refusal;
use crate::gitops::kustomize::session::Step;
use crate::source::{FileId, OriginId, Place, Sources, Span, Spanned};
use crate::yaml::Value;

/// A key and its value.
#[derive(Clone, Debug)]
pub(super) struct Pair {
    /// The key.
    pub(super) key: Box<str>,
    /// The value.
    pub(super) value: Vec<u8>,
    /// Where the value is written.
    pub(super) place: Place,
    /// What names it, if that is elsewhere.
    pub(super) via: Option<Place>,
}

/// The pairs of a generator: those of `envs`, `literals` and `files`, in this order.
pub(super) fn pairs(entry: &Value, step: &mut Step<'_, '_>) -> Result<Vec<Pair>, Refusal> {
    let mut pairs = Vec::new();
    let env = entry.get("env").filter(|env| env.as_text() != Some(""));
    for env in texts(entry, "envs").chain(env) {
        of_lines(env, &mut pairs, step)?;
    }
    let sources = step.session.files.sources();
    for literal in texts(entry, "literals") {
        pairs.push(of_literal(literal, sources)?);
    }
    for file in texts(entry, "files") {
        pairs.push(of_file(file, step)?);
    }
    Ok(pairs)
}

/// The first pair whose key is there before.
pub(super) fn repeated(pairs: &[Pair]) -> Option<&Pair> {
    let mut all = pairs.iter().enumerate();
    all.find(|(at, pair)| {
        let mut earlier = pairs.iter().take(*at);
        earlier.any(|earlier| earlier.key == pair.key)
    })
    .map(|(_, pair)| pair)
}

/// A pair that is written as `key=value`; quotes around the whole value are taken off.
fn of_literal(literal: &Value, sources: &Sources) -> Result<Pair, Refusal> {
    let text = literal.as_text().unwrap_or_default();
    let Some((key, value)) = text.split_once('=').filter(|(key, _)| !key.is_empty()) else {
        return Err(Refusal::new(
            literal.place,
            format!("`{text}` is no literal, which is written as `key=value`"),
        ));
    };
    let quotes = ['"', '\''];
    let unquoted = quotes.iter().find_map(|quote| {
        let inner = value.strip_prefix(*quote)?;
        inner.strip_suffix(*quote)
    });
    let start = key.len() + 1 + usize::from(unquoted.is_some());
    let value = unquoted.unwrap_or(value);
    Ok(Pair {
        key: key.into(),
        value: value.into(),
        place: part(literal, start, value.len(), sources),
        via: None,
    })
}

/// The place of a part of a scalar; all of it where that is not written as it is read.
fn part(scalar: &Value, start: usize, length: usize, sources: &Sources) -> Place {
    let text = scalar.as_text().unwrap_or_default();
    let span = scalar.place.span;
    let written = sources.text(span);
    let inner = written.get(1..written.len().saturating_sub(1));
    let offset = if written == text {
        0
    } else if inner == Some(text) {
        1
    } else {
        return scalar.place;
    };
    let bounds = u32::try_from(start + offset)
        .ok()
        .zip(u32::try_from(length).ok());
    let Some((start, length)) = bounds else {
        return scalar.place;
    };
    Place {
        span: Span::new(span.file, span.start + start, span.start + start + length),
        ..scalar.place
    }
}

/// A pair that is a file, written as `key=path` or as a path that ends with the key.
fn of_file(entry: &Value, step: &mut Step<'_, '_>) -> Result<Pair, Refusal> {
    let text = entry.as_text().unwrap_or_default();
    let (key, path) = match text.split('=').collect::<Vec<_>>().as_slice() {
        [path] => (last_part(path), *path),
        [key, path] if !key.is_empty() && !path.is_empty() => (*key, *path),
        _ => {
            return Err(Refusal::new(
                entry.place,
                format!("`{text}` is neither a path nor `key=path`"),
            ));
        }
    };
    let reference = Spanned::new(path.into(), entry.place);
    let (bytes, file) = load::bytes(&reference, step)?;
    let place = file.map_or(entry.place, |file| range(file, 0, bytes.len()));
    Ok(Pair {
        key: key.into(),
        value: bytes.to_vec(),
        place,
        via: file.map(|_| entry.place),
    })
}

/// The last part of a path, slashes behind it aside.
fn last_part(path: &str) -> &str {
    let path = path.trim_end_matches('/');
    path.rsplit('/').next().unwrap_or(path)
}

/// How many bytes of a file of `KEY=value` lines kustomize looks for the end of a line in.
const LONGEST_LINE: usize = 64 * 1024;

/// Whether kustomize gives up at a line, and takes the file for ended there without a word.
fn is_too_long(line: &str) -> bool {
    line.len() > LONGEST_LINE || (line.len() == LONGEST_LINE && !line.ends_with('\n'))
}

/// The pairs of a file of `KEY=value` lines.
fn of_lines(entry: &Value, pairs: &mut Vec<Pair>, step: &mut Step<'_, '_>) -> Result<(), Refusal> {
    let Some(reference) = entry.spanned_text() else {
        return Ok(());
    };
    let (bytes, file) = load::bytes(&reference, step)?;
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Err(Refusal::new(
            entry.place,
            format!("`{}` is no text", reference.value),
        ));
    };
    let mut start = 0;
    let lines = text.split_inclusive('\n');
    for (number, whole) in lines.take_while(|line| !is_too_long(line)).enumerate() {
        let mut line = whole.strip_suffix('\n').unwrap_or(whole);
        line = line.strip_suffix('\r').unwrap_or(line);
        let end = start + line.len();
        start += whole.len();
        if number == 0 {
            line = line.strip_prefix('\u{feff}').unwrap_or(line);
        }
        line = line.trim_start();
        if line.is_empty() || line.starts_with('#') {
            continue;
        }
        let (key, value) = line.split_once('=').unwrap_or((line, ""));
        if key.is_empty() {
            continue;
        }
        let place = file.map_or(entry.place, |file| range(file, end - value.len(), end));
        pairs.push(Pair {
            key: key.into(),
            value: value.into(),
            place,
            via: file.map(|_| entry.place),
        });
    }
    Ok(())
}

/// The place of a range of a file.
fn range(file: FileId, start: usize, end: usize) -> Place {
    let offset = |at: usize| u32::try_from(at).unwrap_or(u32::MAX);
    Place {
        span: Span::new(file, offset(start), offset(end)),
        origin: OriginId::BASE,
    }
}
