//! What a rule says about itself.

use crate::diagnostic::{Applicability, Severity};

/// What a rule is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Category {
    /// Traffic fails or loses its encryption.
    Correctness,
    /// Something has no effect, or cannot be decided.
    Suspicious,
    /// An input could not be read, or an exception is stale.
    Hygiene,
}

impl Category {
    /// The word shown to people.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Correctness => "correctness",
            Self::Suspicious => "suspicious",
            Self::Hygiene => "hygiene",
        }
    }
}

/// When a rule runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Stage {
    /// Words the problems of reading.
    Inputs,
    /// Looks at what gets deployed in all meshes.
    Deploy,
    /// Looks at the decisions of each mesh.
    Mesh,
    /// Words what is wrong with exceptions.
    Triage,
}

/// What a rule says about itself; made by `declare_rule!`.
#[derive(Debug)]
pub struct RuleMeta {
    /// The name, which is also the file's: the bad thing, in kebab case.
    pub name: &'static str,
    /// One line, no full stop.
    pub summary: &'static str,
    /// What it is about.
    pub category: Category,
    /// The worst severity it reports.
    pub severity: Severity,
    /// The kinds that its findings name.
    pub reads: &'static [&'static str],
    /// The best fix it offers.
    pub fix: Option<Applicability>,
    /// The version of the linter that brought it.
    pub since: &'static str,
    /// The documentation, Markdown.
    pub docs: &'static str,
    /// The source file.
    pub file: &'static str,
    /// When it runs.
    pub stage: Stage,
}

impl Stage {
    /// The word shown in machine-readable output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Inputs => "inputs",
            Self::Deploy => "deploy",
            Self::Mesh => "mesh",
            Self::Triage => "triage",
        }
    }
}

impl RuleMeta {
    /// The documentation without the blank that a doc comment puts before every line.
    pub fn markdown(&self) -> String {
        let is_comment = self
            .docs
            .lines()
            .all(|line| line.is_empty() || line.starts_with(' '));
        if !is_comment {
            return self.docs.to_owned();
        }
        let mut markdown = String::with_capacity(self.docs.len());
        for line in self.docs.lines() {
            markdown.push_str(line.strip_prefix(' ').unwrap_or(line));
            markdown.push('\n');
        }
        markdown
    }

    /// The examples of one kind (`bad` or `good`) in the order of the documentation.
    pub fn examples(&self, kind: &str) -> Vec<String> {
        let opening = format!("```yaml {kind}");
        let markdown = self.markdown();
        let mut examples = Vec::new();
        let mut lines = markdown.lines();
        while let Some(line) = lines.next() {
            if line != opening {
                continue;
            }
            let body = lines.by_ref().take_while(|&line| line != "```");
            examples.push(body.flat_map(|line| [line, "\n"]).collect());
        }
        examples
    }
}
