//! XML that holds only characters that XML has and, printed into a log, no workflow command. Alone names quick-xml, with
//! the formats that are XML.

use std::borrow::Cow;
use std::io::{self, Write};

use quick_xml::events::{BytesDecl, Event};

use super::text::{REPLACEMENT, one_line, visible};

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
    writeln!(out, "{}", inert_xml(&xml))
}

/// Text as XML may hold it. There is no way to write other characters, not even as references.
pub(super) fn allowed(text: &str) -> Cow<'_, str> {
    replaced(visible(text))
}

/// Text on one line as XML may hold it.
pub(super) fn allowed_line(text: &str) -> Cow<'_, str> {
    replaced(one_line(text))
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

/// XML that means the same and holds no workflow command.
///
/// Neither command can stand in markup, only in text and attributes, where a reference means its character.
fn inert_xml(xml: &str) -> Cow<'_, str> {
    let is_command = |line: &str| line.trim_start().starts_with("::");
    if !xml.contains("##[") && !xml.lines().any(is_command) {
        return Cow::Borrowed(xml);
    }
    let mut safe = String::with_capacity(xml.len() + 64);
    for line in xml.split_inclusive('\n') {
        let line = line.replace("##[", "##&#91;");
        if is_command(&line) {
            safe.push_str(&line.replacen(':', "&#58;", 1));
        } else {
            safe.push_str(&line);
        }
    }
    Cow::Owned(safe)
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
    fn inert_xml_has_the_same_value() {
        let xml = "<a b=\"##[x]\">one\n  ::error::two\n##[three]</a>";
        let safe = inert_xml(xml);
        assert_eq!(
            safe,
            "<a b=\"##&#91;x]\">one\n  &#58;:error::two\n##&#91;three]</a>"
        );
        let [before, after] = [xml, &safe].map(|xml| {
            let document = roxmltree::Document::parse(xml).expect("it is XML");
            let root = document.root_element();
            (
                root.attribute("b").map(str::to_owned),
                root.text().map(str::to_owned),
            )
        });
        assert_eq!(before, after);
    }
}
