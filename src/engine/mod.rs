//! The run as a whole: analyse, lint, fix.

mod report;

pub use report::{Report, Summary, Unread};
