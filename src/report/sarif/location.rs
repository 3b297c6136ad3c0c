//! Places and messages in the terms of SARIF.

use std::fmt::Write;

use camino::Utf8Path;
use serde_sarif::sarif;

use super::ROOT;
use crate::report::location::{Location, Region};
use crate::report::text::one_line;
use crate::source::LineColumn;

/// A message of plain text, in which `[text](1)` is a link.
pub(super) fn text_message(text: &str) -> sarif::Message {
    sarif::Message::builder().text(text).build()
}

/// The text of a link, in which brackets would end it.
pub(super) fn link_text(text: &str) -> String {
    one_line(text)
        .replace('\\', r"\\")
        .replace('[', r"\[")
        .replace(']', r"\]")
}

/// Where something is. Code scanning shows nothing without a line, so a file that was not read gets its first.
pub(super) fn located(location: &Location<'_>) -> sarif::Location {
    let first = LineColumn { line: 1, column: 1 };
    let nowhere = Region {
        start: first,
        end: first,
    };
    let place = sarif::PhysicalLocation::builder()
        .artifact_location(artifact(location.path))
        .region(region(location.region.unwrap_or(nowhere)))
        .build();
    sarif::Location::builder().physical_location(place).build()
}

/// Lines and columns.
pub(super) fn region(region: Region) -> sarif::Region {
    sarif::Region::builder()
        .start_line(number(region.start.line))
        .start_column(number(region.start.column))
        .end_line(number(region.end.line))
        .end_column(number(region.end.column))
        .build()
}

/// A file.
pub(super) fn artifact(path: &Utf8Path) -> sarif::ArtifactLocation {
    let path = percent_encoded(path.as_str());
    if path.starts_with('/') {
        let uri = format!("file://{path}");
        return sarif::ArtifactLocation::builder().uri(uri).build();
    }
    sarif::ArtifactLocation::builder()
        .uri(path)
        .uri_base_id(ROOT)
        .build()
}

/// A path as a relative reference of RFC 3986: all but unreserved characters and slashes encoded.
fn percent_encoded(path: &str) -> String {
    let mut uri = String::with_capacity(path.len());
    for byte in path.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~/".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            write!(uri, "%{byte:02X}").expect("a String takes any text");
        }
    }
    uri
}

fn number(value: usize) -> i64 {
    i64::try_from(value).expect("files are at most 4 GiB, so no line or column is near the limit")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_become_uris() {
        for (path, uri, base) in [
            ("apps/web.yaml", "apps/web.yaml", Some(ROOT)),
            ("a b/ü#1?.yaml", "a%20b/%C3%BC%231%3F.yaml", Some(ROOT)),
            ("100%.yaml", "100%25.yaml", Some(ROOT)),
            ("<stdin>", "%3Cstdin%3E", Some(ROOT)),
            ("preset:istio", "preset%3Aistio", Some(ROOT)),
            ("/srv/a.yaml", "file:///srv/a.yaml", None),
        ] {
            let location = artifact(Utf8Path::new(path));
            assert_eq!(location.uri.as_deref(), Some(uri));
            assert_eq!(location.uri_base_id.as_deref(), base);
        }
    }

    #[test]
    fn brackets_cannot_end_a_link() {
        assert_eq!(link_text(r"ports[0](2)\"), r"ports\[0\](2)\\");
    }
}
