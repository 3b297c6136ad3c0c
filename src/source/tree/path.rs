//! The one form of a path that everything above compares and shows.

use camino::{Utf8Component, Utf8Path, Utf8PathBuf};

/// Cleans a path by its text alone: no `.`, no `..` but at the start, forward slashes. The directory `.` becomes the
/// empty path.
pub fn normalise(path: &Utf8Path) -> Utf8PathBuf {
    let mut prefix = String::new();
    let mut names: Vec<&str> = Vec::new();
    for component in path.components() {
        match component {
            Utf8Component::Prefix(drive) => prefix.push_str(&drive.as_str().replace('\\', "/")),
            Utf8Component::RootDir => prefix.push('/'),
            Utf8Component::CurDir => {}
            Utf8Component::ParentDir => match names.last() {
                Some(&name) if name != ".." => {
                    names.pop();
                }
                // Nothing is above the root of a file system.
                None if prefix.ends_with('/') => {}
                Some(_) | None => names.push(".."),
            },
            Utf8Component::Normal(name) => names.push(name),
        }
    }
    prefix.push_str(&names.join("/"));
    prefix.into()
}

/// The clean path of something that is given from the root of a tree, seen from a directory of the tree.
pub fn seen_from(directory: &Utf8Path, path: &Utf8Path) -> Utf8PathBuf {
    let path = normalise(path);
    let mut wanted = path.components().peekable();
    let mut ups = 0;
    for component in directory.components() {
        if ups == 0 && wanted.peek() == Some(&component) {
            wanted.next();
        } else {
            ups += 1;
        }
    }
    let up = std::iter::repeat_n(Utf8Component::ParentDir, ups);
    normalise(&up.chain(wanted).collect::<Utf8PathBuf>())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_path_has_one_clean_form() {
        let table = [
            (".", ""),
            ("", ""),
            ("./a/b.yaml", "a/b.yaml"),
            ("a//b/./c/", "a/b/c"),
            ("a/../b", "b"),
            ("../a", "../a"),
            ("a/../../b", "../b"),
            ("../../a", "../../a"),
            ("/../a/..", "/"),
            ("/a/b", "/a/b"),
        ];
        for (path, clean) in table {
            assert_eq!(normalise(path.into()).as_str(), clean, "{path}");
        }
    }
}
