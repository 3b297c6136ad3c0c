//! Objects to typed resources, and what is wrong with those that cannot be.

use super::Resource;
use crate::object::{Object, ObjectId};
use crate::source::{Place, Sources};
use crate::yaml::{FieldPath, Value};

/// What an object decodes to. An invalid object has a problem and no resource: Istio's admission would reject it, so it
/// is treated as absent.
#[derive(Debug, Default)]
pub struct Decoded {
    /// The resources; none for kinds that the linter does not read.
    pub resources: Vec<Resource>,
    /// What is wrong.
    pub problems: Vec<Problem>,
}

/// Something wrong with an object's content.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Problem {
    /// The object.
    pub object: ObjectId,
    /// The field.
    pub field: FieldPath,
    /// Where it is written.
    pub place: Place,
    /// What is wrong, without the object and the field.
    pub message: String,
}

/// Decodes an object of a kind that the linter reads. `sources` gives the text of block scalars (`data.mesh`).
pub fn decode(_object: &Object, _sources: &Sources) -> Decoded {
    Decoded::default()
}

/// Decodes a document without a kind as Helm values of Istio's charts, if it looks like that.
pub fn decode_values(_root: &Value) -> Option<Resource> {
    None
}
