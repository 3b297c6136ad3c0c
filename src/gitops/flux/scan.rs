//! What Flux applies from a directory without a kustomization.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};

use crate::gitops::{Files, Inventory};

/// The files and directories that Flux would list in a kustomization for a directory that has none, relative to it: every
/// manifest below it, and of directories with a kustomization the directory alone. `leave_out` are not entered.
pub(super) fn scan(
    directory: &Utf8Path,
    inventory: &Inventory,
    files: &Files,
    leave_out: &BTreeSet<Utf8PathBuf>,
) -> Vec<Utf8PathBuf> {
    let mut found: Vec<Utf8PathBuf> = Vec::new();
    for (path, _) in files.below(directory) {
        let Ok(inside) = path.strip_prefix(directory) else {
            continue;
        };
        let mut above: Vec<&Utf8Path> = inside.ancestors().skip(1).collect();
        // The outermost directory first; the last ancestor is the directory itself.
        above.pop();
        above.reverse();
        if above
            .iter()
            .any(|one| leave_out.contains(&directory.join(one)))
        {
            continue;
        }
        let kustomization = above
            .iter()
            .find(|one| inventory.is_kustomization(&directory.join(one)));
        if let Some(one) = kustomization {
            if found.last().is_none_or(|last| last != one) {
                found.push((*one).to_owned());
            }
            continue;
        }
        let is_manifest = matches!(path.extension(), Some("yaml" | "yml"));
        if is_manifest && inventory.chart_of_template(path).is_none() {
            found.push(inside.to_owned());
        }
    }
    found.dedup();
    found
}
