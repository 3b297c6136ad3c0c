//! Where bytes come from, where in them a value stands and how it came there: trees, files, spans, places, origins.

mod file;
mod origin;
mod span;
pub mod tree;

pub use file::{FileRole, LineColumn, SourceFile, Sources};
pub use origin::{Cause, Change, Origin, OriginId, Origins};
pub use span::{FileId, Place, Span, Spanned};
