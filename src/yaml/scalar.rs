//! Types of scalars as Kubernetes reads them.
//!
//! `sigs.k8s.io/yaml`, which kubectl and istiod use, resolves plain scalars as go-yaml v2 does: YAML 1.1, without base 60
//! and with a few additions. <https://github.com/kubernetes-sigs/yaml/blob/master/goyaml.v2/resolve.go>

use std::borrow::Cow;

use super::{Scalar, ScalarStyle};

/// Whether a scalar is null: nothing written, `~` or `null`.
pub(super) fn is_null(scalar: &Scalar) -> bool {
    resolve(scalar) == Resolved::Null
}

/// The string, if it is one.
pub(super) fn as_str(scalar: &Scalar) -> Option<&str> {
    (resolve(scalar) == Resolved::String).then_some(&*scalar.text)
}

/// The boolean, if it is one.
pub(super) fn as_bool(scalar: &Scalar) -> Option<bool> {
    match resolve(scalar) {
        Resolved::Boolean(value) => Some(value),
        Resolved::Null | Resolved::Integer(_) | Resolved::Float(_) | Resolved::String => None,
    }
}

/// The integer, if it is one; a float without a fraction is, because JSON does not tell the two apart.
pub(super) fn as_integer(scalar: &Scalar) -> Option<i64> {
    match resolve(scalar) {
        Resolved::Integer(value) => i64::try_from(value).ok(),
        Resolved::Float(value) if value.fract() == 0.0 && value.abs() < LARGEST_PLAIN_FLOAT => {
            format!("{value:.0}").parse().ok()
        }
        Resolved::Float(_) | Resolved::Null | Resolved::Boolean(_) | Resolved::String => None,
    }
}

/// From here on Go writes floats with an exponent, which no integer field accepts.
const LARGEST_PLAIN_FLOAT: f64 = 1e21;

/// The type and value of a scalar.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Resolved {
    Null,
    Boolean(bool),
    /// Up to 64 bits, signed or unsigned.
    Integer(i128),
    Float(f64),
    String,
}

/// Resolves a scalar from its text and style.
fn resolve(scalar: &Scalar) -> Resolved {
    match scalar.style {
        ScalarStyle::Plain => resolve_plain(&scalar.text),
        ScalarStyle::Quoted | ScalarStyle::Block => Resolved::String,
    }
}

/// Resolves the text of a plain scalar.
fn resolve_plain(text: &str) -> Resolved {
    match text {
        "" | "~" | "null" | "Null" | "NULL" => Resolved::Null,
        "y" | "Y" | "yes" | "Yes" | "YES" | "on" | "On" | "ON" | "true" | "True" | "TRUE" => {
            Resolved::Boolean(true)
        }
        "n" | "N" | "no" | "No" | "NO" | "off" | "Off" | "OFF" | "false" | "False" | "FALSE" => {
            Resolved::Boolean(false)
        }
        ".nan" | ".NaN" | ".NAN" => Resolved::Float(f64::NAN),
        ".inf" | ".Inf" | ".INF" | "+.inf" | "+.Inf" | "+.INF" => Resolved::Float(f64::INFINITY),
        "-.inf" | "-.Inf" | "-.INF" => Resolved::Float(f64::NEG_INFINITY),
        _ => resolve_number(text),
    }
}

/// Resolves a number; what is none is a string.
fn resolve_number(text: &str) -> Resolved {
    let starts_number = text.starts_with(|first: char| matches!(first, '0'..='9' | '+' | '-'));
    if !starts_number && !text.starts_with('.') {
        return Resolved::String;
    }
    // Underscores separate digits anywhere, but not in a float that starts with a point.
    let digits = if starts_number && text.contains('_') {
        Cow::Owned(text.replace('_', ""))
    } else {
        Cow::Borrowed(text)
    };
    if starts_number && let Some(value) = parse_integer(&digits) {
        return Resolved::Integer(value);
    }
    parse_float(&digits).map_or(Resolved::String, Resolved::Float)
}

/// An integer of at most 64 bits with a sign and a base prefix, as Go's `ParseInt` reads it with base 0.
fn parse_integer(text: &str) -> Option<i128> {
    let (is_negative, unsigned) = match text.as_bytes().first()? {
        b'-' => (true, text.get(1..)?),
        b'+' => (false, text.get(1..)?),
        _ => (false, text),
    };
    let (radix, digits) = split_radix(unsigned);
    // `from_str_radix` would take a second sign.
    if !digits.starts_with(|first: char| first.is_ascii_hexdigit()) {
        return None;
    }
    let magnitude = i128::from(u64::from_str_radix(digits, radix).ok()?);
    let value = if is_negative { -magnitude } else { magnitude };
    // Only without a sign may it use the 64th bit, as Go then reads it with `ParseUint`.
    let is_unsigned = text.len() == unsigned.len();
    (is_unsigned || i64::try_from(value).is_ok()).then_some(value)
}

/// The base that a prefix names, and the digits after it.
fn split_radix(text: &str) -> (u32, &str) {
    for (prefixes, radix) in [(["0x", "0X"], 16), (["0o", "0O"], 8), (["0b", "0B"], 2)] {
        if let Some(digits) = prefixes.iter().find_map(|prefix| text.strip_prefix(prefix)) {
            return (radix, digits);
        }
    }
    match text.strip_prefix('0') {
        Some(digits) if !digits.is_empty() => (8, digits),
        _ => (10, text),
    }
}

/// A finite decimal float such as `1.5`, `.5`, `1.` or `1e3`.
fn parse_float(text: &str) -> Option<f64> {
    let is_decimal = text
        .bytes()
        .all(|byte| matches!(byte, b'0'..=b'9' | b'.' | b'e' | b'E' | b'+' | b'-'));
    let value: f64 = is_decimal.then(|| text.parse().ok())??;
    value.is_finite().then_some(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plain(text: &str) -> Scalar {
        Scalar {
            text: text.into(),
            style: ScalarStyle::Plain,
        }
    }

    #[test]
    fn nulls_are_the_five_spellings() {
        for text in ["", "~", "null", "Null", "NULL"] {
            assert!(is_null(&plain(text)), "{text}");
        }
        for text in ["nULL", "nil", "none", "0"] {
            assert!(!is_null(&plain(text)), "{text}");
        }
    }

    #[test]
    fn booleans_are_those_of_yaml_1_1() {
        for text in ["y", "Yes", "ON", "true", "True", "TRUE"] {
            assert_eq!(as_bool(&plain(text)), Some(true), "{text}");
        }
        for text in ["n", "No", "OFF", "false", "False", "FALSE"] {
            assert_eq!(as_bool(&plain(text)), Some(false), "{text}");
        }
        for text in ["yEs", "tRUE", "1", "t", "enabled"] {
            assert_eq!(as_bool(&plain(text)), None, "{text}");
        }
    }

    #[test]
    fn integers_have_bases_signs_and_underscores() {
        let cases = [
            ("0", 0),
            ("8080", 8080),
            ("+1", 1),
            ("-1", -1),
            ("0777", 511),
            ("-0777", -511),
            ("0o777", 511),
            ("0x1F", 31),
            ("0b101", 5),
            ("-0b101", -5),
            ("15_090", 15090),
            ("1.0", 1),
            ("8e3", 8000),
            ("08", 8),
            ("9223372036854775807", i64::MAX),
        ];
        for (text, expected) in cases {
            assert_eq!(as_integer(&plain(text)), Some(expected), "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_integers() {
        for text in [
            "", "-", "+", "--1", "+-1", "0x", "0x-1", "_1", "1.5", "1e30", "a", ".inf", ".nan",
            "10:30",
        ] {
            assert_eq!(as_integer(&plain(text)), None, "{text}");
        }
    }

    #[test]
    fn numbers_and_booleans_are_no_strings() {
        for text in [
            "1",
            "1.5",
            ".5",
            "1.",
            "1e3",
            "-.inf",
            ".NaN",
            "0x1f",
            "yes",
            "",
            "18446744073709551615",
        ] {
            assert_eq!(as_str(&plain(text)), None, "{text}");
        }
    }

    #[test]
    fn what_resolves_to_nothing_else_is_a_string() {
        for text in [
            "a",
            "<<",
            "=",
            "2001-01-01",
            "1.2.3",
            "1e",
            "0x",
            "1:30",
            "v1",
            ".",
            "-",
            "1e999",
            "inf",
            "nan",
            "-inf",
            "+nan",
            "infinity",
        ] {
            assert_eq!(as_str(&plain(text)), Some(text), "{text}");
        }
    }

    #[test]
    fn quoted_and_block_scalars_are_always_strings() {
        for style in [ScalarStyle::Quoted, ScalarStyle::Block] {
            for text in ["", "1", "true", "null"] {
                let scalar = Scalar {
                    text: text.into(),
                    style,
                };
                assert_eq!(as_str(&scalar), Some(text));
            }
        }
    }
}
