//! What can be told from the characters of a text: what is invisible in it, whether something fills it in, whether it is a
//! duration.

/// Whether every character of a text can be seen; blanks count as seen.
pub(super) fn is_visible(text: &str) -> bool {
    let is_plain = |byte: u8| byte == b' ' || byte.is_ascii_graphic();
    text.bytes().all(is_plain) || first_invisible(text).is_none()
}

/// The first character of a text that cannot be seen.
pub(super) fn first_invisible(text: &str) -> Option<char> {
    text.chars().find(|&c| is_invisible(c))
}

/// A text without the characters that cannot be seen.
pub(super) fn without_invisible(text: &str) -> String {
    text.chars().filter(|&c| !is_invisible(c)).collect()
}

/// A character as its code point and name, such as `U+200B (zero width space)`.
pub(super) fn code_point(c: char) -> String {
    let name = match c {
        '\t' => " (tab)",
        '\n' => " (line break)",
        '\r' => " (carriage return)",
        '\u{A0}' => " (no-break space)",
        '\u{AD}' => " (soft hyphen)",
        '\u{200B}' => " (zero width space)",
        '\u{200C}' => " (zero width non-joiner)",
        '\u{200D}' => " (zero width joiner)",
        '\u{200E}' | '\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' => {
            " (direction mark)"
        }
        '\u{2060}' => " (word joiner)",
        '\u{FEFF}' => " (byte order mark)",
        _ => "",
    };
    format!("U+{:04X}{name}", u32::from(c))
}

/// Whether a character has no width, or is a blank other than the space.
pub(in crate::resource) fn is_invisible(c: char) -> bool {
    (c != ' ' && c.is_whitespace())
        || c.is_control()
        || matches!(
            c,
            '\u{AD}'
                | '\u{34F}'
                | '\u{61C}'
                | '\u{115F}'
                | '\u{1160}'
                | '\u{17B4}'
                | '\u{17B5}'
                | '\u{180B}'..='\u{180E}'
                | '\u{200B}'..='\u{200F}'
                | '\u{202A}'..='\u{202E}'
                | '\u{2060}'..='\u{206F}'
                | '\u{2800}'
                | '\u{3164}'
                | '\u{FE00}'..='\u{FE0F}'
                | '\u{FEFF}'
                | '\u{FFA0}'
                | '\u{E0000}'..='\u{E0FFF}'
        )
}

/// What opens and closes a text that is wholly to be filled in.
const BRACKETS: [(&str, &str); 5] = [
    ("<", ">"),
    ("%", "%"),
    ("@", "@"),
    ("__", "__"),
    ("[[", "]]"),
];

/// Whether something fills a text in before it is applied: `${VAR}`, `$(VAR)`, `$VAR`, `{{ … }}` and the like.
pub(in crate::resource) fn is_placeholder(text: &str) -> bool {
    let is_wrapped = |(open, close): &(&str, &str)| {
        text.strip_prefix(open)
            .and_then(|rest| rest.strip_suffix(close))
            .is_some_and(|inner| !inner.is_empty())
    };
    text.starts_with('$')
        || ["${", "$(", "{{", "<%"]
            .iter()
            .any(|open| text.contains(open))
        || BRACKETS.iter().any(is_wrapped)
}

/// The units of durations in seconds, those first that begin with another one.
const UNITS: [(&str, f64); 8] = [
    ("ns", 1e-9),
    ("us", 1e-6),
    ("µs", 1e-6),
    ("μs", 1e-6),
    ("ms", 1e-3),
    ("s", 1.0),
    ("m", 60.0),
    ("h", 3600.0),
];

/// Whether a text is a duration as Go reads it: `10s`, `1.5h`, `1m30s`, `0`.
pub(super) fn is_duration(text: &str) -> bool {
    seconds(text).is_some()
}

/// How long a duration as Go reads it is, in seconds.
pub(in crate::resource) fn seconds(text: &str) -> Option<f64> {
    let amount = text.strip_prefix(['+', '-']).unwrap_or(text);
    if amount == "0" {
        return Some(0.0);
    }
    let mut rest = Some(amount).filter(|rest| !rest.is_empty())?;
    let mut total = 0.0;
    while !rest.is_empty() {
        let end = rest
            .find(|c: char| !c.is_ascii_digit() && c != '.')
            .unwrap_or(rest.len());
        let (number, after) = rest.split_at(end);
        let mut units = UNITS.iter();
        let (length, left) =
            units.find_map(|(unit, length)| Some((length, after.strip_prefix(unit)?)))?;
        total += number.parse::<f64>().ok()? * length;
        rest = left;
    }
    Some(if text.starts_with('-') { -total } else { total })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn blanks_and_characters_without_width_are_invisible() {
        for text in [
            "a\u{200B}b",
            "a\tb",
            "a\u{A0}b",
            "\u{FEFF}a",
            "a\n",
            "a\u{202E}b",
            "a\u{AD}b",
            "a\u{3000}b",
        ] {
            assert!(!is_visible(text), "{text:?}");
            assert!(is_visible(&without_invisible(text)), "{text:?}");
        }
    }

    #[test]
    fn letters_of_any_script_and_spaces_are_visible() {
        for text in ["", "web", "a b", "*.local", "größe", "サービス"] {
            assert!(is_visible(text), "{text}");
        }
    }

    #[test]
    fn a_code_point_has_at_least_four_digits_and_perhaps_a_name() {
        assert_eq!(code_point('\u{200B}'), "U+200B (zero width space)");
        assert_eq!(code_point('\t'), "U+0009 (tab)");
        assert_eq!(code_point('\u{E0001}'), "U+E0001");
    }

    #[test]
    fn placeholders_are_of_shells_and_templates() {
        for text in [
            "${MODE}",
            "$MODE",
            "$(MODE)",
            "web.${NAMESPACE}.svc",
            "{{ .Values.mode }}",
            "<mode>",
            "@MODE@",
            "__MODE__",
            "<% mode %>",
        ] {
            assert!(is_placeholder(text), "{text}");
        }
        for text in ["", "<", "ISTIO_MUTUAL", "a$b", "{web}", "a<b>", "__"] {
            assert!(!is_placeholder(text), "{text}");
        }
    }

    #[test]
    fn durations_are_those_of_go() {
        for text in [
            "10s", "1.5h", "1m30s", "100ms", "0", "0s", ".5s", "-1s", "5µs",
        ] {
            assert!(is_duration(text), "{text}");
        }
        for text in [
            "", "10", "10 s", "10sec", "5min", "1d", "s", ".s", "1.2.3s", "-",
        ] {
            assert!(!is_duration(text), "{text}");
        }
    }
}
