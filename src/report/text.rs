//! Text from manifests made harmless before it reaches a terminal, a log or a workflow runner.

use std::borrow::Cow;
use std::fmt::Write;

use unicode_width::UnicodeWidthStr;

/// Stands for a character that must not be shown.
pub(super) const REPLACEMENT: char = '\u{FFFD}';

/// Whether a character acts on the reader instead of being read: controls other than tab and line feed, characters
/// that reorder text, and those without a shape.
///
/// The shapeless ones matter because a search that follows a language's collation, as .NET's does, skips them: `#`,
/// zero-width space, `#[` would still be found as `##[`.
pub(super) fn is_hidden(character: char) -> bool {
    match character {
        '\t' | '\n' => false,
        '\u{AD}'
        | '\u{34F}'
        | '\u{61C}'
        | '\u{115F}'..='\u{1160}'
        | '\u{17B4}'..='\u{17B5}'
        | '\u{180B}'..='\u{180F}'
        | '\u{200B}'..='\u{200F}'
        | '\u{2028}'..='\u{202E}'
        | '\u{2060}'..='\u{206F}'
        | '\u{FEFF}'
        | '\u{FFF9}'..='\u{FFFB}'
        | '\u{E0000}'..='\u{E0FFF}' => true,
        other => other.is_control(),
    }
}

/// The text with every hidden character replaced.
pub(crate) fn visible(text: &str) -> Cow<'_, str> {
    if text.contains(is_hidden) {
        Cow::Owned(text.replace(is_hidden, &REPLACEMENT.to_string()))
    } else {
        Cow::Borrowed(text)
    }
}

/// The text on one line, with every hidden character replaced.
pub(super) fn one_line(text: &str) -> Cow<'_, str> {
    if text.contains(['\t', '\n']) {
        Cow::Owned(visible(text).replace(['\t', '\n'], " "))
    } else {
        visible(text)
    }
}

/// The text of a file with hidden characters replaced byte by byte, so that every offset stays what it is.
///
/// A carriage return before a line feed is a line end and stays, and so does a byte order mark.
pub(super) fn same_length(text: &str) -> Cow<'_, str> {
    let (mark, rest) = match text.strip_prefix('\u{FEFF}') {
        Some(rest) => ("\u{FEFF}", rest),
        None => ("", text),
    };
    let is_bad = |at: usize, character: char| {
        is_hidden(character) && !(character == '\r' && rest[at..].starts_with("\r\n"))
    };
    if !rest
        .char_indices()
        .any(|(at, character)| is_bad(at, character))
    {
        return Cow::Borrowed(text);
    }
    let mut clean = String::with_capacity(text.len());
    clean.push_str(mark);
    for (at, character) in rest.char_indices() {
        if is_bad(at, character) {
            clean.extend(std::iter::repeat_n('?', character.len_utf8()));
        } else {
            clean.push(character);
        }
    }
    Cow::Owned(clean)
}

/// Rendered text in which no line is a workflow command.
///
/// GitHub's runner trims a line before it looks for `::`, and finds `##[` anywhere.
pub(crate) fn inert(text: &str) -> Cow<'_, str> {
    let is_command = |line: &str| line.trim_start().starts_with("::");
    if !text.contains("##[") && !text.lines().any(is_command) {
        return Cow::Borrowed(text);
    }
    let mut safe = String::with_capacity(text.len() + 8);
    for line in text.split_inclusive('\n') {
        let (blank, command) = line.split_at(line.len() - line.trim_start().len());
        safe.push_str(blank);
        if is_command(line) {
            safe.push('\\');
        }
        safe.push_str(&command.replace("##[", r"##\["));
    }
    Cow::Owned(safe)
}

/// JSON that means the same and holds no hidden character and no workflow command.
///
/// Outside of strings JSON has neither, so that the text can be changed without looking at its structure.
pub(super) fn inert_json(json: &str) -> Cow<'_, str> {
    if !json.contains(is_hidden) && !json.contains("##[") {
        return Cow::Borrowed(json);
    }
    let mut safe = String::with_capacity(json.len() + 64);
    for character in json.chars() {
        if is_hidden(character) || (character == '[' && safe.ends_with("##")) {
            for unit in character.encode_utf16(&mut [0; 2]) {
                write!(safe, "\\u{unit:04x}").expect("a String takes any text");
            }
        } else {
            safe.push(character);
        }
    }
    Cow::Owned(safe)
}

/// Breaks a line at spaces where it is wider than `width` columns; a longer word keeps a line of its own.
pub(super) fn wrap(text: &str, width: usize) -> Vec<String> {
    let mut lines = Vec::new();
    let mut line = String::new();
    let mut used = 0;
    for word in text.split_inclusive(' ') {
        let length = word.trim_end().width();
        if used > 0 && used + length > width {
            lines.push(std::mem::take(&mut line).trim_end().to_owned());
            used = 0;
        }
        line.push_str(word);
        used += word.width();
    }
    lines.push(line.trim_end().to_owned());
    lines
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hidden_characters_are_replaced() {
        for (text, expected) in [
            ("plain é✓ text", "plain é✓ text"),
            ("\u{1b}[31mred", "\u{FFFD}[31mred"),
            ("bell\u{7}, delete\u{7f}", "bell\u{FFFD}, delete\u{FFFD}"),
            ("csi\u{9b}31m", "csi\u{FFFD}31m"),
            ("back\rwards", "back\u{FFFD}wards"),
            ("\u{202E}txet", "\u{FFFD}txet"),
            ("a\tb\nc", "a\tb\nc"),
        ] {
            assert_eq!(visible(text), expected, "{text:?}");
        }
    }

    #[test]
    fn one_line_has_no_line_feed() {
        assert_eq!(one_line("a\n::error::b\tc"), "a ::error::b c");
    }

    #[test]
    fn offsets_survive_the_replacement_in_a_file() {
        for (text, expected) in [
            ("a: 1\r\nb: é\n", "a: 1\r\nb: é\n"),
            ("\u{FEFF}a\r\n", "\u{FEFF}a\r\n"),
            ("a\rb\u{9b}c\u{202E}d\u{1b}", "a?b??c???d?"),
        ] {
            let clean = same_length(text);
            assert_eq!(clean, expected);
            assert_eq!(clean.len(), text.len());
        }
    }

    #[test]
    fn lines_break_at_spaces() {
        for (text, width, expected) in [
            ("one two three", 7, vec!["one two", "three"]),
            ("one two three", 99, vec!["one two three"]),
            ("a-long-word b", 4, vec!["a-long-word", "b"]),
            ("名前 名前 x", 7, vec!["名前", "名前 x"]),
            ("  indented text", 10, vec!["  indented", "text"]),
            ("", 10, vec![""]),
        ] {
            assert_eq!(wrap(text, width), expected, "{text:?} at {width}");
        }
    }

    #[test]
    fn no_line_of_rendered_text_is_a_workflow_command() {
        for (text, expected) in [
            ("fine\n", "fine\n"),
            ("a::b", "a::b"),
            ("::error::x", r"\::error::x"),
            ("ok\n  ::add-mask::x\r\nok", "ok\n  \\::add-mask::x\r\nok"),
            ("\u{A0}::error::x", "\u{A0}\\::error::x"),
            ("see ##[error]x", r"see ##\[error]x"),
            ("###[group]", r"###\[group]"),
        ] {
            assert_eq!(inert(text), expected, "{text:?}");
        }
    }

    #[test]
    fn inert_json_has_the_same_value() {
        let value = serde_json::json!({"k": "##[error]\u{9b}\u{7f}\u{E0001}é::x"});
        let json = serde_json::to_string(&value).expect("a value is JSON");
        let safe = inert_json(&json);
        assert_eq!(
            safe,
            r###"{"k":"##\u005berror]\u009b\u007f\udb40\udc01é::x"}"###
        );
        let back: serde_json::Value = serde_json::from_str(&safe).expect("it is JSON");
        assert_eq!(back, value);
    }
}
