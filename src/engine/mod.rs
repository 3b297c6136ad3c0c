//! The run as a whole: analyse, lint, fix.

mod adjust;
mod analyse;
mod compare;
mod doubt;
mod elements;
mod error;
mod explain;
mod fix;
mod incomplete;
mod lint;
mod overlay_patch;
mod patched;
mod precede;
mod presets;
mod problems;
mod progress;
mod prove;
mod reach;
mod read;
mod refused;
mod render;
mod render_external;
mod report;
mod request;
mod shown;
mod since;
mod split;
#[cfg(test)]
mod testing;
mod triage;
mod undeclared;

pub use analyse::{Analysis, analyse};
pub use error::Error;
pub use fix::{FileChange, Fixed, fix, write_changes};
pub use lint::{Outcome, lint, lint_text};
pub use progress::{Progress, Reached, Stage};
pub use read::{FilesRead, files};
pub use render::{Rendered, RenderedUnit, render};
pub use render_external::{Renderer, render_externally};
pub use report::{Accepted, Report, Summary, Unmatched, Unread};
pub use request::{DEFAULT_MAX_FILE_SIZE, PathRules, Rendering, Request, RuleSelection};
pub use shown::Shown;
pub use since::{Base, Cause, PairChange, changes_since, lint_since};
