//! The generators of an `ApplicationSet`, as far as the repository knows what they make.

use std::borrow::Cow;
use std::collections::BTreeSet;

use camino::{Utf8Path, Utf8PathBuf};
use globset::{GlobBuilder, GlobMatcher};

use super::selector;
use super::template::Parameters;
use crate::gitops::evaluation::Evaluation;
use crate::gitops::{Files, Problem, repository};
use crate::source::tree::normalise;
use crate::yaml::{Value, parse_embedded};

/// What generators say beside the parameters that they make.
#[derive(Debug, Default)]
pub(super) struct Notes {
    /// What cannot be known.
    pub(super) problems: Vec<Problem>,
    /// The directories that they leave out.
    pub(super) excluded: BTreeSet<Utf8PathBuf>,
}

/// The parameters that a list of generators makes, one after the other, each with what its generator says about the
/// template.
pub(super) fn generate<'g>(
    generators: &'g [Value],
    evaluation: &Evaluation<'_>,
    notes: &mut Notes,
) -> Vec<(Parameters, Option<&'g Value>)> {
    let mut made = Vec::new();
    for generator in generators {
        let mut settings = generator.entries().iter();
        let template = settings.find_map(|entry| entry.value.get("template"));
        let parameters = one(generator, &Parameters::default(), evaluation, notes).into_iter();
        made.extend(parameters.map(|one| (one, template)));
    }
    made
}

/// The parameters that one generator makes, with those of an outer one filled in.
fn one(
    generator: &Value,
    outer: &Parameters,
    evaluation: &Evaluation<'_>,
    notes: &mut Notes,
) -> Vec<Parameters> {
    let mut made = unselected(generator, outer, evaluation, notes);
    made.retain(|parameters| selector::takes(generator, parameters));
    made
}

/// The same before the selector of the generator has its say.
fn unselected(
    generator: &Value,
    outer: &Parameters,
    evaluation: &Evaluation<'_>,
    notes: &mut Notes,
) -> Vec<Parameters> {
    if let Some(list) = generator.get("list") {
        return of_list(list, outer, evaluation, notes);
    }
    if let Some(git) = generator.get("git") {
        return of_git(&outer.fill_tree(git), evaluation, notes);
    }
    if let Some(clusters) = generator.get("clusters") {
        return vec![open(clusters)];
    }
    if let Some(clusters) = generator.entry("clusters") {
        return vec![open(&clusters.value)];
    }
    if let Some(matrix) = generator.get("matrix") {
        return of_matrix(matrix, outer, evaluation, notes);
    }
    if let Some(merge) = generator.get("merge") {
        return of_merge(merge, outer, evaluation, notes);
    }
    let mut kinds = generator.entries().iter().map(|entry| &*entry.key.value);
    let kind = kinds.find(|&kind| kind != "selector");
    notes
        .problems
        .push(not_here(generator, kind.unwrap_or("generator")));
    Vec::new()
}

/// What a generator makes is not known.
fn not_here(at: &Value, kind: &str) -> Problem {
    Problem::Unresolved {
        place: at.place,
        message: format!("what the generator `{kind}` makes is not in the repository"),
        help: Some("render its Applications and lint the result".to_owned()),
    }
}

/// A set of parameters for every element of a list.
fn of_list(
    list: &Value,
    outer: &Parameters,
    evaluation: &Evaluation<'_>,
    notes: &mut Notes,
) -> Vec<Parameters> {
    let mut made = Vec::new();
    for element in list.get("elements").map_or(&[][..], Value::items) {
        made.push(of_element(&outer.fill_tree(element)));
    }
    let Some(written) = list.get("elementsYaml") else {
        return made;
    };
    let filled = outer.fill_tree(written);
    let is_filled = filled.as_text().is_some_and(|text| !text.contains("{{"));
    let parsed = parse_embedded(&filled, evaluation.session.files.sources());
    match parsed {
        Ok(Some(elements)) if is_filled => made.extend(elements.items().iter().map(of_element)),
        Ok(_) | Err(_) => notes.problems.push(not_here(written, "list")),
    }
    made
}

/// The parameters that an element of a list says.
fn of_element(element: &Value) -> Parameters {
    let mut parameters = Parameters::default();
    parameters.flatten("", element);
    parameters
}

/// The clusters that Argo CD knows are not in the repository: one set of parameters stands for all.
fn open(generator: &Value) -> Parameters {
    let mut parameters = Parameters {
        clusters: Some(selector::clusters(generator.get("selector"))),
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
            both.clusters = both.clusters.or(right.clusters);
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
    let url = git.get("repoURL").and_then(Value::as_text);
    let is_own = url.is_some_and(|url| evaluation.is_own_for_argo(url));
    if made.is_empty() && !is_own {
        notes.problems.push(not_here(git, "git"));
    }
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
    let name = git.get("pathParamPrefix").and_then(Value::as_text);
    let name = name.filter(|name| !name.is_empty());
    let name = name.map_or_else(|| "path".to_owned(), |name| format!("{name}.path"));
    if let Some(directories) = git.get("directories") {
        let found = matching(directories.items(), all_directories(prefix, files));
        made.extend(found.iter().map(|path| of_path(&name, path)));
    }
    if let Some(wanted) = git.get("files") {
        let all = files
            .iter()
            .map(|(path, _)| Cow::Owned(normalise(&prefix.join(path))));
        for path in matching(wanted.items(), all) {
            let directory = path.parent().unwrap_or(Utf8Path::new(""));
            let mut of_path = of_path(&name, directory);
            let file_name = path.file_name().unwrap_or_default();
            of_path
                .values
                .insert(format!("{name}.filename"), file_name.to_owned());
            let file = files.file(&repository::from_root(prefix, path.as_str()));
            let root = file.and_then(|file| files.first_root(file));
            // A list in a file makes one set for every element.
            let elements = match root.and_then(Value::as_sequence) {
                Some(elements) => elements.iter().collect(),
                None => Vec::from_iter(root),
            };
            for element in elements {
                let mut parameters = of_element(element);
                parameters.values.extend(of_path.values.clone());
                made.push(parameters);
            }
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
    if globs.is_empty() {
        return Vec::new();
    }
    let all = all_directories(prefix, files);
    all.filter(|path| globs.iter().any(|glob| glob.is_match(path.as_ref())))
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
fn all_directories<'f>(
    prefix: &Utf8Path,
    files: &'f Files,
) -> impl Iterator<Item = Cow<'f, Utf8Path>> {
    let is_root = prefix.as_str().is_empty();
    let prefix = prefix.to_owned();
    let working_directory = std::iter::once(Cow::Owned(prefix.clone()));
    let directories = files.directories().iter().map(move |directory| {
        if is_root {
            Cow::Borrowed(directory.as_path())
        } else {
            Cow::Owned(normalise(&prefix.join(directory)))
        }
    });
    working_directory.chain(directories).filter(|path| {
        let is_hidden = path.components().any(|one| one.as_str().starts_with('.'));
        !path.as_str().is_empty() && !is_hidden
    })
}

/// The paths that entries with `path` and `exclude` are about, in order.
fn matching<'p>(
    entries: &[Value],
    all: impl Iterator<Item = Cow<'p, Utf8Path>>,
) -> BTreeSet<Utf8PathBuf> {
    let compiled: Vec<(GlobMatcher, bool)> = entries.iter().filter_map(compile).collect();
    let is_wanted = |path: &Cow<'p, Utf8Path>| {
        let mut matched = compiled
            .iter()
            .filter(|(glob, _)| glob.is_match(path.as_ref()))
            .peekable();
        matched.peek().is_some() && matched.all(|(_, is_excluded)| !is_excluded)
    };
    all.filter(is_wanted).map(Cow::into_owned).collect()
}

/// The parameters that say a path, under a name.
fn of_path(name: &str, path: &Utf8Path) -> Parameters {
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
    set(name.to_owned(), path.as_str());
    set(format!("{name}.path"), path.as_str());
    set(format!("{name}.basename"), base);
    set(format!("{name}.basenameNormalized"), &normal);
    for (index, part) in path.components().enumerate() {
        set(format!("{name}[{index}]"), part.as_str());
        set(format!("{name}.segments[{index}]"), part.as_str());
    }
    parameters
}
