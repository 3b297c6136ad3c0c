//! The words of problems: what a value is, and what should stand in its place.

use std::fmt::Write;

use super::schema::is_invisible;
use crate::yaml::{Node, ScalarStyle, Value};

/// Texts longer than this are shortened in messages and not compared with the values of an enum.
const MAX_QUOTED: usize = 60;

/// That a text is not one of the names of an enum; `what` names the enum with its article.
pub(super) fn not_one_of(text: &str, what: &str, names: &[&str]) -> String {
    format!("{} is not {what}; {}", quote(text), advice(text, names))
}

/// What a value is, in words.
pub(super) fn describe(value: &Value) -> &'static str {
    match &value.node {
        Node::Mapping(_) => "a mapping",
        Node::Sequence(_) => "a list",
        Node::Scalar(_) if value.is_null() => "null",
        Node::Scalar(scalar) => match scalar.style {
            ScalarStyle::Quoted | ScalarStyle::Block => "text",
            ScalarStyle::Plain if value.as_bool().is_some() => "a boolean",
            ScalarStyle::Plain if value.as_str().is_some() => "text",
            ScalarStyle::Plain => "a number",
        },
    }
}

/// How an element of a list is called wherever it stands: by its name or its port; empty where it has neither.
pub(crate) fn element_name(value: &Value) -> &str {
    let port = || match value.get("port") {
        Some(port) => port.get("number").unwrap_or(port).as_text(),
        None => value.get("number").and_then(Value::as_text),
    };
    let name = value.get("name").and_then(Value::as_text);
    name.or_else(port).unwrap_or_default()
}

/// A text in backticks, shortened if it is long, with the code points of control characters and their like in its place.
pub(super) fn quote(text: &str) -> String {
    let (shown, more) = match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => (text.get(..end).unwrap_or_default(), "…"),
        None => (text, ""),
    };
    format!("`{}{more}`", visible(shown))
}

/// A text with the code points of characters that cannot be seen in their place.
pub(crate) fn visible(text: &str) -> String {
    let mut visible = String::with_capacity(text.len());
    for c in text.chars() {
        if is_invisible(c) {
            let _ = write!(visible, "<U+{:04X}>", u32::from(c));
        } else {
            visible.push(c);
        }
    }
    visible
}

/// What to write instead of a wrong enum value: the nearest one, or the choice.
fn advice(text: &str, names: &[&str]) -> String {
    match near_values(text, names).first() {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("expected {}", one_of(names)),
    }
}

/// The value of an enum that a text is a slip of, if it is near one only.
pub(super) fn nearest_value<'a>(text: &str, names: &[&'a str]) -> Option<&'a str> {
    match near_values(text, names).as_slice() {
        [(_, name)] | [(0, name), ..] => Some(name),
        _ => None,
    }
}

/// The values of an enum near a text, the nearest first.
fn near_values<'a>(text: &str, names: &[&'a str]) -> Vec<(usize, &'a str)> {
    if text.len() > MAX_QUOTED {
        return Vec::new();
    }
    let upper = text.trim().to_uppercase().replace(['-', ' '], "_");
    let mut near: Vec<_> = names
        .iter()
        .map(|&name| (strsim::damerau_levenshtein(&upper, name), name))
        // Further away than this it is another word and not a slip.
        .filter(|&(distance, name)| distance * 3 <= name.len())
        .collect();
    near.sort_by_key(|&(distance, _)| distance);
    near
}

/// Names as a choice: "`A`, `B` or `C`".
fn one_of(names: &[&str]) -> String {
    let quoted: Vec<_> = names.iter().map(|name| format!("`{name}`")).collect();
    match quoted.split_last() {
        Some((last, rest)) if !rest.is_empty() => format!("{} or {last}", rest.join(", ")),
        Some((last, _)) => last.clone(),
        None => String::new(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const MODES: [&str; 4] = ["DISABLE", "SIMPLE", "MUTUAL", "ISTIO_MUTUAL"];

    #[test]
    fn a_slip_names_the_value_that_was_meant() {
        let table = [
            ("ISTIO_MUTAL", "did you mean `ISTIO_MUTUAL`?"),
            ("istio_mutual", "did you mean `ISTIO_MUTUAL`?"),
            ("ISTIO-MUTUAL", "did you mean `ISTIO_MUTUAL`?"),
            ("DISABLED", "did you mean `DISABLE`?"),
            (
                "PERMISSIVE",
                "expected `DISABLE`, `SIMPLE`, `MUTUAL` or `ISTIO_MUTUAL`",
            ),
            (
                "",
                "expected `DISABLE`, `SIMPLE`, `MUTUAL` or `ISTIO_MUTUAL`",
            ),
        ];
        for (text, expected) in table {
            assert_eq!(advice(text, &MODES), expected, "{text}");
        }
    }

    #[test]
    fn a_long_text_is_shortened_between_characters() {
        let long = "é".repeat(100);
        assert_eq!(quote(&long), format!("`{}…`", "é".repeat(60)));
    }
}
