//! A finding below its headline, part by part, for the formats that have no keys for what a finding knows.

use std::borrow::Cow;

use super::caveat;
use super::location::{Extent, Location};
use super::text::one_line;
use crate::diagnostic::{Applicability, Certainty, Diagnostic, Fact, Fix, Suppression};
use crate::engine::Report;
use crate::source::Sources;

/// The mesh of a repository that names none; to name it would say nothing.
const ONLY_MESH: &str = "default";

/// What a part says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// What is wrong at the place of the finding.
    Here,
    /// The object and the field.
    In,
    /// A further place.
    See,
    /// A fact of the evidence.
    Why,
    /// The meshes.
    Mesh,
    /// What the finding rests on, unless that is the input alone.
    Note,
    /// What to do.
    Help,
    /// What the fix does that needs no look.
    SafeFix,
    /// What the fix does that a person should look at.
    UnsafeFix,
    /// The exception that hides the finding.
    SuppressedBy,
}

impl Kind {
    /// The word in front of the part; none where it speaks for itself.
    pub(super) fn title(self) -> &'static str {
        match self {
            Self::Here => "",
            Self::In => "in",
            Self::See => "see",
            Self::Why => "why",
            Self::Mesh => "mesh",
            Self::Note => "note",
            Self::Help => "help",
            Self::SafeFix => "fix (safe)",
            Self::UnsafeFix => "fix (unsafe)",
            Self::SuppressedBy => "suppressed by",
        }
    }

    /// What a fix is called.
    pub(super) fn of_fix(fix: &Fix) -> Self {
        match fix.applicability {
            Applicability::Safe => Self::SafeFix,
            Applicability::Unsafe => Self::UnsafeFix,
        }
    }
}

/// One thing to say about a finding.
#[derive(Clone, Debug)]
pub(super) struct Part<'r> {
    /// What it is.
    pub(super) kind: Kind,
    /// The words, as the finding has them.
    pub(super) text: Cow<'r, str>,
    /// Where that stands.
    pub(super) location: Option<Location<'r>>,
}

impl<'r> Part<'r> {
    fn new(kind: Kind, text: impl Into<Cow<'r, str>>) -> Self {
        Self {
            kind,
            text: text.into(),
            location: None,
        }
    }

    /// The part on one line, without hidden characters: title, words, place.
    pub(super) fn line(&self) -> String {
        let text = one_line(&self.text);
        let place = self.location.map(|location| location.line());
        let place = place.map_or_else(String::new, |place| format!(" ({place})"));
        match self.kind.title() {
            "" => format!("{text}{place}"),
            title => format!("{title}: {text}{place}"),
        }
    }
}

/// Everything about a finding but rule, severity, headline and place.
pub(super) fn parts<'r>(diagnostic: &'r Diagnostic, report: &'r Report) -> Vec<Part<'r>> {
    let mut parts = Vec::new();
    if !diagnostic.label.is_empty() {
        parts.push(Part::new(Kind::Here, diagnostic.label.as_str()));
    }
    parts.extend(subject(diagnostic).map(|subject| Part::new(Kind::In, subject)));
    parts.extend(diagnostic.labels.iter().map(|label| Part {
        location: Some(Location::of_label(
            label,
            Extent::FirstLine,
            &report.sources,
        )),
        ..Part::new(Kind::See, label.message.as_str())
    }));
    parts.extend(diagnostic.evidence.iter().map(|fact| Part {
        location: Location::of_fact(fact, Extent::FirstLine, &report.sources),
        ..Part::new(Kind::Why, statement(fact))
    }));
    parts.extend(meshes(diagnostic).map(|meshes| Part::new(Kind::Mesh, meshes)));
    parts.extend(caveat(diagnostic.certainty).map(|caveat| Part::new(Kind::Note, caveat)));
    let help = diagnostic.help.as_deref();
    parts.extend(help.map(|help| Part::new(Kind::Help, help)));
    let fix = diagnostic.fix.as_ref();
    parts.extend(fix.map(|fix| Part::new(Kind::of_fix(fix), fix.title.as_str())));
    let suppression = diagnostic.suppression.as_ref();
    parts.extend(suppression.map(|suppression| {
        let by = hidden_by(suppression, &report.sources);
        Part::new(Kind::SuppressedBy, by)
    }));
    parts
}

/// The parts as lines of plain text.
pub(super) fn lines(diagnostic: &Diagnostic, report: &Report) -> Vec<String> {
    let parts = parts(diagnostic, report);
    parts.iter().map(Part::line).collect()
}

/// The meshes that a finding was made in, if there is something to tell apart.
pub(super) fn meshes(diagnostic: &Diagnostic) -> Option<String> {
    match diagnostic.meshes.as_slice() {
        [] => None,
        [only] if only == ONLY_MESH => None,
        meshes => Some(meshes.join(", ")),
    }
}

/// The exception that hides a finding, and why.
pub(super) fn hidden_by(suppression: &Suppression, sources: &Sources) -> String {
    let location = Location::of_place(suppression.place, None, Extent::FirstLine, sources);
    let (kind, place) = (suppression.kind.as_str(), location.line());
    match &suppression.reason {
        Some(reason) => format!("{kind} in {place}: {}", one_line(reason)),
        None => format!("{kind} in {place}, without a reason"),
    }
}

/// What a finding holds for, in brackets behind its headline: how certain it is and for which meshes, as far as that is
/// worth a word.
pub(super) fn holds_for(diagnostic: &Diagnostic) -> String {
    let certainty = match diagnostic.certainty {
        Certainty::Known => None,
        weaker @ (Certainty::Assumed | Certainty::Unknown) => Some(weaker.as_str().to_owned()),
    };
    let meshes = meshes(diagnostic).map(|meshes| format!("mesh {}", one_line(&meshes)));
    let words: Vec<String> = certainty.into_iter().chain(meshes).collect();
    if words.is_empty() {
        String::new()
    } else {
        format!(" ({})", words.join("; "))
    }
}

/// A fact in words, called an assumption if it is one.
pub(super) fn statement(fact: &Fact) -> Cow<'_, str> {
    // Most assumptions begin with the word.
    if fact.assumed && !fact.text.starts_with("assumed") {
        Cow::Owned(format!("{} (assumed)", fact.text))
    } else {
        Cow::Borrowed(&fact.text)
    }
}

/// The object of a finding, with the field.
fn subject(diagnostic: &Diagnostic) -> Option<String> {
    let object = diagnostic.object.as_ref()?;
    Some(match &diagnostic.field {
        Some(field) => format!("{object}, {}", field.as_str()),
        None => object.to_string(),
    })
}
