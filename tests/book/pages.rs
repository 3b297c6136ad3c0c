//! The pages of the documentation.

use std::fs;
use std::path::{Path, PathBuf};

/// The pages outside the folder of the book.
const OTHERS: [&str; 3] = ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md"];

/// One page.
pub(crate) struct Page {
    /// Its path in the repository, with forward slashes.
    pub(crate) path: String,
    /// Its text.
    pub(crate) text: String,
}

impl Page {
    /// Reads a page.
    pub(crate) fn read(path: &str) -> Self {
        let text = fs::read_to_string(repository(path));
        let text = text.unwrap_or_else(|error| panic!("{path}: {error}"));
        let path = path.to_owned();
        Self { path, text }
    }

    /// Compares the page with what it should be, or rewrites it.
    pub(crate) fn is(&self, expected: &str) {
        if self.text == expected {
            return; // writing it again might undo what another test writes at the same time
        }
        if std::env::var_os("BLESS").is_some() {
            fs::write(repository(&self.path), expected).expect("the page can be written");
            return;
        }
        let pairs = self.text.lines().zip(expected.lines());
        let difference = pairs
            .enumerate()
            .find(|(_, (found, wanted))| found != wanted);
        panic!(
            "{} is stale from {difference:?}; run `BLESS=1 cargo test --test book` and review the change",
            self.path
        );
    }
}

/// A path of the repository.
pub(crate) fn repository(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join(path)
}

/// All pages, in order.
pub(crate) fn all() -> Vec<Page> {
    let mut paths: Vec<String> = OTHERS.iter().map(|&path| path.to_owned()).collect();
    let mut pending = vec!["docs".to_owned()];
    while let Some(folder) = pending.pop() {
        for entry in fs::read_dir(repository(&folder)).expect("the folder can be listed") {
            let entry = entry.expect("the entry can be read");
            let name = entry.file_name().into_string().expect("the name is text");
            let path = format!("{folder}/{name}");
            if entry.path().is_dir() {
                pending.push(path);
            } else if entry.path().extension().is_some_and(|it| it == "md") {
                paths.push(path);
            }
        }
    }
    paths.sort();
    paths.iter().map(|path| Page::read(path)).collect()
}

/// The fences of a page: the line of each that opens one, what it says after the backticks, and the text inside.
pub(crate) fn fences(text: &str) -> Vec<(usize, &str, String)> {
    let mut found = Vec::new();
    let mut open: Option<(usize, &str, String)> = None;
    for (index, line) in text.lines().enumerate() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (Some(_), Some(_)) => found.extend(open.take()),
            (Some((.., body)), None) => {
                body.push_str(line);
                body.push('\n');
            }
            (None, Some(language)) => open = Some((index + 1, language, String::new())),
            (None, None) => {}
        }
    }
    found
}
