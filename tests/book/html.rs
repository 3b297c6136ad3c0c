//! The book as mdBook builds it, where that is installed: no page is missing, and no link leads nowhere.

use std::fs;
use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::pages::{all, repository};

/// Builds the book in a folder; false where there is no mdBook.
fn build(folder: &Path) -> bool {
    let output = Command::new("mdbook")
        .args(["build", "--dest-dir"])
        .args([folder.as_os_str(), repository("").as_os_str()])
        .output();
    let output = match output {
        Err(error) if error.kind() == ErrorKind::NotFound => return false,
        output => output.expect("mdbook can be run"),
    };
    let message = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{message}");
    assert!(!message.contains("WARN"), "{message}");
    true
}

/// The HTML page of a Markdown page.
fn html(page: &str) -> PathBuf {
    let path = Path::new(page);
    if path.ends_with("README.md") {
        path.with_file_name("index.html")
    } else {
        path.with_extension("html")
    }
}

/// The targets of the links of a page that lead into the book, without anchors, which `links` looks at in the Markdown.
fn targets(html: &str) -> Vec<&str> {
    let targets = html.split("<a href=\"").skip(1);
    targets
        .filter_map(|rest| rest.split(['"', '#']).next())
        .filter(|target| !target.is_empty() && !target.contains(':'))
        .collect()
}

#[test]
fn the_book_has_every_page_and_every_target_of_its_links() {
    let folder = tempfile::tempdir().expect("a folder can be created");
    if !build(folder.path()) {
        let skipped = "skipped: the book is not built, there is no mdbook";
        writeln!(std::io::stderr(), "{skipped}").expect("the message can be written");
        return;
    }
    let pages = all().into_iter().map(|page| page.path);
    let pages = pages.filter(|path| path.starts_with("docs/") && path != crate::CONTENTS);
    for page in pages {
        let path = html(page.trim_start_matches("docs/"));
        let text = fs::read_to_string(folder.path().join(&path)).unwrap_or_default();
        assert!(text.contains("<main>"), "{} is not built", path.display());
        let parent = path.parent().unwrap_or(Path::new(""));
        for target in targets(&text) {
            let target = folder.path().join(parent).join(target);
            let is_there = target.is_file() || target.join("index.html").is_file();
            assert!(is_there, "{page}: {}", target.display());
        }
    }
}
