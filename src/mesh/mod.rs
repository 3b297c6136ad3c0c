//! The policy graph: one mesh, immutable and indexed.

/// One mesh.
#[derive(Debug)]
pub struct Mesh;
