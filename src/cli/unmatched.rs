//! Settings without effect: globs of the config file that fit no path.

use camino::Utf8Path;

use super::args::CheckArgs;
use super::output::note;
use crate::config::{self, Config, Lines};
use crate::engine::{Summary, Unmatched};
use crate::source::tree::Tree;

/// Says which globs fit no path, where all of the repository was looked at.
pub(super) fn tell(args: &CheckArgs, config: &Config, summary: &Summary, tree: &dyn Tree) {
    if args.output.is_quiet() || !args.input.is_whole() || summary.unmatched.is_empty() {
        return;
    }
    // The file was read before; what it says is in `config`.
    let Ok(Some(path)) = args.input.config_path(tree) else {
        return;
    };
    let Ok(lines) = config::lines(tree, &path) else {
        return;
    };
    let shown = args.input.home.shown(&path);
    for unmatched in &summary.unmatched {
        note(&words(&shown, line(unmatched, config, &lines), unmatched));
    }
}

/// What is said of a glob.
fn words(path: &Utf8Path, line: Option<usize>, unmatched: &Unmatched) -> String {
    let line = line.map_or_else(String::new, |line| format!(":{line}"));
    let Unmatched { key, glob } = unmatched;
    format!(
        "warning: {path}{line}: the glob `{glob}` of `{key}` fits no path; correct it or take it out"
    )
}

/// The line of a glob.
fn line(unmatched: &Unmatched, config: &Config, lines: &Lines) -> Option<usize> {
    let has = |globs: &[String]| globs.contains(&unmatched.glob);
    let key = unmatched.key;
    let index = if key == "exclude" {
        let mut globs = config.exclude.iter();
        globs.position(|glob| *glob == unmatched.glob)
    } else {
        let mut overrides = config.overrides.iter();
        overrides.position(|one| has(&one.paths))
    };
    lines.item(key, index?)
}
