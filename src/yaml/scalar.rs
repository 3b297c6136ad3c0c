//! Types of scalars as Kubernetes reads them.

use super::Scalar;

pub(super) fn is_null(_s: &Scalar) -> bool {
    false
}
pub(super) fn as_str(s: &Scalar) -> Option<&str> {
    Some(&s.text)
}
pub(super) fn as_bool(_s: &Scalar) -> Option<bool> {
    None
}
pub(super) fn as_integer(_s: &Scalar) -> Option<i64> {
    None
}
