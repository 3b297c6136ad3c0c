//! What is written where a variable stands, as kustomize reads and writes it.

use crate::gitops::kustomize::field_spec::{scalar, string};
use crate::source::Place;
use crate::yaml::{Node, ScalarStyle, Value};

/// What a variable stands for.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Filling {
    /// Where it is written.
    pub(super) place: Place,
    /// What a field becomes that is nothing but the variable.
    pub(super) alone: Node,
    /// What is written into a longer text; none for a list or mapping, for which the variable stays.
    pub(super) within: Option<Box<str>>,
}

impl Filling {
    /// What a value is written as; none for a number that kustomize cannot read, such as a hexadecimal one.
    pub(super) fn new(value: &Value) -> Option<Self> {
        let place = value.place;
        let Node::Scalar(written) = &value.node else {
            return Some(Self {
                place,
                alone: value.node.clone(),
                within: None,
            });
        };
        let plain = |text: String| (scalar(&text, ScalarStyle::Plain), Box::from(text));
        let (alone, within) = if let Some(is) = value.as_bool() {
            plain(is.to_string())
        } else if value.as_str().is_some() || value.is_null() {
            // Null becomes the string that it is written as.
            (string(&written.text, place).node, written.text.clone())
        } else if let Ok(number) = written.text.parse::<i64>() {
            // A leading zero does not make it octal here.
            plain(number.to_string())
        } else {
            let number = decimal(&written.text)?;
            let alone = scalar(&number.to_string(), ScalarStyle::Plain);
            (alone, in_general(number).into())
        };
        Some(Self {
            place,
            alone,
            within: Some(within),
        })
    }
}

/// A decimal number that is no integer.
fn decimal(text: &str) -> Option<f64> {
    let is_decimal = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let is_float = text.contains(['.', 'e', 'E']);
    (is_decimal && is_float).then(|| text.parse().ok())?
}

/// A number as Go prints it: with an exponent where it is very small or very large.
fn in_general(number: f64) -> String {
    if number == 0.0 || (1e-4..1e21).contains(&number.abs()) {
        return number.to_string();
    }
    let text = format!("{number:e}");
    let Some((digits, exponent)) = text.split_once('e') else {
        return text;
    };
    match exponent.strip_prefix('-') {
        Some(exponent) => format!("{digits}e-{exponent:0>2}"),
        None => format!("{digits}e+{exponent:0>2}"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::{outline, root};

    /// What a value is written as alone and within a longer text.
    fn written(text: &str) -> Option<(String, Option<Box<str>>)> {
        let filling = Filling::new(&root(text))?;
        let alone = Value {
            place: filling.place,
            node: filling.alone,
        };
        Some((outline(&alone), filling.within))
    }

    #[test]
    fn numbers_and_booleans_keep_their_type_where_they_stand_alone() {
        for (text, alone, within) in [
            ("5", "5", "5"),
            ("+5", "5", "5"),
            ("0777", "777", "777"),
            ("1.50", "1.5", "1.5"),
            ("1.0", "1", "1"),
            ("1e21", "1000000000000000000000", "1e+21"),
            ("0.00001", "0.00001", "1e-05"),
            ("True", "true", "true"),
        ] {
            let expected = Some((alone.to_owned(), Some(within.into())));
            assert_eq!(written(text), expected, "{text}");
        }
    }

    #[test]
    fn everything_else_is_a_string() {
        for (text, alone, within) in [
            ("a", "a", "a"),
            ("'5'", "\"5\"", "5"),
            ("'true'", "\"true\"", "true"),
            ("null", "\"null\"", "null"),
            ("2001-01-01", "\"2001-01-01\"", "2001-01-01"),
        ] {
            let expected = Some((alone.to_owned(), Some(within.into())));
            assert_eq!(written(text), expected, "{text}");
        }
    }

    #[test]
    fn numbers_in_another_base_cannot_be_read() {
        for text in ["0x10", "0b1", "1_000", ".inf"] {
            assert_eq!(written(text), None, "{text}");
        }
    }

    #[test]
    fn lists_and_mappings_are_not_filled_in() {
        for text in ["[a]", "{a: b}"] {
            let (_, within) = written(text).expect("they are no numbers");
            assert_eq!(within, None, "{text}");
        }
    }
}
