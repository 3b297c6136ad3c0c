//! The graph in the language of Graphviz.

use std::io::{self, Write};

use super::GraphNodes;
use super::picture::{Area, Line, Picture, Shape};
use crate::mesh::Verdict;
use crate::mesh::graph::Graph;
use crate::report::text::inert;

/// What holds for the whole drawing; the ranks leave room for the text at lines.
const SETTINGS: &str = r##"  rankdir=LR
  ranksep=1.4
  fontname="Helvetica,Arial,sans-serif"
  node [fontname="Helvetica,Arial,sans-serif", fontsize=11, color="#57606a"]
  edge [fontname="Helvetica,Arial,sans-serif", fontsize=9]
"##;

/// Writes one drawing with all meshes; how many lines it has.
pub(super) fn render(
    graphs: &[Graph<'_>],
    nodes: GraphNodes,
    out: &mut dyn Write,
) -> io::Result<usize> {
    let mut text = format!("digraph \"mtls-lint\" {{\n{SETTINGS}");
    let mut count = 0;
    for (position, graph) in graphs.iter().enumerate() {
        let prefix = match graphs {
            [_] => String::new(),
            _ => format!("mesh{position}_"),
        };
        let picture = Picture::of(graph, nodes, &prefix);
        count += picture.lines.len();
        let is_boxed = graphs.len() > 1;
        if is_boxed {
            let label = quoted(&[format!("mesh {}", picture.mesh)]);
            text.push_str(&format!(
                "  subgraph cluster_{prefix} {{\n    label={label}\n"
            ));
        }
        for (position, area) in picture.areas.iter().enumerate() {
            push_area(&mut text, area, &format!("{prefix}{position}"));
        }
        if is_boxed {
            text.push_str("  }\n");
        }
        for line in &picture.lines {
            push_line(&mut text, line);
        }
    }
    text.push_str("}\n");
    out.write_all(inert(&text).as_bytes())?;
    Ok(count)
}

fn push_area(text: &mut String, area: &Area, id: &str) {
    if let Some(title) = &area.title {
        let label = quoted(std::slice::from_ref(title));
        text.push_str(&format!(
            "  subgraph cluster_{id} {{\n    label={label}\n    style=rounded\n    color=\"#d0d7de\"\n"
        ));
    }
    for node in &area.nodes {
        let shape = match node.shape {
            Shape::Clients => "shape=box",
            Shape::Everyone => "shape=box, style=\"rounded,bold\"",
            Shape::Service => "shape=ellipse",
            Shape::Namespace => "shape=folder",
        };
        let label = quoted(&node.lines);
        let indent = if area.title.is_some() { "    " } else { "  " };
        text.push_str(&format!("{indent}{} [{shape}, label={label}]\n", node.id));
    }
    if area.title.is_some() {
        text.push_str("  }\n");
    }
}

fn push_line(text: &mut String, line: &Line) {
    let label = quoted(&line.lines);
    let style = style(line.verdict);
    text.push_str(&format!(
        "  {} -> {} [label={label}, {style}]\n",
        line.from, line.to
    ));
}

/// The look of a verdict: its colour, and a line and arrow that tell it without colours.
fn style(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Encrypted => r##"color="#0b72aa", fontcolor="#0b72aa", style=solid"##,
        Verdict::Plaintext => {
            r##"color="#aa5108", fontcolor="#aa5108", style=dashed, penwidth=1.8"##
        }
        Verdict::Refused => {
            r##"color="#c0193d", fontcolor="#c0193d", style=solid, penwidth=2.4, arrowhead=tee"##
        }
        Verdict::AppTls => {
            r##"color="#822ed8", fontcolor="#822ed8", style=solid, arrowhead=onormal"##
        }
        Verdict::Unknown => r##"color="#636d7c", fontcolor="#636d7c", style=dotted, penwidth=1.8"##,
        Verdict::Blocked => {
            r##"color="#1f2328", fontcolor="#1f2328", style=dashed, penwidth=2.4, arrowhead=tee"##
        }
    }
}

/// Lines of text as a quoted string; Graphviz reads backslashes and names of HTML characters in it.
fn quoted(lines: &[String]) -> String {
    let lines = lines.iter().map(|line| {
        line.replace('&', "&amp;")
            .replace('\\', "\\\\")
            .replace('"', "\\\"")
    });
    format!("\"{}\"", lines.collect::<Vec<_>>().join("\\n"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_cannot_leave_its_quotes_and_means_itself() {
        let lines = ["a\"b".to_owned(), "\\N".to_owned(), "&lt;".to_owned()];
        assert_eq!(quoted(&lines), r#""a\"b\n\\N\n&amp;lt;""#);
    }
}
