//! The words of problems: what a value is, and what should stand in its place.

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

/// A text in backticks, shortened if it is long.
fn quote(text: &str) -> String {
    match text.char_indices().nth(MAX_QUOTED) {
        Some((end, _)) => format!("`{}…`", text.get(..end).unwrap_or_default()),
        None => format!("`{text}`"),
    }
}

/// What to write instead of a wrong enum value: the nearest one, or the choice.
fn advice(text: &str, names: &[&str]) -> String {
    let upper = if text.len() <= MAX_QUOTED {
        text.to_uppercase()
    } else {
        String::new()
    };
    let nearest = names
        .iter()
        .map(|name| (strsim::damerau_levenshtein(&upper, name), name))
        .min_by_key(|&(distance, _)| distance)
        // Further away than this it is another word and not a slip.
        .filter(|(distance, name)| distance * 3 <= name.len());
    match nearest {
        Some((_, name)) => format!("did you mean `{name}`?"),
        None => format!("expected {}", one_of(names)),
    }
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
