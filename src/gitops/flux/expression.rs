//! What stands between `${` and `}` in a text, and what becomes of it: the part of bash that Flux understands.

use std::ops::Range;

/// What is known about a variable.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Known<'v> {
    /// It has this value.
    Value(&'v str),
    /// Something that is not in the repository may set it.
    Unknown,
    /// Nothing sets it.
    Unset,
}

/// Where the text of an expression comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Written {
    /// From the definition of a variable.
    Variable(String),
    /// From the expression itself, at this range of the text: its default, or nothing at all.
    Here(Range<usize>),
}

/// A text with its expressions filled in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Expanded {
    /// The text.
    pub(super) text: String,
    /// Where the first expression gets its text from; none if only escapes were there.
    pub(super) written: Option<Written>,
    /// Whether an expression stays as it is, since its variable is not known.
    pub(super) is_unknown: bool,
}

/// An expression that Flux refuses, by its range.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct BadExpression(pub(super) Range<usize>);

/// How deep defaults may nest.
const DEPTH: usize = 16;

/// Fills in the expressions of a text; none if it has none.
pub(super) fn expand<'v>(
    text: &str,
    lookup: &dyn Fn(&str) -> Known<'v>,
) -> Result<Option<Expanded>, BadExpression> {
    if !text.contains("${") {
        return Ok(None);
    }
    expand_part(text, 0, lookup, DEPTH).map(Some)
}

/// Fills in the expressions of a part of a text that starts at an offset.
fn expand_part<'v>(
    text: &str,
    offset: usize,
    lookup: &dyn Fn(&str) -> Known<'v>,
    depth: usize,
) -> Result<Expanded, BadExpression> {
    let mut out = Expanded {
        text: String::new(),
        written: None,
        is_unknown: false,
    };
    let mut rest = text;
    let mut at = offset;
    while let Some(start) = rest.find("${") {
        let before = rest.get(..start).unwrap_or_default();
        let inner = rest.get(start + 2..).unwrap_or_default();
        let range = at + start..at + rest.len();
        // Two dollars are one, and what follows is text.
        if let Some(before) = before.strip_suffix('$') {
            out.text.push_str(before);
            out.text.push_str("${");
            at += start + 2;
            rest = inner;
            continue;
        }
        out.text.push_str(before);
        let bad = || BadExpression(range.clone());
        let end = closing(inner).ok_or_else(bad)?;
        let body = inner.get(..end).unwrap_or_default();
        let depth = depth.checked_sub(1).ok_or_else(bad)?;
        let range = at + start..at + start + end + 3;
        let value = evaluate(body, range.start + 2, lookup, depth)
            .map_err(|()| BadExpression(range.clone()))?;
        if let Some((value, written)) = value {
            out.text.push_str(&value);
            out.written
                .get_or_insert(written.unwrap_or_else(|| Written::Here(range.clone())));
        } else {
            out.is_unknown = true;
            out.text.push_str("${");
            out.text.push_str(body);
            out.text.push('}');
        }
        at = range.end;
        rest = inner.get(end + 1..).unwrap_or_default();
    }
    out.text.push_str(rest);
    Ok(out)
}

/// Where the brace is that closes an expression.
fn closing(text: &str) -> Option<usize> {
    let mut depth = 0usize;
    let bytes = text.as_bytes();
    for (at, &byte) in bytes.iter().enumerate() {
        match byte {
            b'{' if at > 0 && bytes.get(at - 1) == Some(&b'$') => depth += 1,
            b'}' if depth == 0 => return Some(at),
            b'}' => depth -= 1,
            _ => {}
        }
    }
    None
}

/// The value of an expression and where it comes from; none if its variable is not known.
type Evaluated = Option<(String, Option<Written>)>;

/// Evaluates what stands between the braces.
fn evaluate<'v>(
    body: &str,
    offset: usize,
    lookup: &dyn Fn(&str) -> Known<'v>,
    depth: usize,
) -> Result<Evaluated, ()> {
    let (asks_length, body) = match body.strip_prefix('#') {
        Some(body) => (true, body),
        None => (false, body),
    };
    let end = body
        .find(|one: char| !one.is_ascii_alphanumeric() && one != '_')
        .unwrap_or(body.len());
    let (name, operation) = body.split_at(end);
    let starts_well = name.starts_with(|one: char| one.is_ascii_alphabetic() || one == '_');
    if !starts_well {
        return Err(());
    }
    let value = match lookup(name) {
        Known::Unknown => return Ok(None),
        Known::Value(value) => value,
        Known::Unset => "",
    };
    let written = || Some(Written::Variable(name.to_owned()));
    if asks_length {
        return Ok(Some((value.chars().count().to_string(), written())));
    }
    if let Some(default) = default_of(operation) {
        if !value.is_empty() {
            return Ok(Some((value.to_owned(), written())));
        }
        let at = offset + (body.len() - default.len());
        let expanded = expand_part(default, at, lookup, depth).map_err(|_| ())?;
        return Ok((!expanded.is_unknown).then_some((expanded.text, expanded.written)));
    }
    let written = match lookup(name) {
        Known::Value(_) => written(),
        Known::Unknown | Known::Unset => None,
    };
    Ok(Some((apply(value, operation)?, written)))
}

/// The default of an expression, if that is its operation.
fn default_of(operation: &str) -> Option<&str> {
    [":=", ":-", "=", "-"]
        .into_iter()
        .find_map(|sign| operation.strip_prefix(sign))
}

/// What an operation makes of a value.
fn apply(value: &str, operation: &str) -> Result<String, ()> {
    let first = |change: fn(&str) -> String| {
        let mut characters = value.chars();
        let first = characters.next().map(|one| change(&one.to_string()));
        first.unwrap_or_default() + characters.as_str()
    };
    match operation {
        "" => return Ok(value.to_owned()),
        "^" => return Ok(first(str::to_uppercase)),
        "^^" => return Ok(value.to_uppercase()),
        "," => return Ok(first(str::to_lowercase)),
        ",," => return Ok(value.to_lowercase()),
        _ => {}
    }
    if let Some(pattern) = operation.strip_prefix('#') {
        return Ok(match pattern.strip_prefix('#') {
            Some(pattern) => cut(value, pattern, End::Start, true),
            None => cut(value, pattern, End::Start, false),
        });
    }
    if let Some(pattern) = operation.strip_prefix('%') {
        return Ok(match pattern.strip_prefix('%') {
            Some(pattern) => cut(value, pattern, End::End, true),
            None => cut(value, pattern, End::End, false),
        });
    }
    if let Some(replacement) = operation.strip_prefix('/') {
        return Ok(replace(value, replacement));
    }
    let range = operation.strip_prefix(':').ok_or(())?;
    slice(value, range)
}

/// `offset` or `offset:length` of a value.
fn slice(value: &str, range: &str) -> Result<String, ()> {
    let (start, length) = match range.split_once(':') {
        Some((start, length)) => (start, Some(length)),
        None => (range, None),
    };
    let number = |text: &str| text.trim().parse::<usize>().map_err(|_| ());
    let rest = value.chars().skip(number(start)?);
    Ok(match length {
        Some(length) => rest.take(number(length)?).collect(),
        None => rest.collect(),
    })
}

/// `from/to` with a sign before it: `/` for all, `#` for the start, `%` for the end.
fn replace(value: &str, operation: &str) -> String {
    let split = |text: &'_ str| -> (String, String) {
        let (from, to) = text.split_once('/').unwrap_or((text, ""));
        (from.to_owned(), to.to_owned())
    };
    if let Some(rest) = operation.strip_prefix('/') {
        let (from, to) = split(rest);
        return value.replace(&from, &to);
    }
    if let Some(rest) = operation.strip_prefix('#') {
        let (from, to) = split(rest);
        return value
            .strip_prefix(&from)
            .map_or_else(|| value.to_owned(), |rest| to + rest);
    }
    if let Some(rest) = operation.strip_prefix('%') {
        let (from, to) = split(rest);
        let stripped = value.strip_suffix(&from);
        return stripped.map_or_else(|| value.to_owned(), |rest| rest.to_owned() + &to);
    }
    let (from, to) = split(operation);
    value.replacen(&from, &to, 1)
}

/// An end of a text.
#[derive(Clone, Copy)]
enum End {
    Start,
    End,
}

/// Cuts what a pattern matches off an end, the longest or the shortest match.
fn cut(value: &str, pattern: &str, end: End, is_longest: bool) -> String {
    let mut cuts: Vec<usize> = value.char_indices().map(|(at, _)| at).collect();
    cuts.push(value.len());
    let starts_short = matches!(end, End::Start) != is_longest;
    if !starts_short {
        cuts.reverse();
    }
    for at in cuts {
        let (left, right) = value.split_at(at);
        let (matched, kept) = match end {
            End::Start => (left, right),
            End::End => (right, left),
        };
        if is_match(pattern.as_bytes(), matched.as_bytes()) {
            return kept.to_owned();
        }
    }
    value.to_owned()
}

/// Whether a pattern with `*` and `?` matches a whole text.
fn is_match(pattern: &[u8], text: &[u8]) -> bool {
    let (mut p, mut t) = (0, 0);
    let mut retry = None;
    while t < text.len() {
        match pattern.get(p) {
            Some(b'*') => {
                retry = Some((p, t));
                p += 1;
            }
            Some(&one) if one == b'?' || text.get(t) == Some(&one) => {
                p += 1;
                t += 1;
            }
            Some(_) | None => {
                let Some((star, from)) = retry else {
                    return false;
                };
                retry = Some((star, from + 1));
                p = star + 1;
                t = from + 1;
            }
        }
    }
    pattern.iter().skip(p).all(|&one| one == b'*')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lookup(name: &str) -> Known<'static> {
        match name {
            "MODE" => Known::Value("STRICT"),
            "HOST" => Known::Value("web.shop.svc"),
            "EMPTY" => Known::Value(""),
            "SECRET" => Known::Unknown,
            _ => Known::Unset,
        }
    }

    fn text(text: &str) -> String {
        let expanded = expand(text, &lookup).expect("the expression is valid");
        expanded.map_or_else(|| text.to_owned(), |expanded| expanded.text)
    }

    #[test]
    fn expressions_are_filled_in() {
        let table = [
            ("${MODE}", "STRICT"),
            ("a-${MODE}-${OTHER}-b", "a-STRICT--b"),
            ("${OTHER:=DISABLE}", "DISABLE"),
            ("${OTHER:-DISABLE}", "DISABLE"),
            ("${EMPTY:=DISABLE}", "DISABLE"),
            ("${MODE:=DISABLE}", "STRICT"),
            ("${OTHER:=${MODE}}", "STRICT"),
            ("${OTHER:=a${ANOTHER:-b}c}", "abc"),
            ("${MODE,,}", "strict"),
            ("${MODE,}", "sTRICT"),
            ("${MODE:1:2}", "TR"),
            ("${MODE:4}", "CT"),
            ("${#MODE}", "6"),
            ("${HOST#*.}", "shop.svc"),
            ("${HOST##*.}", "svc"),
            ("${HOST%.*}", "web.shop"),
            ("${HOST%%.*}", "web"),
            ("${HOST/shop/store}", "web.store.svc"),
            ("${HOST//s/x}", "web.xhop.xvc"),
            ("$MODE", "$MODE"),
            ("$${MODE}", "${MODE}"),
            ("no variable", "no variable"),
        ];
        for (before, after) in table {
            assert_eq!(text(before), after, "{before}");
        }
    }

    #[test]
    fn a_variable_that_is_not_known_stays() {
        let expanded = expand("${SECRET:=x}-${MODE}", &lookup).expect("it is valid");
        let expanded = expanded.expect("it has expressions");
        assert!(expanded.is_unknown);
        assert_eq!(expanded.text, "${SECRET:=x}-STRICT");
    }

    #[test]
    fn the_text_of_a_default_comes_from_the_expression() {
        let expanded = expand("mode ${OTHER:=DISABLE}", &lookup).expect("it is valid");
        let written = expanded.and_then(|expanded| expanded.written);
        assert_eq!(written, Some(Written::Here(5..22)));
    }

    #[test]
    fn what_is_no_expression_is_refused() {
        for text in ["${", "${a.b}", "${ A }", "${}", "${1}"] {
            assert!(expand(text, &lookup).is_err(), "{text}");
        }
    }
}
