//! The documentation as a book: every page is in its contents, every link leads somewhere, and what a page shows as output is
//! what the program prints. `BLESS=1 cargo test --test book` writes the outputs and the contents' list of rules.
#![expect(
    clippy::disallowed_methods,
    reason = "the tests read the pages and run what they show"
)]

mod examples;
mod html;
mod links;
#[cfg(unix)]
mod outputs;
mod pages;
#[cfg(unix)]
#[expect(dead_code, reason = "other tests use more of it")]
#[path = "../support/mod.rs"]
mod support;

use mtls_lint::rules::RULES;
use pages::{Page, all, repository};

/// The contents of the book, as mdBook reads them.
const CONTENTS: &str = "docs/SUMMARY.md";

/// The line before the list of rules in the contents.
const RULES_LINE: &str = "- [Rules](rules/README.md)";

/// The lines of the contents that name a rule.
fn rule_lines() -> String {
    let line = |name| format!("  - [{name}](rules/{name}.md)\n");
    RULES.iter().map(|rule| line(rule.meta.name)).collect()
}

/// The contents with the list of rules as it should be.
fn contents_with_rules(text: &str) -> String {
    let mut refreshed = String::new();
    for line in text.lines().filter(|line| !line.starts_with("  - [")) {
        refreshed.push_str(line);
        refreshed.push('\n');
        if line == RULES_LINE {
            refreshed.push_str(&rule_lines());
        }
    }
    refreshed
}

#[test]
fn the_contents_list_every_rule() {
    let page = Page::read(CONTENTS);
    assert!(page.text.contains(RULES_LINE), "{CONTENTS}: {RULES_LINE}");
    page.is(&contents_with_rules(&page.text));
}

#[test]
fn the_contents_name_every_page_once() {
    let contents = Page::read(CONTENTS);
    for page in all() {
        let Some(path) = page.path.strip_prefix("docs/") else {
            continue;
        };
        let count = contents.text.matches(&format!("]({path})")).count();
        let expected = usize::from(page.path != CONTENTS);
        assert_eq!(count, expected, "{path} in {CONTENTS}");
    }
}

#[test]
fn the_book_is_made_of_the_folder_of_pages() {
    let settings = std::fs::read_to_string(repository("book.toml")).expect("it can be read");
    assert!(settings.contains("src = \"docs\"\n"));
    // Otherwise a page that is missing is made up.
    assert!(settings.contains("create-missing = false\n"));
}

#[test]
fn every_repository_of_a_question_is_shown() {
    let pages = all();
    let folders = std::fs::read_dir(repository("testdata/faq")).expect("the folder can be listed");
    for folder in folders {
        let name = folder.expect("the entry can be read").file_name();
        let shown = format!("<!-- session: testdata/faq/{}", name.display());
        let is_shown = |line: &str| {
            let rest = line.strip_prefix(&shown);
            rest.is_some_and(|rest| rest.starts_with([' ', ';']))
        };
        let mut lines = pages.iter().flat_map(|page| page.text.lines());
        assert!(lines.any(is_shown), "{}", name.display());
    }
}
