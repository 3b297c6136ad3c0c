//! Edited copies over another tree.

/// Edited copies over another tree, to analyse a fix before it is written.
#[derive(Debug)]
pub struct Overlay;
