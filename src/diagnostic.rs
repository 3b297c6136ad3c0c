//! What is reported: diagnostics with their places, evidence, pairs and fixes. Plain data.

use std::fmt;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::object::ObjectId;
use crate::source::{Place, Span};
use crate::yaml::FieldPath;

/// A number with its noun, as every text says it: `1 entry`, `2 entries`, `0 meshes`.
pub(crate) fn counted(count: usize, noun: &str) -> String {
    if count == 1 {
        return format!("1 {noun}");
    }
    match noun.strip_suffix("ry") {
        Some(stem) => format!("{count} {stem}ries"),
        None if noun.ends_with("sh") => format!("{count} {noun}es"),
        None => format!("{count} {noun}s"),
    }
}

/// The verb of a sentence about so many.
pub(crate) fn is_or_are(count: usize) -> &'static str {
    if count == 1 { "is" } else { "are" }
}

/// How bad a finding is. Ordered: a note is the least.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// Latent, or said for information.
    Note,
    /// Weaker than the repository states, undecidable, or without effect.
    Warning,
    /// Traffic is refused, or is sent in clear where the repository demands mutual TLS.
    Error,
}

impl Severity {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        }
    }
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// What a finding rests on. Ordered: unknown is the weakest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Certainty {
    /// An input that could not be read may change it.
    Unknown,
    /// It rests on a stated assumption.
    Assumed,
    /// Everything it rests on is in the input.
    Known,
}

impl Certainty {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Unknown => "unknown",
            Self::Assumed => "assumed",
            Self::Known => "known",
        }
    }
}

/// A further place of a finding, in any file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Label {
    /// The place.
    pub place: Place,
    /// What it has to do with the finding.
    pub message: String,
    /// The object the place is in.
    pub object: Option<ObjectId>,
}

/// One fact of the evidence of a decision.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fact {
    /// The fact in words.
    pub text: String,
    /// Whether it is assumed rather than read from the input.
    pub assumed: bool,
    /// Where it stands, if anywhere.
    pub place: Option<Place>,
    /// The object it stands in.
    pub object: Option<ObjectId>,
}

/// A class of clients and a destination of one mesh.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PairId {
    /// The mesh, by its position in the analysis.
    pub mesh: u32,
    /// The decision about a class of clients and a destination, by its position in the mesh.
    pub decision: u32,
}

/// Whether a fix may be applied without a person looking at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum Applicability {
    /// Proved: no pair gets worse and the finding's own pairs improve.
    Safe,
    /// A person should decide.
    Unsafe,
}

impl Applicability {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Safe => "safe",
            Self::Unsafe => "unsafe",
        }
    }
}

/// A replacement of bytes in one file; an empty span inserts.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Edit {
    /// The bytes to replace.
    pub span: Span,
    /// What stands there afterwards.
    pub text: String,
}

/// A set of edits that repairs a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Fix {
    /// What the fix does, as an instruction.
    pub title: String,
    /// Whether it may be applied unseen.
    pub applicability: Applicability,
    /// The edits, not overlapping.
    pub edits: Vec<Edit>,
}

/// What keeps a finding recognisable when lines move: rule, object, field and value, not the line.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(transparent)]
pub struct Fingerprint(pub(crate) String);

impl Fingerprint {
    /// The fingerprint as text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// How an exception is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, JsonSchema)]
#[serde(rename_all = "lowercase")]
pub enum ExceptionKind {
    /// A comment in a manifest.
    Comment,
    /// An annotation of an object.
    Annotation,
    /// An entry of the config file.
    Config,
}

impl ExceptionKind {
    /// The word used in every output.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Comment => "comment",
            Self::Annotation => "annotation",
            Self::Config => "config",
        }
    }
}

/// The exception that hides a finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Suppression {
    /// How it is written.
    pub kind: ExceptionKind,
    /// Where it is written.
    pub place: Place,
    /// Why the finding is accepted, if it says so.
    pub reason: Option<String>,
}

/// One finding.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Diagnostic {
    /// The name of the rule.
    pub rule: &'static str,
    /// How bad it is.
    pub severity: Severity,
    /// What it rests on.
    pub certainty: Certainty,
    /// The headline: makes sense alone on one line, no full stop.
    pub message: String,
    /// What to do, as an instruction.
    pub help: Option<String>,
    /// Where a person would edit; none for findings about a path that has no text (a missing or unreadable file).
    pub place: Option<Place>,
    /// The path, for a finding without a place.
    pub path: Option<camino::Utf8PathBuf>,
    /// What is wrong at that place.
    pub label: String,
    /// The object the place is in.
    pub object: Option<ObjectId>,
    /// The field the place is in.
    pub field: Option<FieldPath>,
    /// Further places.
    pub labels: Vec<Label>,
    /// Why it is so, in order.
    pub evidence: Vec<Fact>,
    /// The pairs it explains.
    pub pairs: Vec<PairId>,
    /// How to repair it.
    pub fix: Option<Fix>,
    /// The meshes it was found in.
    pub meshes: Vec<String>,
    /// The exception that hides it; none for a finding that is reported.
    pub suppression: Option<Suppression>,
    /// Stable identity; filled by triage.
    pub fingerprint: Fingerprint,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_number_has_its_noun_in_the_plural_unless_it_is_one() {
        let table = [
            (1, "file", "1 file"),
            (2, "file", "2 files"),
            (1, "mesh", "1 mesh"),
            (0, "mesh", "0 meshes"),
            (1, "entry", "1 entry"),
            (3, "entry", "3 entries"),
            (2, "other rule", "2 other rules"),
        ];
        for (count, noun, expected) in table {
            assert_eq!(counted(count, noun), expected);
        }
    }
}
