//! Where the config file is.

use camino::{Utf8Path, Utf8PathBuf};

use super::parse::without_mark;
use super::{Config, ConfigError, Lines, parse};
use crate::source::tree::{EntryKind, ReadError, Tree};

/// The names of the config file in the order in which they are looked for.
pub const NAMES: [&str; 3] = [
    "mtls-lint.yaml",
    ".mtls-lint.yaml",
    ".github/mtls-lint.yaml",
];

/// No config file is larger; a larger one is something else under its name.
const MAX_SIZE: u64 = 1024 * 1024;

/// The config file of the working directory, if there is one; two are an error.
pub fn discover(tree: &dyn Tree) -> Result<Option<Utf8PathBuf>, ConfigError> {
    let mut found: Option<Utf8PathBuf> = None;
    for name in NAMES {
        let path = Utf8PathBuf::from(name);
        match tree.kind(&path) {
            Ok(EntryKind::File | EntryKind::Link) => {}
            Ok(EntryKind::Directory) | Err(ReadError::Missing) => continue,
            Err(source) => return Err(ConfigError::Read { path, source }),
        }
        if let Some(first) = found {
            return Err(ConfigError::Several {
                first,
                second: path,
            });
        }
        found = Some(path);
    }
    Ok(found)
}

/// How many levels above the working directory the nearest folder with a config file is, up to the root of its Git
/// repository; none where there is no such folder, or no repository.
pub fn levels_up(tree: &dyn Tree) -> usize {
    let location = tree.location().unwrap_or_default();
    let is_file = |path: Utf8PathBuf| matches!(tree.kind(&path), Ok(EntryKind::File));
    let mut folder = Utf8PathBuf::new();
    let mut found = None;
    for (level, _) in location.ancestors().enumerate() {
        let has_config = || NAMES.iter().any(|name| is_file(folder.join(name)));
        found = found.or_else(|| has_config().then_some(level));
        // Beyond the repository, and where there is none, files are about something else.
        if tree.kind(&folder.join(".git")).is_ok() {
            return found.unwrap_or_default();
        }
        folder.push("..");
    }
    0
}

/// Reads a config file, which is called otherwise in messages.
pub fn load(tree: &dyn Tree, path: &Utf8Path, shown: &Utf8Path) -> Result<Config, ConfigError> {
    let mut config = parse(shown, &text(tree, path)?)?;
    if let Some(written) = &mut config.written {
        path.clone_into(&mut written.path);
    }
    Ok(config)
}

/// On which lines a config file says what.
pub fn lines(tree: &dyn Tree, path: &Utf8Path) -> Result<Lines, ConfigError> {
    Ok(Lines::of(without_mark(&text(tree, path)?)))
}

/// The text of a config file.
fn text(tree: &dyn Tree, path: &Utf8Path) -> Result<String, ConfigError> {
    let bytes = tree
        .read(path, MAX_SIZE)
        .map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
    String::from_utf8(bytes).map_err(|_| ConfigError::NotUtf8 {
        path: path.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::source::tree::Entry;

    /// Files by path.
    struct Files(Vec<(&'static str, &'static [u8])>);

    impl Tree for Files {
        fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError> {
            self.read(path, MAX_SIZE).map(|_| EntryKind::File)
        }

        fn read(&self, path: &Utf8Path, _limit: u64) -> Result<Vec<u8>, ReadError> {
            let file = self.0.iter().find(|(name, _)| path == *name);
            file.map(|(_, bytes)| bytes.to_vec())
                .ok_or(ReadError::Missing)
        }

        fn list(
            &self,
            _directory: &Utf8Path,
            _descend: &mut dyn FnMut(&Utf8Path) -> bool,
        ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>> {
            Vec::new()
        }
    }

    #[test]
    fn each_name_is_found() {
        for name in NAMES {
            let found = discover(&Files(vec![(name, b"")])).expect("there is one");
            assert_eq!(found.as_deref(), Some(Utf8Path::new(name)));
        }
    }

    #[test]
    fn no_config_file_is_no_error() {
        assert_eq!(discover(&Files(Vec::new())).expect("none is fine"), None);
    }

    #[test]
    fn two_config_files_are_an_error_that_names_both() {
        let tree = Files(vec![(NAMES[0], b""), (NAMES[2], b"")]);
        let error = discover(&tree).expect_err("there are two");
        assert_eq!(
            error.to_string(),
            "both `mtls-lint.yaml` and `.github/mtls-lint.yaml` exist; keep one"
        );
    }

    #[test]
    fn a_byte_order_mark_is_skipped() {
        let tree = Files(vec![(NAMES[0], b"\xef\xbb\xbfauto-mtls: true\n")]);
        let config = load(&tree, NAMES[0].into(), NAMES[0].into()).expect("the config is valid");
        assert_eq!(config.auto_mtls, Some(true));
    }

    #[test]
    fn a_missing_config_file_that_was_named_is_an_error() {
        let error = load(&Files(Vec::new()), "x.yaml".into(), "x.yaml".into());
        assert!(matches!(error, Err(ConfigError::Read { .. })));
    }

    #[test]
    fn bytes_that_are_not_utf8_are_an_error() {
        let tree = Files(vec![(NAMES[0], b"\xff")]);
        let error = load(&tree, NAMES[0].into(), NAMES[0].into());
        assert!(matches!(error, Err(ConfigError::NotUtf8 { .. })));
    }
}
