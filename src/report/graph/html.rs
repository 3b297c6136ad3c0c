//! The graph as one page that needs nothing else: the data, and what draws it, in one file.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::json;
use crate::mesh::graph::Graph;
use crate::report::text::{inert_json, visible};
use crate::source::Sources;

/// The frame; a line `@@NAME@@` stands for a part.
const PAGE: &str = include_str!("page/page.html");

/// The look.
const STYLE: &str = include_str!("page/page.css");

/// What draws the data, in the order in which the parts use each other.
const SCRIPT: [&str; 6] = [
    include_str!("page/model.js"),
    include_str!("page/layout.js"),
    include_str!("page/nodes.js"),
    include_str!("page/edges.js"),
    include_str!("page/panel.js"),
    include_str!("page/page.js"),
];

/// Writes the page.
pub(super) fn render(
    graphs: &[Graph<'_>],
    sources: &Sources,
    out: &mut dyn Write,
) -> io::Result<()> {
    let data = json::text(graphs, sources)?;
    // A browser shows what is hidden in JSON no better than a terminal does.
    let data = inert_in_html(&inert_json(&visible(&data)));
    for line in PAGE.split_inclusive('\n') {
        match line.trim() {
            "@@STYLE@@" => out.write_all(STYLE.as_bytes())?,
            "@@DATA@@" => writeln!(out, "{data}")?,
            "@@SCRIPT@@" => {
                for part in SCRIPT {
                    out.write_all(part.as_bytes())?;
                }
            }
            _ => out.write_all(line.as_bytes())?,
        }
    }
    Ok(())
}

/// JSON that means the same and can stand in a script element: no character in it is one of HTML.
fn inert_in_html(json: &str) -> String {
    let mut safe = String::with_capacity(json.len() + json.len() / 16);
    for character in json.chars() {
        match character {
            '<' | '>' | '&' => {
                write!(safe, "\\u{:04x}", u32::from(character)).expect("a String takes any text");
            }
            other => safe.push(other),
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn data_cannot_leave_its_script_element() {
        let value = serde_json::json!({"a": "</script><!--\u{2028}\u{2029}&amp;"});
        let json = serde_json::to_string(&value).expect("a value is JSON");
        let safe = inert_in_html(&inert_json(&json));
        assert!(
            !safe.contains(['<', '>', '&', '\u{2028}', '\u{2029}']),
            "{safe}"
        );
        let back: serde_json::Value = serde_json::from_str(&safe).expect("it is JSON");
        assert_eq!(back, value);
    }

    #[test]
    fn the_frame_has_a_line_for_each_part() {
        for part in ["@@STYLE@@", "@@DATA@@", "@@SCRIPT@@"] {
            let lines = PAGE.lines().filter(|line| line.trim() == part);
            assert_eq!(lines.count(), 1, "{part}");
        }
    }

    #[test]
    fn no_part_closes_the_element_it_stands_in() {
        assert!(!STYLE.contains("</"));
        for part in SCRIPT {
            assert!(!part.contains("</script") && !part.contains("<!--"));
        }
    }

    #[test]
    fn the_page_names_no_other_place_of_the_network() {
        for part in [PAGE, STYLE].into_iter().chain(SCRIPT) {
            let rest = part.replace("http://www.w3.org/2000/svg", "");
            assert!(!rest.contains("http:") && !rest.contains("https:"));
        }
    }
}
