//! Rules: what they declare, what they are given, how they report.

mod meta;

pub use meta::{Category, RuleMeta, Stage};
