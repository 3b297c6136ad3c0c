//! Revisions of repositories made for the test.

use std::process::Command;

use tempfile::TempDir;

use super::*;

/// A repository in a folder of its own.
struct Repository {
    folder: TempDir,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder can be made");
        let repository = Self { folder };
        repository.git(&["init", "--quiet", "--initial-branch=main"]);
        repository
    }

    fn path(&self) -> Utf8PathBuf {
        Utf8PathBuf::try_from(self.folder.path().to_owned()).expect("the path is UTF-8")
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the test makes a repository with Git"
    )]
    fn try_git(&self, arguments: &[&str]) -> bool {
        let status = Command::new("git")
            .args(["-c", "user.name=t", "-c", "user.email=t@example.com"])
            .args(["-c", "commit.gpgsign=false"])
            .args(arguments)
            .current_dir(self.folder.path())
            .env("GIT_CONFIG_GLOBAL", "/dev/null")
            .status();
        status.expect("git runs").success()
    }

    fn git(&self, arguments: &[&str]) {
        assert!(self.try_git(arguments), "{arguments:?}");
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the test makes a repository on disk"
    )]
    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        std::fs::create_dir_all(path.parent().expect("it is in a folder"))
            .expect("the folder can be made");
        std::fs::write(path, text).expect("the file can be written");
    }

    fn commit(&self, files: &[(&str, &str)]) {
        for (path, text) in files {
            self.write(path, text);
        }
        self.git(&["add", "--all"]);
        self.git(&["commit", "--quiet", "--message=change"]);
    }
}

fn listed(tree: &dyn Tree, directory: &str) -> Vec<String> {
    tree.list(directory.into(), &mut |path| !path.ends_with("closed"))
        .into_iter()
        .map(|entry| entry.expect("it can be listed").path.to_string())
        .collect()
}

#[test]
fn a_revision_has_the_files_of_its_commit_and_not_those_on_disk() {
    let repository = Repository::new();
    repository.commit(&[("a.yaml", "old"), ("b/c.yaml", "c")]);
    repository.commit(&[("a.yaml", "new"), ("d.yaml", "d")]);
    let tree = GitRevision::open(&repository.path(), "HEAD~1").expect("it is there");
    assert_eq!(tree.read("a.yaml".into(), 99).expect("it is there"), b"old");
    assert_eq!(
        tree.read("./b/c.yaml".into(), 99).expect("it is there"),
        b"c"
    );
    assert!(matches!(
        tree.kind("d.yaml".into()),
        Err(ReadError::Missing)
    ));
    assert_eq!(listed(&tree, ""), ["a.yaml", "b", "b/c.yaml"]);
}

#[test]
fn paths_are_relative_to_the_directory_it_is_opened_from() {
    let repository = Repository::new();
    repository.commit(&[("base/a.yaml", "a"), ("prod/b.yaml", "b")]);
    let tree = GitRevision::open(&repository.path().join("prod"), "HEAD").expect("it is there");
    assert_eq!(listed(&tree, ""), ["b.yaml"]);
    assert_eq!(
        tree.read("../base/a.yaml".into(), 9).expect("it is there"),
        b"a"
    );
    assert_eq!(listed(&tree, "../base"), ["../base/a.yaml"]);
    assert_eq!(
        tree.kind("../.git".into()).expect("it is there"),
        EntryKind::Directory
    );
    assert!(matches!(tree.kind(".git".into()), Err(ReadError::Missing)));
}

#[test]
fn a_closed_directory_is_listed_and_not_entered() {
    let repository = Repository::new();
    repository.commit(&[("a/closed/x/y.yaml", ""), ("a/z.yaml", "")]);
    let tree = GitRevision::open(&repository.path(), "main").expect("it is there");
    assert_eq!(listed(&tree, "a"), ["a/closed", "a/z.yaml"]);
}

#[test]
fn a_file_over_the_cap_is_not_read() {
    let repository = Repository::new();
    repository.commit(&[("a.yaml", "long")]);
    let tree = GitRevision::open(&repository.path(), "HEAD").expect("it is there");
    let error = tree.read("a.yaml".into(), 3);
    assert!(matches!(
        error,
        Err(ReadError::TooLarge { size: 4, limit: 3 })
    ));
}

#[test]
fn an_unknown_revision_is_named() {
    let repository = Repository::new();
    repository.commit(&[("a.yaml", "")]);
    for revision in ["nowhere", "HEAD~5", "--help"] {
        let error = GitRevision::open(&repository.path(), revision).expect_err("there is none");
        assert!(matches!(error, GitError::UnknownRevision { .. }), "{error}");
    }
}

#[test]
fn a_shallow_clone_that_lacks_the_revision_says_so() {
    let origin = Repository::new();
    origin.commit(&[("a.yaml", "old")]);
    origin.commit(&[("a.yaml", "new")]);
    let folder = tempfile::tempdir().expect("a folder can be made");
    let target = folder.path().join("clone");
    let url = format!("file://{}", origin.path());
    let target_text = target.to_str().expect("the path is UTF-8");
    origin.git(&["clone", "--quiet", "--depth=1", &url, target_text]);
    let clone = Utf8PathBuf::try_from(target.clone()).expect("the path is UTF-8");
    let error = GitRevision::open(&clone, "HEAD~1").expect_err("it was not fetched");
    assert!(matches!(error, GitError::Shallow { .. }), "{error}");
    assert!(GitRevision::open(&clone, "HEAD").is_ok());
}

#[test]
fn a_folder_outside_of_a_repository_says_so() {
    let folder = tempfile::tempdir().expect("a folder can be made");
    let path = Utf8PathBuf::try_from(folder.path().to_owned()).expect("the path is UTF-8");
    let error = GitRevision::open(&path, "HEAD").expect_err("there is no repository");
    assert!(matches!(error, GitError::NoRepository { .. }), "{error}");
}

#[test]
fn a_submodule_is_not_entered_and_a_link_is_a_link() {
    let inner = Repository::new();
    inner.commit(&[("x.yaml", "")]);
    let repository = Repository::new();
    repository.commit(&[("a.yaml", "")]);
    let url = inner.path();
    repository.git(&[
        "-c",
        "protocol.file.allow=always",
        "submodule",
        "--quiet",
        "add",
        url.as_str(),
        "sub",
    ]);
    std::os::unix::fs::symlink("a.yaml", repository.folder.path().join("link.yaml"))
        .expect("a link can be made");
    repository.commit(&[("b.yaml", "")]);
    let tree = GitRevision::open(&repository.path(), "HEAD").expect("it is there");
    assert_eq!(
        listed(&tree, ""),
        [".gitmodules", "a.yaml", "b.yaml", "link.yaml"]
    );
    assert_eq!(
        tree.kind("link.yaml".into()).expect("it is there"),
        EntryKind::Link
    );
}

#[test]
fn the_index_has_what_was_staged_and_not_what_is_on_disk() {
    let repository = Repository::new();
    repository.commit(&[("a.yaml", "old"), ("b/c.yaml", "c")]);
    repository.write("a.yaml", "staged");
    repository.git(&["add", "a.yaml"]);
    repository.git(&["rm", "--quiet", "--cached", "b/c.yaml"]);
    repository.write("a.yaml", "on disk");
    let index = GitIndex::open(&repository.path(), &IndexFile::default()).expect("it is there");
    let bytes = index.read("a.yaml".into(), 99).expect("it is there");
    assert_eq!(bytes, b"staged");
    assert_eq!(listed(&index, ""), ["a.yaml"]);
    let changes =
        staged_changes(&repository.path(), &IndexFile::default()).expect("there is a commit");
    assert_eq!(changes, ["a.yaml", "b/c.yaml"]);
}

#[test]
fn the_index_of_a_repository_without_commits_can_be_read() {
    let repository = Repository::new();
    repository.write("a.yaml", "first");
    repository.git(&["add", "a.yaml"]);
    let index = GitIndex::open(&repository.path(), &IndexFile::default()).expect("it is there");
    assert_eq!(listed(&index, ""), ["a.yaml"]);
    let changes =
        staged_changes(&repository.path(), &IndexFile::default()).expect("it can be asked");
    assert_eq!(changes, ["a.yaml"]);
}

#[test]
fn a_file_over_the_cap_does_not_spoil_the_next_one() {
    let repository = Repository::new();
    repository.commit(&[("a.yaml", "long"), ("b.yaml", "b")]);
    let index = GitIndex::open(&repository.path(), &IndexFile::default()).expect("it is there");
    assert!(index.read("a.yaml".into(), 3).is_err());
    assert_eq!(index.read("b.yaml".into(), 3).expect("it is short"), b"b");
}

#[test]
fn untracked_files_are_those_that_are_not_ignored() {
    let repository = Repository::new();
    repository.commit(&[(".gitignore", "*.log.yaml\n"), ("sub/a.yaml", "a")]);
    repository.write("b.yaml", "b");
    repository.write("x.log.yaml", "x");
    std::os::unix::fs::symlink("b.yaml", repository.folder.path().join("link.yaml"))
        .expect("a link can be made");
    let index =
        GitIndex::open(&repository.path().join("sub"), &IndexFile::default()).expect("it is there");
    let untracked = index.untracked().expect("it can be asked");
    assert_eq!(untracked, ["b.yaml"]);
    let both = index.with_untracked(&untracked).expect("it is there");
    assert_eq!(both.read("../b.yaml".into(), 9).expect("it is there"), b"b");
    assert_eq!(both.read("a.yaml".into(), 9).expect("it is there"), b"a");
}

#[test]
fn a_file_with_conflicts_is_listed_once_as_what_cannot_be_read() {
    let repository = Repository::new();
    repository.commit(&[("a.yaml", "base")]);
    repository.git(&["checkout", "--quiet", "-b", "other"]);
    repository.commit(&[("a.yaml", "theirs")]);
    repository.git(&["checkout", "--quiet", "main"]);
    repository.commit(&[("a.yaml", "ours")]);
    assert!(!repository.try_git(&["merge", "--quiet", "other"]));
    let index = GitIndex::open(&repository.path(), &IndexFile::default()).expect("it is there");
    let entries = index.list("".into(), &mut |_| true);
    let [Err((path, error))] = entries.as_slice() else {
        panic!("there is one entry, which cannot be read: {entries:?}");
    };
    assert_eq!(path, "a.yaml");
    assert_eq!(
        error.to_string(),
        "the file has conflicts of a merge to resolve"
    );
}

#[test]
fn a_rename_between_revisions_is_both_of_its_paths() {
    let repository = Repository::new();
    repository.commit(&[("a.yaml", "text")]);
    repository.git(&["mv", "a.yaml", "b.txt"]);
    repository.git(&["commit", "--quiet", "--message=rename"]);
    let changes = changes_between(&repository.path(), "HEAD~1", "HEAD");
    assert_eq!(changes.expect("both are there"), ["a.yaml", "b.txt"]);
}

#[test]
fn an_announced_file_is_not_in_the_index_yet() {
    let repository = Repository::new();
    repository.commit(&[("empty.yaml", ""), ("a.yaml", "a")]);
    repository.write("new.yaml", "new");
    repository.git(&["add", "--intent-to-add", "new.yaml"]);
    let index = GitIndex::open(&repository.path(), &IndexFile::default()).expect("it is there");
    assert_eq!(listed(&index, ""), ["a.yaml", "empty.yaml"]);
    let untracked = index.untracked().expect("it can be asked");
    assert_eq!(untracked, ["new.yaml"]);
}
