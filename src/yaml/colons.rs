//! Colons between brackets, which the parser and go-yaml read differently.
//!
//! In `[001:db8::]` YAML 1.2 sees a key without a value, since a bracket or comma follows the last colon. For go-yaml, which
//! Kubernetes reads manifests with, a colon ends a plain scalar only before white space: it sees a string. So such colons are
//! hidden from the parser behind a character that means nothing to YAML and that the text does not have.

/// Characters that mean nothing in the middle of a plain scalar.
const STAND_INS: &[u8] =
    b"^~$;=_()+<ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789";

/// A text whose colons inside of plain scalars are hidden.
pub(super) struct Hidden {
    /// The text, of the same length.
    pub(super) text: String,
    /// What stands for a colon.
    stand_in: char,
}

impl Hidden {
    /// Hides the colons of a text; `None` if there are none to hide.
    pub(super) fn new(text: &str) -> Option<Self> {
        let bytes = text.as_bytes();
        let mut at = memchr::memchr_iter(b':', bytes)
            .filter(|&at| is_inside(bytes, at))
            .peekable();
        at.peek()?;
        // A text that has all of them is left as it is.
        let stand_in = *STAND_INS
            .iter()
            .find(|&&byte| memchr::memchr(byte, bytes).is_none())?;
        let stand_in = char::from(stand_in);
        let mut hidden = String::with_capacity(text.len());
        let mut rest = 0;
        for at in at {
            hidden.push_str(text.get(rest..at)?);
            hidden.push(stand_in);
            rest = at + 1;
        }
        hidden.push_str(text.get(rest..)?);
        Some(Self {
            text: hidden,
            stand_in,
        })
    }

    /// What the parser read, with its colons.
    pub(super) fn shown(&self, text: &str) -> String {
        text.replace(self.stand_in, ":")
    }
}

/// Whether a colon that a bracket or comma follows would be part of a plain scalar if it stood between brackets. Elsewhere it
/// is text anyway.
fn is_inside(bytes: &[u8], at: usize) -> bool {
    let is_flow = |byte: u8| matches!(byte, b',' | b'[' | b']' | b'{' | b'}');
    let ends =
        |byte: u8| byte.is_ascii_whitespace() || is_flow(byte) || matches!(byte, b'"' | b'\'');
    let (before, after) = bytes.split_at(at);
    if !after.get(1).is_some_and(|&next| is_flow(next)) {
        return false;
    }
    let token = before.iter().rev().take_while(|&&byte| !ends(byte));
    // A colon at the start of a scalar is an error for go-yaml.
    token.last().is_some_and(|&first| first != b':')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::yaml::testing::{content, outline, root};

    /// What go-yaml (sigs.k8s.io/yaml 1.6) makes of texts, as JSON.
    const SAME: &[(&str, &str)] = &[
        ("[1.2.3.4, 001:db8::]", "['1.2.3.4', '001:db8::']"),
        ("[001:db8::, 1]", "['001:db8::', 1]"),
        ("{a: 001:db8::}", "{'a': '001:db8::'}"),
        ("{a: 1:, b: 2}", "{'a': '1:', 'b': 2}"),
        ("{a:}", "{'a:': null}"),
        ("{a:,b: 1}", "{'a:': null, 'b': 1}"),
        ("[a:b]", "['a:b']"),
        ("{\"a\":[1]}", "{'a': [1]}"),
        ("[\"a\":]", "[{'a': null}]"),
        ("[a: b]", "[{'a': 'b'}]"),
        ("- x:]", "['x:]']"),
        ("[!!str a:]", "['a:']"),
        ("a: '^~ x:]'", "{'a': '^~ x:]'}"),
        ("a: |\n  [x:]\n", "{'a': \"[x:]\\n\"}"),
    ];

    #[test]
    fn colons_between_brackets_are_read_as_go_yaml_does() {
        for (text, same) in SAME {
            assert_eq!(outline(&root(text)), outline(&root(same)), "{text}");
        }
    }

    #[test]
    fn what_go_yaml_refuses_between_brackets_is_refused() {
        for text in ["{a:[1]}", "{a:{b: 1}}", "[a:{b: 1}]"] {
            assert_eq!(content(text).problems.len(), 1, "{text}");
        }
    }

    #[test]
    fn a_text_without_a_free_character_is_left_as_it_is() {
        let all = String::from_utf8(STAND_INS.to_vec()).expect("they are ASCII");
        assert!(Hidden::new(&format!("[x:] # {all}")).is_none());
    }
}
