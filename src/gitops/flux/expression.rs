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
    if !text.contains("${") && !text.contains("$$") {
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
    while let Some(start) = rest.find('$') {
        let (before, from) = rest.split_at(start);
        out.text.push_str(before);
        let is_outermost = depth == DEPTH;
        let (plain, length) = match from.as_bytes().get(1) {
            Some(b'{') => ("", 0),
            // Two dollars are one.
            Some(b'$') if is_outermost => ("$", 2),
            Some(_) | None => ("$", 1),
        };
        if length > 0 {
            out.text.push_str(plain);
            at += start + length;
            rest = from.get(length..).unwrap_or_default();
            continue;
        }
        let inner = from.get(2..).unwrap_or_default();
        let range = at + start..at + rest.len();
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
    if name.is_empty() {
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

/// The default of an expression, if that is its operation. Flux takes `:+` for one too.
fn default_of(operation: &str) -> Option<&str> {
    [":=", ":-", ":+", "="]
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
    for (sign, end) in [('#', End::Start), ('%', End::End)] {
        if let Some(pattern) = operation.strip_prefix(sign) {
            let longest = pattern.strip_prefix(sign);
            let pattern = longest.unwrap_or(pattern);
            let is_pattern = !pattern.is_empty();
            return is_pattern
                .then(|| cut(value, pattern, end, longest.is_some()))
                .ok_or(());
        }
    }
    if let Some(replacement) = operation.strip_prefix('/') {
        return replace(value, replacement).ok_or(());
    }
    let range = operation
        .strip_prefix(':')
        .filter(|range| !range.is_empty());
    slice(value, range.ok_or(())?)
}

/// `offset` or `offset:length` of a value; what is no number changes nothing.
fn slice(value: &str, range: &str) -> Result<String, ()> {
    let (start, length) = match range.split_once(':') {
        Some((_, "")) => return Err(()),
        Some((start, length)) => (start, Some(length)),
        None => (range, None),
    };
    let Ok(start) = start.parse::<usize>() else {
        return Ok(value.to_owned());
    };
    let rest = value.chars().skip(start);
    Ok(match length.map(str::parse::<usize>) {
        Some(Ok(length)) => rest.take(length).collect(),
        Some(Err(_)) => value.to_owned(),
        None => rest.collect(),
    })
}

/// `from/to` with a sign before it: `/` for all, `#` for the start, `%` for the end.
fn replace(value: &str, operation: &str) -> Option<String> {
    let (sign, rest) = match operation.split_at_checked(1)? {
        (sign @ ("/" | "#" | "%"), rest) => (sign, rest),
        _ => ("", operation),
    };
    let (from, to) = rest.split_once('/')?;
    Some(match sign {
        "/" => value.replace(from, to),
        "#" => match value.strip_prefix(from) {
            Some(rest) => to.to_owned() + rest,
            None => value.to_owned(),
        },
        "%" => match value.strip_suffix(from) {
            Some(rest) => rest.to_owned() + to,
            None => value.to_owned(),
        },
        _ => value.replacen(from, to, 1),
    })
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
        // As `github.com/fluxcd/pkg/envsubst` v1.4.0 does, which the table was compared with.
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
            ("$$MODE $", "$MODE $"),
            ("$$$${MODE}", "$${MODE}"),
            ("${OTHER:=$$a}", "$$a"),
            ("${OTHER:=a{b}c}", "a{bc}"),
            ("${OTHER:+x}", "x"),
            ("${EMPTY=x}", "x"),
            ("${MODE:a}", "STRICT"),
            ("${MODE^^}-${MODE:2:99}", "STRICT-RICT"),
            ("${HOST/#web/x}", "x.shop.svc"),
            ("${HOST/%svc/x}", "web.shop.x"),
            ("${HOST/./-/x}", "web-/xshop.svc"),
            ("${HOST#w?b.}", "shop.svc"),
            ("${1}", ""),
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
        for text in [
            "${", "${a.b}", "${ A }", "${}", "${A-b}", "${A?b}", "${A:}", "${A#}", "${A/b}",
            "${A^x}",
        ] {
            assert!(expand(text, &lookup).is_err(), "{text}");
        }
    }
}
