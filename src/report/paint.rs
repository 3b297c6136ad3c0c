//! Colours of a terminal, for the formats that are not miette's.

use crate::mesh::Verdict;

/// Text in the colour of a verdict.
pub(super) fn verdict(verdict: Verdict, text: &str) -> String {
    let code = match verdict {
        Verdict::Refused | Verdict::Blocked => "31",
        Verdict::Plaintext => "33",
        Verdict::Unknown | Verdict::AppTls => "36",
        Verdict::Encrypted => "32",
    };
    with(code, text)
}

/// Text that steps back.
pub(super) fn dim(text: &str) -> String {
    with("2", text)
}

/// Text that stands out.
pub(super) fn bold(text: &str) -> String {
    with("1", text)
}

fn with(code: &str, text: &str) -> String {
    format!("\u{1b}[{code}m{text}\u{1b}[0m")
}
