//! YAML inside a block scalar of another document (`data.mesh` of a ConfigMap).

use super::{Problem, Value};
use crate::source::Sources;

/// Parses the text of a scalar as YAML; places point into the outer file. `None` for an empty text.
pub fn parse_embedded(_scalar: &Value, _sources: &Sources) -> Result<Option<Value>, Problem> {
    Ok(None)
}
