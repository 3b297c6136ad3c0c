//! What is found in trees in memory, and what only a disk has.

use super::*;
use crate::source::tree::{Entry, Memory};

/// Settings for some paths, with gitignore files.
fn settings(paths: &[&str]) -> Settings {
    Settings {
        paths: paths.iter().map(Utf8PathBuf::from).collect(),
        exclude: Vec::new(),
        gitignore: true,
        max_file_size: 1000,
    }
}

/// Settings for `.` with one exclusion.
fn excluding(glob: &str) -> Settings {
    Settings {
        exclude: vec![glob.to_owned()],
        ..settings(&["."])
    }
}

/// A tree of files; those named `.gitignore` hold the text after `=`.
fn tree(files: &[&str]) -> Memory {
    Memory::new(
        files
            .iter()
            .map(|file| file.split_once('=').unwrap_or((file, ""))),
    )
}

fn found(settings: &Settings, files: &[&str]) -> Vec<String> {
    discover(settings, &tree(files))
        .unwrap()
        .files
        .into_iter()
        .map(Utf8PathBuf::into_string)
        .collect()
}

#[test]
fn manifests_are_found_by_name() {
    let files = [
        "a.yaml",
        "b.yml",
        "c.json",
        "Kustomization",
        "d.yaml.tmpl",
        "README.md",
        "yaml",
    ];
    assert_eq!(
        found(&settings(&["."]), &files),
        ["Kustomization", "a.yaml", "b.yml", "c.json"]
    );
}

#[test]
fn paths_are_clean_whatever_way_they_are_named() {
    for path in [".", "./", "apps", "./apps/", "apps/../apps/."] {
        let files = found(&settings(&[path]), &["apps/x.yaml"]);
        assert_eq!(files, ["apps/x.yaml"], "{path}");
    }
}

#[test]
fn a_file_reached_twice_is_found_once() {
    let paths = settings(&["b.yaml", ".", "apps", "./apps/x.yaml"]);
    assert_eq!(
        found(&paths, &["apps/x.yaml", "b.yaml"]),
        ["apps/x.yaml", "b.yaml"]
    );
}

#[test]
fn hidden_files_and_folders_are_skipped() {
    let files = [".github/a.yaml", "apps/.x.yaml", "apps/.y/b.yaml", "c.yaml"];
    assert_eq!(found(&settings(&["."]), &files), ["c.yaml"]);
}

#[test]
fn a_hidden_folder_is_walked_when_it_is_named() {
    let files = [".github/a.yaml", ".github/.cache/b.yaml"];
    assert_eq!(found(&settings(&[".github"]), &files), [".github/a.yaml"]);
}

#[test]
fn the_folder_of_git_is_never_entered() {
    let files = [".git/a.yaml", "apps/x.yaml"];
    assert_eq!(found(&settings(&[".git", "."]), &files), ["apps/x.yaml"]);
}

#[test]
fn a_named_file_is_taken_whatever_its_name() {
    let files = [".gitignore=*", "a.txt", ".hidden.yaml"];
    assert_eq!(
        found(&settings(&["a.txt", ".hidden.yaml"]), &files),
        [".hidden.yaml", "a.txt"]
    );
}

#[test]
fn gitignore_files_count_at_every_level() {
    let files = [
        ".git/HEAD",
        ".gitignore=/out\n*.gen.yaml\n",
        "apps/.gitignore=!keep.gen.yaml\nlocal.yaml\n",
        "apps/keep.gen.yaml",
        "apps/drop.gen.yaml",
        "apps/local.yaml",
        "local.yaml",
        "out/x.yaml",
        "apps/out/y.yaml",
    ];
    assert_eq!(
        found(&settings(&["."]), &files),
        ["apps/keep.gen.yaml", "apps/out/y.yaml", "local.yaml"]
    );
}

#[test]
fn what_is_below_an_ignored_folder_is_not_included_again() {
    let files = [
        ".gitignore=out/\n!out/x.yaml",
        "out/.gitignore=!*",
        "out/x.yaml",
    ];
    assert!(found(&settings(&["."]), &files).is_empty());
}

#[test]
fn a_folder_pattern_does_not_ignore_a_file() {
    let files = [".gitignore=x.yaml/", "x.yaml"];
    assert_eq!(found(&settings(&["."]), &files), ["x.yaml"]);
}

#[test]
fn gitignore_files_above_the_named_folder_count_up_to_the_repository() {
    let files = [
        "/srv/.gitignore=b.yaml",
        "/srv/repo/.git/HEAD",
        "/srv/repo/.gitignore=/apps/x/a.yaml",
        "/srv/repo/apps/x/a.yaml",
        "/srv/repo/apps/x/b.yaml",
    ];
    assert_eq!(
        found(&settings(&["/srv/repo/apps/x"]), &files),
        ["/srv/repo/apps/x/b.yaml"]
    );
}

#[test]
fn without_a_repository_only_gitignore_files_of_the_walked_folder_count() {
    let files = [
        ".gitignore=a.yaml",
        "apps/.gitignore=b.yaml",
        "apps/a.yaml",
        "apps/b.yaml",
    ];
    assert_eq!(found(&settings(&["apps"]), &files), ["apps/a.yaml"]);
}

#[test]
fn the_order_of_the_named_paths_does_not_matter() {
    let files = [".gitignore=a.yaml", "apps/a.yaml"];
    for paths in [["apps", "."], [".", "apps"]] {
        assert_eq!(found(&settings(&paths), &files), ["apps/a.yaml"]);
    }
}

#[test]
fn gitignore_files_can_be_switched_off() {
    let settings = Settings {
        gitignore: false,
        ..settings(&["."])
    };
    assert_eq!(found(&settings, &[".gitignore=*", "a.yaml"]), ["a.yaml"]);
}

#[test]
fn a_gitignore_file_over_the_cap_is_unread() {
    let settings = Settings {
        max_file_size: 3,
        ..settings(&["."])
    };
    let found = discover(&settings, &tree(&["apps/.gitignore=*.yaml", "apps/a.yaml"])).unwrap();
    assert_eq!(found.files, ["apps/a.yaml"]);
    assert_eq!(found.unread[0].0, "apps/.gitignore");
}

#[test]
fn an_excluded_folder_is_left_out_with_all_below() {
    let files = ["vendor/a/x.yaml", "apps/y.yaml"];
    assert_eq!(found(&excluding("vendor"), &files), ["apps/y.yaml"]);
}

#[test]
fn a_named_path_does_not_defeat_an_exclusion() {
    let settings = Settings {
        paths: vec!["vendor/x.yaml".into(), "vendor".into(), "vendor/a".into()],
        ..excluding("vendor")
    };
    assert!(found(&settings, &["vendor/x.yaml", "vendor/a/y.yaml"]).is_empty());
}

#[test]
fn a_broken_glob_is_an_error() {
    let result = discover(&excluding("a["), &tree(&[]));
    assert!(matches!(result, Err(Error::Glob { glob, .. }) if glob == "a["));
}

#[test]
fn a_named_path_that_does_not_exist_is_missing() {
    let found = discover(&settings(&["./none", "a.yaml"]), &tree(&["a.yaml"])).unwrap();
    assert_eq!(found.files, ["a.yaml"]);
    assert!(matches!(&found.missing[..], [(path, ReadError::Missing)] if path == "./none"));
}

/// A tree of one directory in which nothing can be read, and of a link.
struct Refusing;

impl Tree for Refusing {
    fn kind(&self, path: &Utf8Path) -> Result<EntryKind, ReadError> {
        match path.as_str() {
            "link.yaml" => Ok(EntryKind::Link),
            _ => Ok(EntryKind::Directory),
        }
    }

    fn read(&self, _: &Utf8Path, _: u64) -> Result<Vec<u8>, ReadError> {
        Err(ReadError::Missing)
    }

    fn list(
        &self,
        directory: &Utf8Path,
        _: &mut dyn FnMut(&Utf8Path) -> bool,
    ) -> Vec<Result<Entry, (Utf8PathBuf, ReadError)>> {
        let paths = ["", "below", ".hidden"].map(|name| directory.join(name));
        let refused = |path| Err((path, std::io::Error::other("refused").into()));
        paths.into_iter().map(refused).collect()
    }
}

#[test]
fn a_named_directory_that_cannot_be_listed_is_missing_and_one_below_is_unread() {
    let found = discover(&settings(&["./apps"]), &Refusing).unwrap();
    assert!(matches!(&found.missing[..], [(path, ReadError::Io(_))] if path == "./apps"));
    assert_eq!(found.unread, [("apps/below".into(), "refused".to_owned())]);
}

#[test]
fn a_named_link_that_the_tree_does_not_follow_is_unread() {
    let found = discover(&settings(&["link.yaml"]), &Refusing).unwrap();
    assert_eq!(found.unread, [("link.yaml".into(), walk::LINK.to_owned())]);
}

#[expect(
    clippy::disallowed_methods,
    reason = "the tests write the files that the tree reads"
)]
mod on_disk {
    use std::fs;

    use tempfile::TempDir;

    use super::*;
    use crate::source::tree::WorkTree;

    fn directory(files: &[&str]) -> (TempDir, Utf8PathBuf) {
        let directory = tempfile::tempdir().unwrap();
        let root = Utf8PathBuf::from_path_buf(directory.path().to_owned()).unwrap();
        for file in files {
            let (path, text) = file.split_once('=').unwrap_or((file, ""));
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        (directory, root)
    }

    #[test]
    fn gitignore_files_above_the_working_directory_count_up_to_the_repository() {
        let files = [
            ".gitignore=c.yaml",
            "repo/.git/HEAD",
            "repo/.gitignore=/apps/x/a.yaml\n/x/b.yaml",
            "repo/apps/x/a.yaml",
            "repo/apps/x/b.yaml",
            "repo/apps/x/c.yaml",
        ];
        let (_directory, root) = directory(&files);
        let tree = WorkTree::new(root.join("repo/apps"));
        let found = discover(&settings(&["."]), &tree).unwrap();
        assert_eq!(found.files, ["x/b.yaml", "x/c.yaml"]);
    }

    #[test]
    fn an_absolute_path_below_the_working_directory_is_shown_relative_to_it() {
        let (_directory, root) = directory(&["apps/a.yaml", "b.yaml"]);
        let tree = WorkTree::new(root.join("apps"));
        let paths = [root.join("apps/a.yaml"), root.join("b.yaml")];
        let settings = settings(&[paths[0].as_str(), "../apps", paths[1].as_str()]);
        let found = discover(&settings, &tree).unwrap();
        assert_eq!(found.files, [root.join("b.yaml"), "a.yaml".into()]);
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_manifest_is_unread_unless_it_is_named() {
        let (_directory, root) = directory(&["a.yaml"]);
        std::os::unix::fs::symlink("a.yaml", root.join("b.yaml")).unwrap();
        std::os::unix::fs::symlink("a.yaml", root.join("c.txt")).unwrap();
        let tree = WorkTree::new(root);
        let walked = discover(&settings(&["."]), &tree).unwrap();
        assert_eq!(walked.files, ["a.yaml"]);
        assert_eq!(walked.unread, [("b.yaml".into(), walk::LINK.to_owned())]);
        let named = discover(&settings(&[".", "b.yaml"]), &tree).unwrap();
        assert_eq!(named.files, ["a.yaml", "b.yaml"]);
        assert!(named.unread.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_link_to_a_folder_is_unread_unless_it_is_named() {
        let (_directory, root) = directory(&["out/a.yaml", "in/b.yaml", "in/.gitignore=skipped"]);
        let link = |name: &str| {
            std::os::unix::fs::symlink("../out", root.join("in").join(name)).unwrap();
        };
        for name in ["linked", "skipped", ".hidden", "v1.yaml"] {
            link(name);
        }
        let tree = WorkTree::new(root.join("in"));
        let walked = discover(&settings(&["."]), &tree).unwrap();
        assert_eq!(walked.files, ["b.yaml"]);
        let reason = "a symbolic link to a folder; it is not followed".to_owned();
        let unread = ["linked", "v1.yaml"].map(|name| (name.into(), reason.clone()));
        assert_eq!(walked.unread, unread);
        let named = discover(&settings(&[".", "linked", "v1.yaml"]), &tree).unwrap();
        assert_eq!(named.files, ["b.yaml", "linked/a.yaml", "v1.yaml/a.yaml"]);
        assert!(named.unread.is_empty());
    }

    #[cfg(unix)]
    #[test]
    fn a_name_that_is_not_utf8_is_unread() {
        use std::os::unix::ffi::OsStrExt;
        let (directory, root) = directory(&["a.yaml"]);
        let name = std::ffi::OsStr::from_bytes(b"\xe9.yaml");
        fs::write(directory.path().join(name), "").unwrap();
        let found = discover(&settings(&["."]), &WorkTree::new(root)).unwrap();
        assert_eq!(found.files, ["a.yaml"]);
        assert_eq!(
            found.unread,
            [("\u{fffd}.yaml".into(), "the path is not UTF-8".to_owned())]
        );
    }
}
