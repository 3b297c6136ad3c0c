//! Looks at the text around the parser's events, whose spans leave out dashes, block headers and colons.

use std::ops::Range;

/// The nearest character boundary at or before an offset.
pub(super) fn boundary(text: &str, offset: usize) -> usize {
    let offset = offset.min(text.len());
    (0..=offset)
        .rev()
        .find(|&at| text.is_char_boundary(at))
        .unwrap_or_default()
}

/// The first of some indicators after a token, with nothing but white space, comments, anchors, tags and the `?` and `:` of
/// a mapping before it; at most at `limit`.
pub(super) fn find_indicator(
    text: &str,
    after: usize,
    limit: usize,
    wanted: &[u8],
) -> Option<usize> {
    let bytes = text.as_bytes();
    let mut at = after;
    while at <= limit {
        let byte = *bytes.get(at)?;
        if wanted.contains(&byte) {
            return Some(at);
        }
        at = match byte {
            b' ' | b'\t' | b'\r' | b'\n' | b':' | b'?' => at + 1,
            b'#' => at + memchr::memchr(b'\n', bytes.get(at..)?)?,
            b'&' | b'!' => at + memchr::memchr3(b' ', b'\t', b'\n', bytes.get(at..)?)?,
            _ => return None,
        };
    }
    None
}

/// The bytes of a block scalar from its `|` or `>` to the end of its last line that is not blank.
pub(super) fn block_scalar(text: &str, header: usize, end: usize) -> Range<usize> {
    let written = text.get(header..end).unwrap_or_default();
    let content = memchr::memchr(b'\n', written.as_bytes()).unwrap_or(written.len());
    let is_empty = written
        .get(content..)
        .is_none_or(|content| content.trim().is_empty());
    let length = if is_empty {
        written
            .find(|c: char| !matches!(c, '|' | '>' | '+' | '-' | '0'..='9'))
            .unwrap_or(written.len())
    } else {
        let visible = written.trim_end().len();
        let rest = written.get(visible..).unwrap_or_default();
        // White space at the end of the last line is content, its line end is not.
        let line = rest.split('\n').next().unwrap_or_default();
        visible + line.strip_suffix('\r').unwrap_or(line).len()
    };
    header..header + length
}

/// The position just after the colon that follows a key, where an empty value stands.
pub(super) fn after_colon(text: &str, at: usize) -> usize {
    let rest = text.get(at..).unwrap_or_default();
    let blank = rest.len() - rest.trim_start_matches([' ', '\t']).len();
    if rest.as_bytes().get(blank) == Some(&b':') {
        at + blank + 1
    } else {
        at
    }
}

/// The first tab in the indentation of a line, if only white space stands between its start and an offset.
pub(super) fn tab_before(text: &str, at: usize) -> Option<usize> {
    let before = text.get(..at)?;
    let indentation = before
        .len()
        .checked_sub(before.trim_end_matches([' ', '\t']).len())?;
    let start = at - indentation;
    let starts_line = matches!(before.as_bytes().get(..start)?.last(), None | Some(b'\n'));
    let tab = memchr::memchr(b'\t', before.as_bytes().get(start..)?)?;
    starts_line.then_some(start + tab)
}

/// What to point at for an error: the word at an offset, or the last character before it where nothing follows.
pub(super) fn word_at(text: &str, offset: usize) -> Range<usize> {
    let offset = boundary(text, offset);
    let (before, after) = text.split_at(offset);
    let line = after.lines().next().unwrap_or_default();
    let start = offset + (line.len() - line.trim_start().len());
    let length = line.trim_start().find(char::is_whitespace);
    let length = length.unwrap_or(line.trim_start().len());
    if length > 0 {
        return start..start + length;
    }
    let end = before.trim_end().len();
    let last = before
        .trim_end()
        .chars()
        .next_back()
        .map_or(0, char::len_utf8);
    end - last..end
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn indicators_are_found_behind_properties_and_comments() {
        let text = "a: # - not this\n  &x !!seq\n  - 1";
        assert_eq!(find_indicator(text, 1, text.len(), b"-"), text.rfind("- 1"));
        assert_eq!(find_indicator("a: b - c", 1, 8, b"-"), None);
        assert_eq!(find_indicator("a: - c", 1, 2, b"-"), None);
    }

    #[test]
    fn a_block_scalar_ends_with_its_last_visible_line() {
        let cases = [
            ("|\n  a\n  b\n\n  ", "|\n  a\n  b"),
            ("|\r\n  a\r\n\r\n", "|\r\n  a"),
            ("|\n  a  \n", "|\n  a  "),
            ("|- # why\n  a\n", "|- # why\n  a"),
            (">2-  # nothing\n\n", ">2-"),
            ("|", "|"),
        ];
        for (text, expected) in cases {
            assert_eq!(&text[block_scalar(text, 0, text.len())], expected);
        }
    }

    #[test]
    fn an_empty_value_stands_after_its_colon() {
        let cases = [("a:\n", 2), ("a :", 3), ("a", 1), ("a, b: c", 1)];
        for (text, expected) in cases {
            assert_eq!(after_colon(text, 1), expected, "{text:?}");
        }
    }

    #[test]
    fn tabs_are_found_in_indentation_only() {
        let cases = [
            ("\ta", 1, Some(0)),
            ("x\n \ta", 4, Some(3)),
            ("x:\ta", 3, None),
            ("  a", 2, None),
        ];
        for (text, at, expected) in cases {
            assert_eq!(tab_before(text, at), expected, "{text:?}");
        }
    }

    #[test]
    fn errors_point_at_something_visible() {
        let cases = [
            ("a: b c", 3, "b"),
            ("a: b c", 4, "c"),
            ("a: {\n\n", 6, "{"),
            ("a: é\r\n", 6, "é"),
            ("a: é", 4, "é"),
            ("", 9, ""),
        ];
        for (text, at, expected) in cases {
            assert_eq!(&text[word_at(text, at)], expected, "{text:?}");
        }
    }
}
