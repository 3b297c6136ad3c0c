//! The graph in the language of Graphviz.

use std::io::{self, Write};

use super::GraphNodes;
use super::picture::{Area, Picture, Shape};
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
    let mut drawing = Drawing {
        text: format!("digraph \"mtls-lint\" {{\n{SETTINGS}"),
        indent: 1,
    };
    let mut count = 0;
    let is_boxed = graphs.len() > 1;
    for (position, graph) in graphs.iter().enumerate() {
        let prefix = if is_boxed {
            format!("mesh{position}_")
        } else {
            String::new()
        };
        let picture = Picture::of(graph, nodes, &prefix);
        count += picture.lines.len();
        if is_boxed {
            drawing.open(&prefix, format!("mesh {}", picture.mesh));
        }
        for (position, area) in picture.areas.iter().enumerate() {
            drawing.area(area, &format!("{prefix}{position}"));
        }
        if is_boxed {
            drawing.close();
        }
        for line in &picture.lines {
            let (label, style) = (quoted(&line.lines), style(line.verdict));
            drawing.push(&format!(
                "{} -> {} [label={label}, {style}]",
                line.from, line.to
            ));
        }
    }
    drawing.close();
    out.write_all(inert(&drawing.text).as_bytes())?;
    Ok(count)
}

/// A drawing as it is written.
struct Drawing {
    text: String,
    indent: usize,
}

impl Drawing {
    fn push(&mut self, line: &str) {
        self.text.push_str(&"  ".repeat(self.indent));
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn open(&mut self, id: &str, title: String) {
        self.push(&format!("subgraph cluster_{id} {{"));
        self.indent += 1;
        self.push(&format!("label={}", quoted(&[title])));
        self.push("style=rounded");
        self.push("color=\"#d0d7de\"");
    }

    fn close(&mut self) {
        self.indent -= 1;
        self.push("}");
    }

    fn area(&mut self, area: &Area, id: &str) {
        if let Some(title) = &area.title {
            self.open(id, title.clone());
        }
        for node in &area.nodes {
            let shape = match node.shape {
                Shape::Clients => "shape=box",
                Shape::Everyone => "shape=box, style=\"rounded,bold\"",
                Shape::Service => "shape=ellipse",
                Shape::Namespace => "shape=folder",
            };
            let label = quoted(&node.lines);
            self.push(&format!("{} [{shape}, label={label}]", node.id));
        }
        if area.title.is_some() {
            self.close();
        }
    }
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
