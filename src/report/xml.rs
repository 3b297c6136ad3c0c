//! XML that holds only characters that XML has and, printed into a log, no workflow command. Alone names quick-xml.

use std::borrow::Cow;
use std::io::{self, Write};

use quick_xml::events::{BytesDecl, BytesText, Event};

use super::text::{REPLACEMENT, inert, one_line, visible};

/// What the elements of a document are written to.
pub(super) type XmlWriter = quick_xml::Writer<Vec<u8>>;

/// Writes a document whose root element the function writes.
pub(super) fn document(
    root: impl FnOnce(&mut XmlWriter) -> io::Result<()>,
    out: &mut dyn Write,
) -> io::Result<()> {
    let mut writer = XmlWriter::new_with_indent(Vec::new(), b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    root(&mut writer)?;
    let xml = String::from_utf8(writer.into_inner()).map_err(io::Error::other)?;
    writeln!(out, "{xml}")
}

/// Writes an element that holds text and nothing else.
pub(super) fn text_element(
    name: &str,
    attributes: &[(&str, &str)],
    text: &str,
    writer: &mut XmlWriter,
) -> io::Result<()> {
    writer
        .create_element(name)
        .with_attributes(attributes.iter().copied())
        .write_text_content(BytesText::new(text))?;
    Ok(())
}

/// Text as XML may hold it. There is no way to write other characters, not even as references.
///
/// Commands lose their meaning as in the formats for people: some readers know no references that would keep the value.
pub(super) fn allowed(text: &str) -> String {
    inert(&replaced(visible(text))).into_owned()
}

/// Text on one line as XML may hold it, for attributes: no line of the document begins with it.
pub(super) fn allowed_line(text: &str) -> String {
    replaced(one_line(text)).replace("##[", r"##\[")
}

fn replaced(text: Cow<'_, str>) -> Cow<'_, str> {
    // `visible` leaves no control character; of the rest XML lacks only these two.
    let is_lacking = |character| matches!(character, '\u{FFFE}' | '\u{FFFF}');
    if text.contains(is_lacking) {
        Cow::Owned(text.replace(is_lacking, &REPLACEMENT.to_string()))
    } else {
        text
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn characters_that_xml_lacks_are_replaced() {
        for (text, expected) in [
            ("a\u{1b}b\u{0}c", "a\u{FFFD}b\u{FFFD}c"),
            ("a\u{FFFE}b\u{FFFF}", "a\u{FFFD}b\u{FFFD}"),
            ("é✓ 😀\tx\ny", "é✓ 😀\tx\ny"),
        ] {
            assert_eq!(allowed(text), expected, "{text:?}");
        }
    }

    #[test]
    fn no_line_of_a_text_is_a_workflow_command() {
        assert_eq!(allowed("a\n ::error::b ##[c]"), "a\n \\::error::b ##\\[c]");
    }
}
