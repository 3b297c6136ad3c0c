//! Where a run stands. What the config file says is about paths from its folder, and so is everything inside; what people
//! write on the command line and what they read is about paths from the working directory.

use camino::{Utf8Path, Utf8PathBuf};

use crate::config;
use crate::source::tree::{Tree, WorkTree, normalise, seen_from};

/// The folder that paths are counted from: that of the config file, or the working directory where there is none.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Home {
    /// That folder seen from the working directory: `..`, `../..`, and so on; empty for the working directory.
    root: Utf8PathBuf,
    /// The working directory seen from there.
    here: Utf8PathBuf,
    /// Whether it is above the working directory only because a path of the command line leads there; then files that are
    /// looked for without being named are still those of the working directory.
    is_named: bool,
}

impl Home {
    /// The folder of the nearest config file from the working directory up to the root of the Git repository.
    pub(super) fn find() -> Self {
        let disk = WorkTree::new(Utf8PathBuf::new());
        let levels = config::levels_up(&disk);
        let location = disk.location().unwrap_or_default();
        Self::above(levels, &location)
    }

    /// The highest folder that paths of the command line lead to. What lies there has one name only if it is counted from
    /// there: from below, a file may be reached up and down by several ways.
    pub(super) fn of_paths(paths: &[Utf8PathBuf]) -> Self {
        let disk = WorkTree::new(Utf8PathBuf::new());
        let ups = |path: &Utf8PathBuf| {
            let path = normalise(path);
            let ups = path.components().take_while(|name| name.as_str() == "..");
            ups.count()
        };
        let levels = paths.iter().map(ups).max().unwrap_or_default();
        let location = disk.location().unwrap_or_default();
        Self {
            is_named: levels > 0,
            ..Self::above(levels, &location)
        }
    }

    /// The folder so many levels above the working directory.
    fn above(levels: usize, location: &Utf8Path) -> Self {
        let names: Vec<&str> = location.components().map(|name| name.as_str()).collect();
        let here = names.get(names.len().saturating_sub(levels)..);
        Self {
            root: vec![".."; levels].join("/").into(),
            here: here.unwrap_or_default().join("/").into(),
            is_named: false,
        }
    }

    /// The files below it.
    pub(super) fn tree(&self) -> WorkTree {
        WorkTree::new(self.root.clone())
    }

    /// The folder seen from the working directory.
    pub(super) fn root(&self) -> &Utf8Path {
        &self.root
    }

    /// A path of the command line, counted from the folder.
    pub(super) fn inside(&self, path: &Utf8Path) -> Utf8PathBuf {
        if self.is_here() {
            path.to_owned()
        } else {
            normalise(&self.here.join(path))
        }
    }

    /// A glob of the command line, counted from the folder. One without a slash is about names anywhere.
    pub(super) fn inside_glob(&self, glob: &str) -> String {
        let is_about_names = !glob
            .trim_start_matches("./")
            .trim_end_matches('/')
            .contains('/');
        if self.is_here() || is_about_names {
            return glob.to_owned();
        }
        let here = globset::escape(self.here.as_str());
        let path = Utf8Path::new(&here).join(glob.trim_start_matches('/'));
        normalise(&path).into_string()
    }

    /// What is given as `--assume`, counted from the folder.
    pub(super) fn inside_assumed(&self, text: &str) -> String {
        if text.starts_with(PRESET) {
            text.to_owned()
        } else {
            self.inside(text.into()).into_string()
        }
    }

    /// A path counted from the folder as people see it.
    pub(super) fn shown(&self, path: &Utf8Path) -> Utf8PathBuf {
        let text = path.as_str();
        let is_no_file = text.starts_with('<') || text.starts_with(PRESET);
        if self.is_here() || is_no_file || path.is_absolute() {
            return path.to_owned();
        }
        let seen = seen_from(&self.here, path);
        if seen.as_str().is_empty() {
            ".".into()
        } else {
            seen
        }
    }

    /// A file that is looked for under a fixed name, counted from the folder.
    pub(super) fn beside_config(&self, name: &str) -> Utf8PathBuf {
        if self.is_named {
            self.inside(name.into())
        } else {
            name.into()
        }
    }

    /// Whether it is above the working directory only because a path of the command line leads there.
    pub(super) fn is_named(&self) -> bool {
        self.is_named
    }

    /// Whether it is the working directory.
    pub(super) fn is_here(&self) -> bool {
        self.root.as_str().is_empty()
    }
}

/// What an assumed file starts with that comes with the program.
const PRESET: &str = "preset:";

#[cfg(test)]
mod tests {
    use super::*;

    fn home() -> Home {
        Home::above(2, Utf8Path::new("/work/shop/apps/cart"))
    }

    #[test]
    fn a_path_of_the_command_line_is_counted_from_the_folder_and_shown_from_here() {
        assert_eq!(home().root(), "../..");
        let table = [
            (".", "apps/cart", "."),
            ("rule.yaml", "apps/cart/rule.yaml", "rule.yaml"),
            ("../web", "apps/web", "../web"),
            ("../../mesh/a.yaml", "mesh/a.yaml", "../../mesh/a.yaml"),
            ("../..", "", "../.."),
            ("/srv/a.yaml", "/srv/a.yaml", "/srv/a.yaml"),
        ];
        for (written, inside, shown) in table {
            let found = home().inside(written.into());
            assert_eq!(found, inside, "{written}");
            assert_eq!(home().shown(&found), shown, "{written}");
        }
    }

    #[test]
    fn what_is_no_file_stays_as_it_is() {
        for text in ["<stdin>", "preset:strict"] {
            assert_eq!(home().shown(text.into()), text);
        }
        assert_eq!(home().inside_assumed("preset:strict"), "preset:strict");
        assert_eq!(home().inside_assumed("a.yaml"), "apps/cart/a.yaml");
    }

    #[test]
    fn a_glob_with_a_slash_is_counted_from_here() {
        let table = [
            ("*.gen.yaml", "*.gen.yaml"),
            ("old/**", "apps/cart/old/**"),
            ("/old", "apps/cart/old"),
            ("../web/*", "apps/web/*"),
        ];
        for (written, inside) in table {
            assert_eq!(home().inside_glob(written), inside);
        }
    }

    #[test]
    fn in_the_folder_itself_nothing_changes() {
        let home = Home::default();
        assert_eq!(home.inside("./a".into()), "./a");
        assert_eq!(home.shown("a".into()), "a");
        assert_eq!(home.inside_glob("./a/*"), "./a/*");
    }
}
