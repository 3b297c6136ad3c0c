//! Exceptions in comments: `# mtls-lint: ignore[rule, other-rule] reason`.

use std::ops::Range;

use super::embedded;
use crate::rule::nearest;
use crate::source::{FileId, FileRole, SourceFile, Sources, Span};
use crate::yaml::{self, Comment, ReadOptions};

/// What stands in every comment that is meant for the linter.
const MARK: &str = "mtls-lint:";

/// The word that starts an exception.
const WORD: &str = "ignore";

/// A comment that is meant for the linter.
#[derive(Debug)]
pub(super) struct Directive {
    /// The whole comment.
    pub(super) span: Span,
    /// The line (from 0) that it is about: its own, or for a comment alone on its line the next that is not one.
    pub(super) line: Option<usize>,
    /// Whether it stands alone on its line.
    pub(super) is_alone: bool,
    /// What it says; none if it is not written as an exception.
    pub(super) exception: Option<Written>,
}

/// What an exception in a comment says.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Written {
    /// The bytes between the brackets, from the start of the comment.
    pub(super) list: Range<usize>,
    /// The names of rules with their bytes, from the start of the comment.
    pub(super) names: Vec<(String, Range<usize>)>,
    /// Why.
    pub(super) reason: Option<String>,
}

/// A comment that is meant as an exception and names no rule.
#[derive(Debug, PartialEq, Eq)]
struct NamesNoRule;

/// All comments of the repository that are meant for the linter, in the order of the files.
pub(super) fn collect(sources: &Sources) -> Vec<Directive> {
    let finder = memchr::memmem::Finder::new(MARK);
    let is_meant = |file: &SourceFile| {
        file.role() == FileRole::Input && finder.find(file.text().as_bytes()).is_some()
    };
    let mut directives = Vec::new();
    for (id, file) in sources.iter().filter(|(_, file)| is_meant(file)) {
        for comment in comments(id, file, sources) {
            directives.extend(directive(comment.span, file, sources.text(comment.span)));
        }
    }
    directives
}

/// The comments of a file, and of the patches and mesh configs that are written in it as text.
fn comments(id: FileId, file: &SourceFile, sources: &Sources) -> Vec<Comment> {
    let mut comments = Vec::new();
    for document in yaml::read(id, file, ReadOptions::ALL_DOCUMENTS).documents {
        embedded::texts(&document.root, &mut |text| {
            comments.extend(yaml::embedded_comments(text, sources));
        });
        comments.extend(document.comments);
    }
    comments.sort_by_key(|comment| comment.span);
    comments.dedup();
    comments
}

/// Reads a comment, if it is meant for the linter.
fn directive(span: Span, file: &SourceFile, text: &str) -> Option<Directive> {
    let exception = parse(text)?.ok();
    let own = file.line_index(span.start as usize);
    let before = file.line_range(own).start..span.start as usize;
    let before = file.text().get(before).unwrap_or_default();
    let is_alone = before.trim().is_empty();
    let line = if is_alone {
        let mut lines = own + 1..file.line_count();
        lines.find(|&line| {
            let text = file.line_text(line);
            let text = text.trim_start();
            !text.is_empty() && !text.starts_with('#')
        })
    } else {
        Some(own)
    };
    Some(Directive {
        span,
        line,
        is_alone,
        exception,
    })
}

/// Reads the text of a comment, if it is meant for the linter.
fn parse(comment: &str) -> Option<Result<Written, NamesNoRule>> {
    let rest = comment.strip_prefix('#')?.trim_start();
    let rest = rest.strip_prefix(MARK)?.trim_start();
    let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '-');
    let (word, rest) = rest.split_at(end.unwrap_or(rest.len()));
    let list = rest.trim_start().strip_prefix('[');
    if word != WORD {
        // What only talks about the linter is left alone.
        let is_meant = list.is_some() || nearest(word, [WORD]).is_some();
        return is_meant.then_some(Err(NamesNoRule));
    }
    let written = list.and_then(|list| written(comment, list));
    Some(written.ok_or(NamesNoRule))
}

/// Reads what follows the opening bracket, a tail of the comment.
fn written(comment: &str, rest: &str) -> Option<Written> {
    let start = comment.len() - rest.len();
    let (list, reason) = rest.split_once(']')?;
    let mut names = Vec::new();
    let mut at = start;
    for part in list.split(',') {
        let name = part.trim();
        let from = at + (part.len() - part.trim_start().len());
        if !name.is_empty() {
            names.push((name.to_owned(), from..from + name.len()));
        }
        at += part.len() + 1;
    }
    let reason = reason.trim_start_matches([' ', '\t', ':', '-', '–', '—']);
    let reason = reason.trim_end();
    (!names.is_empty()).then(|| Written {
        list: start..start + list.len(),
        names,
        reason: (!reason.is_empty()).then(|| reason.to_owned()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(comment: &str) -> Option<Vec<String>> {
        let names = parse(comment)?.ok()?.names.into_iter();
        Some(names.map(|(name, _)| name).collect())
    }

    fn read(comment: &str) -> Written {
        let written = parse(comment).and_then(Result::ok);
        written.expect("it is an exception")
    }

    /// The line (from 0) that each comment of a file is about.
    fn lines(text: &str) -> Vec<Option<usize>> {
        let file = SourceFile::new("a.yaml".into(), text.into(), FileRole::Input);
        let directives = collect(&Sources::new(vec![file])).into_iter();
        directives.map(|directive| directive.line).collect()
    }

    #[test]
    fn a_comment_names_rules_and_a_reason() {
        let comment = "# mtls-lint: ignore[a-b, c] until the move";
        let written = read(comment);
        assert_eq!(written.reason.as_deref(), Some("until the move"));
        assert_eq!(&comment[written.list], "a-b, c");
        let spans = written.names.iter().map(|(_, span)| &comment[span.clone()]);
        assert_eq!(spans.collect::<Vec<_>>(), ["a-b", "c"]);
    }

    #[test]
    fn blanks_and_marks_around_the_parts_do_not_matter() {
        for comment in ["#mtls-lint:ignore[a]", "#  mtls-lint:  ignore [ a , ]"] {
            assert_eq!(names(comment).as_deref(), Some(["a".to_owned()].as_slice()));
            let written = read(comment);
            assert_eq!(written.reason, None);
        }
        for comment in [
            "# mtls-lint: ignore[a]: why",
            "# mtls-lint: ignore[a] — why ",
        ] {
            let written = read(comment);
            assert_eq!(written.reason.as_deref(), Some("why"));
        }
    }

    #[test]
    fn an_exception_that_names_nothing_is_not_one() {
        for comment in [
            "# mtls-lint: ignore",
            "# mtls-lint: ignore a",
            "# mtls-lint: ignore[]",
            "# mtls-lint: ignore[a",
            "# mtls-lint: ignroe[a]",
            "# mtls-lint: disable[a]",
        ] {
            assert_eq!(parse(comment), Some(Err(NamesNoRule)), "{comment}");
        }
    }

    #[test]
    fn comments_that_talk_about_the_linter_are_left_alone() {
        for comment in ["# see mtls-lint: ignore[a]", "# mtls-lint: found this", "#"] {
            assert_eq!(parse(comment), None, "{comment}");
        }
    }

    #[test]
    fn a_comment_is_about_its_line_or_the_next_that_is_no_comment() {
        assert_eq!(lines("a: 1 # mtls-lint: ignore[x]\nb: 2\n"), [Some(0)]);
        let stacked = "# mtls-lint: ignore[x]\n# mtls-lint: ignore[y]\n\na: 1\n";
        assert_eq!(lines(stacked), [Some(3), Some(3)]);
        assert_eq!(lines("a: 1\n# mtls-lint: ignore[x]\n"), [None]);
    }

    #[test]
    fn text_in_strings_is_no_comment() {
        let text = "a: '# mtls-lint: ignore[x]'\nb: |\n  # mtls-lint: ignore[x]\n  c\n";
        assert!(lines(text).is_empty());
    }

    #[test]
    fn a_comment_in_a_patch_that_is_written_as_text_counts() {
        let text = "patches:\n- patch: |-\n    kind: A\n    # mtls-lint: ignore[x]\n    spec: {}\n";
        assert_eq!(lines(text), [Some(4)]);
    }
}
