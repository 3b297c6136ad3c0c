//! The files on disk.

/// The files on disk.
#[derive(Debug)]
pub struct WorkTree;
