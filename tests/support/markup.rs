//! Markdown as a parser reads it. The tests of the library share it with those of the command.

use pulldown_cmark::{Event, Options, Parser, Tag};

/// Everything that GitHub and GitLab read, and more.
pub(crate) fn options() -> Options {
    Options::all()
        - Options::ENABLE_HEADING_ATTRIBUTES
        - Options::ENABLE_OLD_FOOTNOTES
        - Options::ENABLE_YAML_STYLE_METADATA_BLOCKS
        - Options::ENABLE_PLUSES_DELIMITED_METADATA_BLOCKS
        - Options::ENABLE_SMART_PUNCTUATION
}

/// Panics if a report has other markup than ours: headings, lists, and links to the pages of rules.
pub(crate) fn only_ours(text: &str) {
    for event in Parser::new_ext(text, options()) {
        match event {
            Event::Start(Tag::Link { dest_url, .. }) => {
                assert!(
                    dest_url.starts_with("https://mtls-lint.dev/rules/"),
                    "{dest_url}"
                );
            }
            Event::Start(
                Tag::Heading { .. } | Tag::Paragraph | Tag::List(_) | Tag::Item | Tag::Strong,
            )
            | Event::End(_)
            | Event::Text(_)
            | Event::Code(_)
            | Event::SoftBreak => {}
            other => panic!("{other:?}"),
        }
    }
}
