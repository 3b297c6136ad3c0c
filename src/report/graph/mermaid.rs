//! The graph in the language of Mermaid, which Markdown on many platforms draws.

use std::fmt::Write as _;
use std::io::{self, Write};

use super::GraphNodes;
use super::picture::{Area, Line, Picture, Shape};
use crate::mesh::Verdict;
use crate::mesh::graph::Graph;
use crate::report::text::inert;

/// Writes one flowchart with all meshes; how many lines it has.
pub(super) fn render(
    graphs: &[Graph<'_>],
    nodes: GraphNodes,
    out: &mut dyn Write,
) -> io::Result<usize> {
    let mut chart = Chart {
        text: "flowchart LR\n".to_owned(),
        by_verdict: Verdict::ALL.map(|verdict| (verdict, Vec::new())),
        count: 0,
    };
    for (position, graph) in graphs.iter().enumerate() {
        let is_boxed = graphs.len() > 1;
        let prefix = if is_boxed {
            format!("mesh{position}_")
        } else {
            String::new()
        };
        let picture = Picture::of(graph, nodes, &prefix);
        if is_boxed {
            chart.open(&format!("{prefix}box"), &format!("mesh {}", picture.mesh));
        }
        for (position, area) in picture.areas.iter().enumerate() {
            chart.area(area, &format!("{prefix}box{position}"));
        }
        if is_boxed {
            chart.push("end");
        }
        for line in &picture.lines {
            chart.line(line);
        }
    }
    chart.styles();
    out.write_all(inert(&chart.text).as_bytes())?;
    Ok(chart.count)
}

/// A flowchart as it is written.
struct Chart {
    text: String,
    /// The numbers of the lines with each verdict.
    by_verdict: [(Verdict, Vec<String>); Verdict::ALL.len()],
    count: usize,
}

impl Chart {
    fn push(&mut self, line: &str) {
        self.text.push_str("  ");
        self.text.push_str(line);
        self.text.push('\n');
    }

    fn open(&mut self, id: &str, title: &str) {
        self.push(&format!("subgraph {id} [{}]", quoted(&[title.to_owned()])));
    }

    fn area(&mut self, area: &Area, id: &str) {
        if let Some(title) = &area.title {
            self.open(id, title);
        }
        for node in &area.nodes {
            let (open, close) = match node.shape {
                Shape::Clients => ("[", "]"),
                Shape::Everyone => ("[[", "]]"),
                Shape::Service => ("([", "])"),
                Shape::Namespace => ("[/", "/]"),
            };
            self.push(&format!("{}{open}{}{close}", node.id, quoted(&node.lines)));
        }
        if area.title.is_some() {
            self.push("end");
        }
    }

    fn line(&mut self, line: &Line) {
        let arrow = match line.verdict {
            Verdict::Encrypted => "-->",
            Verdict::Plaintext | Verdict::Unknown => "-.->",
            Verdict::Refused => "==x",
            Verdict::AppTls => "--o",
            Verdict::Blocked => "-.-x",
        };
        let label = quoted(&line.lines);
        self.push(&format!("{} {arrow}|{label}| {}", line.from, line.to));
        for (verdict, numbers) in &mut self.by_verdict {
            if *verdict == line.verdict {
                numbers.push(self.count.to_string());
            }
        }
        self.count += 1;
    }

    /// The colours of the lines, which Mermaid knows by their numbers.
    fn styles(&mut self) {
        for (verdict, numbers) in &self.by_verdict {
            if !numbers.is_empty() {
                let numbers = numbers.join(",");
                writeln!(self.text, "  linkStyle {numbers} {}", style(*verdict))
                    .expect("a String takes any text");
            }
        }
    }
}

/// The look of a verdict.
fn style(verdict: Verdict) -> &'static str {
    match verdict {
        Verdict::Encrypted => "stroke:#0b72aa,stroke-width:1.5px",
        Verdict::Plaintext => "stroke:#aa5108,stroke-width:2px",
        Verdict::Refused => "stroke:#c0193d,stroke-width:3px",
        Verdict::AppTls => "stroke:#822ed8,stroke-width:1.5px",
        Verdict::Unknown => "stroke:#636d7c,stroke-width:2px,stroke-dasharray:2 4",
        Verdict::Blocked => "stroke:#1f2328,stroke-width:3px",
    }
}

/// Lines of text as a quoted string. Mermaid reads HTML and Markdown in it, and has characters by number for the rest.
fn quoted(lines: &[String]) -> String {
    let lines = lines.iter().map(|line| {
        let mut safe = String::with_capacity(line.len());
        for character in line.chars() {
            match character {
                '"' | '&' | '#' | ';' | '<' | '>' | '`' | '\\' | '{' | '}' | '%' | '_' | '*'
                | '~' => {
                    write!(safe, "#{};", u32::from(character)).expect("a String takes any text");
                }
                other => safe.push(other),
            }
        }
        safe
    });
    format!("\"{}\"", lines.collect::<Vec<_>>().join("<br>"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn text_is_neither_html_nor_markdown_nor_the_end_of_its_quotes() {
        let lines = ["a\"]<b>".to_owned(), "*#quot;%%{".to_owned()];
        assert_eq!(
            quoted(&lines),
            "\"a#34;]#60;b#62;<br>#42;#35;quot#59;#37;#37;#123;\""
        );
    }
}
