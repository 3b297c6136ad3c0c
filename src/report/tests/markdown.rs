//! Markdown as a parser reads it: our headings, lists and links, and nothing that a manifest brings.

#[path = "../../../tests/support/markup.rs"]
mod markup;

use pulldown_cmark::{Event, Parser, Tag};

use markup::{only_ours, options};

use super::sample::{DROPS, MARKUP, finding, sample, with_hidden};
use super::{STYLE, rendered};
use crate::diagnostic::{ExceptionKind, Severity};
use crate::report::Format;
use crate::report::markdown::{code, inline, page};

/// The text of a line in which text of a manifest stands behind a word of ours, or what else the parser sees in it.
fn read(line: &str) -> Result<String, String> {
    let mut text = String::new();
    for event in Parser::new_ext(line, options()) {
        match event {
            Event::Text(part) | Event::Code(part) => text.push_str(&part),
            Event::Start(Tag::Paragraph) | Event::End(_) => {}
            other => return Err(format!("{other:?} in {line:?}")),
        }
    }
    Ok(text)
}

/// Text without blanks and backticks, which may move.
fn letters(text: &str) -> String {
    text.replace([' ', '`'], "")
}

#[test]
fn the_sample_has_only_our_markup() {
    let text = rendered(&sample(), Format::Markdown, STYLE);
    only_ours(&text);
}

#[test]
fn the_sample_has_a_section_a_finding() {
    let text = rendered(&sample(), Format::Markdown, STYLE);
    let headings = Parser::new_ext(&text, options())
        .filter(|event| matches!(event, Event::Start(Tag::Heading { .. })));
    assert_eq!(headings.count(), 1 + sample().diagnostics.len());
}

#[test]
fn messages_for_comments_have_only_our_markup() {
    for (format, pointers) in [
        (Format::Rdjson, "/diagnostics/5/message"),
        (Format::Gitlab, "/5/content/body"),
    ] {
        let json: serde_json::Value =
            serde_json::from_str(&rendered(&sample(), format, STYLE)).expect("it is JSON");
        let message = json.pointer(pointers).and_then(|it| it.as_str());
        for event in Parser::new_ext(message.expect("a message"), options()) {
            match event {
                Event::Start(Tag::Link { dest_url, .. }) => {
                    assert!(
                        dest_url.starts_with("https://mtls-lint.dev/rules/"),
                        "{dest_url}"
                    );
                }
                Event::Start(Tag::Paragraph | Tag::List(_) | Tag::Item)
                | Event::End(_)
                | Event::Text(_)
                | Event::Code(_) => {}
                other => panic!("{format:?}: {other:?}"),
            }
        }
    }
}

#[test]
fn words_that_a_forge_would_link_become_code() {
    for (text, expected) in [
        ("ask @team now", "ask `@team` now"),
        ("see #12", "see `#12`"),
        ("at https://evil.example", "at `https://evil.example`"),
        ("www.evil.example", "`www.evil.example`"),
        ("`a`@b", "`a` `@b`"),
        ("costs $x$", "costs `$x$`"),
    ] {
        assert_eq!(inline(text), expected, "{text:?}");
    }
}

#[test]
fn quoted_names_stay_code_and_plain_words_stay_plain() {
    let text = "host `*.local` of foo/httpbin-v1 says ISTIO_MUTUAL, not 1.2: fine (really)";
    assert_eq!(inline(text), text);
}

#[test]
fn unpaired_and_empty_backticks_are_only_characters() {
    for (text, expected) in [
        ("a ` b", r"a \` b"),
        ("a `b` c ` d", r"a `b` c \` d"),
        ("``", r"\`\`"),
        ("`a``b`", "`a` `b`"),
    ] {
        assert_eq!(inline(text), expected, "{text:?}");
    }
}

#[test]
fn text_at_the_start_of_a_line_begins_no_block() {
    for text in [
        "- a", "+ a", "1. a", "12) a", "=", "# a", "> a", "---", "~~~", "a\n---", "   - a",
    ] {
        let shown = read(&inline(text)).map(|shown| letters(&shown));
        assert_eq!(shown, Ok(letters(&text.replace('\n', " "))), "{text:?}");
    }
}

#[test]
fn code_holds_any_backticks() {
    for text in ["a", "a`b", "``", " a ", "`a`", "", "a```b``"] {
        let shown = read(&code(text)).expect("only code");
        assert_eq!(shown.trim(), text.trim(), "{text:?}");
    }
}

#[test]
fn what_does_not_fit_is_counted_and_the_worst_is_kept() {
    let mut report = sample();
    let many = |severity, count| (0..count).map(move |_| finding(DROPS.name, severity, MARKUP));
    report.diagnostics = many(Severity::Note, 40)
        .chain(many(Severity::Warning, 40))
        .chain(many(Severity::Error, 3))
        .collect();
    let text = page(&report, 10_000);
    assert!(text.len() <= 10_000, "{}", text.len());
    let shown = |severity: &str| text.matches(&format!("\n### {severity}: ")).count();
    let (errors, warnings, notes) = (shown("error"), shown("warning"), shown("note"));
    assert_eq!((errors, notes), (3, 0));
    assert!(warnings > 0);
    let left = 80 - warnings;
    let line = format!(
        "**{left} more findings not shown here (0 errors, {} warnings, 40 notes):**",
        40 - warnings
    );
    assert!(text.contains(&line), "{line}");
    assert!(text.starts_with("## mtls-lint: 3 errors, 40 warnings, 40 notes\n"));
}

#[test]
fn one_finding_that_is_too_long_hides_no_other() {
    let mut report = sample();
    report.diagnostics = vec![
        finding(DROPS.name, Severity::Error, &"long ".repeat(3000)),
        finding(DROPS.name, Severity::Note, "short"),
    ];
    let text = page(&report, 10_000);
    assert!(text.contains("### note: short\n"));
    assert!(text.contains("**1 more finding not shown here (1 error, 0 warnings, 0 notes):**"));
}

proptest::proptest! {
    #[test]
    fn no_text_is_markup(
        text in "([-+=*_~`<>&!@#$|:.)(\\[\\]\\\\{}'\"/^ \n\t0-9a-c]|www\\.|https://|<b>|\\]\\(|!\\[|&lt;|\r\n|\u{0}|é){0,24}",
    ) {
        for line in [inline(&text), format!("x: {}", inline(&text))] {
            proptest::prop_assert!(!line.contains('\n'));
            let shown = read(&line);
            proptest::prop_assert!(shown.is_ok(), "{:?}", shown);
        }
        let shown = read(&inline(&text)).map(|shown| letters(&shown));
        let expected = crate::report::text::one_line(&text);
        proptest::prop_assert_eq!(shown, Ok(letters(expected.trim())));
    }
}

#[test]
fn a_hidden_finding_stands_behind_the_others_and_is_marked_with_its_reason() {
    let report = with_hidden(ExceptionKind::Config);
    let text = rendered(&report, Format::Markdown, STYLE);
    let headings: Vec<&str> = text
        .lines()
        .filter(|line| line.starts_with("### "))
        .collect();
    assert_eq!(headings.len(), report.diagnostics.len() + 1);
    let last = headings.last().expect("there is one");
    assert!(last.starts_with("### error (suppressed): "), "{last}");
    let by = "\n- suppressed by: config in apps/httpbin/rule.yaml:9: until";
    assert!(text.contains(by), "{text}");
}
