//! A tree in memory, for tests and standard input.

/// Files in memory.
#[derive(Debug, Default)]
pub struct Memory;
