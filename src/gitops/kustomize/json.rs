//! JSON as Go writes it, which hashes of content and texts in JSON depend on.

use std::fmt::Write;

use super::write::write_date;
use crate::source::{FileId, OriginId, Place, Span};
use crate::yaml::{Node, Scalar, ScalarStyle, Value};

/// A value as Go's `encoding/json` writes it: keys sorted, no space, or one entry a line.
pub(super) fn encode(value: &Value, is_pretty: bool) -> String {
    let mut writer = Writer {
        out: String::new(),
        indent: is_pretty.then_some(0),
    };
    writer.value(value);
    writer.out
}

/// A string as Go's `encoding/json` writes it, with what matters to HTML escaped.
pub(super) fn encode_text(text: &str) -> String {
    let mut out = String::with_capacity(text.len() + 2);
    out.push('"');
    for c in text.chars() {
        match c {
            '"' => out.push_str("\\\""),
            '\\' => out.push_str("\\\\"),
            '\n' => out.push_str("\\n"),
            '\r' => out.push_str("\\r"),
            '\t' => out.push_str("\\t"),
            '\u{8}' => out.push_str("\\b"),
            '\u{c}' => out.push_str("\\f"),
            '<' | '>' | '&' | '\u{2028}' | '\u{2029}' | '\0'..='\u{1f}' => {
                // Writing to a string cannot fail.
                let _ = write!(out, "\\u{:04x}", u32::from(c));
            }
            _ => out.push(c),
        }
    }
    out.push('"');
    out
}

/// A place for what is only looked at.
const NOWHERE: Place = Place {
    span: Span::new(FileId::FIRST, 0, 0),
    origin: OriginId::BASE,
};

/// A scalar as JSON.
fn encode_scalar(scalar: &Scalar) -> String {
    let mut scalar = scalar.clone();
    write_date(&mut scalar);
    let value = Value {
        place: NOWHERE,
        node: Node::Scalar(scalar.clone()),
    };
    if scalar.style != ScalarStyle::Plain || value.as_str().is_some() {
        return encode_text(&scalar.text);
    }
    if value.is_null() {
        return "null".to_owned();
    }
    match (value.as_bool(), value.as_integer()) {
        (Some(boolean), _) if scalar.text.len() > 3 => boolean.to_string(),
        // `yes`, `on` and the like are strings to kustomize.
        (Some(_), _) => encode_text(&scalar.text),
        (None, Some(integer)) if integer.unsigned_abs() <= LARGEST_EXACT => integer.to_string(),
        (None, integer) => {
            let text = integer.map_or_else(|| scalar.text.replace('_', ""), |it| it.to_string());
            let float: Option<f64> = text.parse().ok();
            float.map_or_else(|| encode_text(&scalar.text), encode_float)
        }
    }
}

/// The largest whole number up to which a float, which is what Go reads all numbers of JSON as, has them all.
const LARGEST_EXACT: u64 = 1 << 53;

/// A number as Go's `encoding/json` writes it: with an exponent if it is very large or very small.
fn encode_float(float: f64) -> String {
    let size = float.abs();
    if size == 0.0 || (1e-6..1e21).contains(&size) {
        return float.to_string();
    }
    let text = format!("{float:e}");
    match text.split_once('e') {
        Some((digits, exponent)) if !exponent.starts_with('-') => format!("{digits}e+{exponent}"),
        Some(_) | None => text,
    }
}

/// What writes a value.
struct Writer {
    out: String,
    /// How deep it is indented; none on one line.
    indent: Option<usize>,
}

impl Writer {
    fn value(&mut self, value: &Value) {
        match &value.node {
            Node::Scalar(scalar) => self.out.push_str(&encode_scalar(scalar)),
            Node::Sequence(items) => {
                self.list('[', ']', items, Self::value);
            }
            Node::Mapping(mapping) => {
                let mut entries: Vec<_> = mapping.entries.iter().collect();
                // Of a key that is there twice the last counts.
                entries.reverse();
                entries.sort_by(|one, other| one.key.value.cmp(&other.key.value));
                entries.dedup_by(|one, other| one.key.value == other.key.value);
                self.list('{', '}', &entries, |writer, entry| {
                    writer.out.push_str(&encode_text(&entry.key.value));
                    writer.out.push(':');
                    if writer.indent.is_some() {
                        writer.out.push(' ');
                    }
                    writer.value(&entry.value);
                });
            }
        }
    }

    /// Writes elements between brackets.
    fn list<T>(&mut self, open: char, close: char, items: &[T], write: impl Fn(&mut Self, &T)) {
        self.out.push(open);
        self.indent = self.indent.map(|indent| indent + 1);
        for (position, item) in items.iter().enumerate() {
            if position > 0 {
                self.out.push(',');
            }
            self.break_line();
            write(self, item);
        }
        self.indent = self.indent.map(|indent| indent.saturating_sub(1));
        if !items.is_empty() {
            self.break_line();
        }
        self.out.push(close);
    }

    /// Starts a line, if there are any.
    fn break_line(&mut self) {
        if let Some(indent) = self.indent {
            self.out.push('\n');
            self.out.push_str(&"  ".repeat(indent));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::gitops::kustomize::testing::root;

    #[test]
    fn keys_are_sorted_and_html_is_escaped() {
        let text = "{b: '<a&b>', a: [1, 2.50, true, null, yes, '1'], c: {}, d: []}";
        let value = root(text);
        assert_eq!(
            encode(&value, false),
            r#"{"a":[1,2.5,true,null,"yes","1"],"b":"\u003ca\u0026b\u003e","c":{},"d":[]}"#
        );
    }

    #[test]
    fn numbers_are_floats_and_dates_are_times() {
        for (written, expected) in [
            ("1e3", "1000"),
            ("1e-9", "1e-9"),
            ("1e30", "1e+30"),
            ("100000000000000000000000", "1e+23"),
            ("9007199254740993", "9007199254740992"),
            ("0x10", "16"),
            ("2020-01-01", r#""2020-01-01T00:00:00Z""#),
        ] {
            assert_eq!(encode(&root(written), false), expected, "{written}");
        }
    }

    #[test]
    fn pretty_json_has_an_entry_a_line() {
        let value = root("{b: {c: 1}, a: []}");
        assert_eq!(
            encode(&value, true),
            "{\n  \"a\": [],\n  \"b\": {\n    \"c\": 1\n  }\n}"
        );
    }
}
