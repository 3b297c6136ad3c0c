//! The generators of an `ApplicationSet`, as far as the repository knows what they make.

use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher};

use super::template::Parameters;
use crate::gitops::evaluation::Evaluation;
use crate::gitops::{Files, Problem, repository};
use crate::source::tree::normalise;
use crate::yaml::Value;

/// What generators say beside the parameters that they make.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What cannot be known.
    pub(super) problems: Vec<Problem>,
    /// The directories that they leave out.
    pub(super) excluded: BTreeSet<Utf8PathBuf>,
}

/// The parameters that a list of generators makes, one after the other.
pub(super) fn generate(
    generators: &[Value],
    evaluation: &Evaluation<'_>,
    notes: &mut Notes,
) -> Vec<Parameters> {
    let made = generators
        .iter()
        .flat_map(|generator| one(generator, &Parameters::default(), evaluation, notes));
    made.collect()
}

/// The parameters that one generator makes, with those of an outer one filled in.
fn one(
    generator: &Value,
    outer: &Parameters,
    evaluation: &Evaluation<'_>,
    notes: &mut Notes,
) -> Vec<Parameters> {
    if let Some(list) = generator.get("list") {
        let elements = list.get("elements").map_or(&[][..], Value::items);
        let made = elements.iter().map(|element| {
            let mut parameters = Parameters::default();
            parameters.flatten("", element);
            parameters
        });
        return made.collect();
    }
    if let Some(git) = generator.get("git") {
        return of_git(&outer.fill_tree(git), evaluation, notes);
    }
    if let Some(clusters) = generator.get("clusters") {
        return vec![open(clusters)];
    }
    if generator.entry("clusters").is_some() {
        return vec![open(generator)];
    }
    if let Some(matrix) = generator.get("matrix") {
        return of_matrix(matrix, outer, evaluation, notes);
    }
    if let Some(merge) = generator.get("merge") {
        return of_merge(merge, outer, evaluation, notes);
    }
    let kind = generator.entries().first().map(|entry| &*entry.key.value);
    notes.problems.push(Problem::Unresolved {
        place: generator.place,
        message: format!(
            "what the generator `{}` makes is not in the repository",
            kind.unwrap_or("generator")
        ),
        help: Some("render its Applications and lint the result".to_owned()),
    });
    Vec::new()
}

/// The clusters that Argo CD knows are not in the repository: one set of parameters stands for all.
fn open(generator: &Value) -> Parameters {
    let mut parameters = Parameters {
        is_open: true,
        ..Parameters::default()
    };
    if let Some(values) = generator.get("values") {
        parameters.flatten("values", values);
    }
    parameters
}

/// Every set of the first generator with every set of the second one.
fn of_matrix(
    matrix: &Value,
    outer: &Parameters,
    evaluation: &Evaluation<'_>,
    notes: &mut Notes,
) -> Vec<Parameters> {
    let generators = matrix.get("generators").map_or(&[][..], Value::items);
    let [first, second] = generators else {
        return Vec::new();
    };
    let mut made = Vec::new();
    for left in one(first, outer, evaluation, notes) {
        for right in one(second, &left, evaluation, notes) {
            let mut both = left.clone();
            both.values.extend(right.values);
            both.is_open |= right.is_open;
            made.push(both);
        }
    }
    made
}

/// The sets of the first generator, each with what the others say about the same keys.
fn of_merge(
    merge: &Value,
    outer: &Parameters,
    evaluation: &Evaluation<'_>,
    notes: &mut Notes,
) -> Vec<Parameters> {
    let keys = merge.get("mergeKeys").map_or(&[][..], Value::items).iter();
    let keys: Vec<&str> = keys.filter_map(Value::as_text).collect();
    let generators = merge.get("generators").map_or(&[][..], Value::items);
    let mut layers = generators.iter();
    let Some(first) = layers.next() else {
        return Vec::new();
    };
    let mut made = one(first, outer, evaluation, notes);
    for layer in layers {
        for over in one(layer, outer, evaluation, notes) {
            let is_same = |base: &Parameters| {
                keys.iter()
                    .all(|&key| base.values.get(key) == over.values.get(key))
            };
            for base in made.iter_mut().filter(|base| is_same(base)) {
                base.values.extend(over.values.clone());
            }
        }
    }
    made
}

/// The parameters of directories or files of the repository.
fn of_git(git: &Value, evaluation: &Evaluation<'_>, notes: &mut Notes) -> Vec<Parameters> {
    // The working directory may be the root of another repository that is kept inside of this.
    let prefixes = [&*evaluation.settings.working_directory, Utf8Path::new("")];
    let files = evaluation.session.files;
    let mut tried = prefixes.into_iter().map(|prefix| {
        let excluded = excluded(git, prefix, files);
        notes.excluded.extend(excluded);
        of_git_below(git, prefix, files)
    });
    let mut made = tried.find(|made| !made.is_empty()).unwrap_or_default();
    if let Some(values) = git.get("values") {
        for parameters in &mut made {
            let filled = parameters.fill_tree(values);
            parameters.flatten("values", &filled);
        }
    }
    made
}

/// The parameters of directories or files, seen from a directory that the working directory is at `prefix` of.
fn of_git_below(git: &Value, prefix: &Utf8Path, files: &Files) -> Vec<Parameters> {
    let mut made = Vec::new();
    if let Some(directories) = git.get("directories") {
        let found = matching(directories.items(), all_directories(prefix, files));
        made.extend(found.iter().map(|path| of_path(path)));
    }
    if let Some(wanted) = git.get("files") {
        let all = files.iter().map(|(path, _)| normalise(&prefix.join(path)));
        for path in matching(wanted.items(), all.collect()) {
            let directory = path.parent().unwrap_or(Utf8Path::new(""));
            let mut parameters = of_path(directory);
            let name = path.file_name().unwrap_or_default();
            parameters
                .values
                .insert("path.filename".to_owned(), name.to_owned());
            let file = files.file(&repository::from_root(prefix, path.as_str()));
            let documents = file.map(|file| &files.documents(file).documents);
            for document in documents.into_iter().flatten() {
                parameters.flatten("", &document.root);
            }
            made.push(parameters);
        }
    }
    made
}

/// The directories that entries with `exclude` are about, seen from the working directory.
fn excluded(git: &Value, prefix: &Utf8Path, files: &Files) -> Vec<Utf8PathBuf> {
    let entries = git.get("directories").map_or(&[][..], Value::items);
    let globs = entries
        .iter()
        .filter_map(compile)
        .filter(|(_, is_excluded)| *is_excluded);
    let globs: Vec<GlobMatcher> = globs.map(|(glob, _)| glob).collect();
    let all = all_directories(prefix, files).into_iter();
    all.filter(|path| globs.iter().any(|glob| glob.is_match(path)))
        .map(|path| repository::from_root(prefix, path.as_str()))
        .collect()
}

/// The glob of an entry, and whether it excludes.
fn compile(entry: &Value) -> Option<(GlobMatcher, bool)> {
    let glob = entry.get("path")?.as_text()?;
    let glob = GlobBuilder::new(glob.trim_start_matches("./"))
        .literal_separator(true)
        .build();
    let is_excluded = entry.get("exclude").and_then(Value::as_bool) == Some(true);
    Some((glob.ok()?.compile_matcher(), is_excluded))
}

/// The directories of the repository, seen from its root; hidden ones do not count.
fn all_directories(prefix: &Utf8Path, files: &Files) -> BTreeSet<Utf8PathBuf> {
    let mut all = BTreeSet::new();
    for (path, _) in files.iter() {
        for directory in path.ancestors().skip(1) {
            all.insert(normalise(&prefix.join(directory)));
        }
    }
    let is_hidden = |path: &Utf8PathBuf| path.components().any(|one| one.as_str().starts_with('.'));
    all.retain(|path| !path.as_str().is_empty() && !is_hidden(path));
    all
}

/// The paths that entries with `path` and `exclude` are about.
fn matching(entries: &[Value], all: BTreeSet<Utf8PathBuf>) -> Vec<Utf8PathBuf> {
    let compiled: Vec<(GlobMatcher, bool)> = entries.iter().filter_map(compile).collect();
    let is_wanted = |path: &Utf8PathBuf| {
        let mut matched = compiled
            .iter()
            .filter(|(glob, _)| glob.is_match(path))
            .peekable();
        matched.peek().is_some() && matched.all(|(_, is_excluded)| !is_excluded)
    };
    all.into_iter().filter(is_wanted).collect()
}

/// The parameters that say a path.
fn of_path(path: &Utf8Path) -> Parameters {
    let mut parameters = Parameters::default();
    let mut set = |name: String, value: &str| {
        parameters.values.insert(name, value.to_owned());
    };
    let base = path.file_name().unwrap_or_default();
    let normal: String = base
        .chars()
        .map(|one| {
            if one.is_ascii_alphanumeric() || one == '-' || one == '.' {
                one
            } else {
                '-'
            }
        })
        .collect::<String>()
        .to_lowercase();
    set("path".to_owned(), path.as_str());
    set("path.path".to_owned(), path.as_str());
    set("path.basename".to_owned(), base);
    set("path.basenameNormalized".to_owned(), &normal);
    for (index, part) in path.components().enumerate() {
        set(format!("path[{index}]"), part.as_str());
        set(format!("path.segments[{index}]"), part.as_str());
    }
    parameters
}
