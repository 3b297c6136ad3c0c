//! What is wrong with an object's content, as data that rules word.

use crate::object::ObjectId;
use crate::source::Place;
use crate::yaml::FieldPath;

/// Something wrong with an object's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The object.
    pub object: ObjectId,
    /// The field.
    pub field: FieldPath,
    /// Where it is written.
    pub place: Place,
    /// What kind of problem it is.
    pub kind: ProblemKind,
    /// What comes of it.
    pub effect: Effect,
    /// What is wrong, without the object and the field.
    pub message: String,
    /// What to do, where there is more to say than the message says.
    pub help: Option<String>,
    /// What to write instead, where only one thing comes near what is written.
    pub replacement: Option<Replacement>,
}

/// What kind of problem it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ProblemKind {
    /// No field of this name exists here.
    UnknownField {
        /// Whether what it was meant for could decide about TLS.
        decides_tls: bool,
    },
    /// A required field is absent.
    MissingField,
    /// A mapping, list, text, number or boolean stands where another of these is wanted.
    WrongType,
    /// A text is not one of the values of an enum, or not of the form that it must have.
    WrongValue,
    /// A number is too small or too large.
    OutOfRange,
    /// A name or value holds a character that cannot be seen.
    InvisibleCharacter,
    /// Something is filled in before the object is applied.
    Placeholder,
    /// Istio's own validation rejects it.
    Rejected,
}

/// What comes of a problem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Effect {
    /// The API server or Istio's validation refuses the object, so it counts as absent.
    Refused,
    /// The API server drops the field; the object counts without it.
    Dropped,
    /// It cannot be known before the object is rendered; it counts as absent.
    Undecided,
}

impl Effect {
    /// Whether the object counts as absent.
    pub fn is_absence(self) -> bool {
        match self {
            Self::Refused | Self::Undecided => true,
            Self::Dropped => false,
        }
    }
}

/// What to write at a place.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Replacement {
    /// The key or value to replace, with its quotes.
    pub place: Place,
    /// What stands there afterwards.
    pub text: String,
}
