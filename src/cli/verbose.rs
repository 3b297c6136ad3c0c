//! `-v`: what was read, and why something was not or counts for nothing.

use super::args::CheckArgs;
use super::output::note;
use crate::diagnostic::counted;
use crate::engine::{Summary, Unread};
use crate::source::tree::Tree;

/// Says it on standard error.
pub(super) fn tell(args: &CheckArgs, summary: &Summary, tree: &dyn Tree) {
    note(&match args.input.config_path(tree) {
        Ok(Some(path)) => format!("config file: {}", args.input.home.shown(&path)),
        Ok(None) if args.input.isolated => "config file: none, because of --isolated".to_owned(),
        // One that cannot be read has ended the run before.
        Ok(None) | Err(_) => "config file: none".to_owned(),
    });
    let counts = [
        (summary.files, "file"),
        (summary.documents, "document"),
        (summary.resources, "resource"),
        (summary.meshes, "mesh"),
    ];
    note(&format!(
        "read {}",
        counts.map(|(count, noun)| counted(count, noun)).join(", ")
    ));
    for (what, inputs) in [
        ("not read", &summary.unread),
        ("left out", &summary.left_out),
        ("not deployed", &summary.undeployed),
    ] {
        for Unread { path, line, reason } in inputs {
            let line = line.map_or_else(String::new, |line| format!(":{line}"));
            note(&format!("{what}: {path}{line}: {reason}"));
        }
    }
}
