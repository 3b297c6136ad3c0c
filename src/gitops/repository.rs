//! Which repository an address means, and where a path from its root stands among the files of a run.

use camino::{Utf8Path, Utf8PathBuf};

use super::Files;
use crate::source::tree::{normalise, seen_from};

/// An address of a repository in the one form that is compared: host and path, without scheme, user and `.git`.
pub(super) fn address(url: &str) -> String {
    let rest = url.split_once("://").map_or(url, |(_, rest)| rest);
    let is_short = rest.len() == url.len();
    let rest = match rest.split_once('@') {
        Some((user, rest)) if !user.contains('/') => rest,
        Some(_) | None => rest,
    };
    // `git@host:owner/name` is what `ssh://git@host/owner/name` is in full.
    let rest = if is_short {
        rest.replacen(':', "/", 1)
    } else {
        rest.to_owned()
    };
    let rest = rest.trim_end_matches('/');
    rest.strip_suffix(".git").unwrap_or(rest).to_lowercase()
}

/// The clean path of something that is given from the root of the repository, seen from the working directory: `prefix` is
/// the working directory seen from the root.
pub(super) fn from_root(prefix: &Utf8Path, path: &str) -> Utf8PathBuf {
    seen_from(prefix, Utf8Path::new(path.trim_start_matches('/')))
}

/// The directory at a path from the root of the repository. The working directory may be the root of another one that is
/// kept inside of this, so that paths may be from there too.
pub(super) fn exact(path: &str, prefix: &Utf8Path, files: &Files) -> Option<Utf8PathBuf> {
    let from_working_directory = normalise(Utf8Path::new(path.trim_start_matches('/')));
    let paths = [from_root(prefix, path), from_working_directory];
    let is_there = |one: &Utf8PathBuf| one.as_str().is_empty() || files.is_directory(one);
    paths.into_iter().find(is_there)
}

/// The directory that a path from the root of the repository means: at that path, else the only one whose path ends so.
pub(super) fn directory(path: &str, prefix: &Utf8Path, files: &Files) -> Option<Utf8PathBuf> {
    if let Some(exact) = exact(path, prefix, files) {
        return Some(exact);
    }
    let suffix = normalise(Utf8Path::new(path.trim_start_matches('/')));
    let mut found: Option<&Utf8Path> = None;
    for (file, _) in files.iter() {
        for directory in file.ancestors().skip(1) {
            if directory.ends_with(&suffix) && found != Some(directory) {
                if found.is_some() {
                    return None;
                }
                found = Some(directory);
            }
        }
    }
    found.map(Utf8Path::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_has_one_form() {
        for url in [
            "https://github.com/Shop/fleet.git",
            "ssh://git@github.com/shop/fleet",
            "git@github.com:shop/fleet.git",
            "https://token@github.com/shop/fleet/",
        ] {
            assert_eq!(address(url), "github.com/shop/fleet", "{url}");
        }
    }

    #[test]
    fn a_path_from_the_root_is_seen_from_the_working_directory() {
        let table = [
            ("", "./apps/prod", "apps/prod"),
            ("", "/", ""),
            ("apps", "./apps/prod", "prod"),
            ("apps/base", "apps/prod", "../prod"),
            ("deploy", "apps", "../apps"),
        ];
        for (prefix, path, expected) in table {
            assert_eq!(from_root(prefix.into(), path).as_str(), expected, "{path}");
        }
    }
}
