//! Edited copies over another tree.

use std::collections::BTreeMap;
use std::fmt;

use camino::{Utf8Path, Utf8PathBuf};

use super::{Entry, EntryKind, ReadError, Tree, normalise};

/// Edited copies over another tree, to analyse a fix before it is written. Edits change files that exist; they make and
/// delete none.
pub struct Overlay<'a> {
    below: &'a dyn Tree,
    edited: BTreeMap<Utf8PathBuf, Vec<u8>>,
}

impl<'a> Overlay<'a> {
    /// Puts the new bytes of some files over a tree.
    pub fn new(
        below: &'a dyn Tree,
        edited: impl IntoIterator<Item = (Utf8PathBuf, Vec<u8>)>,
    ) -> Self {
        let edited = edited
            .into_iter()
            .map(|(path, bytes)| (normalise(&path), bytes))
            .collect();
        Self { below, edited }
    }
}

impl fmt::Debug for Overlay<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Overlay")
            .field("edited", &self.edited.keys())
            .finish_non_exhaustive()
    }
}

impl Tree for Overlay<'_> {
    fn location(&self) -> Option<Utf8PathBuf> {
        self.below.location()
    }

    fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError> {
        self.below.kind(path)
    }

    fn read(&self, path: &Utf8Path, limit: u64) -> Result<Vec<u8>, ReadError> {
        let Some(bytes) = self.edited.get(&normalise(path)) else {
            return self.below.read(path, limit);
        };
        ReadError::check_size(bytes.len() as u64, limit)?;
        Ok(bytes.clone())
    }

    fn list(
        &self,
        directory: &Utf8Path,
        descend: &mut dyn FnMut(&Utf8Path) -> bool,
    ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>> {
        self.below.list(directory, descend)
    }
}

#[cfg(test)]
mod tests {
    use super::super::Memory;
    use super::*;

    fn below() -> Memory {
        Memory::new([("a.yaml", "a"), ("b.yaml", "b")])
    }

    fn edit(path: &str, text: &str) -> [(Utf8PathBuf, Vec<u8>); 1] {
        [(path.into(), text.into())]
    }

    #[test]
    fn an_edited_file_reads_as_edited() {
        let below = below();
        let overlay = Overlay::new(&below, edit("./a.yaml", "new"));
        assert_eq!(overlay.read("a.yaml".into(), 9).unwrap(), b"new");
        assert_eq!(overlay.read("./a.yaml".into(), 9).unwrap(), b"new");
    }

    #[test]
    fn other_files_read_as_below() {
        let below = below();
        let overlay = Overlay::new(&below, edit("a.yaml", "new"));
        assert_eq!(overlay.read("b.yaml".into(), 9).unwrap(), b"b");
    }

    #[test]
    fn an_edit_past_the_cap_is_not_read() {
        let below = below();
        let overlay = Overlay::new(&below, edit("a.yaml", "new"));
        assert!(matches!(
            overlay.read("a.yaml".into(), 2),
            Err(ReadError::TooLarge { size: 3, limit: 2 })
        ));
    }

    #[test]
    fn the_listing_is_the_one_below() {
        let below = below();
        let overlay = Overlay::new(&below, edit("a.yaml", "new"));
        let paths: Vec<Utf8PathBuf> = overlay
            .list("".into(), &mut |_| true)
            .into_iter()
            .map(|entry| entry.unwrap().path)
            .collect();
        assert_eq!(paths, ["a.yaml", "b.yaml"]);
    }
}
