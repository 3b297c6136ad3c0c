//! Every link to a file of the project names one, and every anchor a heading.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use pulldown_cmark::{Event, Options, Parser, Tag, TagEnd};

use crate::pages::{all, repository};

/// What a page links to, and what may be linked in it.
#[derive(Default)]
struct Links {
    targets: Vec<String>,
    anchors: BTreeSet<String>,
}

impl Links {
    /// Reads a page.
    fn parse(text: &str) -> Self {
        let mut links = Self::default();
        let mut heading: Option<String> = None;
        for event in Parser::new_ext(text, Options::ENABLE_TABLES) {
            match event {
                Event::Start(Tag::Heading { .. }) => heading = Some(String::new()),
                Event::End(TagEnd::Heading(_)) => links.name(&heading.take().unwrap_or_default()),
                Event::Text(text) | Event::Code(text) => {
                    if let Some(heading) = &mut heading {
                        heading.push_str(&text);
                    }
                }
                Event::Start(Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. }) => {
                    links.targets.push(dest_url.into_string());
                }
                _ => {}
            }
        }
        links
    }

    /// Adds the anchor of a heading, as GitHub and mdBook name it; the second of the same name gets a number.
    fn name(&mut self, heading: &str) {
        let kept = |c: &char| c.is_alphanumeric() || matches!(c, ' ' | '-' | '_');
        let name: String = heading.to_lowercase().chars().filter(kept).collect();
        let name = name.replace(' ', "-");
        let numbered = (1..).map(|number| format!("{name}-{number}"));
        let free = std::iter::once(name.clone())
            .chain(numbered)
            .find(|name| !self.anchors.contains(name));
        self.anchors.extend(free);
    }
}

/// The path a link leads to from a page, without `.` and `..`; nothing if it leaves the repository.
fn resolve(page: &str, target: &str) -> Option<String> {
    let mut parts: Vec<&str> = page.split('/').collect();
    parts.pop();
    for part in target.split('/') {
        match part {
            "." => {}
            ".." => {
                parts.pop()?;
            }
            part => parts.push(part),
        }
    }
    Some(parts.join("/"))
}

/// What is wrong with a link of a page, if anything is.
fn fault(pages: &BTreeMap<String, Links>, page: &str, target: &str) -> Option<&'static str> {
    if target.starts_with("https://") {
        return None;
    }
    if target.contains(':') || target.starts_with('/') {
        return Some("is neither https nor relative");
    }
    let (path, anchor) = target.split_once('#').unwrap_or((target, ""));
    let path = if path.is_empty() {
        page.to_owned()
    } else {
        match resolve(page, path) {
            Some(path) => path,
            None => return Some("leaves the repository"),
        }
    };
    // The book holds the files of its folder alone.
    if page.starts_with("docs/") && !path.starts_with("docs/") {
        return Some("leaves the book");
    }
    if !Path::is_file(&repository(&path)) {
        return Some("leads to no file");
    }
    let is_known = anchor.is_empty()
        || pages
            .get(&path)
            .is_some_and(|page| page.anchors.contains(anchor));
    (!is_known).then_some("leads to no heading")
}

#[test]
fn every_link_leads_to_a_file_and_a_heading() {
    let pages: BTreeMap<String, Links> = all()
        .into_iter()
        .map(|page| (page.path, Links::parse(&page.text)))
        .collect();
    let mut faults = Vec::new();
    for (path, page) in &pages {
        for target in &page.targets {
            let fault = fault(&pages, path, target);
            faults.extend(fault.map(|fault| format!("{path}: `{target}` {fault}")));
        }
    }
    assert!(faults.is_empty(), "{}", faults.join("\n"));
}

#[test]
fn anchors_are_those_of_github() {
    let page = Links::parse("# What `--base` does, and why\n## Mesh\n## Mesh\n");
    let anchors: Vec<&str> = page.anchors.iter().map(String::as_str).collect();
    assert_eq!(anchors, ["mesh", "mesh-1", "what---base-does-and-why"]);
}

#[test]
fn a_link_that_leads_nowhere_is_found() {
    let page = Links::parse("# Title\n");
    let pages = BTreeMap::from([("docs/README.md".to_owned(), page)]);
    for (target, expected) in [
        ("https://example.com", None),
        ("#title", None),
        ("#titel", Some("leads to no heading")),
        ("no-such-page.md", Some("leads to no file")),
        ("rules/README.md", None),
        ("../README.md", Some("leaves the book")),
        ("../../a.md", Some("leaves the repository")),
        ("http://example.com", Some("is neither https nor relative")),
    ] {
        assert_eq!(
            fault(&pages, "docs/README.md", target),
            expected,
            "{target}"
        );
    }
}
