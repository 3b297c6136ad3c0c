//! Where bytes come from and where in them a value stands: trees, files, spans, places.

mod file;
mod span;
pub mod tree;

pub use file::{FileRole, LineColumn, SourceFile, Sources};
pub use span::{FileId, Origin, OriginId, Place, Span, Spanned};
